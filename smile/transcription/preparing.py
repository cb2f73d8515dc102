"""Makes what settings need of a pool: the datastore of kNN-LM, the head of an acoustic model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from smile.acoustic import building
from smile.acoustic.head import Head
from smile.acoustic.recipe import DEFAULTS as RECIPE
from smile.acoustic.recipe import FittingProgress
from smile.acoustic.states import StatesId
from smile.acoustic.store import present as has_head
from smile.datatypes import Progress
from smile.decoding.knn.reading_workers import ReadingWorkers
from smile.decoding.knn.store import build, present
from smile.pools.pool import Pool
from smile.settings import Settings
from smile.transcription.examples import pool_token
from smile.util.timing import in_hundredths
from smile.whisper.model import Model

Maker = Callable[[Pool, Model, Progress | None], None]


def needed(settings: Settings) -> tuple[str, ...]:
    """Return what settings need of a pool, as in MAKERS."""
    read = settings.level == "combined" or (settings.knn and settings.level == "context")
    datastore = ("datastore",) if read else ()
    return datastore if settings.level == "context" else ("acoustic", *datastore)


def prepare(
    pool: Pool,
    model: Model,
    settings: Settings,
    progress: Progress | None = None,
    makers: Mapping[str, Maker] | None = None,
) -> None:
    """Make what settings need of a pool and is missing; it may be broken off, and goes on where it was.

    Who shows it in another way gives `makers` of its own in place of MAKERS.

    Raises:
        SmileError: a clip cannot be read, or none can be fitted to.
    """
    for what in needed(settings):
        (makers or MAKERS)[what](pool, model.within(settings.windows), progress)


def prepare_datastore(
    pool: Pool, model: Model, progress: Progress | None = None, by: ReadingWorkers | None = None
) -> None:
    """Make the kNN-LM datastore of a pool where it is missing; raises as `store.build` does."""
    if not present(pool, model):
        build(pool, model, language=pool_token(pool), progress=progress, by=by)


def has_acoustic(pool: Pool, model: Model) -> bool:
    """Return whether a pool has an acoustic model that can be used with this one."""
    return has_head(pool, StatesId.of(model), RECIPE.normaliser)


def prepare_acoustic(
    pool: Pool, model: Model, progress: Progress | None = None, older: Sequence[Head] = ()
) -> None:
    """Fit the acoustic model of a pool where it is missing, from older heads on where there are some.

    It raises as `building.build` does.

    Progress comes in hundredths of the whole, of which encoding has three tenths.
    """
    if has_acoustic(pool, model):
        return
    told = in_hundredths(progress)
    for said in building.build(pool, model, older=older):
        told(share(said))


ENCODED = 0.3  # share of the making of a head that is done once its clips are encoded


def share(said: FittingProgress) -> float:
    """Return how much of the making of a head is done, 0 to 1; what is written last takes next to no time."""
    if said.stage == "writing":
        return 1.0
    part = said.done / said.of
    return ENCODED * part if said.stage == "encoding" else ENCODED + (1 - ENCODED) * part


PRESENT: dict[str, Callable[[Pool, Model], bool]] = {"datastore": present, "acoustic": has_acoustic}
MAKERS: dict[str, Maker] = {
    "datastore": prepare_datastore,
    "acoustic": prepare_acoustic,
}
