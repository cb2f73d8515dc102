"""A pool's datastore on disk: what the decoder made of every clip, read with its own text.

The file lies in the pool's folder and belongs to one recognizer; another is refused with what to do.
Reading may be broken off after any clip, and goes on there.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from smile.datatypes import DamagedError, PoolError, Recognizer, RecognizerInfo, Utterance
from smile.decoding.knn.datastore import Datastore, Observed, fit
from smile.decoding.knn.reading import TYPES, Read, Reader, digest
from smile.pools.pool import Pool, rebuild_command
from smile.pools.subsets import less
from smile.settings import WINDOWS
from smile.util import leftovers
from smile.util.arrays import Arrays, write_arrays
from smile.util.storage import Log, set_aside, work_folder
from smile.whisper.tokenizer import Vocabulary

FORMAT = 2
PARTS = ("keys", "tokens", "logprob", "top")
Progress = Callable[[int, int], None]  # clips done, clips in all


def store_path(pool: Pool, info: RecognizerInfo) -> Path:
    """Where the datastore of a pool and a recognizer lies: each adapter has its own."""
    return (pool.stores or pool.folder) / f"tokens-{info.adapter_hash or 'base'}.npz"


def build(
    pool: Pool,
    recognizer: Recognizer,
    vocabulary: Vocabulary,
    *,
    language: str,
    windows: Sequence[float] = WINDOWS,
    progress: Progress | None = None,
    threads: int = 0,
) -> None:
    """Read every clip of a pool and write its datastore; `language` is the token of the prompts.

    So many `threads` read a clip each, 0: as many as torch would use; the datastore is the same. What
    an interrupted run has read is not read again.

    Raises:
        PoolError: another process is reading this pool.
        AudioError: a clip cannot be read.
    """
    from smile.whisper.engines import clips_at_a_time

    path, reader = store_path(pool, recognizer.info), Reader(pool, recognizer, vocabulary, language, windows)
    threads = threads or clips_at_a_time(recognizer.info.device)
    with work_folder(path, ()) as work:
        with closing(Log(work.part / "read.jsonl", reader.settings)) as log:
            found = _read_all(pool, reader, log, threads, progress)
        _write(path, pool, recognizer.info, found)
        work.clear()


def without(
    pool: Pool,
    index: int,
    recognizer: Recognizer,
    vocabulary: Vocabulary,
    *,
    language: str,
    stores: Path,
    windows: Sequence[float] = WINDOWS,
) -> Pool:
    """A pool less one clip, with a datastore in `stores` as if that clip had never been there.

    Clips that were read behind it are read anew, each behind its nearest others of those that are left.

    Raises:
        PoolError: the pool has no datastore of this recognizer.
    """
    others = replace(less(pool, index), stores=stores)
    update(pool, others, recognizer, vocabulary, language=language, windows=windows)
    return others


def update(
    old: Pool,
    new: Pool,
    recognizer: Recognizer,
    vocabulary: Vocabulary,
    *,
    language: str,
    windows: Sequence[float] = WINDOWS,
    progress: Progress | None = None,
) -> None:
    """Write the datastore of a pool that differs from `old`, which has one, in some of its clips.

    Just those clips are read that are not in the old pool, or were read there behind other clips or with
    another text; both pools must have been read with the same `language`.

    Raises:
        PoolError: the old pool has no datastore of this recognizer.
        AudioError: a clip cannot be read.
    """
    from smile.whisper.engines import clips_at_a_time

    before, after = (Reader(p, recognizer, vocabulary, language, windows) for p in (old, new))
    known = {
        digest(u): (_names(before.before(number)), read)
        for number, (u, read) in enumerate(zip(old.utterances, _stored(old, recognizer.info), strict=True))
    }
    found = {
        number: known[digest(u)][1]
        for number, u in enumerate(new.utterances)
        if known.get(digest(u), (None,))[0] == _names(after.before(number))
    }
    missing = [number for number in range(len(new)) if number not in found]
    threads = clips_at_a_time(recognizer.info.device)
    with closing(_side_by_side(after, missing, threads)) as readings:
        for done, (number, reading) in enumerate(zip(missing, readings, strict=True), len(found) + 1):
            found[number] = reading
            if progress:
                progress(done, len(new))
    reads = [found[number] for number in range(len(new))]
    path = store_path(new, recognizer.info)
    path.parent.mkdir(parents=True, exist_ok=True)
    _write(path, new, recognizer.info, reads)


def _names(utterances: Sequence[Utterance]) -> tuple[str, ...]:
    return tuple(digest(u) for u in utterances)


def _stored(pool: Pool, info: RecognizerInfo) -> list[Read]:
    """What was read of each clip of a pool, from its file."""
    if not present(pool, info):
        raise _unread(pool)
    path = store_path(pool, info)
    try:
        with Arrays(path) as stored:
            ends = np.cumsum(stored["lengths"])[:-1]
            parts = (np.split(stored[name], ends) for name in PARTS)
            reads = dict(zip(stored["clips"].tolist(), map(Read, *parts), strict=True))
    except DamagedError as error:
        set_aside(path)
        raise _unread(pool) from error
    return [reads[digest(u)] for u in pool.utterances]


def _read_all(pool: Pool, reader: Reader, log: Log, threads: int, progress: Progress | None) -> list[Read]:
    """What is in the log and what is read now, in the order of the pool."""
    names = _names(pool.utterances)
    missing = [number for number, name in enumerate(names) if log.get(name) is None]
    with closing(_side_by_side(reader, missing, threads)) as readings:
        for done, (number, reading) in enumerate(zip(missing, readings, strict=True), 1):
            log.add(names[number], reading.to_json())
            if progress:
                progress(len(names) - len(missing) + done, len(names))
    return [Read.from_json(log.get(name)) for name in names]


def _side_by_side(reader: Reader, numbers: Sequence[int], threads: int) -> Generator[Read]:
    """Clips read, in order; no more is begun than one beside those at work, so that it soon ends."""
    from smile.whisper.engines import compute_alone

    executor, begun = ThreadPoolExecutor(threads, initializer=compute_alone), deque[Future[Read]]()
    try:
        for number in numbers:
            begun.append(executor.submit(reader, number))
            if len(begun) > threads:
                yield begun.popleft().result()
        while begun:
            yield begun.popleft().result()
    finally:
        executor.shutdown(cancel_futures=True)


def _write(path: Path, pool: Pool, info: RecognizerInfo, found: list[Read]) -> None:
    arrays = {name: np.concatenate([getattr(r, name) for r in found]) for name in PARTS}
    arrays["header"] = np.array(json.dumps({"format": FORMAT, "recognizer": asdict(info)}))
    arrays["clips"] = np.array([digest(u) for u in pool.utterances])
    arrays["lengths"] = np.array([len(r.tokens) for r in found])
    leftovers.sweep(path.parent)
    write_arrays(path, arrays)


def present(pool: Pool, info: RecognizerInfo) -> bool:
    """Whether the pool has a datastore of all its clips that this recognizer can use.

    One that is damaged is set aside, so that it is made again.
    """
    path = store_path(pool, info)
    try:
        return path.is_file() and _present(path, path.stat().st_mtime_ns, info, _names(pool.utterances))
    except DamagedError:
        set_aside(path)
        return False


@lru_cache(maxsize=64)
def _present(path: Path, changed: int, info: RecognizerInfo, clips: tuple[str, ...]) -> bool:
    with Arrays(path) as stored:
        return _usable(stored, info, clips)


def open_store(pool: Pool, info: RecognizerInfo) -> Datastore:
    """The datastore of a pool's clips, with its gate fitted on them.

    Raises:
        PoolError: there is none, or it was made by another recognizer or of other clips.
    """
    path = store_path(pool, info)
    store = None
    try:
        if path.is_file():
            store = _opened(path, path.stat().st_mtime_ns, info, _names(pool.utterances))
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
def _opened(path: Path, changed: int, info: RecognizerInfo, clips: tuple[str, ...]) -> Datastore | None:
    """A datastore as it was when its file last `changed`; None where it is another's or lacks a clip."""
    with Arrays(path) as stored:
        if not _usable(stored, info, clips):
            return None
        lengths, names = stored["lengths"], stored["clips"].tolist()
        places = {name: i for i, name in enumerate(clips)}
        owners = np.repeat([places.get(name, -1) for name in names], lengths)
        kept = owners >= 0
        keys, tokens = (stored[name][kept] for name in ("keys", "tokens"))
        logprob, top = (stored[name][kept].astype(np.float64) for name in ("logprob", "top"))
    store = Datastore(keys.astype(np.float32), tokens.astype(np.int64), owners[kept])
    gate = fit(store, Observed(logprob, top)) if len(clips) > 1 else None
    return replace(store, gate=gate)


