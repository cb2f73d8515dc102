"""The part of a head below its output layer, trained before on languages that Whisper knows.

A pool of a minute of speech does not teach a head to hear: fitted from nothing, heads learn its clips by
heart. Begun with what eight languages have taught (`smile pretrain`, `smile.training.pretraining`), they have
only the pool's own characters to learn. From some hundred seconds of speech on a pool teaches more by itself.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from smile.acoustic.alphabet import Alphabet
from smile.acoustic.head import SHAPES, Weights, fits
from smile.acoustic.recipe import Recipe
from smile.acoustic.states import StatesId
from smile.datatypes import DamagedError, SmileError
from smile.paths import ASSETS
from smile.util.arrays import Arrays, write_arrays

SHIPPED = ASSETS / "pretrained.npz"
LITTLE = 100.0  # seconds of speech below which heads begin with it
BODY = tuple(name for name in SHAPES if not name.startswith("output."))
DAMAGED = "{} is damaged; make it again with: smile pretrain --data ML_SUPERB"


@dataclass(frozen=True, eq=False)
class Pretrained:
    """Weights of a head without its output layer, and the layer outputs that they were trained on."""

    encoder: str  # digest of its weights
    layers: tuple[int, ...]
    weights: Weights

    @property
    def alphabet(self) -> Alphabet:
        """Return the characters that it writes, which are none."""
        return Alphabet("")

    def suits(self, reads: StatesId, recipe: Recipe) -> bool:
        """Return whether heads of a recipe that read such states can begin with it."""
        made = self.encoder, "", self.layers
        hidden, _, kernel = self.weights["convolution.weight"].shape
        read = reads.encoder.weights, reads.encoder.adapter or "", reads.layers
        return made == read and (hidden, kernel) == (recipe.hidden, recipe.kernel)


def suited(recipes: Sequence[Recipe], reads: StatesId, seconds: float) -> tuple[Recipe, ...]:
    """Return recipes as they are for so much speech: of little, heads are shallow and begin pre-trained.

    Raises:
        SmileError: what they begin with is damaged.
    """
    if seconds >= LITTLE:
        return tuple(recipes)
    return tuple(_begun(r) if pretrained_for(reads, r) else r for r in recipes)


def _begun(recipe: Recipe) -> Recipe:
    return replace(recipe, pretrained=True, further=0, effort=1.0, body_rate=0.3, output_rate=3.0)


def more(recipes: Sequence[Recipe]) -> tuple[Recipe, ...]:
    """Return recipes, and of those that begin pre-trained as many again with other seeds."""
    again = [replace(recipe, seed=recipe.seed + len(recipes)) for recipe in recipes if recipe.pretrained]
    return (*recipes, *again)


def pretrained_for(reads: StatesId, recipe: Recipe) -> Pretrained | None:
    """Return what heads of a recipe that read such states can begin with; None where there is nothing.

    Raises:
        SmileError: it is damaged.
    """
    shipped = read_pretrained(SHIPPED) if SHIPPED.is_file() else None
    return shipped if shipped and shipped.suits(reads, recipe) else None


def write_pretrained(path: Path, made: Pretrained, facts: dict[str, Any]) -> None:
    """Write it in float16, with how it was trained."""
    path.parent.mkdir(parents=True, exist_ok=True)
    header = {"encoder": made.encoder, "layers": [*made.layers], "facts": facts}
    halves = {name: made.weights[name].astype(np.float16) for name in BODY}
    write_arrays(path, {"header": np.array(json.dumps(header, sort_keys=True)), **halves})


@cache
def read_pretrained(path: Path) -> Pretrained:
    """Return what `write_pretrained` wrote.

    Raises:
        SmileError: it is damaged.
    """
    try:
        with Arrays(path) as stored:
            header = json.loads(stored.text("header"))
            weights = {name: stored[name].astype(np.float32) for name in BODY}
            made = Pretrained(str(header["encoder"]), tuple(map(int, header["layers"])), weights)
        blank = np.zeros((1, len(weights["narrow.bias"])), np.float32)
        if not fits({**weights, "output.weight": blank, "output.bias": blank[0, :1]}, len(made.layers), 1):
            raise DamagedError(path)
    except (OSError, DamagedError, LookupError, ValueError, TypeError, AttributeError) as error:
        raise SmileError(DAMAGED.format(path)) from error
    return made
