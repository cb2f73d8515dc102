"""A run's folder: its settings, its log, and the checkpoint from which it goes on after a kill."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import torch
from torch import nn

from smile.datatypes import SmileError
from smile.util import leftovers
from smile.util.storage import read_json, write_bytes, write_text

CHECKPOINT, SETTINGS, LOG = "checkpoint.pt", "settings.json", "log.jsonl"


@dataclass(frozen=True)
class Reached:
    """How far a run has come."""

    step: int  # steps done
    hours: float  # spent on them


class Run:
    """A folder that a training can be resumed from."""

    def __init__(self, folder: Path):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        leftovers.sweep(folder)

    def claim(self, settings: dict[str, Any]) -> None:
        """Write the settings down, or check that they are those of the run that is to go on.

        Raises:
            SmileError: the folder holds a run with other settings.
        """
        path = self.folder / SETTINGS
        text = json.dumps(settings, indent=2, sort_keys=True, default=list) + "\n"
        if path.is_file() and path.read_text(encoding="utf-8") != text:
            raise SmileError(
                f"{self.folder} holds a run with other settings; choose another folder or delete it."
            )
        write_text(path, text)

    def settings(self) -> dict[str, Any]:
        """Return what `claim` wrote down; empty before it."""
        path = self.folder / SETTINGS
        try:
            return dict(read_json(path)) if path.is_file() else {}
        except (ValueError, TypeError) as error:
            raise _lost(path) from error

    def save(self, step: int, hours: float, model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
        """Keep the state after so many steps."""
        trained = {name: p.detach() for name, p in model.named_parameters() if "lora_" in name}
        content = {"step": step, "hours": hours, "adapter": trained, "optimizer": optimizer.state_dict()}
        extra = allocator(model)
        if extra is not None:
            content["allocator"] = (extra.exp_avg_ipt, extra.exp_avg_unc, extra.ipt)
        written = BytesIO()  # to a full disk torch itself would give an error that is none of the system's
        torch.save(content, written)
        write_bytes(self.folder / CHECKPOINT, written.getvalue())

    def restore(self, model: nn.Module, optimizer: torch.optim.Optimizer) -> tuple[int, float]:
        """Load the last state, if there is one -> steps done, hours spent."""
        path = self.folder / CHECKPOINT
        if not path.is_file():
            return 0, 0.0
        parameters = dict(model.named_parameters())
        device = next(iter(parameters.values())).device
        content = _loaded(path, device)
        try:
            with torch.no_grad():
                for name, value in content["adapter"].items():
                    parameters[name].copy_(value)
            optimizer.load_state_dict(content["optimizer"])
            if "allocator" in content:
                extra = allocator(model)
                extra.exp_avg_ipt, extra.exp_avg_unc, extra.ipt = content["allocator"]
            return int(content["step"]), float(content["hours"])
        except (RuntimeError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise _lost(path) from error

    def reached(self) -> Reached:
        """Return how far the run has come by its last state; nowhere before there is one."""
        path = self.folder / CHECKPOINT
        last = _loaded(path, "cpu") if path.is_file() else {}
        return Reached(int(last.get("step", 0)), float(last.get("hours", 0.0)))

    def log(self, row: dict[str, Any]) -> None:
        """Append a row to the log."""
        with (self.folder / LOG).open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")

    def rows(self) -> list[dict[str, Any]]:
        """Return the log; of a step that was done twice, after a kill, the later row."""
        path = self.folder / LOG
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else []
        rows = [row for line in lines if (row := _row(line))]
        return list({(row["kind"], row["step"]): row for row in rows}.values())


def _row(line: str) -> dict[str, Any] | None:
    """A line of the log; None where a kill has torn it, or it is damaged."""
    with suppress(ValueError, RecursionError):
        row = json.loads(line)
        if isinstance(row, dict) and isinstance(row.get("kind"), str) and isinstance(row.get("step"), int):
            return row
    return None


def _loaded(path: Path, device: torch.device | str) -> dict[str, Any]:
    """What `save` wrote.

    Raises:
        SmileError: it is damaged.
    """
    try:
        content: dict[str, Any] = torch.load(path, weights_only=True, map_location=device)
        return dict(content)
    except OSError:
        raise
    except Exception as error:  # torch has errors of many families for bytes that are none of its own
        raise _lost(path) from error


def _lost(path: Path) -> SmileError:
    return SmileError(f"{path} is damaged; copy it again, or train into another folder.")


def allocator(model: nn.Module) -> Any:
    """Return AdaLoRA's rank allocator, or None."""
    base = getattr(getattr(model, "adapted", None), "base_model", None)
    return getattr(base, "rankallocator", None)
