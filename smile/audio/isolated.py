"""Decodes strangers' sound in processes of its own, so that no file can take this one's life, memory or time.

Workers are started when they are needed and kept warm. One decodes one file at a time; where all are busy,
another one is started, so that a slow file holds up nobody. A worker that dies, takes too long or has grown
is replaced. What comes back is what `smile.audio.io` would have read, sample by sample.
"""

from __future__ import annotations

import atexit
import json
import select
import signal
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, wait
from dataclasses import dataclass, replace
from pathlib import Path
from threading import BoundedSemaphore, Lock, Thread
from time import monotonic
from typing import Any

import numpy as np

from smile.audio.decoders import UNREADABLE
from smile.audio.io import LIMIT, Recording, Steps, reading
from smile.audio.tracks import Tracks
from smile.audio.worker import BEGUN, COUNTS, DONE, ERROR, HEAD, SOUND
from smile.datatypes import SAMPLE_RATE, AudioError, Samples
from smile.paths import CHECKOUT
from smile.util import confined
from smile.util.timing import finished

COMMAND = ("-m", "smile.audio.worker")
AT_ONCE = 4  # files
KEPT = 2  # workers that wait for the next file
LARGEST = 300_000_000  # bytes of memory of a worker that is kept
LEAST, SHARE = 5.0, 0.05  # seconds of computing for any file, and for each second that is read of it
PATIENCE = 3.0  # by the clock it may take so many times as long
STEP = 0.1  # seconds between two yields
SENTENCE = 4_000  # bytes that an error may have
SLOW = "{} takes too long to decode; save it as WAV, FLAC, MP3, M4A, Ogg or WebM."
NO_ROOM = "{} cannot be decoded now; try again later."


@dataclass(frozen=True)
class _Sound:
    """What a worker has decoded."""

    pieces: deque[Samples]
    tracks: Tracks


class _GoneError(Exception):
    """A worker had ended before it began with a file."""


def read_apart(path: str | Path, limit: float = LIMIT) -> Recording:
    """Return what `read_recording` does, decoded by a worker.

    Raises:
        AudioError: as `read_recording` does; or the file ends the worker, or takes too long.
    """
    return finished(reading_apart(Path(path), limit))


def reading_apart(path: Path, limit: float = LIMIT) -> Steps:
    """Return what `read_apart` does; yields several times a second. Closing it ends the work."""
    job = _Job(path, limit)
    Thread(target=job.run, daemon=True).start()
    try:
        while wait([job.sound], timeout=STEP).not_done:
            yield
    finally:
        job.stop()
    sound = job.sound.result()
    recording = yield from reading(path, limit, _drained(sound.pieces))
    return replace(recording, tracks=sound.tracks)


def _drained(pieces: deque[Samples]) -> Iterator[Samples]:
    while pieces:
        yield pieces.popleft()


