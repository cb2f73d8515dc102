"""Whisper's layers for the lean engine: linear ones in three precisions, attention, a decoder's cache."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from smile.datatypes import LayerStates, SmileError
from smile.util.machine import amd

Linear = Callable[[Tensor], Tensor]
State = Mapping[str, NDArray[Any]]
T = TypeVar("T")


class Dense:
    """y = x Wᵀ + b in the precision of the weights."""

    def __init__(self, weight: Tensor, bias: Tensor | None):
        self.weight, self.bias = weight, bias

    def __call__(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight, self.bias)


class Int8:
    """y = x Wᵀ + b, W in 7 bits by row, x quantised to 8 bits as it comes.

    AVX2 adds two products in 16 bits: 2 · 255 · 63 still fits. The other way round, 8 bits of W and 7
    of x, was half as exact, since x has one scale for all frames.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None):
        scales = weight.abs().amax(dim=1).clamp(min=1e-8) / 63
        zeros = torch.zeros(len(weight), dtype=torch.int64)
        with warnings.catch_warnings():  # torch has no other way yet, and says that this one will go
            warnings.simplefilter("ignore", UserWarning)
            rows = torch.quantize_per_channel(weight, scales.double(), zeros, 0, torch.qint8)
        self.packed = torch.ops.quantized.linear_prepack(rows, bias)

    def __call__(self, x: Tensor) -> Tensor:
        return torch.ops.quantized.linear_dynamic(x, self.packed, reduce_range=False)


class Parts:
    """The layers of a state dict, made in one precision.

    Args:
        state: float32 arrays under transformers' names.
        precision: one of `PRECISIONS`.
    """

    def __init__(self, state: State, precision: str):
        self._state = state
        self.dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
        self._linear = Int8 if precision == "int8" else Dense

    def tensor(self, name: str) -> Tensor:
        return torch.from_numpy(self._state[f"model.{name}"]).to(self.dtype)

    def linear(self, *names: str, exact: bool = False) -> Linear:
        """Return one layer that computes several side by side.

        A missing bias is zero; an `exact` layer is never int8.
        """
        weight = torch.cat([self.tensor(f"{n}.weight") for n in names])
        return (Dense if exact else self._linear)(weight, torch.cat([self._bias(n) for n in names]))

    def _bias(self, name: str) -> Tensor:
        if f"model.{name}.bias" in self._state:
            return self.tensor(f"{name}.bias")
        return torch.zeros(len(self._state[f"model.{name}.weight"]), dtype=self.dtype)

    def output(self, name: str) -> Linear:
        """Return the projection to the vocabulary, tied to an embedding."""
        return self._linear(self.tensor(f"{name}.weight"), None)

    def norm(self, name: str) -> Linear:
        weight, bias = self.tensor(f"{name}.weight"), self.tensor(f"{name}.bias")
        return lambda x: F.layer_norm(x, weight.shape, weight, bias)


def each(count: int, make: Callable[[int], T]) -> list[T]:
    """Make layers side by side: packing takes most of the time to load, and releases the interpreter."""

    def made(i: int) -> T:
        with torch.inference_mode():  # of this thread
            return make(i)

    with ThreadPoolExecutor(torch.get_num_threads()) as threads:
        return list(threads.map(made, range(count)))


def stacked(outputs: Sequence[Tensor], layers: Sequence[int]) -> LayerStates:
    """Return the outputs (1, frames, d) of these layers, counted from 1, as one float32 (layers, frames, d).

    Raises:
        SmileError: there is no such layer.
    """
    if not all(1 <= number <= len(outputs) for number in layers):
        asked = ", ".join(map(str, layers))
        raise SmileError(f"The encoder has layers 1 to {len(outputs)}, not {asked}; choose of these.")
    if not layers:
        return np.zeros((0, *outputs[-1].shape[1:]), np.float32)
    return torch.cat([outputs[number - 1] for number in layers]).float().cpu().numpy()


def split_heads(x: Tensor, heads: int) -> Tensor:
    """Return (batch, heads, n, d / heads) of x (batch, n, d)."""
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)


def attend(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
    """Return scaled dot-product attention (batch, n, d) over heads."""
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask).transpose(1, 2).flatten(2)


