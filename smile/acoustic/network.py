"""The head of `smile.acoustic.head` in torch, to be fitted; every draw comes from one generator."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from smile.acoustic.alphabet import Labels
from smile.acoustic.recipe import Recipe
from smile.whisper.engines.layers import multiplies_bfloat16


class Network(nn.Module):
    """A head whose weights carry the names of `head.SHAPES`.

    Args:
        sizes: layers, width d of their outputs, symbols with the blank.
        draws: the generator of the first weights, dropout and masks.
    """

    def __init__(self, sizes: tuple[int, int, int], recipe: Recipe, draws: torch.Generator):
        super().__init__()
        layers, width, symbols = sizes
        self._recipe, self.draws = recipe, draws
        self.mix = nn.Parameter(torch.zeros(layers))
        self.narrow = nn.Linear(width, recipe.hidden)
        self.convolution = nn.Conv1d(recipe.hidden, recipe.hidden, recipe.kernel, padding=recipe.kernel // 2)
        more = [
            nn.Conv1d(recipe.hidden, recipe.hidden, recipe.further_kernel, padding=recipe.further_kernel // 2)
            for _ in range(recipe.further)
        ]
        self.further = nn.ModuleList(more)
        self.output = nn.Linear(recipe.hidden, symbols)
        parts: tuple[nn.Linear | nn.Conv1d, ...] = (self.narrow, self.convolution, self.output, *more)
        with torch.no_grad():
            for part in parts:
                bound = part.weight[0].numel() ** -0.5  # torch's own start, from our generator
                part.weight.uniform_(-bound, bound, generator=draws)
                cast(Tensor, part.bias).uniform_(-bound, bound, generator=draws)

    def forward(self, states: Tensor) -> Tensor:
        """Turn layer states (layers, clips, frames, d) into log probabilities (clips, frames, symbols)."""
        return F.log_softmax(self.output(self.body(states)), -1)

    def body(self, states: Tensor) -> Tensor:
        """Turn layer states (layers, clips, frames, d) into what the output layer reads, dropout included."""
        mixed = (self.mix.softmax(0) @ states.flatten(1)).view(states.shape[1:])
        x = F.gelu(self.narrow(self._dropped(self._masked(mixed))), approximate="tanh")
        x = x + _convolved(self.convolution, x)
        for more in self.further:
            x = x + _convolved(more, self._dropped(x))
        return self._dropped(x)

    def loss(self, states: Sequence[NDArray[np.float16]], labels: Sequence[Labels]) -> Tensor:
        """Return the CTC loss a character, averaged over clips, of layer states (layers, frames, d) each."""
        logprobs = self(padded(states).to(self.mix.device))
        return ctc_loss(logprobs, [clip.shape[1] for clip in states], labels)

    def arrays(self) -> dict[str, NDArray[np.float32]]:
        """Return a copy of the weights by name."""
        return {name: value.detach().cpu().numpy().copy() for name, value in self.named_parameters()}

    def load(self, arrays: Mapping[str, NDArray[np.float32]]) -> None:
        """Take weights by name."""
        with torch.no_grad():
            for name, value in self.named_parameters():
                value.copy_(torch.from_numpy(np.array(arrays[name])))

    def _dropped(self, x: Tensor) -> Tensor:
        """Return x with values dropped at random and the others raised, while it is trained."""
        if not (self.training and self._recipe.dropout):
            return x
        kept = 1 - self._recipe.dropout
        return x * torch.rand(x.shape, generator=self.draws).lt_(kept).div_(kept).to(x.device)

    def _masked(self, x: Tensor) -> Tensor:
        """Return x (batch, frames, d) with short stretches of frames at zero, while it is trained."""
        if not (self.training and self._recipe.masks):
            return x
        clips, frames = x.shape[:2]
        shape, at = (clips, self._recipe.masks, 1), torch.arange(frames)
        lengths = torch.randint(self._recipe.mask_frames + 1, shape, generator=self.draws)
        starts = (torch.rand(shape, generator=self.draws) * (frames - lengths).clamp(min=1)).long()
        masked = ((at >= starts) & (at < starts + lengths)).any(1)
        return x.masked_fill(masked[..., None].to(x.device), 0.0)


def ctc_loss(logprobs: Tensor, frames: Sequence[int], labels: Sequence[Labels]) -> Tensor:
    """Return the CTC loss a character, averaged over clips, of log probabilities (clips, frames, symbols)."""
    targets = torch.from_numpy(np.concatenate(labels)).to(logprobs.device)
    lengths = torch.tensor([len(text) for text in labels])
    return F.ctc_loss(logprobs.transpose(0, 1), targets, torch.tensor(frames), lengths)


def descend(
    network: nn.Module,
    optimiser: torch.optim.Optimizer,
    loss: Callable[[], Tensor],
    rate: float,
    recipe: Recipe,
) -> float:
    """Take one step of an optimiser at a learning rate; returns the loss before it.

    Where the CPU multiplies bfloat16, so does the step.
    """
    for group in optimiser.param_groups:
        group["lr"] = rate
    with torch.autocast("cpu", torch.bfloat16, enabled=multiplies_bfloat16()):  # of a CPU's products only
        value = loss()
    optimiser.zero_grad()
    value.backward()
    torch.nn.utils.clip_grad_norm_(network.parameters(), recipe.gradient_norm)
    optimiser.step()
    return float(value.detach())


def _convolved(convolution: nn.Module, x: Tensor) -> Tensor:
    """Return GELU of a convolution of x (clips, frames, d) over frames.

    Frames are the width of images of height 1, whose channels come last in memory: so nothing is laid out
    anew on either side of it, or for its gradient.
    """
    weight, bias = cast(Tensor, convolution.weight), cast(Tensor, convolution.bias)
    images = x.unsqueeze(1).permute(0, 3, 1, 2)
    made = F.conv2d(images, weight.unsqueeze(2), bias, padding=(0, weight.shape[-1] // 2))
    return F.gelu(made.permute(0, 2, 3, 1).squeeze(1), approximate="tanh")


def padded(states: Sequence[NDArray[np.float16]]) -> Tensor:
    """Return clips (layers, frames, d) as one batch (layers, clips, most frames, d), zeros at the ends."""
    layers, _, width = states[0].shape
    batch = torch.empty(layers, len(states), max(clip.shape[1] for clip in states), width)
    for number, clip in enumerate(states):
        frames = clip.shape[1]
        batch[:, number, :frames] = torch.from_numpy(np.array(clip))
        batch[:, number, frames:] = 0.0
    return batch
