"""Fitting a head on made-up states: it learns, gives the same bits, goes on where it was killed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from smile.acoustic.alphabet import Alphabet
from smile.acoustic.ctc import greedy
from smile.acoustic.fit import Labelled, fit, weights_from
from smile.acoustic.head import SHAPES, Head, fits
from smile.acoustic.recipe import Recipe, one_cycle
from smile.settings import VERSIONS
from smile.util.timing import finished
from tests.support.made_states import FORM, READS, labelled

SMALL = Recipe(hidden=16, epochs=6, batch=2, layers=(1, 2), dropout=0.1, masks=1, mask_frames=2, rate=1e-2)
TEXTS = ["ab a", "ba", "a b b", "bb aa", "b", "abab"]


def fitted(clips: Labelled, recipe: Recipe = SMALL, checkpoint: Path | None = None) -> tuple[dict, list]:
    alphabet, said = Alphabet.of(clips.texts), []
    steps = fit(clips, alphabet, recipe, checkpoint)
    while True:
        try:
            said.append(next(steps))
        except StopIteration as done:
            return done.value, said


def same(a: dict, b: dict) -> bool:
    return a.keys() == b.keys() and all(np.array_equal(a[name], b[name]) for name in a)


@pytest.mark.parametrize("native", [True, False])
def test_it_learns_to_read(monkeypatch: pytest.MonkeyPatch, native: bool) -> None:
    """It does in bfloat16, too, which every CPU can do slowly; weights stay float32."""
    monkeypatch.setattr("smile.acoustic.network.multiplies_bfloat16", lambda: native)
    clips = labelled(TEXTS)
    recipe = replace(SMALL, epochs=60)
    weights, said = fitted(clips, recipe)
    assert said[-1].loss < 0.2 * said[0].loss
    assert [p.done for p in said] == list(range(1, 61))
    head = Head(Alphabet.of(TEXTS), FORM, READS, weights)
    assert [greedy(head(clips.states(i, 1.0)), head.alphabet) for i in range(len(TEXTS))] == TEXTS
    assert fits(weights, len(READS.layers), len(head.alphabet))
    assert {value.dtype for value in weights.values()} == {np.dtype(np.float32)}
    assert sum(head.layer_weights.values()) == pytest.approx(1)


def test_it_goes_on_from_a_head_of_nearly_the_same_clips() -> None:
    """Also where a new clip has a new character: a few epochs do what the same number from nothing do not."""
    before, _ = fitted(labelled(TEXTS), replace(SMALL, epochs=60))
    texts = [*TEXTS, "ca b"]
    clips, start = labelled(texts), Head(Alphabet.of(TEXTS), FORM, READS, before)
    recipe = replace(SMALL, epochs=60).again(len(texts))
    assert (recipe.epochs, recipe.rate) == (9, SMALL.rate / 4)
    steps = fit(clips, Alphabet.of(texts), recipe, start=start)
    losses = [said.loss for said in steps]
    _, anew = fitted(clips, replace(SMALL, epochs=9))
    assert losses[-1] < 0.5 * anew[-1].loss
    weights = weights_from(start, Alphabet.of(texts), fitted(clips, replace(SMALL, epochs=1))[0])
    assert fits(weights, len(READS.layers), len(Alphabet.of(texts)))
    np.testing.assert_array_equal(weights["output.bias"][1:4], before["output.bias"][1:4])


@pytest.mark.parametrize("recipe", [SMALL, replace(SMALL, further=2, further_kernel=3)])
def test_numpy_and_torch_agree(recipe: Recipe) -> None:
    import torch

    from smile.acoustic.network import Network, padded

    clips, alphabet = labelled(TEXTS), Alphabet.of(TEXTS)
    weights, _ = fitted(clips, recipe)
    assert fits(weights, len(READS.layers), len(alphabet))
    network = Network((2, 12, len(alphabet)), recipe, torch.Generator().manual_seed(9)).eval()
    network.load(weights)
    head = Head(alphabet, FORM, READS, weights)
    for i in range(3):
        theirs = network(padded([clips.states(i, 1.0)]))[0].detach().numpy()
        np.testing.assert_allclose(head(clips.states(i, 1.0)), theirs, atol=1e-5)


def test_a_seed_gives_the_same_bits_and_another_others() -> None:
    import torch

    clips = labelled(TEXTS)
    first, _ = fitted(clips)
    torch.manual_seed(5)  # of others
    again, _ = fitted(clips)
    other, _ = fitted(clips, replace(SMALL, seed=1))
    assert same(first, again)
    assert not same(first, other)


def test_batches_have_clips_of_about_one_length_and_are_others_in_each_epoch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from smile.acoustic.network import Network

    clips, seen, real = labelled([c * n for c in "ab" for n in (1, 2, 9, 10)]), [], Network.loss

    def loss(network: Network, states: list, labels: list) -> object:
        seen.append(tuple(clip.shape[1] for clip in states))
        return real(network, states, labels)

    monkeypatch.setattr(Network, "loss", loss)
    fitted(clips)
    epochs = [seen[i : i + 4] for i in range(0, len(seen), 4)]
    assert len(epochs) == SMALL.epochs
    for epoch in epochs:
        assert sorted(n for batch in epoch for n in batch) == sorted(clips.frames)
        assert sum(len(batch) * max(batch) for batch in epoch) < 1.15 * sum(clips.frames)
    assert len(set(map(tuple, epochs))) > 1


def test_each_epoch_reads_each_clip_once_at_a_speed_drawn_anew() -> None:
    clips, read = labelled(TEXTS), []

    def states(number: int, speed: float) -> np.ndarray:
        read.append((number, speed))
        return clips.states(number, speed)

    recipe = replace(SMALL, speeds=(1.0, 0.5, 2.0))
    weights, _ = fitted(replace(clips, states=states), recipe)
    count = len(TEXTS)
    epochs = [read[i : i + count] for i in range(len(read) - recipe.epochs * count, len(read), count)]
    assert all(sorted(number for number, _ in epoch) == list(range(count)) for epoch in epochs)
    assert {speed for epoch in epochs for _, speed in epoch} == {0.5, 1.0, 2.0}
    assert len({tuple(sorted(epoch)) for epoch in epochs}) > 1
    assert not same(weights, fitted(clips, SMALL)[0])


@pytest.mark.parametrize("held_out", [0.0, 0.34])
def test_a_killed_fit_goes_on_after_its_last_epoch(tmp_path: Path, held_out: float) -> None:
    clips, recipe = labelled(TEXTS), replace(SMALL, held_out=held_out)
    whole, said = fitted(clips, recipe)
    path, alphabet = tmp_path / "checkpoint.npz", Alphabet.of(TEXTS)
    for _ in range(2):
        steps = fit(clips, alphabet, recipe, path)
        next(steps)
        next(steps)
        steps.close()
    resumed, rest = fitted(clips, recipe, path)
    assert [p.done for p in rest] == [5, 6]
    assert [p.loss for p in rest] == [p.loss for p in said[4:]]
    assert same(resumed, whole)


@pytest.mark.parametrize(
    "change", [{"seed": 4}, {"epochs": 7}, {"dropout": 0.2}, {"rate": 1e-3}, {"normaliser": "original"}]
)
def test_a_checkpoint_of_another_fit_is_not_gone_on_with(tmp_path: Path, change: dict) -> None:
    clips, path = labelled(TEXTS), tmp_path / "checkpoint.npz"
    next(fit(clips, Alphabet.of(TEXTS), SMALL, path))
    _, said = fitted(clips, replace(SMALL, **change), path)
    assert said[0].done == 1
    _, said = fitted(labelled([*TEXTS[:-1], "aaaa"]), SMALL, path)
    assert said[0].done == 1


def test_a_checkpoint_of_another_version_is_not_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clips, path = labelled(TEXTS), tmp_path / "checkpoint.npz"
    next(fit(clips, Alphabet.of(TEXTS), SMALL, path))
    for part, first in (("combined", 2), ("acoustic", 3), ("fit", 1)):
        monkeypatch.setitem(VERSIONS, part, VERSIONS[part] + 1)
        assert next(fit(clips, Alphabet.of(TEXTS), SMALL, path)).done == first


def test_a_checkpoint_that_cannot_be_written_is_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clips, gone = labelled(TEXTS), tmp_path / "gone" / "checkpoint.npz"
    weights, said = fitted(clips, SMALL, gone)
    assert [p.done for p in said] == [1, 2, 3, 4, 5, 6]
    assert same(weights, fitted(clips)[0])
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "goes on without its checkpoint" in caplog.text
    assert not gone.parent.exists()


@pytest.mark.parametrize("keep", [0, 10, 2000, -1])
def test_a_damaged_checkpoint_is_begun_anew(tmp_path: Path, keep: int) -> None:
    clips, path = labelled(TEXTS), tmp_path / "checkpoint.npz"
    next(fit(clips, Alphabet.of(TEXTS), SMALL, path))
    path.write_bytes(path.read_bytes()[:keep])
    weights, said = fitted(clips, SMALL, path)
    assert said[0].done == 1
    assert same(weights, fitted(clips)[0])


def test_the_best_epoch_on_clips_left_out_is_kept() -> None:
    clips = labelled(TEXTS * 2)
    recipe = replace(SMALL, held_out=0.25, epochs=80, patience=5)
    weights, said = fitted(clips, recipe)
    best = min(p.cer for p in said)
    assert len(said) == max(40, [p.cer for p in said].index(best) + 1) + 5
    assert set(weights) == set(SHAPES)


@pytest.mark.parametrize("texts", [["a"], ["a", "a"], ["שָׁלוֹם"], ["e\u0301"]])
def test_one_clip_and_one_character_are_sound(texts: list[str]) -> None:
    clips = labelled(texts)
    weights, _ = fitted(clips, replace(SMALL, hidden=32, epochs=300, held_out=0.5, patience=300))
    head = Head(Alphabet.of(texts), FORM, READS, weights)
    assert greedy(head(clips.states(0, 1.0)), head.alphabet) == texts[0]


def test_three_thousand_characters() -> None:
    texts = ["".join(chr(0x4E00 + 60 * i + k) for k in range(60)) for i in range(50)]
    clips = labelled(texts)
    weights, said = fitted(clips, replace(SMALL, epochs=2, batch=10))
    assert weights["output.bias"].shape == (3001,)
    first, second = (p.loss for p in said if p.loss is not None)
    assert second < first
    head = Head(Alphabet.of(texts), FORM, READS, weights)
    assert np.isfinite(head(clips.states(0, 1.0))).all()


def test_a_long_epoch_lets_others_come_in_between(monkeypatch: pytest.MonkeyPatch) -> None:
    clips, recipe = labelled(TEXTS), replace(SMALL, epochs=2, batch=1)
    whole, _ = fitted(clips, recipe)
    monkeypatch.setattr("smile.acoustic.fit.LONG", -1.0)
    weights, said = fitted(clips, recipe)
    assert [p.done for p in said] == [0] * (len(TEXTS) - 1) + [1] * len(TEXTS) + [2]
    assert same(weights, whole)


def test_the_rate_goes_up_and_down_as_torchs() -> None:
    import torch

    recipe, steps = Recipe(), 200
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimiser = torch.optim.AdamW([parameter], lr=1.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, recipe.rate, steps, pct_start=recipe.warm_up)
    for step in range(steps):
        assert one_cycle(step, steps, recipe) == pytest.approx(schedule.get_last_lr()[0], rel=1e-6)
        optimiser.step()
        schedule.step()
    assert one_cycle(0, 1, recipe) > 0


def test_epochs_by_the_number_of_clips() -> None:
    assert [Recipe().epochs_for(n) for n in (1, 12, 30, 185, 5000)] == [150, 150, 100, 40, 40]


def test_closing_ends_it() -> None:
    steps = fit(labelled(TEXTS), Alphabet.of(TEXTS), SMALL)
    next(steps)
    steps.close()
    with pytest.raises(StopIteration):
        next(steps)
    assert finished(fit(labelled(TEXTS), Alphabet.of(TEXTS), replace(SMALL, epochs=1)))
