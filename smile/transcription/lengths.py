"""How long a recording may be, by who asks, and what is said of a longer one: the only place that knows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from smile.datatypes import AudioError, Samples, SmileError

if TYPE_CHECKING:
    from smile.audio.io import Recording
    from smile.audio.tracks import Tracks
    from smile.transcription.result import Result

COMMAND = 240.0  # minutes that the command line and `smile.read` take, where --max-minutes does not say
MOST = 1440.0  # minutes that can be asked for: a day takes 12 GB of memory while it is read
LISTED = 60.0  # minutes of each recording in a visitor's list
PAGE = 10.0  # minutes of a recording on the page's other tabs, and of programs that ask it


def read_whole(path: str | Path, max_minutes: float = COMMAND, track: int | None = None) -> Samples:
    """Read all of a recording as samples (n,) at 16 kHz; of several audio tracks, counted from 1, one.

    Without a `track` that is the one that the file names as its default, or the first.

    Raises:
        AudioError: as `read_recording` does, or the recording is longer than so many minutes.
    """
    from smile.audio.io import read_recording

    return whole(read_recording(path, 60 * checked(max_minutes), track), Path(path).name, max_minutes)


def whole(recording: Recording, name: str, minutes: float) -> Samples:
    """Return the samples of a recording that was read up to so many minutes.

    Raises:
        AudioError: it is longer.
    """
    if recording.cut:
        raise AudioError(
            f"{name!r} is longer than {minutes:g} minutes; cut it into pieces, or allow more with "
            f"--max-minutes, at most {MOST:g}."
        )
    return recording.samples


def checked(minutes: float) -> float:
    """Return minutes that may be asked for.

    Raises:
        SmileError: they are none, or too many.
    """
    if not 0 < minutes <= MOST:
        raise SmileError(f"A recording's limit is more than 0 and at most {MOST:g} minutes, not {minutes:g}.")
    return minutes


def only_beginning(cut: bool, minutes: float = PAGE) -> str:
    """Return what is said where a recording was cut, as it is longer than so many minutes; else nothing."""
    said = f"Only the first {minutes:g} minutes of the recording were transcribed; it is longer."
    return said if cut else ""


def of_tracks(result: Result, tracks: Tracks) -> Result:
    """Return a result whose `problem` says which of several audio tracks it is of, if nobody chose that."""
    if not (said := tracks.said()):
        return result
    return replace(result, problem=f"{result.problem} {said}".strip())


def told(result: Result, cut: bool, minutes: float = PAGE) -> Result:
    """Return a result whose `problem` says so where only the beginning of its recording was read."""
    if not cut:
        return result
    return replace(result, problem=f"{result.problem} {only_beginning(cut, minutes)}".strip())
