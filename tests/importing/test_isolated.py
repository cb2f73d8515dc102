"""Visitors' files are read in another process: within its limits, in turn, and gone with its parent."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest

from smile import importing
from smile.datatypes import CorpusError
from smile.importing import Limits, isolated, worker
from smile.importing.isolated import look_apart, read_apart, unpack_apart
from smile.importing.turns import STALE, Place, Queue
from smile.pools.pool import open_pool
from tests.conftest import POOLS, ROOT
from tests.support import bombs
from tests.support.linguists import staircase, write_eaf
from tests.support.waiting import PATIENCE, until

T = TypeVar("T")
LIMITS = Limits()


def drained(steps: Generator[str, None, T]) -> tuple[T, list[str]]:
    """What a generator returns, and what it said before."""
    said = []
    while True:
        try:
            said.append(next(steps))
        except StopIteration as done:
            return done.value, said


def workers(parent: int | None = None) -> list[int]:
    """The running workers whose parent is a process; those that nobody has waited for do not run."""
    running = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                command = (folder / "cmdline").read_bytes()
                state, mother = (folder / "stat").read_text().rsplit(")", 1)[1].split()[:2]
            except OSError:
                continue
            if b"smile.importing.worker" in command and state != "Z":
                running += [int(folder.name)] * (parent is None or int(mother) == parent)
    return running


def free() -> bool:
    """Whether the next import would be served at once."""
    place = Place()
    try:
        return isolated.QUEUE.before(place) == 0
    finally:
        isolated.QUEUE.leave(place)


def alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture
def talk(tmp_path: Path) -> list[Path]:
    """A recording with its annotations, as uploads lie: each in a folder of its own."""
    folders = [tmp_path / "uploads" / name for name in "12"]
    for folder in folders:
        folder.mkdir(parents=True)
    return [staircase(folders[0] / "a.wav", 10), write_eaf(folders[1] / "a.eaf", "a.wav")]


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Workers that say something nobody else would, and then do nothing for ever."""
    return speaking(monkeypatch, tmp_path, 'print(json.dumps({"done": 1, "total": 2}), flush=True); wait()')


def speaking(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, code: str) -> Path:
    """Start another program in the place of the worker; the end of its input ends it, too."""
    folder = tmp_path / "stead"
    (folder / "smile" / "importing").mkdir(parents=True)
    (folder / "smile" / "__init__.py").touch()
    (folder / "smile" / "importing" / "__init__.py").touch()
    head = "import json, os, sys\nrequest = sys.stdin.readline()\nwait = sys.stdin.read\n"
    (folder / "smile" / "importing" / "worker.py").write_text(head + code)
    monkeypatch.setattr(isolated, "CHECKOUT", folder)
    return folder


def test_what_is_read_apart_is_what_is_read_here(talk: list[Path], tmp_path: Path) -> None:
    apart, said = drained(read_apart(talk, tmp_path / "work", tiers=["utterance"]))
    assert said[0] == isolated.LOOKING
    source = importing.gather(talk, tmp_path / "here")
    here = importing.read_source(source, tmp_path / "here", tiers=["utterance"])
    assert [u.text for u in apart.reading.utterances] == [u.text for u in here.reading.utterances]
    assert [replace(u, audio=Path()) for u in apart.reading.utterances] == [
        replace(u, audio=Path()) for u in here.reading.utterances
    ]
    for one, other in zip(apart.reading.utterances, here.reading.utterances, strict=True):
        assert one.audio.is_relative_to(tmp_path / "work")
        assert one.audio.read_bytes() == other.audio.read_bytes()
    assert (apart.places, apart.empty, apart.reading.lines) == (here.places, here.empty, here.reading.lines)
    assert all(file.is_file() for file in talk)


