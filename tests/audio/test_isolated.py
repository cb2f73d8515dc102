"""Strangers' sound is decoded in other processes: the same sound, and nothing worse than one sentence."""

from __future__ import annotations

import os
import signal as signals
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from smile.audio import isolated, worker
from smile.audio.io import Recording, read_recording
from smile.audio.isolated import read_apart, reading_apart
from smile.datatypes import SAMPLE_RATE, AudioError
from tests.conftest import ROOT
from tests.support.sounds import FORMATS, encode, signal
from tests.support.waiting import PATIENCE, until

SLOW = "takes too long to decode"
OTHERS: set[int] = set()  # workers that tests of other files have left waiting
HOOK = """
import os, signal, sys, time
from smile.audio import worker
import numpy as np
real = worker.stream
def stream(path, most):
    if 'crash' in path.name: os.kill(os.getpid(), signal.SIGSEGV)
    if 'exit' in path.name: sys.exit(3)
    if 'hang' in path.name: time.sleep(600)
    if 'spin' in path.name:
        while True: pass
    if 'bomb' in path.name: bytearray(2_000_000_000)
    if 'junk' in path.name: os.write(3, b'x' * 99)
    if 'nan' in path.name: yield np.full(16_000, np.nan, np.float32)
    if 'print' in path.name: print('what a library prints', flush=True)
    if 'grow' in path.name: worker.held = np.ones(50_000_000)
    if 'last' in path.name: os.kill(os.getpid(), signal.SIGKILL)
    yield from real(path, most)
worker.stream = stream
worker.main()
"""


@pytest.fixture(autouse=True)
def workers(monkeypatch: pytest.MonkeyPatch) -> Iterator[isolated._Workers]:
    """Workers of this test's own, which are gone at its end."""
    fresh = isolated._Workers()
    monkeypatch.setattr(isolated, "WORKERS", fresh)
    OTHERS.clear()
    OTHERS.update(children())
    yield fresh
    fresh.end()
    until(lambda: not children())


