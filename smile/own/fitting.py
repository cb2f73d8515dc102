"""A visitor's own acoustic model: fitted where their pool's setting writes by one, from the last one on."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from smile.acoustic.head import Head
from smile.acoustic.recipe import DEFAULTS as RECIPE
from smile.acoustic.states import LayerStore, StatesId
from smile.acoustic.store import open_heads
from smile.datatypes import PoolError, Progress
from smile.own.crossed import forget_folds, missing_bytes
from smile.own.growing import older_pools
from smile.own.quota import FullError
from smile.own.workspace import STATES, Workspace
from smile.pools.pool import Pool
from smile.pools.setting import whole_setting
from smile.transcription.preparing import has_acoustic, prepare_acoustic
from smile.whisper.model import Model, Models

NO_ROOM = "There is no room for what an acoustic model is fitted to; delete some recordings."


def wanted(pool: Pool | None) -> bool:
    """Return whether a pool's setting writes by its acoustic model, alone or combined."""
    setting = whole_setting(pool.folder) if pool else None
    return setting is not None and setting.level != "context"


def room(workspace: Workspace, pool: Pool, model: Model, check: bool = False) -> None:
    """Make sure that the layer states of a pool that are missing have room, and for a `check` its folds.

    Raises:
        FullError: they have not.
    """
    store, width = LayerStore.of(pool, StatesId.of(model)), model.recognizer.width
    needed = store.missing_bytes(pool.utterances, width, RECIPE.speeds)
    if needed + check * missing_bytes(pool, model) > workspace.room():
        raise FullError(NO_ROOM)


def made_at(workspace: Workspace, pool: Pool) -> tuple[Path, ...]:
    """Return the folders that heads of a pool, and what they are fitted to, are kept in."""
    return pool.folder, workspace.folder / STATES


def fitted(
    workspace: Workspace, models: Models, progress: Progress | None = None, asked: bool = False
) -> None:
    """Fit a visitor's acoustic model where it is missing, and the setting wants one or it is `asked`.

    Raises:
        FullError: there is no room for what it is fitted to.
        SmileError: a clip cannot be read, or none can be fitted to.
    """
    pool, model = workspace.pool(models.smile.info.encoder), models.smile
    if pool is None or not (asked or wanted(pool)) or has_acoustic(pool, model):
        return
    room(workspace, pool, model)
    with workspace.work(adding=False, makes=made_at(workspace, pool)):
        prepare_acoustic(pool, model, progress, _older(workspace, models, model))
        LayerStore.of(pool, StatesId.of(model)).keep_only(pool.utterances)
        forget_folds(pool, model)


def _older(workspace: Workspace, models: Models, model: Model) -> tuple[Head, ...]:
    """Return the heads of the pool as it was before, where there are some."""
    for pool in older_pools(workspace, models):
        with suppress(PoolError):
            return open_heads(pool, StatesId.of(model))
    return ()
