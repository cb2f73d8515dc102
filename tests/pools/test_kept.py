"""What is made of a pool is written where the pool is, and nowhere once that was deleted."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from smile.acoustic import building
from smile.acoustic.calibrating import NO_WORDS, write_words
from smile.acoustic.states import LayerStore
from smile.datatypes import PoolError
from smile.decoding.knn import store as token_store
from smile.decoding.knn.teacher_forcing import ClipStates
from smile.pools import kept
from smile.pools.pool import Pool
from tests.support.made_states import READS
from tests.support.small_pools import MODEL, contents, indexed, small_pool


def heads(pool: Pool) -> None:
    next(building.build(pool, MODEL))


def states(pool: Pool) -> None:
    next(LayerStore.of(pool, READS).encode(MODEL, pool.utterances))


def words(pool: Pool) -> None:
    write_words(pool, READS, NO_WORDS)


def datastore(pool: Pool) -> None:
    numbers = np.ones(3, np.float32)
    read = ClipStates(np.ones((3, 4), np.float16), np.arange(3, dtype=np.int32), -numbers, numbers)
    token_store._write(token_store.store_path(pool, MODEL), pool, MODEL, [read, read], ())


@pytest.fixture(autouse=True)
def depth(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building.StatesId, "of", classmethod(lambda *_: READS))


@pytest.mark.parametrize("make", [heads, states, words, datastore])
@pytest.mark.parametrize("beside", [False, True])
def test_nothing_brings_back_the_folder_of_a_deleted_pool(tmp_path: Path, make: Any, beside: bool) -> None:
    pool = indexed(tmp_path / "visitor" / "pools" / "0001")
    if beside:
        pool = replace(pool, stores=pool.folder / "12clips", states=tmp_path / "visitor" / "states")
    shutil.rmtree(tmp_path / "visitor")
    with pytest.raises(PoolError, match="was deleted"):
        make(pool)
    assert not (tmp_path / "visitor").exists()


def test_of_a_pool_that_is_there_it_is_written_where_it_belongs(tmp_path: Path) -> None:
    pool = kept.kept_beside(indexed(tmp_path / "pool"), tmp_path / "cache" / "base" / "pool")
    words(pool)
    datastore(pool)
    names = [name.split("-")[0] for name in sorted(contents(tmp_path / "cache"))]
    assert names == [
        "base/pool.tokens/confidence",
        "base/pool.tokens/tokens",
    ]


def test_a_pool_that_is_deleted_while_a_folder_is_made_leaves_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool, folder = small_pool(tmp_path / "pool"), tmp_path / "cache" / "one" / "two"
    real = Path.mkdir

    def mkdir(path: Path, *args: Any, **named: Any) -> None:
        real(path, *args, **named)
        shutil.rmtree(pool.folder, ignore_errors=True)

    monkeypatch.setattr(Path, "mkdir", mkdir)
    with pytest.raises(PoolError, match="was deleted"):
        kept.make_folder(pool, folder)
    assert not (tmp_path / "cache").exists()


def test_a_pool_that_is_deleted_while_something_is_made_of_it_is_told(tmp_path: Path) -> None:
    pool = small_pool(tmp_path / "pool")

    def made() -> None:
        with kept.making(pool, pool.folder / "made.npz") as work:
            shutil.rmtree(pool.folder)
            (work.part / "new").write_bytes(b"")

    with pytest.raises(PoolError, match="was deleted"):
        made()
    assert not pool.folder.exists()
