"""Evaluation on the real engine with synthetic clips: rows, resumption, determinism, processes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from smile.audio.io import read_audio
from smile.cli import main as cli
from smile.corpora import read_corpus
from smile.datatypes import SAMPLE_RATE, Speech
from smile.evaluation import runs
from smile.evaluation.evaluate import evaluate, pool_key, write
from smile.evaluation.rows import Row, RowFile, Seconds, read_rows, read_seconds
from smile.evaluation.runs import Job
from smile.pools.pool import open_pool
from smile.retrieval.samplers import stable_shuffle
from smile.settings import LEVELS, VERSIONS, Settings
from smile.text.characters import permitted
from smile.text.normalisers import STAMPS
from smile.text.scoring import score
from smile.transcription.pipeline import transcribe
from smile.transcription.target import Target
from smile.whisper.model import Models
from tests.conftest import POOLS
from tests.support.made_conditions import changed, condition
from tests.support.superb import superb

VANILLA = condition("vanilla", "vanilla", shots=0, cut_loops=False, length_limit=False)
NEAREST = condition("u-1", shots=1)
RANDOM = condition("r-2", shots=2, sampler="random", seed=1)
CONDITIONS = (VANILLA, NEAREST, RANDOM)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return superb(tmp_path_factory.mktemp("corpus"))


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def done(job: Job) -> list[Row]:
    job, models = runs.prepared(job)
    runs.run(job, models, runs.plan(job), lambda label, made, total: None)
    return read_rows(job.out / "gle.jsonl")


@pytest.fixture(scope="module")
def job(corpus: Path, cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Job:
    return Job(corpus, (), CONDITIONS, tmp_path_factory.mktemp("first"), cache)


@pytest.fixture(scope="module")
def rows(job: Job) -> list[Row]:
    return done(job)


def test_a_row_for_every_utterance_and_condition(job: Job, rows: list[Row]) -> None:
    ids = {u.id for u in read_corpus(job.data / "gle", "10min_test").utterances}
    assert sorted((r.id, r.condition) for r in rows) == sorted((i, c.name) for i in ids for c in CONDITIONS)
    assert not any(r.error for r in rows)
    assert {len(r.neighbours) + r.left_out for r in rows if r.condition == "r-2"} == {2}
    draws = [r.neighbours for r in rows if r.condition == "r-2"]
    assert len(set(draws)) > 1


def test_rows_hold_scores_and_no_reference(job: Job, rows: list[Row]) -> None:
    texts = {u.id: u.text for u in read_corpus(job.data / "gle", "10min_test").utterances}
    for row in rows:
        scored = score(texts[row.id], row.hypothesis, "ml_superb", "gle")
        assert (row.ml_superb_edits, row.ml_superb_length) == (scored.edits, scored.length)
    written = (job.out / "gle.jsonl").read_text(encoding="utf-8")
    wrong = [r for r in rows if r.hypothesis != texts[r.id]]
    assert wrong
    assert not any(texts[r.id] in written for r in wrong)


def test_the_same_transcripts_as_the_page(job: Job, rows: list[Row], models: Models) -> None:
    utterance = read_corpus(job.data / "gle", "10min_test").utterances[0]
    samples = read_audio(utterance.audio)
    target = Target(models, Speech(0.0, len(samples) / SAMPLE_RATE, samples), "0.00")
    pool = open_pool(POOLS / "gle", models.smile.info.encoder)
    settings = Settings(shots=1, knn=0.0, no_repeat=False, language_token="guess")
    *_, result = transcribe(models, samples, pool, settings)
    line = result.smile.segments[0]
    if (line.start, line.end) != (0.0, len(samples) / SAMPLE_RATE):  # the page cuts silence away
        start, end = (round(t * SAMPLE_RATE) for t in (line.start, line.end))
        target = Target(models, Speech(line.start, line.end, samples[start:end]), "0.00")
    written = write(target, NEAREST, pool, utterance)
    assert written.decoded.text == line.text
    assert [n.utterance.id for n in written.examples.neighbours] == [
        n.utterance.id for n in result.examples[0][1].neighbours
    ]


def test_twice_the_same_bytes_however_many_processes(job: Job, rows: list[Row], tmp_path: Path) -> None:
    first = (job.out / "gle.jsonl").read_bytes()
    done(replace(job, out=tmp_path / "two", jobs=2))
    assert (tmp_path / "two" / "gle.jsonl").read_bytes() == first
    done(job)
    assert (job.out / "gle.jsonl").read_bytes() == first


def test_an_interrupted_run_goes_on(
    job: Job, rows: list[Row], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from smile.evaluation import workers

    made = []

    def interrupted(*args: object) -> list[object]:
        if len(made) == 2:
            raise KeyboardInterrupt
        made.append(args)
        return real(*args)  # type: ignore[arg-type]

    real, again = workers.done, replace(job, out=tmp_path)
    monkeypatch.setattr(workers, "done", interrupted)
    with pytest.raises(KeyboardInterrupt):
        done(again)
    assert len(read_rows(tmp_path / "gle.jsonl")) == 2 * len(CONDITIONS)
    monkeypatch.setattr(workers, "done", real)
    prepared, _ = runs.prepared(again)
    (pending,) = runs.plan(prepared)
    assert (pending.rows, pending.done) == (3, 6)
    assert done(again) == rows
    assert (tmp_path / "gle.jsonl").read_bytes() == (job.out / "gle.jsonl").read_bytes()


def test_rows_of_a_level_of_an_older_version_are_made_anew(
    tmp_path: Path, cache: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    levels = tuple(condition(level, shots=1, level=level) for level in LEVELS)
    job = Job(corpus, (), levels, tmp_path, cache)
    clips, file = read_corpus(corpus / "gle", "10min_test").utterances, RowFile(tmp_path, "gle")
    made = [Row(u.id, "gle", "10min_test", c.name, c.hash, normalisers=STAMPS) for u in clips for c in levels]
    file.add([(row, Seconds(row.id, row.hash, 1.0)) for row in made], "run")
    file.write()
    assert runs.plan(job)[0].rows == 0
    for part, names in (("combined", ["combined"]), ("fit", ["acoustic", "combined"])):
        monkeypatch.setitem(VERSIONS, part, VERSIONS[part] + 1)
        (pending,) = runs.plan(job)
        assert [[c.name for c in todo] for _, todo in pending.work] == [names] * len(clips)


def test_a_recording_that_cannot_be_read_becomes_rows_that_say_so(
    tmp_path: Path, cache: Path, corpus: Path
) -> None:
    data = superb(tmp_path / "data", test=2)
    broken = read_corpus(data / "gle", "10min_test").utterances[1]
    broken.audio.write_bytes(b"no sound")
    job, models = runs.prepared(Job(data, (), (VANILLA,), tmp_path / "out", cache))
    assert runs.run(job, models, runs.plan(job), lambda *args: None) == 1
    written = {r.id: r for r in read_rows(tmp_path / "out" / "gle.jsonl")}
    assert "cannot be decoded" in written[broken.id].error
    assert written[broken.id].plain_edits is None
    assert runs.plan(job)[0].rows == 1


def test_limits_are_nested_and_follow_the_seed(corpus: Path) -> None:
    utterances = read_corpus(POOLS / "gle").utterances
    few, more = runs.sample(utterances, 5, 0), runs.sample(utterances, 9, 0)
    assert set(few) < set(more)
    assert runs.sample(utterances, 5, 1) != few
    assert runs.sample(utterances, 0, 0) == utterances


def test_what_two_conditions_share_is_decoded_once(
    job: Job, models: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    from smile.transcription import target as module

    calls = []
    real = module.decode
    monkeypatch.setattr(module, "decode", lambda *a, **k: (calls.append(1), real(*a, **k))[1])
    utterance = read_corpus(job.data / "gle", "10min_test").utterances[0]
    pool = open_pool(POOLS / "gle", models.smile.info.encoder)
    again = [changed(NEAREST, shots=0), changed(NEAREST, shots=0, seed=1)]
    (a, _), (b, _) = evaluate(models, utterance, again, {pool_key(NEAREST, "gle"): pool})
    assert len(calls) == 1
    assert a.hypothesis == b.hypothesis


def test_knn_reads_the_pool_once_and_changes_rows(job: Job, tmp_path: Path) -> None:
    with_knn = changed(NEAREST, name="k-1", knn=1.0)
    one = replace(job, out=tmp_path / "one", conditions=(with_knn,))
    rows = done(one)
    assert not any(r.error for r in rows)
    stores = list((job.cache / "evaluation").glob("*/tokens-base.npz"))
    assert len(stores) == 1
    written = stores[0].stat().st_mtime_ns
    assert done(replace(one, out=tmp_path / "two", jobs=2)) == rows
    assert stores[0].stat().st_mtime_ns == written
    plain = {r.id: r.hypothesis for r in read_rows(job.out / "gle.jsonl") if r.condition == "u-1"}
    assert any(r.hypothesis != plain[r.id] for r in rows)


def test_the_oracle_is_never_worse_than_its_candidates(job: Job, rows: list[Row], tmp_path: Path) -> None:
    oracle = condition("o", sampler="oracle", candidates=4)
    best = {r.id: r for r in done(replace(job, out=tmp_path, conditions=(oracle,)))}
    assert not any(r.error for r in best.values())
    nearest = {r.id: r for r in rows if r.condition == "u-1"}
    assert all((r.plain_edits or 0) <= (nearest[i].plain_edits or 0) for i, r in best.items())
    assert all(len(r.neighbours) == 1 for r in best.values())


def test_joined_targets_have_the_pools_of_both_languages_or_of_one(cache: Path, tmp_path: Path) -> None:
    data = superb(tmp_path / "data", ("gle", "chr"), train=4, test=2)
    parts = [changed(NEAREST, name=name, shots=4, pool=name) for name in ("first", "second", "")]
    parts[2] = changed(parts[2], name="both", shots=8)
    job, models = runs.prepared(Job(data, ("gle+chr",), tuple(parts), tmp_path / "out", cache))
    assert runs.run(job, models, runs.plan(job), lambda *args: None) == 0
    joined = read_rows(tmp_path / "out" / "gle+chr.jsonl")
    assert {r.language for r in joined} == {"gle+chr"}
    used = {name: {n[:3] for r in joined if r.condition == name for n in r.neighbours} for name in
            ("first", "second", "both")}  # fmt: skip
    assert used == {"first": {"gle"}, "second": {"chr"}, "both": {"gle", "chr"}}


def test_a_smaller_pool_is_all_that_its_token_neighbours_know(job: Job, tmp_path: Path) -> None:
    small = changed(NEAREST, name="small", knn=1.0, minutes=0.2)
    few = changed(NEAREST, name="few", knn=1.0, clips=2)
    rows = done(replace(job, out=tmp_path, conditions=(small, few)))
    assert not any(r.error for r in rows)
    import numpy as np

    for name, sizes in (("0.2min", range(1, 6)), ("2clips", [2])):
        (store,) = (job.cache / "evaluation").glob(f"*/{name}/tokens-base.npz")
        with np.load(store) as stored:
            assert len(stored["clips"]) in sizes


def test_an_evaluation_keeps_to_the_characters_of_the_pool_that_a_condition_has(
    job: Job, rows: list[Row], tmp_path: Path
) -> None:
    conditions = [changed(NEAREST, name=mode, characters=mode, clips=2) for mode in ("off", "soft", "hard")]
    made = done(replace(job, out=tmp_path, conditions=tuple(conditions)))
    assert not any(r.error for r in made)
    pool = read_corpus(job.data / "gle", "10min_train").utterances
    kept = permitted([pool[i].text for i in stable_shuffle(pool)[:2]])
    written = {mode: [set(r.hypothesis) for r in made if r.condition == mode] for mode in ("off", "hard")}
    assert all(some <= kept for some in written["hard"])
    assert not any(some <= kept for some in written["off"])
    assert any(written["hard"])


def test_the_command_counts_and_writes(
    corpus: Path, cache: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = ["evaluate", "--data", str(corpus), "--limit", "1", "--conditions", "vanilla"]
    line += ["--out", str(tmp_path / "out"), "--cache", str(cache)]
    assert cli.main([*line, "--dry-run"]) == 0
    assert "1 utterances, 1 rows to make, 0 there" in capsys.readouterr().out
    assert not (tmp_path / "out").exists()
    assert cli.main(line) == 0
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    (row,) = read_rows(tmp_path / "out" / "gle.jsonl")
    assert manifest["conditions"][row.hash]["name"] == "vanilla"
    assert len(manifest["runs"][0]["corpora"]["gle"]) == 12
    assert cli.main([*line[:4], "2", *line[5:]]) == 0
    runs_told = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))["runs"]
    timed = read_seconds(tmp_path / "out" / "gle.seconds.jsonl")
    assert {one.id == row.id: one.run for one in timed} == {
        True: runs_told[0]["id"],
        False: runs_told[1]["id"],
    }
    assert len({told["id"] for told in runs_told}) == 2


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--languages", "xyz"], "no language xyz"),
        (["--conditions", "u"], "no condition"),
        (["--grid", "nowhere"], "no grid"),
        (["--limit", "-1"], "limit"),
        (["--split", "5min"], "no split"),
    ],
)
def test_bad_arguments_are_one_sentence(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], says: str
) -> None:
    line = ["evaluate", "--data", str(corpus), "--out", str(tmp_path / "out"), *options]
    assert cli.main(line) == 2
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1
