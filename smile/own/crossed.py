"""What acoustic models write for clips of a pool that they were not fitted to: the check of that level."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator

from smile.acoustic.calibrating import crossed_words, write_words
from smile.acoustic.crossing import CrossRead, cross_read
from smile.acoustic.recipe import DEFAULTS as RECIPE
from smile.acoustic.recipe import FittingProgress, Recipe
from smile.acoustic.states import LayerStore, StatesId
from smile.acoustic.store import form_of
from smile.datatypes import AudioError, PoolError, SmileError, Utterance
from smile.evaluation.conditions import Condition
from smile.evaluation.evaluate import failed_row, row_of
from smile.evaluation.rows import Row
from smile.pools.copies import copies
from smile.pools.pool import Pool
from smile.transcription.target import UNDETECTED, Step
from smile.whisper.model import Model, Models

LOG = logging.getLogger(__name__)
UNKEPT = "What an acoustic model is fitted to cannot be kept ({})."
Written = Callable[[Utterance, Condition], Row]


def cross_read_pool(
    pool: Pool, model: Model, recipe: Recipe = RECIPE
) -> Generator[FittingProgress, None, list[CrossRead]]:
    """Read every clip of a pool by a head fitted to others, with all copies of a recording left out together.

    The words that they write are kept beside the pool where there is room: the confidence of later ones is
    calibrated on them.

    Yields after each clip encoded, each epoch and each clip written; raises as `cross_read` does, and
    AudioError where a recording cannot be read.
    """
    store = LayerStore.of(pool, StatesId.of(model, recipe.layers))
    for done, of in store.encode(model, pool.utterances):
        yield FittingProgress("encoding", done, of)
    form = form_of(pool, recipe.normaliser)
    crossed = yield from cross_read(pool.utterances, store, form, recipe, together=copies(pool))
    words = yield from crossed_words(crossed)
    try:
        write_words(pool, store.made_by, words, recipe.normaliser)
    except OSError as error:
        LOG.warning("The confidence of words stays uncalibrated (%s): %s", error.strerror, pool.folder.name)
    return crossed


def cross_written(
    models: Models, pool: Pool, recipe: Recipe = RECIPE
) -> Generator[FittingProgress, None, Written]:
    """Fit heads to all but a part of the clips each, and return what gives the rows of any of them.

    The copies of one recording are in one part.

    Where no head can be fitted to the pool, or its states have no room, each row says why. Yields as
    `cross_read_pool` does.

    Raises:
        AudioError: a recording cannot be read.
    """
    by_id: dict[str, CrossRead] = {}
    problem: SmileError | None = None
    try:
        crossed = yield from cross_read_pool(pool, models.smile, recipe)
        by_id = {clip.utterance.id: clip for clip in crossed}
    except AudioError:
        raise
    except SmileError as error:
        problem = error
    except OSError as error:
        problem = PoolError(UNKEPT.format(error.strerror or type(error).__name__))

    def row(utterance: Utterance, condition: Condition) -> Row:
        if problem:
            return failed_row(utterance, condition, "", problem)
        clip = by_id[utterance.id]
        try:
            written = clip.model.written(clip.logprobs)
        except PoolError as error:
            return failed_row(utterance, condition, "", error)
        return row_of(utterance, condition, "", Step(written, "", UNDETECTED))

    return row
