"""Letters that a visitor's device may lack: which fonts are named, what is in them, what is refused."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

from smile.pools.pool import open_pool
from smile.ui import fonts
from tests.conftest import POOLS

LETTERS = fonts.Letters()
LATIN = 0x0250  # below, every device has the letters


def held(name: str) -> TTFont:
    made = LETTERS.font(name)
    assert made is not None
    return TTFont(io.BytesIO(made))


def test_every_font_is_in_the_package() -> None:
    assert LETTERS.there() == list(fonts.SCRIPTS)


def test_no_code_point_has_two_fonts() -> None:
    points = [point for ranges in fonts.SCRIPTS.values() for point in fonts.code_points(ranges)]
    assert len(points) == len(set(points))


@pytest.mark.parametrize("name", ["Sans", "SansCherokee", "SansOriya", "NaskhArabic"])
def test_a_font_has_its_script_and_little_else(name: str) -> None:
    named = set(fonts.code_points(fonts.SCRIPTS[name]))
    font = held(name)
    assert font.flavor == "woff2"
    assert len(named & font.getBestCmap().keys()) > 0.6 * len(named)
    assert font.getBestCmap().keys() - named <= {*fonts.code_points(fonts.JOINERS), 0x20, 0xA0}


@pytest.mark.parametrize("pool", ["chr", "ori", "uig"])
def test_the_letters_of_demo_pools_are_in_a_font(pool: str) -> None:
    texts = "".join(utterance.text for utterance in open_pool(POOLS / pool).utterances)
    letters = {ord(letter) for letter in texts if letter.isalpha() and ord(letter) >= LATIN}
    assert letters
    assert all(any(letter in held(name).getBestCmap() for name in _named(letter)) for letter in letters)


def _named(letter: int) -> list[str]:
    return [name for name, ranges in fonts.SCRIPTS.items() if letter in fonts.code_points(ranges)]


def test_where_no_font_is_installed_none_is_named(tmp_path: Path) -> None:
    letters = fonts.Letters(tmp_path)
    assert (letters.there(), letters.sheet(), letters.font("Sans"), fonts.head(letters)) == ([], "", None, "")


@pytest.mark.parametrize("name", ["", "Serif", "../NotoSans", "SansCherokee-Regular", "Sans\0"])
def test_no_other_file_is_given_out(name: str) -> None:
    assert LETTERS.font(name) is None
