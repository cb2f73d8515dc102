"""How embeddings of one language's clips differ among themselves, whatever the language: from real speech of
the eight meta-training languages. It belongs to one encoder, and ships as numbers, without sound or text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from smile.datatypes import DamagedError, EncoderId, Matrix
from smile.paths import ASSETS
from smile.util.arrays import Arrays, write_arrays

SHIPPED = ASSETS / "background.npz"


@dataclass(frozen=True, eq=False)
class Background:
    """Embeddings (n, d) less the mean of their language, and the mean (d,) of all."""

    mean: NDArray[np.float64]
    deviations: NDArray[np.float64]
    encoder: EncoderId

    @classmethod
    def of(cls, by_language: Mapping[str, Matrix], encoder: EncoderId) -> Background:
        """Return the background of embeddings (clips, d) of several languages."""
        groups = [np.asarray(rows, np.float64) for rows in by_language.values()]
        deviations = np.concatenate([rows - rows.mean(axis=0) for rows in groups])
        return cls(np.concatenate(groups).mean(axis=0), deviations, encoder)

    def save(self, path: Path) -> None:
        """Write it; the file appears when it is whole."""
        e = self.encoder
        write_arrays(
            path,
            {
                "mean": self.mean.astype(np.float32),
                "deviations": self.deviations.astype(np.float16),
                "encoder": np.array([e.model, e.weights, e.adapter, e.pooling]),
            },
        )


@cache
def background(path: Path = SHIPPED) -> Background | None:
    """Return the background that ships; None where there is none, or it is damaged."""
    try:
        with Arrays(path) as stored:
            mean, deviations = (stored[name].astype(np.float64) for name in ("mean", "deviations"))
            names = [str(name) for name in stored["encoder"]]
    except (OSError, DamagedError):
        return None
    whole = len(names) == 4 and mean.ndim == 1 and deviations.shape[1:] == mean.shape
    finite = whole and np.isfinite(mean).all() and np.isfinite(deviations).all()
    return Background(mean, deviations, EncoderId(*names)) if finite else None
