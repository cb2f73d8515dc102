"""However a command ends, its children end within seconds: interrupted, terminated or killed."""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import psutil
import pytest

from smile.cli import main as cli
from smile.datatypes import SmileError
from smile.evaluation.rows import read_rows
from smile.util.processes import Terminated, ending
from smile.util.workers import ray_guard as guard
from tests.conftest import ROOT
from tests.support.superb import superb
from tests.support.tiny import tiny_whisper

UTTERANCES = 30
SECONDS = 20  # that children have to end, on a busy machine
ENDS = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGKILL: -9}
SENTENCES = {
    signal.SIGINT: "Interrupted; the same command goes on where it stopped.",
    signal.SIGTERM: "Terminated; the same command goes on where it stopped.",
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """A corpus, a tiny model and a cache of pools."""
    folder = tmp_path_factory.mktemp("children")
    superb(folder / "corpus", train=5, test=UTTERANCES)
    return folder / "corpus", tiny_whisper(folder / "tiny"), folder / "cache"


def default_signals() -> None:
    """As in a terminal: a shell that starts tests in the background has SIGINT ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def evaluating(
    made: tuple[Path, Path, Path], out: Path, *options: str
) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """An evaluation that has written some of its rows, and the file of what it says."""
    data, model, cache = map(str, made)
    line = ["evaluate", "--data", data, "--out", str(out), "--cache", cache, "--model", model]
    line += ["--precision", "float32", "--conditions", "vanilla,u-0,u-1-nearest,u-3-nearest", *options]
    ask = (
        "from smile.cli import main as cli; from smile.whisper import model\n"
        "model.shipped_adapter = lambda model: None\n"
        f"if __name__ == '__main__': raise SystemExit(cli.main({line}))"
    )
    with tempfile.TemporaryDirectory(prefix="smile", ignore_cleanup_errors=True) as short:  # for sockets
        told = Path(short) / "told"
        with told.open("w") as stderr:  # no pipe, which whoever is left would hold open
            run = subprocess.Popen(
                [sys.executable, "-c", ask],
                cwd=ROOT,
                env={**os.environ, "TMPDIR": short},
                stderr=stderr,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
                preexec_fn=default_signals,
            )
        try:
            while run.poll() is None and not (out / "gle.jsonl").is_file():
                time.sleep(0.02)
            assert run.poll() is None, told.read_text()
            yield run, told
        finally:
            for process in [run, *(psutil.Process(run.pid).children(True) if run.poll() is None else ())]:
                process.kill()
            run.wait()


def left(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Those that have not ended in time; what is left is killed."""
    alive: list[psutil.Process] = psutil.wait_procs(processes, timeout=SECONDS)[1]
    for process in alive:
        process.kill()
    return alive


@pytest.mark.parametrize("how", ENDS)
@pytest.mark.parametrize("engine", ["processes", "ray"])
def test_no_worker_outlives_its_command(
    made: tuple[Path, Path, Path], tmp_path: Path, how: signal.Signals, engine: str
) -> None:
    options = ["--jobs", "2"] if engine == "processes" else ["--engine", "ray", "--jobs", "1"]
    with evaluating(made, tmp_path, *options) as (run, told):
        children = psutil.Process(run.pid).children(recursive=True)
        assert len(children) >= 2
        run.send_signal(how)  # to the command alone
        assert run.wait(60) == ENDS[how], told.read_text()
        assert left(children) == []
        assert not list(told.parent.glob("ray-*"))
        if how in SENTENCES:
            said = told.read_text()
            assert said.strip().split("\n")[-1] == SENTENCES[how]
            assert "Traceback" not in said
        assert 0 < len(read_rows(tmp_path / "gle.jsonl")) < 4 * UTTERANCES


def ended_by(ask: str, how: signal.Signals = signal.SIGKILL) -> list[psutil.Process]:
    """Run a script until it says "ready", end it, and give those of its children that are left."""
    run = subprocess.Popen(
        [sys.executable, "-c", ask], cwd=ROOT, stdout=subprocess.PIPE, text=True, preexec_fn=default_signals
    )
    assert run.stdout is not None
    assert run.stdout.readline() == "ready\n"
    children = psutil.Process(run.pid).children(recursive=True)
    assert children
    run.send_signal(how)
    run.wait(SECONDS)
    run.stdout.close()
    return left(children)


def test_a_busy_worker_ends_with_its_parent(tmp_path: Path) -> None:
    (tmp_path / "busy.py").write_text(
        "import time\nfrom smile.util.processes import end_with_parent\n"
        "def work(pipe):\n    end_with_parent()\n    pipe.send(1)\n    time.sleep(600)\n"
    )
    ask = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "from multiprocessing import get_context; from busy import work\n"
        "if __name__ == '__main__':\n"
        "    context = get_context('spawn'); ours, theirs = context.Pipe()\n"
        "    context.Process(target=work, args=(theirs,)).start(); ours.recv()\n"
        "    print('ready', flush=True); ours.recv()\n"
    )
    assert ended_by(ask) == []


