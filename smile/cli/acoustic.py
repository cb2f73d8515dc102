"""Making what settings need of a pool on the command line: its datastore, its acoustic model."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from smile.cli.terminal import Bar

if TYPE_CHECKING:
    from smile.acoustic.states_workers import StatesWorkers
    from smile.datatypes import Progress
    from smile.pools.pool import Pool
    from smile.settings import Settings
    from smile.whisper.model import Model, Models


def prepare_pool(pool: Pool, models: Models, settings: Settings) -> None:
    """Make what settings need of a pool, with a bar; clips that a head is not fitted to are named."""
    from smile.transcription.preparing import prepare

    makers = {"datastore": read_pool, "acoustic": fit_acoustic}
    prepare(pool, models.smile, settings, makers=makers)


def read_pool(pool: Pool, model: Model, _: Progress | None = None) -> None:
    """Make a pool's datastore, where it has none, with a bar."""
    from smile.transcription.preparing import prepare_datastore

    with Bar("Reading the pool") as bar:
        prepare_datastore(pool, model, bar)


def fit_acoustic(
    pool: Pool, model: Model, _: Progress | None = None, encoding: StatesWorkers | None = None
) -> None:
    """Fit a pool's acoustic model, where it has none, and store it; clips that it leaves out are named.

    Where there are several workers, they encode the clips, too, and each fits a head.
    """
    from smile.acoustic.building import build
    from smile.acoustic.fitting_workers import FittingWorkers
    from smile.transcription.preparing import has_acoustic
    from smile.util.timing import finished, relayed

    if has_acoustic(pool, model):
        return
    by = FittingWorkers(encoding.placement, encoding) if encoding and not encoding.placement.here else None
    steps = build(pool, model, by=by)
    with Bar("Acoustic model", "steps") as bar:
        fitted = finished(relayed(steps, lambda said: bar(said.done, said.of)))
    for clip in fitted.left_out:
        print(f"{clip.id}: {clip.reason}", file=sys.stderr)
