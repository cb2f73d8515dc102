"""Seconds from `smile app` to a page that answers, and to a model that is ready."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from smile.bench.report import markdown_table, stamp
from smile.datatypes import SmileError
from smile.paths import PACKAGE

PATIENCE = 120.0  # seconds


def run(times: int = 3) -> str:
    """Start the app several times -> Markdown."""
    seconds = [_start() for _ in range(times)]
    rows: list[dict[str, object]] = [
        {"start": i + 1, "page answers, s": f"{s:.1f}"} for i, s in enumerate(seconds)
    ]
    return f"`smile app` to the first answered request; {stamp()}\n\n{markdown_table(rows)}"


def _start() -> float:
    began = time.perf_counter()
    with serving():
        return time.perf_counter() - began


@contextmanager
def serving(**variables: str) -> Iterator[tuple[str, int]]:
    """Run `smile app` until the block ends; gives its address, once it answers, and its process's number.

    `variables` are added to its environment. Raises as `wait_for` does.
    """
    port = free_port()
    app = subprocess.Popen(
        [sys.executable, "-m", "smile.util.processes", str(PACKAGE / "cli" / "main.py"), "app"],
        cwd=PACKAGE.parent,
        env={**os.environ, **variables, "PORT": str(port)},
        stdin=subprocess.PIPE,  # the app ends when this process does
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(f"http://127.0.0.1:{port}/", app)
        yield f"http://127.0.0.1:{port}", app.pid
    finally:
        app.terminate()
        app.wait(20)


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def wait_for(address: str, app: subprocess.Popen[bytes]) -> None:
    """Ask until the page answers.

    Raises:
        SmileError: the app ended, or did not answer in time.
    """
    ending = time.monotonic() + PATIENCE
    while time.monotonic() < ending:
        if app.poll() is not None:
            raise SmileError("The app ended before it answered; run smile app to see why.")
        try:
            urllib.request.urlopen(address, timeout=5).read()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise SmileError(f"The app did not answer within {PATIENCE:.0f} s; run smile app to see why.")
