"""A toy training: clips, a tiny Whisper with random weights, and all that learns on them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator
from transformers import WhisperConfig, WhisperForConditionalGeneration

from smile.datatypes import SAMPLE_RATE, EncoderId, RecognizerInfo
from smile.training.batches import Batches
from smile.training.checkpoint import Run
from smile.training.config import TrainConfig
from smile.training.episodes import (
    Episodes,
    TrainClip,
)
from smile.training.loop import Budget, Place, learn
from smile.training.model import EpisodeLoss
from smile.whisper.engines.hf import HfRecognizer
from smile.whisper.model import Model
from smile.whisper.tokenizer import Tokenizer


def clips() -> list[TrainClip]:
    generator = np.random.default_rng(5)
    made = []
    for language, whisper in (("deu", "de"), ("fra", "fr")):
        for i in range(12):
            samples = generator.normal(0, 0.1, round(generator.uniform(0.5, 12) * SAMPLE_RATE))
            embedding = generator.normal(0, 1, 8).astype(np.float32)
            text = f"Satz {i} aus {language}."
            clip = TrainClip(f"{language}{i}", samples.astype(np.float32), text, language, whisper, embedding)
            made.append(clip)
    return made


TOY = TrainConfig(
    steps=12, batch=2, rate=3e-2, warmup=2, rank=4, initial_rank=6, windows=(10.0,), validate_every=6, reuse=2
)


SIZE = {"d_model": 32, "encoder_layers": 1, "decoder_layers": 1, "encoder_attention_heads": 2}


INFO = RecognizerInfo("hf", "float32", EncoderId("toy", "0" * 12))


def tiny_whisper(layers: int = 1) -> tuple[dict[str, np.ndarray], dict[str, object]]:
    """A tiny Whisper with random weights and the real vocabulary."""
    torch.manual_seed(1)
    config = WhisperConfig(
        **SIZE | {"decoder_layers": layers},
        decoder_attention_heads=2,
        encoder_ffn_dim=64,
        decoder_ffn_dim=64,
        vocab_size=51865,
    )
    state = WhisperForConditionalGeneration(config).state_dict()
    state.pop("proj_out.weight")
    return {name: tensor.numpy() for name, tensor in state.items()}, config.to_dict()


class Trainee:
    """All that a training needs, made anew."""

    def __init__(self, toy: tuple[dict, dict], tokenizer: Tokenizer, config: TrainConfig, folder: Path):
        torch.manual_seed(0)
        state, model_config = toy
        self.model = EpisodeLoss(state, model_config, config, "toy")
        self.accelerator = Accelerator(cpu=True)
        episodes = Episodes(clips(), tokenizer, config)
        model = Model(HfRecognizer(state, model_config, INFO), tokenizer)
        self.batches = Batches(episodes, model, config, self.accelerator)
        self.run = Run(folder)

    def saved(self, folder: Path) -> Path:
        """The folder of the adapter that six steps have made."""
        self.learn(6)
        self.model.save(folder)
        return folder

    def learn(self, until: int) -> list[Place]:
        seen: list[Place] = []
        steps: Iterator[Place] = learn(
            self.model, self.batches, self.run, self.accelerator, Budget(until), seen.append
        )
        for _ in steps:
            pass
        return seen

    def values(self) -> dict[str, torch.Tensor]:
        return {n: p.detach().clone() for n, p in self.model.named_parameters() if "lora_" in n}
