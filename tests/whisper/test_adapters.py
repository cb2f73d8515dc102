"""Adapters merge as peft merges them, and those that cannot be applied are refused in a sentence."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from peft import AdaLoraConfig, LoraConfig, PeftModel, get_peft_model
from safetensors.numpy import load_file, save_file
from transformers import WhisperConfig, WhisperForConditionalGeneration

from smile.datatypes import WeightsError
from smile.whisper.adapters import WEIGHTS, load, merge
from smile.whisper.tensors import State

pytestmark = [
    pytest.mark.filterwarnings(f"ignore:{beginning}")
    for beginning in (
        "Adapter 'default'",  # ranks of 0, which AdaLoRA means
        "The following rank_pattern keys",
        "Model has `tie_word_embeddings",
        "Setting `save_embedding_layers",
        "`is_gradient_checkpointing`",
    )
]

ATTENTION = ["q_proj", "v_proj"]
EVERY_LINEAR = ["q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2"]
DECODER_ATTENTION = r".*decoder.*\.(q|v)_proj"


def base_model(width: int = 16) -> WhisperForConditionalGeneration:
    torch.manual_seed(2)
    config = WhisperConfig(
        d_model=width,
        vocab_size=60,
        encoder_layers=2,
        decoder_layers=2,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=24,
        decoder_ffn_dim=24,
        max_source_positions=20,
        max_target_positions=20,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
        decoder_start_token_id=3,
        apply_spec_augment=False,
    )
    return WhisperForConditionalGeneration(config)


def state_of(model: WhisperForConditionalGeneration) -> State:
    state = {name: value.detach().numpy().copy() for name, value in model.state_dict().items()}
    state.pop("proj_out.weight")
    return state


def randomise(model: torch.nn.Module) -> None:
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_" in name:
                parameter.normal_(std=0.3)


def save_lora(folder: Path, model: WhisperForConditionalGeneration | None = None, **options: object) -> Path:
    options = {"r": 4, "lora_alpha": 8, "target_modules": ATTENTION} | options
    adapted = get_peft_model(model or base_model(), LoraConfig(**options))
    randomise(adapted)
    adapted.save_pretrained(folder)
    return folder


def save_adalora(folder: Path, steps: int = 6) -> Path:
    """An AdaLoRA adapter after a few steps of training, so that the ranks have been allocated."""
    options = {"init_r": 6, "target_r": 2, "lora_alpha": 16, "tinit": 1, "tfinal": 1, "deltaT": 1}
    config = AdaLoraConfig(**options, total_step=6, target_modules=EVERY_LINEAR)
    adapted = get_peft_model(base_model(), config)
    randomise(adapted)
    features, labels = torch.randn(1, 80, 40), torch.tensor([[5, 6, 7, 2]])
    optimiser = torch.optim.SGD([p for p in adapted.parameters() if p.requires_grad], lr=0.05)
    for step in range(1, steps):
        optimiser.zero_grad()
        adapted(input_features=features, labels=labels).loss.backward()
        optimiser.step()
        adapted.base_model.update_and_allocate(step)
    adapted.save_pretrained(folder)
    return folder


def assert_merges_as_peft(folder: Path) -> None:
    ours = merge(state_of(base_model()), load(folder))
    theirs = state_of(PeftModel.from_pretrained(base_model(), str(folder)).merge_and_unload())
    assert ours.keys() == theirs.keys()
    for name, value in theirs.items():
        np.testing.assert_allclose(ours[name], value, atol=1e-5, err_msg=name)
    assert any(not np.array_equal(ours[name], value) for name, value in state_of(base_model()).items())


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"target_modules": EVERY_LINEAR, "r": 3},
        {"use_rslora": True},
        {"rank_pattern": {"fc1": 2}, "target_modules": EVERY_LINEAR},
        {"alpha_pattern": {r"decoder\.layers\.1\.encoder_attn\.q_proj": 40, "v_proj": 2}},
        {"target_modules": DECODER_ATTENTION},
        {"layers_to_transform": [1]},
    ],
    ids=lambda options: " ".join(options) or "plain",
)
def test_lora_merges_as_peft(tmp_path: Path, options: dict[str, object]) -> None:
    assert_merges_as_peft(save_lora(tmp_path / "lora", **options))


@pytest.mark.parametrize("steps", [1, 3, 6])
def test_adalora_merges_as_peft(tmp_path: Path, steps: int) -> None:
    folder = save_adalora(tmp_path / "adalora", steps)
    ranks = {update.down.shape[0] for update in load(folder).updates.values()}
    assert len(ranks) > 1 if steps == 6 else max(ranks) == 6
    assert_merges_as_peft(folder)


def test_adalora_without_any_rank_left_in_a_layer(tmp_path: Path) -> None:
    ranks = [update.down.shape[0] for update in load(save_adalora(tmp_path / "adalora")).updates.values()]
    assert 0 in ranks


def test_bfloat16_adapters(tmp_path: Path) -> None:
    folder = tmp_path / "half"
    adapted = get_peft_model(base_model().to(torch.bfloat16), LoraConfig(r=4, target_modules=ATTENTION))
    randomise(adapted)
    adapted.to(torch.bfloat16).save_pretrained(folder)
    assert_merges_as_peft(folder)


def test_what_an_adapter_says_of_itself(tmp_path: Path) -> None:
    folder = save_lora(tmp_path / "mine")
    (folder / "smile.json").write_text('{"languages": ["deu"]}')
    adapter = load(folder)
    assert (adapter.name, adapter.changes_encoder, adapter.card) == ("mine", True, {"languages": ["deu"]})
    assert not load(save_lora(tmp_path / "decoder", target_modules=DECODER_ATTENTION)).changes_encoder


def test_the_digest_covers_weights_and_config(tmp_path: Path) -> None:
    folder = save_lora(tmp_path / "mine")
    before = load(folder).sha256
    edit_config(folder, lora_alpha=9)
    changed = load(folder).sha256
    weights = load_file(folder / WEIGHTS)
    save_file({name: value * 2 for name, value in weights.items()}, folder / WEIGHTS)
    assert len({before, changed, load(folder).sha256}) == 3


def test_merging_leaves_the_base_alone(tmp_path: Path) -> None:
    state = state_of(base_model())
    before = {name: value.copy() for name, value in state.items()}
    merged = merge(state, load(save_lora(tmp_path / "mine")))
    assert all(np.array_equal(state[name], value) for name, value in before.items())
    name = "model.decoder.embed_tokens.weight"
    assert merged[name] is state[name]


def edit_config(folder: Path, **changes: object) -> None:
    path = folder / "adapter_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"use_dora": True}, "uses use_dora, which SMILE does not apply; merge it"),
        ({"modules_to_save": ["layer_norm"]}, "uses modules_to_save"),
        ({"bias": "lora_only"}, "uses bias"),
        ({"lora_bias": True}, "uses lora_bias"),
        ({"init_lora_weights": "pissa"}, "uses init_lora_weights=pissa"),
        ({"target_modules": ["conv1"]}, "linear layers only"),
        ({"target_modules": ["embed_tokens"]}, "linear layers only"),
    ],
    ids=lambda value: "" if isinstance(value, str) else " ".join(value),
)
def test_what_cannot_be_applied_is_refused(tmp_path: Path, options: dict[str, object], message: str) -> None:
    folder = save_lora(tmp_path / "odd", **options)
    with pytest.raises(WeightsError, match=message):
        merge(state_of(base_model()), load(folder))


def test_another_kind_of_adapter(tmp_path: Path) -> None:
    folder = save_lora(tmp_path / "odd")
    edit_config(folder, peft_type="IA3")
    with pytest.raises(WeightsError, match="of type IA3; SMILE applies LORA and ADALORA only"):
        load(folder)


@pytest.mark.parametrize(
    ("width", "message"),
    [
        (24, r"changes model\.\S+\.weight of shape \(24, 24\), which has the shape \(16, 16\).*whisper-mid"),
        (None, r"model\.encoder\.layers\.7\.\S+ of shape \(16, 16\), which does not exist"),
    ],
)
def test_an_adapter_of_another_size(tmp_path: Path, width: int | None, message: str) -> None:
    folder = save_lora(tmp_path / "other", base_model(width or 16))
    edit_config(folder, base_model_name_or_path="openai/whisper-mid")
    if width is None:
        tensors = load_file(folder / WEIGHTS)
        deeper = {
            name.replace("encoder.layers.1", "encoder.layers.7"): value for name, value in tensors.items()
        }
        save_file(deeper, folder / WEIGHTS)
    with pytest.raises(WeightsError, match=message):
        merge(state_of(base_model()), load(folder))


def drop_half(folder: Path) -> None:
    tensors = load_file(folder / WEIGHTS)
    tensors.pop(next(name for name in tensors if "lora_B" in name))
    save_file(tensors, folder / WEIGHTS)


def shorten_rank(folder: Path) -> None:
    tensors = load_file(folder / WEIGHTS)
    name = next(name for name in tensors if "lora_A" in name)
    tensors[name] = tensors[name][:-1].copy()
    save_file(tensors, folder / WEIGHTS)


def truncate(folder: Path) -> None:
    (folder / WEIGHTS).write_bytes((folder / WEIGHTS).read_bytes()[:-1])


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (drop_half, "lora_B amiss"),
        (shorten_rank, r"ranks that differ \(lora_A \(3, 16\), lora_B \(16, 4\)\)"),
        (truncate, "download it again"),
        (lambda folder: save_file({}, folder / WEIGHTS), "holds no tensors"),
        (lambda folder: (folder / WEIGHTS).unlink(), rf"{WEIGHTS} is missing"),
        (lambda folder: (folder / WEIGHTS).rename(folder / "adapter_model.bin"), r"adapter_model\.bin only"),
        (lambda folder: (folder / "adapter_config.json").unlink(), r"adapter_config\.json is missing"),
        (
            lambda folder: (folder / "adapter_config.json").write_text("{"),
            r"adapter_config\.json is not readable",
        ),
    ],
)
def test_damage(tmp_path: Path, damage: Callable[[Path], object], message: str) -> None:
    folder = save_lora(tmp_path / "broken")
    damage(folder)
    with pytest.raises(WeightsError, match=message):
        load(folder)
