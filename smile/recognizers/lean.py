"""The serving engine: Whisper as one short torch loop, in float32, bfloat16 or int8.

It was chosen by `smile bench engines`: its int8 encoder is about as fast as CTranslate2's on a CPU
without VNNI, a decoding step costs a fraction of transformers', and every distribution stays open to
steering. Parity with transformers is tested.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from smile.datatypes import Matrix, RecognizerInfo, SmileError

PRECISIONS = ("float32", "bfloat16", "int8")
Linear = Callable[[Tensor], Tensor]
State = Mapping[str, NDArray[Any]]


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
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # torch plans to move this; its version is pinned
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
        """One layer that computes several side by side; a missing bias is zero, `exact` is never int8."""
        weight = torch.cat([self.tensor(f"{n}.weight") for n in names])
        return (Dense if exact else self._linear)(weight, torch.cat([self._bias(n) for n in names]))

    def _bias(self, name: str) -> Tensor:
        if f"model.{name}.bias" in self._state:
            return self.tensor(f"{name}.bias")
        return torch.zeros(len(self._state[f"model.{name}.weight"]), dtype=self.dtype)

    def output(self, name: str) -> Linear:
        """The projection to the vocabulary, tied to an embedding."""
        return self._linear(self.tensor(f"{name}.weight"), None)

    def norm(self, name: str) -> Linear:
        weight, bias = self.tensor(f"{name}.weight"), self.tensor(f"{name}.bias")
        return lambda x: F.layer_norm(x, weight.shape, weight, bias)


def split_heads(x: Tensor, heads: int) -> Tensor:
    """(batch, n, d) -> (batch, heads, n, d / heads)."""
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)


def attend(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
    """Scaled dot-product attention over heads -> (batch, n, d)."""
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask).transpose(1, 2).flatten(2)


class EncoderLayer:
    """Self-attention and feed-forward, each behind its layer norm.

    What attention and GELU give has outliers, which one scale for all frames cannot hold: in the
    encoder the layers that read them, `out` and `narrow`, stay exact.
    """

    exact = True

    def __init__(self, parts: Parts, name: str, heads: int):
        attention = f"{name}.self_attn"
        self.heads = heads
        self.qkv = parts.linear(*(f"{attention}.{p}_proj" for p in "qkv"))
        self.out = parts.linear(f"{attention}.out_proj", exact=self.exact)
        self.attention_norm = parts.norm(f"{name}.self_attn_layer_norm")
        self.widen = parts.linear(f"{name}.fc1")
        self.narrow = parts.linear(f"{name}.fc2", exact=self.exact)
        self.final_norm = parts.norm(f"{name}.final_layer_norm")

    def __call__(self, x: Tensor) -> Tensor:  # (1, frames, d)
        q, k, v = (split_heads(t, self.heads) for t in self.qkv(self.attention_norm(x)).chunk(3, -1))
        x = x + self.out(attend(q, k, v))
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
        """Keys and values of encoder states (1, frames, d), each (1, heads, frames, d / heads)."""
        k, v = self.cross_kv(states).chunk(2, -1)
        return split_heads(k, self.heads).contiguous(), split_heads(v, self.heads).contiguous()

    def step(
        self, x: Tensor, past: Tensor, at: int, memory: tuple[Tensor, Tensor], mask: Tensor | None
    ) -> Tensor:
        """x (beams, n, d); `past` (2, beams, heads, context, d / heads) is written from position `at` on."""
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


class LeanRecognizer:
    """Whisper on the CPU, without transformers.

    Args:
        state: float32 weights under transformers' names, an adapter already merged.
        config: transformers' WhisperConfig as a dict.
        info: what to log; `info.precision` is one of `PRECISIONS`.

    Raises:
        SmileError: a precision or device that this engine does not have.
    """

    def __init__(self, state: State, config: Mapping[str, Any], info: RecognizerInfo):
        check(info)
        self.info, self.mels = info, int(config["num_mel_bins"])
        self.width, self.context = int(config["d_model"]), int(config["max_target_positions"])
        self.max_frames = int(config["max_source_positions"])
        parts = Parts(state, info.precision)
        self._dtype = parts.dtype
        with torch.inference_mode():
            self._build_encoder(parts, config)
            self._build_decoder(parts, config)

    def _build_encoder(self, parts: Parts, config: Mapping[str, Any]) -> None:
        self._convolutions = [
            (parts.tensor(f"encoder.conv{i}.weight"), parts.tensor(f"encoder.conv{i}.bias"), i)
            for i in (1, 2)
        ]
        self._encoder_positions = parts.tensor("encoder.embed_positions.weight")
        heads, layers = int(config["encoder_attention_heads"]), int(config["encoder_layers"])
        self._encoder_layers = [EncoderLayer(parts, f"encoder.layers.{i}", heads) for i in range(layers)]
        self._encoder_norm = parts.norm("encoder.layer_norm")

    def _build_decoder(self, parts: Parts, config: Mapping[str, Any]) -> None:
        heads, layers = int(config["decoder_attention_heads"]), int(config["decoder_layers"])
        self.heads = heads
        self.embedding = parts.tensor("decoder.embed_tokens.weight")
        self.positions = parts.tensor("decoder.embed_positions.weight")
        self.layers = [DecoderLayer(parts, f"decoder.layers.{i}", heads) for i in range(layers)]
        self.norm = parts.norm("decoder.layer_norm")
        self.output = parts.output("decoder.embed_tokens")

    @torch.inference_mode()
    def encode(self, features: Matrix) -> Matrix:
        """Log-mel (mels, frames) -> states (frames / 2, d)."""
        x = torch.from_numpy(np.ascontiguousarray(features, dtype=np.float32))[None].to(self._dtype)
        for weight, bias, stride in self._convolutions:
            x = F.gelu(F.conv1d(x, weight, bias, stride=stride, padding=1))
        x = x.transpose(1, 2)
        x = x + self._encoder_positions[: x.shape[1]]
        for layer in self._encoder_layers:
            x = layer(x)
        return self._encoder_norm(x)[0].float().numpy()

    @torch.inference_mode()
    def decoder(self, states: Matrix) -> LeanSession:
        """Open a decoding over encoder states (frames, d) of any length."""
        memory = torch.from_numpy(np.ascontiguousarray(states, dtype=np.float32))[None].to(self._dtype)
        return LeanSession(self, [layer.memory(memory) for layer in self.layers], self._dtype)

    @torch.inference_mode()
    def logits(self, hidden: Matrix) -> Matrix:
        """The decoder's last hidden states (n, d) -> logits of the next tokens (n, vocabulary)."""
        rows = torch.from_numpy(np.ascontiguousarray(hidden, dtype=np.float32)).to(self._dtype)
        return self.output(rows).float().numpy()


