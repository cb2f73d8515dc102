"""Fits a head to labelled layer states: seeded, an epoch at a time, going on where it was killed."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from smile.acoustic.alphabet import BLANK, Alphabet, Labels, alike
from smile.acoustic.head import Head, Weights
from smile.acoustic.network import Network, descend, padded
from smile.acoustic.pretrained import Pretrained
from smile.acoustic.recipe import FittingProgress, Recipe, one_cycle
from smile.acoustic.states import Stored
from smile.datatypes import DamagedError
from smile.settings import later
from smile.text.scoring import score
from smile.util.arrays import Arrays, write_arrays

LOG = logging.getLogger(__name__)
FORMAT = 4
LONG = 1.0  # seconds of an epoch without a yield
SPREAD = 0.1  # by which lengths are drawn longer or shorter, before clips of like length become a batch
Take = tuple[int, float]  # a clip by its number, and the speed at which it is read
MOMENTS = ("exp_avg", "exp_avg_sq", "step")  # of AdamW


@dataclass(frozen=True, eq=False)
class Labelled:
    """Clips to fit to; their states are read when they are needed, a batch at a time."""

    names: Sequence[str]  # tell clips and texts apart
    texts: Sequence[str]
    states: Callable[[int, float], Stored]  # of a clip by its number at a speed: (layers, frames, d)

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def frames(self) -> list[int]:
        """Return how many frames each clip has at its own speed."""
        return [self.states(i, 1.0).shape[1] for i in range(len(self))]


@dataclass
class _State:
    """What a fit is made of after some epochs; all of it is in a checkpoint."""

    network: Network
    optimiser: torch.optim.AdamW
    draws: torch.Generator
    epoch: int = 0
    best: dict[str, NDArray[np.float32]] = field(default_factory=dict)
    best_epoch: int = 0
    best_cer: float = float("inf")


@dataclass
class _Checkpoint:
    """Where a fit is kept after each epoch, as far as the disk lets it."""

    path: Path | None
    key: dict[str, Any]
    failed: bool = False

    def write(self, state: _State) -> None:
        """Keep a state; the first time that this cannot be done a log tells it."""
        if self.path is None:
            return
        try:
            _save(state, self.path, self.key)
        except OSError as error:
            if not self.failed:
                LOG.warning("The fit goes on without its checkpoint (%s): %s", error.strerror, self.path.name)
            self.failed = True


def weights_from(
    start: Head | Pretrained, alphabet: Alphabet, fresh: Weights
) -> dict[str, NDArray[np.float32]]:
    """Return weights to start from, for an alphabet.

    A character that `start` does not write begins as those do that it sounds like (`alike`); one that sounds
    like none of them, and parts that are new, are `fresh` ones.
    """
    weights = {name: np.array(start.weights.get(name, fresh[name])) for name in fresh}
    known = {c: i for i, c in enumerate(start.alphabet.characters, 1)}
    rows = [[known[same] for same in alike(c, known)] for c in alphabet.characters]
    for name in ("output.weight", "output.bias"):
        weights[name] = np.array(fresh[name])
        for number, like in enumerate([[BLANK], *rows]):
            if like:
                weights[name][number] = start.weights[name][like].mean(0)
    return weights


def fit(
    clips: Labelled,
    alphabet: Alphabet,
    recipe: Recipe,
    checkpoint: Path | None = None,
    start: Head | Pretrained | None = None,
    device: str = "cpu",
) -> Generator[FittingProgress, None, dict[str, NDArray[np.float32]]]:
    """Fit a head and return its weights; yields after each epoch and in long ones, and may be closed there.

    It begins with the weights of `start`, if given: a head that was fitted to nearly the same clips, or what
    other languages have taught. Where the CPU multiplies bfloat16, so does the fit.

    With a `checkpoint` a broken-off fit goes on after the last whole epoch, to the same bits. It computes in
    one thread, so that the same seed gives the same bits on one machine, and holds one batch of states. A
    checkpoint that cannot be written is a warning in the log. On a `device` that is a GPU it computes there,
    in float32 (convolutions in TF32); sums have no order there, so bits may differ.
    """
    from smile.whisper.engines import compute_alone

    fitted, left = _parted(clips, recipe)
    epochs = recipe.epochs_for(len(fitted))
    state = _begun(clips, alphabet, recipe, device)
    if start:
        state.network.load(weights_from(start, alphabet, state.network.arrays()))
    key = _key(clips, alphabet, recipe) | ({"start": _digest(start)} if start else {})
    kept = _Checkpoint(checkpoint, key)
    _resume(state, checkpoint, key)
    patience = recipe.patience if left else epochs
    early = epochs // 2  # before it a head may write only blanks for a while
    with ThreadPoolExecutor(1, initializer=compute_alone) as alone:
        while state.epoch < epochs and state.epoch - max(early, state.best_epoch) < patience:
            loss = yield from _epoch(state, clips, alphabet, fitted, recipe, alone)
            cer = alone.submit(_judge, state, clips, alphabet, left).result()
            kept.write(state)
            yield FittingProgress("fitting", state.epoch, epochs, loss, cer)
    return state.best if left else state.network.arrays()


def _parted(clips: Labelled, recipe: Recipe) -> tuple[list[int], list[int]]:
    """Return the numbers of clips to fit to, and of those left out, which names alone decide."""
    order = sorted(
        range(len(clips)), key=lambda i: hashlib.sha256(f"{recipe.seed}{clips.names[i]}".encode()).digest()
    )
    left = round(recipe.held_out * len(clips))
    if left == len(clips):
        left -= 1
    return sorted(order[left:]), sorted(order[:left])


def _begun(clips: Labelled, alphabet: Alphabet, recipe: Recipe, device: str) -> _State:
    layers, _, width = clips.states(0, 1.0).shape
    draws = torch.Generator().manual_seed(recipe.seed)
    network = Network((layers, width, len(alphabet)), recipe, draws).to(device)
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=recipe.rate, weight_decay=recipe.weight_decay, fused=True
    )
    return _State(network, optimiser, draws)


def _epoch(
    state: _State, clips: Labelled, alphabet: Alphabet, fitted: Sequence[int], recipe: Recipe, alone: Executor
) -> Generator[FittingProgress, None, float]:
    """Go through the clips once, in batches drawn anew; returns the mean loss of these.

    Yields about every `LONG` seconds, so that others' work may come in between.
    """
    frames = [clips.frames[i] for i in fitted]
    state.network.train()
    drawn = alone.submit(batches_of, frames, recipe, state.draws).result()
    batches = [[(fitted[i], speed) for i, speed in batch] for batch in drawn]
    epochs = recipe.epochs_for(len(fitted))
    losses, began = [], monotonic()
    for number, batch in enumerate(batches, state.epoch * len(batches)):
        rate = one_cycle(number, epochs * len(batches), recipe)
        losses.append(alone.submit(_step, state, clips, alphabet, batch, rate, recipe).result())
        if monotonic() - began > LONG and len(losses) < len(batches):
            yield FittingProgress("fitting", state.epoch, epochs)
            began = monotonic()
    state.epoch += 1
    return float(np.mean(losses))


def batches_of(frames: Sequence[int], recipe: Recipe, draws: torch.Generator) -> list[list[Take]]:
    """Return batches of clips of about the same length, so that little is computed on what fills them up."""
    speeds = torch.tensor(recipe.speeds, dtype=torch.float64)
    drawn = speeds[torch.randint(len(speeds), (len(frames),), generator=draws)]
    spread = 1 + SPREAD * (2 * torch.rand(len(frames), generator=draws) - 1)
    order = torch.argsort(torch.tensor(frames) / drawn * spread, stable=True).tolist()
    takes = list(zip(order, drawn[order].tolist(), strict=True))
    batches = [takes[i : i + recipe.batch] for i in range(0, len(takes), recipe.batch)]
    return [batches[i] for i in torch.randperm(len(batches), generator=draws)]


def _step(
    state: _State, clips: Labelled, alphabet: Alphabet, batch: Sequence[Take], rate: float, recipe: Recipe
) -> float:
    """Fit to a batch of clips; returns its loss."""
    labels: list[Labels] = [alphabet.encode(clips.texts[i]) for i, _ in batch]

    def loss() -> Tensor:
        return state.network.loss([clips.states(*take) for take in batch], labels)

    return descend(state.network, state.optimiser, loss, rate, recipe)


@torch.inference_mode()
def _judge(state: _State, clips: Labelled, alphabet: Alphabet, left: Sequence[int]) -> float | None:
    """Return the CER, greedy, of the clips left out, and keep the weights where it is the lowest so far."""
    from smile.acoustic.ctc import greedy

    if not left:
        return None
    state.network.eval()
    edits = length = 0
    for i in left:
        states = padded([clips.states(i, 1.0)]).to(state.network.mix.device)
        logprobs = state.network(states)[0].cpu().numpy()
        counts = score(clips.texts[i], greedy(logprobs, alphabet))
        edits, length = edits + counts.edits, length + counts.length
    cer = edits / max(1, length)
    if cer < state.best_cer:
        state.best, state.best_cer, state.best_epoch = state.network.arrays(), cer, state.epoch
    return cer


def _key(clips: Labelled, alphabet: Alphabet, recipe: Recipe) -> dict[str, Any]:
    """Return everything that decides a fit."""
    names = hashlib.sha256("\n".join(clips.names).encode()).hexdigest()
    characters = hashlib.sha256(alphabet.characters.encode()).hexdigest()
    decided = {"format": FORMAT, "recipe": recipe.to_json(), "clips": names, "characters": characters}
    return decided | later("fit")


def _digest(start: Head | Pretrained) -> str:
    """Return what tells the weights and alphabet of a start from others."""
    digest = hashlib.sha256(start.alphabet.characters.encode())
    for name in sorted(start.weights):
        digest.update(np.ascontiguousarray(start.weights[name]).tobytes())
    return digest.hexdigest()


def _save(state: _State, path: Path, key: dict[str, Any]) -> None:
    """Write a checkpoint; an older one stays until it is whole."""
    arrays: dict[str, NDArray[Any]] = {
        "key": np.array(json.dumps(key)),
        "draws": state.draws.get_state().numpy(),
    }
    arrays["at"] = np.array([state.epoch, state.best_epoch, state.best_cer], np.float64)
    arrays |= {f"weights/{name}": value for name, value in state.network.arrays().items()}
    arrays |= {f"best/{name}": value for name, value in state.best.items()}
    for name, parameter in state.network.named_parameters():
        moments = state.optimiser.state[parameter]
        arrays |= {f"{moment}/{name}": moments[moment].cpu().numpy() for moment in MOMENTS}
    write_arrays(path, arrays)


def _resume(state: _State, path: Path | None, key: dict[str, Any]) -> None:
    """Go on from a checkpoint, where there is one of the same fit that is whole."""
    if path is None or not path.is_file():
        return
    with suppress(DamagedError, KeyError, ValueError, RuntimeError), Arrays(path) as saved:
        if json.loads(saved.text("key")) != key:
            return
        names = [name for name, _ in state.network.named_parameters()]
        at, draws = saved["at"], torch.from_numpy(saved["draws"].copy())
        device = state.network.mix.device
        moments = {
            name: {m: torch.tensor(saved[f"{m}/{name}"], device=device) for m in MOMENTS} for name in names
        }
        weights = {name: saved[f"weights/{name}"] for name in names}
        best = {name: saved[f"best/{name}"] for name in names} if at[1] else {}
        state.network.load(weights)
        for name, parameter in state.network.named_parameters():
            state.optimiser.state[parameter] = moments[name]
        state.draws.set_state(draws)
        state.epoch, state.best_epoch, state.best_cer = int(at[0]), int(at[1]), float(at[2])
        state.best = best
