"""Trainings of a sweep come to the same by one process, by two, and on a cluster that loses a node."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from smile.cli import main as cli
from smile.corpora import open_corpus
from smile.corpora.carried import CarriedCorpus
from smile.datatypes import CorpusError, SmileError
from smile.training import sweep
from smile.training.config import TrainConfig, with_values
from smile.training.trials import trials
from tests.conftest import ROOT
from tests.support.superb import superb
from tests.support.tiny import tiny_whisper
from tests.support.two_nodes import two_nodes

LANGUAGES = ("gle", "gla")
SET = ["steps=2", "batch=1", "validate_every=2", "validate_clips=1", "worst_cer=100000"]
ADAPTER = "adapter/adapter_model.safetensors"


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny model, a corpus of two languages, and a sweep over it by this process."""
    folder = tmp_path_factory.mktemp("sweep")
    tiny_whisper(folder / "tiny", max_target_positions=448)
    superb(folder / "corpus", LANGUAGES, train=5, test=0, dev=4)
    run = begun(line(folder, folder / "one"), {**os.environ, "OMP_NUM_THREADS": "1"})
    assert run.wait() == 0, run.communicate()
    return folder


def begun(line: list[str], environment: dict[str, str]) -> subprocess.Popen[str]:
    """Begin a command in a process of its own: accelerate has one precision for a process's whole life."""
    command = [sys.executable, "-m", "smile.cli.main", *line]
    silent, pipe = subprocess.DEVNULL, subprocess.PIPE
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=silent, stderr=pipe, text=True)


def line(given: Path, out: Path, *more: str) -> list[str]:
    """Three trainings by their seeds."""
    return [*one(given, out), "--vary", "seed", "0", "1", "2", *more]


def one(given: Path, out: Path) -> list[str]:
    """A training by itself."""
    where = ["--data", str(given / "corpus"), "--model", str(given / "tiny"), "--out", str(out)]
    what = ["--languages", ",".join(LANGUAGES), "--threads", "1", "--set", *SET]
    return ["train", *where, *what]


def configured() -> TrainConfig:
    """Settings as `one` gives them."""
    return with_values(TrainConfig(languages=LANGUAGES), dict(pair.partition("=")[::2] for pair in SET))


def learned(out: Path) -> dict[str, bytes]:
    """The adapters of a sweep by their trainings."""
    return {path.relative_to(out).parts[0]: path.read_bytes() for path in out.glob(f"*/{ADAPTER}")}


