"""Where the frames of a track lie in time, and what silence lies between them.

Time 0 is where the earliest track of a container begins, as it is for players.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from smile.datatypes import AudioError


@dataclass(frozen=True)
class Clock:
    """How exactly a container says when its frames are to be played."""

    jitter: float = 0.015  # seconds by which a frame may come late after the last one
    drift: float = 0.015  # seconds by which all frames together may
    restarting: bool = False  # whether it may be set anew on the way, as in broadcasts


STAMPED = Clock()
# AVI states when a track begins, and counts from there: bytes by a rate that need not be the true one, and a
# packet that is larger than it says as two.
COUNTED = Clock(jitter=math.inf, drift=math.inf)
BROADCAST = Clock(restarting=True)
CLOCKS = {  # by PyAV's names; the times of other containers are counted from what is decoded
    **dict.fromkeys(("matroska", "webm", "mov", "mp4", "m4a", "3gp", "flv", "asf", "ogg"), STAMPED),
    **dict.fromkeys(("mpegts", "mpeg"), BROADCAST),
    "avi": COUNTED,
}

LATE = 0.015  # seconds by which the first frame may come late
RESTART = 10.0  # seconds; a longer jump of a clock that may be set anew is no hole
LONGEST_HOLE = 600.0  # seconds of silence between two frames
ALL_HOLES = 4 * 3600.0  # seconds of silence in all


class Timeline:
    """Says how much silence comes before each frame of one track."""

    def __init__(self, subject: str, zero: float | None, clock: Clock = STAMPED):
        """Take what errors call the recording, the time of its beginning in seconds, and its clock.

        Without a time it begins with its first frame.
        """
        self._subject, self._zero, self._clock = subject, zero, clock
        self._end = 0.0  # of the last frame, by its own time
        self._passed = self._silent = 0.0  # seconds of sound and silence so far, and of silence

    def silence(self, time: float | None, seconds: float) -> float:
        """Return the seconds of silence before a frame at `time`, where it has one, of so many seconds.

        Raises:
            AudioError: there is more than a recording may have.
        """
        missing = 0.0
        if time is None:
            self._end += seconds
        else:
            begin = self._placed(time)
            jitter = self._clock.jitter if self._passed else LATE
            if begin - self._end > jitter or begin - self._passed > self._clock.drift:
                missing = max(0.0, begin - self._passed)
            self._end = begin + seconds
        self._check(missing)
        self._silent += missing
        self._passed += missing + seconds
        return missing

    def _placed(self, time: float) -> float:
        """A frame's time from the beginning; where the clock was set anew, the sound goes on."""
        if self._zero is None:
            self._zero = time
        jump = time - self._zero - self._end
        if self._clock.restarting and self._passed and abs(jump) > RESTART:
            self._zero += jump + self._end - self._passed
        return time - self._zero

    def _check(self, missing: float) -> None:
        if missing > LONGEST_HOLE or self._silent + missing > ALL_HOLES:
            raise AudioError(
                f"{self._subject} has a hole of {missing:.0f} s in its sound; save its parts as WAV files."
            )
