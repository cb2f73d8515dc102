"""What clips are compared with besides a pool: real speech of the eight meta-training languages, embedded.

They tell how clips of one language differ among themselves, whatever the language, and how near a clip is to
languages that are not the pool's. They belong to one encoder, and ship as numbers, without sound or text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from smile.datatypes import DamagedError, EncoderId, Matrix
from smile.paths import ASSETS
from smile.util.arrays import Arrays, write_arrays

SHIPPED = ASSETS / "background.npz"


@dataclass(frozen=True, eq=False)
class Background:
    """Embeddings (n, d) of clips of several languages, and the number (n,) of each one's language."""

    clips: NDArray[np.float64]
    languages: NDArray[np.integer]
    encoder: EncoderId

    @classmethod
    def of(cls, by_language: Mapping[str, Matrix], encoder: EncoderId) -> Background:
        """Return the background of embeddings (clips, d) of several languages."""
        numbers = np.repeat(np.arange(len(by_language)), [len(rows) for rows in by_language.values()])
        return cls(np.concatenate([*by_language.values()]).astype(np.float64), numbers, encoder)

    @cached_property
    def mean(self) -> NDArray[np.float64]:
        """The mean (d,) of all clips."""
        return np.asarray(self.clips.mean(axis=0))

    @cached_property
    def deviations(self) -> NDArray[np.float64]:
        """The clips (n, d), each less the mean of its language."""
        numbers, own = np.unique(self.languages, return_inverse=True)
        places = np.stack([self.clips[self.languages == number].mean(axis=0) for number in numbers])
        return np.asarray(self.clips - places[own])

    def save(self, path: Path) -> None:
        """Write it in half precision; the file appears when it is whole."""
        e = self.encoder
        write_arrays(
            path,
            {
                "clips": self.clips.astype(np.float16),
                "languages": self.languages.astype(np.uint8),
                "encoder": np.array([e.model, e.weights, e.adapter, e.pooling]),
            },
        )


@cache
def background(path: Path = SHIPPED) -> Background | None:
    """Return the background that ships; None where there is none, or it is damaged."""
    try:
        with Arrays(path) as stored:
            clips, languages = stored["clips"].astype(np.float64), stored["languages"]
            names = [str(name) for name in stored["encoder"]]
    except (OSError, DamagedError):
        return None
    whole = len(names) == 4 and clips.ndim == 2 and languages.shape == clips.shape[:1] and len(clips)
    return Background(clips, languages, EncoderId(*names)) if whole and np.isfinite(clips).all() else None
