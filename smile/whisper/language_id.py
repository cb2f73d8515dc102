"""Which language Whisper hears, and whether there is speech at all."""

from __future__ import annotations

import numpy as np

from smile.datatypes import DecoderSession, Opening
from smile.whisper.logits import softmax
from smile.whisper.tokenizer import Vocabulary


def listen(session: DecoderSession, vocabulary: Vocabulary) -> Opening:
    """Feed <|startoftranscript|> to a new session and read language and no-speech off what follows."""
    logits, _ = session.step(np.array([[vocabulary.start]]))
    codes = list(vocabulary.languages)
    languages = softmax(logits[0, list(vocabulary.languages.values())])
    best = int(languages.argmax())
    no_speech = float(softmax(logits[0])[vocabulary.no_speech])
    return Opening(codes[best], float(languages[best]), no_speech)
