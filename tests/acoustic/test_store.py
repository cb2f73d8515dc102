"""A pool's head on disk: made of real recordings by a tiny Whisper, refused where it belongs to others."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from smile.acoustic import building, store
from smile.acoustic.states import LayerStore, StatesId, bytes_for, layer_normed, layer_states
from smile.audio.io import read_audio
from smile.datatypes import PoolError, SmileError
from smile.pools.pool import Pool
from smile.settings import VERSIONS
from smile.util.timing import finished
from smile.whisper.engines import own_device, zero
from smile.whisper.model import Model, load_models
from tests.conftest import ROOT
from tests.support.tiny import COUNT, RECIPE, tiny_whisper


@pytest.fixture
def reads(model: Model) -> StatesId:
    return StatesId.of(model, RECIPE.layers)


def test_a_head_is_made_and_found_again(pool: Pool, model: Model, reads: StatesId) -> None:
    said = []
    steps = building.build(pool, model, (RECIPE,))
    while True:
        try:
            said.append(next(steps))
        except StopIteration as done:
            fitted = done.value
            break
    ends = [p for p in said if p.stage == "encoding" or p.loss is not None]
    assert [(p.stage, p.done, p.of) for p in ends] == [
        *(("encoding", i + 1, 3 * COUNT) for i in range(3 * COUNT)),
        *(("fitting", i + 1, 3) for i in range(3)),
    ]
    opened = store.open_head(pool, reads)
    states = layer_states(model, read_audio(pool.utterances[0].audio), RECIPE.layers)
    np.testing.assert_array_equal(opened(states), fitted.heads[0](states))
    assert store.present(pool, reads)
    assert not list(pool.folder.glob("*.part"))
    assert fitted.left_out == ()


def test_a_head_is_fitted_on_the_cpu_where_only_the_engine_has_the_gpu(
    pool: Pool, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model.recognizer, "info", replace(model.info, device="cuda"))
    assert own_device(model.info) == "cuda"
    monkeypatch.setattr(zero, "present", lambda: True)
    assert finished(building.build(pool, model, (RECIPE,))).heads


def test_states_are_those_of_the_encoder(pool: Pool, model: Model, reads: StatesId) -> None:
    states = LayerStore.of(pool, reads)
    assert len(list(states.encode(model, pool.utterances))) == COUNT
    clip = pool.utterances[1]
    _, outputs = model.encode_layers(read_audio(clip.audio), RECIPE.layers)
    kept = states.states_of(clip)
    assert kept.dtype == np.float16
    assert kept.shape == (1, round(clip.seconds * 50) + 10, model.recognizer.width)
    np.testing.assert_allclose(kept, layer_normed(outputs[:, : kept.shape[1]]), atol=3e-3)
    seconds = sum(u.seconds for u in pool.utterances)
    assert states.bytes == pytest.approx(bytes_for(seconds, COUNT, model.recognizer.width, 1), rel=0.1)


def test_only_what_is_missing_is_encoded(pool: Pool, model: Model, reads: StatesId) -> None:
    states = LayerStore.of(pool, reads)
    steps = states.encode(model, pool.utterances)
    next(steps)
    steps.close()
    corrected = tuple(replace(u, text=u.text + " a") for u in pool.utterances)
    assert list(states.encode(model, corrected)) == [(n, COUNT) for n in range(2, COUNT + 1)]
    assert list(states.encode(model, corrected)) == []
    path = next(states.folder.glob("*.npy"))
    path.write_bytes(path.read_bytes()[:-7])
    assert len(list(states.encode(model, corrected))) == 1
    states.keep_only(pool.utterances[:2])
    assert [states.found(u) is not None for u in pool.utterances] == [True, True, False, False, False]
    with pytest.raises(PoolError, match="encode the pool"):
        states.states_of(pool.utterances[4])


def test_states_at_other_speeds_lie_beside_the_clip_s_own(pool: Pool, model: Model, reads: StatesId) -> None:
    states, speeds = LayerStore.of(pool, reads), (1.0, 0.8, 1.25)
    missing = states.missing_bytes(pool.utterances, model.recognizer.width, speeds)
    assert len(list(states.encode(model, pool.utterances, speeds))) == 3 * COUNT
    assert states.bytes == pytest.approx(missing, rel=0.1)
    assert states.missing_bytes(pool.utterances, model.recognizer.width, speeds) == 0
    clip = pool.utterances[1]
    for speed in speeds:
        assert states.states_of(clip, speed).shape[1] == pytest.approx(clip.seconds / speed * 50 + 10, abs=1)
    slow = layer_states(model, read_audio(clip.audio), RECIPE.layers, 0.8)
    np.testing.assert_allclose(states.states_of(clip, 0.8), slow, atol=3e-3)
    assert list(states.encode(model, pool.utterances, speeds)) == []
    states.keep_only(pool.utterances[:1])
    assert len(list(states.folder.glob("*.npy"))) == 3


def test_a_clip_that_a_speed_makes_longer_than_a_window_is_read_at_its_own(pool: Pool, model: Model) -> None:
    short = replace(model, windows=(max(u.seconds for u in pool.utterances) + 0.1,))
    states = LayerStore.of(pool, StatesId.of(short, RECIPE.layers))
    list(states.encode(short, pool.utterances, (1.0, 0.5)))
    longest = max(pool.utterances, key=lambda u: u.seconds)
    assert states.found(longest) is not None
    assert states.found(longest, 0.5) is None
    assert states.missing_bytes(pool.utterances, model.recognizer.width, (1.0, 0.5)) == 0
    recipe = replace(RECIPE, speeds=(1.0, 0.5))
    steps = building.fit_to([longest], states, store.form_of(pool, RECIPE.normaliser), recipe)
    assert finished(steps).left_out == ()


def test_several_heads_are_fitted_side_by_side_and_kept_together(
    pool: Pool, model: Model, reads: StatesId
) -> None:
    recipes = (RECIPE, replace(RECIPE, seed=1, further=2, effort=2.0))
    said = [p for p in building.build(pool, model, recipes) if p.loss is not None]
    assert (said[-1].done, said[-1].of) == (9, 9)
    assert len(said) == 9
    opened = store.open_heads(pool, reads)
    states = layer_states(model, read_audio(pool.utterances[0].audio), RECIPE.layers)
    alone = finished(building.build(replace(pool, stores=pool.folder / "alone"), model, recipes[1:])).heads[0]
    np.testing.assert_array_equal(opened[1](states), alone(states))
    assert not np.array_equal(opened[0](states), opened[1](states))
    again = [p for p in building.build(pool, model, recipes, opened) if p.loss is not None]
    assert len(again) == 2 * 3


def test_more_characters_than_a_head_can_write_are_a_sentence(
    pool: Pool, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(building, "MOST_SYMBOLS", 5)
    with pytest.raises(PoolError, match="different characters; an acoustic model writes 4 at most"):
        finished(building.build(pool, model, (RECIPE,)))
    assert not list(pool.folder.glob("acoustic-*.npz"))


@pytest.mark.parametrize("wrong", [np.array(["a"]), np.array([None, {}], object), np.array([np.nan])])
def test_a_head_with_other_values_is_set_aside(
    pool: Pool, model: Model, reads: StatesId, wrong: np.ndarray
) -> None:
    finished(building.build(pool, model, (RECIPE,)))
    path = store.head_path(pool, reads)
    with np.load(path) as saved:
        values = {**saved, "0/mix": wrong}
    np.savez(path, **values)
    assert not store.present(pool, reads)
    assert path.with_name(f"{path.name}.damaged").is_file()


def test_states_of_removed_clips_go_with_the_next_fit(pool: Pool, model: Model, reads: StatesId) -> None:
    finished(building.build(pool, model, (RECIPE,)))
    fewer = replace(pool, utterances=pool.utterances[:3])
    assert {p.stage for p in building.build(fewer, model, (RECIPE,))} == {"fitting"}
    assert len(list(LayerStore.of(pool, reads).folder.glob("*.npy"))) == 3 * len(RECIPE.speeds)


def test_states_made_by_something_else_are_not_taken(pool: Pool, model: Model, reads: StatesId) -> None:
    list(LayerStore.of(pool, reads).encode(model, pool.utterances))
    header = LayerStore.of(pool, reads).folder / "header.json"
    changed = json.loads(header.read_text())
    changed["made_by"]["encoder"]["pooling"] = "another"
    header.write_text(json.dumps(changed))
    assert len(list(LayerStore.of(pool, reads).encode(model, pool.utterances))) == COUNT


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"precision": "int8"}, "another precision"),
        ({"layers": (2,)}, "other encoder layers"),
        ({"windows": (30.0,)}, "other audio windows"),
        ({"encoder": "another"}, "another encoder"),
    ],
)
def test_a_head_of_other_states_is_refused(
    pool: Pool, model: Model, reads: StatesId, change: dict, said: str
) -> None:
    finished(building.build(pool, model, (RECIPE,)))
    if "encoder" in change:
        change = {"encoder": replace(reads.encoder, weights="0" * 12)}
    other = replace(reads, **change)
    with pytest.raises(PoolError, match="no acoustic model"):
        store.open_head(pool, other)
    os.rename(store.head_path(pool, reads), store.head_path(pool, other))
    with pytest.raises(PoolError, match=said):
        store.open_head(pool, other)
    assert not store.present(pool, other)


def test_a_head_of_other_texts_is_refused(pool: Pool, model: Model, reads: StatesId) -> None:
    finished(building.build(pool, model, (RECIPE,)))
    first, *others = pool.utterances
    for clips in ((replace(first, text="rud eile"), *others), tuple(others)):
        with pytest.raises(PoolError, match=r"other clips or texts; fit it again\.$"):
            store.open_head(replace(pool, utterances=clips), reads)
    os.rename(store.head_path(pool, reads), store.head_path(pool, reads, "original"))
    with pytest.raises(PoolError, match="another form"):
        store.open_head(pool, reads, "original")
    with pytest.raises(SmileError, match="no normaliser"):
        finished(building.build(pool, model, (replace(RECIPE, normaliser="capitals"),)))


def test_a_head_of_another_version_is_refused_and_fitted_again(
    pool: Pool, model: Model, reads: StatesId, monkeypatch: pytest.MonkeyPatch
) -> None:
    finished(building.build(pool, model, (RECIPE,)))
    monkeypatch.setitem(VERSIONS, "acoustic", VERSIONS["acoustic"] + 1)
    assert store.present(pool, reads), "it is searched otherwise, and is the same head"
    monkeypatch.setitem(VERSIONS, "fit", VERSIONS["fit"] + 1)
    with pytest.raises(PoolError, match=r"in the way of another version of SMILE; fit it again\.$"):
        store.open_head(pool, reads)
    assert not store.present(pool, reads)
    finished(building.build(pool, model, (RECIPE,)))
    assert store.present(pool, reads)
    monkeypatch.setitem(VERSIONS, "fit", VERSIONS["fit"] - 1)
    assert not store.present(pool, reads), "nor does an older SMILE take it"


def test_the_header_of_a_first_version_says_nothing_of_it(
    pool: Pool, reads: StatesId, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(VERSIONS, "fit", 1)
    header = store.header_of(reads, store.form_of(pool, "plain"), pool.utterances)
    assert set(header) == {"format", "states", "texts", "clips"}


@pytest.mark.parametrize("keep", [0, 100, -20])
def test_a_damaged_head_is_set_aside(pool: Pool, model: Model, reads: StatesId, keep: int) -> None:
    finished(building.build(pool, model, (RECIPE,)))
    path = store.head_path(pool, reads)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(PoolError, match="damaged; fit it again"):
        store.open_head(pool, reads)
    assert not path.exists()


def test_texts_that_their_sound_cannot_hold_are_left_out_and_told(pool: Pool, model: Model) -> None:
    first, second, *others = pool.utterances
    clips = (replace(first, text="a" * 5000), replace(second, text="?!"), *others)
    fitted = finished(building.build(replace(pool, utterances=clips), model, (RECIPE,)))
    assert [left.id for left in fitted.left_out] == [first.id, second.id]
    assert "needs 200.0 s" in fitted.left_out[0].reason
    assert "no letters" in fitted.left_out[1].reason
    with pytest.raises(PoolError, match=f"No clip can be used.*{first.id}.*needs 200"):
        finished(building.build(replace(pool, utterances=clips[:2]), model, (RECIPE,)))


def test_a_subset_has_a_head_of_its_own_and_shares_the_states(
    pool: Pool, model: Model, reads: StatesId, tmp_path: Path
) -> None:
    finished(building.build(pool, model, (RECIPE,)))
    part = replace(pool, utterances=pool.utterances[:1], stores=tmp_path / "kept" / "part")
    said = [p.stage for p in building.build(part, model, (RECIPE,))]
    assert said == ["fitting"] * 3
    assert store.present(part, reads)
    assert store.present(pool, reads)


KILLED = """
import sys
from dataclasses import replace
from smile.acoustic import building
from smile.pools.pool import open_pool
from smile.whisper.model import load_models
from tests.support.tiny import COUNT, RECIPE
pool = open_pool(sys.argv[2])
pool = replace(pool, utterances=pool.utterances[:COUNT])
model = load_models(sys.argv[1], precision="float32").vanilla
for said in building.build(pool, model, (replace(RECIPE, epochs=150),)):
    print(said.stage, said.done, flush=True)
