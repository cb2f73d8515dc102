"""The normalisers do what their names promise, in every script."""

from __future__ import annotations

import unicodedata

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from smile.datatypes import SmileError
from smile.text.normalisers import NORMALISERS, STAMPS, normalise, plain, stamped

ASSIGNED = st.text(st.characters(exclude_categories=["Cs", "Cn"]))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Hello,  World!", "hello world"),
        ("  «Bon»\tjour\n—\u00a0oui ", "bon jour oui"),
        ("well-known (twice)", "well known twice"),
        ("3½ kg, ١٢ და 五", "3½ kg ١٢ და 五"),
        ("Abábú báakándwó kímá", "abábú báakándwó kímá"),
        ("Aba\u0301bu\u0301", "ab\u00e1b\u00fa"),
        ("m\u0304 ɔ\u0301", "m\u0304 ɔ\u0301"),
        ("नमस्ते, दुनिया।", "नमस्ते दुनिया"),
        ("বাংলা ভাষা", "বাংলা ভাষা"),
        ("שָׁלוֹם", "שָׁלוֹם"),
        ("مَرْحَبًا، عالم؟", "مَرْحَبًا عالم"),
        ("ᏣᎳᎩ ᎦᏬᏂᎯᏍᏗ", "ᏣᎳᎩ ᎦᏬᏂᎯᏍᏗ".lower()),
        ("ΟΔΥΣΣΕΥΣ", "οδυσσευς"),
        ("👍🏽 ok ❤️", "ok"),
        ("...", ""),
        ("", ""),
    ],
)
def test_plain(text: str, wanted: str) -> None:
    assert normalise(text, "plain") == unicodedata.normalize("NFC", wanted)


def test_plain_keeps_the_letters_that_look_like_signs() -> None:
    assert normalise("ʔaʔ ǃqwa ǁ hoʻo kːʰ", "plain") == "ʔaʔ ǃqwa ǁ hoʼo kːʰ"


@pytest.mark.parametrize(
    "typed", ["ng'ombe", "NG’OMBE", "ngʼombe", "ng‘ombe", "ng´ombe", "ngʻombe", "ngꞌombe", "NGꞋOMBE"]
)
def test_plain_knows_an_apostrophe_inside_a_word(typed: str) -> None:
    assert normalise(typed, "plain") == "ngʼombe"


TONES = "".join(map(chr, [*range(0x2E5, 0x2EC), *range(0xA700, 0xA717), 0xA789, 0xA78A]))


@pytest.mark.parametrize("tone", TONES)
def test_plain_keeps_letters_of_tone(tone: str) -> None:
    assert normalise(f"Ma{tone}na, ta{tone}!", "plain") == f"ma{tone}na ta{tone}"


def test_plain_keeps_an_apostrophe_letter_at_an_edge() -> None:
    assert normalise("ʻĀina mataʻ ꞌa", "plain") == "ʼāina mataʼ ʼa"


def test_plain_takes_other_apostrophes_for_quotes() -> None:
    assert normalise("'Tis 'so' the cats' tail", "plain") == "tis so the cats tail"


def test_plain_drops_what_has_no_shape() -> None:
    assert normalise("می\u200cخواهم", "plain") == normalise("میخواهم", "plain")
    assert normalise("क्\u200dष so\u00adft \u200fabc\ufeff", "plain") == "क्ष soft abc"


@pytest.mark.parametrize(("language", "wanted"), [("tur", "iğdır ışık"), ("", "i\u0307ğdir işik")])
def test_plain_knows_the_turkish_i(language: str, wanted: str) -> None:
    assert normalise("İĞDIR IŞIK", "plain", language) == wanted


@given(ASSIGNED)
def test_plain_is_settled_and_clean(text: str) -> None:
    once = normalise(text, "plain")
    assert normalise(once, "plain") == once
    assert once == " ".join(once.split())
    assert all(char == " " or unicodedata.category(char)[0] in "LMN" or char in TONES for char in once)


@given(ASSIGNED)
def test_plain_does_not_see_canonical_spelling(text: str) -> None:
    assert normalise(unicodedata.normalize("NFD", text), "plain") == normalise(text, "plain")


@pytest.mark.parametrize(
    ("text", "language", "wanted"),
    [
        ("[eng] I'll be going to the C.M.U. campus.", "eng", "ILL BE GOING TO THE CMU CAMPUS"),
        ("[cmn] 我想去餐厅 我非常饿。", "cmn", "我想去餐厅我非常饿"),
        ("[org_jpn] 今日は、 晴れ", "org_jpn", "今日は晴れ"),
        ("สวัสดี ครับ", "tha", "สวัสดีครับ"),
        ("唔該 晒", "yue", "唔該晒"),
        ("안녕 하세요!", "kor", "안녕 하세요"),
        ("straße [noise]", "deu", "STRASSE"),
        ("¿Qué?", "spa", "QUÉ"),
        ("नमस्ते।", "hin", "नमस्ते"),
        ("1 + 1 = 2", "eng", "1 + 1 = 2"),
        ("- [x] -", "eng", ""),
    ],
)
def test_ml_superb(text: str, language: str, wanted: str) -> None:
    assert normalise(text, "ml_superb", language) == wanted


@given(ASSIGNED.filter(lambda text: "[" not in text), st.sampled_from(["eng", "jpn"]))
def test_ml_superb_against_its_definition(text: str, language: str) -> None:
    kept = [char for char in text if not unicodedata.category(char).startswith("P")]
    if language == "jpn":
        kept = [char for char in kept if not char.isspace()]
    assert normalise(text, "ml_superb", language) == "".join(kept).upper().strip()


def test_an_unknown_normaliser() -> None:
    with pytest.raises(SmileError, match='no normaliser "none"; choose one of plain, ml_superb'):
        normalise("text", "none")


def test_stamps() -> None:
    assert {name: normaliser.stamp for name, normaliser in NORMALISERS.items()} == {
        "plain": "plain/2",
        "ml_superb": "ml_superb/1",
    }
    assert STAMPS == "plain/2 ml_superb/1"


@pytest.mark.parametrize(
    ("text", "before", "today"),
    [("Hawaiʻi", "hawaiʻi", "hawaiʼi"), ("Ꞌa ꞌb", "ꞌa ꞌb", "ʼa ʼb"), ("ma˥꜌ta", "ma ta", "ma˥꜌ta")],
)
def test_the_version_before_is_kept(text: str, before: str, today: str) -> None:
    """What rows are marked with is what their scores can be verified by."""
    assert (stamped("plain/1").apply(text, ""), stamped("plain/2").apply(text, "")) == (before, today)


@given(st.text(), st.sampled_from(["", "tur"]))
def test_other_texts_are_the_same_in_both_versions(text: str, language: str) -> None:
    if not regex.search(rf"[{TONES}\u02bb\ua78b\ua78c]", unicodedata.normalize("NFC", text)):
        assert stamped("plain/1").apply(text, language) == plain(text, language)
