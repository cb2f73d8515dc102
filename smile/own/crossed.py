"""Acoustic models of a pool that were fitted without some of its clips: the check of their level."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Sequence

from smile.acoustic.calibrating import crossed_words, has_words, write_words
from smile.acoustic.crossing import CrossRead, cross_read, fold_bytes, folds_of, keep_folds
from smile.acoustic.model import AcousticModel
from smile.acoustic.recipe import DEFAULTS as RECIPE
from smile.acoustic.recipe import FittingProgress, Recipe
from smile.acoustic.states import LayerStore, StatesId
from smile.acoustic.store import form_of
from smile.datatypes import AudioError, PoolError, SmileError, Utterance
from smile.pools.copies import copies
from smile.pools.pool import Pool
from smile.whisper.model import Model

LOG = logging.getLogger(__name__)
UNKEPT = "What an acoustic model is fitted to cannot be kept ({})."
ModelOf = Callable[[Utterance], AcousticModel]
"""Gives the acoustic model that was fitted without a clip; raises SmileError where there is none."""


def cross_read_pool(
    pool: Pool, model: Model, recipe: Recipe = RECIPE
) -> Generator[FittingProgress, None, list[CrossRead]]:
    """Read every clip of a pool by a head fitted to others, with all copies of a recording left out together.

    The words that they write are kept beside the pool where there is room: the confidence of later ones is
    calibrated on them. Those that are kept already are not read again.

    Yields after each clip encoded, each epoch and each clip written; raises as `cross_read` does, and
    AudioError where a recording cannot be read.
    """
    store = LayerStore.of(pool, StatesId.of(model, recipe.layers))
    for done, of in store.encode(model, pool.utterances, recipe.speeds):
        yield FittingProgress("encoding", done, of)
    forget_folds(pool, model, recipe)
    form = form_of(pool, recipe.normaliser)
    crossed = yield from cross_read(pool.utterances, store, form, recipe, together=copies(pool))
    if not has_words(pool, store.made_by, recipe):
        yield from _keep_words(crossed, pool, store.made_by, recipe)
    return crossed


def forget_folds(pool: Pool, model: Model, recipe: Recipe = RECIPE) -> None:
    """Remove the checkpoints of folds that are none of a pool's as it is."""
    store = LayerStore.of(pool, StatesId.of(model, recipe.layers))
    keep_folds(store, folds_of(pool.utterances, store, recipe, together=copies(pool)))


def missing_bytes(pool: Pool, model: Model, recipe: Recipe = RECIPE) -> int:
    """Return how many more bytes the checkpoints of a pool's folds will take on the disk."""
    store, form = LayerStore.of(pool, StatesId.of(model, recipe.layers)), form_of(pool, recipe.normaliser)
    folds = folds_of(pool.utterances, store, recipe, together=copies(pool))
    symbols = len({character for u in pool.utterances for character in form(u.text)})
    each = fold_bytes(symbols, recipe, model.recognizer.width)
    return each * sum(not fold.path.is_file() for fold in folds)


def _keep_words(
    crossed: Sequence[CrossRead], pool: Pool, reads: StatesId, recipe: Recipe
) -> Generator[FittingProgress]:
    """Write the words that clips are read as beside the pool; a disk without room is a warning in the log."""
    words = yield from crossed_words(crossed)
    try:
        write_words(pool, reads, words, recipe)
    except OSError as error:
        LOG.warning("The confidence of words stays uncalibrated (%s): %s", error.strerror, pool.folder.name)


def cross_models(
    pool: Pool, model: Model, recipe: Recipe = RECIPE
) -> Generator[FittingProgress, None, ModelOf]:
    """Fit heads to all but a part of the clips each, and return what gives the acoustic model without a clip.

    Where no head can be fitted to the pool, or its states have no room, that says why. Yields as
    `cross_read_pool` does.

    Raises:
        AudioError: a recording cannot be read.
    """
    by_id: dict[str, CrossRead] = {}
    problem: SmileError | None = None
    try:
        crossed = yield from cross_read_pool(pool, model, recipe)
        by_id = {clip.utterance.id: clip for clip in crossed}
    except AudioError:
        raise
    except SmileError as error:
        problem = error
    except OSError as error:
        problem = PoolError(UNKEPT.format(error.strerror or type(error).__name__))

    def model_of(utterance: Utterance) -> AcousticModel:
        if problem:
            raise problem
        return by_id[utterance.id].model

    return model_of