def test_rejected_rows_and_a_pool_s_header_come_along(tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text("file,text\nnowhere.wav,\u0450\n", encoding="utf-8")
    imported, _ = drained(read_apart([table], tmp_path / "one"))
    assert [row.line for row in imported.reading.rejected] == [2]
    assert imported.place(2) == "line 2"
    pool = POOLS / "gla"
    inside = ((p.relative_to(pool).as_posix(), p.read_bytes()) for p in pool.rglob("*") if p.is_file())
    imported, _ = drained(read_apart([bombs.zipped(tmp_path / "gla.zip", inside)], tmp_path / "two"))
    opened = open_pool(pool)
    assert imported.header == opened.header
    assert [u.text for u in imported.reading.utterances] == [u.text for u in opened.utterances]
    assert [u.id for u in imported.queries.utterances] == [u.id for u in opened.queries]


def test_tiers_and_zips_are_looked_into_apart(talk: list[Path], tmp_path: Path) -> None:
    choices, _ = drained(look_apart(talk))
    assert [(tier.name, tier.filled) for tier in choices.tiers] == [("utterance", 3), ("gloss", 1)]
    assert drained(look_apart(talk[:1]))[0] == isolated.Choices((), None)
    source = bombs.zipped(tmp_path / "z.zip", [("x/a.wav", b"sound"), ("x/.hidden", b"")])
    folder, _ = drained(unpack_apart(source, tmp_path / "out"))
    assert [path.name for path in folder.rglob("*.*")] == ["a.wav"]


def test_an_encoding_is_asked_for_and_used_apart(tmp_path: Path) -> None:
    table, sound = tmp_path / "t.csv", staircase(tmp_path / "a.wav", 1)
    table.write_bytes("klang;wort\na.wav;à mòr\n".encode("cp1252"))
    asked, _ = drained(look_apart([table]))
    assert asked.undecoded
    assert asked.undecoded.table
    assert [one.names[0] for one in asked.undecoded.choices][:1] == ["cp1252"]
    assert asked.table
    assert asked.table.rows[1][1] == ("a.wav", "\ufffd m\ufffdr")
    chosen, _ = drained(look_apart([table], encoding="cp1251"))
    assert chosen.table
    assert chosen.table.rows[1][1] == ("a.wav", "а mтr"), "nobody's guess decides"
    assert chosen.undecoded == asked.undecoded, "another one can still be chosen"
    columns = importing.ColumnMapping("1", "2", first=2)
    hints = importing.Hints(encoding="cp1252", columns=columns)
    imported, _ = drained(read_apart([table, sound], tmp_path / "work", hints=hints))
    assert [u.text for u in imported.reading.utterances] == ["à mòr"]
    table.write_text("klang;wort\na.wav;à mòr\n", encoding="utf-8")
    assert drained(look_apart([table]))[0].undecoded is None


def test_what_says_its_encoding_or_has_none_is_not_asked_about(tmp_path: Path) -> None:
    said = '<?xml version="1.0" encoding="iso-8859-1"?><ANNOTATION_DOCUMENT AUTHOR="\xe9"/>'
    (tmp_path / "a.eaf").write_bytes(said.encode("iso-8859-1"))
    assert drained(look_apart([tmp_path / "a.eaf"]))[0] == isolated.Choices((), None)
    (tmp_path / "a.TextGrid").write_bytes(b"ooBinaryFile\x08TextGrid\xe9")
    with pytest.raises(CorpusError, match="is a binary TextGrid"):
        drained(look_apart([tmp_path / "a.TextGrid"]))
    (tmp_path / "t.xlsx").write_bytes(b"PK\x03\x04\xe9")
    assert drained(look_apart([tmp_path / "t.xlsx"]))[0].undecoded is None
    (tmp_path / "t.csv").write_text("file,text\na.wav,mòr\n", encoding="utf-16")
    assert drained(look_apart([tmp_path / "t.csv"]))[0].undecoded is None


def test_the_sentence_of_an_error_comes_back(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="2 files; at most 1 are taken"):
        drained(
            unpack_apart(
                bombs.zipped(tmp_path / "z.zip", [("a", b""), ("b", b"")]),
                tmp_path / "x",
                limits=replace(LIMITS, entries=1),
            )
        )
    (tmp_path / "a.eaf").write_bytes(b"<a")
    with pytest.raises(CorpusError, match=r"a\.eaf is damaged or no ELAN file"):
        drained(look_apart([tmp_path / "a.eaf"]))


def test_memory_is_bounded_and_this_process_is_not_touched(tmp_path: Path) -> None:
    source = tmp_path / "t.jsonl"
    source.write_text("\n".join(f'{{"file": [{"[]," * 300_000}0]}}' for _ in range(15)), encoding="utf-8")
    small = replace(LIMITS, memory=140_000_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(CorpusError, match=r"more memory than an import may use \(0\.14 GB\); split them"):
        drained(read_apart([source], tmp_path / "work", limits=small))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 30_000  # kilobytes
    imported, _ = drained(read_apart([source], tmp_path / "again"))
    assert len(imported.reading.rejected) == 15


BOMBS: dict[str, Callable[[Path], Path]] = {
    "chain.eaf": lambda p: bombs.chain(p, 10_000),
    "tags.eaf": lambda p: bombs.eaf(p, "<a/>" * 200_000),
    "tiers.eaf": lambda p: bombs.many_tiers(p, 500, 100),
    "strings.xlsx": lambda p: bombs.many_strings(p, 5_000),
    "far.xlsx": lambda p: bombs.far_cells(p, 4_000),
    "long.xlsx": lambda p: bombs.repeated_string(p, 4_000, 100_000),
    "lines.csv": lambda p: bombs.unclosed(p, 15_000),
    "many.TextGrid": lambda p: bombs.textgrid(p, "1", "90000", '0\n1\n""\n' * 90_000),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_takes_little_memory(tmp_path: Path, name: str) -> None:
    """In a process of its own, whose only child is the worker."""
    source = BOMBS[name](tmp_path / name)
    code = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from smile.importing.isolated import read_apart\n"
        "from smile.datatypes import SmileError\n"
        "try:\n"
        "    for _ in read_apart([Path(sys.argv[1])], Path(sys.argv[2])): pass\n"
        "except SmileError: pass\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)\n"
    )
    asked = subprocess.run(
        [sys.executable, "-c", code, source, tmp_path / "work"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert 10_000 < int(asked.stdout) < 250_000  # kilobytes


def test_processor_time_is_bounded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, talk: list[Path]) -> None:
    code = (
        "import resource\n"
        "limit = json.loads(request)['limits']['cpu_seconds']\n"
        "resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 5))\n"
        "while True: pass\n"
    )
    speaking(monkeypatch, tmp_path, code)
    with pytest.raises(CorpusError, match=r"more than 0\.0166667 minutes of computing; split them"):
        drained(read_apart(talk, tmp_path / "work", limits=replace(LIMITS, cpu_seconds=1)))


def test_the_clock_is_bounded(slow: Path, talk: list[Path], tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"takes more than 0\.01 minutes; split them"):
        drained(read_apart(talk, tmp_path / "work", limits=replace(LIMITS, wall_seconds=0.6)))
    assert not workers(os.getpid())


@pytest.mark.parametrize(
    "code",
    [
        "print('Segmentation fault')",
        "print('[1, 2]')",
        'print(\'{"done": "<b>", "total": 2}\')',
        "print('{\"result\": null}')",
        'print(\'{"result": {"reading": 3}}\')',
        "sys.stdout.buffer.write(b'\\xff\\0' * 1000)",
        "print('[' * 100_000)",
        "os.abort()",
        "sys.exit(3)",
        "os.close(1); os.close(0)",
        "pass",
    ],
)
def test_whatever_a_worker_says_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, talk: list[Path], code: str
) -> None:
    speaking(monkeypatch, tmp_path, code)
    with pytest.raises(CorpusError, match="came to an unforeseen end"):
        drained(read_apart(talk, tmp_path / "work"))
    assert free()


def test_endless_answers_are_cut_off(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, talk: list[Path]
) -> None:
    monkeypatch.setattr(isolated, "MOST_BYTES", 1_000_000)
    speaking(monkeypatch, tmp_path, "while True: sys.stdout.write('x' * 10_000)")
    with pytest.raises(CorpusError):
        drained(read_apart(talk, tmp_path / "work"))
    assert not workers(os.getpid())


def test_a_worker_that_the_system_kills_is_told_of_as_memory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, talk: list[Path]
) -> None:
    speaking(monkeypatch, tmp_path, "import signal; os.kill(os.getpid(), signal.SIGKILL)")
    with pytest.raises(CorpusError, match="more memory"):
        drained(read_apart(talk, tmp_path / "work"))


def test_clips_outside_of_the_folder_are_not_believed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, talk: list[Path]
) -> None:
    clip = {"id": "a", "audio": "/etc/passwd", "text": "x"}
    reading = {"utterances": [clip], "lines": [1], "rejected": []}
    none = {"utterances": [], "lines": [], "rejected": []}
    answer = {"reading": reading, "places": [], "empty": 0, "header": None, "queries": none, "notes": []}
    for audio in ("/etc/passwd", f"{tmp_path}/work/../../etc/passwd"):
        clip["audio"] = audio
        with monkeypatch.context() as patch:
            speaking(patch, tmp_path / str(len(audio)), f"print({json.dumps({'result': answer})!r})")
            with pytest.raises(CorpusError, match="unforeseen end"):
                drained(read_apart(talk, tmp_path / "work"))


