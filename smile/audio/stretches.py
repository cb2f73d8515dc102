"""Stretches of long recordings, again and again: what lies around the last ones is kept in memory.

Whoever goes through a recording piece by piece would have it decoded from its beginning for each of them.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from smile.audio.io import Recording
from smile.audio.isolated import read_apart
from smile.datatypes import SAMPLE_RATE, AudioError, Samples

BEFORE, AFTER = 60.0, 300.0  # seconds around a stretch that are kept with it
KEPT = 4  # windows: 46 MB

Key = tuple[str, int, int, int]  # a file as it is now: path, inode, time of change, size


@dataclass(frozen=True)
class _Window:
    """Some of a recording's sound, in 16 bits, and whether it is all that follows its beginning."""

    first: int  # sample of the recording with which it begins
    sound: NDArray[np.int16]
    to_end: bool

    def cut(self, first: int, last: int) -> Samples | None:
        """Return samples of the recording by their numbers; None where it has not all of them."""
        begin, end = first - self.first, last - self.first
        if begin < 0 or (end > len(self.sound) and not self.to_end):
            return None
        return self.sound[begin:end].astype(np.float32) / np.float32(2**15)


class Stretches:
    """Cuts stretches out of strangers' recordings; keeps the last few windows."""

    def __init__(self, kept: int = KEPT):
        self._windows: OrderedDict[Key, _Window] = OrderedDict()
        self._kept, self._lock = kept, Lock()

    def cut(self, path: Path, start: float, end: float, limit: float) -> Samples:
        """Return the samples (n,) of a recording from `start` to `end` s; `limit` s are read at most.

        Raises:
            AudioError: as `read_recording` does.
        """
        key, first, last = _key(path), round(start * SAMPLE_RATE), round(end * SAMPLE_RATE)
        with self._lock:
            self._forget_gone()
            known = self._windows.get(key)
            found = known.cut(first, last) if known else None
            if found is not None:
                self._windows.move_to_end(key)
                return found
        recording = _beginning(path, min(limit, end + AFTER), limit)
        samples = recording.samples
        with self._lock:
            self._windows[key] = _around(recording, first, last)
            self._windows.move_to_end(key)
            while len(self._windows) > self._kept:
                self._windows.popitem(last=False)
        return samples[first:last].copy()

    def _forget_gone(self) -> None:
        """Let go of recordings that have been deleted."""
        for key in [key for key in self._windows if not os.path.lexists(key[0])]:
            del self._windows[key]


def _beginning(path: Path, wanted: float, limit: float) -> Recording:
    """So much of a recording; where that is not enough, as it is silent, as much as may be."""
    try:
        return read_apart(path, wanted)
    except AudioError:
        if wanted >= limit:
            raise
        return read_apart(path, limit)


def _around(recording: Recording, first: int, last: int) -> _Window:
    samples = recording.samples
    begin = max(0, first - round(BEFORE * SAMPLE_RATE))
    end = min(len(samples), last + round(AFTER * SAMPLE_RATE))
    sound = np.clip(np.rint(samples[begin:end] * np.float32(2**15)), -(2**15), 2**15 - 1).astype(np.int16)
    return _Window(begin, sound, end == len(samples) and not recording.cut)


def _key(path: Path) -> Key:
    """The file as it is; one that is not there is told when it is read."""
    try:
        info = path.stat()
    except OSError:
        return str(path), 0, 0, 0
    return str(path), info.st_ino, info.st_mtime_ns, info.st_size
