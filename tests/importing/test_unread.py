"""What is given and not read is named: other sheets and tables, archives in archives, files given twice."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest

from smile import corpora, importing
from smile.corpora.tabular import Tabular
from smile.datatypes import CorpusError
from smile.importing import Imported
from tests.support.linguists import staircase, write_textgrid

TABLE = "file,text\na.wav,one\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    staircase(tmp_path / "in" / "a.wav", 2)
    (tmp_path / "in" / "metadata.csv").write_text(TABLE, encoding="utf-8")
    return tmp_path / "in"


def read(folder: Path, tiers: tuple[str, ...] = ()) -> Imported:
    imported = importing.read_source(folder, folder.parent / "work", tiers=tiers)
    assert [u.audio.stem[0] for u in imported.reading.utterances] == ["a" if not tiers else "0"]
    return imported


def zipped(path: Path, *files: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for file in files:
            archive.write(file, file.name)
    return path


def test_nothing_is_said_where_all_is_read(folder: Path) -> None:
    (folder / "~$clips.xlsx").write_text("x", encoding="utf-8")
    (folder / "._more.csv").write_text("x", encoding="utf-8")
    assert read(folder).notes == ()


@pytest.mark.parametrize("name", ["clips.csv", "more/clips.tsv", "more/deep/metadata.csv"])
def test_other_tables_are_named(folder: Path, name: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(TABLE, encoding="utf-8")
    note = f"Other tables were left out: {name}; the clips are those of metadata.csv."
    assert read(folder).notes == (note,)
    corpus = corpora.open_corpus(folder)
    assert isinstance(corpus, Tabular)
    assert list(corpus.left_out()) == [note]


def test_other_sheets_are_named(folder: Path) -> None:
    from openpyxl import Workbook

    (folder / "metadata.csv").unlink()
    book = Workbook()
    for title, rows in {"Sheet": [], "A": ["one"], "empty": [], "B": ["two"], "C": ["three"]}.items():
        sheet = book[title] if title in book.sheetnames else book.create_sheet(title)
        for row in rows:
            sheet.append(["file", "text"])
            sheet.append(["a.wav", row])
    book.save(folder / "clips.xlsx")
    note = 'Other sheets of clips.xlsx were left out: "B", "C".'
    assert read(folder).notes == (note,)
    assert read(folder / "clips.xlsx").notes == (note,)
    corpus = corpora.open_corpus(folder / "clips.xlsx")
    assert isinstance(corpus, Tabular)
    assert list(corpus.left_out()) == [note]


def test_an_archive_in_an_archive_is_named(folder: Path) -> None:
    inner = zipped(folder.parent / "inner.zip", folder / "a.wav")
    outer = zipped(folder.parent / "outer.zip", *folder.iterdir(), inner)
    note = "Archives in it were left out: inner.zip; unpack them to have them read."
    assert read(outer).notes == (note,)
    assert read(importing.gather([outer], folder.parent / "g")).notes == (note,)
    write_textgrid(folder / "a.TextGrid", tiers={"t": [(0.1, 0.9, "x")]})
    shutil.copyfile(inner, folder / "inner.zip")
    (folder / "old.xls").write_bytes(b"x")
    notes = read(folder, tiers=("t",)).notes
    assert note in notes
    assert "Left out: old.xls; save what is needed of them as .xlsx or .csv." in notes


def test_a_file_that_is_given_twice_counts_once(folder: Path, tmp_path: Path) -> None:
    one = zipped(tmp_path / "pool.zip", *folder.iterdir())
    (tmp_path / "again").mkdir()
    two = shutil.copyfile(one, tmp_path / "again" / "pool.zip")
    for files in ([one, one], [one, two], [*folder.iterdir(), *folder.iterdir()]):
        assert not read(importing.gather(files, tmp_path / "g")).notes


def test_different_files_of_one_name_are_refused(folder: Path, tmp_path: Path) -> None:
    one = zipped(tmp_path / "pool.zip", *folder.iterdir())
    (tmp_path / "again").mkdir()
    two = zipped(tmp_path / "again" / "pool.zip", folder / "a.wav")
    with pytest.raises(CorpusError, match=r'Two files are called "pool\.zip"; rename one'):
        importing.gather([one, two], tmp_path / "g")
