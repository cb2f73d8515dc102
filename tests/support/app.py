"""The app as `python app.py` serves it, in a process and a folder of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from smile.bench.start import free_port
from tests.conftest import ROOT

PATIENCE = 60  # seconds


@contextmanager
def served_app(folder: Path, corpora: Path | None = None, read_ahead: bool = True) -> Iterator[str]:
    """Serve the app with an empty cache in a folder, where its log lies, too; gives the address."""
    port, log = free_port(), folder / "log"
    environment = {**os.environ, "PORT": str(port), "SMILE_CACHE": str(folder / "cache"), "SMILE_STAMPS": ""}
    environment |= {"SMILE_CORPORA": str(corpora or ""), "SMILE_READ_AHEAD": str(int(read_ahead))}
    environment["SMILE_VISITORS"] = str(folder / "visitors")
    with log.open("wb") as output:
        command = [sys.executable, "app.py"]
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
    address = f"http://127.0.0.1:{port}/"
    try:
        wait_until_served(address, process, log)
        yield address
    finally:
        process.terminate()
        process.wait(20)


def wait_until_served(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait for an answer; fails with the log where the process ends before it."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        assert process.poll() is None, log.read_text(encoding="utf-8")
        try:
            with urllib.request.urlopen(address):
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(log.read_text(encoding="utf-8"))