class _Worker:
    """A process that decodes one file after the other, for one thread at a time."""

    def __init__(self) -> None:
        self._process = confined.start(COMMAND, CHECKOUT, buffer=0)
        self._asks: Any = self._process.stdin
        answers: Any = self._process.stdout
        self._answers = answers
        self._ready = select.poll()
        self._ready.register(answers.fileno(), select.POLLIN)
        self._between, self._killed = True, False  # whether it is between two files

    @property
    def fit(self) -> bool:
        """Return whether it can take another file."""
        alive = self._between and not self._killed and self._process.poll() is None
        return alive and confined.resident(self._process.pid) <= LARGEST

    def kill(self) -> None:
        """Break off what it does; whoever waits for it sees it end."""
        self._killed = True
        self._process.kill()

    def end(self) -> None:
        """End it, if it has not ended, and wait for that."""
        self.kill()
        self._process.wait()
        confined.close(self._asks, self._answers)

    def decode(self, path: Path, limit: float) -> _Sound:
        """Return the sound of a file; where it is longer than `limit` seconds, one sample more than those.

        Raises:
            AudioError: it cannot be decoded.
            _GoneError: the worker had ended before.
        """
        self._between = False
        most, seconds = round(limit * SAMPLE_RATE) + 1, LEAST + SHARE * limit
        until, subject = monotonic() + PATIENCE * seconds, repr(path.name)
        try:
            self._ask({"file": str(path.absolute()), "samples": most, "seconds": seconds}, until)
            return self._sound(until, most, subject)
        except TimeoutError as error:
            raise AudioError(SLOW.format(subject)) from error
        except EOFError as error:
            slow = self._process.wait() == -signal.SIGXCPU
            raise AudioError((SLOW if slow else UNREADABLE).format(subject)) from error

    def _ask(self, request: dict[str, Any], until: float) -> None:
        """Hand in a request and see that it is begun with."""
        try:
            self._asks.write(json.dumps(request).encode("ascii") + b"\n")
            if self._frame(until, 0) == (BEGUN, 0):
                return
        except (BrokenPipeError, EOFError):
            pass
        raise _GoneError

    def _sound(self, until: float, most: int, subject: str) -> _Sound:
        """What follows, to its end."""
        pieces: deque[Samples] = deque()
        while True:
            kind, size = self._frame(until, 4 * most)
            if kind == SOUND and size and size % 4 == 0:
                pieces.append(np.frombuffer(self._bytes(size, until), "<f4"))
                most -= size // 4
                if np.isfinite(pieces[-1]).all():
                    continue
            done = kind == DONE and size == COUNTS.size
            self._between = done or kind == ERROR
            said = self._bytes(size, until) if self._between else b""
            if done:
                return _Sound(pieces, Tracks(*COUNTS.unpack(said)))
            raise AudioError(said.decode("utf-8", "surrogatepass") if said else UNREADABLE.format(subject))

    def _frame(self, until: float, most: int) -> tuple[bytes, int]:
        """The kind and the size of the next frame; neither where there is more of it than may be."""
        kind, size = HEAD.unpack(self._bytes(HEAD.size, until))
        return (kind, size) if size <= (most if kind == SOUND else SENTENCE) else (b"", 0)

    def _bytes(self, size: int, until: float) -> bytearray:
        """The next bytes that it answers.

        Raises:
            EOFError: it has ended.
            TimeoutError: they have not come in time.
        """
        answer, done = bytearray(size), 0
        while done < size:
            if not self._ready.poll(max(0.0, 1000 * (until - monotonic()))):
                raise TimeoutError
            if not (got := self._answers.readinto(memoryview(answer)[done:])):
                raise EOFError
            done += got
        return answer


class _Workers:
    """The workers that wait for a file, and places for those at work."""

    def __init__(self) -> None:
        self.places = BoundedSemaphore(AT_ONCE)
        self._idle: list[_Worker] = []
        self._lock = Lock()

    def take(self) -> _Worker:
        """Take out the one last used, or a new one; OSError where there can be none."""
        with self._lock:
            while self._idle:
                if (worker := self._idle.pop()).fit:
                    return worker
                worker.end()
        return _Worker()

    def give(self, worker: _Worker) -> None:
        """Take one back, which is kept where it is fit and there are few."""
        with self._lock:
            if worker.fit and len(self._idle) < KEPT:
                self._idle.append(worker)
                return
        worker.end()

    def end(self) -> None:
        """End those that wait."""
        with self._lock:
            while self._idle:
                self._idle.pop().end()


WORKERS = _Workers()
atexit.register(WORKERS.end)


class _Job:
    """A file to be decoded, and in the end its sound."""

    def __init__(self, path: Path, limit: float):
        self.sound: Future[_Sound] = Future()
        self._path, self._limit, self._lock = path, limit, Lock()
        self._worker: _Worker | None = None
        self._stopped = False

    def run(self) -> None:
        """Have it decoded when there is a place."""
        try:
            with WORKERS.places:
                sound = self._decoded()
            self.sound.set_result(sound)
        except Exception as error:
            self.sound.set_exception(error)

    def stop(self) -> None:
        """Break it off, if it is not done."""
        with self._lock:
            self._stopped = True
            if self._worker:
                self._worker.kill()

    def _decoded(self) -> _Sound:
        for _ in range(2):  # one that waited may have ended unseen
            if self._stopped:
                break
            try:
                return self._by(WORKERS.take())
            except _GoneError:
                continue
            except OSError:
                break
        raise AudioError(NO_ROOM.format(repr(self._path.name)))

    def _by(self, worker: _Worker) -> _Sound:
        """What a worker makes of it; the worker goes back."""
        with self._lock:
            self._worker = worker
            if self._stopped:
                worker.kill()
        try:
            return worker.decode(self._path, self._limit)
        finally:
            with self._lock:
                self._worker = None
            WORKERS.give(worker)
