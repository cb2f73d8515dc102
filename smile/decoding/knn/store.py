"""A pool's datastore on disk: what the decoder made of every clip, read with its own text.

The file lies in the pool's folder and belongs to one model and its windows; another's is refused.
Reading may be broken off after any clip, and goes on there.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np

from smile.datatypes import DamagedError, PoolError, Progress, Utterance
from smile.decoding.knn.checked import PARTS, header_of, usable
from smile.decoding.knn.copied import carried, groups_in, owners_of, with_groups
from smile.decoding.knn.datastore import Datastore, Observed, fit
from smile.decoding.knn.large import LARGE_DATASTORE, has_lists, is_large, lists_path, open_large, write_lists
from smile.decoding.knn.reading_here import in_threads, readings
from smile.decoding.knn.teacher_forcing import ClipStates, TeacherForcedPass, digest
from smile.pools.copies import Groups, copies
from smile.pools.kept import make_folder, making
from smile.pools.pool import Pool, rebuild_command
from smile.pools.subsets import drop
from smile.settings import WINDOWS
from smile.util import leftovers
from smile.util.arrays import Arrays, write_arrays
from smile.util.log import Log
from smile.util.storage import set_aside
from smile.whisper.model import Model

if TYPE_CHECKING:
    from smile.decoding.knn.reading_workers import Reading, ReadingWorkers

    Read = Callable[[Sequence[int]], Generator[Reading]]

_CLIPS: WeakKeyDictionary[Pool, tuple[str, ...]] = WeakKeyDictionary()


def store_path(pool: Pool, model: Model) -> Path:
    """Return where the datastore of a pool and a model lies: each adapter and each windows have one."""
    windows = "" if model.windows == WINDOWS else "-" + "-".join(f"{w:g}" for w in model.windows)
    return (pool.stores or pool.folder) / f"tokens-{model.info.adapter_hash or 'base'}{windows}.npz"


def build(
    pool: Pool,
    model: Model,
    *,
    language: str,
    progress: Progress | None = None,
    threads: int = 0,
    by: ReadingWorkers | None = None,
) -> None:
    """Read every clip of a pool and write its datastore; `language` is the token of the prompts.

    So many `threads` read a clip each, 0: as many as torch would use; or workers do, where it is `by` them.
    The datastore is the same. What an interrupted run has read is not read again.

    Raises:
        PoolError: another process is reading this pool, or it was deleted meanwhile.
        AudioError: a clip cannot be read.
    """
    from smile.whisper.engines import clips_at_a_time

    path = store_path(pool, model)
    if _lacks_lists(path, model, pool):
        with making(pool, path):
            write_lists(path)
        return
    groups = copies(pool)
    reader = TeacherForcedPass(pool, model, language, groups)
    threads = threads or clips_at_a_time(model.info.device)
    read = partial(by.read, pool, model, language, groups) if by else partial(readings, reader, threads)
    with making(pool, path) as work:
        with closing(Log(work.part / "read.jsonl", reader.settings)) as log:
            states = _read_all(pool, read, log, progress)
        _write(path, pool, model, states, groups)
        work.clear()


def _lacks_lists(path: Path, model: Model, pool: Pool) -> bool:
    """Whether all clips have been read, and just the lists of a large datastore are missing or stale."""
    try:
        with Arrays(path) as stored:
            read = is_large(stored) and usable(stored, header_of(model), _clips(pool))
            return read and not has_lists(stored)
    except (OSError, DamagedError):
        return False


def without(pool: Pool, indices: Sequence[int], model: Model, *, language: str, stores: Path) -> Pool:
    """Return a pool less some clips, with a datastore in `stores` as if those had never been there.

    Clips that were read behind them are read anew, each behind its nearest others of those that are left.

    Raises:
        PoolError: the pool has no datastore of this model.
    """
    others = replace(drop(pool, *indices), stores=stores)
    update(pool, others, model, language=language)
    return others


def update(
    old: Pool,
    new: Pool,
    model: Model,
    *,
    language: str,
    progress: Progress | None = None,
) -> None:
    """Write the datastore of a pool that differs from `old`, which has one, in some of its clips.

    Just those clips are read that are not in the old pool, or were read there behind other clips or with
    another text; both pools must have been read with the same `language`.

    Raises:
        PoolError: the old pool has no datastore of this model, or the new one was deleted meanwhile.
        AudioError: a clip cannot be read.
    """
    from smile.whisper.engines import clips_at_a_time

    stored, grouped = _stored(old, model)
    names = _names(old.utterances), _names(new.utterances)
    groups = carried(copies(old) if grouped is None else grouped, names[0], new, names[1])
    before = TeacherForcedPass(old, model, language, grouped or ())
    after = TeacherForcedPass(new, model, language, groups)
    known = {
        digest(u): (_names(before.before(number)), read)
        for number, (u, read) in enumerate(zip(old.utterances, stored, strict=True))
    }
    states = {
        number: known[digest(u)][1]
        for number, u in enumerate(new.utterances)
        if known.get(digest(u), (None,))[0] == _names(after.before(number))
    }
    missing = [number for number in range(len(new)) if number not in states]
    threads = clips_at_a_time(model.info.device)
    with closing(in_threads(after, missing, threads)) as read:
        for done, (number, reading) in enumerate(zip(missing, read, strict=True), len(states) + 1):
            states[number] = reading
            if progress:
                progress(done, len(new))
    reads = [states[number] for number in range(len(new))]
    _write(store_path(new, model), new, model, reads, groups)


def _names(utterances: Sequence[Utterance]) -> tuple[str, ...]:
    return tuple(digest(u) for u in utterances)


def _clips(pool: Pool) -> tuple[str, ...]:
    """The names of a pool's clips, made once for each open pool: a large one has many."""
    if pool not in _CLIPS:
        _CLIPS[pool] = _names(pool.utterances)
    return _CLIPS[pool]


