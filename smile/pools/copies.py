"""Clips of a pool that are one recording under several names, told by their sound, and texts that recur.

A copy may be re-encoded, louder, or of another sampling rate, with a few milliseconds more at either end.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import cache, lru_cache, partial

import numpy as np
from numpy.typing import NDArray

from smile.audio.features import FRAMES_PER_SECOND, log_mel
from smile.audio.io import read_audio
from smile.datatypes import SAMPLE_RATE, AudioError, Samples
from smile.pools.pool import Pool
from smile.text.normalisers import plain

LENGTH = 0.15  # seconds that copies may differ in length
NEAR = 0.1  # cosine distance of embeddings up to which sounds are compared
NEAREST = 4  # clips, of about its length, that a clip's sound is compared with at most
ALIKE = 0.94  # correlation of fingerprints from which two clips are one recording
BANDS = 60  # of the 80 of the log-mel features: up to 3.7 kHz, which telephones leave
POOLED = 3  # bands in one of a fingerprint
SHIFT = 15  # frames that one may begin later than the other
SAME_TEXT = "{} the very text of another; a check looks better for it than new recordings will be."
CHECKED = "{} of these {} the very text of another example, which looks better than new recordings will be."
Groups = tuple[tuple[int, ...], ...]
Fingerprint = NDArray[np.float32]  # (bands, frames)


def fingerprint(samples: Samples) -> Fingerprint:
    """Return what a recording is known by, (20, 100 a second): its spectrum over time, coarsely."""
    frames = log_mel(samples, len(samples) / SAMPLE_RATE)[:BANDS]
    return frames.reshape(BANDS // POOLED, POOLED, -1).mean(axis=1)


def likeness(one: Fingerprint, other: Fingerprint) -> float:
    """Return the highest correlation of two fingerprints, shifted against each other; 1 for one recording."""
    return max(
        _correlation(one[:, max(0, shift) :], other[:, max(0, -shift) :])
        for shift in range(-SHIFT, SHIFT + 1)
    )


def _correlation(one: Fingerprint, other: Fingerprint) -> float:
    """The correlation of what both have, whatever the level of each band."""
    frames = min(one.shape[1], other.shape[1])
    if frames < FRAMES_PER_SECOND // 20:
        return 0.0
    a, b = (f[:, :frames] - f[:, :frames].mean(axis=1, keepdims=True) for f in (one, other))
    power = float((a * a).sum() * (b * b).sum())
    return float((a * b).sum()) / power**0.5 if power else 0.0


@lru_cache(maxsize=8)
def copies(pool: Pool, among: frozenset[int] | None = None) -> Groups:
    """Return the indices of clips that are one recording, each group in order; most pools have none.

    With `among`, just the groups of these clips are looked for.

    Embeddings name the candidates, and their sound decides; a clip that cannot be read is nobody's copy. The
    limits are measured: 450 re-encodings (MP3 at 32 kbit/s, Vorbis, Opus, 8 kHz, 20 dB softer) of 90 clips in
    Mboshi, Gaelic and Cherokee, also with 38 ms of padding, come to a likeness of 0.968 at least and are
    nearest or second by embedding. Of 4,500 pairs of other clips, the nearest of about one length, none comes
    to more than 0.901.
    """
    joined, known = _Joined(), cache(partial(_fingerprint_of, pool))
    for i, j in _candidates(pool, range(len(pool)) if among is None else sorted(among)):
        if joined.root(i) != joined.root(j) and likeness(known(i), known(j)) >= ALIKE:
            joined.join((i, j))
    return joined.groups()


class _Joined:
    """Numbers in groups that share none (union-find); each group is known by its first."""

    def __init__(self) -> None:
        self._parent: dict[int, int] = {}

    def root(self, i: int) -> int:
        """Return the first of a number's group."""
        while (parent := self._parent.get(i, i)) != i:
            i = parent
        return i

    def join(self, members: Iterable[int]) -> None:
        """Make one group of the members' groups."""
        first, *others = sorted({self.root(i) for i in members})
        for i in members:
            self._parent.setdefault(i, i)
        self._parent.update(dict.fromkeys(others, first))

    def groups(self) -> Groups:
        """Return the groups of several, each in order."""
        groups: dict[int, list[int]] = {}
        for i in sorted(self._parent):
            groups.setdefault(self.root(i), []).append(i)
        return tuple(tuple(group) for group in groups.values() if len(group) > 1)


