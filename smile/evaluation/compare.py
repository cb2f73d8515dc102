"""One recording under many settings: numbers of examples by ways to choose them, the telling ones first.

The recording is encoded once, and what two cells share is decoded once; see `smile.transcription.target`.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import product

from smile.audio.vad import NO_SPEECH, segments_in_steps
from smile.datatypes import Neighbour, Samples, SmileError, Speech, mean_probability
from smile.pools.pool import Pool
from smile.retrieval.divergences import LABELS as MEASURES
from smile.retrieval.samplers import LABELS as SAMPLERS
from smile.settings import DEFAULTS, Level, Settings
from smile.transcription.recut import recut
from smile.transcription.target import Step, Target
from smile.whisper.model import Models

MOST_CELLS = 60
USUAL_SHOTS = 3  # that of several shots which is done first for every way
FIRST_GUESS = 0.15  # seconds that a cell takes for each second of speech, before one has been timed


@dataclass(frozen=True)
class Way:
    """How examples are chosen. Whisper alone and a prompt without examples have none."""

    sampler: str = "nearest"
    divergence: str = "kl"
    seed: int = 0

    @property
    def label(self) -> str:
        """Return the way in words."""
        if self.sampler == "random":
            return f"Random, seed {self.seed}"
        return MEASURES[self.divergence] if self.sampler == "nearest" else SAMPLERS[self.sampler]


@dataclass(frozen=True)
class Place:
    """A cell of the grid. `shots` is None for Whisper alone; without shots there is no way."""

    shots: int | None
    way: Way | None = None
    level: Level = "context"
    bounded: bool = False  # of Whisper alone: whether the pool's speaking rate limits its length
    adapted: bool = True  # whether the model with the adapter writes, behind examples


ALONE, CONTROLLED = Place(None), Place(None, bounded=True)
ACOUSTIC, COMBINED = Place(0, level="acoustic"), Place(0, level="combined")
FITTED = (ACOUSTIC, COMBINED)
UNTRAINED = Place(USUAL_SHOTS, Way(), adapted=False)
NO_ADAPTER = "There is no adapter here that SMILE could be compared without; leave that row out."
NOT_EMBEDDED = "The model without the adapter has not embedded these examples; leave that row out."


@dataclass(frozen=True)
class Cell:
    """What was written in a place. Neighbours are those of each segment of speech."""

    place: Place
    text: str
    seconds: float
    probability: float
    neighbours: tuple[tuple[Neighbour, ...], ...] = ()
    left_out: int = 0
    stopped: tuple[str, ...] = ()


@dataclass(frozen=True)
class Grid:
    """Numbers of examples and ways to choose them, and all other settings."""

    shots: tuple[int, ...]
    ways: tuple[Way, ...]
    base: Settings = DEFAULTS
    acoustic: bool = False  # whether the pool's acoustic model writes too, alone and combined
    controlled: bool = False  # whether Whisper alone writes once more, with its length limited
    untrained: bool = False  # whether the model without the adapter writes, behind the usual examples

    def places(self) -> list[Place]:
        """Return all cells: Whisper alone, acoustic, no examples, each way at a usual number, then the rest.

        The cell without the adapter comes before those with examples.

        Raises:
            SmileError: there is nothing to compare, or more than MOST_CELLS.
        """
        counts = sorted({n for n in self.shots if n > 0}, key=lambda n: (n != USUAL_SHOTS, n))
        if not self.ways and counts:
            raise SmileError("Choose at least one way to find examples, or only 0 examples.")
        places = [ALONE, *((CONTROLLED,) if self.controlled else ()), *(FITTED if self.acoustic else ())]
        places += [Place(0)] if 0 in self.shots else []
        places += [UNTRAINED] if self.untrained else []
        places += [Place(n, way) for n, way in product(counts, dict.fromkeys(self.ways))]
        if len(places) < 2:
            raise SmileError("Choose at least one number of examples to compare with Whisper alone.")
        if len(places) > MOST_CELLS:
            raise SmileError(f"These are {len(places)} cells; choose fewer, {MOST_CELLS} at most.")
        return places

    def settings(self) -> list[Settings]:
        """Return the settings that its cells need a pool to be prepared for."""
        return [settings_of(place, self.base) for place in (Place(1), *(FITTED if self.acoustic else ()))]

    def untrained_settings(self) -> list[Settings]:
        """Return the settings that a pool is to be prepared for by the model without the adapter."""
        return [settings_of(UNTRAINED, self.base)] if self.untrained else []


def ways(chosen: Sequence[str], seeds: int) -> tuple[Way, ...]:
    """Return the ways by name: a divergence, or a sampler; `random` comes once for each seed."""
    expanded: list[Way] = []
    for name in chosen:
        if name == "random":
            expanded += [Way("random", seed=seed) for seed in range(seeds)]
        else:
            expanded.append(Way(name) if name in SAMPLERS else Way(divergence=name))
    return tuple(expanded)


def compare(
    models: Models, samples: Samples, pool: Pool, grid: Grid, untrained: Pool | None = None
) -> Generator[Cell | None, None, None]:
    """Fill the cells of a grid, in the order of `Grid.places`; closing the iterator stops the work.

    Yields None between the steps of a cell, so that others' work may come in between. Segments are cut again
    cell by cell; Whisper alone goes by the first cell of SMILE with examples, which is not written twice for
    it. An adapter that changes the encoder needs the pool also as the model without it embeds it,
    `untrained`.

    Raises:
        SmileError: the grid has too few or too many cells, or there is no speech, or no adapter to leave out.
    """
    places = grid.places()
    beyond = _for_untrained(models, pool if untrained is None else untrained) if grid.untrained else pool
    segments = yield from segments_in_steps(samples, max_segment_seconds=grid.base.max_segment_seconds)
    if not segments:
        raise SmileError(NO_SPEECH)
    targets = _Targets(models, pool, beyond, grid.base)
    beside = next((place for place in places if place.way and place.adapted), places[-1])
    for place in places:
        written, seconds = list[Step](), 0.0
        for speech in segments:
            whole = place.shots is not None
            work = targets.whole(speech, place) if whole else targets.alone(speech, place, beside)
            for pieces, taken in work:
                written += [step for _, step in pieces]
                seconds += taken
                yield None
        yield _joined(place, written, seconds)


def check_adapter(models: Models) -> None:
    """Check that there is an adapter that can be left out; raise a SmileError where there is none."""
    if models.vanilla.info == models.smile.info:
        raise SmileError(NO_ADAPTER)


def _for_untrained(models: Models, pool: Pool) -> Pool:
    """The pool, if the model without the adapter can find examples in it."""
    check_adapter(models)
    if pool.header.encoder != models.vanilla.info.encoder:
        raise SmileError(NOT_EMBEDDED)
    return pool


Pieces = list[tuple[Speech, Step]]


class _Targets:
    """The segments of a recording, and the pieces into which some are cut again, each encoded once."""

    def __init__(self, models: Models, pool: Pool, untrained: Pool, base: Settings):
        self._models, self._pool, self._untrained, self._base = models, pool, untrained, base
        self._made: dict[tuple[float, float], Target] = {}

    def alone(
        self, speech: Speech, place: Place, beside: Place
    ) -> Generator[tuple[Pieces, float], None, None]:
        """Write by Whisper alone; say how many seconds it took.

        It is cut again where the transcription of the place beside it is, as on *Transcribe*.
        """
        cut = list[Speech]()
        for pieces, _ in self.whole(speech, beside):
            cut += [piece for piece, _ in pieces]
            yield [], 0.0
        for piece in cut:
            target = self._target(piece)
            settings = settings_of(place, self._base)
            *_, last = target.vanilla(settings, self._pool if place.bounded else None)
            yield [(piece, last)], target.seconds

    def whole(
        self, speech: Speech, place: Place, depth: int = 0
    ) -> Generator[tuple[Pieces, float], None, None]:
        """Write with the pool, in pieces where the text is too short and these have more of it."""
        target, settings = self._target(speech), settings_of(place, self._base)
        pool = self._pool if place.adapted else self._untrained
        *_, last = target.written(settings, pool, place.adapted)
        text, seconds = last.decoded.text, target.seconds
        parts = recut(speech, text, settings, pool, depth)
        inside = Pieces()
        for part in parts:
            yield [], seconds
            for pieces, seconds in self.whole(part, place, depth + 1):
                inside += pieces
                yield [], seconds
            seconds = 0.0
        longer = sum(len(step.decoded.text) for _, step in inside) > len(text)
        yield inside if longer else [(speech, last)], seconds

    def _target(self, speech: Speech) -> Target:
        name = speech.start, speech.end
        return self._made.setdefault(name, Target(self._models, speech, f"{speech.start:.2f}"))


def settings_of(place: Place, base: Settings) -> Settings:
    """Return the settings of a cell: its number of examples, its way, and all else as the grid has it."""
    way = asdict(place.way) if place.way else {}
    shots = DEFAULTS.shots if place == COMBINED else place.shots or 0
    return replace(base, shots=shots, level=place.level, **way)


def _joined(place: Place, written: Sequence[Step], seconds: float) -> Cell:
    """Return a cell of what was written for each segment."""
    decoded = [step.decoded for step in written]
    return Cell(
        place,
        " ".join(one.text for one in decoded if one.text),
        seconds,
        mean_probability([p for one in decoded for p in one.logprobs]),
        tuple(step.examples.neighbours for step in written),
        sum(len(step.examples.left_out) for step in written),
        tuple(sorted({one.stopped for one in decoded} - {"", "end"})),
    )
