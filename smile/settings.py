"""The settings of a transcription: everything that changes a transcript, with its default."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from smile.datatypes import SmileError

WINDOWS = (10.0, 15.0, 20.0, 30.0)  # seconds; the shortest that holds the audio is encoded
REFERENCE = (30.0,)  # Whisper as it was trained: always 30 s
Mode = Literal["off", "soft", "hard"]  # of decoding: as it comes, preferring characters, writing no others
MODES: tuple[Mode, ...] = get_args(Mode)
LONGEST_SEGMENT = 15.0  # seconds; leaves half the window to the examples


@dataclass(frozen=True)
class Settings:
    """Everything that changes a transcript, with its default. All of it is logged with a result."""

    shots: int = 3  # 0 to 10 examples
    sampler: Literal["nearest", "random", "draft", "mixed"] = "nearest"
    divergence: str = "kl"  # a name of smile.retrieval.divergences.LABELS
    seed: int = 0  # of the random sampler
    language: str = "pool"  # the in-context language token: "guess", "pool", or a Whisper code such as "sw"
    prompt: Literal["anchored", "plain"] = "anchored"
    beams: int = 1  # 1 is greedy
    windows: tuple[float, ...] = WINDOWS  # seconds that may be encoded; (30.0,) is Whisper's own way
    longest: float = LONGEST_SEGMENT  # seconds; longer speech is cut at pauses
    bounded: bool = True  # cut in-context text that is longer than the pool's speaking rate allows
    knn: float = 1.0  # strength of token-level k-NN over the pool, see smile.decoding.knn.datastore; 0: off
    total: float = 0.0  # seconds that examples and target should come to; 0: as the nearest clips have it
    unlooped: bool = True  # keep in-context loops from beginning, see smile.decoding.search.NoRepeat
    characters: Mode = "off"  # keep to those of the pool, see smile.decoding.constraints

    def __post_init__(self) -> None:
        if self.characters not in MODES:
            raise SmileError(f"The setting characters is one of {', '.join(MODES)}.")
