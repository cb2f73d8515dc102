"""What the recordings to try of pools were transcribed as: `smile bench samples` writes a file a pool."""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from smile.datatypes import DamagedError
from smile.paths import PRECOMPUTED
from smile.settings import latest
from smile.util.storage import read_json, write_json

LOG = logging.getLogger(__name__)
SAMPLES = "samples"  # the folder of what was measured, beside what comes along and in a cache of pools
FOLDER = PRECOMPUTED / SAMPLES


@dataclass(frozen=True)
class Sample:
    """One recording, transcribed by Whisper alone, behind examples of its pool, and by the level combined."""

    pool: str
    id: str
    translation: str  # English; empty where it has none
    vanilla: str  # the transcripts
    smile: str
    vanilla_cer: float  # 0 to 1 and above
    smile_cer: float
    examples: tuple[str, ...]  # ids of the clips in the prompt
    distances: tuple[float, ...] = ()  # of these from the recording: KL in nats; none where it was not kept
    combined: str = ""  # the transcript of the level combined
    combined_cer: float | None = None  # None where that level was not measured

    @property
    def gain(self) -> float:
        """Return by how much examples lower the CER."""
        return self.vanilla_cer - self.smile_cer

    @property
    def texts(self) -> tuple[str, ...]:
        """Return the transcripts that were measured, Whisper alone first."""
        last = () if self.combined_cer is None else (self.combined,)
        return (self.vanilla, self.smile, *last)

    @property
    def lowest(self) -> float:
        """Return the CER of the last level that was measured."""
        return self.smile_cer if self.combined_cer is None else self.combined_cer

    @property
    def in_steps(self) -> bool:
        """Return whether examples lower the CER, and the level combined lowers it again."""
        return self.combined_cer is not None and self.combined_cer < self.smile_cer < self.vanilla_cer

    @property
    def of_like_length(self) -> bool:
        """Return whether no transcript is more than twice as long as another."""
        lengths = [len(text) for text in self.texts]
        return max(lengths) <= 2 * min(lengths)

    @property
    def of_one_script(self) -> bool:
        """Return whether all transcripts are written with letters of the same scripts."""
        return len({frozenset(scripts(text)) for text in self.texts}) == 1


@dataclass(frozen=True)
class MeasuredSamples:
    """Samples of a pool, and what they were measured with."""

    date: str
    commit: str
    model: str  # with precision and adapter
    settings: dict[str, Any]  # of the transcripts with examples
    samples: tuple[Sample, ...]
    levels: int = 1  # version of the levels then, as `latest` has it

    @property
    def of_today(self) -> MeasuredSamples:
        """Return what would be measured so today: what another version's level combined wrote is left out."""
        if self.levels == latest():
            return self
        return replace(self, samples=tuple(replace(s, combined="", combined_cer=None) for s in self.samples))


@dataclass(frozen=True)
class Measurements:
    """The measured samples of all pools."""

    pools: tuple[MeasuredSamples, ...] = ()

    @cached_property
    def samples(self) -> tuple[Sample, ...]:
        """Return the samples of all pools."""
        return tuple(sample for pool in self.pools for sample in pool.samples)

    @cached_property
    def _by_place(self) -> dict[tuple[str, str], Sample]:
        return {(sample.pool, sample.id): sample for sample in self.samples}

    def of(self, pool: str) -> MeasuredSamples | None:
        """Return what was measured of a pool; None where nothing was."""
        return next((one for one in self.pools if any(s.pool == pool for s in one.samples)), None)

    def get(self, pool: str, id: str) -> Sample | None:
        """Return a sample; None where it was not measured."""
        return self._by_place.get((pool, id))

    def best(self, offered: Collection[tuple[str, str]]) -> Sample | None:
        """Return the sample, by pool and id, on which each level does better, with the fewest errors.

        Its transcripts are of one script and of like length, so that they can be compared by who reads none.
        Where none does better at each level it is one that examples help, the most gained first.
        """
        helped = (s for s in self.samples if (s.pool, s.id) in offered and s.lowest <= s.smile_cer)
        alike = [s for s in helped if s.gain > 0 and s.of_one_script and s.of_like_length]
        return min(alike, key=lambda s: (not s.in_steps, s.lowest, -s.gain, s.id), default=None)


def scripts(text: str) -> set[str]:
    """Return the scripts of a text's letters as Unicode names them, such as {"LATIN"}."""
    return {unicodedata.name(c, "?").partition(" ")[0] for c in text if c.isalpha()}


NONE = Measurements()


def read_samples(folder: Path = FOLDER) -> Measurements:
    """Return the measured samples of a folder; a damaged file is passed over, with a line in the log."""
    return Measurements(tuple(filter(None, map(_read, sorted(folder.glob("*.json"))))))


def _read(file: Path) -> MeasuredSamples | None:
    try:
        measured: MeasuredSamples = TypeAdapter(MeasuredSamples).validate_python(read_json(file))
    except (OSError, DamagedError, ValidationError) as error:
        LOG.warning("The measured transcripts in %s cannot be read: %s", file, error)
        return None
    if measured.of_today is not measured:
        LOG.warning("Another version of SMILE measured %s; its level combined is left out.", file)
    return measured.of_today


@cache
def samples() -> Measurements:
    """Return what comes along, read once."""
    return read_samples()


def write_samples(measured: MeasuredSamples, pool: str, folder: Path = FOLDER) -> None:
    """Write the measured samples of a pool, whole or not at all, in place of those measured before."""
    folder.mkdir(parents=True, exist_ok=True)
    write_json(
        folder / f"{pool.replace('/', '-')}.json",
        TypeAdapter(MeasuredSamples).dump_python(measured, mode="json"),
    )
