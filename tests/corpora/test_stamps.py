"""People's descriptions of pictures: each text is bound to its own sound, or left out and counted."""

from __future__ import annotations

import pytest

from smile.corpora import stamps
from smile.corpora.stamps import read_stamps, texts_of
from smile.datatypes import CorpusError
from tests.support.stamps import picture


def read(folder, code="bul", most=9):
    return next(described for described in read_stamps(folder, most) if described.language == code)


def test_each_recording_has_the_text_of_its_own_picture_and_language(tmp_path):
    picture(tmp_path / "animals" / "cat", "A cat.", {"bg": "Една котка.", "be": "Адна котка."}, ["bg", "be"])
    picture(tmp_path / "town" / "cat", "A town cat.", {"bg": "Градска котка."}, ["bg", ""])
    found = {u.id: (u.text, u.audio.name) for u in read(tmp_path).utterances}
    assert found == {
        "animals/cat_desc_bg": ("Една котка.", "cat_desc_bg.wav"),
        "town/cat_desc_bg": ("Градска котка.", "cat_desc_bg.wav"),
    }
    assert [u.text for u in read(tmp_path, "bel").utterances] == ["Адна котка."]
    assert [u.text for u in read(tmp_path, "eng").utterances] == ["A town cat."]
    assert read(tmp_path).english["animals/cat_desc_bg"] == "A cat."


def test_a_recording_without_a_text_in_just_its_language_is_left_out_and_counted(tmp_path):
    picture(tmp_path / "cat", "A cat.", {"ca": "Un gat.", "pt_BR": "Um gato."}, ["bg", "ca@valencia", "pt"])
    (tmp_path / "dog_desc_bg.wav").write_bytes((tmp_path / "cat_desc_bg.wav").read_bytes())
    assert read(tmp_path).left_out == {stamps.NO_LINE: 1, stamps.NO_TEXTS: 1}
    assert not read(tmp_path).utterances
    assert read(tmp_path, "por").left_out == {stamps.NO_LINE: 1}
    assert read(tmp_path, "cat").left_out == {stamps.NO_LINE: 1}


def test_figures_texts_that_come_twice_and_texts_that_nobody_reads_so_fast_are_left_out(tmp_path):
    picture(tmp_path / "a", "A cent.", {"bg": "Един цент ($0.01)."}, ["bg"])
    picture(tmp_path / "b", "A cat.", {"bg": "Една котка."}, ["bg"])
    picture(tmp_path / "c", "A cat.", {"bg": "една котка"}, ["bg"])
    picture(tmp_path / "d", "A dog.", {"bg": "Едно куче, " * 20}, ["bg"])
    picture(tmp_path / "e", "A sign.", {"bg": "?"}, ["bg"])
    described = read(tmp_path)
    assert [u.text for u in described.utterances] == ["Една котка."]
    reasons = (stamps.NUMBERS, stamps.TWICE, stamps.NOT_THIS_TEXT, stamps.NO_LETTERS)
    assert described.left_out == dict.fromkeys(reasons, 1)


def test_the_longest_texts_are_taken_first(tmp_path):
    for name, text in {"a": "Куче.", "b": "Голямо куче.", "c": "Кон и куче."}.items():
        picture(tmp_path / name, "A dog.", {"bg": text}, ["bg"])
    assert [u.text for u in read(tmp_path, most=2).utterances] == ["Голямо куче.", "Кон и куче."]


def test_a_language_with_two_texts_has_none(tmp_path):
    file = tmp_path / "cat.txt"
    file.write_text("\ufeffA cat.\nbg.utf8=Котка.\nbg.utf8=Коте.\nbe.utf8=Кот\n\nnonsense\nel=x\n")
    assert texts_of(file) == {"en": "A cat.", "be": "Кот"}
    file.write_bytes(b"\xff\xfeA")
    assert texts_of(file) is None
    assert texts_of(tmp_path / "none.txt") is None


def test_a_folder_without_descriptions_is_refused_with_what_to_do(tmp_path):
    with pytest.raises(CorpusError, match="tuxpaint-stamps-default"):
        read_stamps(tmp_path, 9)
