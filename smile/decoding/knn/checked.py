"""Whether a datastore's file can be used: whole, made by this model, and of these clips."""

from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np

from smile.datatypes import DamagedError
from smile.decoding.knn.large import is_large
from smile.decoding.knn.teacher_forcing import TYPES
from smile.util.arrays import Arrays
from smile.whisper.model import Model

FORMAT = 3
PARTS = ("keys", "tokens", "logprob", "top")


def header_of(model: Model) -> str:
    """Return what a file says of the model that made it, as JSON."""
    made = {"format": FORMAT, "recognizer": asdict(model.info), "windows": list(model.windows)}
    return json.dumps(made)


def usable(stored: Arrays, header: str, clips: tuple[str, ...]) -> bool:
    """Whether an open file knows all the clips, read with these weights, this adapter, this
    precision and these windows.

    The engine and the device may differ.

    Raises:
        DamagedError: it is damaged anywhere.
    """
    try:
        file_header, wanted = json.loads(stored.text("header")), json.loads(header)
        made, who = file_header.get("recognizer", {}), wanted["recognizer"]
        alike = all(made.get(name) == who[name] for name in ("encoder", "adapter_hash", "precision"))
        if not alike or any(file_header.get(name) != wanted[name] for name in ("format", "windows")):
            return False
    except (ValueError, AttributeError, RecursionError) as error:
        raise DamagedError(stored.path) from error
    _check(stored)
    return set(clips) <= set(stored["clips"].tolist())


def _check(stored: Arrays) -> None:
    """DamagedError where the parts do not fit each other, or are no numbers.

    The keys of a large datastore stay on the disk; those that are no numbers are no neighbours.
    """
    lengths, clips = stored["lengths"], stored["clips"]
    parts = {name: stored[name] for name in PARTS[1:]}
    parts = {"keys": stored.mapped("keys") if is_large(stored) else stored["keys"]} | parts
    if (
        (lengths.dtype.kind, lengths.ndim, clips.dtype.kind, clips.shape) != ("i", 1, "U", lengths.shape)
        or lengths.min(initial=0) < 0
        or any(part.dtype != TYPES[name] or len(part) != lengths.sum() for name, part in parts.items())
        or [part.ndim for part in parts.values()] != [2, 1, 1, 1]
        or not all(np.isfinite(part).all() for part in parts.values() if not isinstance(part, np.memmap))
        or parts["tokens"].min(initial=0) < 0
    ):
        raise DamagedError(stored.path)
