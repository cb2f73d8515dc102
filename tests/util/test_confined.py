"""Children in which strangers' files are read: what they get, what they may take, and how they end."""

from __future__ import annotations

import errno
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from smile.paths import PACKAGE
from smile.util import confined
from tests.conftest import ROOT
from tests.support.waiting import PATIENCE, until

ECHO = (
    "from smile.util import confined\n"
    "asked, out = confined.begin()\n"
    "print('what a library prints', flush=True)\n"
    "for line in asked:\n"
    "    out.write(line[::-1] + b'\\n'); out.flush()\n"
)
STILL = "from smile.util import confined\nimport time\nconfined.begin()\ntime.sleep(600)\n"


def said(code: str) -> str:
    """What a child writes that is started with this code."""
    child = confined.start(("-c", code), ROOT)
    out, _ = child.communicate(timeout=PATIENCE)
    return out.decode().strip()


def test_a_child_gets_no_secret_and_computes_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_mine")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hf_mine")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    printed = said("import os; print(dict(os.environ), os.getcwd())")
    assert "hf_mine" not in printed
    assert "'LC_ALL': 'C.UTF-8'" in printed
    assert "'OMP_NUM_THREADS': '1'" in printed
    assert printed.endswith(str(PACKAGE))


def test_a_child_takes_no_module_of_its_folder_for_one_of_python_s() -> None:
    assert said("import sys; print('' in sys.path, sys.flags.safe_path)") == "False True"


def test_a_child_answers_line_by_line_and_prints_nothing_between() -> None:
    """A terminal's interrupt, which goes to all processes, is its parent's affair."""
    child = confined.start(("-c", ECHO), ROOT)
    assert child.stdin
    assert child.stdout
    for line in (b"abc", b"", b"x" * (3 * confined.PIECE)):
        child.stdin.write(line + b"\n")
        child.stdin.flush()
        assert child.stdout.readline() == line[::-1] + b"\n"
        child.send_signal(signal.SIGINT)
    confined.close(child.stdin)
    assert child.wait(PATIENCE) == 1
    confined.close(child.stdout)


def test_what_was_not_sent_is_not_missed() -> None:
    child = confined.start(("-c", ""), ROOT)
    child.wait(PATIENCE)
    assert child.stdin
    child.stdin.write(b"x")
    confined.close(child.stdin, child.stdout)
    assert child.stdin.closed


PARENT = (
    "import signal, sys, time\n"
    "from smile.util import confined\n"
    "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a shell ignores it in the background
    "print(confined.start(('-c', sys.argv[1]), sys.argv[2]).pid, flush=True)\n"
    "time.sleep(600)\n"
)


@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_child_ends_with_its_parent(signum: int) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, STILL, ROOT],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert parent.stdout
    child = int(parent.stdout.readline())
    parent.send_signal(signum)
    parent.wait(PATIENCE)
    parent.stdout.close()
    until(lambda: not running(child))


def running(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_limits_hold() -> None:
    code = (
        "import resource as r\n"
        "from smile.util import confined\n"
        "confined.confine(500_000_000, 1_000)\n"
        "confined.bound(r.RLIMIT_NOFILE, 20, 5)\n"
        "confined.bound(r.RLIMIT_NOFILE, 30, 5)\n"
        "names = ('CORE', 'AS', 'FSIZE', 'NOFILE')\n"
        "print(*(r.getrlimit(getattr(r, f'RLIMIT_{n}')) for n in names), sep=';')\n"
        "try: bytearray(600_000_000)\n"
        "except MemoryError: print('refused')\n"
    )
    assert said(code) == "(0, 0);(500000000, 500000000);(1000, 1000);(25, 25)\nrefused"


def test_computing_ends_where_each_task_s_time_does() -> None:
    code = (
        "import time\n"
        "from smile.util import confined\n"
        "for _ in range(2):\n"
        "    confined.compute_for(1.5)\n"
        "    end = time.process_time() + 1\n"
        "    while time.process_time() < end: pass\n"
        "print('two', flush=True)\n"
        "while True: pass\n"
    )
    child = confined.start(("-c", code), ROOT)
    assert child.communicate(timeout=PATIENCE)[0] == b"two\n"
    assert child.returncode == -signal.SIGXCPU


def test_the_memory_of_a_process_is_told() -> None:
    assert 5_000_000 < confined.resident(os.getpid()) < 50_000_000_000
    assert confined.resident(2**31 - 1) == 0


def test_memory_that_was_short_is_seen_whatever_was_made_of_it() -> None:
    short = ValueError("damaged")
    short.__cause__ = OSError(errno.ENOMEM, "x")
    assert confined.out_of_memory(short)
    assert confined.out_of_memory(MemoryError())
    assert not confined.out_of_memory(OSError(errno.ENOSPC, "x"))
    assert not confined.out_of_memory(None)


def test_a_limit_that_is_there_already_is_kept() -> None:
    code = (
        "import resource as r\n"
        "from smile.util import confined\n"
        "r.setrlimit(r.RLIMIT_CPU, (1000, 1000))\n"
        "confined.compute_for(10_000)\n"
        "print(r.getrlimit(r.RLIMIT_CPU))\n"
    )
    assert said(code) == "(1000, 1000)"
    assert resource.getrlimit(resource.RLIMIT_CPU)[0] != 1000
