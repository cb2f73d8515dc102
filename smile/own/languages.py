"""The list of a visitor's languages: what each is called, and how many examples it has."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from smile.datatypes import PoolError
from smile.own.folders import empty
from smile.own.workspace import STATE, Workspace

REMEMBERED = 2000  # languages whose pools are not opened again until they change


class Listed(NamedTuple):
    """One of a visitor's languages."""

    number: int  # of its address
    name: str  # nothing where it has none yet
    examples: int | None  # None where they are damaged
    bare: bool  # whether it has no name, and nothing was brought


def languages(workspace: Workspace) -> list[Listed]:
    """Return all languages of the key of a folder, in their order."""
    return list(_listed(workspace.all_of_them))


def here(workspace: Workspace) -> int:
    """Return the number of the language that a folder is of."""
    return workspace.all_of_them.index(workspace.folder) + 1


def _listed(folders: tuple[Path, ...]) -> Iterator[Listed]:
    for number, folder in enumerate(folders, 1):
        try:
            info = (folder / STATE).lstat()
        except OSError:
            continue  # there is none of this number
        name, examples = _said(folder, (info.st_ino, info.st_mtime_ns))
        yield Listed(number, name, examples, not name and empty(folder))


@lru_cache(REMEMBERED)
def _said(folder: Path, stamp: tuple[int, int]) -> tuple[str, int | None]:
    """The name of a language and the number of its examples, as long as its state has this stamp."""
    workspace = Workspace(folder)
    try:
        language = workspace.state().language
    except PoolError:
        return "", None
    name = language.name or language.code if language else ""
    try:
        return name, len(workspace.pool() or ())
    except PoolError:
        return name, None
