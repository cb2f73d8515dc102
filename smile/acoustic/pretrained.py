"""What heads begin with: one that was trained before, on languages that Whisper knows.

A pool of a minute of speech does not teach a head to hear: fitted from nothing, heads learn its clips by
heart. Begun with what eight languages have taught (`smile pretrain`, `smile.training.pretraining`), they hear
letters already, and learn how the pool's language says and writes them.
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
from smile.acoustic.states import LayerStore, StatesId
from smile.datatypes import DamagedError, SmileError, Utterance
from smile.paths import ASSETS
from smile.util.arrays import Arrays, write_arrays

SHIPPED = ASSETS / "pretrained.npz"
LITTLE = 200.0  # seconds of speech below which all heads are shallow and begin with it
DAMAGED = "{} is damaged; make it again with: smile pretrain --data ML_SUPERB"


@dataclass(frozen=True, eq=False)
class Pretrained:
    """Weights of a shallow head, the letters that it writes, and the layer outputs that it reads."""

    encoder: str  # digest of its weights
    layers: tuple[int, ...]
    alphabet: Alphabet
    weights: Weights

    def suits(self, reads: StatesId, recipe: Recipe) -> bool:
        """Return whether heads of a recipe that read such states can begin with it."""
        made = self.encoder, "", self.layers
        hidden, _, kernel = self.weights["convolution.weight"].shape
        read = reads.encoder.weights, reads.encoder.adapter or "", reads.layers
        return made == read and (hidden, kernel) == (recipe.hidden, recipe.kernel)


def suited(recipes: Sequence[Recipe], store: LayerStore, clips: Sequence[Utterance]) -> tuple[Recipe, ...]:
    """Return recipes as they are for clips: shallow heads begin pre-trained, and of little speech all do.

    Raises:
        PoolError: the clips' states have not been made, or are damaged.
        SmileError: what they begin with is damaged.
    """
    little = store.seconds(clips, LITTLE) < LITTLE
    return tuple(_begun(recipe, store.made_by, little) for recipe in recipes)


def _begun(recipe: Recipe, reads: StatesId, little: bool) -> Recipe:
    shallow = replace(recipe, further=0, effort=1.0) if little and recipe.further else recipe
    begins = not shallow.further and pretrained_for(reads, shallow)
    return replace(shallow, pretrained=True) if begins else recipe


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
    known = {"encoder": made.encoder, "layers": [*made.layers], "characters": made.alphabet.characters}
    header = known | {"facts": facts}
    halves = {name: made.weights[name].astype(np.float16) for name in SHAPES}
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
            weights = {name: stored[name].astype(np.float32) for name in SHAPES}
            layers, alphabet = tuple(map(int, header["layers"])), Alphabet(str(header["characters"]))
            made = Pretrained(str(header["encoder"]), layers, alphabet, weights)
        if not fits(weights, len(layers), len(alphabet)):
            raise DamagedError(path)
    except (OSError, DamagedError, LookupError, ValueError, TypeError, AttributeError) as error:
        raise SmileError(DAMAGED.format(path)) from error
    return made