def test_each_combination_is_trained_and_stands_in_a_table(
    given: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    adapters = learned(given / "one")
    assert sorted(adapters) == ["seed=0", "seed=1", "seed=2"]
    assert len(set(adapters.values())) == 3
    table = pd.read_csv(given / "one" / sweep.TABLE)
    assert sorted(table["run"]) == sorted(adapters)
    assert table["mean"].is_monotonic_increasing
    assert set(table["validated at"]) == {2}
    assert table[["0 shots", "1 shots", "3 shots"]].notna().all(axis=None)


def test_two_processes_learn_the_same_and_what_is_done_is_not_done_again(given: Path, tmp_path: Path) -> None:
    assert cli.main(line(given, tmp_path, "--jobs", "2")) == 0
    assert learned(tmp_path) == learned(given / "one")
    before = {path: path.stat().st_mtime_ns for path in tmp_path.glob(f"*/{ADAPTER}")}
    shutil.rmtree(tmp_path / "seed=1")
    assert cli.main(line(given, tmp_path, "--jobs", "2")) == 0
    assert learned(tmp_path) == learned(given / "one")
    after = {path: path.stat().st_mtime_ns for path in tmp_path.glob(f"*/{ADAPTER}")}
    assert [path.parts[-3] for path in after if after[path] != before[path]] == ["seed=1"]


def test_what_cannot_be_trained_is_told_and_the_others_are(
    given: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([*one(given, tmp_path), "--vary", "worst_cer", "100000", "0", "--jobs", "2"]) == 2
    assert "1 of 2 runs could not be trained. worst_cer=0: No clip of" in capsys.readouterr().err
    assert sorted(learned(tmp_path)) == ["worst_cer=100000"]
    table = pd.read_csv(tmp_path / sweep.TABLE)
    assert list(table["mean"].notna()) == [True, False]


def test_a_file_in_place_of_a_folder_is_told_and_the_others_are_trained(
    given: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = shutil.copytree(given / "one", tmp_path / "out")
    shutil.rmtree(out / "seed=1")
    (out / "seed=1").write_bytes(b"")
    assert cli.main(line(given, out, "--jobs", "2")) == 2
    said = capsys.readouterr().err
    assert "1 of 3 runs could not be trained. seed=1: " in said
    assert "cannot be read or written (File exists)" in said


def test_a_folder_of_other_settings_or_a_damaged_one_is_told_and_not_shown(
    given: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(given / "one", tmp_path / "out")
    other = [*one(given, tmp_path / "out"), "batch=2", "--vary", "seed", "0", "--jobs", "2"]
    assert cli.main(other) == 2
    assert "seed=0 holds a run with other settings" in capsys.readouterr().err
    assert pd.read_csv(tmp_path / "out" / sweep.TABLE).get("mean") is None
    (tmp_path / "out" / "seed=1" / "checkpoint.pt").write_bytes(b"PK")
    assert cli.main(line(given, tmp_path / "out", "--jobs", "2")) == 2
    said = capsys.readouterr().err
    assert "1 of 3 runs could not be trained. seed=1: " in said
    assert "is damaged" in said


@pytest.mark.parametrize("other", ["model", "start", "data", "scale"])
def test_what_was_trained_from_something_else_is_not_taken_for_this(
    given: Path, tmp_path: Path, other: str
) -> None:
    config = replace(configured(), scale=1.0) if other == "scale" else configured()
    runs, model, start, data = trials(config, {"seed": ["0"]}), str(given / "tiny"), None, given / "corpus"
    if other == "model":
        model = str(tmp_path)
    if other == "start":
        start = given / "one" / "seed=1" / "adapter"
    if other == "data":
        data = shutil.copytree(data, tmp_path / "corpus")
        text = data / "gle" / "transcript_10min_train.txt"
        text.write_text(text.read_text(encoding="utf-8").replace("a", "e"), encoding="utf-8")
    made = sweep.Sweep(open_corpus(data), given / "one", runs, model, start)
    assert made.todo() == list(runs)
    assert (made.table().get("mean") is None) == (other != "scale")  # learned alike, exported otherwise


def test_what_is_done_is_known_and_an_adapter_of_an_earlier_step_is_not_the_last(
    given: Path, tmp_path: Path
) -> None:
    runs, tiny = trials(configured(), {"seed": ["0", "1"]}), str(given / "tiny")
    out = shutil.copytree(given / "one", tmp_path / "out")
    made = sweep.Sweep(open_corpus(given / "corpus"), out, runs, tiny)
    assert made.todo() == []
    card = out / "seed=1" / "adapter" / "smile.json"
    content = json.loads(card.read_text(encoding="utf-8"))
    assert content["step"] == 2
    card.write_text(json.dumps({**content, "step": 1}), encoding="utf-8")
    assert [trial.key for trial in made.todo()] == ["seed=1"]
    with (out / "seed=1" / "log.jsonl").open("a", encoding="utf-8") as log:
        log.write('{"kind": "validation", "step": 4, "0 shots": null}\n')
    assert list(made.table()["validated at"]) == [2, 2]


def test_a_cluster_that_loses_a_node_learns_the_same(given: Path, tmp_path: Path) -> None:
    with two_nodes() as cluster:
        run = begun(line(given, tmp_path, "--jobs", "2", "--cluster", cluster.address), cluster.environment)
        cluster.killed_in(run, begun=lambda: bool(learned(tmp_path)))
    assert learned(tmp_path) == learned(given / "one")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--vary", "seed", "0"], "Give each field that varies once"),
        (["--vary", "steps"], "Give each field that varies once"),
        (["--vary", "colour", "red"], 'There is no setting "colour"'),
        (["--vary", "batch", "2", "02"], "Two trainings of the sweep are the same"),
        (["--vary", "split", "../other"], '"seed=0,split=../other" cannot be the name of a folder'),
        (["--vary", "batch", "1", "0"], 'The setting "batch" cannot be "0"; give 1 to 1,000,000.'),
        (["--vary", "method", "lara"], 'The setting "method" cannot be "lara"; choose one of lora, adalora.'),
        (["--vary", "shots", "3"], 'The setting "shots" cannot be "3"; give the least number and the most'),
        (["--vary", "shots", "3,1"], 'The setting "shots" cannot be "3,1"; give the least'),
        (["--vary", "rate", "nan", "nan"], 'The setting "rate" cannot be "nan"; give 0 to 1.'),
        (["--vary", "worst_cer", "-1"], 'The setting "worst_cer" cannot be "-1"; give 0 or more.'),
        (["--vary", "languages", ""], 'The setting "languages" cannot be ""; write each name'),
        (["--vary", "split", "é" * 150], f'"seed=0,split={"é" * 150}" cannot be the name of a folder'),
        (["--vary", "steps", *map(str, range(334))], "These are 1,002 trainings, of which a sweep has"),
        (["--jobs", "0"], "Choose at least one job."),
    ],
)
def test_a_sweep_that_cannot_be_is_a_sentence(
    tmp_path: Path, more: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(line(tmp_path, tmp_path / "out", *more)) == 2
    assert capsys.readouterr().err.startswith(said)
    assert not (tmp_path / "out").exists()


def test_a_run_alone_has_one_worker(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([*one(tmp_path, tmp_path / "out"), "--jobs", "2"]) == 2
    assert capsys.readouterr().err.startswith("One run has one worker")


def test_two_values_of_two_settings_are_four_trainings() -> None:
    made = trials(TrainConfig(), {"seed": ["0", "1"], "windows": ["10,15", "30"]})
    assert [trial.key for trial in made][:2] == ["seed=0,windows=10,15", "seed=0,windows=30"]
    assert [(t.config.seed, t.config.windows) for t in made][2:] == [(1, (10.0, 15.0)), (1, (30.0,))]
    with pytest.raises(SmileError, match="cannot be the name"):
        trials(TrainConfig(), {"split": ["x" * 300]})


def test_a_corpus_is_read_where_its_files_are_not(given: Path) -> None:
    corpus = open_corpus(given / "corpus")
    carried = CarriedCorpus.of(corpus, [("gle", "10min_train"), ("gla", "10min_dev")])
    there = pickle.loads(pickle.dumps(carried))
    assert there.languages("10min_dev") == ("gla",)
    for language, split in (("gle", ""), ("gla", "10min_dev")):
        for mine, other in zip(
            corpus.read(language, split).utterances, there.read(language, split).utterances, strict=True
        ):
            assert (mine.id, mine.text, mine.language) == (other.id, other.text, other.language)
            assert os.path.commonpath([other.audio, given]) != str(given)
            assert mine.audio.read_bytes() == other.audio.read_bytes()
    with pytest.raises(CorpusError, match="carried here without gla 10min_train"):
        there.read("gla", "10min_train")
