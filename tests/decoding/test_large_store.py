"""A large datastore: its keys stay on the disk, its lists belong to it, and what it finds is near."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from smile.datatypes import PoolError, Utterance
from smile.decoding.knn import large
from smile.decoding.knn import store as token_store
from smile.decoding.knn.datastore import NEIGHBOURS, Datastore, KnnLM
from smile.decoding.knn.large import LargeDatastore, lists_path
from smile.decoding.knn.lists import ARRAYS, Lists
from smile.decoding.knn.teacher_forcing import ClipStates
from smile.decoding.processors import Beam
from smile.pools.pool import Pool, open_pool, order_digest, write_pool
from smile.util.arrays import Arrays, write_arrays
from tests.support.small_pools import ENCODER, MODEL, small_pool

CLIPS, EACH, WIDTH, VOCABULARY = 60, 40, 32, 50


def readings(seed: int = 0) -> list[ClipStates]:
    """Clips whose keys lie about 50 centres, each with a token of its own."""
    centres = np.random.default_rng(99).normal(0, 10, (VOCABULARY, WIDTH))
    generator = np.random.default_rng(seed)
    made = []
    for _ in range(CLIPS):
        tokens = generator.integers(0, VOCABULARY, EACH).astype(np.int32)
        keys = (centres[tokens] + generator.normal(0, 2, (EACH, WIDTH))).astype(np.float16)
        doubtful = np.full(EACH, np.log(0.2), np.float32), np.full(EACH, 0.3, np.float32)
        made.append(ClipStates(keys, tokens, *doubtful))
    return made


def pool_in(folder: Path) -> Pool:
    sound = small_pool(folder).utterances[0].audio
    clips = []
    for number in range(CLIPS):
        shutil.copy(sound, folder / "audio" / f"{number}.wav")
        path = folder / "audio" / f"{number}.wav"
        clips.append(Utterance(f"u{number}", path, f"text {number}", "mdw", seconds=1.0))
    header = replace(open_pool(folder).header, encoder=ENCODER, windows=(30.0,), order=order_digest(clips))
    write_pool(folder, header, clips, np.eye(CLIPS, 3, dtype=np.float32))
    return open_pool(folder)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what has more than 1,000 keys be large."""
    for module in (large, token_store):
        monkeypatch.setattr(module, "LARGE_DATASTORE", 1_000)


@pytest.fixture
def pool(few: None, tmp_path: Path) -> Pool:
    """A pool with a large datastore."""
    made = pool_in(tmp_path / "pool")
    written(made)
    return made


def written(pool: Pool, seed: int = 0) -> Path:
    path = token_store.store_path(pool, MODEL)
    token_store._write(path, pool, MODEL, readings(seed), ())
    return path


def slow(keys: np.ndarray, hidden: np.ndarray, counted: np.ndarray) -> np.ndarray:
    squares = ((keys.astype(np.float32) - hidden) ** 2).sum(axis=1)
    squares[~counted] = np.inf
    return np.argsort(squares, kind="stable")[:NEIGHBOURS]


def test_keys_are_mapped_and_nearly_all_near_ones_found(pool: Pool) -> None:
    store = token_store.open_store(pool, MODEL)
    assert isinstance(store, LargeDatastore)
    assert isinstance(store.keys, np.memmap)
    assert store.weight is not None
    hits = []
    for hidden in readings(1)[0].keys.astype(np.float32):
        squares, indices = store.nearest(hidden[None])
        exact = ((store.keys[indices[0]].astype(np.float32) - hidden) ** 2).sum(axis=1)
        np.testing.assert_allclose(squares[0], exact, rtol=1e-5)
        expected = slow(store.keys, hidden, np.ones(len(store.keys), bool))
        hits.append(np.isin(expected, indices[0]).mean())
    assert np.mean(hits) > 0.95


def test_a_clip_s_own_keys_do_not_count(pool: Pool) -> None:
    store = token_store.open_store(pool, MODEL)
    _, indices = store.nearest(store.keys[:EACH].astype(np.float32), without=0)
    assert not (store.clips[indices] == 0).any()


