"""Corpora as utterances: ML-SUPERB folders, tables, and what is wrong in them."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smile import corpora
from smile.corpora import Reading, languages, read_corpus
from smile.datatypes import CorpusError, Utterance

SPLITS = ("10min_train", "10min_test")


def touch(path: Path) -> Path:
    """A file that stands for a recording; nobody decodes it here."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"sound")
    return path


def superb(root: Path, corpus: str, code: str, names: str = "ab", suffix: str = ".wav") -> Path:
    folder = root / corpus / code
    for name in names:
        touch(folder / "wav" / f"{name}{suffix}")
    rows = "".join(f"{name}\t{code}\tText  of {name}\n" for name in names)
    (folder / "transcript_10min_train.txt").write_text(rows, encoding="utf-8")
    return folder


def write_table(folder: Path, rows: list[dict[str, str]], name: str = "t.csv") -> Path:
    path = folder / name
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def reasons(reading: Reading) -> dict[int, str]:
    return {row.line: row.reason for row in reading.rejected}


def test_real_speech_is_read_whole(speech: Path | None, tmp_path: Path) -> None:
    root = speech or superb(tmp_path, "mini", "mdw").parent
    listing = root.parent / "languages.csv"
    rows = []
    if listing.is_file():
        with listing.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    counts = {row["iso639_3"]: int(row["clips_10min_train"]) for row in rows} or {"mdw": 2}
    readings = {code: read_corpus(folder) for code, folder in languages(root).items()}
    assert readings
    clips = {code: len(reading.utterances) for code, reading in readings.items()}
    assert clips == {code: counts[code] for code in readings}
    assert not any(reading.rejected for reading in readings.values())
    for code, reading in readings.items():
        assert {u.language for u in reading.utterances} == {code}
        assert all(u.text == u.text.strip() and u.audio.stat().st_size for u in reading.utterances)


def test_real_test_clips_share_nothing_with_the_pool(speech: Path | None, tmp_path: Path) -> None:
    folder = speech / "mdw" if speech else superb(tmp_path, "mini", "mdw")
    if not speech:
        touch(folder / "wav" / "c.wav")
        (folder / "transcript_10min_test.txt").write_text("c mdw Other text\n")
    train, test = ({u.text for u in read_corpus(folder, split).utterances} for split in SPLITS)
    assert train
    assert test
    assert not train & test


def test_a_transcript_is_split_on_white_space_at_most_twice(tmp_path: Path) -> None:
    folder = superb(tmp_path, "c", "mdw")
    (folder / "utt2spk").write_text("a anna\nb\n")
    reading = read_corpus(folder)
    assert [(u.id, u.text, u.speaker, u.language) for u in reading.utterances] == [
        ("a", "Text  of a", "anna", "mdw"),
        ("b", "Text  of b", "", "mdw"),
    ]
    assert reading.lines == (1, 2)


@pytest.mark.parametrize("suffix", [".wav", ".ogg", ".flac", ".FLAC"])
def test_recordings_of_any_format(tmp_path: Path, suffix: str) -> None:
    folder = superb(tmp_path, "c", "mdw", suffix=suffix)
    assert [u.audio.name for u in read_corpus(folder).utterances] == [f"a{suffix}", f"b{suffix}"]


def test_bad_lines_of_a_transcript(tmp_path: Path) -> None:
    folder = superb(tmp_path, "c", "mdw", "abcd")
    text = "a mdw fine\n\nx mdw no recording\nb mdw\nc\na mdw again\n../a mdw up\nd mdw also fine"
    (folder / "transcript_10min_train.txt").write_text(text)
    reading = read_corpus(folder)
    assert [u.id for u in reading.utterances] == ["a", "d"]
    assert reading.lines == (1, 8)
    assert reasons(reading) == {
        3: 'There is no recording "x" in the folder wav.',
        4: "The row has no text.",
        5: "The row has no text.",
        6: 'Line 1 has the same id, "a".',
        7: 'There is no recording "../a" in the folder wav.',
    }


