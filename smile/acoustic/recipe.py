"""How a head is fitted, every number of it; what is stored with a head and decides whether work goes on."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from math import cos, pi, sqrt
from typing import Any, Literal

MOST_EPOCHS, FEWEST_EPOCHS = 150, 40
FEWEST_AGAIN, SHARE_AGAIN = 3, 0.15  # epochs of a fit that goes on from another


@dataclass(frozen=True)
class Recipe:
    """The recipe of METHOD ("A CTC head on the frozen encoder hears better")."""

    normaliser: str = "plain"  # of the texts; "original": as they are written
    layers: tuple[int, ...] = ()  # of the encoder; empty: the usual ones
    hidden: int = 256
    kernel: int = 5  # frames of the convolution
    further: int = 0  # convolutions after it
    further_kernel: int = 9  # frames of these
    dropout: float = 0.3
    masks: int = 2  # of time, a clip
    mask_frames: int = 8  # longest
    rate: float = 2e-3  # highest, of AdamW
    weight_decay: float = 0.01
    warm_up: float = 0.1  # part of the steps
    epochs: int = 0  # 0: by the number of clips
    effort: float = 1.0  # share of these epochs
    batch: int = 8  # clips
    speeds: tuple[float, ...] = (1.0, 0.9, 1.1)  # of which each clip has one, drawn anew in each epoch
    gradient_norm: float = 5.0
    seed: int = 0
    pretrained: bool = False  # whether it begins with what other languages have taught (`pretrained.py`)
    held_out: float = 0.0  # part of the clips on which the best epoch is chosen; 0: the last epoch is taken
    patience: int = 10  # epochs without a better one after which it ends, in the second half

    def to_json(self) -> dict[str, Any]:
        """Return it as a header has it."""
        return {**asdict(self), "layers": [*self.layers], "speeds": [*self.speeds]}

    def again(self, clips: int) -> Recipe:
        """Return the recipe for going on from a head that was fitted to nearly the same clips."""
        epochs = max(FEWEST_AGAIN, round(SHARE_AGAIN * self.epochs_for(clips)))
        return replace(self, epochs=epochs, effort=1.0, rate=self.rate / 4)

    def epochs_for(self, clips: int) -> int:
        """Return how many epochs so many clips get: 40 for 185, 100 for 30, 150 for 12, as the probe had."""
        usual = min(MOST_EPOCHS, max(FEWEST_EPOCHS, round(550 / sqrt(max(1, clips)))))
        return max(1, round(self.effort * (self.epochs or usual)))


DEFAULTS = Recipe()
ENSEMBLE = (
    DEFAULTS,
    Recipe(seed=1, further=2, effort=0.625),
    Recipe(seed=2, further=2, effort=0.625, dropout=0.4),
)
"""The heads of a pool, fitted side by side: unlike in depth and chance, so that they err differently."""


def one_cycle(step: int, steps: int, recipe: Recipe) -> float:
    """Return the learning rate of a step, counted from 0: up to the highest and down again by cosines.

    As torch's OneCycleLR has it: from 1/25 of the highest up, down to 1/250,000.
    """
    top = max(1.0, recipe.warm_up * steps - 1)
    rate = recipe.rate
    if step < top:
        return _between(rate / 25, rate, step / top)
    return _between(rate, rate / 250_000, min(1.0, (step - top) / max(1.0, steps - 1 - top)))


def _between(first: float, last: float, part: float) -> float:
    return last + (first - last) / 2 * (1 + cos(pi * part))


Stage = Literal["encoding", "fitting", "writing"]


@dataclass(frozen=True)
class FittingProgress:
    """How far the making of a head has come."""

    stage: Stage
    done: int  # clips encoded or written, or epochs
    of: int
    loss: float | None = None  # of the epoch that has ended, a character
    cer: float | None = None  # of the clips left out, greedy, 0 to 1 and above