@pytest.fixture
def hooked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Workers that do as the name of a file says."""
    hook = tmp_path / "hook.py"
    hook.write_text(HOOK)
    monkeypatch.setattr(isolated, "COMMAND", (str(hook),))


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return encode(tmp_path / "good.wav", signal(2.0), SAMPLE_RATE, "pcm16.wav")


def like(good: Path, name: str) -> Path:
    """The same sound under another name."""
    path = good.with_name(name)
    path.write_bytes(good.read_bytes())
    return path


def outcome(read: Callable[..., Recording], path: Path, *limit: float) -> tuple[bytes, bool] | str:
    """The samples and whether they were cut, or the sentence."""
    try:
        recording = read(path, *limit)
    except AudioError as error:
        return str(error)
    return recording.samples.tobytes(), recording.cut


def children(parent: int | None = None) -> list[int]:
    """Return the running workers that a process has started, but for those of other tests."""
    running = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                state, mother = (folder / "stat").read_text().rsplit(")", 1)[1].split()[:2]
                command = (folder / "cmdline").read_bytes()
            except OSError:
                continue
            mine = int(mother) == (parent or os.getpid()) and state != "Z"
            running += [int(folder.name)] * (mine and (b"audio.worker" in command or b"hook.py" in command))
    return [process for process in running if process not in OTHERS]


def alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("kind", FORMATS)
def test_the_same_sound_comes_of_a_file(tmp_path: Path, kind: str) -> None:
    path = encode(tmp_path / kind, signal(3.0, 48_000), 48_000, kind)
    for limit in (600.0, 3.0, 1.3, 0.05):
        assert outcome(read_apart, path, limit) == outcome(read_recording, path, limit)
    assert len(children()) == 1


def test_the_same_sentence_comes_of_a_file(good: Path, tmp_path: Path) -> None:
    content = good.read_bytes()
    made = {
        "junk.wav": b"no sound" * 99,
        "empty.wav": b"",
        "cut.wav": content[:20_001],
        "head.wav": content[:44],
        "quiet.wav": content[:44] + bytes(len(content) - 44),
        "short.wav": content[:144],
        "page.mp3": b"<html>" * 999,
        "l\u00e4ng \u0e2a\u0e27\u0e31.wav": b"no",
        "quo'te\"\n.wav": b"no",
    }
    for name, data in made.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "folder.wav").mkdir()
    (tmp_path / "link.wav").symlink_to(tmp_path / "nowhere.wav")
    bad = os.fsdecode(b"b\xffd.wav")
    (tmp_path / bad).write_bytes(b"no")
    os.mkfifo(tmp_path / "queue.wav")
    for name in (*made, "absent.wav", "folder.wav", "link.wav", bad, "queue.wav", "nul\0.wav", "l" * 300):
        assert outcome(read_apart, tmp_path / name) == outcome(read_recording, tmp_path / name), name
    assert len(children()) == 1


def test_a_relative_path_is_that_of_this_process(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(good.parent)
    assert outcome(read_apart, Path(good.name)) == outcome(read_recording, good)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("crash.wav", "cannot be decoded"),
        ("exit.wav", "cannot be decoded"),
        ("bomb.wav", "cannot be decoded"),
        ("junk.wav", "cannot be decoded"),
        ("nan.wav", "cannot be decoded"),
        ("last.wav", "cannot be decoded"),
        ("hang.wav", SLOW),
        ("spin.wav", SLOW),
    ],
)
@pytest.mark.usefixtures("hooked")
def test_what_ends_a_worker_is_one_sentence(
    good: Path, name: str, said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    told = f"'{name}' {said}; save it as WAV, FLAC, MP3, M4A, Ogg or WebM."
    with pytest.MonkeyPatch.context() as patch:
        if said == SLOW:  # little time, but for the next file, since a busy machine is slow, too
            patch.setattr(isolated, "LEAST", 1.0)
            patch.setattr(isolated, "SHARE", 0.0)
        assert outcome(read_apart, like(good, name)) == told
    assert outcome(read_apart, good) == outcome(read_recording, good), "the next file is read"
    assert len(children()) == 1
    assert name not in capfd.readouterr().err, "a log has no file names"


@pytest.mark.usefixtures("hooked")
def test_what_a_library_prints_is_no_sound(good: Path) -> None:
    assert outcome(read_apart, like(good, "print.wav")) == outcome(read_recording, good)


@pytest.mark.usefixtures("hooked")
def test_a_slow_file_holds_up_nobody_else(good: Path) -> None:
    slow = [reading_apart(like(good, f"hang-{n}.wav")) for n in range(isolated.AT_ONCE - 1)]
    for steps in slow:
        next(steps)
    assert outcome(read_apart, good) == outcome(read_recording, good)
    assert len(children()) == isolated.AT_ONCE, "the slow ones are still at work"
    for steps in slow:
        steps.close()


@pytest.mark.usefixtures("hooked")
def test_closing_ends_the_work_and_frees_the_place(good: Path) -> None:
    for _ in range(2 * isolated.AT_ONCE):
        with closing(reading_apart(like(good, "hang.wav"))) as steps:
            until(lambda steps=steps: next(steps) is None and bool(children()))  # type: ignore[misc]
        until(lambda: not children())
    assert isinstance(outcome(read_apart, good), tuple)


@pytest.mark.usefixtures("hooked")
def test_who_is_given_up_while_waiting_takes_no_place(good: Path) -> None:
    slow = [reading_apart(like(good, f"hang-{n}.wav")) for n in range(isolated.AT_ONCE)]
    for steps in (*slow, waiting := reading_apart(like(good, "hang.wav"))):
        next(steps)
    until(lambda: len(children()) == isolated.AT_ONCE)
    waiting.close()
    for steps in slow:
        steps.close()
    assert isinstance(outcome(read_apart, good), tuple)
    assert len(children()) == 1


def test_many_at_once_get_each_their_own(tmp_path: Path) -> None:
    paths = [encode(tmp_path / f"{n}.flac", signal(1 + n / 4), SAMPLE_RATE, "pcm16.flac") for n in range(8)]
    before = len(os.listdir("/proc/self/fd"))
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda path: outcome(read_apart, path), paths * 3))
    assert outcomes == [outcome(read_recording, path) for path in paths] * 3
    until(lambda: len(children()) <= isolated.KEPT)
    isolated.WORKERS.end()
    until(lambda: len(os.listdir("/proc/self/fd")) <= before)


@pytest.mark.usefixtures("hooked")
def test_no_file_stays_open_after_those_that_fail(good: Path) -> None:
    bad = like(good, "crash.wav")
    outcome(read_apart, bad)
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        outcome(read_apart, bad)
    assert len(os.listdir("/proc/self/fd")) <= before


@pytest.mark.usefixtures("hooked")
def test_a_worker_that_has_grown_is_replaced(good: Path) -> None:
    read_apart(good)
    first = children()
    read_apart(good)
    assert children() == first, "it is kept"
    read_apart(like(good, "grow.wav"))
    read_apart(good)
    assert children() != first


def test_a_worker_that_ended_while_it_waited_is_replaced(good: Path) -> None:
    read_apart(good)
    for process in children():
        os.kill(process, signals.SIGKILL)
    assert outcome(read_apart, good) == outcome(read_recording, good)


def test_where_no_process_can_be_started_a_sentence_says_so(
    good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise BlockingIOError("no room")

    monkeypatch.setattr(isolated.confined, "start", full)
    assert outcome(read_apart, good) == "'good.wav' cannot be decoded now; try again later."


PARENT = """
import signal, sys
from pathlib import Path
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell ignores it for what runs in the background
from smile.audio import isolated
if len(sys.argv) > 2: isolated.COMMAND = (sys.argv[2],)
for _ in isolated.reading_apart(Path(sys.argv[1])):
    print('at work', flush=True)
print('done', flush=True)
"""


@pytest.mark.parametrize("signum", [signals.SIGKILL, signals.SIGTERM, signals.SIGINT])
@pytest.mark.usefixtures("hooked")
def test_a_worker_ends_with_its_parent(good: Path, signum: int) -> None:
    hook, slow = isolated.COMMAND[0], like(good, "hang.wav")
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, slow, hook],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert parent.stdout
    try:
        parent.stdout.readline()
        until(lambda: len(children(parent.pid)) == 1)
        [process] = children(parent.pid)
        parent.send_signal(signum)
        parent.wait(PATIENCE)
        until(lambda: not alive(process))
    finally:
        parent.kill()
        parent.stdout.close()


def test_a_process_ends_though_a_worker_waits(good: Path) -> None:
    command = [sys.executable, "-c", PARENT, good]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=PATIENCE, check=True)
    assert done.stdout.endswith(b"done\n")
    assert not done.stderr


def test_a_worker_is_confined(good: Path) -> None:
    read_apart(good)
    [process] = children()
    limits = Path(f"/proc/{process}/limits").read_text()
    soft = {line[:26].strip(): line[26:].split()[0] for line in limits.splitlines()}
    assert soft["Max address space"] == str(worker.MEMORY)
    assert soft["Max core file size"] == "0"
    assert int(soft["Max cpu time"]) <= isolated.LEAST + isolated.SHARE * 600 + 10


def test_a_worker_loads_no_engine() -> None:
    code = "import smile.audio.worker, av, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & {
        "torch",
        "gradio",
        "transformers",
        "pandas",
        "numba",
        "ctranslate2",
    }