def test_an_app_that_a_benchmark_starts_ends_with_it(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("import time; print('ready', flush=True); time.sleep(600)")
    ask = (
        "import subprocess, sys, time\n"
        f"command = [sys.executable, '-m', 'smile.util.processes', {str(tmp_path / 'app.py')!r}]\n"
        "app = subprocess.Popen(command, stdin=subprocess.PIPE); time.sleep(600)\n"
    )
    assert ended_by(ask) == []


def test_a_guard_ends_what_it_was_told_of_and_removes_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "ray-1"
    folder.mkdir()
    ask = (
        "import subprocess, time; from smile.util.workers.ray_guard import guarded\n"
        f"with guarded({str(folder)!r}) as tell:\n"
        "    subprocess.Popen(['sleep', '600']); tell(); print('ready', flush=True); time.sleep(600)\n"
    )
    assert ended_by(ask) == []
    assert not folder.exists()


def test_a_guard_spares_a_process_that_has_only_the_number_of_another(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "600"]) as other:
        began = psutil.Process(other.pid).create_time() - 100
        ask = [sys.executable, "-P", guard.__file__, str(tmp_path / "none")]
        subprocess.run(ask, input=f"[{other.pid}, {began}]\n[{other.pid},", text=True, check=True)
        assert other.poll() is None
        other.kill()


def test_where_a_shell_ignores_interrupts_workers_do_too() -> None:
    ask = (
        "import signal; from smile.util.workers import in_processes; in_processes.begin(len);"
        "print(signal.getsignal(signal.SIGINT) == signal.SIG_IGN)"
    )
    for shell, ignored in (("trap '' INT; ", "True"), ("", "False")):
        line = f"{shell}exec {shlex.quote(sys.executable)} -c {shlex.quote(ask)}"
        done = subprocess.run(
            ["sh", "-c", line], cwd=ROOT, capture_output=True, text=True, preexec_fn=default_signals
        )
        assert done.stdout.strip() == ignored, done.stderr


def test_a_second_signal_does_not_break_off_what_the_first_one_clears_away() -> None:
    cleared = []

    def work() -> None:
        with ending():
            try:
                os.kill(os.getpid(), signal.SIGTERM)
                time.sleep(60)
            finally:
                os.kill(os.getpid(), signal.SIGTERM)
                cleared.append(True)

    with pytest.raises(Terminated):
        work()
    assert cleared
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_in_another_thread_signals_stay_as_they_are() -> None:
    handlers = []

    def work() -> None:
        with ending():
            handlers.append(signal.getsignal(signal.SIGTERM))

    thread = Thread(target=work)
    thread.start()
    thread.join()
    assert handlers == [signal.SIG_DFL]


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (
            FileNotFoundError(2, "No such file or directory", "x.wav"),
            "x.wav cannot be read or written (No such file or directory); check its name",
        ),
        (
            OSError(28, "No space left on device"),
            "A file cannot be read or written (No space left on device); make room",
        ),
        (
            OSError(30, "Read-only file system", "pool/layers"),
            "pool/layers cannot be read or written (Read-only file system); copy what it belongs to",
        ),
        (MemoryError(), "There is not enough memory for this"),
        (SmileError("One sentence."), "One sentence."),
    ],
)
def test_what_has_a_name_is_one_sentence(
    error: Exception, sentence: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(chosen: object) -> None:
        raise error

    monkeypatch.setattr(cli, "parse", lambda arguments: argparse.Namespace(run=fail))
    assert cli.main([]) == 2
    said = capsys.readouterr().err
    assert said.startswith(sentence)
    assert said.count("\n") == 1


def test_whoever_stops_reading_is_told_nothing() -> None:
    ask = (
        "import argparse; from smile.cli import main as cli\n"
        "cli.parse = lambda arguments: argparse.Namespace(run=lambda chosen: print('a' * 1_000_000))\n"
        "raise SystemExit(cli.main([]))"
    )
    pipe = subprocess.PIPE
    run = subprocess.Popen([sys.executable, "-c", ask], cwd=ROOT, stdout=pipe, stderr=pipe, text=True)
    assert run.stdout is not None
    assert run.stderr is not None
    run.stdout.close()
    assert (run.wait(SECONDS), run.stderr.read()) == (1, "")
    run.stderr.close()
