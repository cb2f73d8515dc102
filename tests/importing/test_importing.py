"""Imports: files that linguists' programs wrote, cut where they say; what is wrong is told with its place."""

from __future__ import annotations

import json
import pickle
import tracemalloc
import warnings
import zipfile
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smile import importing
from smile.audio.io import read_audio
from smile.datatypes import CorpusError
from smile.importing import Imported, Limits, cutting
from tests.support.boundaries import boundary
from tests.support.linguists import (
    TEXTS,
    TIERS,
    heights,
    staircase,
    write_eaf,
    write_praat,
    write_textgrid,
    write_xlsx,
)
from tests.support.sounds import contained

UTTERANCE = ("utterance",)


def texts(imported: Imported) -> list[str]:
    return [u.text for u in imported.reading.utterances]


def reasons(imported: Imported) -> dict[str, str]:
    return {imported.place(row.line): row.reason for row in imported.reading.rejected}


def annotated(folder: Path, kind: str) -> Path:
    """An annotation file in a folder, with its recording beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    staircase(folder / "talk.wav", 10)
    if kind == "eaf":
        return write_eaf(folder / "talk.eaf", "talk.wav")
    path = folder / "talk.TextGrid"
    return write_praat(path, kind) if kind.startswith("Save") else write_textgrid(path, kind)


@pytest.mark.parametrize(
    "kind",
    ["eaf", "long_textgrid", "short_textgrid", "Save as text file", "Save as short text file"],
)
def test_annotations_are_cut_out_of_their_recording(tmp_path: Path, kind: str) -> None:
    source = annotated(tmp_path, kind)
    imported = importing.read_source(source, tmp_path / "work", tiers=UTTERANCE)
    assert texts(imported) == TEXTS
    assert not imported.reading.rejected
    wanted = [(a, b) for a, b, text in TIERS["utterance"] if text]
    whole = read_audio(tmp_path / "talk.wav")
    for (start, end), u in zip(wanted, imported.reading.utterances, strict=True):
        exact = whole[round(start * 16000) : round(end * 16000)]
        np.testing.assert_allclose(read_audio(u.audio), exact, atol=1e-4)
    assert imported.reading.utterances[0].speaker == ("Ana" if kind == "eaf" else "")
    assert imported.place(imported.reading.lines[0]) == f"{source.name}, annotation at 0.50 s"
    assert (imported.empty > 0) == (min(len(t) for _, _, t in TIERS["utterance"]) == 0)


def test_tiers_are_offered_with_their_counts(tmp_path: Path) -> None:
    for kind in ("eaf", "Save as text file"):
        offered = importing.offered(annotated(tmp_path, kind), tmp_path / "work")
        named = {tier.name: tier for tier in offered}
        assert list(named) == ["utterance", "gloss"]
        assert [tier.filled for tier in offered] == [3, 1]
        assert named["utterance"].seconds == pytest.approx(1.5 + 1.75 + 1.5)
    assert importing.offered(zipped(tmp_path / "b.zip", {"t.csv": b"file,text\n"}), tmp_path / "b") == ()


def test_a_tier_has_to_be_chosen_and_there(tmp_path: Path) -> None:
    source = annotated(tmp_path, "eaf")
    with pytest.raises(CorpusError, match=r'"utterance" \(3\), "gloss" \(1\)') as caught:
        importing.read_source(source, tmp_path / "work")
    assert "--tier" not in str(caught.value), "which the page does not have"
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
    with pytest.raises(CorpusError, match="no tier"):
        importing.read_source(source, tmp_path / "work", tiers=["words"])
    both = importing.read_source(source, tmp_path / "work", tiers=["utterance", "gloss"])
    assert texts(both) == [*TEXTS, "I go"]
    assert len({u.id for u in both.reading.utterances}) == 4


def test_bad_annotations_are_told_with_their_time(tmp_path: Path) -> None:
    staircase(tmp_path / "a.wav", 40)
    spans = [(0.0, 0.02, "short"), (1.0, 31.0, "long"), (32.0, 33.0, "good"), (39.0, 41.0, "late")]
    write_eaf(tmp_path / "a.eaf", "a.wav", {"t": [*spans, (50.0, 52.0, "gone")]})
    imported = importing.read_source(tmp_path / "a.eaf", tmp_path / "work")
    assert texts(imported) == ["good"]
    told = reasons(imported)
    assert list(told) == [f"a.eaf, annotation at {t:.2f} s" for t in (0, 1, 39, 50)]
    for time, word in ((0, "short"), (1, "29 s"), (39, "ends at 40.00 s"), (50, "ends at 40.00 s")):
        assert word in told[f"a.eaf, annotation at {time:.2f} s"]


def test_silence_is_rejected(tmp_path: Path) -> None:
    import soundfile

    soundfile.write(tmp_path / "a.wav", np.zeros(16000 * 4), 16000)
    write_eaf(tmp_path / "a.eaf", "a.wav", {"t": [(1.0, 2.0, "x")]})
    imported = importing.read_source(tmp_path / "a.eaf", tmp_path / "w")
    assert "silent" in reasons(imported)["a.eaf, annotation at 1.00 s"]


def test_symbolic_tiers_have_the_times_of_what_they_refer_to(tmp_path: Path) -> None:
    from pympi import Eaf

    staircase(tmp_path / "a.wav", 10)
    eaf = Eaf(author="test")
    eaf.remove_tier("default")
    eaf.add_linguistic_type("sub", "Symbolic_Association", timealignable=False)
    eaf.add_tier("id")
    eaf.add_annotation("id", 1000, 2500, "1")
    eaf.add_annotation("id", 4000, 6000, "2")
    eaf.add_tier("words", ling="sub", parent="id")
    for time, word in ((1200, "mbote"), (4100, "na"), (4100, "yo")):
        eaf.add_ref_annotation("words", "id", time, word)
    eaf.add_linked_file("a.wav", mimetype="audio/x-wav")
    eaf.to_file(str(tmp_path / "a.eaf"))
    imported = importing.read_source(tmp_path / "a.eaf", tmp_path / "work", tiers=["words"])
    assert texts(imported) == ["mbote", "na yo"]
    assert [round(len(read_audio(u.audio)) / 16000, 2) for u in imported.reading.utterances] == [1.5, 2.0]


def test_the_recording_may_begin_later_than_the_annotations(tmp_path: Path) -> None:
    staircase(tmp_path / "a.wav", 20)
    path = write_eaf(tmp_path / "a.eaf", "a.wav", {"t": [(3.0, 5.0, "x")]})
    shifted = path.read_text(encoding="utf-8").replace(
        "<MEDIA_DESCRIPTOR ", '<MEDIA_DESCRIPTOR TIME_ORIGIN="4000" '
    )
    path.write_text(shifted, encoding="utf-8")
    imported = importing.read_source(path, tmp_path / "work")
    assert heights(read_audio(imported.reading.utterances[0].audio)) == [7, 8]


def test_an_entity_bomb_is_refused(tmp_path: Path) -> None:
    lol = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    text = f'<!DOCTYPE x [<!ENTITY l0 "lol">{lol}]><ANNOTATION_DOCUMENT>&l9;</ANNOTATION_DOCUMENT>'
    (tmp_path / "a.eaf").write_text(text, encoding="utf-8")
    with pytest.raises(CorpusError, match="damaged or no ELAN file"):
        importing.read_source(tmp_path / "a.eaf", tmp_path / "work")
    (tmp_path / "b.eaf").write_text("<html/>", encoding="utf-8")
    with pytest.raises(CorpusError, match="<html>"):
        importing.read_source(tmp_path / "b.eaf", tmp_path / "work")


@pytest.mark.parametrize("cut", [0, 30, 200, 500])
def test_damaged_textgrids_are_one_sentence(tmp_path: Path, cut: int) -> None:
    path = annotated(tmp_path, "long_textgrid")
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(CorpusError, match="damaged or no TextGrid"):
        importing.read_source(path, tmp_path / "work")


def test_a_binary_textgrid_names_the_way_out(tmp_path: Path) -> None:
    path = annotated(tmp_path, "Save as binary file")
    with pytest.raises(CorpusError, match="text file"):
        importing.read_source(path, tmp_path / "work")


def test_an_hour_is_cut_in_little_memory(tmp_path: Path) -> None:
    recording = staircase(tmp_path / "long.wav", 3600, 8000, "PCM_U8")
    spans = [cutting.Span(t, t + 2, tmp_path / f"{t}.wav") for t in (3598, 7, 1800, 1801)]
    tracemalloc.start()
    done = list(cutting.cut(recording, spans))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [span.start for span, _ in done] == [7, 1800, 1801, 3598]
    assert not any(reason for _, reason in done)
    for span, _ in done:
        first = int(span.start) % 50
        assert heights(read_audio(span.target)) == [first, first + 1]
    assert peak < 30_000_000


def zipped(path: Path, files: dict[str, bytes], **more: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def clip(folder: Path) -> bytes:
    return staircase(folder / "clip.wav", 1).read_bytes()


ROWS = [
    ("file", "text", "speaker"),
    ("a.wav", "one", "Ana"),
    ("b", "two", ""),
    ("C:\\x\\wav\\C.WAV", "three", ""),
]


def test_a_zip_with_a_table(tmp_path: Path) -> None:
    sound = clip(tmp_path)
    table = "\n".join([*("\t".join(row) for row in ROWS), "d.wav\tfour\t", "\t five", "/etc/passwd\tsix"])
    files = {"my clips/t.tsv": table.encode(), "__MACOSX/x": b"junk", "my clips/.DS_Store": b"junk"}
    files |= {f"my clips/wav/{name}.wav": sound for name in "abc"}
    imported = importing.read_source(zipped(tmp_path / "z.zip", files), tmp_path / "work")
    assert texts(imported) == ["one", "two", "three"]
    assert imported.reading.utterances[0].speaker == "Ana"
    assert imported.reading.lines == (2, 3, 4)
    assert list(reasons(imported)) == ["line 5", "line 6", "line 7"]
    assert "passwd" in reasons(imported)["line 7"]


@pytest.mark.parametrize("library", ["openpyxl", "xlsxwriter"])
def test_uploads_with_a_workbook(tmp_path: Path, library: str) -> None:
    sound, files = clip(tmp_path), []
    for name in ("a.wav", "b.wav", "c.wav", "7.wav"):
        (tmp_path / f"upload-{name}").mkdir()
        files.append(tmp_path / f"upload-{name}" / name)
        files[-1].write_bytes(sound)
    rows = [*ROWS, (None, None), (7, 8.0), ("x.wav", "nine"), ("a.wav", None), (None, None, None, "a note")]
    files.append(write_xlsx(tmp_path / "t.xlsx", rows, library))
    imported = importing.read_source(importing.gather(files, tmp_path / "work"), tmp_path / "work")
    assert texts(imported) == ["one", "two", "three", "8"]
    assert imported.reading.lines == (2, 3, 4, 6)
    assert list(reasons(imported)) == ["line 7", "line 8"]


def test_a_recording_is_known_by_content_and_another_file_is_not_said_to_be_missing(tmp_path: Path) -> None:
    contained(tmp_path / "a.mka", "matroska", 1.0)
    contained(tmp_path / "b.dat", "ogg", 1.0)
    contained(tmp_path / "c", "caf", 1.0)
    (tmp_path / "d.doc").write_text("no sound")
    rows = "".join(f"{name},text {name[0]}\n" for name in ("a.mka", "b.dat", "c", "d.doc", "e.wav"))
    (tmp_path / "clips.csv").write_text(f"file,text\n{rows}")
    imported = importing.read_source(tmp_path, tmp_path / "work")
    assert texts(imported) == ["text a", "text b", "text c"]
    assert reasons(imported) == {
        "line 5": '"d.doc" is there, but holds no sound that can be read; save it as WAV or FLAC.',
        "line 6": 'There is no recording "e.wav"; add it.',
    }


def test_names_are_found_in_either_form_of_unicode(tmp_path: Path) -> None:
    (tmp_path / "ngo\u0301.wav").write_bytes(clip(tmp_path))
    row = json.dumps({"file": "Ng\u00f3.wav", "text": "x"})
    (tmp_path / "t.jsonl").write_text(row, encoding="utf-8")
    assert texts(importing.read_source(tmp_path, tmp_path / "work")) == ["x"]


def test_one_name_in_two_folders_is_no_guess(tmp_path: Path) -> None:
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.wav").write_bytes(clip(tmp_path))
    (tmp_path / "clip.wav").unlink()
    (tmp_path / "t.csv").write_text("file,text\na.wav,one\nx/a.wav,two\n", encoding="utf-8")
    imported = importing.read_source(tmp_path, tmp_path / "work")
    assert texts(imported) == ["two"]
    assert "Several" in reasons(imported)["line 2"]


@pytest.mark.parametrize("name", ["../a.wav", "/tmp/a.wav", "x/../../a.wav", "..\\a.wav", "C:\\a.wav"])
def test_no_entry_leaves_the_folder(tmp_path: Path, name: str) -> None:
    source = zipped(tmp_path / "z.zip", {"t.csv": b"file,text\n", name: b"x"})
    before = set(tmp_path.rglob("*.wav"))
    with pytest.raises(CorpusError, match="leaves the folder"):
        importing.read_source(source, tmp_path / "work" / "deep")
    assert set(tmp_path.rglob("*.wav")) == before


def test_a_link_in_a_zip_is_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("a.wav")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(CorpusError, match="leaves the folder"):
        importing.read_source(tmp_path / "z.zip", tmp_path / "work")


def test_bombs_are_not_unpacked(tmp_path: Path) -> None:
    source = zipped(tmp_path / "z.zip", {"a.wav": bytes(3_000_000)})
    with pytest.raises(CorpusError, match="GB"):
        importing.unpack(source, tmp_path / "x", Limits(archive_bytes=2_000_000))
    assert not (tmp_path / "x").exists()
    lying = bytearray(source.read_bytes())
    for signature, at in ((b"PK\1\2", 24), (b"PK\3\4", 22)):  # the size that the headers declare
        place = lying.index(signature) + at
        lying[place : place + 4] = (1000).to_bytes(4, "little")
    (tmp_path / "lie.zip").write_bytes(lying)
    with pytest.raises(CorpusError, match="damaged"):
        importing.unpack(tmp_path / "lie.zip", tmp_path / "y", Limits(archive_bytes=2_000_000))
    assert sum(f.stat().st_size for f in (tmp_path / "y").rglob("*") if f.is_file()) <= 1000


def test_a_zip_of_many_annotated_recordings(tmp_path: Path) -> None:
    staircase(tmp_path / "a.wav", 10)
    files = {f"{name}.wav": (tmp_path / "a.wav").read_bytes() for name in "ab"}
    for name in "abc":
        grid = write_textgrid(tmp_path / f"{name}.TextGrid", tiers={"t": [(1.0, 2.5, f"text {name}")]})
        files[grid.name] = grid.read_bytes()
    imported = importing.read_source(zipped(tmp_path / "z.zip", files), tmp_path / "work")
    assert texts(imported) == ["text a", "text b"]
    assert reasons(imported) == {
        "c.TextGrid, annotation at 1.00 s": 'There is no recording "c" beside c.TextGrid; add it.'
    }


def test_each_speakers_folder_has_its_own_recordings(tmp_path: Path) -> None:
    for speaker, seconds in (("ana", 4), ("ben", 10)):
        folder = tmp_path / speaker
        folder.mkdir()
        staircase(folder / "001.wav", seconds)
        (folder / "001.wav").rename(folder / "001.WAV")
        write_textgrid(folder / "001.TextGrid", tiers={"t": [(seconds - 2.0, seconds, speaker)]})
    imported = importing.read_source(tmp_path, tmp_path / "work")
    assert texts(imported) == ["ana", "ben"]
    assert [heights(read_audio(u.audio)) for u in imported.reading.utterances] == [[2, 3], [8, 9]]


@pytest.mark.parametrize("name", ["x.zip", "x.xlsx", "x.eaf", "x.TextGrid", "x.doc"])
def test_rubbish_is_one_sentence(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"PK\3\4 rubbish")
    with pytest.raises(CorpusError, match=name):
        importing.read_source(tmp_path / name, tmp_path / "work")


parts = st.sampled_from(
    ["..", ".", "", "a", "b.wav", "C:", "~", "\\", "..\\x", "a\0b", ".hidden", "é", "a" * 300]
)


@boundary(100)
@given(st.lists(st.lists(parts, min_size=1, max_size=4).map("/".join), min_size=1, max_size=4))
def test_whatever_its_names_are_a_zip_stays_in_its_folder(names: list[str]) -> None:
    with TemporaryDirectory() as folder:
        work, archive = Path(folder) / "work" / "x", Path(folder) / "z.zip"
        with zipfile.ZipFile(archive, "w") as made, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for name in names:
                made.writestr(zipfile.ZipInfo(name), "data")
        with suppress(CorpusError):
            importing.unpack(archive, work)
        written = [path for path in Path(folder).rglob("*") if path.is_file() and path != archive]
        assert all(path.resolve().is_relative_to(work.resolve()) for path in written)


def test_a_zip_beside_its_table(tmp_path: Path) -> None:
    sound = clip(tmp_path)
    source = zipped(tmp_path / "sounds.zip", {"x/a.wav": sound, "x/b.wav": sound})
    table = tmp_path / "t.csv"
    table.write_text("file;text\na.wav;one\nb.wav;two\nc.wav;three\n", encoding="utf-8")
    imported = importing.read_source(importing.gather([source, table], tmp_path / "work"), tmp_path / "work")
    assert texts(imported) == ["one", "two"]
    assert list(reasons(imported)) == ["line 4"]
    (tmp_path / "x").mkdir()
    other = tmp_path / "x" / "t.csv"
    other.write_text("file;text\nb.wav;two\n", encoding="utf-8")
    with pytest.raises(CorpusError, match=r"Two files are called .t\.csv"):
        importing.gather([table, other], tmp_path / "work")


def test_the_language_of_a_tier(tmp_path: Path) -> None:
    from pympi import Eaf

    staircase(tmp_path / "a.wav", 5)
    eaf = Eaf(author="test")
    eaf.remove_tier("default")
    eaf.add_language("mdw", "http://cdb.iso.org/lg/CDB-00138502-001", "Mboshi (mdw)")
    eaf.add_tier("tx", language="mdw")
    eaf.add_annotation("tx", 1000, 2500, "mbote")
    eaf.to_file(str(tmp_path / "a.eaf"))
    imported = importing.read_source(tmp_path / "a.eaf", tmp_path / "work")
    assert [u.language for u in imported.reading.utterances] == ["mdw"]


def test_a_recording_that_cannot_be_read_is_told_at_each_annotation(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"no sound at all")
    write_eaf(tmp_path / "a.eaf", "a.wav", {"t": [(1.0, 2.0, "x"), (2.0, 3.0, "y")]})
    imported = importing.read_source(tmp_path / "a.eaf", tmp_path / "work")
    assert not texts(imported)
    assert ["decoded" in reason for reason in reasons(imported).values()] == [True, True]


def test_a_stopped_import_can_be_done_again(tmp_path: Path) -> None:
    source = annotated(tmp_path, "eaf")

    def stop(done: int, total: int) -> None:
        assert total == 3
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        importing.read_source(source, tmp_path / "work", tiers=UTTERANCE, progress=stop)
    assert texts(importing.read_source(source, tmp_path / "work", tiers=UTTERANCE)) == TEXTS
