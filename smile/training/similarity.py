"""`smile similarity`: trains the projection behind the learned distance on the meta-training languages.

A clip's distances to the others of its language, as a distribution, are brought near to that of their
texts' likeness (tf-idf of character n-grams), by stochastic neighbours: KL of the two distributions.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from smile.retrieval.learned import Projection
from smile.retrieval.text_similarity import draft_distances
from smile.training.episodes import TrainClip
from smile.util.arrays import write_arrays

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class SimilarityConfig:
    """How the projection is trained."""

    width: int = 64  # of what is compared
    steps: int = 1000  # each goes through all languages
    rate: float = 3e-3
    decay: float = 1e-2  # weight decay
    sharpness: float = 0.05  # temperature of the texts' likeness
    dropout: float = 0.3  # share of the embedding's dimensions left out in a step
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Language:
    """Clips of one language: embeddings (n, d) and how alike their texts are (n, n), 0 to 1."""

    code: str
    embeddings: NDArray[np.float32]
    likeness: NDArray[np.float64]


def by_language(clips: Sequence[TrainClip]) -> list[Language]:
    """Group clips by language, with the likeness of their texts."""
    groups: dict[str, list[TrainClip]] = {}
    for clip in clips:
        groups.setdefault(clip.language, []).append(clip)
    return [
        Language(code, np.stack([c.embedding for c in group]), likeness([c.text for c in group]))
        for code, group in sorted(groups.items())
    ]


def likeness(texts: Sequence[str]) -> NDArray[np.float64]:
    """Return how alike each text is to each (n, n)."""
    return np.stack([1 - draft_distances(text, texts) for text in texts])


def learn(
    languages: Sequence[Language], config: SimilarityConfig, each: Callable[[int, float], None]
) -> Projection:
    """Train a projection; `each` is told step and loss (nats a clip)."""
    import torch

    torch.manual_seed(config.seed)
    mean = np.concatenate([language.embeddings for language in languages]).mean(axis=0)
    sounds = [torch.from_numpy(language.embeddings - mean).float() for language in languages]
    scale = float(torch.cat(sounds).std())
    wanted = [_distribution(torch.from_numpy(one.likeness / config.sharpness)).float() for one in languages]
    start = torch.randn(len(mean), config.width) / (scale * len(mean) ** 0.5)
    projection = torch.nn.Parameter(start)
    optimizer = torch.optim.AdamW([projection], lr=config.rate, weight_decay=config.decay)
    for step in range(config.steps):
        kept = (torch.rand(len(mean)) >= config.dropout) / (1 - config.dropout)
        losses = [_loss((x * kept) @ projection, p) for x, p in zip(sounds, wanted, strict=True)]
        loss = torch.stack(losses).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        each(step + 1, float(loss.detach()))
    return Projection(mean, projection.detach().numpy())


def _distribution(scores: torch.Tensor) -> torch.Tensor:
    """Softmax over the other clips (n, n); none of a clip itself."""
    scores = scores.clone().fill_diagonal_(-1e9)
    return scores.softmax(dim=1)


def _loss(points: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    import torch

    apart = torch.cdist(points, points).square()
    logprobs = (-apart).fill_diagonal_(-1e9).log_softmax(dim=1)
    return torch.nn.functional.kl_div(logprobs, wanted, reduction="batchmean")


def nearest_likeness(languages: Sequence[Language], measure: Callable[..., NDArray[np.float64]]) -> float:
    """Return how alike a clip's text and that of its nearest by a measure are, the mean over all clips."""
    likenesses = []
    for language in languages:
        apart = np.array(measure(language.embeddings, language.embeddings))
        np.fill_diagonal(apart, np.inf)
        likenesses.append(language.likeness[np.arange(len(apart)), apart.argmin(axis=1)])
    return float(np.concatenate(likenesses).mean())


def save(projection: Projection, path: Path, **facts: object) -> None:
    """Write a projection, in float16, with what there is to say of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, NDArray[Any]] = {
        "mean": projection.mean.astype(np.float32),
        "projection": projection.matrix.astype(np.float16),
        "facts": np.array(json.dumps(facts, sort_keys=True)),
    }
    write_arrays(path, arrays)
