"""Tensor files as numpy arrays, without torch, and what tensors a Whisper model has."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smile.datatypes import WeightsError

State = dict[str, NDArray[np.float32]]
Shape = tuple[int, ...]

DTYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}
"""safetensors' floating-point types as numpy's; bfloat16, which numpy lacks, as its 16 bits."""


def widen(bits: NDArray[np.uint16]) -> NDArray[np.float32]:
    """Widen bfloat16, given as its bits, to float32, of which it is the upper half."""
    return (bits.astype(np.uint32) << 16).view(np.float32)


@dataclass(frozen=True)
class TensorFile:
    """An opened safetensors file: its header is read and checked, its data stay on disk."""

    path: Path
    header: dict[str, Any]  # name -> {"dtype", "shape", "data_offsets"}
    start: int  # where the data begin, bytes

    @property
    def shapes(self) -> dict[str, Shape]:
        """Return the tensors' shapes by name."""
        return {name: tuple(entry["shape"]) for name, entry in self.header.items()}

    def read_float32(self) -> State:
        """Read all tensors as float32, into memory of their own."""
        data = np.memmap(self.path, np.uint8, mode="r")[self.start :]
        return {name: self._tensor(name, entry, data) for name, entry in self.header.items()}

    def _tensor(self, name: str, entry: dict[str, Any], data: NDArray[np.uint8]) -> NDArray[np.float32]:
        dtype, (first, last) = entry["dtype"], entry["data_offsets"]
        if dtype not in DTYPES:
            raise WeightsError(
                f"{self.path}: {name} is stored as {dtype}; save the model in float32, float16 or bfloat16."
            )
        stored = data[first:last].view(DTYPES[dtype]).reshape(entry["shape"])
        return widen(stored) if dtype == "BF16" else stored.astype(np.float32)


def open_safetensors(path: Path) -> TensorFile:
    """Open a safetensors file; WeightsError where it is missing, cut short or not one.

    Format: uint64 length of the header, the header in JSON, the data.
    """
    if not path.is_file():
        raise WeightsError(f"{path} is missing; copy or download it again.")
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(min(length, path.stat().st_size)))
        header.pop("__metadata__", None)
        end = max((_end(entry) for entry in header.values()), default=0)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise WeightsError(f"{path} is not a safetensors file, or cut short; download it again.") from error
    if path.stat().st_size != 8 + length + end:
        raise WeightsError(
            f"{path} has {path.stat().st_size:,} bytes where its header promises {8 + length + end:,}; "
            "download it again."
        )
    return TensorFile(path, header, 8 + length)


def _end(entry: dict[str, Any]) -> int:
    """Where the data of a tensor end; ValueError where its shape, its type and its place do not agree."""
    (first, last), shape, dtype = entry["data_offsets"], entry["shape"], entry["dtype"]
    numbers = [first, last, *shape]
    if not isinstance(dtype, str) or not all(type(n) is int and n >= 0 for n in numbers):
        raise ValueError(entry)
    size = np.dtype(DTYPES[dtype]).itemsize if dtype in DTYPES else None
    if last < first or (size is not None and math.prod(shape) * size != last - first):
        raise ValueError(entry)
    return int(last)


def whisper_shapes(config: dict[str, Any]) -> dict[str, Shape]:
    """Return names and shapes of the tensors of a Whisper with this config, the output layer aside."""
    width = config["d_model"]
    shapes: dict[str, Shape] = {
        "model.encoder.conv1.weight": (width, config["num_mel_bins"], 3),
        "model.encoder.conv1.bias": (width,),
        "model.encoder.conv2.weight": (width, width, 3),
        "model.encoder.conv2.bias": (width,),
        "model.encoder.embed_positions.weight": (config["max_source_positions"], width),
        "model.decoder.embed_positions.weight": (config["max_target_positions"], width),
        "model.decoder.embed_tokens.weight": (config["vocab_size"], width),
    }
    for side, attentions in (("encoder", ("self_attn",)), ("decoder", ("self_attn", "encoder_attn"))):
        shapes |= _norm(f"model.{side}.layer_norm", width)
        for layer in range(config[f"{side}_layers"]):
            prefix = f"model.{side}.layers.{layer}"
            shapes |= _layer(prefix, attentions, width, config[f"{side}_ffn_dim"])
    return shapes


def _layer(prefix: str, attentions: tuple[str, ...], width: int, inner: int) -> dict[str, Shape]:
    shapes = _norm(f"{prefix}.final_layer_norm", width)
    shapes |= _linear(f"{prefix}.fc1", inner, width) | _linear(f"{prefix}.fc2", width, inner)
    for attention in attentions:
        shapes |= _norm(f"{prefix}.{attention}_layer_norm", width)
        shapes[f"{prefix}.{attention}.k_proj.weight"] = (width, width)
        for name in ("q_proj", "v_proj", "out_proj"):
            shapes |= _linear(f"{prefix}.{attention}.{name}", width, width)
    return shapes


def _linear(name: str, out: int, into: int) -> dict[str, Shape]:
    return {f"{name}.weight": (out, into), f"{name}.bias": (out,)}


def _norm(name: str, width: int) -> dict[str, Shape]:
    return {f"{name}.weight": (width,), f"{name}.bias": (width,)}


def check_whisper(shapes: dict[str, Shape], config: dict[str, Any], source: str) -> None:
    """Raise WeightsError, naming the first tensor that is missing or of another shape than `config` says."""
    for name, wanted in whisper_shapes(config).items():
        if name not in shapes:
            raise WeightsError(f"{source} lacks the tensor {name}; save or download the model again.")
        if shapes[name] != wanted:
            raise WeightsError(
                f"{source}: {name} has shape {shapes[name]} where the config says {wanted}; "
                "save the weights and config.json together."
            )