"""


def test_a_fit_that_is_killed_goes_on(pool: Pool, tmp_path: Path) -> None:
    """Killed after some 20 epochs it loses one at most, and comes to the bits of a whole fit."""
    tiny = tiny_whisper(tmp_path / "tiny")
    command = [sys.executable, "-c", KILLED, str(tiny), str(pool.folder)]
    killed = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert killed.stdout
    last = next(line for line in killed.stdout if line.startswith("fitting 20"))
    killed.kill()
    last = [last, *killed.stdout.read().splitlines(keepends=True)][-1]
    killed.wait()
    model, recipe = load_models(str(tiny), precision="float32").vanilla, replace(RECIPE, epochs=150)
    first = next(steps := building.build(pool, model, (recipe,)))
    assert first.stage == "fitting"
    assert int(last.split()[1]) <= first.done <= int(last.split()[1]) + 2
    fitted = finished(steps)
    elsewhere = replace(pool, stores=tmp_path / "elsewhere")
    whole = finished(building.build(elsewhere, model, (recipe,)))
    for name, value in whole.heads[0].weights.items():
        np.testing.assert_array_equal(value, fitted.heads[0].weights[name])


def test_two_do_not_fit_to_one_pool_at_once(pool: Pool, model: Model) -> None:
    steps = building.build(pool, model, (RECIPE,))
    next(steps)
    with pytest.raises(PoolError, match="Another process"):
        next(building.build(pool, model, (RECIPE,)))
    steps.close()
    assert next(building.build(pool, model, (RECIPE,))).done == 2
