"""Times of lines, words and characters, on log probabilities that say when each is spoken."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from smile.acoustic.align import EARLY, FORCED, LATE, Alignment, align
from smile.acoustic.alphabet import Alphabet, Form
from smile.acoustic.head import Head
from smile.datatypes import Matrix, Span
from smile.util.timing import finished
from tests.support.made_states import READS


def spoken(text: str, form: Form, every: int = 10, extra: str = "") -> tuple[Head, Matrix]:
    """A head that writes a text, and log probabilities where each character has the fifth of its frames."""
    letters = form(text)
    head = Head(Alphabet.of([letters + extra]), form, READS, {})
    logprobs = np.full((every * (len(letters) - 1) + 10, len(head.alphabet)), -9.0, np.float32)
    logprobs[:, 0] = 0.0
    for number, label in enumerate(head.alphabet.encode(letters).tolist()):
        logprobs[every * number + 4] = -9.0
        logprobs[every * number + 4, label] = -0.1
    return head, logprobs


def aligned(head: Head, logprobs: Matrix, *lines: str) -> Alignment:
    return finished(align(head, logprobs, lines))


def times(spans: tuple[Span, ...]) -> list[tuple[str, float, float]]:
    return [(span.text, pytest.approx(span.start), pytest.approx(span.end)) for span in spans]


def test_words_have_the_times_of_their_characters() -> None:
    head, logprobs = spoken("Na ba", Form())
    (line,) = aligned(head, logprobs, "Na, ba!").lines
    assert line
    assert times(line.parts) == [("Na,", 0.08 - EARLY, 0.30 + LATE), ("ba!", 0.68 - EARLY, 1.0)]
    assert [c.text for word in line.parts for c in word.parts] == ["N", "a,", "b", "a!"]
    assert (line.start, line.end, line.text) == (line.parts[0].start, line.parts[-1].end, "Na, ba!")
    assert [word.probability for word in line.parts] == [pytest.approx(0.9048)] * 2
    for word in line.parts:
        assert (word.parts[0].start, word.parts[-1].end) == (word.start, word.end)
        assert all(a.end == b.start for a, b in pairwise(word.parts))


def test_words_close_together_part_between_their_spikes() -> None:
    head, logprobs = spoken("na ba", Form(), every=4)
    first, second = aligned(head, logprobs, "na ba").lines[0].parts
    assert first.end == second.start == pytest.approx(0.18 + 0.14 * LATE / (EARLY + LATE))


@pytest.mark.parametrize("text", ["שָׁלוֹם עֲלֵיכֶם", "مەرحەبا دنیا", "日本語 ok", "e\u0301ṋ̃a bɛ̀", "ᎤᎾᏙᏓ Ꭰ"])
def test_every_script_keeps_its_letters_and_the_order_of_time(text: str) -> None:
    head, logprobs = spoken(text, Form())
    (line,) = aligned(head, logprobs, text).lines
    assert line
    assert "".join(word.text for word in line.parts) == text.replace(" ", "")
    for spans in (line.parts, tuple(c for word in line.parts for c in word.parts)):
        assert all(a.start < a.end <= b.start for a, b in pairwise(spans))


def test_text_that_is_not_spoken_and_speech_without_text_are_marked() -> None:
    head, logprobs = spoken("ab ba cdcdcd ab", Form())
    first, gone, last = aligned(head, logprobs, "ab ba", "dadada bcb", "ab").lines
    assert first
    assert last
    assert gone is None
    ((start, end),) = aligned(head, logprobs, "ab ba", "dadada bcb", "ab").strangers
    assert first.end <= start < end <= last.start
    forced = finished(align(head, logprobs, ["ab ba", "dadada bcb", "ab"], FORCED))
    assert all(forced.lines)
    assert forced.lines[1]
    worst, best = forced.lines[1].probability, first.probability
    assert worst is not None
    assert best is not None
    assert worst < 0.1 < best


def test_what_the_head_cannot_write_has_the_time_between_its_neighbours() -> None:
    head, logprobs = spoken("ab cccc ab", Form())
    (line,) = aligned(head, logprobs, "ab 1984 ab").lines
    assert line
    year = line.parts[1]
    assert (year.text, year.probability) == ("1984", None)
    assert line.parts[0].end <= year.start < year.end <= line.parts[2].start
    assert aligned(head, logprobs, "1984 1985 ab", "ab cccc ab").lines[0] is None, "it is mostly unknown"
    (line,) = aligned(head, logprobs, "aqb — cccc ab").lines
    assert line
    assert [word.text for word in line.parts] == ["aqb", "cccc", "ab"]
    assert [c.text for c in line.parts[0].parts] == ["aq", "b"]


def test_no_text_and_nothing_but_signs() -> None:
    head, logprobs = spoken("ab", Form())
    assert aligned(head, logprobs).lines == ()
    assert aligned(head, logprobs, "", "...", "ab").lines[:2] == (None, None)


def test_one_letter_that_is_not_spoken_does_not_make_its_line_impossible() -> None:
    head, logprobs = spoken("nabana nada", Form())
    logprobs[logprobs < -1] = -60.0
    (right,) = aligned(head, logprobs, "nabana nada").lines
    (line,) = finished(align(head, logprobs, ["nabana naba"], FORCED)).lines
    assert line
    assert right
    assert line.parts[1].probability == 0.0
    assert right.probability == pytest.approx(0.9048)
    assert line.probability == pytest.approx(np.exp((9 * -0.1 + np.log(1e-4)) / 10), abs=0.001)
