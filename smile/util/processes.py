"""The end of a command's processes: all together, whoever is told to end, and however."""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import active_children, parent_process
from multiprocessing.connection import wait
from types import FrameType

PATIENCE = 2.0  # seconds that a process has to end when it is asked to


class Terminated(BaseException):
    """A request to end, by SIGTERM; as with KeyboardInterrupt, nothing but `main` catches it."""


@contextmanager
def ending() -> Iterator[None]:
    """Let SIGTERM raise `Terminated` in the block, so that the block clears away what it began.

    Signals belong to the main thread; in another one nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _terminate(number: int, frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # clearing away is not broken off by a second one
    raise Terminated


@contextmanager
def handlers_kept() -> Iterator[None]:
    """Restore what SIGTERM does after the block, since libraries install handlers of their own."""
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, before)


@contextmanager
def children_end() -> Iterator[None]:
    """End the processes that multiprocessing starts in the block, where it is left by an exception.

    What they are at work on is lost; after a block that ends well they are left to end by themselves.
    """
    others = set(active_children())
    try:
        yield
    except BaseException:
        begun = set(active_children()) - others
        for child in begun:
            child.terminate()
        for child in begun:
            child.join(PATIENCE)
            child.kill()
        raise


def end_with_parent() -> None:
    """End this process, which multiprocessing has started, at once when its parent is gone."""
    parent = parent_process()
    if parent is not None:
        _watch(lambda: wait([parent.sentinel]))


def _watch(gone: Callable[[], object]) -> None:
    """End this process, whatever it does, as soon as `gone` returns."""

    def end() -> None:
        gone()
        os._exit(1)

    threading.Thread(target=end, daemon=True).start()


def main() -> None:
    """Run a script that ends with its parent, which holds the other end of its standard input.

    `python -m smile.util.processes SCRIPT [ARGUMENT ...]`
    """
    _watch(sys.stdin.buffer.read)
    del sys.argv[0]
    runpy.run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__":
    main()
