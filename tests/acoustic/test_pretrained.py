"""What heads of little speech begin with: for which pools, which of them stay, what a damaged one says."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from smile.acoustic import building, pretrained
from smile.acoustic.alphabet import Alphabet
from smile.acoustic.crossing import cross_read
from smile.acoustic.fit import fit, weights_from
from smile.acoustic.network import Network
from smile.acoustic.pretrained import BODY, LITTLE, Pretrained, more, suited
from smile.acoustic.recipe import DEFAULTS, ENSEMBLE, Recipe
from smile.acoustic.states import SILENCE, LayerStore, StatesId, layer_states
from smile.acoustic.store import form_of, head_path
from smile.audio.io import read_audio
from smile.datatypes import SmileError
from smile.pools.pool import Pool, open_pool
from smile.util.arrays import Arrays
from smile.util.timing import finished
from smile.whisper.model import Model, load_models
from tests.conftest import POOLS
from tests.support.made_states import READS, WIDTH, labelled
from tests.support.tiny import COUNT, RECIPE, tiny_whisper

OWN = Recipe(hidden=16, epochs=4, batch=2, layers=(1, 2))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return load_models(str(tiny_whisper(tmp_path_factory.mktemp("tiny"))), precision="float32").vanilla


@pytest.fixture
def pool(tmp_path: Path) -> Pool:
    shutil.copytree(POOLS / "gle", tmp_path / "gle")
    whole = open_pool(tmp_path / "gle")
    return replace(whole, utterances=whole.utterances[:COUNT])


def made(reads: StatesId, width: int, recipe: Recipe) -> Pretrained:
    draws = torch.Generator().manual_seed(3)
    weights = Network((len(reads.layers), width, 1), recipe, draws).arrays()
    return Pretrained(reads.encoder.weights, reads.layers, {name: weights[name] for name in BODY})


@pytest.fixture
def shipped(model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One for the tiny Whisper, in place of the one that comes along."""
    path = tmp_path / "shipped" / "pretrained.npz"
    reads = StatesId.of(model, RECIPE.layers)
    pretrained.write_pretrained(path, made(reads, model.recognizer.width, RECIPE), {"clips": 3})
    monkeypatch.setattr(pretrained, "SHIPPED", path)
    return path


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pretrained:
    """One for made-up states, in place of the one that comes along."""
    path, one = tmp_path / "mine.npz", made(READS, WIDTH, OWN)
    pretrained.write_pretrained(path, one, {})
    monkeypatch.setattr(pretrained, "SHIPPED", path)
    return one


def test_heads_of_little_speech_begin_with_it(mine: Pretrained) -> None:
    deep = replace(OWN, further=2, effort=0.625, seed=1)
    recipes = suited([OWN, deep], READS, LITTLE - 1)
    assert [(r.pretrained, r.further, r.effort, r.seed) for r in recipes] == [
        (True, 0, 1.0, 0),
        (True, 0, 1.0, 1),
    ]
    assert [r.seed for r in more(recipes)] == [0, 1, 2, 3]
    assert suited(recipes, READS, LITTLE - 1) == recipes
    assert suited([OWN, deep], READS, LITTLE) == (OWN, deep) == more((OWN, deep))


@pytest.mark.parametrize(
    ("reads", "recipe"),
    [
        (replace(READS, encoder=replace(READS.encoder, weights="1" * 12)), OWN),
        (replace(READS, encoder=replace(READS.encoder, adapter="2" * 12)), OWN),
        (replace(READS, layers=(1, 3)), OWN),
        (READS, replace(OWN, hidden=8)),
        (READS, replace(OWN, kernel=3)),
    ],
)
def test_heads_of_other_states_or_shapes_begin_without(
    mine: Pretrained, reads: StatesId, recipe: Recipe
) -> None:
    assert pretrained.pretrained_for(READS, OWN)
    assert suited([recipe], reads, 1.0) == (recipe,)


def test_a_head_begins_with_the_body_and_an_output_layer_of_its_own(mine: Pretrained) -> None:
    alphabet = Alphabet.of(["ab"])
    fresh = Network((2, WIDTH, len(alphabet)), replace(OWN, further=1), torch.Generator().manual_seed(1))
    weights = weights_from(mine, alphabet, fresh.arrays())
    for name, value in weights.items():
        source = mine.weights if name in BODY else fresh.arrays()
        np.testing.assert_array_equal(value, source[name])


def test_the_body_learns_more_slowly_than_the_output_layer(mine: Pretrained) -> None:
    clips = labelled(["ab a", "ba", "abab"])
    alphabet = Alphabet.of(clips.texts)
    still = replace(OWN, body_rate=0.0, pretrained=True)
    weights = finished(fit(clips, alphabet, replace(still, weight_decay=0.0), start=mine))
    for name in BODY:
        np.testing.assert_array_equal(weights[name], mine.weights[name])
    moved = finished(fit(clips, alphabet, replace(still, output_rate=3.0), start=mine))
    assert not np.array_equal(moved["output.bias"], weights["output.bias"])


