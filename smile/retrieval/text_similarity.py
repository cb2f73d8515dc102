"""How alike a draft of the target's transcript and the examples' texts are, by character n-grams.

A draft in a language that Whisper does not know is badly spelt, yet often alike wherever the speech is.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np

from smile.retrieval.divergences import Distances
from smile.text.normalisers import plain

LONGEST = 3  # characters of an n-gram; 1 to so many are counted
Weights = dict[str, float]


def grams(text: str) -> Counter[str]:
    """Count the n-grams of a text, normaliser `plain`, words set off by spaces."""
    padded = f" {plain(text)} "
    sizes = range(1, LONGEST + 1)
    return Counter(padded[i : i + n] for n in sizes for i in range(len(padded) - n + 1))


def draft_distances(draft: str, texts: Sequence[str]) -> Distances:
    """Return 1 - cosine of tf-idf-weighted n-grams of a draft and of each text -> (texts,), 0 to 1.

    The weights come from the texts: an n-gram that all of them have says little.
    """
    counts = [grams(text) for text in texts]
    spread = Counter(gram for counted in counts for gram in counted)
    rarity = {gram: 1 + math.log((1 + len(texts)) / (1 + n)) for gram, n in spread.items()}
    query = _weighted(grams(draft), rarity)
    return np.array([1 - _dot(query, _weighted(counted, rarity)) for counted in counts])


def _weighted(counted: Counter[str], rarity: Weights) -> Weights:
    """Unit-length weights of the n-grams that the texts know."""
    weights = {gram: (1 + math.log(n)) * rarity[gram] for gram, n in counted.items() if gram in rarity}
    length = math.sqrt(sum(w * w for w in weights.values()))
    return {gram: w / length for gram, w in weights.items()} if length else {}


def _dot(one: Weights, other: Weights) -> float:
    small, large = sorted((one, other), key=len)
    return sum(w * large.get(gram, 0.0) for gram, w in small.items())
