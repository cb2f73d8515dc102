"""Small files of strangers, good and bad, as bytes."""

from __future__ import annotations

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


def pool(language: Mapping[str, object] | None = None, **header: object) -> bytes:
    """A zip of a demo pool of which the header says something else."""
    said = json.loads((POOL / "pool.json").read_text(encoding="utf-8"))
    said["language"] = {**said["language"], **(language or {})}
    found = [path for path in sorted(POOL.rglob("*")) if path.is_file() and path.name != "pool.json"]
    files = [(f"pool/{path.relative_to(POOL).as_posix()}", path.read_bytes()) for path in found]
    return archive([("pool/pool.json", json.dumps({**said, **header}).encode()), *files])


def link(name: str, target: Path | str) -> tuple[zipfile.ZipInfo, bytes]:
    """An entry of a zip that is a symbolic link."""
    entry = zipfile.ZipInfo(name)
    entry.create_system, entry.external_attr = 3, 0o120777 << 16
    return entry, str(target).encode()
