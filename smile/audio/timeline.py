"""Where the frames of a track lie in time, and what silence lies between them.

Time 0 is where the earliest track of a container begins, as it is for players.
"""

from __future__ import annotations

from smile.datatypes import AudioError

# Containers that say when a packet is to be played, by PyAV's names. The times of others are counted from
# what is decoded, or, in ASF, count a decoder's delay.
TIMED = frozenset({"matroska", "webm", "mov", "mp4", "m4a", "3gp", "flv", "mpegts", "mpeg"})
RESTARTING = frozenset({"mpegts", "mpeg"})  # broadcasts, whose clock may be set anew on the way

JITTER = 0.02  # seconds by which a frame may come late after the last one
DRIFT = 0.1  # seconds by which all frames together may
RESTART = 10.0  # seconds; a longer jump of a clock that may be set anew is no hole
LONGEST_HOLE = 600.0  # seconds of silence between two frames
ALL_HOLES = 4 * 3600.0  # seconds of silence in all


class Timeline:
    """Says how much silence comes before each frame of one track."""

    def __init__(self, subject: str, zero: float, restarting: bool = False):
        """Take what errors call the recording, the time of its beginning in seconds, and the clock's kind."""
        self._subject, self._zero, self._restarting = subject, zero, restarting
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
            if begin - self._end > JITTER or begin - self._passed > DRIFT:
                missing = max(0.0, begin - self._passed)
            self._end = begin + seconds
        self._check(missing)
        self._silent += missing
        self._passed += missing + seconds
        return missing

    def _placed(self, time: float) -> float:
        """A frame's time from the beginning; where the clock was set anew, the sound goes on."""
        jump = time - self._zero - self._end
        if self._restarting and self._passed and abs(jump) > RESTART:
            self._zero += jump + self._end - self._passed
        return time - self._zero

    def _check(self, missing: float) -> None:
        if missing > LONGEST_HOLE or self._silent + missing > ALL_HOLES:
            raise AudioError(
                f"{self._subject} has a hole of {missing:.0f} s in its sound; save its parts as WAV files."
            )
