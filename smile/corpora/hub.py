"""Data sets by their name on the hub: the files of a split, from its cache or fetched."""

from __future__ import annotations

import re
from pathlib import Path

from smile.corpora.parquet import Parquet, lacking, parquet_files, split_of
from smile.datatypes import CorpusError

NAME = re.compile(r"\w[\w.-]*/\w[\w.-]*")


def named(name: str, cache: Path) -> Parquet:
    """Return a data set on the hub, such as espnet/ml_superb_hf; a split is fetched when first asked for."""
    return Parquet(name, lambda split: _files(name, split), cache)


def _files(name: str, split: str) -> list[Path]:
    local = _snapshot(name, split, local=True)
    mine = [file for file in local if split_of(file) == split]
    return local if mine and not lacking(mine) else _snapshot(name, split, local=False)


def _snapshot(name: str, split: str, local: bool) -> list[Path]:
    """The parquet files at hand after looking into the cache alone, or asking the hub.

    Raises:
        CorpusError: the hub cannot be asked.
    """
    from huggingface_hub import snapshot_download

    patterns = [f"*{split}-*.parquet", f"*{split}/*.parquet", f"{split}.parquet"]
    try:
        folder = snapshot_download(name, repo_type="dataset", allow_patterns=patterns, local_files_only=local)
    except Exception as error:  # the hub's client has errors of a dozen families
        if local:
            return []
        raise CorpusError(
            f"There is no folder {name}, and no data set of this name can be fetched from the hub "
            f"({type(error).__name__}); check the name and the connection, or give the path of a copy."
        ) from error
    return parquet_files(Path(folder))
