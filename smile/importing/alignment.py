"""Which recording an annotation file belongs to, and where its times lie in it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePath, PurePosixPath

from smile.audio.io import stream
from smile.audio.length import stated_seconds
from smile.corpora.recordings import ADD, ELSEWHERE, MISSING, Match, Recordings, folded
from smile.datatypes import SAMPLE_RATE
from smile.importing.annotations import Annotated
from smile.util.advice import NAME_RECORDING

EXACT = 0.005  # seconds that a file's times may begin beside 0
TOGETHER = f"which lies in another folder; put the two into one folder{NAME_RECORDING.option}."
NEAR = 0.5  # seconds by which a recording's length may differ from what its annotations say
OVER = 0.05  # of its length, by which its annotations may go on after its end and leave no doubt


def recording(file: Annotated, recordings: Recordings, alone: bool) -> Match | str:
    """Return the recording of an annotation file, or why there is none.

    That is the one given, the one that the file names or is called after, or the only one there is. One
    that lies in another folder than the file says is not the one that it names, nor is one in a folder that
    does not agree with the file's own.
    """
    if recordings.given:
        return Match(recordings.given, recordings.given.name, (), exact=True)
    found = _found(file, recordings, alone)
    if alone and isinstance(found, str) and found.endswith(ELSEWHERE):
        return found.replace(ELSEWHERE, TOGETHER)
    return found


def _found(file: Annotated, recordings: Recordings, alone: bool) -> Match | str:
    placed = [recordings.find(media.path, file.path) for media in file.media if media.path]
    if exact := [there for there in placed if isinstance(there, Match) and there.exact]:
        return exact[0]
    names = [name for media in file.media for name in media.names]
    names += [*(PurePath(name).stem for name in names), file.path.stem]
    named = [recordings.find(name, file.path) for name in names if name in recordings]
    matches = [match for match in named if isinstance(match, Match)]
    if best := [match for match in matches if match.exact]:
        return best[0]
    if best := [there for there in placed if isinstance(there, Match)]:
        return best[0]
    if elsewhere := _elsewhere(file, recordings, placed, alone):
        return elsewhere
    if matches:
        return matches[0]
    if named:
        return named[0]
    if alone and recordings.only:
        return _only(file, recordings, recordings.only)
    return f'{MISSING}{names[0]}" beside {file.path.name}; {ADD}'


def _only(file: Annotated, recordings: Recordings, only: Path) -> Match | str:
    """The only recording, whatever it is called, where its folder agrees with the annotation file's."""
    if recordings.agrees(recordings.home(file.path), only):
        return Match(only, "", (), exact=False)
    return f'There is no recording of {file.path.name} but "{only.name}", {TOGETHER}'


def _elsewhere(file: Annotated, recordings: Recordings, placed: Iterable[Match | str], alone: bool) -> str:
    """Why a recording that the file names cannot be one of its name that lies in another folder.

    The only one there is may be, where its folder agrees with what the file says.
    """
    for path, why in zip((PurePosixPath(m.path) for m in file.media if m.path), placed, strict=True):
        said = tuple(folded(part) for part in path.parent.parts if part not in ("..", "/"))
        only = recordings.only if alone else None
        if path.name in recordings and not (only and recordings.agrees(said, only)):
            return str(why)
    return ""


def offset(file: Annotated, audio: Path, track: int | None = None) -> float | str:
    """Return how much later than in an annotation file, in seconds, all is in its recording, or why not.

    Raises:
        AudioError: it has to be heard, and cannot be.
    """
    if file.bounds and abs(file.bounds[0]) > EXACT:
        return _begun(file, file.bounds, audio, track)
    for name_of in (str, lambda name: PurePath(name).stem):
        alike = [m for m in file.media if folded(name_of(audio.name)) in map(folded, map(name_of, m.names))]
        if alike:
            return _one(file, audio, (media.offset for media in alike))
    return _one(file, audio, (media.offset for media in file.media))


def _one(file: Annotated, audio: Path, offsets: Iterable[float]) -> float | str:
    """The only one of some offsets."""
    if len(known := set(offsets)) <= 1:
        return known.pop() if known else 0.0
    return (
        f'{file.path.name} names recordings that begin at different times, and it is not clear which is "'
        f'{audio.name}"; give it the name of the right one.'
    )


def _begun(file: Annotated, bounds: tuple[float, float], audio: Path, track: int | None) -> float | str:
    """The offset of times that do not begin at 0: those of a part, or those of all of the recording."""
    begin, end = bounds
    seconds = _seconds(audio, track)
    part, whole = abs(seconds - (end - begin)), abs(seconds - end)
    if min(part, whole) <= min(NEAR, abs(begin) / 3):
        return -begin if part < whole else 0.0
    return (
        f"The times of {file.path.name} go from {begin:.2f} s to {end:.2f} s, and {audio.name} has "
        f"{seconds:.2f} s; shift them to begin at 0, or give the recording that they belong to."
    )


def doubt(file: Annotated, audio: Path, later: float, track: int | None = None) -> str:
    """Return why an annotation file may be of another recording: its times go on long after the end of it.

    Raises:
        AudioError: the recording has to be heard, and cannot be.
    """
    end = file.bounds[1] + later if file.bounds else 0.0
    if not _much_over(end, stated_seconds(audio) or 0.0):
        return ""
    if not _much_over(end, seconds := _seconds(audio, track)):
        return ""
    return (
        f"The times of {file.path.name} go to {end:.2f} s, but {audio.name} ends at {seconds:.2f} s; see "
        "whether it is the right recording, and whole."
    )


def _much_over(end: float, seconds: float) -> bool:
    return end - seconds > max(NEAR, OVER * seconds)


def _seconds(audio: Path, track: int | None) -> float:
    return sum(map(len, stream(audio, track=track))) / SAMPLE_RATE
