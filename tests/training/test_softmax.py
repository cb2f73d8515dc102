"""The loss by a sample of the vocabulary: what it equals, and what it estimates."""

from __future__ import annotations

import pytest
import torch

from smile.training.softmax import token_loss

Problem = tuple[torch.Tensor, torch.Tensor, torch.Tensor]
ENTRIES, WIDTH, TOKENS = 500, 16, 40


@pytest.fixture
def problem() -> Problem:
    made = torch.Generator().manual_seed(0)
    hidden = torch.randn(TOKENS, WIDTH, generator=made)
    embeddings = torch.randn(ENTRIES, WIDTH, generator=made) / 2
    return hidden, embeddings, torch.randint(ENTRIES, (TOKENS,), generator=made)


def test_all_entries_drawn_are_the_whole_softmax(problem: Problem) -> None:
    whole, drawn = token_loss(*problem), token_loss(*problem, sampled=ENTRIES)
    assert torch.allclose(whole, drawn, rtol=1e-5)


def test_a_sample_estimates_loss_and_gradient(problem: Problem) -> None:
    hidden, embeddings, labels = problem
    torch.manual_seed(1)

    def gradient(sampled: int) -> tuple[float, torch.Tensor]:
        at = hidden.clone().requires_grad_()
        loss = token_loss(at, embeddings, labels, sampled)
        loss.backward()
        return float(loss.detach()), at.grad

    whole, slope = gradient(0)
    losses, slopes = zip(*(gradient(100) for _ in range(200)), strict=True)
    assert sum(losses) / 200 == pytest.approx(whole, rel=0.02)
    assert torch.linalg.norm(torch.stack(slopes).mean(0) - slope) < 0.1 * torch.linalg.norm(slope)


def test_no_token_no_loss(problem: Problem) -> None:
    hidden, embeddings, labels = problem
    assert token_loss(hidden[:0], embeddings, labels[:0], sampled=100) == 0.0
    assert token_loss(hidden[:0], embeddings, labels[:0]) == 0.0
