"""Batches of episodes as tensors; what was encoded is used several times over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from accelerate import Accelerator
from numpy.typing import NDArray
from torch import Tensor

from smile.audio.features import log_mel
from smile.datatypes import Matrix
from smile.decoding.encoding import EncoderStates
from smile.training.apart import Layout
from smile.training.config import TrainConfig
from smile.training.episodes import IGNORED, TAKES, EpisodeAudio, Episodes, EpisodeTokens
from smile.whisper.model import Model

BLOCK = 48  # batches that are encoded, then used `reuse` times over
MOST_CLIPS = (
    4000  # of which states are kept where they are encoded independently, in all their takes, 0.3 MB each
)

Sounds = tuple[
    Matrix, ...
]  # encoded independently the states (frames, d) of each clip, else one input for all


class Batch(NamedTuple):
    """Episodes side by side, padded at their ends; encoded independently end to end, without `batch`."""

    sound: Tensor  # encoder states (batch, frames, d), or log-mel (batch, mels, frames)
    tokens: Tensor  # (batch, tokens)
    labels: Tensor  # (batch, tokens), IGNORED where nothing is learned
    layout: Layout | None = None  # encoded independently

    def to(self, device: torch.device) -> Batch:
        """Return the same batch on a device."""
        return Batch(self.sound.to(device), self.tokens.to(device), self.labels.to(device), self.layout)


class Batches:
    """The batches of this process, by step."""

    def __init__(
        self,
        episodes: Episodes,
        model: Model,
        config: TrainConfig,
        accelerator: Accelerator,
    ):
        self._episodes, self._model, self._config = episodes, model, config
        self._rank, self._world = accelerator.process_index, accelerator.num_processes
        self._memory = EncoderStates(model, MOST_CLIPS * TAKES)
        self._kept: dict[int, tuple[EpisodeAudio, Sounds]] = {}
        self._block, self._cached = -1, config.encoding == "independent"

    def __call__(self, step: int) -> Batch:
        """This process's share of the batch of a step."""
        block, within = divmod(step, BLOCK * self._config.reuse)
        if block != self._block:
            self._kept, self._block = {}, block
        batch = block * BLOCK + within % BLOCK
        window = self._episodes.window(batch)
        sounds, episodes = [], []
        for i in range(self._rank, self._config.batch, self._world):
            audio, sound = self._sound(batch * self._config.batch + i, window)
            sounds.append(sound)
            episodes.append(self._episodes.write(audio, step * self._config.batch + i))
        return (
            packed(sounds, episodes) if self._cached else stacked(sounds, episodes, self._model.tokenizer.end)
        )

    def _sound(self, index: int, window: float) -> tuple[EpisodeAudio, Sounds]:
        if index not in self._kept:
            audio = self._episodes.arrange(index, window)
            self._kept[index] = audio, self._encoded(audio, window)
        return self._kept[index]

    def _encoded(self, audio: EpisodeAudio, window: float) -> Sounds:
        if audio.encoding == "independent":
            return tuple(self._memory(sound) for sound in audio.sounds)
        features = log_mel(audio.samples, window, self._model.recognizer.mels)
        return (self._model.recognizer.encode(features) if self._config.frozen_encoder else features,)


def stacked(sounds: Sequence[Sounds], episodes: Sequence[EpisodeTokens], end: int) -> Batch:
    """Lay episodes side by side in a batch."""
    tokens = _padded([episode.tokens for episode in episodes], end)
    labels = _padded([episode.labels for episode in episodes], IGNORED)
    return Batch(torch.from_numpy(np.stack([sound for (sound,) in sounds])), tokens, labels)


def _padded(rows: Sequence[NDArray[np.int64]], value: int) -> Tensor:
    tensors = [torch.from_numpy(row) for row in rows]
    return torch.nn.utils.rnn.pad_sequence(tensors, batch_first=True, padding_value=value)


def packed(sounds: Sequence[Sounds], episodes: Sequence[EpisodeTokens]) -> Batch:
    """Lay episodes end to end, each clip's tokens with its own frames; leave out clips without tokens."""
    counts = [
        np.bincount(episode.owners, minlength=len(clips))
        for clips, episode in zip(sounds, episodes, strict=True)
    ]
    used = [
        (clip, int(n))
        for clips, of in zip(sounds, counts, strict=True)
        for clip, n in zip(clips, of, strict=True)
        if n
    ]
    layout = Layout(
        tuple(n for _, n in used),
        tuple(len(clip) for clip, _ in used),
        tuple(len(episode.tokens) for episode in episodes),
    )
    return Batch(
        torch.from_numpy(np.concatenate([clip for clip, _ in used])),
        torch.from_numpy(np.concatenate([episode.tokens for episode in episodes])),
        torch.from_numpy(np.concatenate([episode.labels for episode in episodes])),
        layout,
    )
