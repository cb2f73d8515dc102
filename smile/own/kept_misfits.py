"""Which texts of a pool do not fit their sound, kept beside the pool: asked again, it costs nothing.

It lies in `misfits-<encoder>-<texts>.json`, and belongs to the pool's clips and texts as they are.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Generator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from smile.acoustic.recipe import DEFAULTS as RECIPE
from smile.acoustic.recipe import FittingProgress, Recipe
from smile.acoustic.states import StatesId
from smile.acoustic.store import clip_key, form_of, header_of
from smile.own.doubts import LARGEST
from smile.own.misfits import Fit, Place, in_turn, misfits
from smile.pools.kept import make_folder
from smile.pools.pool import Pool
from smile.util.fields import from_fields
from smile.util.storage import read_json, set_aside, write_json
from smile.whisper.model import Model

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Kept:
    """A `Fit` as it lies in the file."""

    clip: str  # its `clip_key`
    misfit: float
    text: str
    place: Place

    @property
    def whole(self) -> bool:
        """Return whether its figures are such as a look comes to."""
        return 0 <= self.misfit <= LARGEST and 0 <= self.place.start <= self.place.end <= len(self.text)


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
    return asdict(_Kept(clip_key(fit.utterance), min(fit.misfit, LARGEST), fit.text, fit.place))


def _read(path: Path, header: dict[str, Any], pool: Pool) -> tuple[Fit, ...] | None:
    """The fits of all clips, where they are kept; what is damaged is set aside."""
    by_key = {clip_key(utterance): utterance for utterance in pool.utterances}
    with suppress(OSError):
        try:
            known = read_json(path)
            if known["header"] != header:
                return None
            fits = [from_fields(_Kept, fields) for fields in known["fits"]]
            if sorted(fit.clip for fit in fits) == sorted(by_key) and all(fit.whole for fit in fits):
                return in_turn(Fit(by_key[fit.clip], fit.text, fit.misfit, fit.place) for fit in fits)
        except (ValueError, TypeError, LookupError):
            pass
        set_aside(path)
    return None
