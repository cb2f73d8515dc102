"""The names by which languages are found are those that the command writes."""

from __future__ import annotations

from smile.demo import language_names
from smile.text.language_search import NAMES


def test_the_table_is_what_the_command_writes() -> None:
    assert NAMES.read_text(encoding="utf-8") == language_names.table(), "python -m smile.demo.language_names"


def test_it_has_what_speakers_the_english_and_the_french_say() -> None:
    rows = language_names.rows()
    assert {
        ("gla", "Gàidhlig"),
        ("bre", "brezhoneg"),
        ("sxb", "Olusuba"),
        ("gla", "gaélique écossais"),
    } <= set(rows)
    assert ("gla", "Scottish Gaelic") not in rows, "ISO 639-3 says that"
