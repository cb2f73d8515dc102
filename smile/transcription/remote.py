"""Recordings at a URL: what is listed there as sound, and each fetched where and when it is transcribed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from smile.audio.formats import AUDIO_SUFFIXES
from smile.audio.signatures import HEAD, begins_as_sound
from smile.datatypes import AudioError, SmileError
from smile.importing.limits import GENEROUS
from smile.util.names import printable
from smile.util.objects import RemoteObject, beginnings, fetch, listed
from smile.util.urls import Url
from smile.util.workers.carried import temporary_folder

if TYPE_CHECKING:
    from smile.transcription.recordings import Recording

ZIP = "{} is a zip, which is not unpacked from a URL; fetch it and name the file, or unpack it there."


def sound_at(url: Url) -> tuple[list[tuple[str, RemoteObject]], list[str]]:
    """Return the objects at a URL that may hold sound, by their names below it, and the names of the others.

    Both are in the order that a folder's files have; what is hidden is passed over, and an object that the
    URL itself names is taken whatever it holds, as for folders and files of this machine.

    Raises:
        SmileError: there is nothing, it cannot be read, or it is a zip.
    """
    objects = listed(url)
    if [one.url for one in objects] == [url]:
        name = url.path.rpartition("/")[2]
        if name.lower().endswith(".zip"):
            raise SmileError(ZIP.format(url))
        return [(printable(name), objects[0])], []
    below = len(url.path.rstrip("/")) + 1
    named = [(one.url.path[below:], one) for one in objects]
    named = sorted((pair for pair in named if not _hidden(pair[0])), key=lambda pair: pair[0].split("/"))
    sound = _sound([one for _, one in named])
    taken = [(printable(name), one) for name, one in named if one in sound]
    return taken, [printable(name) for name, one in named if one not in sound]


@contextmanager
def at_hand(recording: Recording) -> Iterator[Recording]:
    """Give a recording whose file is on this machine while the block lasts: itself, or what is fetched.

    Raises:
        AudioError: it cannot be fetched, or is no longer what was listed.
    """
    if recording.remote is None:
        yield recording
        return
    with temporary_folder() as folder:
        path = folder / _file_name(recording.name)
        try:
            fetch(recording.remote, path, GENEROUS.archive_bytes)
        except SmileError as error:
            raise AudioError(str(error)) from error
        except OSError as error:
            raise AudioError(
                f'"{recording.name}" cannot be written to {folder} ({error.strerror}).'
            ) from error
        yield replace(recording, path=path, remote=None)


def _hidden(name: str) -> bool:
    """Whether a name lies in a hidden folder, or is hidden; in a store "." and ".." are names like others."""
    return any(part.startswith(".") and part not in (".", "..") for part in name.split("/"))


def _sound(objects: Sequence[RemoteObject]) -> set[RemoteObject]:
    """Those that end as recordings do, or begin so; first bytes are fetched only of the others.

    What ends in "/", and yet has content, fsspec cannot name.
    """
    objects = [one for one in objects if not one.url.path.endswith("/")]
    found = {one for one in objects if PurePosixPath(one.url.path).suffix.lower() in AUDIO_SUFFIXES}
    others = [one for one in objects if one not in found and one.size]
    heads = zip(others, beginnings(others, HEAD), strict=True)
    return found | {one for one, head in heads if head is None or begins_as_sound(head)}


def _file_name(name: str) -> str:
    """The last part of a recording's name, as a file can be called."""
    last = name.rpartition("/")[2].replace("\0", "")
    return "recording" if last in ("", ".", "..") or len(last.encode(errors="replace")) > 255 else last
