"""Rows of an older normaliser scored anew: in folders, packed, and when an evaluation goes on."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from smile.cli.main import main
from smile.corpora import open_corpus
from smile.datatypes import SmileError
from smile.evaluation import runs
from smile.evaluation.rescoring import References, counts, rescore_folder
from smile.evaluation.rows import Row, RowFile, Seconds, read_rows
from smile.evaluation.runs import Job
from smile.results import packing
from smile.results.rescoring import rescore
from smile.text.normalisers import STAMPS
from tests.support.made_conditions import condition
from tests.support.superb import superb

OLD = "plain/1 ml_superb/1"
VANILLA = condition("vanilla", "vanilla", shots=0)
TEXTS = ("Hawaiʻi nei", "ma˥˩ ta", "olá a todos")
SAID = ("Hawaiꞌi nei", "ma ta", "ola a tods")  # by plain/2 the first has an edit less, the second two more


def speech(root: Path, code: str = "gle", texts: tuple[str, ...] = TEXTS) -> Path:
    """An ML-SUPERB folder whose test clips have these texts."""
    superb(root, (code,), train=1, test=len(texts))
    path = root / code / "transcript_10min_test.txt"
    names = [line.split()[0] for line in path.read_text(encoding="utf-8").splitlines()]
    lines = (f"{name} x {text}\n" for name, text in zip(names, texts, strict=True))
    path.write_text("".join(lines), encoding="utf-8")
    return root


def names_of(data: Path, code: str = "gle") -> list[str]:
    return [u.id for u in open_corpus(data).read(code, "10min_test").utterances]


def row(name: str, text: str, said: str, stamps: str = OLD, language: str = "gle") -> Row:
    scored = counts(text, said, language, stamps)
    return Row(name, language, "10min_test", "vanilla", VANILLA.hash, said, **scored, normalisers=stamps,
               neighbours=("é",), distances=(1e-06,))  # fmt: skip


def evaluated(folder: Path, rows: list[Row], language: str = "gle") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = RowFile(folder, language)
    file.add((row, Seconds(row.id, row.hash, 1.5)) for row in rows)
    file.write()
    manifest = {"conditions": {VANILLA.hash: {"name": "vanilla", **VANILLA.facts()}}, "runs": []}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return speech(tmp_path / "data")


@pytest.fixture
def rows(data: Path) -> list[Row]:
    return [row(*parts) for parts in zip(names_of(data), TEXTS, SAID, strict=True)]


@pytest.fixture
def folder(rows: list[Row], tmp_path: Path) -> Path:
    return evaluated(tmp_path / "rows", rows)


def references(*data: Path) -> References:
    return References([open_corpus(source) for source in data])


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_only_scores_change(folder: Path, data: Path, rows: list[Row]) -> None:
    before, path = contents(folder), folder / "gle.jsonl"
    assert len(rescore_folder(folder, references(data))) == 3
    after = contents(folder)
    assert {name for name in after if after[name] != before[name]} == {path}
    expected = [
        replace(old, **counts(text, old.hypothesis, "gle"), normalisers=STAMPS)
        for old, text in zip(rows, TEXTS, strict=True)
    ]
    assert read_rows(path) == sorted(expected, key=lambda one: one.key)
    moves = [new.plain_edits - old.plain_edits for new, old in zip(expected, rows, strict=True)]  # type: ignore[operator]
    assert moves == [-1, 2, 0]
    assert rescore_folder(folder, references(data)) == []
    RowFile(folder, "gle").write()  # as an evaluation writes them
    assert contents(folder) == after


def test_lines_that_need_nothing_are_the_same_bytes(data: Path, rows: list[Row], tmp_path: Path) -> None:
    failed = Row("z", "gle", "10min_test", "vanilla", VANILLA.hash, error="no sound")
    new = replace(rows[1], **counts(TEXTS[1], SAID[1], "gle"), normalisers=STAMPS)
    path = evaluated(tmp_path / "rows", [rows[0], new, failed]) / "gle.jsonl"
    spaced = {line: line.replace(b'": ', b'" : ') for line in path.read_bytes().split(b"\n")}
    path.write_bytes(b"\n".join(spaced.values()))
    rescore_folder(path.parent, references(data))
    kept = path.read_bytes().split(b"\n")
    assert sum(line in spaced.values() for line in kept if line) == 2
    assert RowFile(path.parent, "gle").done() == {rows[0].key, new.key}


@pytest.mark.parametrize("other", ["Hawaiʻi", "Hawaiʻi nui"])  # of another length, and of the same
def test_another_reference_is_refused_and_nothing_written(folder: Path, tmp_path: Path, other: str) -> None:
    data = speech(tmp_path / "other", texts=(other, *TEXTS[1:]))
    before = contents(folder)
    with pytest.raises(SmileError, match=r"does not give the edits and lengths .* name the corpus"):
        rescore([folder], references(data))
    assert contents(folder) == before


def test_of_two_corpora_the_text_that_fits_counts(folder: Path, data: Path, tmp_path: Path) -> None:
    other = speech(tmp_path / "other", texts=("quite another", *TEXTS[1:]))
    assert all(one.changed for one in rescore([folder], references(other, data)))


def test_a_stamp_that_nobody_knows_is_refused(data: Path, rows: list[Row], tmp_path: Path) -> None:
    folder = evaluated(tmp_path / "rows", [replace(rows[0], normalisers="plain/0")])
    with pytest.raises(SmileError, match='no normaliser "plain/0"; use the one that made the rows'):
        rescore([folder], references(data))


def test_joined_utterances_have_the_texts_of_both(data: Path, tmp_path: Path) -> None:
    speech(data, "kir", ("бир эки", "үч˥", "төрт"))
    name = f"{names_of(data)[1]}+{names_of(data, 'kir')[1]}"
    joint = row(name, "ma˥˩ ta үч˥", "ma ta үч", language="gle+kir")
    folder = evaluated(tmp_path / "rows", [joint], "gle+kir")
    (one,) = rescore([folder], references(data))
    assert one.changed is not None
    assert one.changed["plain_edits"] == 3


def packed(folder: Path) -> Path:
    packing.pack([folder], folder.parent / "packed")
    return folder.parent / "packed"


def test_the_command_scores_packed_and_open_rows(
    folder: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = packed(folder)
    before = pq.read_table(place / packing.RESULTS)
    manifest = (place / "manifest.json").read_bytes()
    line = ["results", "rescore", str(folder), str(place), "--data", str(data)]
    assert main(line) == 0
    said = capsys.readouterr().out
    assert "6 rows scored anew, by plain/2" in said
    assert said.split("\n")[1].split()[:8] == ["gle", "plain/1", "to", "plain/2", "6", "4", "6", "8"]
    after = pq.read_table(place / packing.RESULTS)
    assert after.schema.equals(before.schema, check_metadata=True)
    changed = {name for name in after.column_names if not after.column(name).equals(before.column(name))}
    assert changed <= {"normalisers", *counts("", "", "gle")}
    assert "plain_edits" in changed
    assert (place / "manifest.json").read_bytes() == manifest
    loaded = {one["id"]: one["plain_edits"] for one in packing.load(place).to_dict("records")}
    assert loaded == {one.id: one.plain_edits for one in read_rows(folder / "gle.jsonl")}


def test_rows_without_their_reference_stay_and_are_named(
    folder: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evaluated(folder, [row("k-1", "бир", "бир", language="kir"), row("k-2", "үч", "", language="kir")], "kir")
    other = (folder / "kir.jsonl").read_bytes()
    assert main(["results", "rescore", str(folder), "--data", str(data)]) == 0
    said = capsys.readouterr().out
    assert "kir: 2 rows of 2 utterances, such as k-1, stay as they are" in said
    assert (folder / "kir.jsonl").read_bytes() == other
    assert {one.normalisers for one in read_rows(folder / "gle.jsonl")} == {STAMPS}
    for read in (packing.read_rows_of, lambda place: packing.pack([place], tmp_path / "packed")):
        with pytest.raises(SmileError, match=r"plain/1 ml_superb/1 and by plain/2 .* smile results rescore"):
            read(folder)


@pytest.mark.parametrize("line", [["rows"], ["--data", "data"], ["nowhere", "--data", "data"]])
def test_what_is_lacking_is_one_sentence(
    line: list[str], folder: Path, data: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.chdir(folder.parent)
    assert main(["results", "rescore", *line]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_packs_of_two_stamps_are_not_shown_together(folder: Path, data: Path, rows: list[Row]) -> None:
    place = packed(folder)
    new = [replace(rows[0], id="n", **counts(TEXTS[0], SAID[0], "gle"), normalisers=STAMPS)]
    packing.pack([evaluated(folder.parent / "new", new)], place / "new")
    with pytest.raises(SmileError, match=r"cannot be compared; score them anew with: smile results rescore"):
        packing.load(place)
    failed = Row("z", "gle", "10min_test", "vanilla", VANILLA.hash, error="no sound")
    packing.pack([evaluated(folder.parent / "new", [*new, failed])], place / "new")
    assert len(packing.load(place / "new")) == 2  # a row that failed has no stamp


def test_an_evaluation_goes_on_over_older_rows(folder: Path, data: Path, tmp_path: Path) -> None:
    job = Job(data, (), (VANILLA,), folder, tmp_path / "cache")
    assert RowFile(folder, "gle").done() == set()
    before = contents(folder)
    (pending,) = runs.plan(job)
    assert (pending.rows, pending.done, pending.older) == (0, 3, 3)
    assert contents(folder) == before
    models: Any = None  # nothing is transcribed
    assert runs.run(job, models, [pending], lambda *_: None) == 0
    assert {one.normalisers for one in read_rows(folder / "gle.jsonl")} == {STAMPS}
    (pending,) = runs.plan(job)
    assert (pending.rows, pending.done, pending.older) == (0, 3, 0)


def test_an_evaluation_into_older_rows_of_another_corpus_is_refused(
    folder: Path, data: Path, tmp_path: Path
) -> None:
    evaluated(folder, [row("k-1", "бир", "бир", language="kir")], "kir")
    with pytest.raises(SmileError, match=r"kir.jsonl has 1 rows by plain/1 .* smile results rescore"):
        runs.plan(Job(data, (), (VANILLA,), folder, tmp_path / "cache"))


def test_rows_say_which_run_timed_them(rows: list[Row], tmp_path: Path) -> None:
    file = RowFile(tmp_path, "gle")
    file.add([(rows[0], Seconds(rows[0].id, rows[0].hash, 1.0))], run="first")
    file.write()
    file = RowFile(tmp_path, "gle")
    file.add([(rows[1], Seconds(rows[1].id, rows[1].hash, 1.0))], run="second")
    file.write()
    told = {one.id: one.run for one in RowFile(tmp_path, "gle").seconds.values()}
    assert told == {rows[0].id: "first", rows[1].id: "second"}
    lines = [{k: v for k, v in asdict(one).items() if k != "run"} for one in file.seconds.values()]
    file.timing.write_text("\n".join(map(json.dumps, lines)))
    assert {one.run for one in RowFile(tmp_path, "gle").seconds.values()} == {""}  # as it was before
