"""What a pool still needs before a comparison can begin with it, and about how long that takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from smile.evaluation.compare import check_adapter

if TYPE_CHECKING:
    from smile.evaluation.compare import Grid
    from smile.pools.pool import Pool
    from smile.settings import Settings
    from smile.ui.engine import Engine
    from smile.whisper.model import Model

INDEX = "index"
TAKES = {INDEX: 0.05, "datastore": 0.1, "acoustic": 0.34}
"""Seconds for each second of a pool's speech, of Whisper base on two cores: ten minutes of Mboshi were
encoded in 32 s, once more at three speeds in 82 s and fitted to in 122 s (docs/acoustic.md), and read in
about a minute (README.md)."""
WORDS = {INDEX: "indexed", "datastore": "read", "acoustic": "used to fit an acoustic model"}
BARE = " without the adapter"  # after a piece of work: for the model that has none
BOTH = " for both models"
SHORT = 90  # seconds; above it whole minutes are said


def missing(
    engine: Engine, key: str | None, wanted: Sequence[Settings], untrained: Sequence[Settings] = ()
) -> list[str]:
    """Return what settings need of a pool and is not there, as in WORDS, in the order in which it is made.

    What `untrained` settings need has BARE behind it. It is all known once the models are loaded, which
    this begins; nothing is missing before.

    Raises:
        SmileError: there is no adapter that untrained settings could do without.
    """
    loading = engine.warm()
    if engine.choice(key) is None or not loading.done() or loading.exception():
        return []
    models = loading.result()
    work = _missing(engine, key, models.smile, wanted)
    if untrained:
        check_adapter(models)
        indexed = INDEX in work and models.one_encoder
        again = _missing(engine, key, models.vanilla, untrained)
        work += [what + BARE for what in again if what != INDEX or not indexed]
    return work


def _missing(engine: Engine, key: str | None, model: Model, wanted: Sequence[Settings]) -> list[str]:
    """What settings need of a pool that one model is to make."""
    from smile.transcription.preparing import needed

    asked = [] if engine.problem(key) else dict.fromkeys(what for one in wanted for what in needed(one))
    pool = engine.pool(key, model.info.encoder)
    if pool is None:
        return [INDEX, *asked]
    return [what for what in asked if not _is_there(what, pool, model.within(wanted[0].windows))]


def _is_there(what: str, pool: Pool, model: Model) -> bool:
    from smile.decoding.knn.store import present
    from smile.transcription.preparing import has_acoustic

    known = {"datastore": present, "acoustic": has_acoustic}
    return known[what](pool, model)


def said(engine: Engine, key: str | None, grid: Grid) -> str:
    """Return a sentence about what is done with the pool first; empty where there is nothing to do.

    It raises as `missing` does.
    """
    work = missing(engine, key, grid.settings(), grid.untrained_settings())
    if not work:
        return ""
    speech = sum(utterance.seconds for utterance in engine.examples(key))
    return sentence(work, sum(TAKES[what.removesuffix(BARE)] for what in work) * speech)


def _words(work: Sequence[str]) -> list[str]:
    """The pieces of work in words; what is done for both models is said once."""
    words = []
    for what in work:
        alone = what.removesuffix(BARE)
        if what == alone:
            words.append(WORDS[what] + BOTH * (what + BARE in work))
        elif alone not in work:
            words.append(WORDS[alone] + BARE)
    return words


def sentence(work: Sequence[str], seconds: float) -> str:
    """Return the sentence for some work that takes so many seconds."""
    *others, last = _words(work)
    done = f"{', '.join(others)} and {last}" if others else last
    about = f"{seconds / 60:.0f} min" if seconds > SHORT else f"{max(1, round(seconds))} s"
    return f"First the examples are {done}, about {about}, once for all."
