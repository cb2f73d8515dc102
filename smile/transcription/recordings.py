"""The recordings that are to be transcribed: those of files, folders, zips and URLs, found by content."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from smile.audio.signatures import may_be_sound
from smile.datatypes import SmileError
from smile.importing.archive import unpack
from smile.importing.limits import GENEROUS
from smile.transcription import lengths
from smile.transcription.remote import sound_at
from smile.util.objects import RemoteObject
from smile.util.urls import Url

Cuts = tuple[tuple[float, float], ...]  # start and end of segments, s
SHOWN = 20  # names of what is left out


@dataclass(frozen=True)
class Recording:
    """A file to transcribe, and the name under which it is told and exported."""

    name: str
    path: Path
    stranger: bool = False  # whether somebody else has brought it, so that it is decoded apart
    minutes: float = lengths.COMMAND  # of more a stranger's is cut, and says so; another one is refused
    segments: Path | None = None  # under which name its segments are kept until all are written
    asked: str = ""  # what they depend on beside what the batch knows
    cuts: Cuts = ()  # where its segments are; empty: where its pauses are
    track: int | None = None  # which of its audio tracks, from 1; None: the default one
    remote: RemoteObject | None = None  # where its bytes are fetched from; `path` is then only its name


@dataclass(frozen=True)
class Sources:
    """The recordings of files, folders and zips, and the names of what else there is in them."""

    recordings: list[Recording]
    left_out: list[str]

    @property
    def said(self) -> str:
        """Return a sentence on what was left out, if anything was."""
        if not self.left_out:
            return ""
        names, more = ", ".join(self.left_out[:SHOWN]), len(self.left_out) - SHOWN
        return f"Left out, as they hold no sound: {names}{f' and {more} more' if more > 0 else ''}."


def recordings_of(
    sources: Iterable[Path | Url], work: Path, minutes: float = lengths.COMMAND, track: int | None = None
) -> Sources:
    """Find the recordings of files, folders, zips and URLs, folders in folders included, sorted in each.

    Content, not suffix, tells a recording; hidden files are passed over. Zips are unpacked into `work`. What
    lies at a URL is listed and stays there.

    Raises:
        SmileError: a source that is not there, a zip that cannot be unpacked, or nothing to transcribe.
    """
    recordings: list[Recording] = []
    left_out: list[str] = []
    for number, source in enumerate(sources):
        if isinstance(source, Url):
            found, others = sound_at(source)
            left_out += others
            recordings += [
                Recording(name, Path(name), minutes=minutes, track=track, remote=one) for name, one in found
            ]
            continue
        if not source.exists():
            raise SmileError(f"There is no recording or folder {source}; check its name.")
        if source.suffix.lower() == ".zip" and source.is_file():
            folder = unpack(source, work / f"zip-{number}", GENEROUS)
        elif source.is_dir():
            folder = source
        else:
            recordings.append(Recording(source.name, source, minutes=minutes, track=track))
            continue
        for path in _visible(folder):
            name = path.relative_to(folder).as_posix()
            if may_be_sound(path):
                recordings.append(Recording(name, path, minutes=minutes, track=track))
            else:
                left_out.append(name)
    if not recordings:
        raise SmileError("There are no recordings in it; name a folder or a zip with sound files.")
    return Sources(recordings, left_out)


def _visible(folder: Path) -> list[Path]:
    """All that is no folder in a folder and those in it, but for what is hidden or lies in a hidden one."""
    inside = (p for p in folder.rglob("*") if not p.is_dir())
    return sorted(p for p in inside if not any(part.startswith(".") for part in p.relative_to(folder).parts))
