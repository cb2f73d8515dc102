"""Decoding kept to a set of characters: nothing else appears, and there is always a way on."""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smile.datatypes import DecodingResult, Prompt
from smile.decoding.constraints import PENALTY, CharacterConstraint, Spelling
from smile.decoding.knn.datastore import AdaptiveWeight, Datastore, KnnLM
from smile.decoding.search import Beam, Control, LengthStop, LogitsProcessor, LoopStop, NoRepeat, decode
from smile.text.characters import permitted
from smile.whisper.token_bytes import TokenBytes, cut
from smile.whisper.tokenizer import Tokenizer

SIZE, D = 51865, 4
HIDDEN = np.zeros(D, dtype=np.float32)
TEXTS = (
    "ᎤᎾᏙᏓᏉᏅᎯ ᏔᎵᏁᎢᎦ ᎠᏂᏣᎳᎩ",  # Cherokee: three bytes a letter, of which no token holds two letters
    "ସୋମବାର ତୃତୀୟ ମାର୍ଚ୍ଚ",  # Odia
    "دۈشەنبە ئۈچىنچى مارت",  # Uyghur
    "Diluain an treas latha",
    "e\u0301 a\u0300 c\u0327a",  # decomposed
    "中文字符 日本",
    "ok 👍🏽 𐐀𐐁",  # four bytes a character
    "Ꭰ",
)
texts = st.sampled_from(TEXTS)


class Wild:
    """A session of random logits that is drawn to some tokens."""

    def __init__(self, seed: int, drawn: Sequence[int], force: float):
        self._seed, self._drawn, self._force, self._paths = seed, list(drawn), force, [()]

    def step(self, tokens):
        self._paths = [(*path, *row) for path, row in zip(self._paths, tokens.tolist(), strict=True)]
        rows = [self._row(path) for path in self._paths]
        states = np.random.default_rng(len(self._paths[0])).normal(size=(len(rows), 1, D))
        return np.array(rows), states.astype(np.float32)

    def _row(self, path):
        generator = np.random.default_rng([self._seed, *path[-3:]])
        row = generator.normal(0, 3, SIZE).astype(np.float32)
        row[generator.permutation(self._drawn)[:5]] += self._force
        return row

    def reorder(self, beams):
        self._paths = [self._paths[i] for i in beams]


@cache
def spelling(tokenizer: Tokenizer, text: str) -> Spelling:
    """Which tokens may follow in a text of these characters."""
    return Spelling(TokenBytes.of(tokenizer.pieces), permitted([text]))


def neighbours(tokenizer: Tokenizer, text: str, seed: int) -> KnnLM:
    """Token-level neighbours of a pool with this text, that count for much."""
    tokens = np.array(tokenizer.encode(text) * 3)
    keys = np.random.default_rng(seed).normal(size=(len(tokens), D)).astype(np.float32)
    store = Datastore(keys, tokens, np.arange(len(tokens)) % 3, AdaptiveWeight(2.0, 0.0, 0.0, 1.0, 1.0))
    return KnnLM(store)


def written(tokenizer: Tokenizer, tokens: Sequence[int]) -> tuple[str, bytes]:
    """The whole characters of tokens, and the bytes of one only begun; fails where they are no text."""
    joined = b"".join(tokenizer.pieces[t] for t in tokens)
    text, size = codecs.utf_8_decode(joined, "strict", False)
    return text, joined[size:]


def keeps_to(tokenizer: Tokenizer, shown: DecodingResult, characters: frozenset[str]) -> None:
    text, begun = written(tokenizer, shown.tokens)
    assert set(text) | set(shown.text) <= characters
    assert shown.text == text.strip()
    assert not begun or any(c.encode().startswith(begun) for c in characters)
    assert not begun or shown.stopped != "end"
    assert np.isfinite(shown.logprobs).all()


