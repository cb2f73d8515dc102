"""The aligned difference: both texts come back out of its HTML, whatever they are, and nothing else does."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smile.ui.diff import JOINER, OPEN_BOX, difference
from smile.ui.parts.scores import errors_in

TAGS = {"p", "span", "del", "ins"}
# Text as the normalisers leave it: words of any letters and marks, parted by single spaces.
LETTERS = st.characters(categories=("L", "M", "N"), exclude_characters=JOINER)
TEXTS = st.lists(st.text(LETTERS, min_size=1, max_size=6), max_size=5).map(" ".join)


class Reader(HTMLParser):
    """Reads the two lines of a difference as a person does, and the kinds of its columns."""

    def __init__(self, html: str):
        super().__init__()
        self.above, self.below, self.kinds, self.tags = "", "", [], []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        given = dict(attrs)
        if (given.get("class") or "").startswith("col"):
            self.kinds.append((given["class"] or "").removeprefix("col").strip() or "same")
            self.above += given.get("data-above") or ""

    def handle_endtag(self, tag: str) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        inside = self.tags[-1]
        if inside == "del":
            self.above += data
        elif inside == "ins" or self.kinds[-1] == "same":
            self.below += data


def plain(text: str) -> str:
    return text.replace(OPEN_BOX, " ").replace(JOINER, "")


@given(TEXTS, TEXTS)
def test_both_texts_can_be_read(reference, hypothesis):
    shown = Reader(difference(reference, hypothesis))
    assert plain(shown.above) == reference
    assert plain(shown.below) == hypothesis
    assert set(shown.tags) <= TAGS


@given(st.text(), st.text())
def test_any_text_is_only_text(reference, hypothesis):
    assert set(Reader(difference(reference, hypothesis)).tags) <= TAGS


def test_markup_in_a_transcript_is_escaped():
    html = difference("<b>a</b>", '<img src=x onerror="alert(1)">')
    assert "<img" not in html
    assert "<b>" not in html
    assert "&lt;" in html


@pytest.mark.parametrize(
    ("reference", "hypothesis", "kinds"),
    [
        ("abc", "abc", ["same"]),
        ("abc", "axc", ["same", "substitute", "same"]),
        ("abc", "ac", ["same", "delete", "same"]),
        ("ac", "abc", ["same", "insert", "same"]),
        ("", "a", ["insert"]),
        ("a", "", ["delete"]),
        ("ab cd", "ab cd", ["same", "same"]),  # lines may break between the words
    ],
)
def test_kinds(reference, hypothesis, kinds):
    assert Reader(difference(reference, hypothesis)).kinds == kinds


def test_a_missing_text_leaves_a_dash():
    assert "\u2013" in difference("abc", "ac")
    assert "\u2013" not in difference("abc", "axc")


def test_a_space_that_is_wrong_can_be_seen():
    assert OPEN_BOX in difference("a b", "ab")
    assert OPEN_BOX not in difference("a b", "a b")


def test_marks_stay_with_their_letters():
    shown = Reader(difference("e\u0301a", "ea"))  # é against e: one change of one character
    assert shown.kinds == ["substitute", "same"]


def test_letters_of_a_cursive_script_keep_their_joined_shape():
    shown = Reader(difference("\u0643\u062a\u0628", "\u0643\u0628"))  # ktb against kb
    assert JOINER in shown.above
    assert JOINER not in Reader(difference("ktb", "kb")).above
    apart = difference("\u0643 \u062a", "\u0643 \u0628")
    assert JOINER not in apart, "words of their own do not join"


def test_one_error_is_one() -> None:
    assert errors_in(1, 36, "character") == "1 error in 36 characters"
    assert errors_in(0.0, 1.0, "word") == "0 errors in 1 word"
