"""PEFT adapter folders (LoRA and AdaLoRA), read and merged into Whisper's weights with numpy alone.

The formulas are those of peft's `merge_and_unload`; an adapter that does more than they say is refused.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from smile.datatypes import WeightsError
from smile.util.storage import read_json, write_text
from smile.whisper.tensors import State, open_safetensors

WEIGHTS = "adapter_model.safetensors"
KINDS = ("LORA", "ADALORA")
EXTRAS = (
    "use_dora",
    "use_qalora",
    "use_bdlora",
    "lora_bias",
    "fan_in_fan_out",
    "modules_to_save",
    "trainable_token_indices",
    "target_parameters",
    "layer_replication",
    "alora_invocation_tokens",
    "arrow_config",
    "kasa_config",
    "monteclora_config",
)
"""Options of peft, off by default, that change more than the matrices A, B and E say."""
INITIALISATIONS = (True, False, "gaussian", "orthogonal", "eva")
"""Those that leave the base weights as they are; PiSSA, OLoRA and others train against changed ones."""
TENSOR = re.compile(r"base_model\.model\.(?:model\.)?(.+)\.lora_([ABE])(?:\.weight)?")
EPSILON = 1e-5  # added to AdaLoRA's rank by peft


RENAMED = {  # settings that cards of older adapters have, which would be passed over without a word
    "context": '"encoding": "concatenated" ("joined") or "independent" ("cached")',
    "kept": '"scale" and the same number',
}


@dataclass(frozen=True)
class Update:
    """A change of one weight matrix: W + scale * up @ down."""

    down: NDArray[np.float32]  # (rank, in)
    up: NDArray[np.float32]  # (out, rank)
    scale: float

    @property
    def shape(self) -> tuple[int, int]:
        """Return the shape (out, in) of the matrix that it changes."""
        return self.up.shape[0], self.down.shape[1]

    def delta(self) -> NDArray[np.float32]:
        """Return what is added to the matrix, (out, in)."""
        return (self.up @ self.down) * np.float32(self.scale)


@dataclass(frozen=True)
class Adapter:
    """An adapter read from its folder."""

    name: str  # of the folder
    sha256: str  # of its weights and its config together
    config: dict[str, Any]  # adapter_config.json
    updates: dict[str, Update]  # by the name of the weight, "model.decoder.layers.0.fc1.weight"
    card: dict[str, Any]  # smile.json, where there is one: how the adapter was trained

    @property
    def trained_on(self) -> str:
        """Return what it was trained on, in words, where its card says so."""
        minutes = self.card.get("data", {}).get("minutes", {})
        if not minutes:
            return ""
        spoken = f"{sum(minutes.values()):.0f} minutes of speech in {len(minutes)} languages"
        return f"{spoken} ({', '.join(minutes)})"

    @property
    def encoding(self) -> Literal["concatenated", "independent"]:
        """Return how it was trained to have examples encoded, see `smile.decoding.encoding`."""
        independent = self.card.get("config", {}).get("encoding") == "independent"
        return "independent" if independent else "concatenated"

    @property
    def scale(self) -> float:
        """Return the share of what was learned that it applies, see `rescale`; 1 where its card is silent."""
        return float(self.card.get("config", {}).get("scale", 1.0))

    @property
    def changes_encoder(self) -> bool:
        """Return whether encoder states differ from the base's."""
        return any(name.startswith("model.encoder.") for name in self.updates)


def trained_languages(folder: Path) -> frozenset[str]:
    """Return the languages (ISO 639-3) that an adapter's card says it was trained on; none without a card."""
    return frozenset(_card(folder / "smile.json").get("data", {}).get("minutes", {}))


def load(folder: Path) -> Adapter:
    """Read an adapter folder as peft's save_pretrained writes it.

    Raises:
        WeightsError: a file that is missing or broken, or an adapter of a kind that SMILE does not apply.
    """
    config = _read_json(folder / "adapter_config.json")
    _check_kind(config, folder)
    if not (folder / WEIGHTS).is_file() and (folder / "adapter_model.bin").is_file():
        raise WeightsError(f"{folder} holds adapter_model.bin only; save the adapter with peft as {WEIGHTS}.")
    tensors = open_safetensors(folder / WEIGHTS).read_float32()
    digest = hashlib.sha256((folder / WEIGHTS).read_bytes())
    digest.update((folder / "adapter_config.json").read_bytes())
    return Adapter(
        name=folder.resolve().name,
        sha256=digest.hexdigest(),
        config=config,
        updates=_applied(tensors, config, folder),
        card=_card(folder / "smile.json"),
    )


def _applied(tensors: State, config: dict[str, Any], folder: Path) -> dict[str, Update]:
    """The updates; a WeightsError where the config has a value of another kind, or a number is none."""
    try:
        updates = _updates(tensors, config, folder)
    except WeightsError:
        raise
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, re.error) as error:
        path = folder / "adapter_config.json"
        raise WeightsError(f"{path} is damaged ({error}); save the adapter again with peft.") from error
    for name, update in updates.items():
        if not all(np.isfinite(part).all() for part in (update.down, update.up, update.scale)):
            raise WeightsError(
                f"The adapter {folder} changes {name} by values that are not numbers; train it again."
            )
    return updates


