"""Heads fitted by workers are the heads that one process fits."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from math import ceil
from pathlib import Path
from typing import Any

import pytest

from smile.acoustic.building import Begin, Built, build, fit_to
from smile.acoustic.fitting_workers import FittingWorkers, HeadFitter, HeadTask, _away
from smile.acoustic.states import LayerStore, StatesId
from smile.acoustic.states_workers import CLIPS, StatesEncoder, StatesWorkers, _tasks
from smile.acoustic.store import form_of, head_path
from smile.datatypes import AudioError
from smile.pools.indexing import index
from smile.pools.pool import Pool, open_pool
from smile.util.arrays import Arrays
from smile.util.timing import finished
from smile.util.workers import Placement
from smile.whisper.carried import CarriedModels
from smile.whisper.engines.layers import multiplies_bfloat16
from smile.whisper.model import Model, Models, load_models
from tests.support.small_pools import contents
from tests.support.superb import superb
from tests.support.tiny import RECIPE, tiny_whisper

RECIPES = (RECIPE, replace(RECIPE, seed=1), replace(RECIPE, seed=2))


@pytest.fixture(scope="module")
def arguments(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Of `load_models`."""
    folder = tiny_whisper(tmp_path_factory.mktemp("model") / "tiny")
    return {"model": str(folder), "precision": "float32", "adapter": None}


@pytest.fixture(scope="module")
def model(arguments: dict[str, Any]) -> Model:
    return load_models(**arguments).smile


@pytest.fixture
def pool(model: Model, tmp_path: Path) -> Callable[[str], Pool]:
    superb(tmp_path / "corpus", train=5, test=1)
    made = index(tmp_path / "corpus" / "gle", tmp_path / "first", Models(model, model)).pool

    def copied(name: str) -> Pool:
        return open_pool(Path(shutil.copytree(made.folder, tmp_path / name)))

    return copied


def arrays(pool: Pool, model: Model) -> dict[str, bytes]:
    with Arrays(head_path(pool, StatesId.of(model, RECIPE.layers), RECIPE.normaliser)) as stored:
        return {name: stored[name].tobytes() for name in stored.names}


def test_workers_fit_the_same_heads(pool: Callable[[str], Pool], model: Model) -> None:
    one, two = pool("one"), pool("two")
    here: Built = finished(build(one, model, RECIPES))
    told = []
    steps = build(two, model, RECIPES, by=FittingWorkers(Placement(2)))
    while True:
        try:
            told.append(next(steps))
        except StopIteration as end:
            there: Built = end.value
            break
    assert len(there.heads) == len(here.heads) == 3
    assert arrays(two, model) == arrays(one, model)
    assert [(said.done, said.of) for said in told if said.stage == "fitting"] == [(1, 3), (2, 3), (3, 3)]


def test_workers_make_the_same_states(
    pool: Callable[[str], Pool], model: Model, arguments: dict[str, Any]
) -> None:
    recipes = tuple(replace(recipe, speeds=(0.9, 1.0, 1.1)) for recipe in RECIPES[:2])
    one, two = pool("one"), pool("two")
    finished(build(one, model, recipes))
    made = {name: data for name, data in contents(one.folder).items() if name.startswith("layers-")}
    assert len(made) == 1 + 3 * len(one)
    gone = LayerStore.of(two, StatesId.of(model, RECIPE.layers))
    assert list(gone.encode(model, two.utterances[:1])) == [(1, 1)]  # what is there is not made again
    here = StatesWorkers(Placement(2), arguments, Models(model, model))
    told = list(here.encode(gone, two.utterances, recipes[0].speeds))
    assert told[-1] == (3 * len(two), 3 * len(two))
    assert len(told) == ceil(len(two) / CLIPS)
    assert {name: data for name, data in contents(two.folder).items() if name.startswith("layers-")} == made
    assert list(here.encode(gone, two.utterances, recipes[0].speeds)) == []
    finished(build(two, model, recipes, by=FittingWorkers(Placement(2), here)))
    assert arrays(two, model) == arrays(one, model)


def test_states_are_made_of_clips_that_travel(
    pool: Callable[[str], Pool], model: Model, arguments: dict[str, Any]
) -> None:
    one = pool("one")
    store = LayerStore.of(one, StatesId.of(model, RECIPE.layers))
    _, missing = store.missing(one.utterances, (1.0, 1.1))
    tasks = list(_tasks(missing, carried=True))
    assert sorted(name for task in tasks for name in task.takes) == sorted(missing)
    assert [len(task.data) for task in tasks[:-1]] == [CLIPS] * (len(tasks) - 1)
    list(store.encode(model, one.utterances, (1.0, 1.1)))
    here = {path.name: path.read_bytes() for path in store.folder.glob("*.npy")}
    shutil.rmtree(one.folder)
    encoder = StatesEncoder(CarriedModels.of(arguments, False, Models(model, model)), store.made_by)
    for task in tasks:
        for name, states in encoder(task).items():
            store.folder.mkdir(parents=True, exist_ok=True)
            store.write(name, states)
    assert {path.name: path.read_bytes() for path in store.folder.glob("*.npy")} == here


def test_a_clip_that_cannot_be_read_is_told(
    pool: Callable[[str], Pool], model: Model, arguments: dict[str, Any]
) -> None:
    one = pool("one")
    one.utterances[0].audio.write_bytes(b"no sound")
    workers = StatesWorkers(Placement(2), arguments, Models(model, model))
    store = LayerStore.of(one, StatesId.of(model, RECIPE.layers))
    with pytest.raises(AudioError, match="cannot be decoded"):
        list(workers.encode(store, one.utterances, (1.0,)))


def test_a_fit_carries_its_pool_and_states(pool: Callable[[str], Pool], model: Model) -> None:
    one = pool("one")
    store, form = LayerStore.of(one, StatesId.of(model, RECIPE.layers)), form_of(one, RECIPE.normaliser)
    list(store.encode(model, one.utterances))
    here = finished(fit_to(one.utterances, store, form, RECIPE))
    others = store.folder / f"{'0' * 16}-1.1.npy"
    others.write_bytes(b"of a clip that is no more")
    away = _away(one, store)
    assert others.name not in {name for name, _ in away.states.files}
    fitter = HeadFitter(away, store.folder, store.made_by, form, multiplies_bfloat16())
    shutil.rmtree(one.folder)
    there = fitter(HeadTask("head 1", RECIPE, Begin()))
    assert there.left_out == here.left_out
    assert {n: w.tobytes() for n, w in there.head.weights.items()} == {
        n: w.tobytes() for n, w in here.head.weights.items()
    }
