"""The states of an alignment: a text's labels in their order, and what may lie between them.

States alternate: gap, label, gap, label, ..., gap. A gap inside a word is CTC's blank. One between words
takes the space, too, whether or not the head writes it. One between lines takes any speech at a price, and
from it a line may be passed over at a price, so that neither a text that was not spoken nor speech that is
not in the text is forced upon the other. It is the idea of CTC segmentation (Kürzinger et al. 2020, arXiv
2007.09127) and of a star for what is not in the text (torchaudio's forced alignment), with prices.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from smile.acoustic.alphabet import BLANK
from smile.datatypes import Matrix

INSIDE, WORD, LINE = 0, 1, 2  # kinds of gaps
WILD = -1  # a label for what the head cannot write: it takes any sound, and no time where there is none
Cells = NDArray[np.int64]  # (states,)


@dataclass(frozen=True)
class Prices:
    """What it costs, in nats, to take text and speech for strangers."""

    speech: float = 3.0  # of a character's worth of speech between lines: of a frame without any blank
    line: float = 6.0  # of a line that is passed over


DEFAULTS = Prices()


@dataclass(frozen=True, eq=False)
class Trellis:
    """What is aligned.

    Args:
        labels: numbers of the head's symbols, or WILD (labels,).
        gaps: kinds of the gaps before each label and after the last (labels + 1,).
        space: number of the space, BLANK where the head has none.
        prices: of passing over.
    """

    labels: NDArray[np.int64]
    gaps: NDArray[np.int64]
    space: int = BLANK
    prices: Prices = DEFAULTS

    @classmethod
    def of(
        cls, lines: Sequence[Sequence[Sequence[int]]], space: int = BLANK, prices: Prices = DEFAULTS
    ) -> Trellis:
        """Return that of lines of words of labels; a word without labels stands nowhere."""
        labels: list[int] = []
        gaps = [LINE]
        for words in lines:
            for word in filter(len, words):
                labels += word
                gaps += [INSIDE] * (len(word) - 1) + [WORD]
            gaps[-1] = LINE
        return cls(np.array(labels, np.int64), np.array(gaps, np.int64), space, prices)

    @property
    def states(self) -> int:
        """Count the states."""
        return 2 * len(self.labels) + 1

    @cached_property
    def line_gaps(self) -> Cells:
        """Return the states of the gaps before each line and after the last."""
        return 2 * np.flatnonzero(self.gaps == LINE)

    @cached_property
    def leaps(self) -> NDArray[np.bool_]:
        """Return of each state whether the gap before it may be left out (states,)."""
        allowed = np.zeros(self.states, bool)
        allowed[3::2] = (self.labels[1:] != self.labels[:-1]) | (self.labels[1:] == WILD)
        return allowed

    def columns(self, symbols: int) -> Cells:
        """Return the column of `worths` that each state reads (states,)."""
        columns = np.empty(self.states, np.int64)
        columns[1::2] = np.where(self.labels == WILD, symbols + LINE, self.labels)
        columns[0::2] = np.where(self.gaps == INSIDE, BLANK, symbols + self.gaps)
        return columns

    def worths(self, logprobs: Matrix) -> Matrix:
        """Return log probabilities (frames, symbols) with two columns more: of gaps between words, and lines.

        The column after the last symbol is not read.
        """
        between = np.maximum(logprobs[:, BLANK], logprobs[:, self.space])
        spoken = 1 - np.exp(logprobs[:, BLANK])
        anything = logprobs.max(axis=1) - np.float32(self.prices.speech) * spoken
        lines = np.maximum(between, anything)
        return np.column_stack([logprobs, between, between, lines]).astype(np.float32)