def test_languages_of_a_root(tmp_path: Path) -> None:
    superb(tmp_path, "LAD", "sxb")
    superb(tmp_path, "LAD", "eng")
    superb(tmp_path, "voxforge", "eng")
    superb(tmp_path, "voxforge", "org_jpn")
    touch(tmp_path / "languages.csv")
    assert list(languages(tmp_path)) == ["LAD/eng", "jpn", "sxb", "voxforge/eng"]
    assert languages(tmp_path)["jpn"] == tmp_path / "voxforge" / "org_jpn"
    assert list(languages(tmp_path / "LAD")) == ["eng", "sxb"]


def test_a_root_with_one_language_is_that_language(tmp_path: Path) -> None:
    superb(tmp_path, "LAD", "sxb")
    assert read_corpus(tmp_path).utterances == read_corpus(tmp_path / "LAD" / "sxb").utterances


def test_a_root_with_several_languages_asks_for_one(tmp_path: Path) -> None:
    superb(tmp_path, "LAD", "sxb")
    superb(tmp_path, "LAD", "mdw")
    with pytest.raises(CorpusError, match=r"holds 2 languages; name the folder of one, such as .*mdw"):
        read_corpus(tmp_path)


def test_a_split_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match='no split "9h"; choose one of 10min_train'):
        read_corpus(superb(tmp_path, "c", "mdw"), "9h")


@pytest.mark.parametrize("file", corpora.FILE_COLUMNS)
@pytest.mark.parametrize("text", ["text", "Sentence", " transcript", "TRANSCRIPTION"])
def test_columns_by_all_their_names(tmp_path: Path, file: str, text: str) -> None:
    touch(tmp_path / "clips" / "a.wav")
    row = {"speaker": "anna", file: "clips/a.wav", text: "Words", "language": "org_jpn", "id": "one"}
    utterance = Utterance("one", tmp_path / "clips" / "a.wav", "Words", "jpn", "anna")
    assert read_corpus(write_table(tmp_path, [row])).utterances == (utterance,)
    assert read_corpus(tmp_path).utterances == (utterance,)


