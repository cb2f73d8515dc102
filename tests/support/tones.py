"""A language of tones: each character is a tone of its own, which an encoder of mel bands tells exactly.

What the encoder makes of a frame depends on some 40 ms of sound, so text by windows and text of the whole
have no reason to differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from smile.acoustic.alphabet import Alphabet, Form
from smile.acoustic.head import Head
from smile.acoustic.states import StatesId
from smile.audio.features import log_mel
from smile.datatypes import SAMPLE_RATE, EncoderId, LayerStates, Matrix, RecognizerInfo, Samples
from smile.settings import WINDOWS
from smile.whisper.model import Model, Models

CHARACTERS = " abcdefg"
PITCHES = {character: 300.0 * 1.45**number for number, character in enumerate(CHARACTERS)}
SURE = 20.0  # times the weights of the last layer
SILENCE = 0.8  # seconds between texts
HELD, PAUSE = 0.08, 0.12  # seconds of a tone, and of the silence after it
MELS = 80
ENCODER = EncoderId("tones", "0" * 12)
SPOKEN = ("bad face", "fed a cab", "dab a bee")  # of a recording with a text


class Ear:
    """An encoder whose states are mel bands; `late` puts those of every other window so many frames later."""

    mels, width, depth, context, max_frames = MELS, MELS, 6, 448, 1500

    def __init__(self, encoder: EncoderId = ENCODER, late: int = 0, adapter: str = ""):
        self.info, self._late = RecognizerInfo("tones", "float32", encoder, adapter_hash=adapter), late
        self.windows: list[int] = []  # frames of each that was encoded

    def encode(self, features: Matrix) -> Matrix:
        return self.encode_layers(features, ())[0]

    def encode_layers(self, features: Matrix, layers: Sequence[int]) -> tuple[Matrix, LayerStates]:
        states = features.reshape(MELS, -1, 2).mean(axis=2).T.astype(np.float32)
        self.windows.append(len(states))
        if self._late and len(self.windows) % 2:
            states = np.roll(states, self._late, axis=0)
            states[: self._late] = 0.0
        return states, np.stack([states] * len(layers)) if layers else np.zeros((0, *states.shape))


def spoken(text: str, pause: float = PAUSE, level: float = 0.5) -> Samples:
    """The sound (n,) of a text."""
    silence = np.zeros(round(pause * SAMPLE_RATE), np.float32)
    pieces = [piece for character in text for piece in (tone(character, level), silence)]
    return np.concatenate([silence, *pieces])


def tone(character: str, level: float = 0.5) -> Samples:
    at = np.arange(round(HELD * SAMPLE_RATE)) / SAMPLE_RATE
    return (level * np.hanning(len(at)) * np.sin(2 * np.pi * PITCHES[character] * at)).astype(np.float32)


def models(encoder: EncoderId = ENCODER, late: int = 0, adapter: str = "") -> Models:
    """Models with such an ear, and no tokenizer; an adapter is a name that changes nothing of it."""
    ear: Any = Ear(encoder, late)
    tokenizer: Any = None
    model = Model(ear, tokenizer)
    adapted: Any = Ear(encoder, late, adapter)
    return Models(model, Model(adapted, tokenizer) if adapter else model)


def head(encoder: EncoderId = ENCODER, language: str = "mdw") -> Head:
    """A head that writes the tones, by the band in which each is loudest."""
    bands = [int(_states(tone(character, 0.5)).mean(axis=0).argmax()) for character in CHARACTERS]
    assert len(set(bands)) == len(CHARACTERS)
    symbols, kernel = len(CHARACTERS) + 1, np.zeros((len(CHARACTERS), len(CHARACTERS), 1), np.float32)
    narrow = np.zeros((len(CHARACTERS), MELS), np.float32)
    narrow[range(len(bands)), bands] = 1.0
    output = np.eye(symbols, len(CHARACTERS), -1, dtype=np.float32)
    bias = np.zeros(symbols, np.float32)
    bias[0] = 1.0  # of the blank
    weights = {
        "mix": np.zeros(5, np.float32),
        "narrow.weight": narrow,
        "narrow.bias": np.zeros(len(CHARACTERS), np.float32),
        "convolution.weight": kernel,
        "convolution.bias": np.zeros(len(CHARACTERS), np.float32),
        "output.weight": output,
        "output.bias": bias,
    }
    reads = StatesId(encoder, "float32", WINDOWS)
    return Head(Alphabet(CHARACTERS), Form("plain", language), reads, weights)


def sure(head: Head) -> Head:
    """The same head with hardly a doubt, so that no text is squeezed into the sound of another."""
    output = ("output.weight", "output.bias")
    weights = {name: value * (SURE if name in output else 1.0) for name, value in head.weights.items()}
    return Head(head.alphabet, head.form, head.reads, weights)


def said(texts: Sequence[str]) -> Samples:
    """The sound (n,) of texts with a silence after each."""
    silence = np.zeros(round(SILENCE * SAMPLE_RATE), np.float32)
    return np.concatenate([piece for text in texts for piece in (spoken(text), silence)])


def _states(samples: Samples) -> Matrix:
    features = log_mel(samples, len(samples) / SAMPLE_RATE, MELS)
    return features.reshape(MELS, -1, 2).mean(axis=2).T