def attend_by_head(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Return what `attend` does of one clip (1, heads, n, d / heads), a head at a time.

    In bfloat16 that is more than twice as fast on a CPU: torch multiplies two matrices by the CPU's own
    instructions, but has no such kernel for a whole attention.
    """
    queries = q[0] * q.shape[-1] ** -0.5
    heads = [torch.softmax(a @ b.T, -1) @ c for a, b, c in zip(queries, k[0], v[0], strict=True)]
    return torch.cat(heads, -1)[None]


_settled: list[bool] = []


def settle_bfloat16(faster: bool) -> None:
    """Have this process compute as another one does, whose machine may be of another kind."""
    if multiplies_bfloat16() != faster:
        _settled[:] = [faster]


def multiplies_bfloat16() -> bool:
    """Return whether the CPU multiplies bfloat16 faster than float32; what `settle_bfloat16` has said stands.

    Having instructions says little: with those of AVX-512 AMD's Zen 4 is twice as fast, an Intel CPU whose
    AMX its virtual machine hides half as fast. It is told by the kind of CPU, not by the clock, which gave
    other answers, and so other bits, beside other work.
    """
    if _settled:
        return _settled[0]
    found = torch.cpu.get_capabilities()
    return bool(found.get("amx_bf16") or (found.get("avx512_bf16") and amd()))


class EncoderLayer:
    """Self-attention and feed-forward, each behind its layer norm.

    What attention and GELU give has outliers, which one scale for all frames cannot hold: in the
    encoder the layers that read them, `out` and `narrow`, stay exact.
    """

    exact = True

    def __init__(self, parts: Parts, name: str, heads: int):
        attention = f"{name}.self_attn"
        self.heads = heads
        self.attend = attend_by_head if parts.dtype is torch.bfloat16 else attend
        self.qkv = parts.linear(*(f"{attention}.{p}_proj" for p in "qkv"))
        self.out = parts.linear(f"{attention}.out_proj", exact=self.exact)
        self.attention_norm = parts.norm(f"{name}.self_attn_layer_norm")
        self.widen = parts.linear(f"{name}.fc1")
        self.narrow = parts.linear(f"{name}.fc2", exact=self.exact)
        self.final_norm = parts.norm(f"{name}.final_layer_norm")

    def __call__(self, x: Tensor) -> Tensor:  # (1, frames, d)
        q, k, v = (split_heads(t, self.heads) for t in self.qkv(self.attention_norm(x)).chunk(3, -1))
        x = x + self.out(self.attend(q, k, v))
        return x + self.narrow(F.gelu(self.widen(self.final_norm(x))))


class DecoderLayer(EncoderLayer):
    """An encoder layer with a cache of keys and values, and cross-attention in between."""

    exact = False  # a step has one frame, and so a scale of its own

    def __init__(self, parts: Parts, name: str, heads: int):
        super().__init__(parts, name, heads)
        cross = f"{name}.encoder_attn"
        self.cross_q = parts.linear(f"{cross}.q_proj")
        self.cross_kv = parts.linear(f"{cross}.k_proj", f"{cross}.v_proj")
        self.cross_out = parts.linear(f"{cross}.out_proj")
        self.cross_norm = parts.norm(f"{name}.encoder_attn_layer_norm")

    def memory(self, states: Tensor) -> tuple[Tensor, Tensor]:
        """Return keys and values of encoder states (1, frames, d), each (1, heads, frames, d / heads)."""
        k, v = self.cross_kv(states).chunk(2, -1)
        return split_heads(k, self.heads).contiguous(), split_heads(v, self.heads).contiguous()

    def step(
        self, x: Tensor, past: Tensor, at: int, memory: tuple[Tensor, Tensor], mask: Tensor | None
    ) -> Tensor:
        """Return the layer's output (beams, n, d) of x (beams, n, d).

        `past` (2, beams, heads, context, d / heads) is written from position `at` on.
        """
        n = x.shape[1]
        q, k, v = (split_heads(t, self.heads) for t in self.qkv(self.attention_norm(x)).chunk(3, -1))
        past[0, :, :, at : at + n], past[1, :, :, at : at + n] = k, v
        x = x + self.out(attend(q, past[0, :, :, : at + n], past[1, :, :, : at + n], mask))
        x = x + self.cross_out(self._cross(self.cross_norm(x), memory))
        return x + self.narrow(F.gelu(self.widen(self.final_norm(x))))

    def _cross(self, x: Tensor, memory: tuple[Tensor, Tensor]) -> Tensor:
        beams = x.shape[0]  # folded into the queries, so that all beams share one memory
        q = split_heads(self.cross_q(x).reshape(1, -1, x.shape[2]), self.heads)
        return attend(q, *memory).reshape(beams, -1, x.shape[2])
