"""Arrays on disk, as numpy writes them: whole when they appear, and checked before anything is allocated.

A header may say what it likes; it is compared with the bytes that are there.
"""

from __future__ import annotations

import errno
import hashlib
import os
import struct
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from smile.datatypes import DamagedError
from smile.util.opening import open_regular
from smile.util.storage import replacing

KINDS = "biufU"  # of values: truth, whole numbers, floating-point numbers, texts
DENSEST = 1032  # bytes that one byte of deflate can stand for
HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
Found = TypeVar("Found")


def write_array(path: Path, array: NDArray[Any]) -> None:
    """Write one array as .npy; the file appears when it is whole."""
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.save(_Plain(file), array, allow_pickle=False)


class _Plain:
    """A file that numpy writes through Python: past it, numpy does not say why a write has failed."""

    def __init__(self, file: IO[bytes]):
        self.write = file.write


def write_arrays(path: Path, arrays: Mapping[str, NDArray[Any]], *, compressed: bool = False) -> None:
    """Write arrays by name as .npz; the file appears when it is whole."""
    save: Callable[..., None] = np.savez_compressed if compressed else np.savez
    with replacing(path) as temporary, temporary.open("wb") as file:
        save(file, allow_pickle=False, **arrays)


def read_array(path: Path) -> NDArray[Any]:
    """Return the array of a .npy file.

    Raises:
        DamagedError: it is cut short or too long, its header lies, it holds Python objects, or is no
            regular file.
        OSError: it cannot be opened or read.
    """
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        return _guarded(path, lambda: _array(file, size))


class Arrays:
    """The arrays of an .npz file by name, each read when it is asked for; close it, or use `with`.

    Raises:
        DamagedError: the file is no archive, or, when asked, an array is missing or damaged.
        OSError: it cannot be opened or read.
    """

    def __init__(self, path: Path):
        self.path = path
        self._file = open_regular(path)
        try:
            self._archive = _guarded(path, lambda: zipfile.ZipFile(self._file))
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Arrays:
        return self

    def __exit__(self, *error: object) -> None:
        self._archive.close()
        self._file.close()

    @property
    def names(self) -> list[str]:
        """Return the names of all arrays."""
        return [name.removesuffix(".npy") for name in self._archive.namelist()]

    def __getitem__(self, name: str) -> NDArray[Any]:
        return _guarded(self.path, lambda: self._array(f"{name}.npy"))

    def text(self, name: str) -> str:
        """Return an array that holds one text, as a string."""
        array = self[name]
        if array.shape or array.dtype.kind != "U":
            raise DamagedError(self.path)
        return str(array)

    def mapped(self, name: str) -> NDArray[Any]:
        """Return an array as it lies on the disk, read only where it is looked at; it may not be changed.

        Its bytes are not compared with their checksum. It outlives the closing of the file.
        """
        return _guarded(self.path, lambda: self._mapped(f"{name}.npy"))

    def shape(self, name: str) -> tuple[int, ...]:
        """Return the shape of an array, without reading it."""
        return tuple(self.mapped(name).shape)

    def checksum(self, name: str) -> int:
        """Return the CRC-32 that the archive has of an array."""
        return _guarded(self.path, lambda: self._archive.getinfo(f"{name}.npy").CRC)

    def _mapped(self, name: str) -> NDArray[Any]:
        entry, file = self._archive.getinfo(name), self._file
        if entry.compress_type != zipfile.ZIP_STORED or entry.file_size != entry.compress_size:
            raise ValueError(entry.compress_type)
        file.seek(entry.header_offset)
        local = file.read(30)
        begins = entry.header_offset + 30 + sum(struct.unpack("<HH", local[26:]))
        if local[:4] != b"PK\x03\x04" or begins + entry.file_size > os.fstat(file.fileno()).st_size:
            raise ValueError(begins)
        file.seek(begins)
        shape, fortran, dtype = _described(file, entry.file_size)
        if min(shape, default=1) == 0:
            return np.zeros(shape, dtype)
        order: Literal["F", "C"] = "F" if fortran else "C"
        return np.memmap(file, dtype, "r", file.tell(), shape, order)

    def _array(self, name: str) -> NDArray[Any]:
        entry = self._archive.getinfo(name)
        if entry.file_size > DENSEST * entry.compress_size + DENSEST:
            raise ValueError(entry.file_size)
        with self._archive.open(entry) as file:
            return _array(file, entry.file_size)


def _array(file: IO[bytes], size: int) -> NDArray[Any]:
    """The array that is all of a file of so many bytes."""
    shape, fortran, dtype = _described(file, size)
    wanted = size - file.tell()
    data = file.read()
    if len(data) != wanted:
        raise ValueError(len(data))
    flat: NDArray[Any] = np.frombuffer(data, dtype) if dtype.itemsize else np.zeros(shape, dtype)
    return flat.reshape(shape, order="F" if fortran else "C")


def _described(file: IO[bytes], size: int) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, order and type of the array that fills so many bytes from here, as its header says."""
    begins = file.tell()
    shape, fortran, dtype = HEADERS[np.lib.format.read_magic(file)](file)
    wanted = dtype.itemsize
    for length in shape:
        wanted *= length
    if dtype.kind not in KINDS or min(shape, default=1) < 0 or wanted != size - (file.tell() - begins):
        raise ValueError(shape)
    return shape, fortran, dtype


def _guarded(path: Path, read: Callable[[], Found]) -> Found:
    """What reading gives; whatever numpy and zipfile make of bad bytes, a dozen families, is damage."""
    try:
        return read()
    except OSError as error:
        if error.errno not in (None, errno.EINVAL):  # a seek before the beginning
            raise
        raise DamagedError(path) from error
    except Exception as error:
        raise DamagedError(path) from error


def digest_of(array: NDArray[Any]) -> bytes:
    """Return 16 bytes that tell the values of arrays of one type apart."""
    return hashlib.blake2b(array.tobytes(), digest_size=16).digest()
