"""Files that become examples: the columns of a table are chosen, and files that are refused stay."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZipFile

import gradio as gr
import pytest

from smile.audio.io import read_audio
from smile.importing import Imported
from smile.own import growing
from smile.pools.pool import open_pool
from smile.ui import VisitorService
from smile.ui.own import adding, columns, encodings, runs, tracks
from tests.conftest import POOLS
from tests.support.films import NEAR, film, loud
from tests.support.linguists import write_eaf, write_textgrid
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
    ((_, _, asked, _, html, *dropdowns, _, _, _, _),) = adding.look(files)
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


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[Imported]:
    """What files were read as, in the place of becoming examples."""
    imports: list[Imported] = []

    def keep(_: object, imported: Imported, *__: object) -> growing.Added:
        imports.append(imported)
        return growing.Added(DEMO, 1)

    monkeypatch.setattr(growing, "add_imported", keep)
    monkeypatch.setattr(growing, "ready", lambda *_: None)
    return imports


def texts(read: list[Imported]) -> list[str]:
    (imported,) = read
    return [said.text for said in imported.reading.utterances]


def test_a_table_from_before_utf8_is_read_in_the_encoding_that_is_chosen(
    idle: VisitorService, tmp_path: Path, read: list[Imported]
) -> None:
    clip = DEMO.utterances[0].audio
    (tmp_path / "t.csv").write_bytes(f"file;text\n{clip.name};mò’r Łódź\n".encode("cp1250", "ignore"))
    files, key = [upload(tmp_path / "t.csv"), upload(clip)], named(idle)
    ((*_, asked, choice, _, _),) = adding.look(files)
    assert (asked, choice["visible"], choice["value"]) == (files, True, None), "nobody's guess decides"
    assert choice["label"] == "Encoding of the table"
    labels = {value: label for label, value in choice["choices"]}
    assert "m’r Łódź”" in labels["cp1250"]
    assert "£ódŸ" in labels["cp1252"]
    assert len(set(labels.values())) == len(labels)
    none = [None] * columns.INPUTS
    *_, last = adding.add_files(idle, key, files, [], [], *none, asked, None)
    assert encodings.CHOOSE in str(last.stage)
    for forged in ("rot13", "utf-8", "../x", ["cp1250"], {}, 3, True, "x" * 9999):
        *_, last = adding.add_files(idle, key, files, [], [], *none, asked, forged)
        assert "stage error" in str(last.stage), forged
        ((*_, again, _, _, _),) = adding.look(files, asked, forged)
        assert again == [], forged
    assert not read
    assert all(Path(file).is_file() for file in files), "they can be tried once more"
    ((*_, again, choice, _, _),) = adding.look(files, asked, "cp1250")
    assert (again, choice["value"]) == (files, "cp1250")
    list(adding.add_files(idle, key, files, [], [], *none, asked, "cp1250"))
    assert texts(read) == ["m’r Łódź"]


def test_an_encoding_that_was_chosen_for_other_files_does_not_hold(
    idle: VisitorService, tmp_path: Path, read: list[Imported]
) -> None:
    clip = DEMO.utterances[0].audio
    (tmp_path / "t.csv").write_bytes(f"file;text\n{clip.name};caf\xe9\n".encode("cp1252"))
    files, key = [upload(tmp_path / "t.csv"), upload(clip)], named(idle)
    before = [upload(clip), files[0]]
    ((*_, asked, choice, _, _),) = adding.look(files, before, "cp1252")
    assert (asked, choice["value"]) == (files, None)
    none = [None] * columns.INPUTS
    list(adding.add_files(idle, key, files, [], [], *none, before, "cp1252"))
    (row,) = read[0].reading.rejected
    assert "--encoding cp1252" in row.reason
    assert "café" in row.reason


def test_lines_in_another_encoding_may_be_left_out(
    idle: VisitorService, tmp_path: Path, read: list[Imported]
) -> None:
    clip = DEMO.utterances[0].audio
    (tmp_path / "t.csv").write_bytes(f"file;text\n{clip.name};cat\n{clip.name};mòr\n".encode("cp1252"))
    files, key = [upload(tmp_path / "t.csv"), upload(clip)], named(idle)
    ((*_, asked, choice, _, _),) = adding.look(files)
    assert choice["choices"][-1] == (encodings.LEAVE, encodings.NONE)
    ((*_, choice, _, _),) = adding.look(files, asked, encodings.NONE)
    assert choice["value"] == encodings.NONE
    list(adding.add_files(idle, key, files, [], [], *[None] * columns.INPUTS, asked, encodings.NONE))
    assert texts(read) == ["cat"]


@pytest.mark.parametrize("kind", ["TextGrid", "eaf"])
def test_tiers_are_offered_once_the_encoding_of_annotations_is_chosen(
    idle: VisitorService, tmp_path: Path, read: list[Imported], kind: str
) -> None:
    clip, path = DEMO.utterances[0].audio, tmp_path / f"{DEMO.utterances[0].audio.stem}.{kind}"
    tiers = {"ròs": [(0.2, 0.9, "mòr")], "note": [(0.2, 0.5, "x")]}
    if kind == "eaf":
        write_eaf(path, clip.name)
    else:
        write_textgrid(path, tiers=tiers, seconds=DEMO.utterances[0].seconds)
    text = path.read_text(encoding="utf-8").replace("utterance", "ròs")
    path.write_bytes(text.encode("cp1252", "ignore"))
    files, key = [upload(path), upload(clip)], named(idle)
    ((_, names, *_, asked, choice, _, _),) = adding.look(files)
    assert (names, choice["label"]) == ([], "Encoding of the annotations")
    assert encodings.NONE not in dict(map(reversed, choice["choices"]))
    none = [None] * columns.INPUTS
    *_, last = adding.add_files(idle, key, files, [], [], *none, [], None)
    assert "choose that encoding below the chosen files" in str(last.stage)
    assert "--" not in str(last.stage)
    ((_, names, *_, asked, choice, _, _),) = adding.look(files, asked, "cp1252")
    assert "ròs" in names
    assert choice["value"] == "cp1252"
    list(adding.add_files(idle, key, files, ["ròs"], names, *none, asked, "cp1252"))
    assert read
    assert kind == "eaf" or texts(read) == ["mòr"]


def test_the_audio_track_that_is_chosen_is_read(
    idle: VisitorService, tmp_path: Path, read: list[Imported]
) -> None:
    begins = (0.5, 1.0, 1.5)
    played = film(tmp_path / "a.mkv", ("matroska", "libopus"), [[(b, 0.3), (2.5, 0.3)] for b in begins], 1)
    (tmp_path / "t.csv").write_text("file,start,end,text\na.mkv,0.25,2,one\n")
    files, key = [upload(tmp_path / "t.csv"), upload(played)], named(idle)
    ((*_, asked, choice),) = adding.look(files)
    assert (asked, choice["visible"], choice["value"]) == (files, True, tracks.DEFAULT)
    assert [value for _, value in choice["choices"]] == ["0", "1", "2", "3"]
    ((*_, choice),) = adding.look(files, [], None, asked, "3")
    assert choice["value"] == "3", "what was chosen stays when an encoding is"
    ((*_, choice),) = adding.look(files, [], None, files[:1], "3")
    assert choice["value"] == tracks.DEFAULT, "it was chosen for other files"
    none = [*[None] * columns.INPUTS, [], None]
    for forged in ("256", "-1", "1.0", "x", "٣", 1, True, ["1"], {}, None, "9" * 5000):
        *_, last = adding.add_files(idle, key, files, [], [], *none, asked, forged)
        assert tracks.CHOOSE in str(last.stage), forged
    assert not read
    (kept,) = [Path(file).read_bytes() for file in files[1:]]
    heard: list[float] = []

    def hear(_: object, imported: Imported, *__: object) -> growing.Added:
        (clip,) = imported.reading.utterances
        heard.append(loud(read_audio(clip.audio))[0][0] + 0.25)
        return growing.Added(DEMO, 1)

    for said, begin in (("0", begins[1]), ("3", begins[2])):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(growing, "add_imported", hear)
            list(adding.add_files(idle, key, files, [], [], *none, files, said))
        assert heard[-1] == pytest.approx(begin, abs=NEAR)
        (tmp_path / "a.mkv").write_bytes(kept)
        files = [upload(tmp_path / "t.csv"), upload(tmp_path / "a.mkv")]
    list(adding.add_files(idle, key, files, [], [], *none, files, "9"))
    (row,) = read[-1].reading.rejected
    assert "there is no track 9; choose 1 to 3" in row.reason


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
