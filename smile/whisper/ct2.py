"""Whisper in CTranslate2's binary format, read into transformers' names and shapes."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smile.datatypes import WeightsError
from smile.whisper.tensors import State, check_whisper, widen

Tensors = dict[str, NDArray[Any]]

VERSION = 6  # of the binary format
DTYPES = {0: "<f4", 1: "i1", 2: "<i2", 3: "<i4", 4: "<f2", 5: "<u2"}  # 5: bfloat16 as its bits
BFLOAT16 = np.dtype("<u2")
FLOATS = (np.dtype("<f4"), np.dtype("<f2"), BFLOAT16)

LAYER_NAMES: dict[str, tuple[str, ...]] = {
    "self_attention/layer_norm": ("self_attn_layer_norm",),
    "self_attention/linear_0": ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
    "self_attention/linear_1": ("self_attn.out_proj",),
    "attention/layer_norm": ("encoder_attn_layer_norm",),
    "attention/linear_0": ("encoder_attn.q_proj",),
    "attention/linear_1": ("encoder_attn.k_proj", "encoder_attn.v_proj"),
    "attention/linear_2": ("encoder_attn.out_proj",),
    "ffn/layer_norm": ("final_layer_norm",),
    "ffn/linear_0": ("fc1",),
    "ffn/linear_1": ("fc2",),
}
"""Modules of a layer; several names where CTranslate2 stacks their rows in one matrix."""

TOP_NAMES = {"position_encodings": "embed_positions", "embeddings": "embed_tokens"}
LEAF_NAMES = {"gamma": "weight", "beta": "bias", "encodings": "weight"}


class _Reader:
    """A place in a CTranslate2 file."""

    def __init__(self, data: memoryview) -> None:
        self.data = data
        self.place = 0

    def take(self, count: int) -> memoryview:
        """Return the next `count` bytes, not copied."""
        if self.place + count > len(self.data):
            raise EOFError
        self.place += count
        return self.data[self.place - count : self.place]

    def number(self, kind: str) -> int:
        """Read a little-endian unsigned integer; `kind` as in `struct`: B, H or I."""
        return int(struct.unpack(f"<{kind}", self.take(struct.calcsize(kind)))[0])

    def string(self) -> str:
        """Read a length in uint16, then so many bytes, the last of them NUL."""
        return self.take(self.number("H")).tobytes()[:-1].decode()

    def tensor(self) -> tuple[str, NDArray[Any]]:
        """Read a name, and the array that follows it."""
        name = self.string()
        shape = [self.number("I") for _ in range(self.number("B"))]
        dtype = DTYPES[self.number("B")]
        return name, np.frombuffer(self.take(self.number("I")), dtype).reshape(shape)


def read_tensors(data: memoryview, source: str) -> Tensors:
    """Return the tensors of a model.bin given as its bytes, as views of them; `source` names it in errors."""
    reader = _Reader(data)
    try:
        version, spec = reader.number("I"), reader.string()
        if version != VERSION or spec != "WhisperSpec":
            raise WeightsError(
                f"{source} is {spec} in version {version} of CTranslate2's format; "
                f"convert Whisper anew, to version {VERSION}."
            )
        reader.number("I")  # revision of the spec
        tensors = dict(reader.tensor() for _ in range(reader.number("I")))
        for _ in range(2 * reader.number("I")):  # aliases and what they stand for: the tied output layer
            reader.string()
    except WeightsError:
        raise
    except (EOFError, KeyError, ValueError) as error:
        raise WeightsError(
            f"{source} is not a CTranslate2 model, or cut short; install or download it again."
        ) from error
    for name, tensor in tensors.items():
        if name.endswith("/weight") and tensor.dtype not in FLOATS:
            raise WeightsError(
                f"{source}: {name} is quantised to {tensor.dtype}; use the float16 or float32 model."
            )
    return tensors


def config(tensors: Tensors, source: str) -> dict[str, Any]:
    """Return transformers' WhisperConfig, from the tensors' shapes and the numbers of heads."""
    try:
        return _config(tensors)
    except (KeyError, ValueError, IndexError, TypeError) as error:
        raise WeightsError(
            f"{source} lacks parts of Whisper ({error}); install or download it again."
        ) from error


def _config(tensors: Tensors) -> dict[str, Any]:
    vocabulary, width = tensors["decoder/embeddings/weight"].shape
    fields: dict[str, Any] = {
        "d_model": width,
        "vocab_size": vocabulary,
        "num_mel_bins": tensors["encoder/conv1/weight"].shape[1],
        "max_source_positions": len(tensors["encoder/position_encodings/encodings"]),
        "max_target_positions": len(tensors["decoder/position_encodings/encodings"]),
    }
    for side in ("encoder", "decoder"):
        layers = {name.split("/")[1] for name in tensors if name.startswith(f"{side}/layer_")}
        fields[f"{side}_layers"] = len(layers - {"layer_norm"})
        fields[f"{side}_attention_heads"] = int(tensors[f"{side}/num_heads"])
        fields[f"{side}_ffn_dim"] = len(tensors[f"{side}/layer_0/ffn/linear_0/weight"])
    return fields


def state(tensors: Tensors, source: str) -> State:
    """Return the weights as float32 under transformers' names; float16 and bfloat16 widen exactly."""
    converted: State = {}
    for name, tensor in tensors.items():
        side, _, rest = name.partition("/")
        module, _, leaf = rest.rpartition("/")
        try:
            if tensor.ndim and module:
                converted |= _rename(side, module, LEAF_NAMES.get(leaf, leaf), tensor)
        except ValueError as error:  # rows that cannot be parted
            raise WeightsError(f"{source}: {name} is damaged; install or download it again.") from error
    check_whisper({name: tensor.shape for name, tensor in converted.items()}, config(tensors, source), source)
    return converted


def _rename(side: str, module: str, leaf: str, tensor: NDArray[Any]) -> State:
    """One CTranslate2 tensor as the one or several of transformers that it holds."""
    values = widen(tensor) if tensor.dtype == BFLOAT16 else tensor.astype(np.float32)
    layer, _, inner = module.partition("/")
    if not inner:
        return {f"model.{side}.{TOP_NAMES.get(module, module)}.{leaf}": values}
    names = LAYER_NAMES.get(inner, (inner,))
    prefix = f"model.{side}.layers.{layer.removeprefix('layer_')}"
    named = zip(names, np.split(values, len(names)), strict=True)
    return {f"{prefix}.{name}.{leaf}": piece for name, piece in named if not _absent(name, leaf)}


def _absent(name: str, leaf: str) -> bool:
    """Whisper's key projections have no bias; CTranslate2 stacks zeros in its place."""
    return name.endswith("k_proj") and leaf == "bias"
