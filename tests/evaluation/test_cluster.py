"""Evaluation on Ray: the same rows as without it, whoever is killed, and nothing left behind."""

from __future__ import annotations

import ipaddress
import os
import pickle
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from threading import Thread

import psutil
import pytest

from smile.cli import evaluate
from smile.cli import main as cli
from smile.datatypes import SmileError
from smile.evaluation import runs, workers
from smile.evaluation.rows import Row, RowFile, Seconds, read_rows
from smile.evaluation.runs import Job
from smile.util.workers import LOCAL, Placement
from smile.util.workers import workers as put_to_work
from tests.conftest import ROOT
from tests.support.commanded import begun, commanded
from tests.support.made_conditions import condition
from tests.support.superb import superb
from tests.support.tiny import tiny_whisper
from tests.support.two_nodes import two_nodes

CONDITIONS = (condition("vanilla", "vanilla", shots=0), condition("u-1", shots=1), condition("u-2", shots=2))
UTTERANCES = 10
GRID = """
condition = [
  { name = "u-1", shots = 1, knn = 0.5 },
  { name = "u-2", shots = 2, clips = 3, adapter = "" },
]
"""


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Job:
    folder = tmp_path_factory.mktemp("cluster")
    model = {"model": str(tiny_whisper(folder / "tiny")), "precision": "float32"}
    data = superb(folder / "corpus", train=5, test=UTTERANCES)
    return Job(data, (), CONDITIONS, folder / "one", folder / "cache", model=model)


def done(job: Job, progress: Callable[[str, int, int], None] = lambda *args: None) -> bytes:
    job, models = runs.prepared(job)
    assert runs.run(job, models, runs.plan(job), progress) == 0
    return (job.out / "gle.jsonl").read_bytes()


def descendants() -> list[psutil.Process]:
    return psutil.Process().children(recursive=True)


def kill_one(workers: list[psutil.Process], killed: list[psutil.Process]) -> None:
    """Kill the first worker that is seen with a shard in hand; Ray names processes after what they do."""
    while True:
        for process in workers:
            if process.name().startswith("ray::Worker.do"):
                os.kill(process.pid, signal.SIGKILL)
                killed.append(process)
                return
        time.sleep(0.01)


def listening(processes: list[psutil.Process]) -> Iterator[str]:
    for process in processes:
        with suppress(psutil.NoSuchProcess):  # it may end at any time
            for connection in process.net_connections("inet"):
                if connection.status == psutil.CONN_LISTEN:
                    yield connection.laddr.ip.removeprefix("::ffff:")


def test_a_killed_workers_shard_is_done_again(job: Job, tmp_path: Path) -> None:
    killed: list[psutil.Process] = []
    addresses: set[str] = set()
    others = set(descendants())  # such as the browser of other tests

    def after_the_first(label: str, made: int, total: int) -> None:
        if label.startswith("Evaluating") and not addresses:
            assert made == len(CONDITIONS)
            own = [p for p in descendants() if p not in others]
            addresses.update(listening(own))
            workers = [p for p in own if p.name().startswith("ray::Worker")]
            Thread(target=kill_one, args=(workers, killed), daemon=True).start()

    on_ray = done(replace(job, out=tmp_path, jobs=2, cluster=LOCAL), after_the_first)
    assert len(killed) == 1
    assert not killed[0].is_running()
    assert on_ray == done(job)
    assert len(read_rows(job.out / "gle.jsonl")) == UTTERANCES * len(CONDITIONS)
    assert addresses
    assert all(ipaddress.ip_address(address).is_loopback for address in addresses)
    left = [p for p in descendants() if p not in others]
    assert not psutil.wait_procs(left, timeout=30)[1]


def test_an_interrupted_cluster_leaves_nothing_behind(job: Job, tmp_path: Path) -> None:
    folder = Path(tempfile.mkdtemp(prefix="smile"))  # short: the names of sockets are limited
    line = ["evaluate", "--data", str(job.data), "--out", str(tmp_path / "out"), "--cache", str(job.cache)]
    line += ["--engine", "ray", "--jobs", "1", "--model", job.model["model"], "--precision", "float32"]
    line += ["--conditions", "vanilla,u-0,u-1-nearest,u-3-nearest"]
    without = "from smile.cli import main as cli; from smile.whisper import model; "
    without += "model.shipped_adapter = lambda model: None"
    run = subprocess.Popen(
        [sys.executable, "-c", f"{without}; raise SystemExit(cli.main({line}))"],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(folder)},
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell may have it ignored
    )
    rows = tmp_path / "out" / "gle.jsonl"
    while run.poll() is None and not rows.is_file():
        time.sleep(0.05)
    assert run.poll() is None, run.communicate()
    processes = psutil.Process(run.pid).children(recursive=True)
    assert "raylet" in {process.name() for process in processes}
    os.killpg(run.pid, signal.SIGINT)
    error = run.communicate(timeout=60)[1]
    assert run.returncode == 130, error
    assert error.strip().split("\n")[-1] == "Interrupted; the same command goes on where it stopped."
    assert not psutil.wait_procs(processes, timeout=30)[1]
    assert list(folder.iterdir()) == []
    folder.rmdir()
    assert 0 < len(read_rows(rows)) < 4 * UTTERANCES


