"""Greedy and beam search over a scripted decoder, and each processor tried alone."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smile.datatypes import Prompt
from smile.decoding.search import (
    Beam,
    Control,
    LengthStop,
    LoopStop,
    Mask,
    NoRepeat,
    Search,
    decode,
    unrepeated,
    whisper_mask,
)
from smile.whisper.logits import log_softmax
from smile.whisper.tokenizer import Tokenizer

HIDDEN = np.zeros((1, 1, 4), dtype=np.float32)


class Scripted:
    """A session whose logits are a function of the tokens fed so far."""

    def __init__(self, logits):
        self.logits, self.paths = logits, [[]]

    def step(self, tokens):
        self.paths = [[*path, *row] for path, row in zip(self.paths, tokens.tolist(), strict=True)]
        rows = np.array([self.logits(tuple(path)) for path in self.paths], dtype=np.float32)
        return rows, np.repeat(HIDDEN, len(rows), axis=0)

    def reorder(self, beams):
        self.paths = [list(self.paths[i]) for i in beams]


def prompt(max_new_tokens: int = 20, timestamps: bool = False) -> Prompt:
    return Prompt(np.zeros(1, np.float32), (50258, 50259, 50359, 50363), 0.0, (), timestamps, max_new_tokens)


def saying(tokenizer: Tokenizer, ids: list[int]):
    """Logits that spell out the ids and then end."""

    def logits(path):
        row = np.zeros(51865, dtype=np.float32)
        row[[*ids, tokenizer.end][min(len(path) - 4, len(ids))]] = 9
        return row

    return logits


def run(tokenizer, logits, **options):
    return list(decode(Scripted(logits), prompt(), tokenizer, Control(**options)))


def test_greedy_spells_and_ends(tokenizer: Tokenizer) -> None:
    ids = tokenizer.encode(" Hello there")
    steps = run(tokenizer, saying(tokenizer, ids))
    assert [s.text for s in steps] == ["Hello", "Hello there", "Hello there"]
    assert (steps[-1].tokens, steps[-1].stopped) == (tuple(ids), "end")
    assert 0 < steps[-1].probability <= 1


def test_the_end_of_the_positions_ends_it(tokenizer: Tokenizer) -> None:
    ids = tokenizer.encode(" one two three four")
    last = list(decode(Scripted(saying(tokenizer, ids)), prompt(max_new_tokens=2), tokenizer))[-1]
    assert (len(last.tokens), last.stopped) == (2, "max_new_tokens")


def test_a_loop_is_cut_to_one_copy_and_flagged(tokenizer: Tokenizer) -> None:
    start, unit = tokenizer.encode(" So"), tokenizer.encode(" and on")
    last = run(tokenizer, saying(tokenizer, start + unit * 9))[-1]
    assert (last.text, last.stopped) == ("So and on", "loop")


def test_a_timestamp_may_end_a_transcript_but_not_begin_it(tokenizer: Tokenizer) -> None:
    word = tokenizer.encode(" Yes")[0]

    def logits(path):
        row = np.zeros(51865, dtype=np.float32)
        row[tokenizer.timestamp(2.0)] = 9
        row[word] = 5
        return row

    last = list(decode(Scripted(logits), prompt(timestamps=True), tokenizer))[-1]
    assert (last.tokens, last.stopped) == ((word,), "end")


def test_beams_find_the_likelier_path_that_greedy_misses(tokenizer: Tokenizer) -> None:
    a, b, c, d = (tokenizer.encode(w)[0] for w in (" a", " b", " c", " d"))
    tree = {(): {a: 0.6, b: 0.4}, (a,): {c: 0.35, d: 0.33}, (b,): {c: 0.98}}

    def logits(path):
        row = np.full(51865, -30, dtype=np.float32)
        for token, p in tree.get(path[4:], {tokenizer.end: 1.0}).items():
            row[token] = np.log(p)
        return row

    assert run(tokenizer, logits)[-1].tokens == (a, c)
    assert run(tokenizer, logits, beam_size=3)[-1].tokens == (b, c)


def test_beams_equal_an_exhaustive_search(tokenizer: Tokenizer) -> None:
    words = [tokenizer.encode(w)[0] for w in (" a", " b", " c")]
    table = np.random.default_rng(4).normal(0, 2, (3, 4, 4))

    def logits(path):
        row = np.full(51865, -40, dtype=np.float32)
        depth, last = len(path) - 4, words.index(path[-1]) + 1 if path[-1] in words else 0
        if depth >= 3:
            row[tokenizer.end] = 0
        else:
            row[words] = table[depth, last, :3]
        return row

    def total(path):
        known = (50258, 50259, 50359, 50363)
        return sum(log_softmax(logits((*known, *path[:i])))[t] for i, t in enumerate(path))

    best = max(itertools.product(words, repeat=3), key=total)
    assert run(tokenizer, logits, beam_size=27)[-1].tokens == best


def test_beams_take_no_forbidden_token_where_fewer_are_allowed(tokenizer: Tokenizer) -> None:
    search = Search(tokenizer, Control(4, (), ()))
    logits = np.full((1, 51865), -np.inf, dtype=np.float32)
    logits[0, [7, 9]] = 1, 2
    for tokens in ([(9,), (7,)], [(9, 9), (7, 9), (9, 7), (7, 7)]):
        parents = search.advance(np.repeat(logits, len(search.live), axis=0), np.zeros((4, 4), np.float32))
        assert sorted(beam.tokens for beam in search.live) == sorted(tokens)
        assert len(parents) == len(tokens)
    assert (search.best("max_new_tokens").tokens, search.best("max_new_tokens").stopped) == (
        (9, 9),
        "max_new_tokens",
    ), "none has ended"


def test_a_processor_changes_what_is_chosen(tokenizer: Tokenizer) -> None:
    ids = tokenizer.encode(" cat")
    other = tokenizer.encode(" dog")[0]

    def push(logits, beam, hidden):
        raised = logits.copy()
        raised[other] += 50 * (not beam.tokens)
        return raised

    assert run(tokenizer, saying(tokenizer, ids), processors=(push,))[-1].tokens[0] == other


def test_mask_forbids() -> None:
    mask = Mask(never=[1], first=[2], size=4)
    row = np.zeros(4, dtype=np.float32)
    assert np.isneginf(mask(row, Beam(), HIDDEN)).tolist() == [False, True, True, False]
    assert np.isneginf(mask(row, Beam((3,), (0.0,)), HIDDEN)).tolist() == [False, True, False, False]


@pytest.mark.parametrize("timestamps", [True, False])
def test_whisper_mask_leaves_text_and_the_end(tokenizer: Tokenizer, timestamps: bool) -> None:
    row = whisper_mask(tokenizer, timestamps, 51865)(np.zeros(51865, np.float32), Beam((5,), (0.0,)), HIDDEN)
    assert np.isfinite(row[tokenizer.end])
    assert np.isneginf(row[tokenizer.transcribe])
    assert np.isfinite(row[tokenizer.first_timestamp]) == timestamps
    assert np.isfinite(row[: tokenizer.end]).sum() == tokenizer.end - len(
        [t for t in tokenizer.suppress if t < tokenizer.end]
    )


def test_loop_stop_lets_words_repeat_twice() -> None:
    stop = LoopStop()
    assert stop((1, 2, 3, 1, 2, 3)) is None
    assert stop((9, 1, 2, 3, 1, 2, 3, 1, 2, 3)) == 4
    assert stop((7, 7, 7, 7, 7)) is None
    assert stop((1, 7, 7, 7, 7, 7, 7)) == 2


@given(st.lists(st.integers(0, 5), max_size=12), st.lists(st.integers(0, 5), min_size=2, max_size=6))
def test_loop_stop_always_sees_three_copies_and_keeps_a_prefix(head: list[int], unit: list[int]) -> None:
    tokens = tuple(head + unit * 3)
    keep = LoopStop()(tokens)
    assert keep is not None
    assert 0 < keep < len(tokens)


def test_length_stop(tokenizer: Tokenizer) -> None:
    tokens = tuple(tokenizer.encode(" one two three"))
    assert LengthStop(13, tokenizer)(tokens) is None
    assert LengthStop(12, tokenizer)(tokens) == len(tokens) - 1


def test_nothing_is_banned_before_it_repeats() -> None:
    assert list(NoRepeat().banned(())) == []
    assert list(NoRepeat().banned((1, 2, 3, 4, 5, 6, 7))) == []
    assert list(NoRepeat().banned((7, 7, 7, 7))) == []


def test_a_unit_does_not_begin_a_third_time_nor_a_letter_a_sixth() -> None:
    assert list(NoRepeat().banned((9, 1, 2, 1, 2))) == [1]
    assert next(iter(NoRepeat().banned((9, 7, 7, 7, 7, 7)))) == 7


def test_a_long_run_does_not_come_twice() -> None:
    assert list(NoRepeat().banned((1, 2, 3, 4, 5, 6, 9, 1, 2, 3, 4, 5))) == [6]


@given(st.lists(st.integers(0, 3), max_size=60))
def test_what_no_repeat_lets_through_never_loops(wishes: list[int]) -> None:
    tokens: tuple[int, ...] = ()
    steer = NoRepeat()
    for wish in wishes:
        logits = np.zeros(8, dtype=np.float32)
        logits[wish] = 1.0
        changed = steer(logits, Beam(tokens), np.zeros(1, np.float32))
        tokens = (*tokens, int(changed.argmax()))
        assert LoopStop()(tokens) is None


def test_a_loop_is_never_shown_while_it_is_written(tokenizer: Tokenizer) -> None:
    start, unit = tokenizer.encode(" So"), tokenizer.encode(" and on")
    shown = [step.text for step in run(tokenizer, saying(tokenizer, start + unit * 9))]
    assert set(shown) == {"So", "So and", "So and on"}


def test_a_word_said_twice_is_shown_as_soon_as_something_else_follows(tokenizer: Tokenizer) -> None:
    shown = [s.text for s in run(tokenizer, saying(tokenizer, tokenizer.encode(" bye bye now")))]
    assert shown == ["bye", "bye", "bye bye now", "bye bye now"]


@given(st.lists(st.integers(0, 3), max_size=12).map(tuple), st.integers(1, 5), st.integers(2, 4))
def test_whatever_repeats_is_shown_once(start: tuple[int, ...], unit: int, copies: int) -> None:
    looping = tuple(range(10, 10 + unit))
    for extra in range(unit):
        tokens = start + looping * copies + looping[:extra]
        accumulated = [tokens[:i] for i in range(len(tokens) + 1)]
        assert unrepeated(tokens) <= len(start) + unit
    assert unrepeated((*start, 99)) == len(start) + 1
    assert list(map(unrepeated, accumulated)) == sorted(map(unrepeated, accumulated))