def test_of_a_small_pool_the_best_of_twice_as_many_heads_stay(
    pool: Pool, model: Model, shipped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worth = {0: -0.3, 1: -0.1, 2: -0.2, 3: -0.05}
    tried = []

    def known(head: object, *_: object) -> float:
        tried.append(head)
        return worth[len(tried) - 1]

    monkeypatch.setattr(building, "_known", known)
    built = finished(building.build(pool, model, (RECIPE, replace(RECIPE, seed=1, further=1))))
    assert (len(tried), len(built.heads)) == (4, 2)
    with Arrays(head_path(pool, StatesId.of(model, RECIPE.layers))) as stored:
        recipes = json.loads(stored.text("header"))["recipes"]
    assert [(r["seed"], r["pretrained"], r["further"]) for r in recipes] == [(1, True, 0), (3, True, 0)]
    again = finished(building.build(pool, model, (RECIPE, replace(RECIPE, seed=1)), older=built.heads))
    assert (len(tried), len(again.heads)) == (4, 2), "a fit that goes on is not tried twice"


def test_where_most_never_come_to_hear_heads_begin_from_nothing(
    pool: Pool, model: Model, shipped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = iter([-0.3, -0.01, -0.4, -1.0])
    monkeypatch.setattr(building, "_known", lambda *_: next(heard))
    recipes = (RECIPE, replace(RECIPE, seed=1, further=1))
    built = finished(building.build(pool, model, recipes))
    shipped.unlink()
    for path in pool.folder.glob("acoustic-*"):
        path.unlink()
    plain = finished(building.build(pool, model, recipes))
    for one, other in zip(built.heads, plain.heads, strict=True):
        assert one.weights.keys() == other.weights.keys()
        assert all(np.array_equal(one.weights[name], other.weights[name]) for name in one.weights)


def test_a_head_knows_clips_it_was_fitted_to_better_than_a_fresh_one(
    pool: Pool, model: Model, shipped: Path
) -> None:
    recipe = replace(RECIPE, epochs=40, rate=1e-2)
    reads = StatesId.of(model, recipe.layers)
    heads = [finished(building.build(pool, model, (replace(recipe, epochs=n),))).heads[0] for n in (1, 40)]
    worse, better = (building._known(head, LayerStore.of(pool, reads), pool.utterances) for head in heads)
    assert worse < better < 0


def test_folds_of_a_small_pool_begin_with_it_too(pool: Pool, model: Model, shipped: Path) -> None:
    store = LayerStore.of(pool, StatesId.of(model, RECIPE.layers))
    list(store.encode(model, pool.utterances, RECIPE.speeds))
    form = form_of(pool, RECIPE.normaliser)
    with_it = finished(cross_read(pool.utterances, store, form, RECIPE, 2))
    shipped.unlink()
    for path in store.folder.glob("fold-*"):
        path.unlink()
    without = finished(cross_read(pool.utterances, store, form, RECIPE, 2))
    assert [r.utterance for r in with_it] == [r.utterance for r in without]
    assert not np.array_equal(with_it[0].logprobs, without[0].logprobs)


def test_clips_of_a_pool_at_other_speeds_lie_behind_silence(pool: Pool, model: Model) -> None:
    clip, reads = pool.utterances[0], StatesId.of(model, RECIPE.layers)
    store, samples = LayerStore.of(pool, reads), read_audio(clip.audio)
    list(store.encode(model, [clip], (1.0, *SILENCE)))
    for speed in (1.0, *SILENCE):
        bare = layer_states(model, samples, reads.layers, speed)
        kept = store.states_of(clip, speed).astype(np.float32)
        assert kept.shape == bare.shape
        assert np.allclose(kept, bare, atol=3e-3) == (speed == 1.0)
    assert store.seconds([clip]) == pytest.approx(clip.seconds, abs=0.02)


def test_a_clip_must_fit_into_the_window_with_its_silence() -> None:
    reads = replace(READS, windows=(10.0,))
    assert [reads.fits(9.1, speed) for speed in (1.0, 0.9, 1.1)] == [True, False, False]
    assert [reads.fits(8.0, speed) for speed in (1.0, 0.9, 1.1)] == [True, True, True]
    assert reads.fits(12.0, 1.0), "at its own speed each is read"


@pytest.mark.parametrize("damage", ["bytes", "shape", "name", "header", "number"])
def test_a_damaged_one_is_refused_in_a_sentence(tmp_path: Path, damage: str) -> None:
    path, one = tmp_path / "pretrained.npz", made(READS, WIDTH, OWN)
    weights = {name: np.array(value) for name, value in one.weights.items()}
    if damage == "shape":
        weights["narrow.bias"] = weights["narrow.bias"][1:]
    if damage == "number":
        weights["mix"][0] = np.nan
    pretrained.write_pretrained(path, replace(one, weights=weights), {})
    if damage == "bytes":
        path.write_bytes(path.read_bytes()[:-200])
    if damage in ("name", "header"):
        with Arrays(path) as stored:
            arrays = {name: stored[name] for name in BODY}
            header = stored.text("header")
        if damage == "name":
            del arrays["narrow.bias"]
        np.savez(path, header=np.array("[]" if damage == "header" else header), **arrays)
    with pytest.raises(SmileError, match="make it again with: smile pretrain"):
        pretrained.read_pretrained(path)


def test_the_one_that_comes_along_is_for_whisper_base() -> None:
    base = load_models(adapter=None).vanilla
    reads = StatesId.of(base)
    assert all(pretrained.pretrained_for(reads, recipe) for recipe in (DEFAULTS, *ENSEMBLE))
    with Arrays(pretrained.SHIPPED) as stored:
        facts = json.loads(stored.text("header"))["facts"]
    assert len(facts["languages"]) == 8
    assert facts["commit"]
