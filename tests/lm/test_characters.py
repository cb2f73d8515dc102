"""The character n-gram against a slow one written down as the formula stands."""

from __future__ import annotations

import math
import random

import pytest

from smile.lm.characters import END, START, UNKNOWN, CharacterNgram


def slow(texts: list[str], context: str, character: str, characters: str = "") -> float:
    """Witten-Bell as the formula has it: every n-gram counted anew in the padded texts."""
    symbols = {END, UNKNOWN, *characters, *"".join(texts)}
    if character not in symbols:
        character = UNKNOWN
    padded = [START + text + END for text in texts]

    def probability(history: str | None) -> float:
        if history is None:
            return 1 / len(symbols)
        n = len(history)
        places = [(text, i) for text in padded for i in range(1, len(text))]
        after = [text[i] for text, i in places if text[max(0, i - n) : i] == history]
        lower = probability(history[1:] if history else None)
        if not after:
            return lower
        types = len(set(after))
        return (after.count(character) + types * lower) / (len(after) + types)

    return probability(context)


def random_texts(seed: int, alphabet: str = "ab c") -> list[str]:
    draw = random.Random(seed)
    return ["".join(draw.choices(alphabet, k=draw.randint(0, 12))) for _ in range(draw.randint(0, 6))]


@pytest.mark.parametrize("order", [1, 2, 3, 6])
@pytest.mark.parametrize("seed", range(5))
def test_it_is_the_slow_one(order: int, seed: int) -> None:
    texts = random_texts(seed)
    model = CharacterNgram(texts, order)
    for text in (*texts, *random_texts(seed + 100, "abcd "), ""):
        context, total = model.start, 0.0
        for i, character in enumerate(text + END):
            want = slow(texts, (START + text[:i])[-(order - 1) :] if order > 1 else "", character)
            assert math.exp(model.logprob(context, character)) == pytest.approx(want, rel=1e-12)
            total += math.log(want)
            context = model.context(context, character)
        assert model.score(text) == pytest.approx(total)


def test_what_may_come_sums_to_one() -> None:
    texts = ["მეგრული ენა", "ნინა", "ᎤᎾᏙᏓ ᎤᎾ", "e\u0301e\u0301", "שלום"]
    model = CharacterNgram(texts)
    symbols = sorted({END, UNKNOWN, *"".join(texts)})
    for context in (model.start, "", "ენა", "ᎤᎾ", "xyz", "e\u0301e"):
        assert math.fsum(math.exp(model.logprob(context, s)) for s in symbols) == pytest.approx(1)


def test_three_thousand_characters_and_none() -> None:
    han = "".join(chr(0x4E00 + i) for i in range(3000))
    model = CharacterNgram([han])
    assert model.logprob(han[10:15], han[15]) > math.log(0.2) > model.logprob(han[10:15], han[20])
    assert CharacterNgram([]).logprob(START, "a") == pytest.approx(math.log(0.5))
    with pytest.raises(ValueError, match="order"):
        CharacterNgram([], 0)


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    text, computed = "some text here", list[float]()
    monkeypatch.setattr("smile.lm.characters.log", lambda p: computed.append(p) or math.log(p))
    for most, again in ((10, len(text) + 1), (1000, 0)):
        monkeypatch.setattr("smile.lm.characters.MOST_KNOWN", most)
        model = CharacterNgram([text])
        first = model.score(text)
        computed.clear()
        assert model.score(text) == first
        assert len(computed) == again
