"""Data sets in the hub's parquet layout, such as espnet/ml_superb_hf: from the hub, or a local copy.

Their files are `data/<split>-00000-of-00004.parquet` or `<split>/0000.parquet`; a row has the columns text,
audio ({bytes, path}), and mostly id and language (or locale, lang ...). What is asked for is unpacked, a
language of a split at a time, to a folder with a table.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from smile.corpora.reading import Reading, Splits
from smile.corpora.tabular import Tabular
from smile.corpora.unpacking import Split
from smile.datatypes import CorpusError

PATTERNS = ("*.parquet", "*/*.parquet", "*/*/*.parquet")
SHARD = re.compile(r"(?P<split>.*?)-?(?P<number>\d+)(-of-(?P<count>\d+))?(-[0-9a-f]{16})?")

Files = Callable[[str], Sequence[Path]]  # those of a split ("": whatever is at hand)


class Parquet:
    """A data set whose rows have a language each, or none."""

    splits = Splits("train", "dev", "dev")

    def __init__(self, name: str, files: Files, cache: Path):
        self.name = name
        self._files, self._cache = files, cache
        self._splits: dict[str, Split] = {}

    @classmethod
    def local(cls, source: Path, cache: Path) -> Parquet:
        """Open a parquet file, or a copy of a data set's folder."""
        files = [source] if source.is_file() else parquet_files(source)
        return cls(source.resolve().name, lambda split: files, cache)

    def languages(self, split: str = "") -> tuple[str, ...]:
        """Return the codes of a split's rows; see `Corpus`."""
        return tuple(sorted(self._split(split).labels))

    def read(self, language: str = "", split: str = "") -> Reading:
        """Read the rows of a language and split, their recordings in the cache; see `Corpus`."""
        part = self._split(split)
        if not language and len(part.labels) == 1:
            (language,) = part.labels
        if language and not part.labels:
            raise CorpusError(
                f"{self.name} does not say its languages; leave {language} out, and all is read."
            )
        if part.labels and language not in part.labels:
            names = ", ".join(sorted(part.labels))
            what = f'no language {language} in the split "{part.name}"' if language else "several languages"
            raise CorpusError(f"{self.name} has {what}; choose one of {names}.")
        return Tabular(part.unpacked(language)).read()

    def place(self, language: str, split: str) -> Path:
        """Return the folder that the rows are unpacked to; another one for other files."""
        return self._split(split).folder(language)

    def _split(self, name: str) -> Split:
        name = name or self.splits.examples
        if name not in self._splits:
            self._splits[name] = self._found(name)
        return self._splits[name]

    def _found(self, name: str) -> Split:
        files = self._files(name)
        mine = [file for file in files if split_of(file) == name]
        if not mine:
            names = ", ".join(sorted({split_of(file) for file in files}))
            raise CorpusError(f'{self.name} has no split "{name}"; choose one of {names}.')
        if missing := lacking(mine):
            raise CorpusError(
                f'{self.name} lacks {missing} of the files of its split "{name}"; copy or fetch it anew.'
            )
        return Split(name, tuple(mine), self._cache / "corpora" / self.name.replace("/", "--"))


def parquet_files(folder: Path) -> list[Path]:
    """Return the parquet files of a folder and of those in it, sorted."""
    return sorted(file for pattern in PATTERNS for file in folder.glob(pattern))


def split_of(file: Path) -> str:
    """Return the split that a file is part of, by its name, or its folder's where that is a mere number."""
    shard = SHARD.fullmatch(file.stem)
    return (shard["split"] if shard else file.stem) or file.parent.name


def lacking(files: Sequence[Path]) -> int:
    """Return how many files of a split are not there, as their names ("-of-00004") tell."""
    shards = [shard for file in files if (shard := SHARD.fullmatch(file.stem)) and shard["count"]]
    return max((int(shard["count"]) for shard in shards), default=len(files)) - len(files)
