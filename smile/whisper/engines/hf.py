"""The reference engine: Whisper as transformers runs it, on the CPU or a GPU."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import (
    DynamicCache,
    EncoderDecoderCache,
    WhisperConfig,
    WhisperForConditionalGeneration,
)

from smile.datatypes import LayerStates, Matrix, RecognizerInfo, SmileError
from smile.whisper.engines.layers import stacked

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


class HfRecognizer:
    """Whisper in transformers, with an adapter applied by peft.

    Args:
        state: float32 weights under transformers' names.
        config: transformers' WhisperConfig as a dict.
        info: what to log; `info.precision` is float32 or bfloat16, `info.device` torch's name.
        adapter: a PEFT folder to apply and merge, or None.

    Raises:
        SmileError: a precision that this engine does not have.
    """

    def __init__(
        self,
        state: Mapping[str, NDArray[Any]],
        config: Mapping[str, Any],
        info: RecognizerInfo,
        adapter: Path | None = None,
    ):
        if info.precision not in DTYPES:
            raise SmileError(f"The hf engine has no {info.precision}; choose float32, or the lean engine.")
        self.info, self.mels = info, int(config["num_mel_bins"])
        self.width, self.context = int(config["d_model"]), int(config["max_target_positions"])
        self.max_frames, self.depth = int(config["max_source_positions"]), int(config["encoder_layers"])
        self.dtype, self.device = DTYPES[info.precision], torch.device(info.device)
        self.model = whisper(state, config, adapter).eval().to(self.device, self.dtype)

    @torch.inference_mode()
    def encode(self, features: Matrix) -> Matrix:
        """Return states (frames / 2, d) of log-mel (mels, frames); windows under 30 s cut the positions."""
        return self.encode_layers(features, ())[0]

    @torch.inference_mode()
    def encode_layers(self, features: Matrix, layers: Sequence[int]) -> tuple[Matrix, LayerStates]:
        """Return what `encode` does, and the outputs (layers, frames / 2, d) of these encoder layers."""
        outputs: list[Tensor] = []
        states = run_encoder(self.model.model.encoder, self.tensor(features)[None], outputs)
        return np.asarray(states[0].float().cpu().numpy()), stacked(outputs, layers)

    def decoder(self, states: Matrix) -> HfSession:
        """Open a decoding over encoder states (frames, d) of any length."""
        return HfSession(self.model, self.tensor(states)[None])

    @torch.inference_mode()
    def logits(self, hidden: Matrix) -> Matrix:
        """Return the next tokens' logits (n, vocabulary) of the decoder's last hidden states (n, d)."""
        return np.asarray(self.model.proj_out(self.tensor(hidden)).float().cpu().numpy())

    def tensor(self, array: Matrix) -> Tensor:
        """Return an array on the device, in the precision."""
        return torch.from_numpy(np.ascontiguousarray(array, dtype=np.float32)).to(self.device, self.dtype)


class HfSession:
    """transformers' decoder with its cache; see `DecoderSession`."""

    def __init__(self, model: WhisperForConditionalGeneration, states: Tensor):
        self._model, self._states = model, states
        self._cache = EncoderDecoderCache(DynamicCache(), DynamicCache())

    @torch.inference_mode()
    def step(self, tokens: NDArray[np.int64]) -> tuple[Matrix, NDArray[np.float32]]:
        """Feed tokens (beams, n); return last logits (beams, vocabulary), hidden states (beams, n, d)."""
        hidden = self._model.model.decoder(
            input_ids=torch.from_numpy(tokens).to(self._states.device),
            encoder_hidden_states=self._states.expand(len(tokens), -1, -1),
            past_key_values=self._cache,
            use_cache=True,
        ).last_hidden_state
        logits = self._model.proj_out(hidden[:, -1])
        return logits.float().cpu().numpy(), hidden.float().cpu().numpy()

    def reorder(self, beams: NDArray[np.int64]) -> None:
        """Go on with these beams, in this order."""
        index = torch.from_numpy(beams).to(self._states.device)
        self._cache.reorder_cache(cast(torch.LongTensor, index))

    def attend(self, states: Matrix) -> None:
        """Let the tokens that follow attend to other states (frames, d)."""
        self._states = torch.from_numpy(states)[None].to(self._states)
        self._cache = EncoderDecoderCache(self._cache.self_attention_cache, DynamicCache())


def run_encoder(encoder: nn.Module, features: Tensor, outputs: list[Tensor] | None = None) -> Tensor:
    """Return states (batch, frames / 2, d) of log-mel (batch, mels, frames); under 30 s positions are cut.

    What each layer gives, (batch, frames / 2, d), is appended to `outputs`.
    """
    layers = cast(Any, encoder)
    x = F.gelu(layers.conv2(F.gelu(layers.conv1(features)))).transpose(1, 2)
    x = x + layers.embed_positions.weight[: x.shape[1]]
    for layer in layers.layers:
        x = layer(x, None)
        x = x[0] if isinstance(x, tuple) else x
        if outputs is not None:
            outputs.append(x)
    return cast(Tensor, layers.layer_norm(x))


def whisper(
    state: Mapping[str, NDArray[Any]], config: Mapping[str, Any], adapter: Path | None = None
) -> WhisperForConditionalGeneration:
    """Return transformers' model with these weights, an adapter merged in by peft."""
    with torch.device("meta"):
        model = WhisperForConditionalGeneration(WhisperConfig(**config))
    tensors = {name: torch.from_numpy(array) for name, array in state.items()}
    tensors["proj_out.weight"] = tensors["model.decoder.embed_tokens.weight"]
    model.load_state_dict(tensors, strict=True, assign=True)
    model.tie_weights()
    if adapter is None:
        return model
    from peft import PeftModel

    return PeftModel.from_pretrained(model, str(adapter)).merge_and_unload()
