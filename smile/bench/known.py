"""Clips cut to their sound and joined at known times, which word times are measured against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from smile.audio.io import read_audio
from smile.datatypes import SAMPLE_RATE, Samples, Utterance

QUIET = 0.03  # of the loudest 10 ms of a clip: what is less at its ends is cut off
PAUSE = 0.5  # seconds


@dataclass(frozen=True)
class Joined:
    """Clips one after the other, with the times (start, end) of each, in seconds."""

    samples: Samples
    times: list[tuple[float, float]]


def joined(clips: Sequence[Utterance], pause: float) -> Joined:
    """Return clips cut to their sound, each with silence of so many seconds before and after it."""
    silence = np.zeros(round(pause * SAMPLE_RATE), np.float32)
    pieces, times, at = [silence], [], len(silence)
    for clip in clips:
        sound = cut_to_sound(read_audio(clip.audio))
        times.append((at / SAMPLE_RATE, (at + len(sound)) / SAMPLE_RATE))
        pieces += [sound, silence]
        at += len(sound) + len(silence)
    return Joined(np.concatenate(pieces), times)


def cut_to_sound(samples: Samples) -> Samples:
    """Return samples (n,) without what is quiet at both ends."""
    window = np.full(SAMPLE_RATE // 100, 100 / SAMPLE_RATE, np.float32)
    level = np.sqrt(np.convolve(samples**2, window, "same").clip(0))
    loud = np.flatnonzero(level > QUIET * level.max())
    return samples[loud[0] : loud[-1] + 1]


def told(errors: np.ndarray) -> str:
    """Return the median of absolute errors in seconds, and in brackets the 90th percentile, in ms."""
    away = 1000 * np.abs(errors)
    return f"{np.median(away):.0f} ({np.quantile(away, 0.9):.0f})"