class LeanSession:
    """A decoder with its caches; see `DecoderSession`."""

    def __init__(self, model: LeanRecognizer, memories: list[tuple[Tensor, Tensor]], dtype: torch.dtype):
        self._model, self._memories, self._at = model, memories, 0
        shape = (2, 1, model.heads, model.context, model.width // model.heads)
        self._past = [torch.empty(shape, dtype=dtype) for _ in memories]

    @torch.inference_mode()
    def step(self, tokens: NDArray[np.int64]) -> tuple[Matrix, NDArray[np.float32]]:
        """Tokens (beams, n) -> logits after the last (beams, vocabulary), hidden states (beams, n, d)."""
        model, n = self._model, tokens.shape[1]
        x = model.embedding[torch.from_numpy(tokens)] + model.positions[self._at : self._at + n]
        mask = self._causal(n) if n > 1 else None
        for layer, past, memory in zip(model.layers, self._past, self._memories, strict=True):
            x = layer.step(x, past, self._at, memory, mask)
        self._at += n
        hidden = model.norm(x)
        return model.output(hidden[:, -1]).float().numpy(), hidden.float().numpy()

    def _causal(self, n: int) -> Tensor:
        return torch.ones(n, self._at + n, dtype=torch.bool).tril(self._at)

    @torch.inference_mode()
    def reorder(self, beams: NDArray[np.int64]) -> None:
        """Go on with these beams, in this order."""
        index = torch.from_numpy(beams)
        self._past = [past.index_select(1, index) for past in self._past]


def check(info: RecognizerInfo) -> None:
    """Refuse what this engine cannot do."""
    if info.device != "cpu":
        raise SmileError(f'The lean engine runs on the CPU only; choose the hf engine for "{info.device}".')
    if info.precision not in PRECISIONS:
        raise SmileError(f'There is no precision "{info.precision}"; choose one of {", ".join(PRECISIONS)}.')
    if info.precision == "int8" and not int8_works():
        raise SmileError("This machine has no int8 kernels; choose float32.")


def int8_works() -> bool:
    """Whether torch has int8 linear layers for this machine."""
    return any(engine in torch.backends.quantized.supported_engines for engine in ("x86", "fbgemm"))
