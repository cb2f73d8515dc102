"""Which language Whisper hears, and whether there is speech at all."""

from __future__ import annotations

import numpy as np

from smile.datatypes import DecoderSession, LanguageDetection
from smile.whisper.logits import softmax
from smile.whisper.tokenizer import Vocabulary


def detect_language(session: DecoderSession, vocabulary: Vocabulary) -> LanguageDetection:
    """Feed <|startoftranscript|> to a new session and return language and no-speech of what follows."""
    logits, _ = session.step(np.array([[vocabulary.start]]))
    codes = list(vocabulary.languages)
    languages = softmax(logits[0, list(vocabulary.languages.values())])
    best = int(languages.argmax())
    no_speech = float(softmax(logits[0])[vocabulary.no_speech])
    return LanguageDetection(codes[best], float(languages[best]), no_speech)