def _card(path: Path) -> dict[str, Any]:
    """The card beside the weights; empty where there is none."""
    card = _read_json(path) if path.is_file() else {}
    config, data, begun = card.get("config", {}), card.get("data", {}), card.get("begun", [])
    minutes = data.get("minutes", {}) if isinstance(data, dict) else None
    if not (isinstance(config, dict) and isinstance(minutes, dict) and isinstance(begun, list)):
        raise WeightsError(f"{path} is damaged; copy it again, or remove it.")
    if not all(isinstance(n, (int, float)) for n in (config.get("scale", 1.0), *minutes.values())):
        raise WeightsError(f"{path} is damaged; copy it again, or remove it.")
    if renamed := next((name for name in RENAMED if name in config), None):
        raise WeightsError(
            f'{path} is of an older SMILE; write {RENAMED[renamed]} there in place of its "{renamed}".'
        )
    return card


def merge(state: Mapping[str, NDArray[np.float32]], adapter: Adapter) -> State:
    """Return the weights with the adapter applied; `state` stays as it is, unchanged tensors are shared.

    Raises:
        WeightsError: an adapter that was trained for a Whisper of another size.
    """
    merged = dict(state)
    for name, update in adapter.updates.items():
        shape = state[name].shape if name in state else None
        if shape != update.shape:
            has = f"has the shape {shape}" if shape else "does not exist"
            trained = adapter.config.get("base_model_name_or_path") or "another model"
            raise WeightsError(
                f"The adapter {adapter.name} changes {name} of shape {update.shape}, which {has} in this "
                f"Whisper; use it with the model that it was trained for ({trained})."
            )
        merged[name] = state[name] + update.delta()
    return merged


def rescale(folder: Path, scale: float) -> None:
    """Scale an adapter: the weights between the base's and the trained (WiSE-FT, arXiv 2109.01903)."""
    path = folder / "adapter_config.json"
    config = _read_json(path)
    config["lora_alpha"] *= scale
    write_text(path, json.dumps(config, indent=2, sort_keys=True) + "\n")


def _check_kind(config: dict[str, Any], folder: Path) -> None:
    kind = config.get("peft_type")
    if kind not in KINDS:
        raise WeightsError(
            f"The adapter {folder} is of type {kind}; SMILE applies {' and '.join(KINDS)} only."
        )
    extra = next((option for option in EXTRAS if config.get(option)), None)
    if extra is None and config.get("bias", "none") != "none":
        extra = "bias"
    if extra is None and config.get("init_lora_weights", True) not in INITIALISATIONS:
        extra = f"init_lora_weights={config['init_lora_weights']}"
    if extra:
        raise WeightsError(
            f"The adapter {folder} uses {extra}, which SMILE does not apply; "
            "merge it into its model with peft, save that, and give its folder as the model."
        )


def _updates(tensors: State, config: dict[str, Any], folder: Path) -> dict[str, Update]:
    modules: dict[str, dict[str, NDArray[np.float32]]] = {}
    for name, tensor in tensors.items():
        match = TENSOR.fullmatch(name)
        if match is None or tensor.ndim != 2:
            raise WeightsError(
                f"The adapter {folder} holds {name} of shape {tensor.shape}; SMILE applies adapters of "
                "linear layers only."
            )
        modules.setdefault(match[1], {})[match[2]] = tensor
    if not modules:
        raise WeightsError(f"The adapter {folder} holds no tensors; save it again with peft.")
    return {
        f"model.{module}.weight": _update(module, parts, config, folder) for module, parts in modules.items()
    }


def _update(module: str, parts: State, config: dict[str, Any], folder: Path) -> Update:
    wanted = {"A", "B"} if config["peft_type"] == "LORA" else {"A", "B", "E"}
    if parts.keys() != wanted:
        odd = sorted(wanted ^ parts.keys())[0]
        raise WeightsError(
            f"The adapter {folder} has {module} with lora_{odd} amiss; save it again with peft."
        )
    down, up = parts["A"], parts["B"]
    if len(down) != up.shape[1] or len(parts.get("E", down)) != len(down):
        shapes = ", ".join(f"lora_{part} {parts[part].shape}" for part in sorted(parts))
        raise WeightsError(
            f"The adapter {folder} has {module} with ranks that differ ({shapes}); save it again with peft."
        )
    if config["peft_type"] == "LORA":
        return Update(down, up, _lora_scale(module, len(down), config))
    return Update(down * parts["E"], up, _adalora_scale(len(down), config))


def _lora_scale(module: str, rank: int, config: dict[str, Any]) -> float:
    """alpha / r, or alpha / sqrt(r) with rank-stabilised LoRA; a pattern may set a module's own alpha."""
    alpha = float(_of_pattern(config.get("alpha_pattern"), module, config["lora_alpha"]))
    return alpha / (math.sqrt(rank) if config.get("use_rslora") else rank) if rank else 0.0


def _adalora_scale(rank: int, config: dict[str, Any]) -> float:
    """alpha / (initial rank + epsilon), however many of the singular values are left."""
    alpha = float(config["lora_alpha"])
    return (alpha if alpha > 0 else rank) / (config["init_r"] + EPSILON)


def _of_pattern(patterns: Mapping[str, Any] | None, module: str, default: Any) -> Any:
    """The value whose key, a regular expression, matches the end of the module's name, as peft has it."""
    for pattern, value in (patterns or {}).items():
        if re.match(rf"(.*\.)?({pattern})$", f"model.{module}"):
            return value
    return default


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = read_json(path)
    except FileNotFoundError as error:
        raise WeightsError(
            f"{path} is missing; give the folder that peft's save_pretrained wrote."
        ) from error
    except (OSError, ValueError) as error:
        raise WeightsError(f"{path} is not readable JSON; save the adapter again with peft.") from error
    if not isinstance(content, dict):
        raise WeightsError(f"{path} is not a JSON object; save the adapter again with peft.")
    return content
