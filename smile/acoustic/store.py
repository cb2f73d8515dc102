"""A pool's heads on disk: `acoustic-<encoder>-<texts>.npz` in the pool's folder, float16, some megabytes.

They belong to one encoder, its layers and windows, one form of the texts and the pool's clips as they are;
another's is refused.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smile.acoustic.alphabet import Alphabet, Form
from smile.acoustic.head import Head, fits
from smile.acoustic.recipe import Recipe
from smile.acoustic.states import StatesId
from smile.datatypes import DamagedError, PoolError, Utterance
from smile.pools.kept import make_folder
from smile.pools.pool import Pool
from smile.settings import later
from smile.util.arrays import Arrays, write_arrays
from smile.util.storage import set_aside

FORMAT = 2


def clip_key(utterance: Utterance) -> str:
    """Return what tells a clip and its text apart from others; a corrected text is another one."""
    return hashlib.sha256(f"{utterance.id}\t{utterance.text}".encode()).hexdigest()[:12]


def head_path(pool: Pool, reads: StatesId, normaliser: str = "plain") -> Path:
    """Return where the heads of a pool lie."""
    return (pool.stores or pool.folder) / f"acoustic-{reads.name}-{normaliser}.npz"


def form_of(pool: Pool, normaliser: str) -> Form:
    """Return the form in which a pool's texts are fitted to."""
    return Form(normaliser, pool.language.code)


def write(pool: Pool, heads: Sequence[Head], recipes: Sequence[Recipe]) -> tuple[Head, ...]:
    """Write heads fitted to a pool's clips, of one alphabet, and return them as they will be read.

    Raises:
        PoolError: the pool was deleted meanwhile.
    """
    first = heads[0]
    path = head_path(pool, first.reads, first.form.normaliser)
    make_folder(pool, path.parent)
    halves = [{name: w.astype(np.float16) for name, w in head.weights.items()} for head in heads]
    recipes_told = [recipe.to_json() for recipe in recipes]
    header = {**header_of(first.reads, first.form, pool.utterances), "recipes": recipes_told}
    characters = np.array(list(map(ord, first.alphabet.characters)), np.int32)
    arrays = {f"{i}/{name}": half for i, each in enumerate(halves) for name, half in each.items()}
    write_arrays(path, {"header": np.array(json.dumps(header)), "characters": characters, **arrays})
    read = [{name: half.astype(np.float32) for name, half in each.items()} for each in halves]
    return tuple(replace(head, weights=weights) for head, weights in zip(heads, read, strict=True))


def open_heads(pool: Pool, reads: StatesId, normaliser: str = "plain") -> tuple[Head, ...]:
    """Return the heads of a pool's clips that read such states and write texts of such a form.

    Raises:
        PoolError: there is none, or it was fitted to something else; says which.
    """
    path, form = head_path(pool, reads, normaliser), form_of(pool, normaliser)
    if not path.is_file():
        raise PoolError(f"The pool {pool.folder} has no acoustic model; {_again(pool)}")
    try:
        wanted = json.dumps(header_of(reads, form, pool.utterances))
        return _opened(path, path.stat().st_mtime_ns, reads, form, wanted)
    except DamagedError as error:
        set_aside(path)
        raise PoolError(f"The acoustic model of {pool.folder} was damaged; {_again(pool)}") from error
    except OtherHeadError as other:
        raise PoolError(
            f"The acoustic model of {pool.folder} was fitted to {other}; {_again(pool)}"
        ) from other


def open_head(pool: Pool, reads: StatesId, normaliser: str = "plain") -> Head:
    """Return the first of a pool's heads, by which times are told; raises as `open_heads` does."""
    return open_heads(pool, reads, normaliser)[0]


def present(pool: Pool, reads: StatesId, normaliser: str = "plain") -> bool:
    """Return whether a pool has heads that can be used; what is damaged is set aside."""
    try:
        open_heads(pool, reads, normaliser)
    except PoolError:
        return False
    return True


class OtherHeadError(Exception):
    """What is stored beside a pool was fitted to something else; says to what."""


def _again(pool: Pool) -> str:
    return "fit it again." if len(pool) else "add clips first."


def header_of(reads: StatesId, form: Form, utterances: Iterable[Utterance]) -> dict[str, Any]:
    """Return what is stored with what was fitted to clips: states, form of the texts, and the clips."""
    clips = "\n".join(sorted(clip_key(u) for u in utterances))
    return {
        "format": FORMAT,
        "states": reads.to_json(),
        "texts": {"form": form.stamp, "language": form.language},
        "clips": hashlib.sha256(clips.encode()).hexdigest(),
        **later("fit"),
    }


@lru_cache(maxsize=16)
def _opened(path: Path, changed: int, reads: StatesId, form: Form, wanted: str) -> tuple[Head, ...]:
    """Return heads as they were when their file last `changed`."""
    with Arrays(path) as stored:
        try:
            header = json.loads(stored.text("header"))
            compare_headers(header, json.loads(wanted))
            characters = "".join(map(chr, stored["characters"].tolist()))
            weights = _weights(stored, len(header["recipes"]))
        except (LookupError, ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
            raise DamagedError(path) from error
    alphabet = Alphabet(characters)
    whole = bool(weights) and all(fits(each, len(reads.layers), len(alphabet)) for each in weights)
    if not whole or len(set(characters)) < len(characters):
        raise DamagedError(path)
    return tuple(Head(alphabet, form, reads, each) for each in weights)


def _weights(stored: Arrays, count: int) -> list[dict[str, NDArray[np.float32]]]:
    """The weights of so many heads by name."""
    each: list[dict[str, NDArray[np.float32]]] = [{} for _ in range(count)]
    for name in stored.names:
        number, _, part = name.partition("/")
        if part:
            each[int(number)][part] = stored[name].astype(np.float32)
    return each


def compare_headers(fitted: dict[str, Any], wanted: dict[str, Any]) -> None:
    """Check what something stored was fitted to by its header and the one wanted.

    Raises:
        OtherHeadError: it was fitted to something else.
    """
    states, asked = fitted.get("states", {}), wanted["states"]
    if fitted.get("format") != wanted["format"]:
        raise OtherHeadError("another version of SMILE's format")
    if fitted.get("fit", 1) != wanted.get("fit", 1):
        raise OtherHeadError("clips in the way of another version of SMILE")
    for name, said in (
        ("encoder", "the states of another encoder"),
        ("precision", "states of another precision"),
        ("layers", "other encoder layers"),
        ("windows", "other audio windows"),
    ):
        if states.get(name) != asked[name]:
            raise OtherHeadError(said)
    if fitted.get("texts") != wanted["texts"]:
        raise OtherHeadError("texts in another form")
    if fitted.get("clips") != wanted["clips"]:
        raise OtherHeadError("other clips or texts")