def _usable(stored: Arrays, info: RecognizerInfo, clips: tuple[str, ...]) -> bool:
    """Whether an open file knows all the clips, read with these weights, this adapter and this precision.

    The engine and the device may differ.

    Raises:
        DamagedError: it is damaged anywhere.
    """
    try:
        header = json.loads(stored.text("header"))
        made, wanted = header.get("recognizer", {}), asdict(info)
        alike = all(made.get(key) == wanted[key] for key in ("encoder", "adapter_hash", "precision"))
        if header.get("format") != FORMAT or not alike:
            return False
    except (ValueError, AttributeError, RecursionError) as error:
        raise DamagedError(stored.path) from error
    _check(stored)
    return set(clips) <= set(stored["clips"].tolist())


def _check(stored: Arrays) -> None:
    """DamagedError where the parts do not fit each other, or are no numbers."""
    lengths, clips = stored["lengths"], stored["clips"]
    parts = {name: stored[name] for name in PARTS}
    if (
        (lengths.dtype.kind, lengths.ndim, clips.dtype.kind, clips.shape) != ("i", 1, "U", lengths.shape)
        or lengths.min(initial=0) < 0
        or any(part.dtype != TYPES[name] or len(part) != lengths.sum() for name, part in parts.items())
        or [part.ndim for part in parts.values()] != [2, 1, 1, 1]
        or not all(np.isfinite(part).all() for part in parts.values())
        or parts["tokens"].min(initial=0) < 0
    ):
        raise DamagedError(stored.path)
