"""How many audio tracks a file has, and which of them is read."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from smile.audio.formats import CONTAINERS
from smile.datatypes import AudioError
from smile.util.advice import TAKE_TRACK

if TYPE_CHECKING:
    import av
    from av.container import InputContainer

MOST = 255  # tracks that are told apart
PICK = TAKE_TRACK.option


@dataclass(frozen=True)
class Tracks:
    """The audio tracks of a file, counted from 1."""

    count: int = 1
    used: int = 1
    asked: bool = False  # whether that one was asked for; otherwise it is the default one

    def said(self, how: str = "") -> str:
        """Return a sentence where one of several was used that nobody asked for, and how to take another."""
        if self.count == 1 or self.asked:
            return ""
        used = f"The recording has {self.count} audio tracks; the default one ({self.used}) was used"
        return f"{used}; {how}." if how else f"{used}."


ONE = Tracks()


def tracks_of(path: Path, track: int | None = None) -> Tracks:
    """Return the tracks of a file and which one is read; what PyAV cannot open has one.

    Raises:
        AudioError: there is no such track.
    """
    count, default = _counted(path)
    if track is None:
        return Tracks(count, default)
    if not 1 <= track <= count:
        has = "one audio track" if count == 1 else f"{count} audio tracks"
        raise AudioError(f"{path.name!r} has {has}, so that there is no track {track}; choose 1 to {count}.")
    return Tracks(count, track, asked=True)


def _counted(path: Path) -> tuple[int, int]:
    """How many tracks a file has, at least one, and which is the default."""
    import av

    options = {"format_whitelist": CONTAINERS, "protocol_whitelist": "file"}
    with (
        suppress(av.FFmpegError, OSError),
        av.open(str(path.absolute()), options=options, metadata_errors="replace") as container,
    ):
        if count := min(len(container.streams.audio), MOST):
            return count, container.streams.audio.index(chosen(container)) + 1
    return 1, 1


def chosen(container: InputContainer, track: int | None = None) -> av.AudioStream | None:
    """Return a container's audio track of that number, or the default one, or else the first, if any."""
    from av.stream import Disposition

    tracks = container.streams.audio[:MOST]
    if track is not None:
        return tracks[track - 1] if track <= len(tracks) else None
    default = (each for each in tracks if each.disposition & Disposition.default)
    return next(default, tracks[0] if tracks else None)
