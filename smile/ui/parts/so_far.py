"""How far the transcription of a long recording is, and how long the rest may take."""

from __future__ import annotations

import time
from collections.abc import Callable

from smile.transcription.result import Result
from smile.util.pace import said

LONG = 30.0  # seconds of a recording, from which on it is told
FEWEST = 10.0  # seconds of it that tell how long the rest takes
AT_ONCE = 1.0  # seconds within which what is kept of it is told


def clock(seconds: float) -> str:
    """Return seconds as minutes and seconds, such as 1:05."""
    whole = int(seconds)
    return f"{whole // 60}:{whole % 60:02d}"


class SoFar:
    """Measures one transcription; one that goes on is measured from where it does."""

    def __init__(self, now: Callable[[], float] = time.monotonic, cut: bool = False):
        self._now, self._cut = now, cut  # cut: the recording is longer than what is transcribed of it
        self._first: tuple[float, float] | None = None  # where it was at first in the recording, and when

    def said(self, result: Result) -> str:
        """Return where a transcription is, such as "0:26 of 20:05, about 3 minutes left"; or ""."""
        if result.done or result.duration < LONG:
            return ""
        whole = ("the first " if self._cut else "") + clock(result.duration)
        segments = (*result.vanilla.segments, *result.smile.segments)
        if not segments:  # what is kept of it has not been told yet
            return f"{clock(0.0)} of {whole}"
        reached, now = max(segment.start for segment in segments), self._now()
        first, since = self._first = self._begun(reached, now)
        done, place = reached - first, f"{clock(reached)} of {whole}"
        if done < FEWEST:
            return place
        left = (now - since) * (result.duration - reached) / done
        return ", ".join(filter(None, (place, said(left))))

    def _begun(self, reached: float, now: float) -> tuple[float, float]:
        """Return from where on and since when it is measured: what was kept comes at first, in no time."""
        first, since = self._first or (reached, now)
        return (reached, since) if now - since < AT_ONCE else (first, since)
