"""Files between the server and its visitors: what they upload, and copies that are lent to them.

An upload lies in a folder of its own whose name cannot be guessed, so that the same file by two visitors
is two files, and whoever removes one removes nobody else's.
"""

from __future__ import annotations

import math
import os
import re
import secrets
import shutil
import stat
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from tempfile import gettempdir, mkdtemp
from typing import Any

from gradio import route_utils
from gradio.processing_utils import save_file_to_cache
from gradio.utils import get_upload_folder
from starlette.formparsers import MultiPartException

from smile.datatypes import SmileError
from smile.own.quota import ALL_FULL, FullError, used
from smile.ui import guard

UPLOADED, LENT = "upload", "lent"
OURS = re.compile(rf"(?:{UPLOADED}|{LENT})-[0-9a-f]{{32}}")
BROKEN = re.compile(r"tmp[a-z0-9_]{8}")  # a file of an upload that was broken off
NOT_UPLOADED = "That is no file of yours that was uploaded; choose it again."
CHUNK = 1 << 20  # bytes copied at a time
MOST_VALUES = 100_000  # bytes of what is no file in the form of an upload
TOO_MUCH = f"What is no file exceeded the maximum allowed size of {MOST_VALUES} bytes."


PARTS: ContextVar[list[Path]] = ContextVar("PARTS")  # files of the upload under way, before they have names


@contextmanager
def uploading() -> Iterator[list[Path]]:
    """Yield the files of a request as they come; remove, at its end, those that are not whole."""
    parts: list[Path] = []
    token = PARTS.set(parts)
    try:
        yield parts
    finally:
        PARTS.reset(token)
        for part in parts:
            part.unlink(missing_ok=True)


class _FolderName:
    """A stand-in for the hash of an upload's content, after which gradio names the folder."""

    def __init__(self) -> None:
        self._name = f"{UPLOADED}-{secrets.token_hex(16)}"

    def update(self, data: bytes) -> None:
        """Take no notice of the content."""

    def hexdigest(self) -> str:
        """Return the name of the folder."""
        return self._name


class _Upload(route_utils.GradioUploadFile):
    """An upload that shares its folder with no other."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.sha: Any = _FolderName()
        PARTS.get().append(Path(self.file.name or ""))


class _Form(route_utils.GradioMultiPartParser):
    """A form whose values are short, since they are kept in memory; its files are not."""

    _values = 0

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        """Take a piece of a file or of a value."""
        if self._current_part.file is not None:
            super().on_part_data(data, start, end)
            return
        self._values += end - start
        if self._values > MOST_VALUES:
            raise MultiPartException(TOO_MUCH)
        self._current_part.data += data[start:end]


def keep_to_ourselves() -> None:
    """Give uploads a folder that only this user of the machine can look into, where none was named."""
    folder = Path(gettempdir()) / f"smile-uploads-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    info = folder.lstat()
    private = stat.S_ISDIR(info.st_mode) and info.st_uid == os.getuid() and not info.st_mode & 0o077
    os.environ.setdefault("GRADIO_TEMP_DIR", str(folder) if private else mkdtemp(prefix="smile-uploads-"))


def keep_uploads_apart() -> None:
    """Make gradio, which files uploads by their content, give each a folder of its own, and only files."""
    route_utils.GradioUploadFile = _Upload  # type: ignore[misc]
    route_utils.GradioMultiPartParser = _Form  # type: ignore[misc]


def uploaded(path: str | Path | None) -> Path:
    """Return the path of a regular file in gradio's upload folder.

    Raises:
        SmileError: anything else: a folder, a link, a device, a file elsewhere, nothing.
    """
    try:
        uploads, file = root(), Path(path or "")
        regular = stat.S_ISREG(file.lstat().st_mode)
        inside = file.is_absolute() and file.parent.resolve().parent == uploads
    except (OSError, ValueError, TypeError) as error:
        raise SmileError(NOT_UPLOADED) from error
    if not (regular and inside):
        raise SmileError(NOT_UPLOADED)
    return file


def taken(paths: Iterable[str | Path | None], folder: Path) -> list[Path]:
    """Copy uploads into `folder`, each into one of its own there; return the copies.

    Raises:
        SmileError: one of them is no upload, or cannot be copied.
    """
    return [_copied(uploaded(path), folder / f"taken-{number}") for number, path in enumerate(paths)]


def _copied(source: Path, folder: Path) -> Path:
    try:
        folder.mkdir(parents=True)
        target = folder / source.name
        with _opened(source) as file, target.open("xb") as copy:
            shutil.copyfileobj(file, copy, CHUNK)
    except OSError as error:
        if error.errno in guard.NO_SPACE:
            raise
        raise SmileError(f"{source.name} cannot be stored ({error.strerror}); try again later.") from error
    return target


def _opened(source: Path) -> Any:
    """Open a file that was not made a link since it was looked at."""
    return os.fdopen(os.open(source, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0)), "rb")


@contextmanager
def discarding(paths: Iterable[str | Path | None]) -> Iterator[None]:
    """Discard uploads at the end of a piece of work, however it ends."""
    try:
        yield
    finally:
        discard(paths)


@contextmanager
def using(paths: Iterable[str | Path | None]) -> Iterator[None]:
    """Discard uploads at the end of a piece of work, unless it fails: then they can be tried once more."""
    failed = False
    try:
        yield
    except Exception:
        failed = True
        raise
    finally:
        if not failed:
            discard(paths)


def discard(paths: Iterable[str | Path | None]) -> None:
    """Remove uploads and lent copies; anything else, such as the page's own recordings, stays."""
    for path in paths:
        with suppress(SmileError, OSError):
            file = uploaded(path)
            if OURS.fullmatch(file.parent.name):
                file.unlink()
                file.parent.rmdir()


def admit(file: Path, most: int) -> None:
    """Make sure that a copy of a file may lie where gradio serves from, which holds so many bytes at most.

    Raises:
        FullError: there is no room.
    """
    if used(root()) + file.stat().st_size > most:
        raise FullError(ALL_FULL)


def lent(file: Path) -> str:
    """Return the path of a copy from which gradio serves, for one visitor; `discard` removes it."""
    folder = root() / f"{LENT}-{secrets.token_hex(16)}"
    folder.mkdir(parents=True, mode=0o700)
    return str(shutil.copyfile(file, folder / file.name))


def playable(file: Path) -> str:
    """Return the path from which gradio serves a recording: a pool's is copied, once for all visitors."""
    inside = file.resolve().is_relative_to(root())
    return str(file) if inside else save_file_to_cache(file, str(root()))


def sweep(seconds: float, now: float | None = None, spared: Collection[str] = ()) -> int:
    """Remove uploads and lent copies that are so many seconds old, but for some names; return how many."""
    before = (time.time() if now is None else now) - seconds
    ours = [entry for entry in _listed(root()) if OURS.fullmatch(entry.name) or BROKEN.fullmatch(entry.name)]
    old = [entry for entry in ours if _changed(entry) < before and entry.name not in spared]
    for entry in old:
        shutil.rmtree(entry, ignore_errors=True) if entry.is_dir() else entry.unlink(missing_ok=True)
    return len(old)


def _changed(entry: Path) -> float:
    """When an entry was changed; of one that another request has just removed: never to be swept."""
    try:
        return entry.lstat().st_mtime
    except OSError:
        return math.inf


def _listed(folder: Path) -> Sequence[Path]:
    return list(folder.iterdir()) if folder.is_dir() else ()


def root() -> Path:
    """Return the folder in which gradio keeps uploads, and from which it serves."""
    return Path(get_upload_folder()).resolve()
