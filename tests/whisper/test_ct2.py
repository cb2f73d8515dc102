"""CTranslate2's format is read without loss, and a file that is cut short is refused."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from smile.datatypes import WeightsError
from smile.whisper import ct2, packages, weights
from smile.whisper.tensors import whisper_shapes


@pytest.fixture(scope="module")
def packaged() -> packages.Packaged:
    return packages.load(packages.installed())


def test_conversion_is_exact(packaged: packages.Packaged) -> None:
    tensors = ct2.read_tensors(packaged.model, "model.bin")
    state = ct2.state(tensors, "model.bin")
    stacked = tensors["decoder/layer_3/attention/linear_1/weight"]
    halves = [state[f"model.decoder.layers.3.encoder_attn.{name}_proj.weight"] for name in "kv"]
    np.testing.assert_array_equal(np.concatenate(halves).astype(np.float16), stacked)
    for name, tensor in tensors.items():  # the key projections have no bias to lose
        if name.endswith("self_attention/linear_0/bias"):
            assert not np.split(tensor, 3)[1].any()
    assert {name: value.shape for name, value in state.items()} == whisper_shapes(ct2.config(tensors, ""))
    assert sum(value.size for value in state.values()) == sum(
        tensor.size for tensor in tensors.values() if tensor.ndim
    ) - 512 * (6 + 6 + 6)


@pytest.mark.parametrize("keep", [0, 3, 20, 100_000, 72_608_766, 145_217_531])
def test_a_truncated_file(packaged: packages.Packaged, keep: int) -> None:
    with pytest.raises(WeightsError, match=r"my/model\.bin is not a CTranslate2 model, or cut short"):
        ct2.read_tensors(packaged.model[:keep], "my/model.bin")


def header(version: int = 6, spec: str = "WhisperSpec") -> bytes:
    return struct.pack("<IH", version, len(spec) + 1) + spec.encode() + b"\0" + struct.pack("<I", 3)


def tensor(name: str, dtype: int, data: bytes, *shape: int) -> bytes:
    start = struct.pack("<H", len(name) + 1) + name.encode() + b"\0"
    return start + struct.pack(f"<B{len(shape)}IBI", len(shape), *shape, dtype, len(data)) + data


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (header(version=5), "is WhisperSpec in version 5 of CTranslate2's format"),
        (header(spec="TransformerSpec"), "is TransformerSpec in version 6"),
        (
            header() + struct.pack("<I", 1) + tensor("encoder/conv1/weight", 1, b"abcd", 2, 2) + bytes(4),
            "encoder/conv1/weight is quantised to int8",
        ),
        (header() + struct.pack("<I", 1) + tensor("x", 9, b"", 0) + bytes(4), "is not a CTranslate2 model"),
        (header() + bytes(8), "lacks parts of Whisper"),
    ],
)
def test_other_files(data: bytes, message: str) -> None:
    with pytest.raises(WeightsError, match=message):
        ct2.config(ct2.read_tensors(memoryview(data), "model.bin"), "model.bin")


def test_bfloat16_is_widened_exactly() -> None:
    bits = np.array([0x3FC0, 0xC000], "<u2").tobytes()
    data = header() + struct.pack("<I", 1) + tensor("encoder/conv1/bias", 5, bits, 2) + bytes(4)
    stored = ct2.read_tensors(memoryview(data), "model.bin")["encoder/conv1/bias"]
    np.testing.assert_array_equal(ct2.widen(stored), np.array([1.5, -2.0], np.float32))


def test_a_folder_is_the_same_model(packaged: packages.Packaged, tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(packaged.model)
    for path in (packaged.config, packaged.tokenizer):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    base = weights.find(str(tmp_path))
    assert base.sha256 == packages.MODEL_SHA256
    assert base.suppress_first == (220, 50257)
    assert len(base.state()) == 245
