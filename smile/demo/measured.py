"""What the recordings to try of the demo pools were transcribed as, measured by `smile bench samples`."""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from smile.datatypes import DamagedError
from smile.paths import PRECOMPUTED
from smile.util.storage import read_json, write_json

LOG = logging.getLogger(__name__)
FILE = PRECOMPUTED / "samples.json"


@dataclass(frozen=True)
class Sample:
    """One recording, transcribed by Whisper alone and behind examples of its pool."""

    pool: str
    id: str
    translation: str  # English, by CLDR; empty where it has none
    vanilla: str  # the transcripts
    smile: str
    vanilla_cer: float  # 0 to 1 and above
    smile_cer: float
    examples: tuple[str, ...]  # ids of the clips in the prompt
    distances: tuple[float, ...] = ()  # of these from the recording: KL in nats; none where it was not kept

    @property
    def gain(self) -> float:
        """Return by how much examples lower the CER."""
        return self.vanilla_cer - self.smile_cer

    @property
    def of_like_length(self) -> bool:
        """Return whether neither transcript is more than twice as long as the other."""
        shorter, longer = sorted((len(self.vanilla), len(self.smile)))
        return longer <= 2 * shorter


@dataclass(frozen=True)
class MeasuredSamples:
    """Samples, and what they were measured with."""

    date: str
    commit: str
    model: str  # with precision and adapter
    settings: dict[str, Any]  # of the transcripts with examples
    samples: tuple[Sample, ...]

    @cached_property
    def _by_place(self) -> dict[tuple[str, str], Sample]:
        return {(sample.pool, sample.id): sample for sample in self.samples}

    def get(self, pool: str, id: str) -> Sample | None:
        """Return a sample; None where it was not measured."""
        return self._by_place.get((pool, id))

    def best(self, offered: Collection[tuple[str, str]]) -> Sample | None:
        """Return the sample, by pool and id, with the fewest errors behind examples, then the most gained.

        Both transcripts are of one script and neither is twice as long as the other, so that they can be
        compared by who reads neither.
        """
        helped = [s for s in self.samples if (s.pool, s.id) in offered and s.gain > 0]
        alike = [s for s in helped if scripts(s.vanilla) == scripts(s.smile) and s.of_like_length]
        return min(alike, key=lambda s: (s.smile_cer, -s.gain, s.id), default=None)


def scripts(text: str) -> set[str]:
    """Return the scripts of a text's letters as Unicode names them, such as {"LATIN"}."""
    return {unicodedata.name(c, "?").partition(" ")[0] for c in text if c.isalpha()}


NONE = MeasuredSamples("", "", "", {}, ())


def read_samples(file: Path = FILE) -> MeasuredSamples:
    """Return the measured samples; none, and a line in the log, where the file is missing or damaged."""
    try:
        return TypeAdapter(MeasuredSamples).validate_python(read_json(file))
    except (OSError, DamagedError, ValidationError) as error:
        LOG.warning("The samples' measured transcripts cannot be read: %s", error)
        return NONE


@cache
def samples() -> MeasuredSamples:
    """Return what comes along, read once."""
    return read_samples()


def write_samples(measured: MeasuredSamples, file: Path = FILE) -> None:
    """Write measured samples, whole or not at all."""
    write_json(file, TypeAdapter(MeasuredSamples).dump_python(measured, mode="json"))
