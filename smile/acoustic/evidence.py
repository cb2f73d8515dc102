"""What speaks for and against each word of a text, by a pool's acoustic model: the numbers of a confidence.

They are made alike for a model of one head and of several, so that what is fitted to clips that one head has
not seen holds for all heads together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, fields, replace
from itertools import chain

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

from smile.acoustic.align import FORCED, align
from smile.acoustic.alphabet import Form
from smile.acoustic.model import AcousticModel
from smile.datatypes import Matrix, SmileError, Span
from smile.text.units import words
from smile.util.timing import finished

LEAST = 1e-4  # the smallest probability that is told from none
EQUAL = 0.5  # nats of difference between two texts are worth so many in their posterior


@dataclass(frozen=True)
class Evidence:
    """What speaks for a word; logarithms are natural."""

    aligned: float  # mean log probability of its labels, each in its best frame, over all heads
    worst: float  # that of its least likely character
    posterior: float  # share of the texts that the search has kept, by their worth, which have the word there
    unsure: float  # log of this share's complement
    seen: float  # 1 where a text of the pool has the word, else 0
    expected: float  # mean log probability of its characters by the n-gram
    length: float  # log of the number of its characters
    around: float  # mean of `aligned` over the utterance's words

    def numbers(self) -> NDArray[np.float64]:
        """Return the numbers (features,) in the order of NAMES."""
        return np.array(astuple(self))

    def kept(self) -> tuple[float, ...]:
        """Return the same numbers as they are kept beside a word, to six places."""
        return tuple(round(float(number), 6) for number in astuple(self))


NAMES = tuple(field.name for field in fields(Evidence))


@dataclass(frozen=True)
class Weighed:
    """A word with its time, and what speaks for it; None where the heads can write nothing of it."""

    word: Span
    number: int  # of the text's words, from 0
    evidence: Evidence | None


@dataclass(frozen=True)
class _Told:
    """What a word of a text tells without its time."""

    number: int
    text: str  # as it is written
    tokens: list[str]  # what the form makes of it
    share: float | None
    expected: float | None


def tokens(text: str, form: Form) -> list[list[str]]:
    """Return what a form makes of each word of a text as it is written: mostly one word, or none of signs."""
    return [form(text[start:end]).split() for start, end in words(text)]


def agreeing(ours: Sequence[str], others: Sequence[str]) -> NDArray[np.bool_]:
    """Return which of our words (n,) stand in the others, by an alignment with the fewest edits."""
    same = np.zeros(len(ours), bool)
    for step in Levenshtein.opcodes(ours, others):
        if step.tag == "equal":
            same[step.src_start : step.src_end] = True
    return same


def right(text: str, reference: str, form: Form) -> list[bool | None]:
    """Return of each word whether the aligned reference has it; None of one that is none but signs."""
    ours, wanted = tokens(text, form), list(chain.from_iterable(tokens(reference, form)))
    return [None if each is None else bool(each) for each in _gathered(ours, agreeing(_flat(ours), wanted))]


def weighed(model: AcousticModel, logprobs: Sequence[Matrix], text: str) -> tuple[Weighed, ...]:
    """Return the words of a text with their times and what speaks for them; () where it does not fit.

    `logprobs` are those of each head (frames, symbols). Times are the first head's, as `align` has them.
    """
    try:
        lines = [finished(align(model.head, one, [text], FORCED)).lines[0] for one in logprobs]
    except SmileError:
        return ()
    if lines[0] is None:
        return ()
    known = [[w for w in line.parts if w.probability is not None] for line in lines if line]
    numbers = iter([_aligned(spans) for spans in zip(*known, strict=True)])
    told = _told(model, logprobs, text)
    return tuple(_with_around([_weighed(w, told, numbers, model.words) for w in lines[0].parts]))


def _told(model: AcousticModel, logprobs: Sequence[Matrix], text: str) -> Iterator[_Told]:
    """What the words of a text tell that have no time yet."""
    texts = tokens(text, model.head.form)
    shares = _gathered(texts, _posteriors(model, logprobs, _flat(texts)))
    expected = _gathered(texts, _expected(model, text, _flat(texts)))
    pieces = [text[start:end] for start, end in words(text)]
    yield from map(_Told, range(len(texts)), pieces, texts, shares, expected)


def _weighed(
    span: Span, told: Iterator[_Told], numbers: Iterator[tuple[float, float]], seen: frozenset[str]
) -> Weighed:
    """What speaks for a word with a time; words before it that have none are passed over."""
    word = next(word for word in told if word.text == span.text)
    if span.probability is None:
        return Weighed(span, word.number, None)
    aligned, worst = next(numbers)
    share = word.share or 0.0
    evidence = Evidence(
        aligned=aligned,
        worst=worst,
        posterior=share,
        unsure=float(np.log(max(LEAST, 1 - share))),
        seen=float(all(token in seen for token in word.tokens)),
        expected=word.expected or 0.0,
        length=float(np.log(max(1, sum(map(len, word.tokens))))),
        around=0.0,
    )
    return Weighed(span, word.number, evidence)


def _with_around(found: Sequence[Weighed]) -> Iterator[Weighed]:
    """Words with the mean of all in the utterance among what speaks for each."""
    each = [word.evidence.aligned for word in found if word.evidence]
    for word in found:
        evidence = replace(word.evidence, around=float(np.mean(each))) if word.evidence else None
        yield replace(word, evidence=evidence)


def _aligned(spans: Sequence[Span]) -> tuple[float, float]:
    """The mean and the least log probability of a word's characters, each over its spans by all heads."""
    each = [[p.probability for p in span.parts if p.probability is not None] for span in spans]
    logs = [np.log(np.maximum(LEAST, one)) for one in each]
    mean = float(np.mean([np.log(max(LEAST, span.probability or 0.0)) for span in spans]))
    return mean, float(np.mean([one.min() for one in logs]))


def _posteriors(model: AcousticModel, logprobs: Sequence[Matrix], ours: Sequence[str]) -> NDArray[np.float64]:
    """The share of the texts that a search has kept, by their worth, that have each of our words (words,)."""
    texts, worths = model.kept(logprobs)
    weights = np.exp(EQUAL * (worths - worths.max()))
    having = np.array([agreeing(ours, _flat(tokens(text, model.head.form))) for text in texts])
    return (weights / weights.sum()) @ having


def _expected(model: AcousticModel, text: str, ours: Sequence[str]) -> NDArray[np.float64]:
    """The mean log probability of the characters of each of our words by the n-gram (words,)."""
    if model.lm is None:
        return np.zeros(len(ours))
    form, context, each, at, means = model.head.form(text), model.lm.start, list[float](), 0, list[float]()
    for character in form:
        each.append(model.lm.logprob(context, character))
        context = model.lm.context(context, character)
    for word in ours:
        begins = form.find(word, at)
        at = begins + len(word) if begins >= 0 else at
        means.append(float(np.mean(each[begins:at] if begins >= 0 else each)))
    return np.array(means)


def _flat(texts: Sequence[Sequence[str]]) -> list[str]:
    return list(chain.from_iterable(texts))


def _gathered(texts: Sequence[Sequence[str]], values: NDArray[np.generic]) -> list[float | None]:
    """The least value of the tokens of each word; None of one without any."""
    ends = np.cumsum([len(each) for each in texts])
    pairs = zip(texts, ends, strict=True)
    return [float(values[end - len(each) : end].min()) if each else None for each, end in pairs]
