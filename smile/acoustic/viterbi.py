"""The best way of frames through a trellis, exactly, in memory that grows with the root of the frames.

Scores are kept at every so many frames only; going back, each block is walked again with its back pointers,
a byte each. An hour of speech and its text (180,000 frames, 80,000 states) takes 0.2 GB.
"""

from __future__ import annotations

from collections.abc import Generator
from math import isqrt

import numpy as np
from numpy.typing import NDArray

from smile.acoustic.trellis import Trellis
from smile.datatypes import Matrix, SmileError

STAY, NEXT, LEAP, PASS = 0, 1, 2, 3  # how a state was come to; PASS: in the same frame, over a line
Scores = NDArray[np.float32]  # (states,)
ROUNDED = 1e-3  # nats that sums may lose
LEAST = np.float32(-1e30)  # a best score that is still one
Path = NDArray[np.int64]  # (frames,) the state of each frame
NO_ROOM = "The text is too long for the recording; give the text of this recording."


class _Walk:
    """A trellis as it is walked."""

    def __init__(self, trellis: Trellis, symbols: int):
        self._trellis, self._columns = trellis, trellis.columns(symbols)
        self._forbidden = np.where(trellis.leaps, 0, -np.inf).astype(np.float32)
        self._price = np.float64(trellis.prices.line)
        self._best, self._spare, self._other = np.empty((3, trellis.states), np.float32)  # none is made anew

    def step(self, scores: Scores, row: Scores, back: NDArray[np.uint8] | None = None) -> Scores:
        """Return the scores (states,) after a frame whose worths are `row`; fill in back pointers if asked.

        Of fewer states than there are, the first ones are walked: nothing comes to them from those behind.
        What is returned is overwritten by the step after the next one.
        """
        states = len(scores)
        self._spare, self._best = self._best, self._spare
        best, other = self._best[:states], self._other[:states]
        np.copyto(best, scores)
        self._take(best[1:], scores[:-1], back, NEXT)
        if states > LEAP:
            np.add(scores[:-LEAP], self._forbidden[LEAP:states], out=other[LEAP:])
            self._take(best[LEAP:], other[LEAP:], back, LEAP)
        np.take(row, self._columns[:states], out=other, mode="clip")
        best += other
        self._pass(best, back)
        return best

    def _take(self, best: Scores, other: Scores, back: NDArray[np.uint8] | None, how: int) -> None:
        """Take what is better of two, and note how it was come to."""
        if back is not None:
            np.copyto(back[how:], np.uint8(how), where=other > best)
        np.maximum(best, other, out=best)

    def start(self) -> Scores:
        """Return scores before the first frame, from which it can be in the first gap or label."""
        scores = np.full(self._trellis.states, -np.inf, np.float32)
        scores[0] = 0
        return scores

    def _pass(self, scores: Scores, back: NDArray[np.uint8] | None) -> None:
        """Let lines be passed over within a frame, one or many at once."""
        if not np.isfinite(self._price):  # none may be
            return
        gaps = self._trellis.line_gaps
        gaps = gaps[: np.searchsorted(gaps, len(scores))]
        dues, own = self._price * np.arange(len(gaps)), scores[gaps].astype(np.float64)
        reached = np.maximum.accumulate(own + dues) - dues
        better = reached > own + ROUNDED
        scores[gaps[better]] = reached[better]
        if back is not None:
            back[gaps[better]] = PASS

    def back(self, pointers: NDArray[np.uint8], state: int, path: Path) -> int:
        """Fill in the states of frames by back pointers (frames, states); return the one before them."""
        gaps = self._trellis.line_gaps
        for frame in range(len(pointers) - 1, -1, -1):
            row = pointers[frame]
            while row[state] == PASS:
                state = int(gaps[np.searchsorted(gaps, state) - 1])
            path[frame] = state
            state -= int(row[state])
        return state


def best_path(logprobs: Matrix, trellis: Trellis) -> Generator[tuple[int, int], None, Path]:
    """Return the likeliest state of each frame of log probabilities (frames, symbols).

    Yields how many frames are done, of twice their number, after each block.

    Raises:
        SmileError: the frames cannot hold the labels, and no line may be passed over.
    """
    walk, frames = _Walk(trellis, logprobs.shape[1]), len(logprobs)
    size = max(1, isqrt(frames))
    starts, kept, scores = range(0, frames, size), list[Scores](), walk.start()
    for start in starts:
        kept.append(scores)
        for row in trellis.worths(logprobs[start : start + size]):
            scores = walk.step(scores, row)
        scores = scores - max(scores.max(), LEAST)
        yield min(frames, start + size), 2 * frames
    state = _last(scores)
    path = np.empty(frames, np.int64)
    for start in reversed(starts):
        rows = trellis.worths(logprobs[start : start + size])
        scores = kept.pop()[: state + 1]
        pointers = np.zeros((len(rows), state + 1), np.uint8)
        for row, pointer in zip(rows, pointers, strict=True):
            scores = walk.step(scores, row, pointer)
        state = walk.back(pointers, state, path[start : start + size])
        yield 2 * frames - start, 2 * frames
    return path


def _last(scores: Scores) -> int:
    """Return the state of the last frame: the last label or the gap after it."""
    ends = scores[-2:]
    if not np.isfinite(ends).any():
        raise SmileError(NO_ROOM)
    return len(scores) - len(ends) + int(ends.argmax())