def test_without_the_extra_a_sentence_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with (
        pytest.raises(SmileError, match=r'extra "ray", which is not installed; .* "\.\[ray\]"'),
        put_to_work(Placement(cluster=LOCAL), len),
    ):
        pass


def test_other_machines_get_what_they_do_not_see_and_one_may_be_lost(job: Job, tmp_path: Path) -> None:
    model, data = Path(str(job.model["model"])), str(job.data)
    grid = tmp_path / "grid.toml"
    grid.write_text(GRID, encoding="utf-8")

    def line(out: str, *more: str) -> list[str]:
        where = ["--data", data, "--out", str(tmp_path / out), "--cache", str(tmp_path / f"{out}.pools")]
        return ["evaluate", *where, "--grid", str(grid), *more]

    assert commanded(model, *line("one")) == 0
    rows = tmp_path / "far" / "gle.jsonl"
    with two_nodes() as cluster:
        run = begun(model, line("far", "--jobs", "2", "--cluster", cluster.address), cluster.environment)
        cluster.killed_in(run, rows.exists)
    assert rows.read_bytes() == (tmp_path / "one" / "gle.jsonl").read_bytes()


def test_a_task_carries_what_its_worker_does_not_see(
    job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus = tmp_path / "corpus"
    shutil.copytree(job.data, corpus)
    here = replace(job, data=corpus, out=tmp_path / "one", cache=tmp_path / "cache")
    expected = done(here)

    @contextmanager
    def elsewhere(placement: Placement, do: object) -> Iterator[object]:
        def work(tasks: Iterable[object]) -> Iterator[tuple[str, object]]:
            there, sent = pickle.loads(pickle.dumps(do)), [pickle.loads(pickle.dumps(task)) for task in tasks]
            shutil.rmtree(corpus / "gle" / "wav")
            shutil.rmtree(here.cache)
            for task in sent:
                yield task.key, there(task)

        yield work

    monkeypatch.setattr(workers, "workers", elsewhere)
    assert done(replace(here, out=tmp_path / "far", cluster="far:1", jobs=2)) == expected


@pytest.mark.parametrize(
    ("options", "where"),
    [
        ([], ("lean", "")),
        (["--engine", "hf"], ("hf", "")),
        (["--engine", "ray"], ("lean", "local")),
        (["--engine", "ray-hf", "--address", "10.0.0.1:6379"], ("hf", "10.0.0.1:6379")),
    ],
)
def test_the_engine_says_where(job: Job, tmp_path: Path, options: list[str], where: tuple[str, str]) -> None:
    line = ["evaluate", "--data", str(job.data), "--out", str(tmp_path), *options]
    made = evaluate._job(cli.parse(line))
    assert (made.model["engine"], made.cluster) == where


def test_an_address_without_ray_is_refused(
    job: Job, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = ["evaluate", "--data", str(job.data), "--out", str(tmp_path), "--address", "10.0.0.1:6379"]
    assert cli.main(line) == 2
    assert "add --engine ray" in capsys.readouterr().err


def test_an_address_where_nobody_listens_is_a_sentence_before_any_pool_is_made(
    job: Job, tmp_path: Path
) -> None:
    away = replace(job, cluster="127.0.0.1:1", out=tmp_path / "rows", cache=tmp_path / "cache")
    with pytest.raises(SmileError, match=r"No cluster can be used at 127\.0\.0\.1:1: .*refused"):
        done(away)
    assert not away.cache.exists()


def test_missing_rows_are_refused(job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = workers.done
    monkeypatch.setattr(workers, "done", lambda task, models: real(task, models)[1:])
    with pytest.raises(SmileError, match=f'lacks {UTTERANCES} of {3 * UTTERANCES} rows, .* "vanilla"'):
        done(replace(job, out=tmp_path))
    monkeypatch.setattr(workers, "done", real)
    assert done(replace(job, out=tmp_path)).count(b"\n") == 3 * UTTERANCES


def test_doubled_rows_are_refused(job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = workers.done
    monkeypatch.setattr(workers, "done", lambda task, models: real(task, models) * 2)
    with pytest.raises(SmileError, match=r'was to get two rows of .* under "vanilla"'):
        done(replace(job, out=tmp_path))


def test_a_file_with_doubled_rows_is_refused(tmp_path: Path) -> None:
    file = RowFile(tmp_path, "gle")
    file.add([(Row("a", "gle", "test", "u-1", "0"), Seconds("a", "0", 1.0))])
    file.write()
    file.path.write_text(file.path.read_text() * 2)
    with pytest.raises(SmileError, match=r'1 rows more than once, such as that of a under "u-1"; remove'):
        RowFile(tmp_path, "gle")
