"""Labelled clips for tests: real speech where it is at hand, else the demo pools' synthetic speech."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from smile.audio.io import read_audio
from smile.datatypes import SAMPLE_RATE, Speech
from smile.transcription.options import ALONE
from smile.transcription.target import Target
from smile.whisper.model import Models
from tests.conftest import POOLS, speech_folder


@dataclass(frozen=True)
class Labelled:
    """A clip with its reference."""

    id: str
    path: Path
    text: str
    samples: np.ndarray
    real: bool


def clips(code: str, count: int, split: str = "10min_test") -> list[Labelled]:
    """The first clips of a language; without real speech those of a demo pool in its stead."""
    from smile.corpora import read_corpus

    real = speech_folder()
    source = real / code if real else sorted(p for p in POOLS.iterdir() if p.is_dir())[hash_of(code)]
    utterances = read_corpus(source, split).utterances if real else read_corpus(source).utterances
    return [Labelled(u.id, u.audio, u.text, read_audio(u.audio), bool(real)) for u in utterances[:count]]


def hash_of(code: str) -> int:
    """A small number that is the same in every run."""
    return sum(map(ord, code)) % 8


def words(models: Models, samples: np.ndarray) -> str:
    """What Whisper alone makes of a clip."""
    *_, last = Target(models, Speech(0.0, len(samples) / SAMPLE_RATE, samples)).vanilla(ALONE)
    return last.decoded.text
