"""A recognizer of a few lines in place of Whisper."""

from __future__ import annotations

from typing import Any

import numpy as np

from smile.datatypes import (
    DecoderSession,
    EncoderId,
    LanguageDetection,
    Matrix,
    RecognizerInfo,
)
from smile.whisper.model import Model, Models


class Fake:
    """Encodes by averaging mel bands, and can be stopped at a given clip."""

    mels, width, context, max_frames = 80, 8, 448, 1500

    def __init__(self, model: str = "fake", stop_at: int = 0, stop: type[BaseException] = KeyboardInterrupt):
        self.info = RecognizerInfo("fake", "float32", EncoderId(model, "0123456789ab"))
        self.calls, self._stop_at, self._stop = 0, stop_at, stop

    def encode(self, features: Matrix) -> Matrix:
        self.calls += 1
        if self.calls == self._stop_at:
            raise self._stop
        return features.reshape(8, 10, -1, 2).mean(axis=(1, 3)).T.astype(np.float32)

    def decoder(self, states: Matrix) -> DecoderSession:
        raise NotImplementedError


class TwoLanguages(Model):
    """Whisper that hears one language in clips of the shortest window and another in all others."""

    def detect_language(self, states: Matrix) -> LanguageDetection:
        return LanguageDetection("sw" if len(states) == 500 else "en", 0.9, 0.1)


def models(recognizer: Fake) -> Models:
    """Return models that encode by a recognizer and have no tokenizer."""
    tokenizer: Any = None
    model = TwoLanguages(recognizer, tokenizer)
    return Models(model, model)
