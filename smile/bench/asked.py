"""What benchmarks of one language are asked for: its pool, and a clip that is transcribed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from smile.audio.io import read_audio
from smile.bench.peers import LENGTHS, joined
from smile.bench.pools import pool_of
from smile.corpora import open_corpus
from smile.datatypes import Samples
from smile.pools.pool import Pool
from smile.whisper.model import Models


@dataclass(frozen=True)
class Asked:
    """A language of a corpus, and where its pool is."""

    data: Path  # ML-SUPERB
    language: str
    split: str = "10min_test"
    pools: Path | None = None  # a folder of pools by language code; None: one is made, and thrown away

    def pool(self, models: Models, work: Path) -> Pool:
        """Return the language's pool, made in a work folder where none is given; raises as `pool_of` does."""
        return pool_of(self.data, models, self.language, work, self.pools)

    def clip(self) -> Samples:
        """Return the first clip (n,) of the split, or the first few joined, of the shorter of LENGTHS."""
        utterances = open_corpus(self.data).read(self.language, self.split).utterances
        return joined((read_audio(each.audio) for each in utterances), *LENGTHS[0], 1)[0]
