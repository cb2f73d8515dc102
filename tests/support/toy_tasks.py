"""Tasks that square a number, and ways to do them that end their process now and then; workers import it."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from pathlib import Path

from smile.datatypes import SmileError
from smile.util.workers import Failed


@dataclass(frozen=True)
class Number:
    """A number to be squared."""

    number: int

    @property
    def key(self) -> str:
        return str(self.number)


def squared(task: Number) -> int | Failed:
    """Return a number's square; of a negative one say that there is none."""
    return task.number**2 if task.number >= 0 else Failed("It is negative.")


def refused(task: Number) -> int:
    raise SmileError(f"{task.number} is refused.")


@dataclass(frozen=True)
class Mortal:
    """Squares numbers; ends its process at one of them, so many times over, counted by files."""

    folder: Path
    at: int
    times: int

    def __call__(self, task: Number) -> int | Failed:
        (self.folder / f"{task.number}-{os.getpid()}").touch()
        if task.number == self.at and len(list(self.folder.glob(f"{self.at}-*"))) <= self.times:
            os.kill(os.getpid(), signal.SIGKILL)
        return squared(task)
