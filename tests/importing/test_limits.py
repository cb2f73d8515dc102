"""Files that ask for too much: refused in one sentence, or read in as many steps as they are long."""

from __future__ import annotations

import json
import sys
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from smile import corpora, importing
from smile.corpora import Names, delimited, parted, tables
from smile.corpora.recordings import Match
from smile.corpora.sheets import TableLimits
from smile.datatypes import CorpusError, Utterance
from smile.importing import GENEROUS, Limits, Recordings, archive, clips, eaf
from smile.importing.limits import STRANGERS
from tests.support import bombs
from tests.support.linguists import staircase

SMALL = Limits(
    archive_bytes=1_000_000,
    entries=20,
    table=TableLimits(bytes=40_000, workbook_bytes=1_000_000, rows=300, columns=10, characters=20_000),
    annotation_bytes=60_000,
    annotations=100,
    tiers=10,
    clips=20,
    clip_seconds=60.0,
    sound_seconds=3600.0,
)
Make = Callable[[Path], Path]


def steps(work: Callable[[], object], inside: str) -> int:
    """How many lines of a package's files, by a part of their path, are run while something is done."""
    count = 0

    def line(frame: Any, event: str, _: Any) -> Any:
        nonlocal count
        count += event == "line"
        return line

    def call(frame: Any, event: str, arg: Any) -> Any:
        return line if inside in frame.f_code.co_filename else None

    before = sys.gettrace()
    sys.settrace(call)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def growth(work: Callable[[int], Callable[[], object]], inside: str, size: int = 300) -> float:
    """How much more is done for four times as much; 4 is linear, 16 is quadratic."""
    small, large = (steps(work(n), inside) for n in (size, 4 * size))
    return large / small


def read_small(source: Path, limits: Limits = SMALL) -> importing.Imported:
    return importing.read_source(source, source.parent / "work", limits=limits)


# refused, with the number and the way out


TOO_MUCH: dict[str, tuple[str, Make, str]] = {
    "table bytes": ("t.csv", lambda p: _text(p, "file,text\n" * 5000), r"0 MB.*split it"),
    "json bytes": ("t.jsonl", lambda p: _text(p, '{"a":' * 10_000), r"may have 0 MB.*split it"),
    "rows": ("t.csv", lambda p: _text(p, "file,text\n" + "a,b\n" * 400), "more than 300 rows; split it"),
    "bad rows": ("t.csv", lambda p: bombs.shut_at_once(p, 400), "more than 300 rows; split it"),
    "columns": ("t.csv", lambda p: _text(p, ",".join("abcdefghijk") + "\n"), "more than 10 columns"),
    "sheet columns": ("t.xlsx", lambda p: bombs.workbook(p, _titles(11)), "more than 10 columns"),
    "sheet rows": ("t.xlsx", lambda p: bombs.far_cells(p, 400), "more than 300 rows"),
    "sheet strings": ("t.xlsx", lambda p: bombs.many_strings(p, 40), "more cells than a table of 300 rows"),
    "sheet bytes": ("t.xlsx", lambda p: bombs.many_strings(p, 90), "holds 2 MB; a workbook may hold 1 MB"),
    "sheet characters": ("t.xlsx", lambda p: bombs.repeated_string(p, 100, 1000), "20,000 characters"),
    "annotation bytes": ("a.eaf", lambda p: bombs.chain(p, 500), "0 MB of annotations.*split them"),
    "annotations": ("a.eaf", lambda p: bombs.chain(p, 150), "100 annotations of an import; split it"),
    "tags": ("a.eaf", lambda p: bombs.eaf(p, "<a/>" * 2000), "100 annotations of an import; split it"),
    "empty tiers": ("a.eaf", lambda p: bombs.many_tiers(p, 11, 0), "more than 10 tiers"),
    "empty annotations": ("a.eaf", lambda p: bombs.many_tiers(p, 6, 20), "100 annotations"),
    "clips": ("a.eaf", lambda p: bombs.namesakes(p, 30), "30 clips; at most 20 are cut"),
    "hours": ("a.TextGrid", lambda p: _grid(p, 5, 20.0), "0.0 hours of clips; at most 0.0166667"),
    "hours less none": ("a.TextGrid", lambda p: _grid(p, 5, 20.0, backwards=True), "0.0 hours of clips"),
    "sound": ("a.TextGrid", lambda p: _grid(p, 2, 3000.0, 5.0), "2 hours of recordings; at most 1 are read"),
    "intervals": ("a.TextGrid", lambda p: bombs.textgrid(p, "1", "9" * 20), "100 annotations"),
    "negative intervals": (
        "a.TextGrid",
        lambda p: bombs.textgrid(p, "1", "-" + "9" * 20),
        "nothing can be cut",
    ),
    "infinite intervals": ("a.TextGrid", lambda p: bombs.textgrid(p, "1", "1e999"), "damaged"),
    "praat tiers": ("a.TextGrid", lambda p: bombs.textgrid(p, "9" * 20, "0"), "more than 10 tiers"),
    "entries": ("z.zip", lambda p: bombs.zipped(p, _numbered(30)), "30 files; at most 20 are taken"),
    "unpacked": ("z.zip", lambda p: bombs.zipped(p, [("a.wav", bytes(2_000_000))]), "0.0 GB, unpacked"),
    "overlap": ("z.zip", lambda p: bombs.overlapping(p, 15, 10_000), "damaged or no zip"),
    "deep": ("z.zip", lambda p: bombs.zipped(p, [("d/" * 900 + "a.wav", b"x")]), "900 deep; at most 20"),
    "long name": ("z.zip", lambda p: bombs.zipped(p, [("n" * 10_000, b"x")]), "too long.*a shorter one"),
    "directory": ("z.zip", lambda p: bombs.zipped(p, _numbered(30, "n" * 60_000)), "its directory is larger"),
    "doctype": ("a.eaf", lambda p: _text(p, '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'), "damaged"),
    "attributes": ("a.eaf", lambda p: _text(p, f"<a {_attributes(9000)}/>"), "0 MB of annotations"),
}


