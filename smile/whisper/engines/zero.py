"""The hf engine on ZeroGPU, where only calls of a function that `spaces.GPU` decorates have a GPU.

Such a call runs in a process that is forked for it. So the models lie in this process and compute in that
one: `serve` is the decorated call. It answers what recognizers and sessions are asked, over a local
connection, and ends when nobody has asked for a while. A session whose call has ended is made again in the
next one, by what it was asked before.
"""

from __future__ import annotations

import os
import re
import time
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from contextvars import copy_context
from functools import cache
from importlib.util import find_spec
from itertools import count
from multiprocessing.connection import Client, Connection, Listener
from threading import RLock, Thread
from typing import TYPE_CHECKING, Any, TypeVar, cast

from smile.datatypes import DecoderSession, LayerStates, Matrix, Recognizer, SmileError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LONGEST = 60  # seconds of a call, as the GPU is asked for
RENEWED = 40.0  # seconds after which what comes next goes to another call
IDLE = 3.0  # seconds without a question after which a call ends
POLL = 0.25  # seconds between two looks whether it is to end
LOST = "The GPU was taken away while it was at work; try again."
READY = "ready"
T = TypeVar("T")

SERVED: list[Recognizer] = []  # which the forked process inherits; a recognizer is asked by its place
NAMES = count()  # of sessions


class LostError(Exception):
    """The connection to the process with the GPU has ended."""


def present() -> bool:
    """Return whether this is a Space on ZeroGPU, with its package."""
    there = os.environ.get("SPACES_ZERO_GPU", "").lower() in ("1", "t", "true")
    return there and find_spec("spaces") is not None


@cache
def gpu() -> Gpu:
    """Return the GPU of this Space; to be called first before the page is launched, in the main thread."""
    import spaces

    return Gpu(spaces.GPU(duration=LONGEST)(serve))


def leased(recognizer: Recognizer) -> LeasedRecognizer:
    """Return a recognizer that computes where the GPU is; the one given must not be asked itself."""
    SERVED.append(recognizer)
    return LeasedRecognizer(gpu(), recognizer, len(SERVED) - 1)


def serve(address: str, key: bytes) -> None:
    """Answer questions from a connection until it ends; the one function that has the GPU."""
    sessions: dict[int, DecoderSession] = {}
    with Client(address, authkey=key) as line:
        line.send(READY)
        while True:
            try:
                gone, which, session, method, values = line.recv()
            except EOFError:
                return
            for name in gone:
                sessions.pop(name, None)
            try:
                if method == "decoder":
                    sessions[session] = SERVED[which].decoder(*values)
                    answer = None
                else:
                    asked = SERVED[which] if session is None else sessions[session]
                    answer = getattr(asked, method)(*values)
                line.send((True, answer))
            except SmileError as error:
                line.send((False, error))
            except Exception as error:  # of torch or the driver; not all of them can be sent
                line.send((False, RuntimeError(f"{type(error).__name__}: {error}")))


class Lease:
    """One call of `serve`, begun in a thread of its own.

    Raises:
        SmileError: no GPU is to be had.
    """

    def __init__(self, take: Callable[[str, bytes], None]):
        key = os.urandom(32)
        self._closed = False
        self._began = self._asked = time.monotonic()
        with Listener(authkey=key) as listener:
            address = cast(str, listener.address)
            context = copy_context()  # whose visitor's share of the GPU it is
            Thread(target=context.run, args=(self._call, take, address, key), daemon=True).start()
            self._line: Connection[Any, Any] = listener.accept()
        try:
            said = self._line.recv()
        except (EOFError, OSError) as error:
            raise SmileError(LOST) from error
        if said != READY:
            self._line.close()
            raise SmileError(f"There is no GPU to be had now ({said}); try again later.")

    def _call(self, take: Callable[[str, bytes], None], address: str, key: bytes) -> None:
        """Take the GPU; where that fails, wake the one who waits for it."""
        why = "the call has ended"
        try:
            take(address, key)
        except Exception as error:
            why = re.sub(r"<[^>]*>", "", str(error))[:200] or type(error).__name__
        with suppress(OSError), Client(address, authkey=key) as line:  # where it has not answered long ago
            line.send(why)

    @property
    def over(self) -> bool:
        """Return whether it is to end, or has ended."""
        now = time.monotonic()
        return self._closed or now - self._began > RENEWED or now - self._asked > IDLE

    def ask(self, *question: Any) -> Any:
        """Return the answer to a question, or raise what it raised.

        Raises:
            LostError: the process with the GPU has ended.
        """
        try:
            self._line.send(question)
            well, answer = self._line.recv()
        except (EOFError, OSError) as error:
            raise LostError from error
        finally:
            self._asked = time.monotonic()
        if not well:
            raise answer
        return answer

    def close(self) -> None:
        """End the call."""
        self._closed = True
        self._line.close()