def merged(groups: Iterable[Sequence[int]]) -> Groups:
    """Return groups of which no two share a clip, each in order: those that do are one."""
    joined = _Joined()
    for group in groups:
        joined.join(group)
    return joined.groups()


def group_of(groups: Groups, index: int) -> tuple[int, ...]:
    """Return a clip's index and those of its copies."""
    return next((group for group in groups if index in group), (index,))


def same_texts(pool: Pool, groups: Groups) -> frozenset[int]:
    """Return the indices of clips with the text, case and punctuation aside, of a clip of another sound."""
    by_text: dict[str, set[int]] = {}
    for i, utterance in enumerate(pool.utterances):
        if text := plain(utterance.text):
            by_text.setdefault(text, set()).add(i)
    return frozenset(i for alike in by_text.values() for i in alike if alike - {*group_of(groups, i)})


def told(pool: Pool, among: Collection[str] | None = None, texts: bool = True) -> tuple[str, ...]:
    """Return what to say of a pool's copies and, with `texts`, of texts that recur: a sentence on each.

    With `among`, just what concerns clips of these ids.
    """
    wanted = frozenset(i for i, u in enumerate(pool.utterances) if among is None or u.id in among)
    groups = copies(pool) if among is None else copies(pool, wanted)
    same = len(same_texts(pool, groups) & wanted) if texts else 0
    return (*_said(pool, groups), *([SAME_TEXT.format(_clips(same))] if same else ()))


def said_of_check(same_text: int) -> str:
    """Return what clips of a check with the text of another mean for it, or nothing where there are none."""
    return CHECKED.format(same_text, "has" if same_text == 1 else "have") if same_text else ""


def _said(pool: Pool, groups: Sequence[Sequence[int]]) -> Iterator[str]:
    """A sentence on copies that names two; where there are some with unlike texts, two of those."""
    if not groups:
        return
    unlike = [g for g in groups if len({pool.utterances[i].text for i in g}) > 1]
    one, other = (pool.utterances[i] for i in _pair(pool, (unlike or groups)[0]))
    pair = f'"{one.id}" and "{other.id}"'
    texts = " with different texts" if unlike else ""
    if len(groups) == 1 and len(groups[0]) == 2:
        yield f"{pair} are the same recording{texts}; remove one of them."
    else:
        yield f"{len(groups)} recordings are there more than once, such as {pair}{texts}; remove the copies."


def _pair(pool: Pool, group: Sequence[int]) -> tuple[int, int]:
    """The first of a group and the next, with another text if there is one."""
    first, text = group[0], pool.utterances[group[0]].text
    return first, next((i for i in group if pool.utterances[i].text != text), group[1])


def _clips(count: int) -> str:
    return "1 clip has" if count == 1 else f"{count} clips have"


def _candidates(pool: Pool, among: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Pairs of clips of about one length, each clip of some with those nearest to it by embedding."""
    if len(pool.embeddings) < 2:
        return
    units = pool.embeddings / np.maximum(np.linalg.norm(pool.embeddings, axis=1, keepdims=True), 1e-12)
    seconds = np.array([u.seconds for u in pool.utterances])
    order = np.argsort(seconds, kind="stable")
    starts = np.searchsorted(seconds[order], seconds - LENGTH)
    ends = np.searchsorted(seconds[order], seconds + LENGTH, side="right")
    for i in among:
        others = order[starts[i] : ends[i]]
        others = others[others != i]
        distances = 1.0 - units[others] @ units[i]
        nearest = np.argsort(distances, kind="stable")[:NEAREST]
        yield from ((i, int(others[n])) for n in nearest if distances[n] <= NEAR)


def _fingerprint_of(pool: Pool, index: int) -> Fingerprint:
    with suppress(AudioError):
        return fingerprint(read_audio(pool.utterances[index].audio))
    return np.zeros((BANDS // POOLED, 0), np.float32)
