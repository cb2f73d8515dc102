"""Training on a toy model: it learns, it goes on after a kill as if nothing had been, AdaLoRA is real."""

from __future__ import annotations

import json
import resource
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import torch

from smile.datatypes import SmileError
from smile.training import curves, loop
from smile.training.apart import Layout
from smile.training.batches import packed, stacked
from smile.training.checkpoint import CHECKPOINT, Reached, Run
from smile.training.config import PAPER, PRESETS, with_values
from smile.training.data import Data
from smile.training.episodes import IGNORED, EpisodeTokens
from smile.training.loop import rate
from smile.training.record import begun, record
from smile.whisper import adapters
from smile.whisper.tokenizer import Tokenizer
from tests.support.toy_training import TOY, Trainee, clips, tiny_whisper


@pytest.fixture(scope="module")
def toy() -> tuple[dict[str, np.ndarray], dict[str, object]]:
    return tiny_whisper()


@pytest.mark.parametrize("preset", ["lora", "independent", "adalora, all layers"])
def test_a_resumed_run_equals_an_uninterrupted_one(
    toy: tuple[dict, dict], tokenizer: Tokenizer, tmp_path: Path, preset: str
) -> None:
    config = replace(TOY, encoding="independent" if preset == "independent" else "concatenated")
    if preset.startswith("adalora"):
        config = replace(TOY, method="adalora", layers="all", timestamps=False)
    whole = Trainee(toy, tokenizer, config, tmp_path / "whole")
    whole.learn(12)
    Trainee(toy, tokenizer, config, tmp_path / "cut").learn(7)
    resumed = Trainee(toy, tokenizer, config, tmp_path / "cut")
    assert [place.step for place in resumed.learn(12)] == list(range(8, 13))
    for name, value in whole.values().items():
        torch.testing.assert_close(resumed.values()[name], value, rtol=0, atol=0)


def test_a_run_killed_while_it_is_validated_is_validated_when_it_goes_on(
    toy: tuple[dict, dict], tokenizer: Tokenizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "CHECKPOINT_SECONDS", -1.0)
    config = replace(TOY, steps=3, validate_every=2)
    for _ in range(2):
        t = Trainee(toy, tokenizer, config, tmp_path)
        steps = loop.learn(t.model, t.batches, t.run, t.accelerator, loop.Budget(3))
        assert next(steps).step == 2
        steps.close()
    assert t.run.reached().step == 1


@pytest.mark.parametrize("encoding", ["concatenated", "independent"])
def test_training_lowers_the_loss(
    toy: tuple[dict, dict],
    tokenizer: Tokenizer,
    tmp_path: Path,
    encoding: Literal["concatenated", "independent"],
) -> None:
    config = replace(TOY, steps=40, symbol_remapping=0.0, dropout=0.0, encoding=encoding)
    trainee = Trainee(toy, tokenizer, config, tmp_path)
    batch = trainee.batches(0)
    before = trainee.model.eval()(*batch).item()
    trainee.learn(40)
    assert trainee.model.eval()(*batch).item() < before - 0.1


def test_adalora_takes_rank_away(toy: tuple[dict, dict], tokenizer: Tokenizer, tmp_path: Path) -> None:
    config = replace(TOY, method="adalora", steps=20)
    trainee = Trainee(toy, tokenizer, config, tmp_path)
    trainee.learn(20)
    left = [int((value != 0).sum()) for name, value in trainee.values().items() if "lora_E" in name]
    assert sum(left) <= config.rank * len(left) < config.initial_rank * len(left)
    assert trainee.model.orthogonality().item() > 0


def test_an_adapter_is_saved_as_it_is_merged(
    toy: tuple[dict, dict], tokenizer: Tokenizer, tmp_path: Path
) -> None:
    trainee = Trainee(toy, tokenizer, TOY, tmp_path / "run")
    trainee.saved(tmp_path / "adapter")
    adapter = adapters.load(tmp_path / "adapter")
    assert not adapter.changes_encoder
    merged = adapters.merge(toy[0], adapter)
    peft_merged = trainee.model.adapted.merge_and_unload().state_dict()
    changed = list(adapter.updates)
    assert changed
    for name in changed:
        np.testing.assert_allclose(merged[name], peft_merged[name].numpy(), atol=1e-5)


