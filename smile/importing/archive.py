"""Unpacks a zip that a stranger made: nothing outside the folder, nothing without end."""

from __future__ import annotations

import shutil
import stat
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath

from smile.datatypes import CorpusError

LARGEST = 4_000_000_000  # bytes of all files, unpacked
MOST = 20_000  # files
UTF8 = 0x800  # flag of an entry whose name is UTF-8
ENCRYPTED = 0x1
JUNK = ("__MACOSX", "Thumbs.db", "desktop.ini")


def unpack(path: Path, folder: Path, largest: int = LARGEST) -> Path:
    """Unpack a zip into a new folder; hidden files and what macOS and Windows add are left out.

    The sizes that its directory declares are added up before anything is written, and no more than
    that is read of any entry. Returns the folder.

    Raises:
        CorpusError: it is no zip, damaged, encrypted, too large, or an entry's path leaves the folder.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _check(path, archive.infolist(), largest)
            for target, entry in _targets(path, archive, folder):
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(entry) as source, target.open("xb") as file:
                    shutil.copyfileobj(source, file, 1 << 20)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError) as error:
        raise CorpusError(f"{path.name} is damaged or no zip; make it again.") from error
    except OSError as error:
        raise CorpusError(f"{path.name} cannot be unpacked ({error.strerror}).") from error
    return folder


def _check(path: Path, entries: list[zipfile.ZipInfo], largest: int) -> None:
    if len(entries) > MOST:
        raise CorpusError(f"{path.name} holds {len(entries)} files; at most {MOST} are taken.")
    if (size := sum(entry.file_size for entry in entries)) > largest:
        raise CorpusError(
            f"{path.name} holds {size / 1e9:.1f} GB; at most {largest / 1e9:g} GB are taken, so split it."
        )
    if any(entry.flag_bits & ENCRYPTED for entry in entries):
        raise CorpusError(f"{path.name} is encrypted; make it without a password.")


def _targets(path: Path, archive: zipfile.ZipFile, folder: Path) -> Iterator[tuple[Path, zipfile.ZipInfo]]:
    """Where each entry that is a file goes."""
    seen: set[PurePosixPath] = set()
    for entry in archive.infolist():
        name = PurePosixPath(_name(entry).replace("\\", "/"))
        if not name.parts or entry.is_dir() or any(part in JUNK for part in name.parts):
            continue
        link = stat.S_ISLNK(entry.external_attr >> 16)
        if link or name.is_absolute() or ".." in name.parts or ":" in name.parts[0] or "\0" in str(name):
            raise CorpusError(f'{path.name}: the entry "{name}" leaves the folder; make the zip again.')
        if any(part.startswith(".") for part in name.parts):
            continue
        if name in seen:
            raise CorpusError(f'{path.name} holds "{name}" twice; make the zip again.')
        seen.add(name)
        yield folder / name, entry


def _name(entry: zipfile.ZipInfo) -> str:
    """The name in NFC; macOS writes UTF-8 without saying so."""
    name = entry.filename
    if not entry.flag_bits & UTF8:
        with suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return unicodedata.normalize("NFC", name)
