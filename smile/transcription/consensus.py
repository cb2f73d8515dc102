"""The level `combined`: of several transcripts the one nearest to all, MBR's simplest form.

The transcript with the least weighted mean edit distance to all is taken (minimum Bayes risk over a list).
How much the acoustic model's weighs beside the others together is fitted on clips of the pool that were left
out when it was made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

from smile.settings import Settings
from smile.text.normalisers import normalise
from smile.text.scoring import score

SHARES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0)
"""What the head's text may weigh beside all others together; at 1 it is always taken."""


COUNTS = (1, 3, 5)
"""Numbers of examples behind which the other transcripts are written."""


def ways(settings: Settings) -> tuple[Settings, ...]:
    """Return the settings of the in-context transcripts: their own number of examples, then COUNTS."""
    counts = dict.fromkeys((settings.shots, *COUNTS))
    return tuple(replace(settings, shots=n, level="context") for n in counts)


@dataclass(frozen=True)
class Readings:
    """What several ways made of one clip."""

    head: str  # the acoustic model's text
    others: tuple[str, ...]  # in-context transcripts
    language: str = ""  # ISO 639-3

    def chosen(self, share: float) -> str:
        """Return the text nearest to all."""
        return (self.head, *self.others)[self.nearest(share)]

    def nearest(self, share: float) -> int:
        """Return which text is nearest to all in characters of the normalised texts: 0 is the head's.

        The head's weighs `share` of the others together; of equally near ones the head's is taken, then the
        first. Texts that are empty weigh, but are taken only where all are.
        """
        texts = (self.head, *self.others)
        weights = np.array([share, *[1 / max(1, len(self.others))] * len(self.others)])
        costs = self._distances(texts) @ weights
        full = [i for i, text in enumerate(texts) if text.strip()] or [0]
        return min(full, key=lambda i: (round(costs[i], 9), i))

    def _distances(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Return the edits between each two texts (n, n)."""
        forms = [normalise(text, language=self.language) for text in texts]
        return np.array([[float(Levenshtein.distance(a, b)) for b in forms] for a in forms])


def fitted_share(
    readings: Sequence[Readings], references: Sequence[str], shares: Sequence[float] = SHARES
) -> float:
    """Return the share with the lowest CER over clips that were left out; of equal ones the larger.

    Raises:
        ValueError: there is no clip.
    """
    if not readings:
        raise ValueError("Weights need clips that were left out.")

    def edits(share: float) -> int:
        pairs = zip(references, readings, strict=True)
        return sum(score(wanted, r.chosen(share), language=r.language).edits for wanted, r in pairs)

    return min(shares, key=lambda share: (edits(share), -share))
