"""Clips cut out of a recording while it streams by: of hours of sound, half a minute is held at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from smile.audio.features import WINDOW
from smile.audio.io import QUIETEST, SHORTEST, stream, write
from smile.datatypes import SAMPLE_RATE, Samples

LONGEST = WINDOW - 1.0  # seconds of a clip: the window, less the silence that Whisper wants after speech
LAST = 12 * 3600.0  # seconds from the beginning of a recording in which clips are looked for
BEYOND, PART = 0.5, 0.25  # seconds, and the part of itself, by which a clip may outlast its recording


@dataclass(frozen=True)
class Span:
    """A stretch of a recording in seconds, and the file that it becomes."""

    start: float
    end: float
    target: Path


def fault(start: float | None, end: float | None) -> str:
    """Return why there can be no clip of these times in seconds; empty where there can."""
    if start is None or end is None:
        return "The clip has no times of its own; align it in the recording."
    seconds = round(end - start, 6)  # 0.102 - 0.002 is less than 0.1
    if seconds < SHORTEST:
        return f"The clip is {max(0.0, seconds):.2f} s long, which is too short; give it {SHORTEST} s."
    if seconds > LONGEST:
        return f"The clip is {seconds:.1f} s long; cut it to {LONGEST:g} s at most."
    if start < 0 or end > LAST:
        return f"The clip lies outside the first {LAST / 3600:g} hours of the recording."
    return ""


def cut(recording: Path, spans: Iterable[Span], track: int | None = None) -> Iterator[tuple[Span, str]]:
    """Write the clips of a recording, or of one of its audio tracks, as 16 kHz WAV, by their ends.

    Yields each span with why there is no clip of it, or with an empty string. The recording is read
    to the last span's end; spans may overlap, and none is longer than LONGEST.

    Raises:
        AudioError: the recording cannot be read at all, has no such track, or a clip cannot be written.
    """
    waiting = deque(sorted(spans, key=lambda span: span.end))
    tape = _Tape()
    with closing(stream(recording, track=track)) as pieces:
        while waiting:
            piece = next(pieces, None)
            if piece is None:
                break
            tape.append(piece)
            while waiting and _sample(waiting[0].end) <= tape.end:
                span = waiting.popleft()
                yield span, _written(tape, span)
    for span in waiting:
        missing = span.end - tape.end / SAMPLE_RATE
        late = f"The recording ends at {tape.end / SAMPLE_RATE:.2f} s, before the clip; correct its times."
        yield span, late if missing > min(BEYOND, PART * (span.end - span.start)) else _written(tape, span)


def _written(tape: _Tape, span: Span) -> str:
    samples = tape.between(_sample(span.start), _sample(span.end))
    if len(samples) < SHORTEST * SAMPLE_RATE or np.ptp(samples) < QUIETEST:
        return "The recording is silent there; correct the clip's times."
    write(span.target, samples)
    return ""


def _sample(seconds: float) -> int:
    return round(seconds * SAMPLE_RATE)


class _Tape:
    """The last half minute of what has been appended; times are samples from the beginning."""

    def __init__(self) -> None:
        self._pieces: deque[Samples] = deque()
        self._begin = self.end = 0

    def append(self, piece: Samples) -> None:
        self._pieces.append(piece)
        self.end += len(piece)
        while self._begin + len(self._pieces[0]) < self.end - len(piece) - _sample(LONGEST):
            self._begin += len(self._pieces.popleft())

    def between(self, start: int, end: int) -> Samples:
        """Return the samples (n,) of a stretch, as far as they are held."""
        held = np.concatenate([np.empty(0, np.float32), *self._pieces])
        return held[max(0, start - self._begin) : max(0, end - self._begin)]