class Gpu:
    """The GPU as it is taken, kept over questions that follow soon, and given back."""

    def __init__(self, take: Callable[[str, bytes], None]):
        self._take, self._lock = take, RLock()
        self._lease: Lease | None = None
        self.gone: deque[int] = deque()  # sessions that nobody has any more

    def within(self, work: Callable[[Lease], T]) -> T:
        """Do a piece of work while the GPU is there; once more, where it is lost meanwhile.

        Raises:
            SmileError: there is none to be had, or it was lost twice.
        """
        with self._lock:
            for _ in range(2):
                lease = self._current()
                try:
                    return work(lease)
                except LostError:
                    lease.close()
            raise SmileError(LOST)

    def ask(self, lease: Lease, which: int, session: int | None, method: str, *values: Any) -> Any:
        """Ask a recognizer, or a session of one."""
        gone = [self.gone.popleft() for _ in range(len(self.gone))]
        return lease.ask(gone, which, session, method, values)

    def _current(self) -> Lease:
        if self._lease is None or self._lease.over:
            if self._lease is not None:
                self._lease.close()
            self._lease = Lease(self._take)
            Thread(target=self._watch, args=(self._lease,), daemon=True).start()
        return self._lease

    def _watch(self, lease: Lease) -> None:
        """Give the GPU back when nobody has asked for a while."""
        while True:
            time.sleep(POLL)
            with self._lock:
                if lease.over:
                    return lease.close()


class LeasedRecognizer:
    """A recognizer of this process that computes in the one with the GPU; see `Recognizer`."""

    def __init__(self, gpu: Gpu, here: Recognizer, which: int):
        self._gpu, self._which = gpu, which
        self.info, self.mels, self.width, self.depth = here.info, here.mels, here.width, here.depth
        self.context, self.max_frames = here.context, here.max_frames

    def encode(self, features: Matrix) -> Matrix:
        """Return states (frames / 2, d) of log-mel (mels, frames)."""
        return cast("Matrix", self._ask("encode", features))

    def encode_layers(self, features: Matrix, layers: Sequence[int]) -> tuple[Matrix, LayerStates]:
        """Return what `encode` does, and the outputs (layers, frames / 2, d) of these encoder layers."""
        return cast("tuple[Matrix, LayerStates]", self._ask("encode_layers", features, tuple(layers)))

    def decoder(self, states: Matrix) -> LeasedSession:
        """Open a decoding over encoder states (frames, d)."""
        return LeasedSession(self._gpu, self._which, states)

    def logits(self, hidden: Matrix) -> Matrix:
        """Return the next tokens' logits (n, vocabulary) of the decoder's last hidden states (n, d)."""
        return cast("Matrix", self._ask("logits", hidden))

    def _ask(self, method: str, *values: Any) -> Any:
        return self._gpu.within(lambda lease: self._gpu.ask(lease, self._which, None, method, *values))


class LeasedSession:
    """A decoding in the process with the GPU; see `DecoderSession`."""

    def __init__(self, gpu: Gpu, which: int, states: Matrix):
        self._gpu, self._which, self._name = gpu, which, next(NAMES)
        self._asked: list[tuple[str, Any]] = [("decoder", states)]
        self._lease: Lease | None = None  # in which what was asked has been done
        weakref.finalize(self, gpu.gone.append, self._name)

    def step(self, tokens: NDArray[np.int64]) -> tuple[Matrix, NDArray[np.float32]]:
        """Feed tokens (beams, n); return last logits (beams, vocabulary), hidden states (beams, n, d)."""
        return cast("tuple[Matrix, NDArray[np.float32]]", self._ask("step", tokens))

    def reorder(self, beams: NDArray[np.int64]) -> None:
        """Go on with these beams, in this order."""
        self._ask("reorder", beams)

    def attend(self, states: Matrix) -> None:
        """Let the tokens that follow attend to other states (frames, d)."""
        self._ask("attend", states)

    def _ask(self, method: str, value: Any) -> Any:
        answer = self._gpu.within(lambda lease: self._within(lease, method, value))
        self._asked.append((method, value))
        return answer

    def _within(self, lease: Lease, method: str, value: Any) -> Any:
        """Ask in a call, in which what was asked before is done again where it was done in another one."""
        if self._lease is not lease:
            for before, with_it in self._asked:
                self._gpu.ask(lease, self._which, self._name, before, with_it)
            self._lease = lease
        return self._gpu.ask(lease, self._which, self._name, method, value)
