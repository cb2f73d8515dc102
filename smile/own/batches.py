"""A visitor's list under way: noted as it begins, so that it goes on where its page is gone before its end.

A cancel and an error take the note away; a run that ends with its page, or with the server, leaves it.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType

from smile.own import held
from smile.own.workspace import Workspace
from smile.util.fields import from_fields
from smile.util.storage import read_json, write_json

BATCH, ASKED = "batch", "batch.json"


@dataclass(frozen=True)
class Asked:
    """What a visitor asked for: what waits, or what would be made otherwise today, `again`."""

    again: bool = False


class Noted:
    """A run of a list that is noted for as long as it lasts; not where another one of it is at work."""

    def __init__(self, workspace: Workspace, lock: ExitStack | None):
        self._workspace, self._lock = workspace, lock

    def __enter__(self) -> None:
        """Begin the run."""

    def __exit__(self, kind: type[BaseException] | None, *_: BaseException | TracebackType | None) -> None:
        """End it; where that is not its page's end, it is done with."""
        if self._lock:
            if kind is None or issubclass(kind, Exception):
                forget(self._workspace)
            self._lock.close()


def noted(workspace: Workspace, again: bool) -> Generator[None, None, Noted]:
    """Note a run, once an earlier one has stopped; yields while it waits for that, which is not for long."""
    there = folder(workspace)
    with suppress(OSError):
        there.mkdir(exist_ok=True)
    lock = yield from held.waited(there)
    if lock:
        with suppress(OSError):
            write_json(there / ASKED, asdict(Asked(again)))
    return Noted(workspace, lock)


def left(workspace: Workspace) -> Asked | None:
    """Return what was begun and neither ended nor cancelled; it may be under way."""
    try:
        return from_fields(Asked, read_json(folder(workspace) / ASKED))
    except (OSError, ValueError):
        return None


def busy(workspace: Workspace) -> bool:
    """Return whether somebody is at work on the list, or about to be."""
    return held.busy(folder(workspace))


def forget(workspace: Workspace) -> None:
    """Let the list not go on by itself."""
    with suppress(OSError):
        (folder(workspace) / ASKED).unlink(missing_ok=True)


def folder(workspace: Workspace) -> Path:
    """Return the folder of the note."""
    return workspace.folder / BATCH
