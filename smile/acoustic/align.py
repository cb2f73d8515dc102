"""When each line, word and character of a text is spoken: an alignment by an acoustic model's head."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from smile.acoustic.alphabet import BLANK
from smile.acoustic.head import Head
from smile.acoustic.trellis import DEFAULTS, WILD, Prices, Trellis
from smile.acoustic.viterbi import Path, best_path
from smile.acoustic.written import WrittenWord, space_of, written
from smile.audio.features import STATES_PER_SECOND
from smile.datatypes import Matrix, Span, mean_probability

FORCED = replace(DEFAULTS, line=float("inf"))  # no line is passed over
EARLY, LATE = 0.04, 0.11  # seconds by which words begin before their first spike and end after their last:
# medians on joined dev clips of gla, chr and bel, see docs/words.md
LEAST = 1e-4  # probability that a character counts with in its line
LEAST_SPEECH = 3.0  # characters' worth of speech outside the text that is told
PAUSE = 1.0  # seconds without any, which part two stretches of it


@dataclass(frozen=True)
class Alignment:
    """Where a text is in a recording.

    Attributes:
        lines: a span for each line, its words as parts, their characters as theirs; None: it is not spoken.
        strangers: stretches (start, end), in seconds, of speech that is in no line.
    """

    lines: tuple[Span | None, ...]
    strangers: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, eq=False)
class _Frames:
    """Where labels lie: their first frames, the ones after the last, and the best log probability in them."""

    begins: list[int]
    ends: list[int]
    scores: list[float]


def align(
    head: Head, logprobs: Matrix, lines: Sequence[str], prices: Prices = DEFAULTS
) -> Generator[tuple[int, int], None, Alignment]:
    """Return where lines are spoken in log probabilities (frames, symbols); yields as `best_path` does.

    Probability of a word is the geometric mean of its labels' probabilities, each in its best frame;
    probability of a line, that of its characters, each `LEAST` at least: one that is not spoken does not
    make it 0. Times are those of spikes, moved by what was measured
    of known times.

    Raises:
        SmileError: no line may be passed over, and the frames cannot hold the text.
    """
    words = [_known(written(line, head.form, head.alphabet)) for line in lines]
    trellis = Trellis.of([[word.labels for word in line] for line in words], space_of(head.alphabet), prices)
    path = yield from best_path(logprobs, trellis)
    frames = _frames(path, trellis, logprobs)
    return Alignment(
        tuple(_lines(lines, words, frames, len(logprobs) / STATES_PER_SECOND)),
        tuple(_strangers(path, trellis, logprobs)),
    )


def _known(words: list[WrittenWord]) -> list[WrittenWord]:
    """The words of a line; none of one that is mostly in letters that the head cannot write."""
    spelt = [word.labels for word in words if word.labels]
    return words if 2 * sum(labels == [WILD] for labels in spelt) <= len(spelt) else []


def _frames(path: Path, trellis: Trellis, logprobs: Matrix) -> _Frames:
    states = 2 * np.arange(len(trellis.labels)) + 1
    begins = np.searchsorted(path, states).tolist()
    ends = np.searchsorted(path, states, "right").tolist()
    scores = [
        float(logprobs[begin:end, label].max()) if end > begin and label != WILD else np.nan
        for begin, end, label in zip(begins, ends, trellis.labels.tolist(), strict=True)
    ]
    return _Frames(begins, ends, scores)


def _lines(
    lines: Sequence[str], words: Sequence[Sequence[WrittenWord]], frames: _Frames, seconds: float
) -> Iterator[Span | None]:
    """The lines with their times."""
    at, placed = 0, list[list[Span]]()
    for line in words:
        spans: list[Span] = []
        for word in line:
            count = len(word.labels)
            if count and frames.ends[at] > frames.begins[at]:
                spans.append(_word(word, frames, at))
            at += count
        placed.append(spans)
    flat = _parted([span for spans in placed for span in spans], seconds)
    for text, spans in zip(lines, placed, strict=True):
        here, flat = flat[: len(spans)], flat[len(spans) :]
        yield _line(text, here) if here else None


def _line(text: str, words: Sequence[Span]) -> Span:
    known = [part.probability for word in words for part in word.parts if part.probability is not None]
    sure = round(mean_probability([float(np.log(max(p, LEAST))) for p in known]), 4)
    return Span(words[0].start, words[-1].end, text, parts=tuple(words), probability=sure)


def _word(word: WrittenWord, frames: _Frames, at: int) -> Span:
    """A word whose first label is number `at`, its characters as parts, at the times of its spikes."""
    parts: list[Span] = []
    before = ""  # characters that come before the first with a time
    for character in word.characters:
        count = len(character.labels)
        if not count:
            if parts:
                parts[-1] = replace(parts[-1], text=parts[-1].text + character.text)
            else:
                before += character.text
            continue
        start, end = (n / STATES_PER_SECOND for n in (frames.begins[at], frames.ends[at + count - 1]))
        probability = _mean(frames.scores[at : at + count])
        parts.append(Span(start, end, before + character.text, probability=probability))
        at, before = at + count, ""
    scores = [score for part in parts for score in [part.probability] if score is not None]
    sure = round(mean_probability([float(np.log(max(s, 1e-30))) for s in scores]), 4) if scores else None
    return Span(parts[0].start, parts[-1].end, word.text, parts=tuple(parts), probability=sure)


def _mean(scores: Sequence[float]) -> float | None:
    """The geometric mean of log probabilities as a probability; None where the head knows none."""
    known = [score for score in scores if not np.isnan(score)]
    return round(mean_probability(known), 4) if known else None


def _parted(words: Sequence[Span], seconds: float) -> list[Span]:
    """Words from where they begin to where they end, by their spikes; none reaches into the next one."""
    starts = [max(0.0, word.start - EARLY) for word in words]
    ends = [min(seconds, word.end + LATE) for word in words]
    for at in range(1, len(words)):
        if starts[at] < ends[at - 1]:
            spike, next_spike = words[at - 1].end, words[at].start
            starts[at] = ends[at - 1] = spike + (next_spike - spike) * LATE / (EARLY + LATE)
    return [
        replace(word, start=start, end=end, parts=_tiled(word.parts, start, end))
        for word, start, end in zip(words, starts, ends, strict=True)
    ]


def _tiled(parts: Sequence[Span], start: float, end: float) -> tuple[Span, ...]:
    """The characters of a word from its start to its end, each up to the middle between two spikes."""
    middles = [(a.end + b.start) / 2 for a, b in pairwise(parts)]
    edges = [start, *middles, end]
    return tuple(replace(p, start=edges[n], end=edges[n + 1]) for n, p in enumerate(parts))


def _strangers(path: Path, trellis: Trellis, logprobs: Matrix) -> Iterator[tuple[float, float]]:
    """Stretches of speech in gaps between lines, where there is as much of it as counts."""
    outside = np.isin(path, trellis.line_gaps)
    spoken = np.where(outside, 1 - np.exp(logprobs[:, BLANK]), 0)
    inside = np.flatnonzero(~outside)
    frames = np.flatnonzero(spoken > 0.5)
    if not len(frames):
        return
    lines_between = np.searchsorted(inside, frames)
    far = np.diff(frames) > PAUSE * STATES_PER_SECOND
    cuts = np.flatnonzero(far | (np.diff(lines_between) > 0)) + 1
    for run in np.split(frames, cuts):
        if spoken[run].sum() >= LEAST_SPEECH:
            start, end = int(run[0]) / STATES_PER_SECOND, (int(run[-1]) + 1) / STATES_PER_SECOND
            yield max(0.0, start - EARLY), min(len(path) / STATES_PER_SECOND, end + LATE)
