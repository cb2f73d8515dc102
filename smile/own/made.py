"""What a visitor's transcript was made with, and how that differs from what one is made with today."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from smile.datatypes import PoolError
from smile.exporting.transcripts import BY_LEVEL
from smile.own import asked
from smile.own.workspace import Workspace
from smile.pools.pool import Pool
from smile.pools.setting import pool_digest
from smile.settings import DEFAULTS, LEVELS, Settings, version_of
from smile.transcription.options import as_json, identity

FEWER, MORE, OTHERS = "with fewer examples", "with more examples", "with other examples"
OTHER_SETTINGS, OLDER_SMILE = "with other settings", "by an older SMILE"
VERSION = "level_version"  # beside the settings in their identity


@dataclass(frozen=True)
class Made:
    """What a transcript is made with; of some transcripts not all of it was kept."""

    version: str = ""  # of the visitor's pool, as its folder is called
    examples: int = 0  # in the pool
    pool: str = ""  # its `pool_digest`; empty without one, or where it was not kept
    settings: dict[str, Any] | None = None  # their `identity`; None where it was not kept

    def older(self, now: Made, tier: str = "") -> str:
        """Return how this differs from what is used now, in a few words; empty where it does not.

        `tier` is the name of the transcript's first tier, which tells its level.
        """
        if not self._same_pool(now):
            count = self.examples - now.examples
            return FEWER if count < 0 else MORE if count > 0 else OTHERS
        if now.settings is None or not now.examples:
            return ""
        if self.settings is None:
            levels = [level for level in LEVELS if BY_LEVEL[level] == tier]
            return OLDER_SMILE if any(version_of(level) > 1 for level in levels) else ""
        before = {**as_json(DEFAULTS), **self.settings}
        if any(before.get(name) != value for name, value in now.settings.items() if name != VERSION):
            return OTHER_SETTINGS
        return "" if before.get(VERSION, 1) == now.settings.get(VERSION, 1) else OLDER_SMILE

    def _same_pool(self, now: Made) -> bool:
        if self.pool and now.pool:
            return self.pool == now.pool
        return self.version == now.version


def made_with(workspace: Workspace, pool: Pool | None, settings: Settings) -> Made:
    """Return what transcripts of a visitor are made with by a pool and settings."""
    size, told = (len(pool), pool_digest(pool)) if pool else (0, "")
    return Made(_version(workspace), size, told, identity(settings))


def now(workspace: Workspace) -> Made:
    """Return what a visitor's transcripts are made with today; of a damaged pool the version alone."""
    try:
        pool = workspace.pool()
    except PoolError:
        return Made(_version(workspace))
    return made_with(workspace, pool, asked.settings(workspace, pool))


def _version(workspace: Workspace) -> str:
    versions = workspace.state().versions
    return versions[-1].folder if versions else ""
