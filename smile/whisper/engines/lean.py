"""The serving engine: Whisper as one short torch loop, in float32, bfloat16 or int8.

It was chosen by `smile bench engines`: its int8 encoder is about as fast as CTranslate2's on a CPU
without VNNI, a decoding step costs a fraction of transformers', and every distribution stays open to
steering. Parity with transformers is tested.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from smile.datatypes import LayerStates, Matrix, RecognizerInfo, SmileError
from smile.whisper.engines.layers import (
    DecoderLayer,
    EncoderLayer,
    Linear,
    Parts,
    State,
    each,
    multiplies_bfloat16,
    stacked,
)

PRECISIONS = ("float32", "bfloat16", "int8")


class Encoder:
    """The encoder, from log-mel to states."""

    def __init__(self, parts: Parts, config: Mapping[str, Any]):
        self._dtype = parts.dtype
        self._convolutions = [
            (parts.tensor(f"encoder.conv{i}.weight"), parts.tensor(f"encoder.conv{i}.bias"), i)
            for i in (1, 2)
        ]
        self._positions = parts.tensor("encoder.embed_positions.weight")
        heads, layers = int(config["encoder_attention_heads"]), int(config["encoder_layers"])
        self._layers = each(layers, lambda i: EncoderLayer(parts, f"encoder.layers.{i}", heads))
        self._norm = parts.norm("encoder.layer_norm")

    def __call__(self, features: Matrix, layers: Sequence[int] = ()) -> tuple[Matrix, LayerStates]:
        """Return the states (frames / 2, d) of log-mel (mels, frames), and what these layers gave."""
        x = torch.from_numpy(np.ascontiguousarray(features, dtype=np.float32))[None].to(self._dtype)
        for weight, bias, stride in self._convolutions:
            x = F.gelu(F.conv1d(x, weight, bias, stride=stride, padding=1))
        x = x.transpose(1, 2)
        x = x + self._positions[: x.shape[1]]
        outputs = []
        for layer in self._layers:
            x = layer(x)
            outputs.append(x)
        return self._norm(x)[0].float().numpy(), stacked(outputs, layers)


class LeanRecognizer:
    """Whisper on the CPU, without transformers.

    Args:
        state: float32 weights under transformers' names, an adapter already merged.
        config: transformers' WhisperConfig as a dict.
        info: what to log; `info.precision` is one of `PRECISIONS`.
        sibling: the same base in the same precision, for the parts that an adapter leaves as they are.

    Raises:
        SmileError: a precision or device that this engine does not have.
    """

    def __init__(
        self,
        state: State,
        config: Mapping[str, Any],
        info: RecognizerInfo,
        sibling: LeanRecognizer | None = None,
    ):
        check(info)
        self.info, self.mels = info, int(config["num_mel_bins"])
        self.width, self.context = int(config["d_model"]), int(config["max_target_positions"])
        self.max_frames, self.depth = int(config["max_source_positions"]), int(config["encoder_layers"])
        parts = Parts(state, info.precision)
        self._dtype = parts.dtype
        with torch.inference_mode():
            self.encoder: Encoder
            self.output: Linear
            if sibling is not None and sibling.info.encoder == info.encoder:
                self.encoder = sibling.encoder
            else:
                self.encoder = Encoder(Parts(state, encoder_precision(info.precision)), config)
            self.output = sibling.output if sibling else parts.output("decoder.embed_tokens")
            name = "decoder.embed_tokens.weight"  # the output's, too
            self.embedding: Tensor = sibling.embedding if sibling else parts.tensor(name)
            self._build_decoder(parts, config)

    def _build_decoder(self, parts: Parts, config: Mapping[str, Any]) -> None:
        heads, layers = int(config["decoder_attention_heads"]), int(config["decoder_layers"])
        self.heads = heads
        self.positions = parts.tensor("decoder.embed_positions.weight")
        self.layers = each(layers, lambda i: DecoderLayer(parts, f"decoder.layers.{i}", heads))
        self.norm = parts.norm("decoder.layer_norm")

    @torch.inference_mode()
    def encode(self, features: Matrix) -> Matrix:
        """Return states (frames / 2, d) of log-mel (mels, frames)."""
        return self.encoder(features)[0]

    @torch.inference_mode()
    def encode_layers(self, features: Matrix, layers: Sequence[int]) -> tuple[Matrix, LayerStates]:
        """Return what `encode` does, and the outputs (layers, frames / 2, d) of these encoder layers."""
        return self.encoder(features, layers)

    @torch.inference_mode()
    def decoder(self, states: Matrix) -> LeanSession:
        """Open a decoding over encoder states (frames, d) of any length."""
        return LeanSession(self, self.memories(states), self._dtype)

    def memories(self, states: Matrix) -> list[tuple[Tensor, Tensor]]:
        """Return keys and values of encoder states (frames, d), a pair for each layer."""
        memory = torch.from_numpy(np.ascontiguousarray(states, dtype=np.float32))[None].to(self._dtype)
        return [layer.memory(memory) for layer in self.layers]

    @torch.inference_mode()
    def logits(self, hidden: Matrix) -> Matrix:
        """Return the next tokens' logits (n, vocabulary) of the decoder's last hidden states (n, d)."""
        rows = torch.from_numpy(np.ascontiguousarray(hidden, dtype=np.float32)).to(self._dtype)
        return self.output(rows).float().numpy()


class LeanSession:
    """A decoder with its caches; see `DecoderSession`."""

    def __init__(self, model: LeanRecognizer, memories: list[tuple[Tensor, Tensor]], dtype: torch.dtype):
        self._model, self._memories, self._at = model, memories, 0
        self._dtype = dtype
        self._past = [self._empty(1) for _ in memories]

    @torch.inference_mode()
    def step(self, tokens: NDArray[np.int64]) -> tuple[Matrix, NDArray[np.float32]]:
        """Feed tokens (beams, n); return last logits (beams, vocabulary), hidden states (beams, n, d)."""
        model, n = self._model, tokens.shape[1]
        x = model.embedding[torch.from_numpy(tokens)] + model.positions[self._at : self._at + n]
        mask = self._causal(n) if n > 1 else None
        for layer, past, memory in zip(model.layers, self._past, self._memories, strict=True):
            x = layer.step(x, past, self._at, memory, mask)
        self._at += n
        hidden = model.norm(x)
        return model.output(hidden[:, -1]).float().numpy(), hidden.float().numpy()

    def _empty(self, beams: int) -> Tensor:
        """Return room for a layer's keys and values."""
        model = self._model
        return torch.empty(
            (2, beams, model.heads, model.context, model.width // model.heads), dtype=self._dtype
        )

    def _causal(self, n: int) -> Tensor:
        return torch.ones(n, self._at + n, dtype=torch.bool).tril(self._at)

    @torch.inference_mode()
    def reorder(self, beams: NDArray[np.int64]) -> None:
        """Go on with these beams, in this order."""
        index, at = torch.from_numpy(beams), self._at
        past, self._past = self._past, [self._empty(len(beams)) for _ in self._past]
        for before, after in zip(past, self._past, strict=True):
            after[..., :at, :] = before[..., :at, :].index_select(1, index)

    @torch.inference_mode()
    def attend(self, states: Matrix) -> None:
        """Let the tokens that follow attend to other states (frames, d)."""
        self._memories = self._model.memories(states)


def check(info: RecognizerInfo) -> None:
    """Refuse what this engine cannot do."""
    if info.device != "cpu":
        raise SmileError(f'The lean engine runs on the CPU only; choose the hf engine for "{info.device}".')
    if info.precision not in PRECISIONS:
        raise SmileError(f'There is no precision "{info.precision}"; choose one of {", ".join(PRECISIONS)}.')
    if info.precision == "int8" and not int8_works():
        raise SmileError("This machine has no int8 kernels; choose float32.")


def encoder_precision(precision: str) -> str:
    """Return what the encoder computes in, where an engine computes in a precision.

    Its matrices are large, and bfloat16 makes a quarter of int8's error. Where the CPU multiplies bfloat16
    fast, that is also twice as fast as int8, some of whose layers stay float32 (`smile bench engines`).
    A decoder reads one token at a time and waits for its weights; there int8 is the faster one.
    """
    return "bfloat16" if precision == "int8" and multiplies_bfloat16() else precision


def int8_works() -> bool:
    """Return whether torch has int8 linear layers for this machine."""
    return any(engine in torch.backends.quantized.supported_engines for engine in ("x86", "fbgemm"))
