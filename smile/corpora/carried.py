"""Some rows of a corpus with their recordings, as they travel to machines that do not see this one's disk."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from smile.corpora.reading import Corpus, Reading, Splits
from smile.datatypes import CorpusError
from smile.util.workers.carried import Parcel


@dataclass(eq=False)
class CarriedCorpus:
    """Languages and splits of a corpus: a corpus itself, wherever it is read."""

    name: str
    splits: Splits
    rows: dict[tuple[str, str], Reading]  # by language and split; paths are within `audio`
    audio: Parcel

    @classmethod
    def of(cls, corpus: Corpus, wanted: Iterable[tuple[str, str]]) -> CarriedCorpus:
        """Take some languages and splits of a corpus.

        Raises:
            CorpusError: it lacks one.
            OSError: a recording cannot be read.
        """
        rows = {(language, split): corpus.read(language, split) for language, split in wanted}
        paths = {utterance.audio.absolute() for reading in rows.values() for utterance in reading.utterances}
        folder = Path(os.path.commonpath([path.parent for path in paths]))
        within = {key: _moved(reading, partial(_below, folder)) for key, reading in rows.items()}
        return cls(corpus.name, corpus.splits, within, Parcel.of(folder, paths))

    def languages(self, split: str = "") -> tuple[str, ...]:
        """Return the sorted names of the languages that were taken with a split."""
        split = split or self.splits.examples
        return tuple(sorted(language for language, taken in self.rows if taken == split))

    def read(self, language: str = "", split: str = "") -> Reading:
        """Return rows that were taken; their recordings are written on this machine once in a process.

        Raises:
            CorpusError: these were not taken.
        """
        split = split or self.splits.examples
        if (language, split) not in self.rows:
            raise CorpusError(f"{self.name} was carried here without {language} {split}.")
        folder = self.audio.unpacked()
        return _moved(self.rows[language, split], lambda audio: folder / audio)

    def place(self, language: str, split: str) -> Path:
        """Return the folder of the recordings on this machine."""
        return self.audio.unpacked()


def _below(folder: Path, audio: Path) -> Path:
    return audio.absolute().relative_to(folder)


def _moved(reading: Reading, to: Callable[[Path], Path]) -> Reading:
    utterances = (replace(utterance, audio=to(utterance.audio)) for utterance in reading.utterances)
    return replace(reading, utterances=tuple(utterances))
