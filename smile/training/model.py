"""Whisper with a trainable adapter, and the loss of a batch of episodes.

AdaLoRA's orthogonality loss and rank allocation (arXiv 2303.10512, eq. 4 and algorithm 1) are called
by hand, since the loss is computed here and not by transformers.
"""

from __future__ import annotations

import errno
import os
import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import torch
from numpy.typing import NDArray
from peft import (
    AdaLoraConfig,
    LoraConfig,
    get_peft_model,
    get_peft_model_state_dict,
    set_peft_model_state_dict,
)
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from smile.datatypes import SmileError
from smile.training.apart import Layout, run_apart
from smile.training.config import TrainConfig
from smile.training.episodes import IGNORED
from smile.training.softmax import token_loss
from smile.whisper.adapters import WEIGHTS
from smile.whisper.engines.hf import run_encoder, whisper

# peft asks transformers by a name that goes with its next version; both are pinned.
warnings.filterwarnings("ignore", "`is_gradient_checkpointing`", FutureWarning)

LINEAR = "(q_proj|k_proj|v_proj|out_proj|fc1|fc2)"
LAYERS = {
    "decoder": rf".*\.decoder\.layers\..*{LINEAR}",
    "decoder-attention": r".*\.decoder\.layers\..*(q_proj|k_proj|v_proj|out_proj)",
    "all": rf".*\.layers\..*{LINEAR}",
}


class EpisodeLoss(nn.Module):
    """The mean loss of the labelled tokens of a batch, with an adapter to be trained.

    Args:
        state: float32 weights under transformers' names.
        model_config: transformers' WhisperConfig as a dict.
        config: method, ranks and layers.
        name: of the base model, for the adapter's config.
    """

    def __init__(
        self,
        state: Mapping[str, NDArray[Any]],
        model_config: Mapping[str, Any],
        config: TrainConfig,
        name: str,
    ):
        super().__init__()
        base = whisper(state, model_config)
        base.requires_grad_(False)
        base.name_or_path = name
        self.config = config
        self.adapted = get_peft_model(base, _peft_config(config))

    def forward(
        self,
        sound: Tensor,
        tokens: Tensor,
        labels: Tensor,
        layout: Layout | None = None,
        share: float = 1.0,
    ) -> Tensor:
        """Compute the loss of a `smile.training.batches.Batch`, 0 where nothing is labelled.

        `share` is this process's labelled tokens over the mean of all processes.
        """
        whisper_ = cast(Any, self.adapted).base_model.model
        model = whisper_.model
        if layout:
            hidden = run_apart(model.decoder, tokens, sound, layout)
        else:
            states = sound if self.config.frozen_encoder else run_encoder(model.encoder, sound)
            hidden = model.decoder(input_ids=tokens, encoder_hidden_states=states).last_hidden_state
        labelled = labels != IGNORED
        loss = token_loss(hidden[labelled], whisper_.proj_out.weight, labels[labelled], self.config.sampled)
        loss = share * loss / labelled.sum().clamp(min=1)
        if self.config.method == "adalora":
            loss = loss + self.config.orthogonal * self.orthogonality()
        return loss

    def orthogonality(self) -> Tensor:
        """Return the mean over AdaLoRA's matrices P and Q of ‖PᵀP − I‖ (Frobenius)."""
        norms = []
        for name, parameter in self.adapted.named_parameters():
            if match := re.search(r"lora_([AB])", name):
                gram = parameter @ parameter.T if match[1] == "A" else parameter.T @ parameter
                norms.append(torch.linalg.norm(gram - torch.eye(len(gram), device=gram.device)))
        return torch.stack(norms).mean()

    def allocate(self, step: int) -> None:
        """Let AdaLoRA move rank to where it matters.

        Call it after the optimizer's step, while the gradients are still there.
        """
        if self.config.method == "adalora":
            cast(Any, self.adapted).base_model.update_and_allocate(step)

    def trainable(self) -> list[nn.Parameter]:
        """Return the adapter's parameters."""
        return [parameter for parameter in self.parameters() if parameter.requires_grad]

    def start_from(self, folder: Path) -> None:
        """Begin with the weights of an adapter, at full strength whatever of its change was kept.

        Raises:
            SmileError: it cannot be read, or is of another method, rank or layers.
        """
        try:
            weights = load_file(folder / WEIGHTS)
        except (OSError, SafetensorError) as error:
            raise SmileError(
                f"{folder} holds no adapter to start from; choose a folder of peft's."
            ) from error
        ours = get_peft_model_state_dict(self.adapted, save_embedding_layers=False)
        if {n: w.shape for n, w in weights.items()} != {n: w.shape for n, w in ours.items()}:
            raise SmileError(
                f"The adapter in {folder} has another method, rank or layers; set the same ones."
            )
        set_peft_model_state_dict(self.adapted, weights)

    def save(self, folder: Path) -> None:
        """Write the adapter as peft does.

        Raises:
            OSError: it cannot be written; safetensors has an error of its own for that.
        """
        try:
            self.adapted.save_pretrained(str(folder), save_embedding_layers=False)  # else peft asks the hub
        except SafetensorError as error:
            number = re.search(r"os error (\d+)", str(error))
            code = int(number[1]) if number else errno.EIO
            raise OSError(code, os.strerror(code), str(folder)) from error


def _peft_config(config: TrainConfig) -> LoraConfig:
    common: dict[str, Any] = {
        "target_modules": LAYERS[config.layers],
        "lora_alpha": config.alpha,
        "lora_dropout": config.dropout,
    }
    if config.method == "lora":
        return LoraConfig(r=config.rank, **common)
    if config.steps < 10:
        raise SmileError("AdaLoRA needs at least 10 steps to allocate its ranks; raise steps.")
    return AdaLoraConfig(
        init_r=config.initial_rank,
        target_r=config.rank,
        tinit=config.steps // 10,
        tfinal=config.steps // 4,
        deltaT=max(1, config.steps // 100),
        total_step=config.steps,
        orth_reg_weight=config.orthogonal,
        **common,
    )
