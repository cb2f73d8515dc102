"""Clips of a datastore that are copies of one recording: no examples of each other, and counted as one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smile.pools.copies import Groups, copies, merged
from smile.pools.pool import Pool


def named(groups: Groups, names: Sequence[str]) -> list[list[str]]:
    """Return groups of clips by their names, as a file's header has them."""
    return [[names[i] for i in group] for group in groups]


def with_groups(header: str, groups: Groups, names: Sequence[str]) -> str:
    """Return a header, as JSON, that says which of a file's clips are copies."""
    return json.dumps(json.loads(header) | {"copies": named(groups, names)})


def groups_in(header: str, names: Sequence[str]) -> Groups | None:
    """Return what a header says of copies, as indices of these clips; None where it is too old to say."""
    stored = json.loads(header).get("copies")
    return None if stored is None else placed(stored, names)


def placed(stored: Any, names: Sequence[str]) -> Groups:
    """Return the groups of a header as indices of these clips; what is no list of names has none."""
    places = {name: i for i, name in enumerate(names)}
    lists = [group for group in stored if isinstance(group, list)] if isinstance(stored, list) else []
    groups = (tuple(places[n] for n in group if isinstance(n, str) and n in places) for group in lists)
    return tuple(group for group in groups if len(group) > 1)


def carried(old: Groups, before: Sequence[str], pool: Pool, after: Sequence[str]) -> Groups:
    """Return the copies of a pool that was made from another one: just new clips are looked at.

    The clips of either are called `before` and `after`.
    """
    known = placed(named(old, before), after)
    fresh = frozenset(i for i, name in enumerate(after) if name not in {*before})
    return merged((*known, *(copies(pool, fresh) if fresh else ())))


def owners_of(groups: Groups, owners: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the clips that keys come from, with the first of each group for all its copies."""
    first = {i: min(group) for group in groups for i in group}
    return np.array([first.get(int(owner), int(owner)) for owner in owners], np.int64)