def test_a_folder_with_several_tables(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        touch(tmp_path / f"{name}.wav")
        write_table(tmp_path, [{"file": f"{name}.wav", "text": name}], f"{name}.csv")
    assert [u.text for u in read_corpus(tmp_path, "b").utterances] == ["b"]
    with pytest.raises(CorpusError, match=r"several tables; name one of them: a.csv, b.csv, c.csv"):
        read_corpus(tmp_path)
    (tmp_path / "c.csv").rename(tmp_path / "metadata.csv")
    assert [u.text for u in read_corpus(tmp_path).utterances] == ["c"]


def test_bad_rows_of_a_table(tmp_path: Path) -> None:
    folder = tmp_path / "corpus"
    for name in ("a.wav", "b.wav", "c.wav", "../outside.wav"):
        touch(folder / name)
    rows = [
        {"file": "a.wav", "text": "fine", "id": "a"},
        {"file": "missing.wav", "text": "gone"},
        {"file": "b.wav", "text": "  "},
        {"text": "no file"},
        {"file": "../outside.wav", "text": "out"},
        {"file": "x/../../outside.wav", "text": "out"},
        {"file": "b.wav", "text": "same id", "id": "a"},
        {"file": "./a.wav", "text": "fine"},
        {"file": "", "text": "no name"},
        {"file": "n" * 5000, "text": "name too long"},
        {"file": "nul\0.wav", "text": "no such name"},
        {"file": ".", "text": "a folder"},
        {"file": "b.wav", "text": "fine"},
    ]
    (folder / "t.jsonl").write_text("\n".join(["{", *map(json.dumps, rows)]))
    reading = read_corpus(folder / "t.jsonl")
    assert [(u.id, u.text) for u in reading.utterances] == [("a", "fine"), ("b", "fine")]
    assert reading.lines == (2, 14)
    told = reasons(reading)
    assert sorted(told) == [1, *range(3, 14)]
    assert told[3] == 'There is no recording "missing.wav"; add it.'
    assert told[4] == "The row has no text."
    assert told[5].startswith('No column names the recordings: there are "text"; call one "file" (audio, ')
    assert "leaves the folder of the table" in told[6]
    assert "leaves the folder of the table" in told[7]
    assert told[8] == 'Line 2 has the same id, "a".'
    assert told[9] == 'Line 2 has the same recording, "a.wav".'
    assert all(reason.endswith(".") and reason.count(". ") == 0 for reason in told.values())


def test_two_texts_of_one_recording_are_both_refused(tmp_path: Path) -> None:
    """Nobody knows which one is spoken there; that the first came first says nothing."""
    for name in ("a.wav", "b.wav"):
        touch(tmp_path / name)
    said = [("a.wav", "one"), ("b.wav", "two"), ("./a.wav", "three"), ("a.wav", "one"), ("b.wav", "two")]
    reading = read_corpus(write_table(tmp_path, [{"file": file, "text": text} for file, text in said]))
    assert [(u.id, u.text) for u in reading.utterances] == [("b", "two")]
    told = reasons(reading)
    first, second = reading.lines[0] - 1, reading.lines[0] + 1
    assert list(told) == [first, second, second + 1, second + 2]
    assert told[first].startswith(f'Line {second} has the same recording, "a.wav", with another text; keep')
    assert told[second].startswith(f'Line {first} has the same recording, "a.wav", with another text; keep')
    assert told[second + 1] == f'Line {first} has the same recording, "a.wav".'
    assert told[second + 2] == f'Line {first + 1} has the same recording, "b.wav".'


def test_an_absolute_path_may_lie_elsewhere(tmp_path: Path) -> None:
    sound = touch(tmp_path / "elsewhere" / "a.wav")
    (tmp_path / "corpus").mkdir()
    table = write_table(tmp_path / "corpus", [{"file": str(sound), "text": "Words"}])
    assert read_corpus(table).utterances == (Utterance("a", sound, "Words"),)


def test_ids_from_file_names_are_unique(tmp_path: Path) -> None:
    rows = [{"file": f"{speaker}/001.wav", "text": speaker} for speaker in "xyz"]
    for row in rows:
        touch(tmp_path / row["file"])
    assert [u.id for u in read_corpus(write_table(tmp_path, rows)).utterances] == ["001", "001-2", "001-3"]


def test_a_table_without_a_header_says_which_columns_it_needs(tmp_path: Path) -> None:
    touch(tmp_path / "a.wav")
    (tmp_path / "t.csv").write_text("a.wav,one\na.wav,two\n")
    with pytest.raises(
        CorpusError, match=r'line 2: No column .*: there are "a.wav", "one"; call two "file" '
    ):
        read_corpus(tmp_path)


@pytest.mark.parametrize("text", ["", "file,text\n"])
def test_a_table_without_rows(tmp_path: Path, text: str) -> None:
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(CorpusError, match="There are no rows"):
        read_corpus(tmp_path)


def test_places_where_there_is_no_corpus(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="There is no folder"):
        read_corpus(tmp_path / "nowhere")
    with pytest.raises(CorpusError, match="holds no transcripts; add a table"):
        read_corpus(tmp_path)


@given(st.lists(st.sampled_from(["good", "missing", "empty", "twice", "short"]), min_size=1, max_size=10))
def test_good_rows_stay_and_bad_ones_are_named(
    tmp_path_factory: pytest.TempPathFactory, kinds: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("t")
    rows = {
        "missing": "no.wav,Words",
        "empty": "first.wav,",
        "twice": "first.wav,Words",
        "short": "first.wav",
    }
    touch(folder / "first.wav")
    lines = ["file,text", "first.wav,Words"]
    for number, kind in enumerate(kinds):
        touch(folder / f"{number}.wav")
        lines.append(rows.get(kind, f"{number}.wav,Words"))
    (folder / "t.csv").write_text("\n".join(lines))
    reading = read_corpus(folder)
    good = [line for line, kind in enumerate(kinds, start=3) if kind == "good"]
    assert reading.lines == (2, *good)
    assert [row.line for row in reading.rejected] == [n for n in range(3, len(kinds) + 3) if n not in good]
