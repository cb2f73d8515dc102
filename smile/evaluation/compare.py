"""One recording under many settings: numbers of examples by ways to choose them, the telling ones first.

The recording is encoded once, and what two cells share is decoded once; see `smile.evaluation.evaluate.Clip`.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import asdict, dataclass
from itertools import product
from typing import Any

import numpy as np

from smile.audio.vad import NO_SPEECH, segments_in_steps
from smile.datatypes import Neighbour, Samples, SmileError, confidence
from smile.evaluation.conditions import Condition
from smile.evaluation.evaluate import Clip, Written
from smile.pools.pool import Pool
from smile.retrieval.divergences import LABELS as MEASURES
from smile.retrieval.samplers import LABELS as SAMPLERS
from smile.settings import Settings
from smile.text.normalisers import normalise
from smile.text.scoring import score
from smile.whisper.model import Models

MOST_CELLS = 60
DEFAULTS = Settings()
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
        """In words."""
        if self.sampler == "random":
            return f"Random, seed {self.seed}"
        return MEASURES[self.divergence] if self.sampler == "nearest" else SAMPLERS[self.sampler]


@dataclass(frozen=True)
class Place:
    """A cell of the grid. `shots` is None for Whisper alone; without shots there is no way."""

    shots: int | None
    way: Way | None = None


@dataclass(frozen=True)
class Cell:
    """What was written in a place. Neighbours are those of each segment of speech."""

    place: Place
    text: str
    seconds: float
    confidence: float
    neighbours: tuple[tuple[Neighbour, ...], ...] = ()
    left_out: int = 0
    stopped: tuple[str, ...] = ()


@dataclass(frozen=True)
class Grid:
    """Numbers of examples and ways to choose them, and all other settings."""

    shots: tuple[int, ...]
    ways: tuple[Way, ...]
    base: Settings = DEFAULTS

    def places(self) -> list[Place]:
        """All cells: Whisper alone, no examples, each way at a usual number, then the rest.

        Raises:
            SmileError: there is nothing to compare, or more than MOST_CELLS.
        """
        counts = sorted({n for n in self.shots if n > 0}, key=lambda n: (n != USUAL_SHOTS, n))
        if not self.ways and counts:
            raise SmileError("Choose at least one way to find examples, or only 0 examples.")
        found = [Place(None), *([Place(0)] if 0 in self.shots else [])]
        found += [Place(n, way) for n, way in product(counts, dict.fromkeys(self.ways))]
        if len(found) < 2:
            raise SmileError("Choose at least one number of examples to compare with Whisper alone.")
        if len(found) > MOST_CELLS:
            raise SmileError(f"These are {len(found)} cells; choose fewer, {MOST_CELLS} at most.")
        return found


def ways(chosen: Sequence[str], seeds: int) -> tuple[Way, ...]:
    """The ways by name: a divergence, or a sampler; `random` comes once for each seed."""
    found: list[Way] = []
    for name in chosen:
        if name == "random":
            found += [Way("random", seed=seed) for seed in range(seeds)]
        else:
            found.append(Way(name) if name in SAMPLERS else Way(divergence=name))
    return tuple(found)


def compare(models: Models, samples: Samples, pool: Pool, grid: Grid) -> Generator[Cell | None, None, None]:
    """Fill the cells of a grid, in the order of `Grid.places`; closing the iterator stops the work.

    Yields None between the steps of a cell, so that others' work may come in between.

    Raises:
        SmileError: the grid has too few or too many cells, or there is no speech.
    """
    places = grid.places()
    found = yield from segments_in_steps(samples, longest=grid.base.longest)
    clips = [Clip(models, segment) for segment in found]
    if not clips:
        raise SmileError(NO_SPEECH)
    for place in places:
        condition, written = condition_of(place, grid.base, models), list[Written]()
        for clip in clips:
            written.append(clip.write(condition, pool, f"{clip.segment.start:.2f}"))
            yield None
        yield _joined(place, list(zip(clips, written, strict=True)))


def condition_of(place: Place, base: Settings, models: Models) -> Condition:
    """The settings of a cell as the evaluation knows them."""
    if place.shots is None:
        return Condition("", "vanilla", shots=0, bounded=False, beams=base.beams, windows=base.windows)
    way = place.way or Way()
    return Condition(
        "",
        adapter=models.smile.info.adapter_hash,
        shots=place.shots,
        language=base.language,
        prompt=base.prompt,
        beams=base.beams,
        windows=base.windows,
        bounded=base.bounded,
        knn=base.knn,
        unlooped=base.unlooped,
        characters=base.characters,
        **asdict(way),
    )


def _joined(place: Place, parts: Sequence[tuple[Clip, Written]]) -> Cell:
    decoded = [written.decoded for _, written in parts]
    return Cell(
        place,
        " ".join(one.text for one in decoded if one.text),
        sum(clip.spent for clip, _ in parts),
        confidence([p for one in decoded for p in one.logprobs]),
        tuple(written.neighbours for _, written in parts),
        sum(written.left_out for _, written in parts),
        tuple(sorted({one.stopped for one in decoded} - {"", "end"})),
    )


def agreement(cells: Sequence[Cell], language: str = "") -> list[float]:
    """How far each cell's text is from the others', as a mean CER; Whisper alone takes no part (NaN)."""
    texts = {
        i: normalise(cell.text, "plain", language)
        for i, cell in enumerate(cells)
        if cell.place.shots is not None
    }
    return [
        float(np.mean([_apart(texts[i], other) for j, other in texts.items() if j != i]))
        if i in texts and len(texts) > 1
        else float("nan")
        for i in range(len(cells))
    ]


def _apart(one: str, other: str) -> float:
    """Edits between two texts, over the longer one's length."""
    longer, shorter = (one, other) if len(one) >= len(other) else (other, one)
    return score(longer, shorter).edits / len(longer) if longer else 0.0


def consensus(cells: Sequence[Cell], language: str = "") -> Cell | None:
    """The cell whose text agrees best with the others'; None where fewer than three can agree.

    Of several with the same text, the earliest.
    """
    found = np.array(agreement(cells, language))
    if np.isfinite(found).sum() < 3:
        return None
    return cells[int(np.nanargmin(found))]


def as_rows(cells: Sequence[Cell], reference: str = "", language: str = "") -> list[dict[str, Any]]:
    """A plain row for each cell, as it is exported; with a reference also its CER."""
    found = []
    for cell in cells:
        way = cell.place.way
        row: dict[str, Any] = {
            "side": "vanilla" if cell.place.shots is None else "in-context",
            "shots": cell.place.shots or 0,
            "sampler": way.sampler if way else "",
            "divergence": way.divergence if way and way.sampler in ("nearest", "mixed") else "",
            "seed": way.seed if way and way.sampler == "random" else "",
            "text": cell.text,
            "seconds": round(cell.seconds, 3),
            "confidence": round(cell.confidence, 4),
            "neighbours": [n.utterance.id for group in cell.neighbours for n in group],
            "left_out": cell.left_out,
        }
        if reference:
            row["cer"] = score(reference, cell.text, language=language).cer
        found.append(row)
    return found
