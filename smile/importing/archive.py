"""Zips that a stranger made, unpacked with nothing outside the folder and nothing without end."""

from __future__ import annotations

import io
import shutil
import stat
import unicodedata
import zipfile
import zlib
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

from smile.corpora.recordings import LONGEST_PATH, shown
from smile.datatypes import CorpusError
from smile.importing.limits import STRANGERS, Limits

UTF8 = 0x800  # flag of an entry whose name is UTF-8
ENCRYPTED = 0x1
JUNK = ("__MACOSX", "Thumbs.db", "desktop.ini", "Icon\r")
LONGEST_NAME = 255  # bytes of one name in a path, as file systems have it
DIRECTORY = 1_500  # bytes of an entry in a zip's directory, at most on the average


def unpack(path: Path, folder: Path, limits: Limits = STRANGERS, suffixes: Collection[str] = ()) -> Path:
    """Unpack a zip into a new folder; hidden files and what macOS and Windows add are left out.

    Where suffixes are named, in lower case, only files that end in one of them are unpacked.

    The sizes that its directory declares are added up before anything is written, and no more than
    that is read of any entry; a zip in the zip is a file like any other. Returns the folder.

    Raises:
        CorpusError: it is no zip, damaged, encrypted, too large, or an entry's path leaves the folder.
    """
    with _opened(path, limits) as archive:
        _check(path, archive, limits)
        folder.mkdir(parents=True, exist_ok=True)
        made = {folder}
        for target, entry in list(_targets(path, archive, folder, limits)):
            if suffixes and target.suffix.lower() not in suffixes:
                continue
            if target.parent not in made:
                target.parent.mkdir(parents=True, exist_ok=True)
                made.add(target.parent)
            with archive.open(entry) as source, target.open("xb") as file:
                shutil.copyfileobj(source, file, 1 << 20)
    return folder


def check(paths: Sequence[Path], limits: Limits) -> None:
    """Check that zips are not too large together, before any of them is unpacked.

    Raises:
        CorpusError: they are, or one cannot be read.
    """
    size = entries = 0
    for path in paths:
        with _opened(path, limits) as archive:
            entries += len(archive.infolist())
            size += sum(entry.file_size for entry in archive.infolist())
    name = paths[0].name if len(paths) == 1 else "The zips"
    _check_total(name, entries, size, limits)


def names(path: Path, limits: Limits) -> list[str]:
    """Return the names of a zip's files, without their folders.

    Raises:
        CorpusError: it cannot be read, or is too large.
    """
    with _opened(path, limits) as archive:
        _check(path, archive, limits)
        return [PurePosixPath(_name(entry).replace("\\", "/")).name for entry in archive.infolist()]


def _check_total(name: str, entries: int, size: int, limits: Limits) -> None:
    if entries > limits.entries:
        raise CorpusError(f"{name}: {entries:,} files; at most {limits.entries:,} are taken, so split it.")
    if size > limits.archive_bytes:
        raise CorpusError(
            f"{name}: {size / 1e9:,.1f} GB, unpacked; at most {limits.archive_bytes / 1e9:g} GB are taken, "
            "so split it."
        )


class _Guarded(io.BufferedReader):
    """A file of which no more than a directory may be read at once; zipfile reads a directory whole."""

    def __init__(self, path: Path, limits: Limits):
        super().__init__(io.FileIO(path))
        self._path, self._limits = path, limits

    def read(self, size: int | None = -1, /) -> bytes:
        """Read as a file does; raise CorpusError for more than so many entries can take."""
        most = max(1 << 20, self._limits.entries * DIRECTORY)
        if size is not None and size > most:
            raise CorpusError(
                f"{self._path.name}: its directory is larger than {self._limits.entries:,} files need; "
                "split it, or give the files shorter names."
            )
        return super().read(size)


@contextmanager
def _opened(path: Path, limits: Limits) -> Iterator[zipfile.ZipFile]:
    """The zip; whatever is wrong with it, while it is open too, is one sentence."""
    try:
        with _Guarded(path, limits) as file, zipfile.ZipFile(file) as archive:
            yield archive
    except CorpusError:
        raise
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, ValueError) as error:
        raise CorpusError(f"{path.name} is damaged or no zip; make it again.") from error
    except OSError as error:
        raise CorpusError(f"{path.name} cannot be unpacked ({error.strerror}).") from error


def _check(path: Path, archive: zipfile.ZipFile, limits: Limits) -> None:
    entries = archive.infolist()
    _check_total(path.name, len(entries), sum(entry.file_size for entry in entries), limits)
    if any(entry.flag_bits & ENCRYPTED for entry in entries):
        raise CorpusError(f"{path.name} is encrypted; make it without a password.")


def _targets(
    path: Path, archive: zipfile.ZipFile, folder: Path, limits: Limits
) -> Iterator[tuple[Path, zipfile.ZipInfo]]:
    """Where each entry that is a file goes."""
    seen: set[PurePosixPath] = set()
    folders: set[PurePosixPath] = set()
    for entry in archive.infolist():
        _check_name(path, PurePosixPath(entry.filename), limits)
        name = PurePosixPath(_name(entry).replace("\\", "/"))
        if not name.parts or entry.is_dir() or any(part in JUNK for part in name.parts):
            continue
        link = stat.S_ISLNK(entry.external_attr >> 16)
        if link or name.is_absolute() or ".." in name.parts or ":" in name.parts[0] or "\0" in str(name):
            raise CorpusError(
                f'{path.name}: the entry "{shown(str(name))}" leaves the folder; make the zip again.'
            )
        if any(part.startswith(".") for part in name.parts):
            continue
        if any(unicodedata.category(character) == "Cc" for character in str(name)):
            raise CorpusError(
                f'{path.name} holds a name with a line break or another control character, "'
                f'{shown(str(name))}"; rename the file.'
            )
        if name in seen:
            raise CorpusError(f'{path.name} holds "{shown(str(name))}" twice; make the zip again.')
        seen.add(name)
        folders.update(name.parents)
        if clash := next(iter(seen & {name, *name.parents} & folders), None):
            raise CorpusError(
                f'{path.name} holds "{shown(str(clash))}" as a file and as a folder; make the zip again.'
            )
        yield folder / name, entry


def _check_name(path: Path, name: PurePosixPath, limits: Limits) -> None:
    if len(name.parts) > limits.depth:
        raise CorpusError(
            f"{path.name} holds folders in folders, {len(name.parts) - 1:,} deep; at most {limits.depth} are "
            "taken, so make it without them."
        )
    if len(str(name)) > LONGEST_PATH or max((len(p.encode()) for p in name.parts), default=0) > LONGEST_NAME:
        raise CorpusError(
            f'{path.name} holds a name that is too long, "{shown(str(name)[:40])}..."; '
            "give the file a shorter one."
        )


def _name(entry: zipfile.ZipInfo) -> str:
    """The name in NFC; macOS writes UTF-8 without saying so."""
    name = entry.filename
    if not entry.flag_bits & UTF8:
        with suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return unicodedata.normalize("NFC", name)
