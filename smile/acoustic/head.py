"""A head at work, in numpy: layer states in, log probabilities of characters and blank out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from smile.acoustic.alphabet import Alphabet, Form
from smile.acoustic.states import StatesId, Stored
from smile.datatypes import LayerStates, Matrix

Weights = Mapping[str, NDArray[np.float32]]
SHAPES = {  # of layers l, width d, hidden h, kernel k, symbols s
    "mix": "l",
    "narrow.weight": "hd",
    "narrow.bias": "h",
    "convolution.weight": "hhk",
    "convolution.bias": "h",
    "output.weight": "sh",
    "output.bias": "s",
}
FURTHER = ("further.{}.weight", "further.{}.bias")  # of convolutions after the first, if any


@dataclass(frozen=True, eq=False)
class Head:
    """A fitted head and what it was fitted on.

    It is a softmax-weighted sum of layer-normed layer outputs, a linear layer, GELU (its tanh form), one
    or more residual convolutions over frames with GELU, and a linear layer to characters and blank.
    """

    alphabet: Alphabet
    form: Form
    reads: StatesId
    weights: Weights

    def __call__(self, states: LayerStates | Stored) -> Matrix:
        """Return log probabilities (frames, symbols) of layer states (layers, frames, d)."""
        w = self.weights
        mixed = np.tensordot(softmax(w["mix"]), states.astype(np.float32, copy=False), 1)
        x = gelu(mixed @ w["narrow.weight"].T + w["narrow.bias"])
        for taps, bias in self._convolutions:
            x = x + gelu(convolved(x, taps) + bias)
        logits = x @ w["output.weight"].T + w["output.bias"]
        top = logits.max(axis=1, keepdims=True)
        return logits - top - np.log(np.exp(logits - top).sum(axis=1, keepdims=True))

    @cached_property
    def _convolutions(self) -> list[tuple[NDArray[np.float32], NDArray[np.float32]]]:
        """Return taps (width, d, out) and bias of each convolution, laid out as products read them."""
        names = (("convolution.weight", "convolution.bias"), *further(self.weights))
        each = [(self.weights[weight], self.weights[bias]) for weight, bias in names]
        return [(np.ascontiguousarray(kernel.transpose(2, 1, 0)), bias) for kernel, bias in each]

    @property
    def layer_weights(self) -> dict[int, float]:
        """Return how much each encoder layer counts; they sum to 1."""
        mix = softmax(self.weights["mix"])
        return dict(zip(self.reads.layers, mix.tolist(), strict=True))


def further(weights: Iterable[str]) -> list[tuple[str, str]]:
    """Return the names of weight and bias of each convolution after the first."""
    count = sum(name.startswith("further.") for name in weights) // 2
    return [(FURTHER[0].format(i), FURTHER[1].format(i)) for i in range(count)]


def softmax(x: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return exp(x) of a vector, scaled to sum to 1."""
    powers = np.exp(x - x.max())
    return powers / powers.sum()


def gelu(x: Matrix) -> Matrix:
    """Return x Φ(x) in the tanh form (Hendrycks and Gimpel 2016)."""
    root = np.float32(np.sqrt(2 / np.pi))
    return np.float32(0.5) * x * (1 + np.tanh(root * (x + np.float32(0.044715) * x * x * x)))


def convolved(x: Matrix, taps: NDArray[np.float32]) -> Matrix:
    """Return x (frames, d) convolved over frames by taps (odd width, d, out), padded with zeros."""
    frames, width = len(x), len(taps)
    padded = np.pad(x, ((width // 2, width // 2), (0, 0)))
    out = padded[:frames] @ taps[0]
    for k in range(1, width):
        out += padded[k : k + frames] @ taps[k]
    return np.asarray(out)


def fits(weights: Weights, layers: int, symbols: int) -> bool:
    """Return whether weights have all parts, in shapes that go together, and are numbers."""
    sizes = {"l": layers, "s": symbols}
    more = {w: f"hh{i}" for i, pair in enumerate(further(weights)) for w in pair[:1]}
    more |= {b: "h" for _, b in further(weights)}
    for name, shape in (SHAPES | more).items():
        array = weights.get(name)
        if array is None or array.ndim != len(shape) or not np.isfinite(array).all():
            return False
        if any(sizes.setdefault(axis, size) != size for axis, size in zip(shape, array.shape, strict=True)):
            return False
    widths = [size for axis, size in sizes.items() if axis == "k" or axis.isdecimal()]
    return all(width % 2 for width in widths) and min(sizes.values()) > 0
