"""Models without weights, for what needs a tokenizer and a decoder's positions alone."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, Literal

from smile.datatypes import EncoderId, RecognizerInfo
from smile.whisper.model import Model
from smile.whisper.tokenizer import Tokenizer


def mute(
    tokenizer: Tokenizer,
    encoding: Literal["concatenated", "independent"] = "concatenated",
    context: int = 448,
) -> Model:
    """Return a model that can be prompted and nothing else."""
    info = RecognizerInfo("lean", "float32", EncoderId("toy", "0" * 12), encoding=encoding)
    engine: Any = SimpleNamespace(info=info, context=context)
    return Model(engine, tokenizer)
