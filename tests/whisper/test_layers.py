"""What the lean engine's encoder computes in, and its attention a head at a time."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from smile.audio.features import log_mel
from smile.datatypes import Recognizer
from smile.whisper.engines import layers, lean, load_recognizer
from smile.whisper.weights import Base
from tests.support.clips import clips


@pytest.mark.parametrize("frames", [1, 7, 500])
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.bfloat16, 0.02)])
def test_attention_by_head_is_attention(frames: int, dtype: torch.dtype, tolerance: float) -> None:
    """The relative error is that of a rounding in the precision, as sizes of the values."""
    torch.manual_seed(0)
    q, k, v = (torch.randn(1, frames, 8, 64).transpose(1, 2) for _ in range(3))
    expected = layers.attend(q, k, v)
    made = layers.attend_by_head(q.to(dtype), k.to(dtype), v.to(dtype))
    assert made.dtype == dtype
    assert made.shape == expected.shape
    assert (made.float() - expected).norm() < tolerance * expected.norm()


@pytest.mark.parametrize(
    ("found", "amd", "precision"),
    [
        ({"avx512_bf16": True}, True, "bfloat16"),
        ({"avx512_bf16": True}, False, "int8"),
        ({"avx512_bf16": True, "amx_bf16": True}, False, "bfloat16"),
        ({"avx2": True}, True, "int8"),
    ],
)
def test_an_int8_engine_encodes_in_bfloat16_where_the_cpu_multiplies_it_faster(
    monkeypatch: pytest.MonkeyPatch, found: dict[str, bool], amd: bool, precision: str
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: found)
    monkeypatch.setattr(layers, "amd", lambda: amd)
    assert lean.encoder_precision("int8") == precision
    assert lean.encoder_precision("float32") == "float32"


def test_a_process_computes_as_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layers, "_settled", [])
    for faster in (not layers.multiplies_bfloat16(), layers.multiplies_bfloat16()):
        layers.settle_bfloat16(faster)
        assert layers.multiplies_bfloat16() == faster


def test_bfloat16_states_are_nearer_to_exact_ones_than_int8_ones(
    monkeypatch: pytest.MonkeyPatch, base: Base, lean32: Recognizer
) -> None:
    features = [log_mel(clip.samples, 10.0) for clip in clips("deu", 3)]
    exact = [lean32.encode(one) for one in features]
    errors = []
    for native in (True, False):
        monkeypatch.setattr(lean, "multiplies_bfloat16", lambda native=native: native)
        engine = load_recognizer(base, engine="lean", precision="int8")
        off = [
            np.linalg.norm(engine.encode(one) - e) / np.linalg.norm(e)
            for one, e in zip(features, exact, strict=True)
        ]
        errors.append(max(off))
    assert errors[0] < 0.05 < 0.2 > errors[1] > 2 * errors[0]