def _text(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def _titles(columns: int) -> str:
    return f'<row r="1">{"".join(bombs.inline(f"{chr(65 + n)}1", f"c{n}") for n in range(columns))}</row>'


def _attributes(count: int) -> str:
    return " ".join(f'a{n}=""' for n in range(count))


def _numbered(count: int, name: str = "") -> Iterator[tuple[str, bytes]]:
    return ((f"{n}{name}", b"x") for n in range(count))


def _grid(path: Path, count: int, step: float, seconds: float = 20.0, backwards: bool = False) -> Path:
    text = "".join(f'{n * step}\n{n * step + seconds}\n"x"\n' for n in range(1, count + 1))
    text += '90000\n0\n"x"\n' * backwards
    return bombs.textgrid(path, "1", str(count + backwards), text)


@pytest.mark.parametrize("kind", TOO_MUCH)
def test_what_is_too_much_is_refused_in_a_sentence(tmp_path: Path, kind: str) -> None:
    name, make, sentence = TOO_MUCH[kind]
    with pytest.raises(CorpusError, match=sentence) as refused:
        read_small(make(tmp_path / name))
    assert len(str(refused.value)) < 300
    assert not (tmp_path / "work" / importing.CLIPS).exists()


def test_many_small_files_are_counted_together(tmp_path: Path) -> None:
    for number in range(3):
        bombs.namesakes(tmp_path / f"{number}.eaf", 40)
    with pytest.raises(CorpusError, match="100 annotations of an import"):
        read_small(tmp_path)
    zips = [bombs.zipped(tmp_path / f"{n}.zip", _numbered(15)) for n in range(2)]
    with pytest.raises(CorpusError, match="The zips: 30 files"):
        importing.gather(zips, tmp_path / "gathered", SMALL)
    assert not (tmp_path / "gathered").exists()


def test_what_is_no_file_is_not_gathered(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "link.csv").symlink_to(_text(tmp_path / "t.csv", "file,text\n"))
    for name in ("folder.csv", "link.csv", "nothing.csv"):
        with pytest.raises(CorpusError, match="no file that can be read"):
            importing.gather([tmp_path / name], tmp_path / "work")


def test_the_size_of_a_directory_is_seen_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, read_at_once = bombs.zipped(tmp_path / "z.zip", _numbered(30, "n" * 60_000)), []
    original = archive.io.BufferedReader.read

    class Watched(archive._Guarded):
        def read(self, size: int | None = -1, /) -> bytes:
            content = super().read(size)
            read_at_once.append(len(content))
            return content

    monkeypatch.setattr(archive, "_Guarded", Watched)
    with pytest.raises(CorpusError, match="its directory is larger"):
        archive.unpack(source, tmp_path / "x", SMALL)
    assert original is archive.io.BufferedReader.read
    assert max(read_at_once) < 100_000 < source.stat().st_size


def test_the_texts_of_pools_and_corpora_are_those_of_a_table(tmp_path: Path) -> None:
    for folder, name in (("pool", "pool.json"), ("pool", "clips.csv"), ("corpus/mdw", "transcript_a.txt")):
        (tmp_path / folder / "wav").mkdir(parents=True, exist_ok=True)
        _text(tmp_path / folder / name, "x y z\n" * 10_000)
    for folder in ("pool", "corpus"):
        with pytest.raises(CorpusError, match="MB of texts; at most 0 MB are taken, so split it"):
            read_small(tmp_path / folder)


def test_of_a_zip_only_what_is_asked_for_is_unpacked(tmp_path: Path) -> None:
    files = [("x/a.EAF", b"<a/>"), ("x/a.wav", bytes(100)), ("b.TextGrid", b"")]
    source = bombs.zipped(tmp_path / "z.zip", files)
    folder = importing.gather([source], tmp_path / "work", suffixes=clips.READERS)
    assert sorted(path.name for path in folder.rglob("*.*")) == ["a.EAF", "b.TextGrid"]


def test_a_zip_in_a_zip_is_not_opened(tmp_path: Path) -> None:
    inner = bombs.zipped(tmp_path / "inner.zip", [("a.wav", bytes(500_000))]).read_bytes()
    outer = bombs.zipped(tmp_path / "outer.zip", [("inner.zip", inner), ("t.csv", b"file,text\na,b\n")])
    folder = importing.unpack(outer, tmp_path / "x", SMALL)
    assert sorted(path.name for path in folder.rglob("*")) == ["inner.zip", "t.csv"]


def test_one_s_own_files_may_be_larger(tmp_path: Path) -> None:
    table = _text(tmp_path / "t.csv", "file,text\n" + "a,b\n" * (STRANGERS.table.rows + 1))
    with pytest.raises(CorpusError, match="20,000 rows"):
        read_small(table, STRANGERS)
    assert len(read_small(table, GENEROUS).reading.rejected) == STRANGERS.table.rows + 1


def test_limits_come_back_from_json() -> None:
    assert Limits.from_json(json.loads(json.dumps(SMALL.to_json()))) == SMALL


# as many steps as the file is long


def test_chains_of_references_are_followed_once(tmp_path: Path) -> None:
    def work(links: int, circle: bool) -> Callable[[], object]:
        path = bombs.chain(tmp_path / f"{links}{circle}.eaf", links, circle)
        return lambda: eaf.read_eaf(path, GENEROUS)

    for circle in (False, True):
        assert growth(lambda n, c=circle: work(n, c), "importing") < 6


def test_a_chain_has_the_times_at_its_end_and_a_circle_none(tmp_path: Path) -> None:
    [annotation] = eaf.read_eaf(bombs.chain(tmp_path / "a.eaf", 3)).tiers[0].annotations
    assert (annotation.start, annotation.end, annotation.text) == (1.0, 2.0, "x a2 a1 a0")
    [annotation] = eaf.read_eaf(bombs.chain(tmp_path / "b.eaf", 2, circle=True)).tiers[0].annotations
    assert (annotation.start, annotation.end, annotation.text) == (None, None, "a0 a1 a2")
    crossing = bombs.referring("b", "c") + bombs.referring("c", "b") + bombs.referring("d", "a")
    body = bombs.SLOTS + bombs.tier("t", [bombs.aligned("a")]) + bombs.tier("u", [crossing])
    _, u = eaf.read_eaf(bombs.eaf(tmp_path / "c.eaf", body)).tiers
    assert [(a.start, a.text) for a in u.annotations] == [(None, "b c"), (1.0, "d")]


def test_tiers_in_tiers_are_looked_at_once(tmp_path: Path) -> None:
    path = bombs.nested_tiers(tmp_path / "a.eaf", 200)
    assert [len(tier.annotations) for tier in eaf.read_eaf(path).tiers] == [0]


def test_equal_names_are_numbered_without_counting_again() -> None:
    def work(count: int) -> Callable[[], object]:
        rows = [(n, Utterance("", Path(f"{n}/a.wav"), "text")) for n in range(count)]
        return lambda: parted(rows)

    assert growth(work, "corpora") < 6
    names = Names(["a", "a-3"])
    assert [names.take(name) for name in ("a", "a", "a-2", "b", "a")] == ["a-2", "a-4", "a-2-2", "b", "a-5"]
    assert "a-5" in names
    assert "a-6" not in names


@pytest.mark.parametrize("make", [bombs.unclosed, bombs.shut_at_once])
def test_lines_that_are_wrong_cost_what_they_are_long(
    tmp_path: Path, make: Callable[[Path, int], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = 0
    original = delimited._taking

    def counting(*arguments: Any) -> Iterator[str]:
        nonlocal taken
        for line in original(*arguments):
            taken += 1
            yield line

    monkeypatch.setattr(delimited, "_taking", counting)
    rows = list(tables.table_rows(make(tmp_path / "t.csv", 2000)))
    assert rows == [(n, delimited.UNCLOSED) for n in range(2, 2002)]
    assert taken <= 2010 * (delimited.MOST_LINES + 1)


def test_a_cell_may_have_some_lines_and_not_thousands(tmp_path: Path) -> None:
    lines = "\n".join(map(str, range(delimited.MOST_LINES)))
    some = _text(tmp_path / "a.csv", f'file,text\na.wav,"{lines}"\nb.wav,x\n')
    assert list(tables.table_rows(some)) == [
        (2, {"file": "a.wav", "text": lines}),
        (delimited.MOST_LINES + 2, {"file": "b.wav", "text": "x"}),
    ]
    more = _text(tmp_path / "b.csv", f'file,text\na.wav,"{lines}\nmore"\nb.wav,x\n')
    rows = dict(tables.table_rows(more))
    assert rows[2] == delimited.UNCLOSED
    assert rows[delimited.MOST_LINES + 3] == {"file": "b.wav", "text": "x"}


def test_a_line_of_json_without_end_is_a_bad_row(tmp_path: Path) -> None:
    long = json.dumps({"file": "a.wav", "text": "x" * tables.LONGEST_LINE})
    path = _text(tmp_path / "t.jsonl", f'{long}\n{{"file": "b.wav"}}\n')
    assert list(tables.table_rows(path)) == [(1, tables.TOO_LONG), (2, {"file": "b.wav"})]


def test_a_far_column_makes_no_wide_rows(tmp_path: Path) -> None:
    path = bombs.far_cells(tmp_path / "t.xlsx", 50)
    assert [row for _, row in tables.table_rows(path)] == [{"file": "a.wav", "text": ""}] * 48


def test_a_far_row_is_not_walked_to(tmp_path: Path) -> None:
    far = f'<row r="999999999">{bombs.inline("A999999999", "a.wav")}</row>'
    assert not list(tables.table_rows(bombs.workbook(tmp_path / "t.xlsx", bombs.TITLES + far)))


def test_a_doctype_in_a_workbook_is_no_bomb(tmp_path: Path) -> None:
    lol = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    path = bombs.workbook(tmp_path / "t.xlsx", bombs.TITLES, "<si><t>&l9;</t></si>")
    bomb = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path) as plain, zipfile.ZipFile(bomb, "w") as made:
        for name in plain.namelist():
            text = plain.read(name)
            if name.endswith("sharedStrings.xml"):
                text = text.replace(bombs.HEAD, bombs.HEAD + f'<!DOCTYPE a [<!ENTITY l0 "l">{lol}]>'.encode())
            made.writestr(name, text)
    with pytest.raises(CorpusError, match="cannot be read as an Excel workbook"):
        list(tables.table_rows(bomb))


def test_a_text_is_no_longer_than_a_clip_can_be(tmp_path: Path) -> None:
    marks = "a" + "\u0301\u0316" * 200_000  # to be sorted before it is compared, in quadratic time
    staircase(tmp_path / "a.wav", 1)
    _text(tmp_path / "t.jsonl", json.dumps({"file": "a.wav", "text": marks}, ensure_ascii=False))
    [row] = read_small(tmp_path, STRANGERS).reading.rejected
    assert "400,001 characters" in row.reason


def test_names_are_looked_up_and_not_searched_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sorted_marks = []
    monkeypatch.setattr(
        corpora.recordings.unicodedata,
        "normalize",
        lambda form, text: sorted_marks.append(len(text)) or unicodedata.ucd_3_2_0.normalize(form, text),
    )
    for number in range(30):
        (tmp_path / str(number)).mkdir()
        staircase(tmp_path / str(number) / "a.wav", 1)
    recordings = Recordings(tmp_path)

    def work(count: int) -> Callable[[], object]:
        files = [tmp_path / str(n) / "a.eaf" for n in range(count)]
        return lambda: [recordings.find("a.wav", file) for file in files]

    near = recordings.find("a.wav", tmp_path / "7" / "a.eaf")
    assert isinstance(near, Match)
    assert near.path == tmp_path / "7" / "a.wav"
    assert growth(work, "corpora", 7) < 6
    assert "400,001 characters" in str(recordings.find("a" + "\u0301\u0316" * 200_000))
    assert max(sorted_marks) < 100


def test_clips_of_one_start_get_names_of_their_own(tmp_path: Path) -> None:
    staircase(tmp_path / "a.wav", 3)
    imported = read_small(bombs.namesakes(tmp_path / "a.eaf", 20), replace(SMALL, annotation_bytes=10**6))
    assert [u.id for u in imported.reading.utterances][:3] == ["a-0001000", "a-0001000-2", "a-0001000-3"]
    assert len(imported.reading.utterances) == 20