@given(
    spelt=texts,
    drawn=texts,
    seed=st.integers(0, 10**6),
    force=st.sampled_from([0.0, 8.0, 40.0]),
    beam_size=st.sampled_from([1, 1, 3, 5]),
    no_repeat=st.booleans(),
    knn=st.booleans(),
    longest=st.sampled_from([1, 4, 1000]),
    max_new_tokens=st.integers(1, 14),
    timestamps=st.booleans(),
)
@settings(max_examples=150)
def test_in_hard_mode_no_other_character_ever_appears(
    tokenizer: Tokenizer,
    spelt: str,
    drawn: str,
    seed: int,
    force: float,
    beam_size: int,
    no_repeat: bool,
    knn: bool,
    longest: int,
    max_new_tokens: int,
    timestamps: bool,
) -> None:
    characters = permitted([spelt])
    processors: list[LogitsProcessor] = [NoRepeat(ngram=3, single=2)] if no_repeat else []
    processors += [neighbours(tokenizer, drawn, seed)] if knn else []
    session = Wild(seed, [*tokenizer.encode(drawn), tokenizer.end, tokenizer.timestamp(2.0)], force)
    prompt = Prompt(
        np.zeros(1, np.float32), (50258, 50259, 50359, 50363), 0.0, (), timestamps, max_new_tokens
    )
    processors.append(CharacterConstraint(tokenizer, characters))
    control = Control(beam_size, tuple(processors), (LoopStop(), LengthStop(longest, tokenizer)))
    shown = list(decode(session, prompt, tokenizer, control))
    for step in shown:
        keeps_to(tokenizer, step, characters)
    assert shown[-1].stopped


def test_that_the_property_can_fail(tokenizer: Tokenizer) -> None:
    prompt = Prompt(np.zeros(1, np.float32), (50258,), 0.0, (), False, 8)
    *_, shown = decode(Wild(1, tokenizer.encode(TEXTS[0]), 0.0), prompt, tokenizer)
    with pytest.raises((AssertionError, UnicodeDecodeError)):
        keeps_to(tokenizer, shown, permitted([TEXTS[0]]))


@given(texts, st.lists(texts, min_size=1, max_size=3), st.data())
@settings(max_examples=40)
def test_a_text_of_the_characters_may_be_written_token_by_token(
    tokenizer: Tokenizer, text: str, others: list[str], data: st.DataObject
) -> None:
    ids = tokenizer.encode(text)
    steer = CharacterConstraint(tokenizer, permitted([text, *others]))
    at = data.draw(st.integers(0, len(ids)))
    row = steer(np.zeros(SIZE, np.float32), Beam(tuple(ids[:at])), HIDDEN)
    assert row[[*ids, tokenizer.end][at]] == 0.0


def slow(waiting: bytes, piece: bytes, characters: frozenset[str]) -> bool:
    """Whether a token may follow, one character after the other."""
    if waiting and (not piece or not 0x80 <= piece[0] < 0xC0):
        return False
    try:
        text, size = codecs.utf_8_decode(waiting + piece, "strict", False)
    except UnicodeDecodeError:
        return False
    left = (waiting + piece)[size:]
    return bool(piece) and set(text) <= characters and any(c.encode().startswith(left) for c in characters)


@given(texts, st.data())
@settings(max_examples=12)
def test_every_token_is_judged_as_by_a_slow_reference(
    tokenizer: Tokenizer, text: str, data: st.DataObject
) -> None:
    characters = permitted([text])
    begun = sorted({c.encode()[:n] for c in permitted(TEXTS) for n in range(len(c.encode()))})
    waiting = data.draw(st.sampled_from(begun))
    allowed = spelling(tokenizer, text).after(waiting)
    wanted = [slow(waiting, piece, characters) for piece in tokenizer.pieces]
    assert allowed.tolist() == wanted


@given(texts, texts, st.integers(0, 10**6), st.integers(0, 9))
@settings(max_examples=30)
def test_soft_penalises_just_what_hard_forbids(
    tokenizer: Tokenizer, spelt: str, said: str, seed: int, length: int
) -> None:
    logits = np.random.default_rng(seed).integers(-40, 40, SIZE).astype(np.float32) / 4
    beam = Beam(tuple(tokenizer.encode(spelt + said)[:length]))
    characters = permitted([spelt])
    hard = CharacterConstraint(tokenizer, characters)(logits, beam, HIDDEN)
    soft = CharacterConstraint(tokenizer, characters, PENALTY)(logits, beam, HIDDEN)
    if spelling(tokenizer, spelt).after(tokenizer.waiting(beam.tokens)).any():
        assert (soft == np.where(np.isneginf(hard), logits - PENALTY, logits)).all()
    else:
        assert (soft == logits - PENALTY).all(), "the beam has left the characters"


def test_soft_only_prefers(tokenizer: Tokenizer) -> None:
    inside, outside = tokenizer.encode("a")[0], tokenizer.encode("b")[0]
    steer = CharacterConstraint(tokenizer, frozenset("a "), PENALTY)
    logits = np.full(SIZE, -20, dtype=np.float32)
    for lead, chosen in ((PENALTY - 0.1, inside), (PENALTY + 0.1, outside)):
        logits[[inside, outside]] = 0, lead
        assert steer(logits, Beam(), HIDDEN).argmax() == chosen


