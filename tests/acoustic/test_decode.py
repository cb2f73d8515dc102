"""CTC and prefix beam search against slow ones that go through every alignment and every text."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from smile.acoustic.alphabet import BLANK, Alphabet, Form, frames_needed
from smile.acoustic.beam import BeamSettings, search
from smile.acoustic.ctc import greedy, log_likelihoods, score
from smile.acoustic.head import Head
from smile.acoustic.model import AcousticModel
from smile.acoustic.states import StatesId
from smile.datatypes import EncoderId
from smile.lm.characters import CharacterNgram

AB = Alphabet.of(["a b"])  # " ", "a", "b"
READS = StatesId(EncoderId("tiny", "x"), "float32", (10.0,), (1,))
EXACT = BeamSettings(size=100_000, weight=0.7, bonus=0.4, least=0.0)


def random_logprobs(frames: int, symbols: int, seed: int, sharp: float = 1.0) -> np.ndarray:
    x = np.random.default_rng(seed).normal(size=(frames, symbols)) * sharp
    return (x - np.logaddexp.reduce(x, axis=1, keepdims=True)).astype(np.float32)


def likelihood(logprobs: np.ndarray, labels: np.ndarray) -> float:
    return float(log_likelihoods(logprobs[None], [labels])[0, 0])


def collapsed(path: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(symbol for symbol, _ in itertools.groupby(path) if symbol != BLANK)


def all_texts(logprobs: np.ndarray) -> dict[tuple[int, ...], float]:
    """Log P of every text, by going through every alignment."""
    likelihoods: dict[tuple[int, ...], float] = {}
    for path in itertools.product(range(logprobs.shape[1]), repeat=len(logprobs)):
        worth = float(sum(logprobs[t, s] for t, s in enumerate(path)))
        text = collapsed(path)
        likelihoods[text] = np.logaddexp(likelihoods.get(text, -np.inf), worth)
    return likelihoods


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("frames", [1, 2, 5])
def test_likelihood_is_the_sum_over_alignments(frames: int, seed: int) -> None:
    logprobs = random_logprobs(frames, 4, seed)
    likelihoods = all_texts(logprobs)
    together = log_likelihoods(logprobs[None], [np.array(text, np.int64) for text in likelihoods])[0]
    np.testing.assert_allclose(together, list(likelihoods.values()), atol=1e-5)
    assert np.logaddexp.reduce(list(likelihoods.values())) == pytest.approx(0, abs=1e-5)
    assert likelihood(logprobs, np.array([1] * (frames + 1))) == -np.inf
    assert likelihood(logprobs, np.array([1] * frames)) == (-np.inf if frames > 1 else logprobs[0, 1])


def test_likelihood_is_torchs() -> None:
    import torch

    logprobs, labels = random_logprobs(60, 30, 1), np.random.default_rng(2).integers(1, 30, 20)
    theirs = torch.nn.functional.ctc_loss(
        torch.from_numpy(logprobs)[:, None], torch.from_numpy(labels)[None], [60], [20], reduction="none"
    )
    assert likelihood(logprobs, labels) == pytest.approx(-float(theirs), abs=1e-3)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("lm", [True, False])
def test_search_finds_the_best_of_all_texts(seed: int, lm: bool) -> None:
    logprobs = random_logprobs(5, 4, seed, sharp=2.0)
    model = CharacterNgram(["a b", "ab ba", "bb"], 3) if lm else None
    worth = {}
    for numbers, logprob in all_texts(logprobs).items():
        text = AB.decode(numbers)
        worth[text] = logprob + EXACT.bonus * len(text) + (EXACT.weight * model.score(text) if model else 0)
    hypotheses = search(logprobs, AB, model, EXACT)
    assert {h.text: h.score for h in hypotheses} == pytest.approx(worth, abs=1e-4)
    assert hypotheses[0].text == max(worth, key=worth.get)
    assert [h.score for h in hypotheses] == sorted((h.score for h in hypotheses), reverse=True)


@pytest.mark.parametrize("seed", range(4))
def test_a_narrow_search_is_seldom_worse(seed: int) -> None:
    logprobs = random_logprobs(40, 4, seed, sharp=4.0)
    wide, narrow = (search(logprobs, AB, None, BeamSettings(size=n, bonus=0.0)) for n in (200, 8))
    assert len(narrow) <= 8
    assert narrow[0].text == wide[0].text


def plain_search(logprobs: np.ndarray, lm: CharacterNgram, settings: BeamSettings) -> list[str]:
    """The texts that a search keeps which scores every way and only then takes the best."""
    beams = {"": (0.0, -np.inf)}

    def worth(text: str, ways: tuple[float, float]) -> float:
        spoken = lm.score(text) - lm.end(context_of(text))
        return np.logaddexp(*ways) + settings.weight * spoken + settings.bonus * len(text)

    def context_of(text: str) -> str:
        context = lm.start
        for character in text:
            context = lm.context(context, character)
        return context

    for row in logprobs.astype(np.float64):
        grown: dict[str, list[float]] = {}
        for text, (blank, symbol) in beams.items():
            stays = grown.setdefault(text, [-np.inf, -np.inf])
            stays[0] = np.logaddexp(stays[0], np.logaddexp(blank, symbol) + row[BLANK])
            if text:
                stays[1] = np.logaddexp(stays[1], symbol + row[AB.encode(text[-1])[0]])
            for number in np.flatnonzero(row > np.log(settings.least)):
                if number != BLANK:
                    character = AB.decode([number])
                    before = blank if text.endswith(character) else np.logaddexp(blank, symbol)
                    child = grown.setdefault(text + character, [-np.inf, -np.inf])
                    child[1] = np.logaddexp(child[1], before + row[number])
        best = sorted(grown, key=lambda text: -worth(text, (grown[text][0], grown[text][1])))
        beams = {text: (grown[text][0], grown[text][1]) for text in best[: settings.size]}
    ends = {t: worth(t, ways) + settings.weight * lm.end(context_of(t)) for t, ways in beams.items()}
    return sorted(ends, key=lambda text: -ends[text])


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("size", [1, 3, 12])
def test_what_a_search_passes_over_would_not_have_been_kept(seed: int, size: int) -> None:
    logprobs = random_logprobs(30, 4, seed, sharp=1.5 + seed)
    lm, settings = CharacterNgram(["a b", "ab ba", "bb"], 3), replace(EXACT, size=size, least=1e-3)
    assert [h.text for h in search(logprobs, AB, lm, settings)] == plain_search(logprobs, lm, settings)


def test_greedy_joins_repeats_and_keeps_those_parted_by_a_blank() -> None:
    path = [0, 2, 2, 0, 2, 1, 1, 3, 0]
    logprobs = np.full((len(path), 4), -9.0, np.float32)
    logprobs[np.arange(len(path)), path] = 0.0
    assert greedy(logprobs, AB) == "aa b"
    assert search(logprobs, AB, None, BeamSettings(bonus=0.0))[0].text == "aa b"


def test_a_text_with_other_characters_cannot_be_scored() -> None:
    logprobs = random_logprobs(6, 4, 0)
    assert score(logprobs, AB, "abc") == -np.inf
    assert score(logprobs, AB, "ab") == pytest.approx(likelihood(logprobs, np.array([2, 3])))


@pytest.mark.parametrize("text", ["שָׁלוֹם עֲלֵיכֶם", "مەرحەبا", "ᎤᎾᏙᏓ", "ɛ́ŋ̀", "日本語", "aab  b"])
def test_an_alphabet_gives_texts_back(text: str) -> None:
    for form in (Form(), Form("original")):
        written = form(text)
        alphabet = Alphabet.of([written])
        assert alphabet.decode(alphabet.encode(written)) == written
        assert form(written) == written
        assert alphabet.encode(written).min() == 1
        assert len(alphabet) == alphabet.encode(written).max() + 1


def test_frames_needed() -> None:
    assert [frames_needed(np.array(x, np.int64)) for x in ([], [1], [1, 1], [1, 2, 2, 2])] == [0, 1, 3, 6]
    assert Form("original")(" A  Búza ") == "A Búza"
    assert (Form().stamp, Form("original").stamp) == ("plain/2", "original/1")


def test_a_head_that_is_at_a_loss_takes_no_hours() -> None:
    """Of a thousand characters that are all as likely, only some are tried in a frame."""
    alphabet = Alphabet("".join(map(chr, range(0x4E00, 0x4E00 + 900))))
    row = np.full(901, -np.log(901.0))
    row[7] += 0.1
    asked: list[str] = []

    class Counting(CharacterNgram):
        def logprob(self, context: str, character: str) -> float:
            asked.append(character)
            return super().logprob(context, character)

    hypotheses = search(np.tile(row, (10, 1)), alphabet, Counting([alphabet.characters]))
    assert hypotheses
    assert alphabet.characters[6] in asked
    assert len(asked) <= 10 * BeamSettings().size * BeamSettings().tried


@pytest.mark.parametrize("seed", range(5))
def test_many_texts_are_scored_as_each_alone(seed: int) -> None:
    logprobs = random_logprobs(7, len(AB), seed)
    texts = ["", "a", "aa", "ab ab", "b", "aaaaaaaa", "a b a"]
    labels = [AB.encode(text) for text in texts]
    each = [score(logprobs, AB, text) for text in texts]
    np.testing.assert_allclose(log_likelihoods([logprobs], labels)[0], each, atol=1e-5)
    first = log_likelihoods([logprobs[:1]], labels[:2])[0]
    np.testing.assert_allclose(first, [score(logprobs[:1], AB, t) for t in texts[:2]])


def test_several_heads_score_as_each_alone() -> None:
    heads, texts = [random_logprobs(9, len(AB), seed) for seed in range(3)], ["ab", "b a", "aabb", ""]
    together = log_likelihoods(heads, [AB.encode(text) for text in texts])
    assert together.shape == (3, 4)
    np.testing.assert_allclose(together, [[score(head, AB, text) for text in texts] for head in heads])


@pytest.mark.parametrize("sharp", [1.0, 8.0, 60.0, 900.0])
def test_texts_far_from_the_sound_are_scored_as_torch_does(sharp: float) -> None:
    """Down to hundreds of thousands of nats, where multiplied probabilities would be lost."""
    import torch

    frames, symbols = 200, 12
    logprobs, draw = random_logprobs(frames, symbols, 3, sharp), np.random.default_rng(4)
    path = logprobs.argmax(axis=1)
    heard = np.array([symbol for symbol, _ in itertools.groupby(path.tolist()) if symbol != BLANK])
    half = np.concatenate([heard[: len(heard) // 2], draw.integers(1, symbols, 30)])
    texts = [heard, half, draw.integers(1, symbols, 60), draw.integers(1, symbols, 3), heard[:1]]
    ours = log_likelihoods(logprobs[None], [text.astype(np.int64) for text in texts])[0]
    double = torch.from_numpy(logprobs.astype(np.float64))[:, None]
    theirs = [
        -float(
            torch.nn.functional.ctc_loss(
                double, torch.from_numpy(t)[None], [frames], [len(t)], reduction="none"
            )
        )
        for t in texts
    ]
    np.testing.assert_allclose(ours, theirs, rtol=1e-9)


def test_what_all_heads_find_likeliest_is_taken() -> None:
    """Two heads, each sure of its first character, agree on the text that each finds second."""
    lm = CharacterNgram(["ab", "ba", "aa", "bb"])
    first = np.log(np.array([[0.01, 0.01, 0.53, 0.45], [0.01, 0.01, 0.01, 0.97]], np.float32))
    second = np.log(np.array([[0.01, 0.01, 0.01, 0.97], [0.01, 0.01, 0.53, 0.45]], np.float32))
    model = AcousticModel(Head(AB, Form(), READS, {}), lm, beam=BeamSettings(weight=0.0, bonus=0.0))
    alone = [model.text(one) for one in (first, second)]
    together = model.text(first, second)
    best = max((float(np.mean([score(one, AB, t) for one in (first, second)])), t) for t in ("ab", "ba", "b"))
    assert together == best[1]
    assert together not in alone


def test_a_word_that_no_text_has_costs() -> None:
    lm = CharacterNgram(["ab", "ba"])
    logprobs = np.log(np.array([[0.01, 0.01, 0.5, 0.48], [0.01, 0.01, 0.49, 0.49]], np.float32))
    model = AcousticModel(Head(AB, Form(), READS, {}), lm, beam=BeamSettings(weight=0.0, bonus=0.0))
    assert model.text(logprobs) not in ("ba", "ab")
    assert replace(model, words=frozenset(["ba"])).text(logprobs) == "ba"
