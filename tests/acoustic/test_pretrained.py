"""What heads begin with: which do, with which letters, and what a damaged one says."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from math import inf
from pathlib import Path

import numpy as np
import pytest
import torch

from smile.acoustic import building, pretrained
from smile.acoustic.alphabet import Alphabet
from smile.acoustic.crossing import cross_read
from smile.acoustic.fit import weights_from
from smile.acoustic.head import SHAPES
from smile.acoustic.network import Network
from smile.acoustic.pretrained import LITTLE, Pretrained, suited
from smile.acoustic.recipe import DEFAULTS, Recipe
from smile.acoustic.states import SILENCE, LayerStore, StatesId, layer_states
from smile.acoustic.store import form_of, head_path
from smile.audio.io import read_audio
from smile.datatypes import SmileError, Utterance
from smile.pools.pool import Pool
from smile.util.arrays import Arrays
from smile.util.timing import finished
from smile.whisper.model import Model, load_models
from tests.support.made_states import READS, WIDTH
from tests.support.tiny import RECIPE

LETTERS = " abchй"
OWN = Recipe(hidden=16, epochs=4, batch=2, layers=(1, 2))


def made(reads: StatesId, width: int, recipe: Recipe) -> Pretrained:
    draws = torch.Generator().manual_seed(3)
    alphabet = Alphabet(LETTERS)
    weights = Network((len(reads.layers), width, len(alphabet)), recipe, draws).arrays()
    return Pretrained(reads.encoder.weights, reads.layers, alphabet, weights)


class Speech(LayerStore):
    """The states of so many seconds of speech, which are nowhere."""

    def __init__(self, made_by: StatesId, seconds: float):
        super().__init__(Path("nowhere"), made_by)
        self._seconds = seconds

    def seconds(self, utterances: Sequence[Utterance], enough: float = inf) -> float:
        return min(self._seconds, enough)


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


def test_shallow_heads_begin_with_it_and_of_little_speech_all_do(mine: Pretrained) -> None:
    deep = replace(OWN, further=2, effort=0.625, seed=1)
    begun = replace(OWN, pretrained=True)
    assert suited([OWN, deep], Speech(READS, LITTLE), ()) == (begun, deep)
    speech = Speech(READS, LITTLE - 1)
    little = suited([OWN, deep], speech, ())
    assert little == (begun, replace(begun, seed=1))
    assert suited(little, speech, ()) == little


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
    deep = replace(recipe, further=1)
    assert suited([recipe, deep], Speech(reads, 1.0), ()) == (recipe, deep)


def test_a_head_begins_with_it_and_characters_with_what_they_sound_like(mine: Pretrained) -> None:
    alphabet = Alphabet.of(["ab áйდ ჩ"])
    fresh = Network((2, WIDTH, len(alphabet)), replace(OWN, further=1), torch.Generator().manual_seed(1))
    weights = weights_from(mine, alphabet, fresh.arrays())
    for name, value in weights.items():
        if not name.startswith("output."):
            source = fresh.arrays() if name.startswith("further.") else mine.weights
            np.testing.assert_array_equal(value, source[name])
    letters = mine.alphabet.characters
    wanted = {"a": "a", "b": "b", "á": "a", "й": "й", "ჩ": "ch", " ": " "}
    for name in ("output.weight", "output.bias"):
        np.testing.assert_array_equal(weights[name][0], mine.weights[name][0])
        for character, like in wanted.items():
            rows = [letters.index(c) + 1 for c in like]
            number = alphabet.characters.index(character) + 1
            np.testing.assert_allclose(weights[name][number], mine.weights[name][rows].mean(0), rtol=1e-6)
        alone = alphabet.characters.index("დ") + 1  # "d", which is not known
        np.testing.assert_array_equal(weights[name][alone], fresh.arrays()[name][alone])


def test_a_pool_says_which_of_its_heads_began_with_it(pool: Pool, model: Model, shipped: Path) -> None:
    recipes = (RECIPE, replace(RECIPE, seed=1, further=1))
    with_it = finished(building.build(pool, model, recipes))
    path = head_path(pool, StatesId.of(model, RECIPE.layers))
    with Arrays(path) as stored:
        said = json.loads(stored.text("header"))["recipes"]
    assert [(r["seed"], r["pretrained"], r["further"]) for r in said] == [(0, True, 0), (1, True, 0)]
    shipped.unlink()
    path.unlink()
    without = finished(building.build(pool, model, recipes))
    assert "further.0.weight" in without.heads[1].weights
    one, other = (built.heads[0].weights["narrow.weight"] for built in (with_it, without))
    assert not np.array_equal(one, other)


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


@pytest.mark.parametrize("damage", ["bytes", "shape", "letters", "name", "header", "number"])
def test_a_damaged_one_is_refused_in_a_sentence(tmp_path: Path, damage: str) -> None:
    path, one = tmp_path / "pretrained.npz", made(READS, WIDTH, OWN)
    weights = {name: np.array(value) for name, value in one.weights.items()}
    if damage == "shape":
        weights["narrow.bias"] = weights["narrow.bias"][1:]
    if damage == "number":
        weights["mix"][0] = np.nan
    letters = Alphabet(LETTERS[1:]) if damage == "letters" else one.alphabet
    pretrained.write_pretrained(path, replace(one, weights=weights, alphabet=letters), {})
    if damage == "bytes":
        path.write_bytes(path.read_bytes()[:-200])
    if damage in ("name", "header"):
        with Arrays(path) as stored:
            arrays = {name: stored[name] for name in SHAPES}
            header = stored.text("header")
        if damage == "name":
            del arrays["narrow.bias"]
        np.savez(path, header=np.array("[]" if damage == "header" else header), **arrays)
    with pytest.raises(SmileError, match="make it again with: smile pretrain"):
        pretrained.read_pretrained(path)


def test_the_one_that_comes_along_is_for_whisper_base() -> None:
    base = load_models(adapter=None).vanilla
    reads = StatesId.of(base)
    begun = pretrained.pretrained_for(reads, DEFAULTS)
    assert begun
    assert {*"abcdefghijklmnopqrstuvwxyzабвгдежзийклмнопрстуфхцчшщъыьэюя "} <= {*begun.alphabet.characters}
    with Arrays(pretrained.SHIPPED) as stored:
        facts = json.loads(stored.text("header"))["facts"]
    assert len(facts["languages"]) == 8
    assert facts["commit"]