def test_a_training_starts_from_an_adapter_at_full_strength(
    toy: tuple[dict, dict], tokenizer: Tokenizer, tmp_path: Path
) -> None:
    first = Trainee(toy, tokenizer, TOY, tmp_path / "first")
    first.saved(tmp_path / "adapter")
    adapters.rescale(tmp_path / "adapter", 0.4)
    second = Trainee(toy, tokenizer, TOY, tmp_path / "second")
    second.model.start_from(tmp_path / "adapter")
    for name, value in first.values().items():
        torch.testing.assert_close(second.values()[name], value, rtol=0, atol=0)


def test_a_training_starts_from_no_other_kind_of_adapter(
    toy: tuple[dict, dict], tokenizer: Tokenizer, tmp_path: Path
) -> None:
    first = Trainee(toy, tokenizer, TOY, tmp_path / "first")
    first.model.save(tmp_path / "adapter")
    second = Trainee(toy, tokenizer, replace(TOY, rank=8), tmp_path / "second")
    with pytest.raises(SmileError, match="set the same"):
        second.model.start_from(tmp_path / "adapter")
    with pytest.raises(SmileError, match="holds no adapter"):
        second.model.start_from(tmp_path / "nowhere")


@pytest.mark.parametrize("method", ["lora", "adalora"])
def test_a_softened_adapter_changes_the_weights_by_so_much_less(
    toy: tuple[dict, dict], tokenizer: Tokenizer, tmp_path: Path, method: str
) -> None:
    trainee = Trainee(toy, tokenizer, replace(TOY, method=method), tmp_path / "run")
    trainee.saved(tmp_path / "adapter")
    whole = adapters.load(tmp_path / "adapter")
    adapters.rescale(tmp_path / "adapter", 0.4)
    soft = adapters.load(tmp_path / "adapter")
    for name, update in whole.updates.items():
        np.testing.assert_allclose(soft.updates[name].delta(), 0.4 * update.delta(), rtol=1e-5, atol=1e-8)


def test_only_what_changes_learning_belongs_to_a_run() -> None:
    assert replace(TOY, scale=0.3).learning() == TOY.learning()
    assert replace(TOY, rate=1e-5).learning() != TOY.learning()


def test_the_frozen_encoder_gets_no_gradient_and_the_paper_s_does(
    toy: tuple[dict, dict], tokenizer: Tokenizer, tmp_path: Path
) -> None:
    for config, expected in ((TOY, False), (replace(TOY, layers="all"), True)):
        model = Trainee(toy, tokenizer, config, tmp_path / str(expected)).model
        names = [name for name, p in model.named_parameters() if p.requires_grad]
        assert any("encoder.layers" in name for name in names) is expected
        assert all("lora_" in name for name in names)


def two_lessons() -> list[EpisodeTokens]:
    return [
        EpisodeTokens(np.array([1, 2, 3]), np.array([IGNORED, 3, 4]), np.array([0, 0, 1])),
        EpisodeTokens(np.array([5]), np.array([6]), np.array([0])),
    ]


def test_batches_are_padded_and_padding_is_not_learned() -> None:
    sounds = [(np.zeros((4, 2), np.float32),)] * 2
    batch = stacked(sounds, two_lessons(), end=9)
    assert batch.sound.shape == (2, 4, 2)
    assert batch.tokens.tolist() == [[1, 2, 3], [5, 9, 9]]
    assert batch.labels.tolist() == [[IGNORED, 3, 4], [6, IGNORED, IGNORED]]
    assert batch.layout is None


def test_episodes_encoded_independently_are_packed_and_clips_without_tokens_left_out() -> None:
    states = [np.full((n, 2), n, np.float32) for n in (2, 1, 4, 3)]
    batch = packed([(states[0], states[1]), (states[2], states[3])], two_lessons())
    assert batch.sound[:, 0].tolist() == [2, 2, 1, 4, 4, 4, 4]
    assert batch.tokens.tolist() == [1, 2, 3, 5]
    assert batch.labels.tolist() == [IGNORED, 3, 4, 6]
    assert batch.layout == Layout(tokens=(2, 1, 1), frames=(2, 1, 4), episodes=(3, 1))


