"""However the app is ended, it ends, and leaves nothing running."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.conftest import ROOT
from tests.support.app import free_port, wait_until_served


def started(folder: Path, *arguments: str) -> tuple[subprocess.Popen[bytes], int, Path]:
    """The app on a port, with its log."""
    port, log = free_port(), folder / "log"
    environment = {**os.environ, "PORT": str(port), "SMILE_READ_AHEAD": "0", "SMILE_CORPORA": ""}
    environment |= {"SMILE_CACHE": str(folder / "cache"), "SMILE_VISITORS": str(folder / "visitors")}
    environment |= {"GRADIO_TEMP_DIR": str(folder / "uploads")}
    command = [sys.executable, "app.py", *arguments]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
    return process, port, log


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_the_app_ends_when_it_is_told_to(tmp_path: Path, number: signal.Signals) -> None:
    process, port, log = started(tmp_path)
    wait_until_served(f"http://127.0.0.1:{port}/", process, log)
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(number)
    code = process.wait(30)
    assert code == (-9 if number == signal.SIGKILL else 128 + number)
    assert not psutil.wait_procs(children, timeout=10)[1]
    assert "Traceback" not in log.read_text(encoding="utf-8")


def test_a_folder_that_is_somebodys_is_refused_at_start_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "visitors" / "photos").mkdir(parents=True)
    process, _, log = started(tmp_path)
    assert process.wait(60) == 1
    (line,) = log.read_text(encoding="utf-8").splitlines()
    assert line.endswith('holds "photos", which is no visitor\'s folder made by SMILE; name an empty folder '
                         "with --visitors.")  # fmt: skip


def test_a_second_app_may_use_the_same_folders(tmp_path: Path) -> None:
    first, port, log = started(tmp_path)
    try:
        wait_until_served(f"http://127.0.0.1:{port}/", first, log)
        second, other, second_log = started(tmp_path)
        try:
            wait_until_served(f"http://127.0.0.1:{other}/", second, second_log)
        finally:
            second.terminate()
            second.wait(30)
    finally:
        first.terminate()
        first.wait(30)