def test_the_text_does_not_end_within_a_character(tokenizer: Tokenizer) -> None:
    begun = tuple(tokenizer.encode("Ꭰ")[:-1])
    assert tokenizer.waiting(begun)
    steer = CharacterConstraint(tokenizer, frozenset("Ꭰ "))
    for tokens, may_end in ((begun, False), ((), True), (tuple(tokenizer.encode("Ꭰ")), True)):
        row = steer(np.zeros(SIZE, np.float32), Beam(tokens), HIDDEN)
        assert np.isfinite(row[[tokenizer.end, tokenizer.timestamp(1.0)]]).tolist() == [may_end] * 2


@given(texts, st.integers(0, 30), st.booleans())
@settings(max_examples=40)
def test_there_is_a_way_out_of_whatever_others_forbid(
    tokenizer: Tokenizer, text: str, length: int, everything: bool
) -> None:
    ids = tokenizer.encode(text)
    beam = Beam(tuple(ids[:length]))
    after = spelling(tokenizer, text).after
    waiting = tokenizer.waiting(beam.tokens)
    logits = np.where(np.arange(SIZE) < (SIZE if everything else 0), -np.inf, 0.0).astype(np.float32)
    logits[: tokenizer.end][after(waiting)] = -np.inf
    if not waiting:
        logits[tokenizer.end :] = -np.inf
    row = CharacterConstraint(tokenizer, permitted([text]))(logits, beam, HIDDEN)
    left = np.flatnonzero(np.isfinite(row))
    assert len(left)
    if waiting:
        assert after(waiting)[left].all()
        assert {len(tokenizer.pieces[t]) for t in left} == {1}, "no more than what ends the character"
    else:
        assert left.tolist() == [tokenizer.end]


def test_a_ban_on_what_ends_the_character_does_not_leave_half_of_it(tokenizer: Tokenizer) -> None:
    ids = tokenizer.encode("Ꭰ")

    def ban(logits, beam, hidden):
        changed = logits.copy()
        changed[ids[-1]] = -np.inf
        return changed

    prompt = Prompt(np.zeros(1, np.float32), (50258,), 0.0, (), False, 10)
    control = Control(processors=(ban, CharacterConstraint(tokenizer, frozenset("Ꭰ "))))
    *_, shown = decode(Wild(3, ids, 20.0), prompt, tokenizer, control)
    assert "Ꭰ" in shown.text
    keeps_to(tokenizer, shown, frozenset("Ꭰ "))


@pytest.mark.parametrize("keep", range(7))
def test_a_stop_within_a_character_shows_whole_ones(tokenizer: Tokenizer, keep: int) -> None:
    class Cut:
        reason = "length"

        def __call__(self, tokens):
            return keep if len(tokens) > keep else None

    prompt = Prompt(np.zeros(1, np.float32), (50258,), 0.0, (), False, 20)
    control = Control(1, (CharacterConstraint(tokenizer, frozenset("Ꭰ")),), (Cut(),))
    session = Wild(2, tokenizer.encode("Ꭰ"), 20.0)
    *_, shown = decode(session, prompt, tokenizer, control)
    assert set(shown.text) <= {"Ꭰ", " "}
    assert (len(shown.tokens), shown.stopped) == (keep, "length")


@given(st.text(max_size=8), st.integers(0, 8), st.integers(0, 8))
def test_bytes_are_cut_at_characters(text: str, start: int, end: int) -> None:
    piece = text.encode()[start : len(text.encode()) - end]
    head, whole, tail = cut(piece)
    assert head + whole.encode() + tail == piece
    assert all(0x80 <= byte < 0xC0 for byte in head)
    assert whole in text
    assert not tail or tail[0] >= 0xC0


@given(st.binary(max_size=6))
def test_bytes_that_no_text_has_begin_no_character(piece: bytes) -> None:
    head, whole, tail = cut(piece)
    assert head + whole.encode() + tail == piece


def test_the_pieces_of_the_vocabulary_spell_what_the_tokenizer_decodes(tokenizer: Tokenizer) -> None:
    for text in TEXTS:
        assert written(tokenizer, tokenizer.encode(text)) == (text, b"")
    assert len({piece for piece in tokenizer.pieces if len(piece) == 1}) == 256
