"""A stand-in for espnet/ml_superb_hf in the hub's layout, made of the demo pools' synthetic clips."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from smile.corpora import read_corpus
from tests.conftest import POOLS

AUDIO = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
SCHEMA = pa.schema([("id", pa.string()), ("language", pa.string()), ("audio", AUDIO), ("text", pa.string())])
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def row(name: str, label: str, text: str, audio: Any) -> dict[str, Any]:
    """A row; `audio` is bytes or a path."""
    sound = {"bytes": audio, "path": f"{name}.wav"} if isinstance(audio, bytes) else {"path": audio}
    return {"id": name, "language": label, "audio": sound, "text": text}


def rows(code: str, label: str, count: int, begin: int = 0) -> list[dict[str, Any]]:
    """Rows of a demo pool's clips under another label."""
    utterances = read_corpus(POOLS / code).utterances[begin : begin + count]
    return [row(f"x_{u.id}", label, f"[{label}] {u.text}", u.audio.read_bytes()) for u in utterances]


def write(folder: Path, split: str, some: Sequence[Mapping[str, Any]], files: int = 2) -> list[Path]:
    """Write a split in so many files, as `push_to_hub` does; rows of languages are mixed."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{split}-{i:05d}-of-{files:05d}.parquet" for i in range(files)]
    for i, path in enumerate(paths):
        table = pa.Table.from_pylist([dict(r) for r in some[i::files]], schema=SCHEMA)
        parquet.write_table(table, path, row_group_size=3)
    return paths


def ml_superb_hf(folder: Path, train: int = 5, dev: int = 3) -> Path:
    """A copy of the data set with two languages and its three splits."""
    for split, begin, count in (("train", 0, train), ("dev", train, dev), ("dev_dialect", train + dev, 2)):
        both = [rows("gle", "gle", count, begin), rows("chr", "org_jpn", count, begin)]
        mixed = [r for pair in zip(*both, strict=True) for r in pair]
        write(folder / "data", split, mixed)
    (folder / "README.md").write_text("configs: default\n")
    return folder


def hub_cache(cache: Path, name: str) -> Path:
    """The snapshot folder of a data set in a hub cache."""
    folder = cache / f"datasets--{name.replace('/', '--')}"
    (folder / "refs").mkdir(parents=True)
    (folder / "refs" / "main").write_text(COMMIT)
    return folder / "snapshots" / COMMIT
