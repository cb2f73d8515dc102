"""Files that become examples: the columns of a table are chosen, and files that are refused stay."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZipFile

import gradio as gr
import pytest

from smile.importing import Imported
from smile.own import growing
from smile.pools.pool import open_pool
from smile.ui import VisitorService
from smile.ui.own import adding, runs
from tests.conftest import POOLS
from tests.support.linguists import write_textgrid
from tests.support.uploads import upload
from tests.support.visitors import named

DEMO = open_pool(POOLS / "gla")


def test_chosen_columns_are_read_and_files_that_are_refused_stay(
    idle: VisitorService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = DEMO.utterances[0].audio
    (tmp_path / "t.csv").write_text(f"wer,klang,wort\nAna,{clip.stem},mo chù\n")
    files = [upload(tmp_path / "t.csv"), upload(clip)]
    key, read = named(idle), list[Imported]()

    def keep(imported: Imported) -> growing.Added:
        read.append(imported)
        return growing.Added(DEMO, 1)

    monkeypatch.setattr(growing, "ready", lambda *_: None)
    monkeypatch.setattr(growing, "add_imported", lambda _, imported, *__: keep(imported))
    ((_, _, asked, _, html, *dropdowns),) = adding.look(files)
    assert (asked, [update["value"] for update in dropdowns]) == (True, ["2", None, "0", "0", "2"])
    assert "Ana" in html
    *_, last = adding.add_files(idle, key, files, [])
    assert "or choose below the files which columns are meant" in str(last.stage)
    wrong = ([], ["x", "3"], [["2"], "3"], ["2", {}], [2, 3], ["2", "99"], ["2", "3", "1", None], ["2", "2"])
    for forged in wrong:
        *_, last = adding.add_files(idle, key, files, [], [], True, *forged)
        assert "stage error" in str(last.stage), forged
    assert all(Path(file).is_file() for file in files), "they can be tried once more"
    assert last.uploads == gr.skip()
    list(adding.add_files(idle, key, files, [], [], True, "2", "3", "0", "0", "2"))
    ((said,),) = [imported.reading.utterances for imported in read]
    assert (said.text, said.audio.name) == ("mo chù", clip.name)


def test_files_of_an_import_that_ends_well_or_is_cancelled_go(
    idle: VisitorService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(growing, "add_imported", lambda *_: growing.Added(DEMO, 1))
    monkeypatch.setattr(growing, "ready", lambda *_: None)
    clip = DEMO.utterances[0].audio
    (tmp_path / "t.csv").write_text(f"file,text\n{clip.name},mo chù\n")
    for cancelled in (False, True):
        files, key = [upload(tmp_path / "t.csv"), upload(clip)], named(idle)
        steps = adding.add_files(idle, key, files, [])
        if cancelled:
            next(steps)
            next(steps)
            steps.close()
            assert runs.ended(idle, "add_files", key, runs.Runs()).uploads is None
        else:
            assert any(page.uploads is None for page in steps)
        assert not any(Path(file).exists() for file in files)


def test_a_table_beside_annotations_of_one_tier_can_be_told_from_them_on_the_page(
    idle: VisitorService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[Imported] = []

    def keep(imported: Imported) -> growing.Added:
        read.append(imported)
        return growing.Added(DEMO, 1)

    monkeypatch.setattr(growing, "add_imported", lambda _, imported, *__: keep(imported))
    monkeypatch.setattr(growing, "ready", lambda *_: None)
    clip = DEMO.utterances[0].audio
    write_textgrid(
        tmp_path / "a.TextGrid", tiers={"said": [(0.2, 0.9, "grid")]}, seconds=DEMO.utterances[0].seconds
    )
    with ZipFile(tmp_path / "mine.zip", "w") as archive:
        archive.write(clip, f"a{clip.suffix}")
        archive.write(tmp_path / "a.TextGrid", "a.TextGrid")
        archive.writestr("t.csv", f"file,text\na{clip.suffix},table\n")
    files, key = [upload(tmp_path / "mine.zip")], named(idle)
    ((offered, names, *_),) = adding.look(files)
    assert (offered["value"], offered["visible"], names) == ([], True, ["said"]), "nobody's guess decides"
    *_, last = adding.add_files(idle, key, files, [], names)
    assert "tick the tier to cut the recording at, or choose the files again without" in str(last.stage)
    list(adding.add_files(idle, key, files, ["said"], names))
    ((said,),) = [imported.reading.utterances for imported in read]
    assert said.text == "grid"
