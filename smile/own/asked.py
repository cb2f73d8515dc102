"""How a visitor's recordings are to be transcribed, and whether that is still as a broken-off run had it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

from smile.own.workspace import Workspace
from smile.pools.pool import Pool
from smile.pools.setting import pool_digest, whole_setting
from smile.settings import DEFAULTS, Settings
from smile.transcription.options import as_json
from smile.util.log import facts_of


def settings(workspace: Workspace, pool: Pool | None) -> Settings:
    """Return the settings for a visitor's recordings: those of the pool, and the visitor's characters."""
    setting = whole_setting(pool.folder) if pool else None
    chosen = replace(DEFAULTS, characters=workspace.state().characters)
    return setting.applied(chosen) if setting else chosen


def digest(pool: Pool | None, settings: Settings) -> str:
    """Return 16 hex digits of examples and settings that are asked for, whatever can be made of them."""
    said = json.dumps([pool_digest(pool) if pool else "", as_json(settings)], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def chosen(workspace: Workspace) -> str:
    """Return the digest of the settings for a visitor's recordings, whatever the examples."""
    return digest(None, settings(workspace, workspace.pool()))


def changed(workspace: Workspace, segments: Path) -> bool:
    """Return whether other examples or settings were asked for when the segments of a name were kept."""
    pool = workspace.pool()
    return facts_of(segments).get("asked") != digest(pool, settings(workspace, pool))
