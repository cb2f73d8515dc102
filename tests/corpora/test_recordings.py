"""A table on the command line finds the recordings that a zip or the page finds, however they are named."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smile import importing
from smile.corpora import read_corpus
from smile.datatypes import CorpusError
from smile.importing import read_source
from tests.support.boundaries import boundary
from tests.support.naming import WAYS

THERE = ("clips/my clip.wav", "clips/é%1.wav", "a.flac", "b.oga", "c.mka", "d.amr", "e.unknown")
SOUND = ("a.flac", "d.amr", "clips/my clip.wav", "clips/é%1.wav")  # by their suffix alone


def both(folder: Path, names: list[str]) -> list[dict[str, str]]:
    """Recording by text, as the command line and as zips and the page find it."""
    lines = [{"file": name, "text": f"text {number}"} for number, name in enumerate(names)]
    (folder / "t.jsonl").write_text("\n".join(map(json.dumps, lines)))
    taken = []
    for read in (read_corpus, lambda path: read_source(path, folder / "w").reading):
        try:
            reading = read(folder / "t.jsonl")
        except CorpusError:
            taken.append({})
        else:
            taken.append({u.text: os.path.relpath(u.audio, folder) for u in reading.utterances})
    return taken


def filled(folder: Path, names: tuple[str, ...] = THERE) -> Path:
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"RIFF\0\0\0\0WAVE")
    return folder


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", SOUND)
def test_a_recording_is_found_however_it_is_named(tmp_path: Path, way: str, name: str) -> None:
    command_line, page = both(filled(tmp_path, (name, f"{name}.flac")), [WAYS[way](name)])
    assert command_line == page == {"text 0": name}


@pytest.mark.parametrize("name", ["b.oga", "c.mka", "e.unknown"])
def test_a_file_of_another_suffix_is_taken_where_it_begins_as_sound(tmp_path: Path, name: str) -> None:
    assert both(filled(tmp_path), [name]) == [{"text 0": name}] * 2


def test_a_file_without_sound_is_taken_for_no_recording_on_the_page(tmp_path: Path) -> None:
    folder = filled(tmp_path)
    (folder / "e.unknown").write_bytes(b"no sound")
    _, page = both(folder, ["e", "e.unknown", "clips/e.unknown"])
    assert not page


def test_what_is_found_by_its_name_is_said(tmp_path: Path) -> None:
    filled(tmp_path / "in")
    for name, told in (("clips/my clip.wav", False), ("C:\\x\\clips\\my clip.wav", True)):
        both(tmp_path / "in", [name])
        for source in (tmp_path / "in", tmp_path / "in" / "t.jsonl"):
            assert importing.takes(source) == told
            assert bool(read_source(source, tmp_path / "w").notes) == told
    both(tmp_path / "in", ["C:\\x\\clips\\my clip.wav", str(filled(tmp_path, ("a.flac",)) / "a.flac")])
    assert not importing.takes(tmp_path / "in")  # an absolute path is the command line's own


@boundary(40)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a.wav", "x/a.wav", "y/a.wav", "b.wav", "a"]), st.sampled_from(sorted(WAYS))
        ),
        min_size=1,
        max_size=4,
    ),
    st.sets(st.sampled_from(["a.wav", "x/a.wav", "y/a.wav", "z/b.wav"]), min_size=1),
)
def test_command_line_and_page_take_the_same_recordings(
    tmp_path_factory: pytest.TempPathFactory, said: list[tuple[str, str]], there: set[str]
) -> None:
    folder = tmp_path_factory.mktemp("t")
    for name in there:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"RIFF")
    command_line, page = both(folder, [WAYS[way](name) for name, way in said])
    assert command_line == page
    for text, audio in page.items():
        name, _ = said[int(text.removeprefix("text "))]
        assert Path(audio).stem == Path(name).stem


@pytest.mark.parametrize("text", ["!!!", "...", "\u200b", "\U0001f600", "—"])
def test_a_text_without_a_letter_is_none_on_the_command_line(tmp_path: Path, text: str) -> None:
    filled(tmp_path)
    (tmp_path / "t.tsv").write_text(f"file\ttext\na.flac\t{text}\nd.amr\tǃ1\n", encoding="utf-8")
    reading = read_corpus(tmp_path / "t.tsv")
    assert [u.text for u in reading.utterances] == ["ǃ1"]
    assert [(row.line, row.reason) for row in reading.rejected] == [(2, "The row has no text.")]
