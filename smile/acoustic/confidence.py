"""How sure a word is: a logistic regression over what speaks for it, fitted to words of known rightness."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from smile.acoustic.evidence import NAMES

PRIOR = 30.0  # words' worth of trust in the weights that a fit begins with
STEPS = 30  # of Newton's method at most


@dataclass(frozen=True)
class Calibration:
    """What makes a probability of what speaks for a word.

    Attributes:
        means: of the numbers of NAMES, which are taken from them.
        scales: that they are divided by then.
        weights: of each number, and last the bias.
        fitted_to: what its words were, for a person.
        words: how many these were.
    """

    means: tuple[float, ...]
    scales: tuple[float, ...]
    weights: tuple[float, ...]
    fitted_to: str = ""
    words: int = 0

    def __post_init__(self) -> None:
        numbers = (len(NAMES), len(NAMES), len(NAMES) + 1)
        values = (*self.means, *self.scales, *self.weights)
        if (len(self.means), len(self.scales), len(self.weights)) != numbers:
            raise ValueError("A calibration has a number for each kind of evidence.")
        if not np.isfinite(values).all() or min(self.scales) <= 0:
            raise ValueError("A calibration's numbers are finite, and its scales above 0.")

    def of(self, kept: Sequence[float]) -> float | None:
        """Return the confidence of a word by evidence that was kept; None where it is not of this kind."""
        if len(kept) != len(NAMES) or not np.isfinite(kept).all():
            return None
        return round(float(self.probabilities(np.array([kept]))[0]), 3)

    def probabilities(self, numbers: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the probabilities (words,) of evidence (words, features)."""
        return _sigmoid(self._inputs(numbers) @ np.array(self.weights))

    def fitted(self, numbers: NDArray[np.float64], right: NDArray[np.bool_], fitted_to: str) -> Calibration:
        """Return the one that fits words (words, features) best whose rightness (words,) is known.

        Its weights are drawn to those of this one as if PRIOR words had spoken for them, so that a few words
        change little: the maximum a posteriori under a normal prior, by Newton's method.
        """
        inputs, prior = self._inputs(numbers), np.array(self.weights)
        weights = prior.copy()
        for _ in range(STEPS):
            chances = _sigmoid(inputs @ weights)
            slope = inputs.T @ (chances - right) + PRIOR / 4 * (weights - prior)
            curve = (inputs * (chances * (1 - chances))[:, None]).T @ inputs
            step = np.linalg.solve(curve + PRIOR / 4 * np.eye(len(weights)), slope)
            weights = weights - step
            if np.abs(step).max() < 1e-8:
                break
        told = tuple(round(float(weight), 6) for weight in weights)
        return replace(self, weights=told, fitted_to=fitted_to, words=len(right))

    def _inputs(self, numbers: NDArray[np.float64]) -> NDArray[np.float64]:
        scaled = (numbers - np.array(self.means)) / np.array(self.scales)
        return np.column_stack([scaled, np.ones(len(scaled))])


def blank_calibration(numbers: NDArray[np.float64]) -> Calibration:
    """Return a calibration that says 0.5 of every word, scaled to evidence (words, features)."""
    means, scales = numbers.mean(axis=0), np.maximum(numbers.std(axis=0), 1e-3)
    return Calibration(_rounded(means), _rounded(scales), (0.0,) * (len(NAMES) + 1))


def _rounded(values: Sequence[float] | NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(round(float(value), 6) for value in values)


def _sigmoid(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(0.5 * (1 + np.tanh(x / 2)))
