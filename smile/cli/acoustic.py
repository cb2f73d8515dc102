"""Fitting a pool's acoustic model on the command line."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from smile.cli.terminal import Bar

if TYPE_CHECKING:
    from smile.pools.pool import Pool
    from smile.settings import Settings
    from smile.whisper.model import Model, Models


def prepare_pool(pool: Pool, models: Models, settings: Settings) -> None:
    """Make what settings need of a pool, with a bar; clips that a head is not fitted to are named."""
    from smile.transcription.preparing import needed, prepare_datastore

    model = models.smile.within(settings.windows)
    if "datastore" in needed(settings):
        with Bar("Reading the pool") as bar:
            prepare_datastore(pool, model, bar)
    if "acoustic" in needed(settings):
        fit_acoustic(pool, model)


def fit_acoustic(pool: Pool, model: Model) -> None:
    """Fit a pool's acoustic model, where it has none, and store it; clips that it leaves out are named."""
    from smile.acoustic.building import build
    from smile.transcription.preparing import has_acoustic
    from smile.util.timing import finished, relayed

    if has_acoustic(pool, model):
        return
    steps = build(pool, model)
    with Bar("Acoustic model", "steps") as bar:
        fitted = finished(relayed(steps, lambda said: bar(said.done, said.of)))
    for clip in fitted.left_out:
        print(f"{clip.id}: {clip.reason}", file=sys.stderr)
