"""Every setting of meta-training; the paper leaves most of them open (METHOD: "not recoverable")."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal, get_args, get_type_hints

from smile.datatypes import SmileError


@dataclass(frozen=True)
class TrainConfig:
    """How an adapter is trained. The defaults are those of the shipped adapter; `PAPER` is the paper's."""

    languages: tuple[str, ...] = ("eng", "deu", "nld", "spa", "fra", "ron", "ces", "rus")
    split: str = "10min_train"
    seed: int = 0

    steps: int = 3000  # optimizer steps
    batch: int = 4  # episodes in a step, of all processes together
    rate: float = 3e-4  # highest learning rate
    warmup: int = 50  # steps
    clip: float = 1.0  # largest norm of the gradient

    method: Literal["lora", "adalora"] = "lora"
    rank: int = 16  # of LoRA; AdaLoRA ends here
    initial_rank: int = 24  # AdaLoRA starts here
    alpha: int = 32  # scales the update by alpha / rank
    dropout: float = 0.05
    layers: Literal["decoder", "decoder-attention", "all"] = "decoder"
    orthogonal: float = 0.5  # weight of AdaLoRA's orthogonality loss

    encoding: Literal["concatenated", "independent"] = "concatenated"  # see `smile.decoding.encoding`
    shots: tuple[int, int] = (0, 6)  # least and most examples in an episode
    windows: tuple[float, ...] = (10.0, 15.0, 20.0)  # seconds; one is drawn for each batch
    loss: Literal["target", "each"] = "each"  # the target's tokens, or each clip's given those before it
    sampled: int = 0  # vocabulary entries that stand for those that no label of a batch names; 0: all
    timestamps: bool = True  # in the prompt
    reuse: int = 3  # times an encoded batch is used, each time written and labelled anew
    symbol_remapping: float = 0.5  # share of episodes in a random orthography
    random_language: float = 0.4  # share with a random language token in place of the true one
    near: float = 0.3  # share with examples from the target's nearest by KL, else random ones
    foreign: float = 0.05  # share with examples of another language
    speed: float = 0.1  # clips are played up to this much faster or slower
    noise: float = 0.3  # share of clips with noise at 10 to 40 dB

    worst_cer: float = 0.6  # clips on which vanilla Whisper does worse are left out
    max_seconds: float = 14.0  # of a clip; longer ones are left out
    scale: float = 0.4  # share of the learned change that is exported: between base and trained weights
    validate_every: int = 300  # steps
    validate_clips: int = 3  # of each language's dev split

    @property
    def frozen_encoder(self) -> bool:
        """Return whether encoder states are those of the base model."""
        return self.layers != "all"

    def learning(self) -> dict[str, Any]:
        """Return the settings that change what is learned; of a run that goes on they stay as they are."""
        return {name: value for name, value in asdict(self).items() if name != "scale"}

    def as_dict(self) -> dict[str, Any]:
        """Return the settings as plain values for JSON."""
        return asdict(self)


PAPER = TrainConfig(
    method="adalora",
    layers="all",
    shots=(1, 1),
    windows=(30.0,),
    loss="target",
    timestamps=False,
    reuse=1,
    symbol_remapping=0.0,
    random_language=0.0,
    near=0.0,
    foreign=0.0,
    speed=0.0,
    noise=0.0,
    scale=1.0,
)
"""The paper's recipe: one example, 30 s, AdaLoRA everywhere, loss on the target alone."""

INDEPENDENT = TrainConfig(
    encoding="independent",
    steps=5000,
    shots=(0, 8),
    sampled=4096,
    symbol_remapping=0.3,
    reuse=1,
    dropout=0.0,
    validate_every=500,
)
"""Examples are encoded independently, from states that are made once; up to 8 in an episode.

Dropout would take as long as the products of matrices do.
"""

PRESETS = {"smile": TrainConfig(), "paper": PAPER, "independent": INDEPENDENT}


SHARE = (0.0, 1.0)
LIMITS = {  # least and most
    **dict.fromkeys(("batch", "rank", "initial_rank", "alpha", "reuse", "validate_every"), (1, 1_000_000)),
    **dict.fromkeys(("steps", "warmup", "sampled", "validate_clips"), (0, 1_000_000_000)),
    **dict.fromkeys(("symbol_remapping", "random_language", "near", "foreign", "noise", "dropout"), SHARE),
    "seed": (0, 2**32 - 1),
    "rate": (0.0, 1.0),
    "speed": (0.0, 0.5),
    "shots": (0, 100),
    "windows": (1.0, 30.0),
    **dict.fromkeys(("clip", "orthogonal", "worst_cer", "max_seconds", "scale"), (0.0, math.inf)),
}


def with_values(config: TrainConfig, values: dict[str, str]) -> TrainConfig:
    """Return a config with settings given as text, such as {"rate": "1e-4", "windows": "10,15"}.

    Raises:
        SmileError: no such setting, or a value that it cannot have.
    """
    known = {f.name for f in fields(config)}
    changed: dict[str, Any] = {}
    for name, value in values.items():
        if name not in known:
            raise SmileError(f'There is no setting "{name}"; choose one of {", ".join(sorted(known))}.')
        try:
            changed[name] = _parsed(value, getattr(config, name))
            fault = _fault(name, changed[name])
        except (ValueError, KeyError) as error:
            raise SmileError(
                f'The setting "{name}" cannot be "{value}"; give a value like its default.'
            ) from error
        if fault:
            raise SmileError(f'The setting "{name}" cannot be "{value}"; {fault}.')
    return replace(config, **changed)


def _fault(name: str, value: Any) -> str:
    """What is to be done about a value of the right kind that a setting cannot have; empty where it can."""
    choices = get_args(get_type_hints(TrainConfig)[name])
    if isinstance(value, str) and choices and value not in choices:
        return f"choose one of {', '.join(choices)}"
    parts: Sequence[Any] = value if isinstance(value, tuple) else (value,)
    if not all(part.strip() == part != "" for part in parts if isinstance(part, str)):
        return "write each name, without spaces around it"
    least, most = LIMITS.get(name, (-math.inf, math.inf))
    if not all(least <= part <= most for part in parts if not isinstance(part, str)):
        return f"give {least:g} or more" if most == math.inf else f"give {least:g} to {most:,.10g}"
    if name == "shots" and not (len(parts) == 2 and parts[0] <= parts[1]):
        return "give the least number and the most, such as 0,6"
    return ""


def _parsed(value: str, default: Any) -> Any:
    if isinstance(default, tuple):
        return tuple(type(default[0])(part) for part in value.split(","))
    if isinstance(default, bool):
        return {"true": True, "false": False}[value.lower()]
    return type(default)(value)
