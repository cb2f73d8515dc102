"""The three kinds of corpora give the same utterances, and evaluate takes any of them."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path

import pytest
from huggingface_hub import constants
from hypothesis import given
from hypothesis import strategies as st

from smile import corpora
from smile.cli import main as cli
from smile.corpora import Corpus, open_corpus
from smile.corpora.parquet import lacking, split_of
from smile.datatypes import CorpusError
from smile.evaluation.rows import read_rows
from smile.pools import indexing
from tests.conftest import POOLS
from tests.support import hub_layout
from tests.support.fake_recognizer import Fake, models
from tests.support.hub_layout import ml_superb_hf
from tests.support.superb import superb
from tests.support.tiny import tiny_whisper


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_whisper(tmp_path_factory.mktemp("model") / "tiny")


@pytest.fixture
def tiny(model: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small model; the shipped adapter, which is another model's, is put away."""
    monkeypatch.setattr("smile.whisper.model.shipped_adapter", lambda model: None)
    return model


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return ml_superb_hf(tmp_path / "ml_superb_hf")


def write_table(folder: Path, codes: tuple[str, ...] = ("gle", "chr"), train: int = 5, test: int = 3) -> Path:
    """A csv of several languages with a column for the split, its recordings beside it."""
    folder.mkdir(parents=True)
    with (folder / "clips.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "text", "language", "split"])
        for code in codes:
            for i, u in enumerate(corpora.read_corpus(POOLS / code).utterances[: train + test]):
                (folder / u.audio.name).write_bytes(u.audio.read_bytes())
                writer.writerow([u.audio.name, u.text, code, "train" if i < train else "test"])
    return folder


def test_rows_of_parquet_are_those_that_went_in(copy: Path, cache: Path) -> None:
    corpus = open_corpus(copy, cache)
    assert corpus.languages("train") == ("gle", "jpn")
    for code, pool in (("gle", "gle"), ("jpn", "chr")):
        wanted = corpora.read_corpus(POOLS / pool).utterances[:5]
        utterances = corpus.read(code, "train").utterances
        assert {u.id: u.text for u in utterances} == {f"x_{u.id}": u.text for u in wanted}
        assert {u.language for u in utterances} == {code}
        sounds = {f"x_{u.id}": u.audio.read_bytes() for u in wanted}
        assert {u.id: u.audio.read_bytes() for u in utterances} == sounds
        assert all(u.audio.is_relative_to(cache) for u in utterances)
        assert corpus.read(code).utterances == utterances
    assert len(corpus.read("gle", "dev").utterances) == 3
    assert not list(cache.rglob("*.part"))


def test_a_split_is_unpacked_once_and_anew_when_files_change(copy: Path, cache: Path) -> None:
    first = open_corpus(copy, cache).read("gle", "dev").utterances
    before = {u.audio: u.audio.stat().st_mtime_ns for u in first}
    again = open_corpus(copy, cache).read("gle", "dev").utterances
    assert again == first
    assert {u.audio: u.audio.stat().st_mtime_ns for u in again} == before
    place = open_corpus(copy, cache).place("gle", "dev")
    hub_layout.write(copy / "data", "dev", hub_layout.rows("gle", "gle", 2, 20))
    changed = open_corpus(copy, cache)
    assert len(changed.read("gle", "dev").utterances) == 2
    assert changed.place("gle", "dev") != place


def test_an_interrupted_unpacking_leaves_nothing(
    copy: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from smile.corpora import unpacking

    real, calls = unpacking.Split._recording, []

    def interrupted(*args: object) -> str:
        calls.append(args)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(unpacking.Split, "_recording", interrupted)
    with pytest.raises(KeyboardInterrupt):
        open_corpus(copy, cache).read("gle", "train")
    assert not [path for path in cache.rglob("*") if path.is_file()]
    assert len(open_corpus(copy, cache).read("gle", "train").utterances) == 5


def test_rows_that_cannot_be_used_are_named(tmp_path: Path, cache: Path) -> None:
    good = hub_layout.rows("gle", "gle", 3)
    bad = [
        hub_layout.row("silent", "gle", "[gle] Words", None),
        hub_layout.row("textless", "gle", "[gle]  ", b"RIFF"),
        hub_layout.row("elsewhere", "gle", "Words", "nowhere.wav"),
        {**good[0], "text": "The same id"},
    ]
    hub_layout.write(tmp_path / "data", "train", [*good, *bad], files=1)
    reading = open_corpus(tmp_path / "data", cache).read("gle", "train")
    assert [u.id for u in reading.utterances] == [r["id"] for r in good]
    assert [r.line for r in reading.rejected] == [4, 5, 6, 7]
    assert [r.reason.split(" ")[0] for r in reading.rejected] == ["The", "The", "There", "Line"]


def test_labels_in_brackets_are_the_languages_alone(tmp_path: Path, cache: Path) -> None:
    texts = ["[gle] Words", "[org_jpn]Words", "Words [gle] [x]", "[laughs loudly] Words"]
    some = [hub_layout.row(str(i), "gle", text, b"RIFF") for i, text in enumerate(texts)]
    hub_layout.write(tmp_path / "data", "train", some, files=1)
    utterances = open_corpus(tmp_path / "data", cache).read("gle", "train").utterances
    assert [u.text for u in utterances] == ["Words", "Words", "Words [gle] [x]", "[laughs loudly] Words"]


def test_dialects_with_a_wrong_language(tmp_path: Path, cache: Path) -> None:
    names = ["ms_speech_tam_1", "ms_speech_hin_2", "other_tam_3"]
    some = [hub_layout.row(name, "hin", "[hin] Words", b"RIFF") for name in names]
    hub_layout.write(tmp_path / "data", "dev_dialect", some, files=1)
    corpus = open_corpus(tmp_path / "data", cache)
    assert corpus.languages("dev_dialect") == ("hin", "tam")
    assert [u.id for u in corpus.read("tam", "dev_dialect").utterances] == names[:1]
    assert [u.id for u in corpus.read("hin", "dev_dialect").utterances] == names[1:]


@pytest.mark.parametrize(
    ("path", "split"),
    [
        ("data/train-00003-of-00026.parquet", "train"),
        ("data/dev_dialect-00000-of-00001-0123456789abcdef.parquet", "dev_dialect"),
        ("default/train/0000.parquet", "train"),
        ("default/dev_dialect/0001.parquet", "dev_dialect"),
        ("validation.parquet", "validation"),
        ("test-1.parquet", "test"),
    ],
)
def test_the_split_of_a_file(path: str, split: str) -> None:
    assert split_of(Path(path)) == split


@given(st.integers(1, 30), st.data())
def test_missing_files_are_counted(count: int, data: st.DataObject) -> None:
    kept = data.draw(st.sets(st.integers(0, count - 1), min_size=1))
    files = [Path(f"train-{i:05d}-of-{count:05d}.parquet") for i in kept]
    assert lacking(files) == count - len(kept)


def test_half_a_copy_is_refused(copy: Path, cache: Path) -> None:
    (copy / "data" / "dev-00001-of-00002.parquet").unlink()
    with pytest.raises(CorpusError, match='lacks 1 of the files of its split "dev"'):
        open_corpus(copy, cache).read("gle", "dev")
    assert open_corpus(copy, cache).read("gle", "dev_dialect").utterances


@pytest.mark.parametrize(
    ("language", "split", "says"),
    [
        ("xyz", "train", 'no language xyz in the split "train"; choose one of gle, jpn'),
        ("", "train", "several languages; choose one of gle, jpn"),
        ("gle", "test", 'no split "test"; choose one of dev, dev_dialect, train'),
    ],
)
def test_what_parquet_has_not(copy: Path, cache: Path, language: str, split: str, says: str) -> None:
    with pytest.raises(CorpusError, match=says):
        open_corpus(copy, cache).read(language, split)


def test_damaged_parquet_and_other_columns(tmp_path: Path, cache: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    (tmp_path / "train.parquet").write_bytes(b"PAR1 no more")
    with pytest.raises(CorpusError, match="cannot be read as parquet; copy it anew"):
        open_corpus(tmp_path, cache).languages("train")
    parquet.write_table(pa.table({"audio": ["a.wav"], "speaker": ["anna"]}), tmp_path / "train.parquet")
    with pytest.raises(CorpusError, match='has no column "text"; it has audio, speaker'):
        open_corpus(tmp_path, cache).languages("train")


@pytest.mark.parametrize("column", ["", "locale", "sprache"])
def test_parquet_need_not_say_its_language(tmp_path: Path, cache: Path, column: str) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    audio = [{"bytes": b"RIFF1", "path": "x/1.wav"}, {"bytes": b"RIFF2", "path": None}]
    table = {"audio": audio, "sentence": ["one", "two"]} | ({column: ["gd-GB", "Gaelic"]} if column else {})
    parquet.write_table(pa.table(table), tmp_path / "train.parquet")
    corpus = open_corpus(tmp_path, cache)
    assert corpus.languages("train") == (("gla",) if column else ())
    reading = corpus.read("", "train")
    assert [(u.text, u.language, u.audio.read_bytes()) for u in reading.utterances] == [
        ("one", "gla" if column else "", b"RIFF1"),
        ("two", "gla" if column else "", b"RIFF2"),
    ]
    with pytest.raises(CorpusError, match="cym" if column else "does not say its languages; leave cym out"):
        corpus.read("cym", "train")


def test_parquet_of_any_values_is_read_or_named(tmp_path: Path, cache: Path) -> None:
    """Texts that are none or numbers, paths alone, within the folder or beyond it, languages left out."""
    import pyarrow as pa
    from pyarrow import parquet

    (tmp_path / "beyond.wav").write_bytes(b"RIFF")
    folder = tmp_path / "set"
    (folder / "wav").mkdir(parents=True)
    (folder / "wav" / "a.wav").write_bytes(b"RIFFa")
    for texts in (["one", None, "three"], [1, None, 3]):
        paths = ["wav/a.wav", "wav/a.wav", "../beyond.wav"]
        table = {"Audio": paths, "text": texts, "language": ["gla", "gla", None]}
        parquet.write_table(pa.table(table), folder / "train.parquet")
        reading = open_corpus(folder, cache).read("gla", "train")
        assert [(u.text, u.audio.read_bytes()) for u in reading.utterances] == [(str(texts[0]), b"RIFFa")]
        assert [(r.line, r.reason) for r in reading.rejected] == [
            (2, "The row has no text."),
            (3, "The row names no recording."),
        ]


def test_the_hub_by_name(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    corpus = open_corpus("espnet/ml_superb_hf", cache)
    assert corpus.name == "espnet/ml_superb_hf"
    with pytest.raises(CorpusError, match=r"no folder espnet/ml_superb_hf, .* give the path of a copy\.$"):
        corpus.languages("dev")
    snapshot = ml_superb_hf(hub_layout.hub_cache(tmp_path / "hub", corpus.name))
    assert corpus.languages("dev") == ("gle", "jpn")
    assert len(corpus.read("jpn", "train").utterances) == 5
    (snapshot / "data" / "train-00000-of-00002.parquet").unlink()
    with pytest.raises(CorpusError, match="lacks 1 of the files"):
        open_corpus("espnet/ml_superb_hf", cache).read("jpn", "train")


def test_a_table_of_several_languages_and_splits(tmp_path: Path) -> None:
    corpus = open_corpus(write_table(tmp_path / "t"))
    assert corpus.languages("train") == corpus.languages("test") == ("chr", "gle")
    for code in ("chr", "gle"):
        wanted = corpora.read_corpus(POOLS / code).utterances[:8]
        assert [u.text for u in corpus.read(code, "train").utterances] == [u.text for u in wanted[:5]]
        assert [u.text for u in corpus.read(code, "test").utterances] == [u.text for u in wanted[5:]]
    assert len(corpus.read("", "test").utterances) == 6
    with pytest.raises(CorpusError, match='no split "dev"; choose one of test, train'):
        corpus.read("gle", "dev")


def test_a_changed_table_has_another_place(tmp_path: Path) -> None:
    folder = write_table(tmp_path / "t", ("gle",))
    corpus = open_corpus(folder)
    before = corpus.place("gle", "train")
    assert corpus.place("gle", "train") == before
    (folder / "clips.csv").write_text((folder / "clips.csv").read_text() + "\n")
    assert corpus.place("gle", "train") != before


def test_the_language_that_is_asked_for_becomes_the_pool(copy: Path, tmp_path: Path) -> None:
    source = write_table(tmp_path / "t")
    pool = indexing.index(source, tmp_path / "pool", models(Fake()), code="chr").pool
    assert (len(pool), pool.language.code) == (5, "chr")
    with pytest.raises(CorpusError, match="several languages; choose one of gle, jpn"):
        indexing.index(copy, tmp_path / "other", models(Fake()))


KINDS = {"superb": superb, "table": write_table, "parquet": ml_superb_hf}
SPLITS = {"superb": "10min_test", "table": "test", "parquet": "dev"}


@pytest.mark.parametrize("kind", list(KINDS))
def test_evaluate_takes_every_kind(
    kind: str, tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = KINDS[kind](tmp_path / "data")
    line = ["evaluate", "--data", str(data), "--languages", "gle", "--out", str(tmp_path / "out")]
    line += ["--model", str(tiny), "--precision", "float32", "--conditions", "u-1-nearest", "--limit", "2"]
    assert cli.main(line) == 0, capsys.readouterr().err
    rows = read_rows(tmp_path / "out" / "gle.jsonl")
    assert [(r.language, r.split, r.error) for r in rows] == [("gle", SPLITS[kind], "")] * 2
    assert all(len(r.neighbours) + r.left_out == 1 for r in rows)
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["runs"][0]["corpus"] == "data"


def test_a_corpus_without_languages_or_splits_is_refused(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = ["evaluate", "--out", str(tmp_path / "out"), "--model", str(tiny), "--precision", "float32"]
    line += ["--conditions", "u-1-nearest"]
    folder = write_table(tmp_path / "t", ("gle",))
    text = (folder / "clips.csv").read_text(encoding="utf-8")
    for column, says in (("split", "are both targets and examples"), ("language", "add a column")):
        (folder / "clips.csv").write_text(text.replace(f",{column}", ",other"), encoding="utf-8")
        assert cli.main([*line, "--data", str(folder)]) == 2
        error = capsys.readouterr().err
        assert says in error
        assert error.count("\n") == 1


def test_every_kind_is_a_corpus(tmp_path: Path, copy: Path, cache: Path) -> None:
    kinds: list[Corpus] = [
        open_corpus(superb(tmp_path / "s")),
        open_corpus(write_table(tmp_path / "t")),
        open_corpus(copy, cache),
        open_corpus(POOLS / "gle"),
    ]
    assert [type(kind).__name__ for kind in kinds] == ["Superb", "Tabular", "Parquet", "Tabular"]
    assert [kind.splits.targets for kind in kinds] == ["10min_test", "test", "dev", "test"]
    assert os.fspath(kinds[0].place("gle", "10min_train")) == str((tmp_path / "s" / "gle").resolve())
