"""How far the transcription of a long recording is, and how long the rest may take."""

from __future__ import annotations

import time
from collections.abc import Callable

from smile.own import remaining
from smile.transcription.result import Result
from smile.ui.transcribe.cards import clock

LONG = 30.0  # seconds of a recording, from which on it is told
FEWEST = 10.0  # seconds of it that tell how long the rest takes


class SoFar:
    """Measures one transcription; one that goes on is measured from where it does."""

    def __init__(self, now: Callable[[], float] = time.monotonic):
        self._now = now
        self._first: tuple[float, float] | None = None  # where it was at first in the recording, and when

    def said(self, result: Result) -> str:
        """Return where a transcription is, such as "0:26 of 20:05, about 3 minutes left"; or ""."""
        if result.done or result.duration < LONG:
            return ""
        segments = (*result.vanilla.segments, *result.smile.segments)
        reached, now = max((segment.start for segment in segments), default=0.0), self._now()
        first, since = self._first = self._first or (reached, now)
        done, place = reached - first, f"{clock(reached)} of {clock(result.duration)}"
        if done < FEWEST:
            return place
        left = (now - since) * (result.duration - reached) / done
        return ", ".join(filter(None, (place, remaining.said(left))))
