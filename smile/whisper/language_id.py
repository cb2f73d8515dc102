"""Language identification: which language Whisper hears, and whether there is speech at all."""

from __future__ import annotations

import numpy as np

from smile.datatypes import DecoderSession, LanguageDetection
from smile.whisper.logits import softmax
from smile.whisper.tokenizer import Tokenizer


def detect_language(session: DecoderSession, tokenizer: Tokenizer) -> LanguageDetection:
    """Feed <|startoftranscript|> to a new session and return language and no-speech of what follows."""
    logits, _ = session.step(np.array([[tokenizer.start]]))
    codes = list(tokenizer.languages)
    languages = softmax(logits[0, list(tokenizer.languages.values())])
    best = int(languages.argmax())
    no_speech = float(softmax(logits[0])[tokenizer.no_speech])
    return LanguageDetection(codes[best], float(languages[best]), no_speech)
