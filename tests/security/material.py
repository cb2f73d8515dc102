"""Small files of strangers, good and bad, as bytes."""

from __future__ import annotations

import csv
import io
import json
import wave
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from tests.conftest import POOLS

POOL = POOLS / "gla"


def sound(seconds: float = 1.0, pitch: float = 220.0) -> bytes:
    """A tone as wav."""
    at = np.arange(round(16000 * seconds)) / 16000
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes((9000 * np.sin(2 * np.pi * pitch * at)).astype("<i2").tobytes())
    return out.getvalue()


def spoken(number: int = 0) -> tuple[str, bytes]:
    """A clip of a demo pool: its name and its content."""
    path = sorted((POOL / "audio").iterdir())[number]
    return path.name, path.read_bytes()


def archive(files: Iterable[tuple[str | zipfile.ZipInfo, bytes]]) -> bytes:
    """A zip of files, under whatever names."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in files:
            made.writestr(name, data)
    return out.getvalue()


def examples(count: int = 2) -> bytes:
    """A zip of clips and a table that can be imported."""
    clips = [spoken(number) for number in range(count)]
    rows = "".join(f"{name},text number {number}\n" for number, (name, _) in enumerate(clips))
    return archive([("metadata.csv", f"file,text\n{rows}".encode()), *clips])


def pool(language: Mapping[str, object] | None = None, clips: int = 3) -> bytes:
    """A zip of some clips of a demo pool, of whose language the header says something else."""
    said = json.loads((POOL / "pool.json").read_text(encoding="utf-8"))
    said["language"] = {**said["language"], **(language or {})}
    head, *rows = (POOL / "clips.csv").read_text(encoding="utf-8").splitlines()[: clips + 1]
    said["encoder"] = None  # it is listed, and its embeddings are made here
    named = [row[1] for row in csv.reader(rows)]
    files = [(f"pool/{name}", (POOL / name).read_bytes()) for name in named]
    table = "\n".join([head, *rows, ""]).encode()
    return archive([("pool/pool.json", json.dumps(said).encode()), ("pool/clips.csv", table), *files])


def link(name: str, target: Path | str) -> tuple[zipfile.ZipInfo, bytes]:
    """An entry of a zip that is a symbolic link."""
    entry = zipfile.ZipInfo(name)
    entry.create_system, entry.external_attr = 3, 0o120777 << 16
    return entry, str(target).encode()
