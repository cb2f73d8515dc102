"""The heads of a pool fitted side by side, each by a worker here or on a cluster: the same heads.

On this machine workers read the layer states and keep their checkpoints where one process has them. To others
the pool and its states travel, 49 MB a minute of speech, and a fit that is lost begins anew.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from smile.acoustic.alphabet import Form
from smile.acoustic.building import Begin, Fitted, fit_to
from smile.acoustic.recipe import FittingProgress, Recipe
from smile.acoustic.states import LayerStore, StatesId
from smile.acoustic.states_workers import StatesWorkers
from smile.datatypes import Utterance
from smile.pools.carried import CarriedPool
from smile.pools.pool import Pool
from smile.util.timing import finished
from smile.util.workers import Placement, workers
from smile.util.workers.carried import Parcel


@dataclass(frozen=True, eq=False)
class HeadTask:
    """A head to fit."""

    key: str
    recipe: Recipe
    begin: Begin


@dataclass(frozen=True, eq=False)
class Away:
    """Clips and their layer states, as they travel."""

    pool: CarriedPool
    states: Parcel
    ids: tuple[str, ...]

    def clips(self) -> tuple[Utterance, ...]:
        """Return the clips on this machine, in their order."""
        there = {utterance.id: utterance for utterance in _opened(self).utterances}
        return tuple(there[name] for name in self.ids)


@lru_cache(maxsize=1)
def _opened(away: Away) -> Pool:
    return away.pool.opened()


@dataclass(frozen=True, eq=False)
class HeadFitter:
    """How a head is fitted in a worker."""

    clips: tuple[Utterance, ...] | Away
    folder: Path  # of their layer states, where it is this machine
    made_by: StatesId
    form: Form
    bfloat16: bool  # whether the fit computes in it, as one here would

    def __call__(self, task: HeadTask) -> Fitted:
        """Return a head, and the clips that it was not fitted to.

        Raises:
            PoolError: not one clip can be fitted to.
        """
        from smile.whisper.engines.layers import settle_bfloat16

        settle_bfloat16(self.bfloat16)
        if isinstance(self.clips, Away):
            clips, folder = self.clips.clips(), self.clips.states.unpacked()
        else:
            clips, folder = self.clips, self.folder
        store = LayerStore(folder, self.made_by)
        return finished(fit_to(clips, store, self.form, task.recipe, task.begin))


@dataclass(frozen=True)
class FittingWorkers:
    """Who fits, and who makes the layer states before, if that is not this process."""

    placement: Placement
    states: StatesWorkers | None = None

    def fitted(
        self, pool: Pool, store: LayerStore, form: Form, fits: Sequence[tuple[Recipe, Begin]]
    ) -> Generator[FittingProgress, None, list[Fitted]]:
        """Fit a head by each recipe to a pool's clips and return them; yields after each head.

        Raises:
            PoolError: not one clip can be fitted to.
            SmileError: no cluster is there, or a fit ended its worker time and again.
        """
        from smile.whisper.engines.layers import multiplies_bfloat16

        here = self.placement.one_machine
        tasks = [
            HeadTask(f"head {number}", recipe, begin if here else replace(begin, checkpoint=None))
            for number, (recipe, begin) in enumerate(fits, 1)
        ]
        clips = pool.utterances if here else _away(pool, store)
        made = dict[str, Fitted]()
        do = HeadFitter(clips, store.folder, store.made_by, form, multiplies_bfloat16())
        with workers(self.placement, do) as work:
            for key, fitted in work(tasks):
                made[key] = fitted
                yield FittingProgress("fitting", len(made), len(tasks))
        return [made[task.key] for task in tasks]


def _away(pool: Pool, store: LayerStore) -> Away:
    states = Parcel.of(store.folder, store.files(pool.utterances))
    return Away(CarriedPool.of(pool), states, tuple(u.id for u in pool.utterances))