def test_closing_ends_the_worker_and_frees_the_folder(slow: Path, talk: list[Path], tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    steps = read_apart(talk, work)
    while not next(steps).startswith("Cutting: 1 of 2"):
        pass
    [process] = workers(os.getpid())
    steps.close()
    assert not alive(process)
    work.rmdir()
    assert free()


def test_two_imports_one_after_the_other(slow: Path, talk: list[Path], tmp_path: Path) -> None:
    first, second, third = (read_apart(talk, tmp_path / name) for name in "123")
    assert next(first) == isolated.LOOKING
    waiting = "Waiting for another import to end ({} before this one)".format
    assert next(second) == next(second) == waiting(1)
    assert next(third) == waiting(2)
    assert len(workers(os.getpid())) == 1
    second.close()
    assert next(third) == waiting(1)
    first.close()
    assert next(third) == isolated.LOOKING
    third.close()
    assert not workers(os.getpid())


def test_who_no_longer_follows_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr("smile.importing.turns.monotonic", lambda: clock[0])
    queue, (one, two, three) = Queue(), (Place() for _ in range(3))
    assert [queue.before(place) for place in (one, two, three)] == [0, 1, 2]
    clock[0] = STALE + 1
    assert queue.before(three) == 1  # the second has not asked again; the first is at work
    queue.leave(one)
    assert [queue.before(three), queue.before(two)] == [0, 1]


def test_a_worker_at_work_is_not_held_up_by_who_started_it(tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text("file,text\nnowhere.wav,x\n", encoding="utf-8")
    abandoned = read_apart([table], tmp_path / "one")
    next(abandoned)
    until(lambda: not workers(os.getpid()))
    until(free)
    imported, _ = drained(abandoned)
    assert not imported.reading.utterances


PARENT = """
import sys
from pathlib import Path
from smile.importing import isolated
for line in isolated.look_apart([Path(sys.argv[1])]):
    print(line, flush=True)
"""


@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_worker_ends_with_its_parent(tmp_path: Path, signum: int) -> None:
    source = bombs.zipped(tmp_path / "a.zip", [("a.wav", b"x")])
    slow = "import shutil, time\nshutil.copyfileobj = lambda *_: time.sleep(600)\n"
    (tmp_path / "sitecustomize.py").write_text(slow)
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, source],
        env=os.environ | {"TMPDIR": str(tmp_path), "PYTHONPATH": str(tmp_path)},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert parent.stdout
    try:
        parent.stdout.readline()
        until(lambda: len(workers(parent.pid)) == 1)
        [process] = workers(parent.pid)
        os.kill(parent.pid, signum)
        parent.wait(PATIENCE)
        until(lambda: not alive(process))
    finally:
        parent.kill()
        parent.stdout.close()


def test_no_secret_is_handed_on(monkeypatch: pytest.MonkeyPatch, talk: list[Path], tmp_path: Path) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_mine")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hf_mine")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    code = 'print(json.dumps({"error": repr(dict(os.environ))}))'
    speaking(monkeypatch, tmp_path, code)
    with pytest.raises(CorpusError) as told:
        drained(read_apart(talk, tmp_path / "work"))
    assert "hf_mine" not in str(told.value)
    assert "C.UTF-8" in str(told.value)


def test_the_worker_is_confined() -> None:
    code = (
        "import os, resource as r\n"
        "from smile.importing import Limits, worker\n"
        "worker._confine(Limits(memory=500_000_000, cpu_seconds=7, archive_bytes=1_000_000))\n"
        "names = ('AS', 'CPU', 'FSIZE', 'CORE')\n"
        "print(*(r.getrlimit(getattr(r, f'RLIMIT_{n}')) for n in names), os.nice(0), sep=';')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    said = done.stdout.strip().split(";")
    assert said[:3] == ["(500000000, 500000000)", f"(7, {7 + worker.GRACE})", "(1000000, 1000000)"]
    assert said[3] == "(0, 0)"
    assert int(said[4]) >= 10


def test_a_worker_loads_no_engine() -> None:
    code = "import smile.importing.worker, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "smile.importing" in loaded
    assert not loaded & {
        "torch",
        "gradio",
        "transformers",
        "av",
        "openpyxl",
        "pyarrow",
        "numba",
        "ctranslate2",
    }
