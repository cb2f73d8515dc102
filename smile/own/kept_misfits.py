"""Which texts of a pool do not fit their sound, kept beside the pool: asked again, it costs nothing.

It lies in `misfits-<encoder>-<texts>.json`, and belongs to the pool's clips and texts as they are.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Generator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from smile.acoustic.recipe import DEFAULTS as RECIPE
from smile.acoustic.recipe import FittingProgress, Recipe
from smile.acoustic.states import StatesId
from smile.acoustic.store import clip_key, form_of, header_of
from smile.datatypes import DamagedError, Utterance
from smile.own.doubts import LARGEST
from smile.own.misfits import Fit, Place, misfits
from smile.pools.kept import make_folder
from smile.pools.pool import Pool
from smile.util.fields import from_fields
from smile.util.storage import read_json, set_aside, write_json
from smile.whisper.model import Model

LOG = logging.getLogger(__name__)


def kept_misfits(
    pool: Pool, model: Model, recipe: Recipe = RECIPE
) -> Generator[FittingProgress, None, tuple[Fit, ...]]:
    """Return what `misfits` gives for a pool; what it has given before is read. Yields and raises as that.

    A disk without room is a warning in the log.
    """
    path, header = _place(pool, model, recipe)
    if (known := _read(path, header, pool)) is not None:
        return known
    fits = yield from misfits(pool, model, recipe)
    try:
        make_folder(pool, path.parent)
        write_json(path, {"header": header, "fits": [_fields(fit) for fit in fits]})
    except OSError as error:
        LOG.warning("What fits worst cannot be kept (%s): %s", error.strerror, pool.folder.name)
    return fits


def as_dict(fit: Fit) -> dict[str, Any]:
    """Return a fit as plain values for programs."""
    fields = _fields(fit)
    return {"id": fit.utterance.id, **{name: fields[name] for name in ("misfit", "text", "place")}}


def _place(pool: Pool, model: Model, recipe: Recipe) -> tuple[Path, dict[str, Any]]:
    """The file, and what it has to say of what it was made of."""
    reads, form = StatesId.of(model, recipe.layers), form_of(pool, recipe.normaliser)
    path = (pool.stores or pool.folder) / f"misfits-{reads.name}-{recipe.normaliser}.json"
    header = {**header_of(reads, form, pool.utterances), "recipe": recipe.to_json()}
    return path, json.loads(json.dumps(header))


def _fields(fit: Fit) -> dict[str, Any]:
    place = {"start": fit.place.start, "end": fit.place.end, "read": fit.place.read}
    return {
        "clip": clip_key(fit.utterance),
        "misfit": min(fit.misfit, LARGEST),
        "text": fit.text,
        "place": place,
    }


def _read(path: Path, header: dict[str, Any], pool: Pool) -> tuple[Fit, ...] | None:
    """The fits of all clips, where they are kept; what is damaged is set aside."""
    by_key = {clip_key(utterance): utterance for utterance in pool.utterances}
    with suppress(OSError):
        try:
            known = read_json(path)
            if known["header"] != header:
                return None
            fits = tuple(_fit(fields, by_key) for fields in known["fits"])
            if sorted(clip_key(fit.utterance) for fit in fits) == sorted(by_key):
                return fits
        except (DamagedError, ValueError, TypeError, LookupError, AttributeError):
            pass
        set_aside(path)
    return None


def _fit(fields: dict[str, Any], by_key: Mapping[str, Utterance]) -> Fit:
    misfit, text = float(fields["misfit"]), str(fields["text"])
    return Fit(by_key[fields["clip"]], text, misfit, from_fields(Place, fields["place"]))
