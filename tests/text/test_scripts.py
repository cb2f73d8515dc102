"""The script of a character, and what texts give reason to write."""

from __future__ import annotations

import pytest

from smile.text.scripts import of_their_scripts, script, scripts


@pytest.mark.parametrize(
    ("character", "expected"),
    [
        ("a", "LATIN"),
        ("Ж", "CYRILLIC"),
        ("한", "HANGUL"),
        ("አ", "ETHIOPIC"),
        ("ꮳ", "CHEROKEE"),
        ("ि", "DEVANAGARI"),
        ("々", "CJK"),
        ("ー", "KATAKANA"),
        ("٣", "ARABIC"),
        ("3", ""),
        ("ʼ", ""),
        ("\u0301", ""),
        (".", ""),
        ("“", ""),
        ("€", ""),
        ("፨", "ETHIOPIC"),
        ("।", "DEVANAGARI"),
        ("，", "CJK"),
        (" ", ""),
    ],
)
def test_the_script_of_a_character(character: str, expected: str) -> None:
    assert script(character) == expected


def test_texts_give_reason_for_their_scripts_and_for_what_all_share() -> None:
    allowed = of_their_scripts(["ꮳꮃꭹ", "ab"])
    assert scripts(["ꮳꮃꭹ", "ab 1."]) == {"CHEROKEE", "LATIN"}
    assert allowed >= set("ꮎzñŋə 19.,?!–“”ʼ\u0301")
    assert not allowed & set("한አЖя中の\ufffd")


def test_a_character_of_the_texts_is_allowed_whatever_it_is() -> None:
    assert "Ω" in of_their_scripts(["a Ω"])
