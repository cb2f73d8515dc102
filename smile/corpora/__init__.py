"""Labelled recordings, as utterances: ML-SUPERB v1 folders, data sets in parquet, tables, pools.

Audio is found here, or unpacked, and not decoded.
"""

from __future__ import annotations

import os
from pathlib import Path

from smile.corpora.columns import FILE_COLUMNS, TEXT_COLUMNS
from smile.corpora.reading import (
    Corpus,
    Names,
    Outcome,
    Reading,
    Rejected,
    Splits,
    apart,
    parted,
)
from smile.corpora.superb import Superb, languages
from smile.corpora.tabular import Tabular
from smile.datatypes import CorpusError


def open_corpus(source: str | Path, cache: Path | None = None) -> Corpus:
    """Open the corpus at a path, or of a name on the hub; nothing is read or fetched yet.

    `source` is an ML-SUPERB v1 root or a folder in it, a csv, tsv or jsonl table, a folder with tables, a
    pool, a folder with parquet files, or a name such as espnet/ml_superb_hf. What has to be unpacked goes
    to `cache`.

    Raises:
        CorpusError: nothing of the kind is there.
    """
    from smile.corpora import hub
    from smile.corpora.parquet import Parquet, parquet_files

    path, cache = Path(source).expanduser(), cache or default_cache()
    if path.is_file():
        return Parquet.local(path, cache) if path.suffix == ".parquet" else Tabular(path)
    if not path.exists() and hub.NAME.fullmatch(str(source)):
        return hub.named(str(source), cache)
    if (path / "pool.json").is_file():
        return Tabular(path / "clips.csv")
    if languages(path):
        return Superb(path)
    return Parquet.local(path, cache) if parquet_files(path) else Tabular(path)


def read_corpus(source: str | Path, split: str = "") -> Reading:
    """Read a corpus of one language, or a table with all of its languages; "" is the split of the examples.

    Raises:
        CorpusError: as `open_corpus` and `Corpus.read` do.
    """
    return open_corpus(source).read("", split)


def default_cache() -> Path:
    """Return where recordings are unpacked to, unless the caller says it."""
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "smile"


__all__ = [
    "FILE_COLUMNS",
    "TEXT_COLUMNS",
    "Corpus",
    "CorpusError",
    "Names",
    "Outcome",
    "Reading",
    "Rejected",
    "Splits",
    "apart",
    "default_cache",
    "languages",
    "open_corpus",
    "parted",
    "read_corpus",
]
