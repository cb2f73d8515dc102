"""A pool's head on disk: `acoustic-<encoder>-<texts>.npz` in the pool's folder, float16, under a megabyte.

It belongs to one encoder, its layers and windows, one form of the texts and the pool's clips as they are;
another's is refused.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from smile.acoustic.alphabet import Alphabet, Form
from smile.acoustic.head import SHAPES, Head, fits
from smile.acoustic.recipe import Recipe
from smile.acoustic.states import StatesId
from smile.datatypes import DamagedError, PoolError, Utterance
from smile.pools.pool import Pool
from smile.util.arrays import Arrays, write_arrays
from smile.util.storage import set_aside

FORMAT = 1


def clip_key(utterance: Utterance) -> str:
    """Return what tells a clip and its text apart from others; a corrected text is another one."""
    return hashlib.sha256(f"{utterance.id}\t{utterance.text}".encode()).hexdigest()[:12]


def head_path(pool: Pool, reads: StatesId, normaliser: str = "plain") -> Path:
    """Return where the head of a pool lies."""
    return (pool.stores or pool.folder) / f"acoustic-{reads.name}-{normaliser}.npz"


def form_of(pool: Pool, normaliser: str) -> Form:
    """Return the form in which a pool's texts are fitted to."""
    return Form(normaliser, pool.language.code)


def write(pool: Pool, head: Head, recipe: Recipe) -> Head:
    """Write a head fitted to a pool's clips, and return it as it will be read."""
    path = head_path(pool, head.reads, head.form.normaliser)
    path.parent.mkdir(parents=True, exist_ok=True)
    halves = {name: head.weights[name].astype(np.float16) for name in SHAPES}
    header = {**_header(head.reads, head.form, pool.utterances), "recipe": recipe.to_json()}
    characters = np.array(list(map(ord, head.alphabet.characters)), np.int32)
    write_arrays(path, {"header": np.array(json.dumps(header)), "characters": characters, **halves})
    return replace(head, weights={name: half.astype(np.float32) for name, half in halves.items()})


def open_head(pool: Pool, reads: StatesId, normaliser: str = "plain") -> Head:
    """Return the head of a pool's clips that reads such states and writes texts of such a form.

    Raises:
        PoolError: there is none, or it was fitted to something else; says which.
    """
    path, form = head_path(pool, reads, normaliser), form_of(pool, normaliser)
    if not path.is_file():
        raise PoolError(f"The pool {pool.folder} has no acoustic model; {_again(pool)}")
    try:
        wanted = json.dumps(_header(reads, form, pool.utterances))
        return _opened(path, path.stat().st_mtime_ns, reads, form, wanted)
    except DamagedError as error:
        set_aside(path)
        raise PoolError(f"The acoustic model of {pool.folder} was damaged; {_again(pool)}") from error
    except _OtherHeadError as other:
        raise PoolError(
            f"The acoustic model of {pool.folder} was fitted to {other}; {_again(pool)}"
        ) from other


def present(pool: Pool, reads: StatesId, normaliser: str = "plain") -> bool:
    """Return whether a pool has a head that can be used; one that is damaged is set aside."""
    try:
        open_head(pool, reads, normaliser)
    except PoolError:
        return False
    return True


class _OtherHeadError(Exception):
    """A head was fitted to something else; says to what."""


def _again(pool: Pool) -> str:
    return "fit it again." if len(pool) else "add clips first."


def _header(reads: StatesId, form: Form, utterances: Iterable[Utterance]) -> dict[str, Any]:
    clips = "\n".join(sorted(clip_key(u) for u in utterances))
    return {
        "format": FORMAT,
        "states": reads.to_json(),
        "texts": {"form": form.stamp, "language": form.language},
        "clips": hashlib.sha256(clips.encode()).hexdigest(),
    }


@lru_cache(maxsize=16)
def _opened(path: Path, changed: int, reads: StatesId, form: Form, wanted: str) -> Head:
    """Return a head as it was when its file last `changed`."""
    with Arrays(path) as stored:
        try:
            header = json.loads(stored.text("header"))
            _compare(header, json.loads(wanted))
            characters = "".join(map(chr, stored["characters"].tolist()))
            weights = {name: stored[name].astype(np.float32) for name in SHAPES}
        except (ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
            raise DamagedError(path) from error
    alphabet = Alphabet(characters)
    if not fits(weights, len(reads.layers), len(alphabet)) or len(set(characters)) < len(characters):
        raise DamagedError(path)
    return Head(alphabet, form, reads, weights)


def _compare(fitted: dict[str, Any], wanted: dict[str, Any]) -> None:
    """Raise what a head was fitted to, where that is something else than what is wanted."""
    states, asked = fitted.get("states", {}), wanted["states"]
    if fitted.get("format") != wanted["format"]:
        raise _OtherHeadError("another version of SMILE's format")
    for name, said in (
        ("encoder", "the states of another encoder"),
        ("precision", "states of another precision"),
        ("layers", "other encoder layers"),
        ("windows", "other audio windows"),
    ):
        if states.get(name) != asked[name]:
            raise _OtherHeadError(said)
    if fitted.get("texts") != wanted["texts"]:
        raise _OtherHeadError("texts in another form")
    if fitted.get("clips") != wanted["clips"]:
        raise _OtherHeadError("other clips or texts")
