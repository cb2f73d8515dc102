"""Ends the processes of a cluster, and removes its folder, when the command that began it was killed.

Ray's own agents wait a minute for a node that is gone, and its folder stays. The guard is a process of its
own, which reads from a pipe that ends with the command; whoever ends in order tells it so before.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

DONE = "done\n"
SAME = 1.0  # seconds by which two readings of the time at which a process began may differ


@contextmanager
def guarded(folder: str) -> Iterator[Callable[[], None]]:
    """Guard the folder while the block lasts; yield what tells the guard of all processes begun so far."""
    command = [sys.executable, "-P", __file__, folder]
    guard = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True, text=True)
    assert guard.stdin is not None
    pipe = guard.stdin

    def tell() -> None:
        import psutil

        for process in psutil.Process().children(recursive=True):
            with suppress(psutil.Error):
                if process.pid != guard.pid:
                    pipe.write(f"{json.dumps([process.pid, process.create_time()])}\n")
        pipe.flush()

    try:
        yield tell
    finally:
        with suppress(BrokenPipeError):
            pipe.write(DONE)
            pipe.close()
        guard.wait()


def remove(folder: Path, patience: float = 5.0) -> None:
    """Remove a folder; processes that are about to end may still write to it for so many seconds."""
    end = time.monotonic() + patience
    while folder.exists() and time.monotonic() < end:
        shutil.rmtree(folder, ignore_errors=True)
        time.sleep(0.1)


def main() -> None:
    """Wait until the command has ended, and clear away after one that could not do so itself."""
    import psutil

    begun: dict[int, float] = {}
    for line in sys.stdin:
        if line == DONE:
            return
        with suppress(ValueError):  # torn by a kill
            pid, began = json.loads(line)
            begun[pid] = began
    for pid, began in begun.items():
        with suppress(psutil.Error):
            process = psutil.Process(pid)
            if abs(process.create_time() - began) < SAME:
                process.kill()
    remove(Path(sys.argv[1]))


if __name__ == "__main__":
    main()
