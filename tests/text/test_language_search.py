"""Languages by what a person types."""

from __future__ import annotations

import pytest

from smile.datatypes import Language
from smile.text.language_search import iso_names, only, other_names, search, unlisted
from smile.text.languages import language


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("mdw", "mdw"),
        ("Mboshi", "mdw"),
        ("mbosi", "mdw"),
        ("  GERMAN ", "deu"),
        ("Navaho", "nav"),
        ("scottish", "gla"),
        ("Ghotuo", "aaa"),
        ("MDW", "mdw"),
        ("cantonese", "yue"),
        ("Odia", "ori"),
        ("kinyarwanda", "kin"),
        ("ŋkonya", "nko"),
        ("BÉTÉ", "byf"),
    ],
)
def test_the_best_match_is_first(typed: str, code: str) -> None:
    assert search(typed)[0].code == code


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("Mbochi", "mdw"),
        ("Gàidhlig", "gla"),
        ("brezhoneg", "bre"),
        ("Olusuba", "sxb"),
        ("kurmanci", "kmr"),
        ("ᏣᎳᎩ", "chr"),
        ("gaélique écossais", "gla"),
        ("Odiya", "ori"),
        ("deutsch", "deu"),
        ("norsk", "nor"),
        ("romani", "rom"),
    ],
)
def test_languages_are_found_by_what_their_speakers_and_the_french_call_them(typed: str, code: str) -> None:
    assert search(typed)[0].code == code


@pytest.mark.parametrize(
    ("typed", "code"),
    [("Galcian", "glg"), ("Cherokeee", "chr"), ("Mbochy", "mdw"), ("Scotish Gaelik", "gla")],
)
def test_a_name_may_be_misspelt(typed: str, code: str) -> None:
    assert code in {match.code for match in search(typed)}
    assert only(typed) == ""


def test_a_short_name_has_to_be_right() -> None:
    assert search("xqzt") == ()


def test_other_names_are_of_languages_that_are_listed() -> None:
    assert set(other_names()) <= set(iso_names())
    assert len(other_names()) > 300


def test_marks_and_case_do_not_matter() -> None:
    assert search("GUARANÍ")[0] == search("guarani")[0]


def test_no_more_than_asked_for_and_each_once() -> None:
    matches = search("an", count=5)
    assert len(matches) == len(set(matches)) == 5


def test_a_code_comes_before_names_and_whole_names_before_their_beginnings() -> None:
    assert search("ton")[0].code == "ton"
    names = [known.name for known in search("Kurdish", 4)]
    assert names[0] == "Kurdish"
    assert all("Kurdish" in name for name in names)


def test_our_own_names_come_first() -> None:
    assert [match.name for match in search("greek", 1)] == ["Greek"]
    assert search("Tongan")[0] == language("ton")


def test_a_language_that_has_no_code_is_not_offered_by_its_code() -> None:
    assert "mis" not in {match.code for match in search("mis", 50)}


@pytest.mark.parametrize("typed", ["", "  ", "!?", "no such tongue at all"])
def test_nothing_fits(typed: str) -> None:
    assert search(typed) == ()


@pytest.mark.parametrize("typed", ["American Sign Language", "Auslan", "Vlaamse Gebarentaal", "ase", "ils"])
def test_sign_languages_are_left_out(typed: str) -> None:
    assert not {"ase", "asf", "vgt", "ils"} & {match.code for match in search(typed, 50)}
    assert search("sign language") == search("langue des signes") == ()


def test_a_language_without_a_code_has_a_name() -> None:
    assert unlisted("  My   tongue ") == Language("mis", name="My tongue")


def test_names_come_from_our_table_and_then_from_the_standard() -> None:
    assert language("mdw").name == "Mboshi"
    assert language("aaa").name == "Ghotuo"
    assert language("qqq").name == "qqq"


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("mdw", "mdw"),
        (" Mboshi ", "mdw"),
        ("mbosh", "mdw"),
        ("english", "eng"),
        ("gaelic", ""),  # two are called so
        ("aka", ""),  # one's code and the other's name
        ("Deutsch", ""),  # a part of Unserdeutsch, which is hardly meant
        ("bai", ""),
        ("no such tongue", ""),
        ("", ""),
    ],
)
def test_only_what_can_mean_one_language_is_taken_for_it(typed: str, code: str) -> None:
    assert only(typed) == code
