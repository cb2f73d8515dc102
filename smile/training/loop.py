"""The training loop: draw a batch, learn from it, log it; keep the state often and go on after a kill.

Everything random comes from the seed and the step alone, so a resumed run equals an uninterrupted one.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import broadcast
from torch import Tensor

from smile.training.batches import Batch, Batches
from smile.training.checkpoint import Reached, Run
from smile.training.config import TrainConfig
from smile.training.episodes import IGNORED
from smile.training.model import EpisodeLoss

CHECKPOINT_SECONDS = 60.0
LOG_STEPS = 10


@dataclass(frozen=True)
class Place(Reached):
    """Where a run stands."""

    loss: float  # mean of the last few steps


@dataclass(frozen=True)
class Budget:
    """How far a run goes: up to a step, and for so many hours."""

    steps: int
    hours: float = math.inf


def learn(
    model: EpisodeLoss,
    batches: Batches,
    run: Run,
    accelerator: Accelerator,
    budget: Budget,
    each: Callable[[Place], None] = lambda place: None,
) -> Iterator[Place]:
    """Train as far as the budget goes; yields at every validation step and at the end.

    Goes on from the run's checkpoint. A kill loses a minute of work.
    """
    config = model.config
    optimizer = torch.optim.AdamW(model.trainable(), lr=config.rate, weight_decay=0.0)
    step, before = run.restore(model, optimizer)
    wrapped, optimizer = accelerator.prepare(model, optimizer)
    started = saved = time.monotonic()
    losses: list[float] = []
    while step < budget.steps and _goes_on(accelerator, before + _hours(started) < budget.hours):
        torch.manual_seed(config.seed * 1_000_003 + step)
        losses.append(_step(wrapped, model, optimizer, batches(step), accelerator, step))
        step += 1
        now = time.monotonic()
        place = Place(step, before + (now - started) / 3600, float(np.mean(losses[-LOG_STEPS:])))
        if accelerator.is_main_process:
            _record(run, place, config, each)
        if step % config.validate_every == 0:
            yield place  # before it is saved: a run that is killed here is validated when it goes on
        if accelerator.is_main_process and now - saved > CHECKPOINT_SECONDS:
            run.save(step, place.hours, model, optimizer)
            saved = now
    if accelerator.is_main_process:
        run.save(step, before + (time.monotonic() - started) / 3600, model, optimizer)


def _hours(since: float) -> float:
    return (time.monotonic() - since) / 3600


def _step(
    wrapped: torch.nn.Module,
    model: EpisodeLoss,
    optimizer: torch.optim.Optimizer,
    batch: Batch,
    accelerator: Accelerator,
    step: int,
) -> float:
    for group in optimizer.param_groups:
        group["lr"] = rate(step, model.config)
    wrapped.train()
    batch = batch.to(accelerator.device)
    with accelerator.autocast():
        loss = wrapped(*batch, share=share(batch.labels, accelerator))
    accelerator.backward(loss)
    accelerator.clip_grad_norm_(model.trainable(), model.config.clip)
    optimizer.step()
    model.allocate(step)
    optimizer.zero_grad()
    return float(loss.detach())


def _goes_on(accelerator: Accelerator, time_left: bool) -> bool:
    """Whether there is time left: by the main process's clock, so that all stop at the same step."""
    if accelerator.num_processes == 1:
        return time_left
    return bool(broadcast(torch.tensor(int(time_left), device=accelerator.device)).item())


def share(labels: Tensor, accelerator: Accelerator) -> float:
    """Return this process's labelled tokens over the mean of all processes.

    A mean over them, times this, averages over processes to the mean over all tokens of the batch.
    """
    if accelerator.num_processes == 1:
        return 1.0
    own = (labels != IGNORED).sum().float()
    return float(own / accelerator.reduce(own, "mean"))


def _record(run: Run, place: Place, config: TrainConfig, each: Callable[[Place], None]) -> None:
    if place.step % LOG_STEPS == 0:
        values = {"loss": round(place.loss, 5), "rate": rate(place.step - 1, config)}
        run.log({"kind": "step", "step": place.step, "hours": round(place.hours, 4), **values})
    each(place)


def rate(step: int, config: TrainConfig) -> float:
    """Return the learning rate: a linear rise, then half a cosine down to zero at the last step."""
    if step < config.warmup:
        return config.rate * (step + 1) / config.warmup
    done = (step - config.warmup) / max(1, config.steps - config.warmup)
    return config.rate * 0.5 * (1 + math.cos(math.pi * min(done, 1.0)))
