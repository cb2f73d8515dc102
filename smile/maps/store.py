"""Maps on disk: `manifest.json` and a `<name>.npz` each, with coordinates of clips but none of their texts.

A map is of one or several pools whose embeddings come from one encoder. Its points carry the clips' ids;
texts and recordings are those of the pools, where these are at hand.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smile.datatypes import DamagedError, EncoderId, Matrix, SmileError
from smile.maps.placement import NEAR, Trust
from smile.paths import PRECOMPUTED
from smile.util.arrays import Arrays, write_arrays
from smile.util.fields import from_fields
from smile.util.names import code
from smile.util.storage import read_json, write_json

FOLDER = PRECOMPUTED / "maps"
MANIFEST = "manifest.json"
METRICS = ("js", "euclidean")  # that maps are made by
DIMENSIONS = (2, 3)
AGAIN = "make it again with: smile project"
LOGGER = logging.getLogger(__name__)
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,79}")


@dataclass(frozen=True)
class Member:
    """A pool as a map remembers it."""

    language: str  # ISO 639-3
    synthetic: bool
    order: str  # digest of its clips' ids, see smile.pools.pool.order_digest
    clips: int
    source: str = ""
    licence: str = ""


@dataclass(frozen=True)
class Entry:
    """A map's entry in the manifest."""

    name: str
    members: tuple[Member, ...]
    encoder: EncoderId
    figures: dict[str, Trust]  # by layout, such as "js-2"
    settings: dict[str, Any]
    commit: str = ""
    date: str = ""  # UTC, ISO 8601

    @property
    def clips(self) -> int:
        """Return how many points the map has."""
        return sum(member.clips for member in self.members)

    @property
    def summary(self) -> str:
        """Return the map's figures in a line for a terminal."""
        trust = self.figures["js-2"]
        return (
            f"{self.name}: {self.clips} clips; in 2-D trustworthiness {trust.trustworthiness:.3f}, "
            f"continuity {trust.continuity:.3f}, {trust.share:.0%} of the nearest are near."
        )


@dataclass(frozen=True, eq=False)
class Map:
    """Points in the order of the members' clips, one pool after the other."""

    entry: Entry
    ids: tuple[str, ...]
    seconds: NDArray[np.float32]  # (points,)
    layouts: dict[str, Matrix] = field(default_factory=dict)  # (points, 2 or 3), see `layout`
    near: NDArray[np.int32] = field(default_factory=lambda: np.zeros((0, NEAR), np.int32))
    kl: Matrix = field(default_factory=lambda: np.zeros((0, NEAR), np.float32))

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def member(self) -> NDArray[np.int64]:
        """Return the number of each point's pool (points,)."""
        return np.repeat(np.arange(len(self.entry.members)), [m.clips for m in self.entry.members])


def layout(metric: str, dimensions: int) -> str:
    """Return the name of a layout, such as "js-2"."""
    return f"{metric}-{dimensions}"


LAYOUTS = tuple(layout(metric, n) for metric in METRICS for n in DIMENSIONS)


def entries(folder: Path = FOLDER) -> dict[str, Entry]:
    """Return the maps in a folder by name; none where there is no manifest.

    Raises:
        SmileError: a manifest that cannot be read.
    """
    path = folder / MANIFEST
    if not path.is_file():
        return {}
    try:
        listed = read_json(path).items()
    except (OSError, ValueError, AttributeError) as error:
        raise SmileError(f"{path} is damaged; {AGAIN}") from error
    known = {}
    for name, fields in listed:
        try:
            known[name] = _entry(name, fields)
        except (ValueError, TypeError) as error:
            damaged = SmileError(f"What {path} says of the map {name[:80]!r} is damaged; {AGAIN}")
            if len(listed) == 1:
                raise damaged from error
            LOGGER.warning("%s", damaged)
    return known


def _entry(name: str, fields: Any) -> Entry:
    """An entry of the manifest; ValueError or TypeError where it is none."""
    entry = from_fields(Entry, {"name": name, **fields})
    if not (_NAME.fullmatch(name) and entry.members and entry.figures.keys() >= set(LAYOUTS)):
        raise ValueError(name)
    for member in entry.members:
        code(member.language)
        if member.clips < 0:
            raise ValueError(member)
    return entry


def load(entry: Entry, folder: Path = FOLDER) -> Map:
    """Return the points of a map.

    Raises:
        SmileError: its file is missing, damaged, or does not fit the manifest.
    """
    path = folder / f"{entry.name}.npz"
    try:
        with Arrays(path) as arrays:
            layouts = {name: arrays[name] for name in LAYOUTS}
            ids, seconds, near, kl = (arrays[name] for name in ("ids", "seconds", "near", "kl"))
    except (OSError, DamagedError) as error:
        raise SmileError(f"{path} is missing or damaged; {AGAIN}") from error
    sizes = {len(a) if a.ndim else 0 for a in (ids, seconds, near, kl, *layouts.values())}
    if sizes != {entry.clips}:
        raise SmileError(f"{path} holds {sizes} points and the manifest says {entry.clips}; {AGAIN}")
    _check(path, ids, near, kl, (seconds, *layouts.values()))
    if any(layouts[layout(metric, n)].shape != (len(ids), n) for metric in METRICS for n in DIMENSIONS):
        raise SmileError(f"{path} is missing or damaged; {AGAIN}")
    return Map(entry, tuple(map(str, ids)), seconds, layouts, near, kl)


def _check(
    path: Path, ids: NDArray[Any], near: NDArray[Any], kl: NDArray[Any], floats: tuple[NDArray[Any], ...]
) -> None:
    """SmileError where arrays are of another kind, or name points that are not there."""
    good = (ids.dtype.kind, near.dtype.kind, near.ndim, near.shape) == ("U", "i", 2, kl.shape)
    good = good and all(a.dtype.kind == "f" and np.isfinite(a).all() for a in floats)
    if not good or (near.size and not -1 <= near.min() <= near.max() < len(ids)):
        raise SmileError(f"{path} is missing or damaged; {AGAIN}")


def save(maps: Iterable[Map], folder: Path = FOLDER) -> None:
    """Write maps; others in the folder stay. The manifest comes last, and each file at one stroke.

    Raises:
        SmileError: a name that is no file name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    known = entries(folder)
    for shown in maps:
        if not _NAME.fullmatch(shown.entry.name):
            raise SmileError(f'"{shown.entry.name}" is no name for a map; use a-z, 0-9, - and _.')
        _save_points(shown, folder / f"{shown.entry.name}.npz")
        known[shown.entry.name] = shown.entry
    write_json(folder / MANIFEST, {name: _fields(known[name]) for name in sorted(known)})


def _save_points(shown: Map, path: Path) -> None:
    arrays = {"seconds": shown.seconds, "near": shown.near, "kl": shown.kl, **shown.layouts}
    write_arrays(path, {"ids": np.array(shown.ids, np.str_), **arrays}, compressed=True)


def _fields(entry: Entry) -> dict[str, Any]:
    fields = asdict(entry)
    del fields["name"]
    fields["figures"] = {name: figures.as_dict() for name, figures in entry.figures.items()}
    return fields
