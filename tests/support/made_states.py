"""Layer states that are made up: each character is a direction of its own in one layer, held 3 frames."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from smile.acoustic.alphabet import Form
from smile.acoustic.fit import Labelled
from smile.acoustic.states import StatesId
from smile.datatypes import EncoderId

WIDTH, HELD = 12, 3
READS = StatesId(EncoderId("made-up", "0" * 12), "float32", (10.0,), (1, 2))
FORM = Form("original")


def made(text: str, seed: int = 0, held: int = HELD) -> np.ndarray:
    """States (2, frames, 12) in float16 from which a text can be read; the first layer is noise."""
    noise = np.random.default_rng(seed).normal(scale=0.1, size=(2, held * len(text) * 2 + 4, WIDTH))
    for number, character in enumerate(text):
        direction = np.random.default_rng(ord(character)).normal(size=WIDTH)
        begins = 2 + 2 * held * number
        noise[1, begins : begins + held] += direction
    return noise.astype(np.float16)


def labelled(texts: Sequence[str]) -> Labelled:
    """Clips with these texts and states from which they can be read."""
    states = [made(text, seed) for seed, text in enumerate(texts)]
    return Labelled([f"{i}-{text}" for i, text in enumerate(texts)], texts, lambda number, _: states[number])
