"""Columns as a person chooses them: the clips that are meant, to the letter, or one sentence."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smile import importing
from smile.audio.io import read_audio
from smile.corpora.columns import FILE_COLUMNS, TEXT_COLUMNS, column_key
from smile.corpora.mapping import ColumnMapping
from smile.corpora.preview import Preview, preview
from smile.datatypes import CorpusError
from smile.importing import ColumnsError, Hints, read_source
from tests.support.boundaries import boundary
from tests.support.linguists import heights, staircase, write_xlsx
from tests.support.naming import WAYS

NAMES = ("clips/my clip.wav", "clips/é1.wav", "s2/b.wav")
SAID = ("mo chù, agus", "chaidh e dhachaigh", "“tha”; e")
ROWS = [["Ana", name, text, f"gloss {n}"] for n, (name, text) in enumerate(zip(NAMES, SAID, strict=True))]
KNOWN = {*FILE_COLUMNS, *TEXT_COLUMNS}


def saved(
    folder: Path,
    rows: list[list[str]],
    suffix: str,
    delimiter: str = ",",
    encoding: str = "utf-8",
    **how: Any,
) -> Path:
    """A table of rows, the first of which has the names of jsonl, beside its recordings."""
    for name in NAMES:
        (folder / name).parent.mkdir(exist_ok=True, parents=True)
        (folder / name).write_bytes(b"RIFF")
    path = folder / f"t.{suffix}"
    if suffix == "xlsx":
        return write_xlsx(path, rows, "openpyxl")
    if suffix == "jsonl":
        lines = [json.dumps(dict(zip(rows[0], row, strict=True))) for row in rows[1:]]
        path.write_text("\n".join(lines), encoding)
        return path
    out = io.StringIO(newline="")
    csv.writer(out, delimiter="\t" if suffix == "tsv" else delimiter, **how).writerows(rows)
    path.write_bytes(out.getvalue().encode(encoding))
    return path


def clips(path: Path, columns: str | ColumnMapping | None) -> dict[str, str]:
    """Text by recording, as they are read with some columns."""
    mapping = ColumnMapping.parsed(columns) if isinstance(columns, str) else columns
    imported = read_source(path, path.parent / "w", hints=Hints(columns=mapping))
    return {u.audio.relative_to(path.parent).as_posix(): u.text for u in imported.reading.utterances}


RIGHT = dict(zip(NAMES, SAID, strict=True))


@pytest.mark.parametrize("suffix", ["csv", "tsv", "xlsx", "jsonl"])
@pytest.mark.parametrize("columns", ["audio=Klang,text=Wort", "audio=2,text=3", "text = wort, audio = KLANG"])
def test_columns_are_chosen_by_name_or_place(tmp_path: Path, suffix: str, columns: str) -> None:
    path = saved(tmp_path, [["Wer", "Klang", "Wort", "Glosse"], *ROWS], suffix)
    with pytest.raises(ColumnsError, match="No column names the recordings and none holds the texts"):
        clips(path, None)
    assert importing.takes(path), "the command line says how they are chosen"
    assert clips(path, columns) == RIGHT


@pytest.mark.parametrize("suffix", ["csv", "tsv", "xlsx"])
def test_a_table_without_names_of_columns_loses_no_row(tmp_path: Path, suffix: str) -> None:
    path = saved(tmp_path, ROWS, suffix)
    assert clips(path, "audio=2,text=3") == RIGHT
    assert clips(path, "audio=2,text=4") == {name: f"gloss {n}" for n, name in enumerate(NAMES)}
    assert clips(path, "audio=2,text=3,first=2") == dict(list(RIGHT.items())[1:])


def test_what_is_chosen_goes_before_what_is_called_so(tmp_path: Path) -> None:
    path = saved(
        tmp_path, [["text", "Klang", "file", "from", "split"], *([*row, "train"] for row in ROWS)], "csv"
    )
    assert clips(path, "audio=Klang,text=from") == {name: f"gloss {n}" for n, name in enumerate(NAMES)}


def test_titles_above_and_columns_that_count_besides(tmp_path: Path) -> None:
    rows = [["Words of Ana"], [], ["split", "Klang", "Wort", "x"], *ROWS]
    rows[3:] = [[split, *row[1:]] for split, row in zip(("train", "test", "train"), ROWS, strict=True)]
    path = saved(tmp_path, rows, "csv", ";")
    wanted = {name: RIGHT[name] for name in (NAMES[0], NAMES[2])}
    assert clips(path, "audio=Klang,text=Wort") == wanted
    assert clips(path, "audio=2,text=3,first=4") == wanted


@pytest.mark.parametrize(
    ("names", "times", "chosen"),
    [
        (("von", "bis"), ("1.0", "2.0"), "start=von,end=bis"),
        (("t_on (ms)", "t_off (ms)"), ("1000", "2000"), "start=4,end=5"),
        (("start_timestamp", "duration"), ("1", "1"), "start=4,end=duration"),
        (("start_timestamp", "length"), ("1", "1"), "start=4,end=length"),
    ],
)
def test_times_are_chosen_with_their_unit(
    tmp_path: Path, names: tuple[str, str], times: tuple[str, str], chosen: str
) -> None:
    staircase(tmp_path / "talk.wav", 4)
    path = tmp_path / "t.csv"
    path.write_text(f"wer,klang,wort,{','.join(names)}\nAna,talk.wav,mo chù,{','.join(times)}\n")
    mapping = ColumnMapping.parsed(f"audio=klang,text=wort,{chosen}")
    (clip,) = read_source(path, tmp_path / "w", hints=Hints(columns=mapping)).reading.utterances
    assert (clip.text, heights(read_audio(clip.audio))) == ("mo chù", [1])


@pytest.mark.parametrize(
    "said",
    [
        *("", "audio", "audio=a", "audio=a,text=", "audio=a,text=a", "audio=a,text=A"),
        *("audio=a,text=b,start=c", "audio=a,text=b,x=c", "audio=a,text=b,audio=c", "audio=a,text=b,first=x"),
    ],
)
def test_a_choice_that_makes_no_sense_is_refused(said: str) -> None:
    with pytest.raises(CorpusError) as told:
        ColumnMapping.parsed(said)
    assert str(told.value).endswith(".")
    with pytest.raises(CorpusError):
        ColumnMapping.parsed(f"audio={'a' * 300},text=b")


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ("audio=9,text=1", "There is no column 9; the table has 4"),
        ("audio=0,text=1", "There is no column 0"),
        ("audio=Bild,text=Wort", 'No column is called "Bild" and "Wort"; there are "Wer", "Klang"'),
        ("audio=2,text=klang", "One column is chosen for two things"),
        ("audio=2,text=3,first=99", "Line 99 is none of the first 10"),
        ("audio=Klang,text=Wer,first=99", "Line 99 is none of the first 10"),
    ],
)
@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_columns_that_are_not_there_are_refused(tmp_path: Path, suffix: str, columns: str, why: str) -> None:
    with pytest.raises(CorpusError, match=why):
        clips(saved(tmp_path, [["Wer", "Klang", "Wort", "Glosse"], *ROWS], suffix), columns)


def proposed(table: Preview | None) -> tuple[int, int, int]:
    assert table
    return table.audio, table.text, table.first


@pytest.mark.parametrize("suffix", ["csv", "tsv", "xlsx"])
@pytest.mark.parametrize(
    ("titles", "asks"),
    [
        (["wer", "audio", "text", "x"], None),
        (["wer", "audio", "text", "sentence"], (2, 3, 2)),
        (["wer", "audio", "x", "y"], (2, 3, 2)),
        (["wer", "audio", "x", "text"], None),
        (["path", "audio", "text", "x"], (2, 3, 2)),
        (["wer", "Klang", "Wort", "x"], (2, 3, 2)),
        (None, (2, 3, 1)),
    ],
)
def test_columns_that_are_not_certain_are_asked_about(
    tmp_path: Path, suffix: str, titles: list[str] | None, asks: tuple[int, int, int] | None
) -> None:
    path = saved(tmp_path, [*([titles] if titles else []), *ROWS], suffix)
    table = preview(path)
    assert (table and proposed(table)) == asks
    assert Preview.from_json(json.loads(json.dumps(table.to_json() if table else None))) == table


def test_a_recording_is_told_by_what_came_along(tmp_path: Path) -> None:
    path = saved(tmp_path, [["my clip", "is a text"], ["b", "another text"]], "csv")
    assert proposed(preview(path, ["my clip.wav", "b.flac"])) == (1, 2, 1)
    assert preview(saved(tmp_path, [], "csv")) is None


def test_doubtful_times_are_asked_about(tmp_path: Path) -> None:
    rows = [["audio", "text", "from", "to"], ["a.wav", "one", "0.5", "1.5"]]
    assert proposed(preview(saved(tmp_path, rows, "csv"))) == (1, 2, 2)
    assert preview(saved(tmp_path, [["audio", "text", "start", "end"], rows[1]], "csv")) is None


@dataclass(frozen=True)
class Case:
    """A table, and where its columns are."""

    rows: list[list[str]]
    suffix: str
    delimiter: str
    encoding: str
    audio: int
    text: int
    titled: bool
    said: dict[str, str]  # text by recording
    how: dict[str, Any]  # of quotation marks and line ends


TEXT = st.text(
    st.characters(categories=["L", "Mn", "Mc", "Nd", "P", "S", "Zs"], exclude_characters="\ufffd"),
    min_size=1,
    max_size=12,
).map(lambda text: " ".join(text.split()))
TITLE = TEXT.filter(lambda name: column_key(name) not in {*KNOWN, ""} and not name.isdigit())


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Tables of two to five columns in any order, with titles that nobody knows or none."""
    said = {name: draw(TEXT.filter(lambda text: any(map(str.isalpha, text)))) for name in NAMES}
    way = WAYS[draw(st.sampled_from(sorted(WAYS)))]
    width = draw(st.integers(2, 5))
    audio, text = draw(st.permutations(range(width)))[:2]
    rows = [[draw(TEXT) for _ in range(width)] for _ in said]
    for row, (name, words) in zip(rows, said.items(), strict=True):
        row[audio], row[text] = way(name), words
    suffix = draw(st.sampled_from(["csv", "tsv", "xlsx", "jsonl"]))
    titled = suffix == "jsonl" or draw(st.booleans())
    titles = draw(st.lists(TITLE, min_size=width, max_size=width, unique_by=column_key))
    encoding = (
        draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16"])) if suffix in ("csv", "tsv") else "utf-8"
    )
    delimiter = draw(st.sampled_from(",;\t|"))
    how = {
        "quoting": draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])),
        "lineterminator": draw(st.sampled_from(["\n", "\r\n"])),
    }
    return Case(
        [*([titles] if titled else []), *rows], suffix, delimiter, encoding, audio, text, titled, said, how
    )


@boundary(40)
@given(cases(), st.booleans())
def test_any_table_is_right_to_the_letter_or_refused(
    tmp_path_factory: pytest.TempPathFactory, case: Case, by_name: bool
) -> None:
    folder = tmp_path_factory.mktemp("t")
    path = saved(folder, case.rows, case.suffix, case.delimiter, case.encoding, **case.how)
    places: dict[str, Any] = {"audio": str(case.audio + 1), "text": str(case.text + 1)}
    if case.titled and by_name:
        places = {"audio": case.rows[0][case.audio], "text": case.rows[0][case.text]}
    first = 2 if case.titled and not by_name and case.suffix != "jsonl" else 0
    try:
        taken = clips(path, ColumnMapping(**places, first=first))
    except CorpusError as error:
        told = str(error)
        assert told.endswith((".", '"')), told
        assert "\n" not in told
        raise
    assert taken == case.said, "each text is that of its recording"
