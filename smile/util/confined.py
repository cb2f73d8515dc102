"""Child processes in which strangers' files are read: without secrets, within limits, gone with their parent.

A request is a line on the child's standard input, which stays open for as long as the parent lives; answers
go out on its standard output.
"""

from __future__ import annotations

import errno
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any, BinaryIO

from smile.paths import PACKAGE

HANDED_ON = ("PATH", "LANG", "LANGUAGE", "TZ", "TMPDIR", "LD_LIBRARY_PATH")
PREFIXES = ("LC_", "PYTHON")
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
PIECE = 65536  # bytes that are read of standard input at a time


def start(arguments: Sequence[str], checkout: Path | None, buffer: int = -1) -> subprocess.Popen[bytes]:
    """Start Python with these arguments, and the packages in `checkout`; `buffer` is that of both pipes.

    Raises:
        OSError: the system has no room for another process.
    """
    return subprocess.Popen(
        [sys.executable, "-P", *arguments],
        bufsize=buffer,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=PACKAGE,
        env=_environment(checkout),
    )


def _environment(checkout: Path | None) -> dict[str, str]:
    """What a child needs of the environment, and nothing else that is in it."""
    kept = {k: v for k, v in os.environ.items() if k in HANDED_ON or k.startswith(PREFIXES)}
    if checkout:  # may serve without having been installed
        kept["PYTHONPATH"] = os.pathsep.join(filter(None, (str(checkout), kept.get("PYTHONPATH"))))
    return kept | dict.fromkeys(THREADS, "1")


def close(*pipes: Any) -> None:
    """Close pipes whose other end may be gone."""
    for pipe in pipes:
        with suppress(OSError):  # what was not sent is not missed
            pipe.close()


def resident(process: int) -> int:
    """Return the bytes of memory that a process has; 0 where the system does not tell."""
    try:
        pages = Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1]
    except OSError:
        return 0
    return int(pages) * resource.getpagesize()


def begin() -> tuple[Iterator[bytes], BinaryIO]:
    """Return, in a child, the lines that it is asked and where its answers go; it ends with its parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to the parent, too
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints is no answer
    lines: SimpleQueue[bytes] = SimpleQueue()
    Thread(target=_listen, args=(lines,), daemon=True).start()
    return _each(lines), out


def _listen(lines: SimpleQueue[bytes]) -> None:
    left = b""
    while piece := os.read(0, PIECE):  # no buffer, whose lock would be in the way of a regular end
        *whole, left = (left + piece).split(b"\n")
        for line in whole:
            lines.put(line)
    os._exit(1)


def _each(lines: SimpleQueue[bytes]) -> Iterator[bytes]:
    while True:
        yield lines.get()


def confine(memory: int, file_bytes: int | None = None) -> None:
    """Bound what this process can take; the system ends it, or refuses, where it wants more."""
    bound(resource.RLIMIT_CORE, 0)
    bound(resource.RLIMIT_AS, memory)
    if file_bytes is not None:
        bound(resource.RLIMIT_FSIZE, file_bytes)


def bound(kind: int, soft: int, more: int = 0) -> None:
    """Set a limit of this process, the hard one `more` than the soft one, as far as it may."""
    _, hard = resource.getrlimit(kind)
    if hard != resource.RLIM_INFINITY:
        soft, more = min(soft, hard), min(more, hard - min(soft, hard))
    resource.setrlimit(kind, (soft, soft + more))


def compute_for(seconds: float) -> None:
    """Have the system end this process once it has computed for so many seconds more."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime + seconds) + 1
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    soft = soft if hard == resource.RLIM_INFINITY else min(soft, hard)
    resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


def out_of_memory(error: BaseException | None) -> bool:
    """Return whether memory was short, whatever was made of that on the way."""
    if error is None:
        return False
    short = isinstance(error, OSError) and error.errno == errno.ENOMEM
    return short or isinstance(error, MemoryError) or out_of_memory(error.__cause__ or error.__context__)
