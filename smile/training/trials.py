"""The trainings of a sweep: every combination of some settings' values, each with a folder of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import product
from math import prod
from pathlib import Path
from typing import Any

from smile.datatypes import SmileError
from smile.training.checkpoint import Run
from smile.training.config import TrainConfig, with_values
from smile.training.run import ADAPTER
from smile.training.validate import SHOTS
from smile.util.storage import read_json
from smile.util.workers.carried import Parcel

SAME = "Two trainings of the sweep are the same, {}; give each value once."
UNSAFE = '"{}" cannot be the name of a folder; train with this value by itself, with --set.'
LONGEST = 200  # bytes of a folder's name
MOST = 1_000  # trainings
MANY = "These are {:,} trainings, of which a sweep has at most {:,}; give fewer values at a time."


@dataclass(frozen=True)
class Trial:
    """A training of a sweep."""

    key: str  # the name of its folder
    config: TrainConfig
    varied: tuple[tuple[str, str], ...]  # settings that tell it from the others, as they were given
    begun: Parcel | None = None  # its folder, for a machine that does not see it


def trials(base: TrainConfig, varied: Mapping[str, Sequence[str]]) -> tuple[Trial, ...]:
    """Return a training for each combination of the values of some settings.

    Raises:
        SmileError: no such setting, a value of the wrong kind or that no folder can be named after, or two
            trainings that are the same, or too many.
    """
    if (count := prod(map(len, varied.values()))) > MOST:
        raise SmileError(MANY.format(count, MOST))
    made = list[Trial]()
    for values in product(*varied.values()):
        chosen = tuple(zip(varied, values, strict=True))
        key = ",".join(f"{name}={value}" for name, value in chosen)
        if "/" in key or not key.isprintable() or len(key.encode()) > LONGEST:
            raise SmileError(UNSAFE.format(key))
        trial = Trial(key, with_values(base, dict(chosen)), chosen)
        if any(other.config == trial.config for other in made):
            raise SmileError(SAME.format(key))
        made.append(trial)
    return tuple(made)


def finished(trial: Trial, folder: Path, settings: dict[str, Any]) -> bool:
    """Return whether a folder holds this training, its last step exported; of one that is damaged, not.

    `settings` tell it from others: see `settings_of`.
    """
    if not (folder / ADAPTER).is_dir():
        return False
    with suppress(SmileError):  # who goes on with it tells what is wrong
        run = Run(folder)
        return _holds(run, settings) and run.reached().step >= trial.config.steps and _exported(trial, folder)
    return False


def _exported(trial: Trial, folder: Path) -> bool:
    """Whether the adapter is what the last step gave, in the scale wanted."""
    try:
        card = read_json(folder / ADAPTER / "smile.json")
        return bool(card["step"] >= trial.config.steps and card["config"]["scale"] == trial.config.scale)
    except (KeyError, TypeError, FileNotFoundError):
        return False


def _whole(check: dict[str, Any]) -> bool:
    """Whether a validation in a log, which may be damaged, has all its figures."""
    return all(isinstance(check.get(f"{count} shots"), int | float) for count in SHOTS)


def _holds(run: Run, settings: dict[str, Any]) -> bool:
    """Whether a folder is of this training, and not of one with other settings, data, model or beginning."""
    return run.settings() == json.loads(json.dumps(settings, default=list))


def row(trial: Trial, folder: Path, settings: dict[str, Any]) -> dict[str, Any]:
    """Return a training as a row of the sweep's table: CER in percent by examples, at its last validation."""
    checks = list[dict[str, Any]]()
    with suppress(SmileError):
        if folder.is_dir() and _holds(run := Run(folder), settings):
            checks = [line for line in run.rows() if line["kind"] == "validation" and _whole(line)]
    cells = {"run": trial.key, **dict(trial.varied), "steps": trial.config.steps, "validated at": None}
    if not checks:
        return cells
    last = max(checks, key=lambda check: int(check["step"]))
    rates = {f"{count} shots": 100 * float(last[f"{count} shots"]) for count in SHOTS}
    mean = sum(rates.values()) / len(rates)
    return cells | {"validated at": last["step"], **rates, "mean": mean}