def _stored(pool: Pool, model: Model) -> tuple[list[ClipStates], Groups | None]:
    """What was read of each clip of a pool, from its file, and its copies, if that says so."""
    if not present(pool, model):
        raise _unread(pool)
    path, names = store_path(pool, model), _names(pool.utterances)
    try:
        with Arrays(path) as stored:
            ends = np.cumsum(stored["lengths"])[:-1]
            parts = (np.split(stored[name], ends) for name in PARTS)
            reads = dict(zip(stored["clips"].tolist(), map(ClipStates, *parts), strict=True))
            groups = groups_in(stored.text("header"), names)
    except DamagedError as error:
        set_aside(path)
        raise _unread(pool) from error
    return [reads[name] for name in names], groups


def _read_all(pool: Pool, read: Read, log: Log, progress: Progress | None) -> list[ClipStates]:
    """What is in the log and what is read now, in the order of the pool."""
    names = _names(pool.utterances)
    missing = [number for number, name in enumerate(names) if log.get(name) is None]
    with closing(read(missing)) as readings:
        for done, (number, reading) in enumerate(readings, 1):
            log.add(names[number], reading)
            if progress:
                progress(len(names) - len(missing) + done, len(names))
    return [ClipStates.from_json(log.get(name)) for name in names]


def _write(path: Path, pool: Pool, model: Model, states: list[ClipStates], groups: Groups) -> None:
    make_folder(pool, path.parent)
    arrays = {name: np.concatenate([getattr(r, name) for r in states]) for name in PARTS}
    names = _names(pool.utterances)
    arrays["header"] = np.array(with_groups(header_of(model), groups, names))
    arrays["clips"] = np.array(names)
    arrays["lengths"] = np.array([len(r.tokens) for r in states])
    leftovers.sweep(path.parent)
    write_arrays(path, arrays)
    write_lists(path)


def present(pool: Pool, model: Model) -> bool:
    """Return whether the pool has a datastore of all its clips that this model can use.

    One that is damaged is set aside, so that it is made again.
    """
    path = store_path(pool, model)
    try:
        clips = _clips(pool)
        return path.is_file() and _present(path, _changed(path), header_of(model), clips)
    except DamagedError:
        set_aside(path)
        return False


def _changed(path: Path) -> tuple[int, ...]:
    """When a datastore's file and its lists last changed."""
    return tuple(each.stat().st_mtime_ns for each in (path, lists_path(path)) if each.is_file())


@lru_cache(maxsize=64)
def _present(path: Path, changed: tuple[int, ...], header: str, clips: tuple[str, ...]) -> bool:
    with Arrays(path) as stored:
        return usable(stored, header, clips) and (not is_large(stored) or has_lists(stored))


def open_store(pool: Pool, model: Model) -> Datastore:
    """Open the datastore of a pool's clips, with its adaptive weight fitted on them.

    Raises:
        PoolError: there is none, or it was made by another model or of other clips.
    """
    path = store_path(pool, model)
    store = None
    try:
        if path.is_file():
            store = _opened(path, _changed(path), header_of(model), _clips(pool))
    except DamagedError:
        set_aside(path)
    if store is None:
        raise _unread(pool)
    return store


def _unread(pool: Pool) -> PoolError:
    return PoolError(
        f"The pool {pool.folder} has not been read by this model; "
        f"read it with: {rebuild_command(pool.folder)} --knn"
    )


@lru_cache(maxsize=16)
def _opened(path: Path, changed: tuple[int, ...], header: str, clips: tuple[str, ...]) -> Datastore | None:
    """A datastore as it was when its files last `changed`; None where it is another's or lacks a clip."""
    with Arrays(path) as stored:
        if not usable(stored, header, clips):
            return None
        lengths, names = stored["lengths"], stored["clips"].tolist()
        places = {name: i for i, name in enumerate(clips)}
        owners = np.repeat([places.get(name, -1) for name in names], lengths)
        kept = owners >= 0
        groups = groups_in(stored.text("header"), clips) or ()
        logprob = stored["logprob"][kept].astype(np.float64)
        nats = -float(logprob.sum())
        if kept.sum() > LARGE_DATASTORE:
            large = open_large(stored, owners_of(groups, owners), stored["tokens"].astype(np.int64))
            return large and replace(large, nats=nats)
        keys = (stored.mapped("keys") if is_large(stored) else stored["keys"])[kept]
        if not np.isfinite(keys).all():  # of a large datastore they were not looked at yet
            raise DamagedError(path)
        tokens = stored["tokens"][kept]
        top = stored["top"][kept].astype(np.float64)
    owners = owners_of(groups, owners[kept])
    store = Datastore(keys.astype(np.float32), tokens.astype(np.int64), owners, nats=nats)
    weight = fit(store, Observed(logprob, top)) if len(np.unique(store.clips)) > 1 else None
    return replace(store, weight=weight)
