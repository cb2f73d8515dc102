"""The table of languages."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from smile.datatypes import Language
from smile.paths import LANGUAGES
from smile.text.languages import from_whisper, iso_code, language, languages

# The codes of Whisper's language tokens, in the order of the tokens (openai/whisper, tokenizer.py).
WHISPER = (
    "en zh de es ru ko fr ja pt tr pl ca nl ar sv it id hi fi vi he uk el ms cs ro da hu ta no th ur hr bg "
    "lt la mi ml cy sk te fa lv bn sr az sl kn et mk br eu is hy ne mn bs kk sq sw gl mr pa si km sn yo so "
    "af oc ka be tg sd gu am yi lo uz fo ht ps tk nn mt sa lb my bo tl mg as tt haw ln ha ba jw su yue "
)

UNKNOWN_TO_WHISPER = (
    "mdw sxb chr gla qtu gle kir ori uig kok kur kmr epo orm que kal tsn ina zul frr tok umb ful ceb luo "
    "kea tso tos"
)


def test_every_language_of_whisper_is_known() -> None:
    assert len(WHISPER.split()) == 100
    assert {known.whisper for known in languages().values()} - {""} == set(WHISPER.split())


@pytest.mark.parametrize(
    ("code", "iso"),
    [("de", "deu"), ("zh", "cmn"), ("yue", "yue"), ("jw", "jav"), ("no", "nor"), ("haw", "haw")],
)
def test_whisper_codes_go_both_ways(code: str, iso: str) -> None:
    assert language(iso).whisper == code
    assert from_whisper(code) == language(iso)


@pytest.mark.parametrize("code", ["", "xx", "eng"])
def test_no_language_by_a_code_that_whisper_has_not(code: str) -> None:
    assert from_whisper(code) is None


@pytest.mark.parametrize("code", UNKNOWN_TO_WHISPER.split())
def test_languages_that_whisper_was_not_trained_on(code: str) -> None:
    known = languages()[code]
    assert known.whisper == ""
    assert known.name != code


def test_an_unknown_code_is_its_own_name() -> None:
    assert language("zzz") == Language("zzz", name="zzz")


@pytest.mark.parametrize(
    ("label", "code"),
    [
        ("mdw", "mdw"),
        ("org_jpn", "jpn"),
        ("[jpn]", "jpn"),
        ("[org_jpn]", "jpn"),
        (" DEU ", "deu"),
        ("de", "deu"),
        ("", ""),
        ("Mothan Mothan", "mothan-mothan-bc6a20cbe1"),
        ("Scottish Gaelic", "gla"),
        ("ENGLISH", "eng"),
        ("Kiswahili", "swh"),
        ("Mboshi", "mdw"),
        ("gd", "gla"),
        ("gd_GB", "gla"),
        ("ab", "abk"),
        ("pt-BR", "por"),
        ("es-419", "spa"),
        ("cmn_hans_cn", "cmn"),
        ("zh-TW", "cmn"),
        ("zh-HK", "yue"),
        ("xx", "xx"),
        ("xx-yy", "xx-yy"),
        ("gla-lewis", "gla-lewis"),
        ("gla-2", "gla-2"),
        ("mdw+sxb", "mdw+sxb"),
    ],
)
def test_labels_of_corpora(label: str, code: str) -> None:
    assert iso_code(label) == code


def test_every_row_is_whole_and_every_code_comes_once() -> None:
    with LANGUAGES.open(encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table))
    assert len({row["code"] for row in rows}) == len(rows)
    assert all(len(row["code"]) == 3 and row["name"] and row["family"] and row["script"] for row in rows)


def test_the_table_agrees_with_the_real_speech(speech: Path | None) -> None:
    listing = speech.parent / "languages.csv" if speech else LANGUAGES
    listing = listing if listing.is_file() else LANGUAGES
    columns = {"iso639_3": "code", "whisper_token": "whisper"}
    with listing.open(encoding="utf-8", newline="") as table:
        rows = [
            {columns.get(name, name): cell for name, cell in row.items()} for row in csv.DictReader(table)
        ]
    for row in rows:
        known = language(row["code"])
        assert (known.name, known.family, known.whisper) == (row["name"], row["family"], row["whisper"])