def test_a_batch_in_which_nothing_is_learned_changes_nothing(
    toy: tuple[dict, dict], tokenizer: Tokenizer, tmp_path: Path
) -> None:
    model = Trainee(toy, tokenizer, TOY, tmp_path).model
    batch = stacked([(np.zeros((4, 32), np.float32),)] * 2, two_lessons(), end=9)
    loss = model(batch.sound, batch.tokens, torch.full_like(batch.labels, IGNORED))
    loss.backward()
    assert loss.item() == 0
    assert all(not p.grad.any() for p in model.trainable() if p.grad is not None)


def test_an_adapter_s_record_says_what_it_began_with_and_that_what(
    toy: tuple[dict, dict], tokenizer: Tokenizer, tmp_path: Path
) -> None:
    data = Data(tuple(clips()), {}, "d" * 64)
    config = replace(TOY, languages=tuple({clip.language for clip in data.clips}))
    adapter, before = tmp_path / "adapter", []
    for hours in (0.5, 0.25):
        run = Run(tmp_path / str(hours))
        run.claim({"begun": before})
        Trainee(toy, tokenizer, config, tmp_path / str(hours)).model.save(adapter)
        (adapter / "smile.json").write_text(record(config, data, run, Reached(7, hours)), encoding="utf-8")
        before = begun(adapter)
    assert [stage["hours"] for stage in before] == [0.5, 0.25]
    assert adapters.load(adapter).card["step"] == 7
    assert {stage["steps"] for stage in before} == {config.steps}
    assert before[1]["sha256"] == adapters.load(adapter).sha256


def test_a_full_disk_is_told_as_the_system_tells_it(
    toy: tuple[dict, dict], tokenizer: Tokenizer, tmp_path: Path
) -> None:
    trainee = Trainee(toy, tokenizer, TOY, tmp_path / "run")
    model, optimizer = trainee.model, torch.optim.AdamW(trainee.model.trainable())
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    for write in (
        lambda: model.save(tmp_path / "adapter"),
        lambda: trainee.run.save(1, 0.0, model, optimizer),
    ):
        resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, limits[1]))
        try:
            with pytest.raises(OSError, match="File too large"):
                write()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_a_folder_of_another_run_is_refused(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.claim({"seed": 0})
    run.claim({"seed": 0})
    with pytest.raises(SmileError, match="other settings; choose another folder"):
        run.claim({"seed": 1})


def test_the_log_keeps_the_later_of_two_rows_of_a_step(tmp_path: Path) -> None:
    run = Run(tmp_path)
    for loss in (3.0, 2.0):
        run.log({"kind": "step", "step": 10, "loss": loss})
    (tmp_path / "log.jsonl").open("a").write('{"kind": "st')
    assert [row["loss"] for row in run.rows()] == [2.0]
    assert not (tmp_path / CHECKPOINT).exists()


def test_settings_from_the_command_line() -> None:
    config = with_values(PAPER, {"rate": "1e-4", "windows": "10,15", "languages": "eng,deu"})
    assert (config.rate, config.windows, config.languages) == (1e-4, (10.0, 15.0), ("eng", "deu"))
    with pytest.raises(SmileError, match='no setting "speling"'):
        with_values(PAPER, {"speling": "1"})
    with pytest.raises(SmileError, match='"steps" cannot be "many"'):
        with_values(PAPER, {"steps": "many"})
    assert PRESETS["paper"].shots == (1, 1)
    assert PRESETS["paper"].windows == (30.0,)


def test_the_rate_rises_and_falls_to_zero() -> None:
    rates = [rate(step, TOY) for step in range(TOY.steps + 1)]
    assert rates[0] == TOY.rate / 2
    assert max(rates) == TOY.rate
    assert rates[-1] == pytest.approx(0.0, abs=1e-9)
    assert rates[2:] == sorted(rates[2:], reverse=True)


def test_curves_are_a_picture(tmp_path: Path) -> None:
    rows = [{"kind": "step", "step": s, "loss": 3 / s, "rate": 0.1, "hours": 0.1} for s in (10, 20)]
    rows.append({"kind": "validation", "step": 20, "0 shots": 0.3, "1 shots": 0.2})
    curves.draw(json.loads(json.dumps(rows)), tmp_path / "curves.png")
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")
