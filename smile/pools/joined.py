"""Code-switched targets: a clip of one language and then one of another, as a single recording."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from smile.audio.io import read_audio, write
from smile.datatypes import SAMPLE_RATE, Utterance
from smile.retrieval.samplers import stable_shuffle

LONGEST = 8.0  # seconds of each clip, so that both leave half a window to examples


def joined(first: Sequence[Utterance], second: Sequence[Utterance], folder: Path) -> tuple[Utterance, ...]:
    """Join pairs of utterances, each in one recording in `folder`; no clip is in two of them.

    Which clips meet is decided by their ids alone. Language and id are those of both, joined by +.
    Recordings that are there already are kept.
    """
    folder.mkdir(parents=True, exist_ok=True)
    pairs = zip(stable_shuffle(first), stable_shuffle(second), strict=False)
    return tuple(joint for i, j in pairs if (joint := _joint(first[i], second[j], folder)) is not None)


def joined_text(first: str, second: str) -> str:
    """Return the text of two clips in one recording."""
    return f"{first} {second}"


def _joint(a: Utterance, b: Utterance, folder: Path) -> Utterance | None:
    """One utterance of two; None where a clip is too long."""
    name = f"{a.id}+{b.id}"
    path = folder / f"{hashlib.sha256(name.encode()).hexdigest()[:16]}.wav"
    if not path.is_file():
        parts = [read_audio(utterance.audio) for utterance in (a, b)]
        if any(len(samples) > LONGEST * SAMPLE_RATE for samples in parts):
            return None
        write(path, np.concatenate(parts))
    return Utterance(name, path, joined_text(a.text, b.text), f"{a.language}+{b.language}")