def test_the_weight_is_about_that_of_all_positions(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    approximate = token_store.open_store(pool, MODEL).weight
    monkeypatch.setattr(token_store, "LARGE_DATASTORE", 10**6)
    monkeypatch.setattr(large, "LARGE_DATASTORE", 10**6)
    token_store._opened.cache_clear()
    exact = token_store.open_store(pool, MODEL)
    assert type(exact) is Datastore
    assert approximate is not None
    assert exact.weight is not None
    facts = np.array([exact.weight.scale]), np.array([0.3])
    assert approximate(*facts)[0] == pytest.approx(exact.weight(*facts)[0], abs=0.05)


def test_a_step_mixes_the_neighbours_token_in(pool: Pool) -> None:
    store, read = token_store.open_store(pool, MODEL), readings(1)[0]
    mixed = KnnLM(store)(np.zeros(VOCABULARY, np.float32), Beam(), read.keys[0].astype(np.float32))
    assert int(mixed.argmax()) == read.tokens[0]
    assert np.exp(mixed).sum() == pytest.approx(1, abs=1e-4)


def test_clips_that_left_the_pool_do_not_count_and_few_keys_are_searched_exactly(pool: Pool) -> None:
    for kept, kind in ((40, LargeDatastore), (10, Datastore)):
        fewer = replace(pool, utterances=pool.utterances[:kept], embeddings=pool.embeddings[:kept])
        store = token_store.open_store(fewer, MODEL)
        assert type(store) is kind
        hidden = readings(1)[0].keys[:5].astype(np.float32)
        _, indices = store.nearest(hidden)
        owners = np.repeat(np.arange(CLIPS), EACH)[indices]
        assert owners.max() < kept


def test_where_lists_give_too_few_all_keys_are_measured(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large, "CANDIDATES", NEIGHBOURS - 1)
    store = token_store.open_store(pool, MODEL)
    for hidden in readings(1)[0].keys[:5].astype(np.float32):
        _, indices = store.nearest(hidden[None], without=3)
        assert set(indices[0]) == set(slow(store.keys, hidden, store.clips != 3))


def test_lists_of_another_file_are_refused_and_made_anew(pool: Pool) -> None:
    path = token_store.store_path(pool, MODEL)
    old = lists_path(path).read_bytes()
    written(pool, seed=5)
    lists_path(path).write_bytes(old)
    assert not token_store.present(pool, MODEL)
    with pytest.raises(PoolError, match="has not been read"):
        token_store.open_store(pool, MODEL)
    before = path.read_bytes()
    token_store.build(pool, MODEL, language="en")
    assert path.read_bytes() == before
    assert token_store.present(pool, MODEL)


@pytest.mark.parametrize("cut", [0, 30, 1000])
def test_damaged_lists_are_set_aside(pool: Pool, cut: int) -> None:
    path = lists_path(token_store.store_path(pool, MODEL))
    path.write_bytes(path.read_bytes()[:cut])
    assert not token_store.present(pool, MODEL)
    assert path.with_name(f"{path.name}.damaged").is_file()
    token_store.build(pool, MODEL, language="en")
    assert isinstance(token_store.open_store(pool, MODEL), LargeDatastore)


def _twice(arrays: dict[str, Any]) -> None:
    arrays["rows"] = arrays["rows"].copy()
    arrays["rows"][0] = arrays["rows"][1]


def _far(arrays: dict[str, Any]) -> None:
    arrays["rows"] = arrays["rows"] + 10**6


def _immense(arrays: dict[str, Any]) -> None:
    arrays["rows"] = arrays["rows"].copy()
    arrays["rows"][0] = 10**13


def _wrapped(arrays: dict[str, Any]) -> None:
    """Sizes whose sum is right only where it wraps."""
    sizes = np.zeros_like(arrays["sizes"])
    sizes[:4] = 2**62
    sizes[4:5] = arrays["sizes"].sum()
    arrays["sizes"] = sizes


def _narrow(arrays: dict[str, Any]) -> None:
    arrays["centroids"] = arrays["centroids"][:, :-1]


def _short(arrays: dict[str, Any]) -> None:
    arrays["codes"] = arrays["codes"][:-1]


def _long(arrays: dict[str, Any]) -> None:
    arrays["sizes"] = arrays["sizes"] + 1


def _typed(arrays: dict[str, Any]) -> None:
    arrays["codes"] = arrays["codes"].astype(np.int16)


def _unlike(arrays: dict[str, Any]) -> None:
    arrays["centroids"] = arrays["centroids"] * np.float32("nan")


@pytest.mark.parametrize(
    "change", [_twice, _far, _immense, _wrapped, _narrow, _short, _long, _typed, _unlike]
)
def test_lists_that_lie_are_set_aside(pool: Pool, change: Any) -> None:
    path = lists_path(token_store.store_path(pool, MODEL))
    with Arrays(path) as stored:
        arrays = {name: stored[name] for name in stored.names}
    change(arrays)
    write_arrays(path, arrays)
    assert not token_store.present(pool, MODEL)
    assert not path.exists()


def test_keys_that_are_no_numbers_are_no_neighbours(pool: Pool) -> None:
    store = token_store.open_store(pool, MODEL)
    keys = np.array(store.keys)
    keys[::2] = np.nan
    _, indices = replace(store, keys=keys).nearest(readings(1)[0].keys[:5].astype(np.float32))
    assert (indices % 2 == 1).any()
    squares, _ = replace(store, keys=keys).nearest(readings(1)[0].keys[:5].astype(np.float32))
    assert not np.isnan(squares).any()


def test_lists_survive_being_written() -> None:
    keys = np.concatenate([r.keys for r in readings()])
    lists = Lists.of(keys)
    again = Lists.checked(lists.arrays(), *keys.shape)
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(lists, name), getattr(again, name))
    hidden = readings(1)[0].keys.astype(np.float32)
    np.testing.assert_array_equal(lists.near(hidden, 60), again.near(hidden, 60))


def test_a_small_datastore_has_no_lists(tmp_path: Path) -> None:
    path = written(pool_in(tmp_path / "pool"))
    assert not lists_path(path).exists()
