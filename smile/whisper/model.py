"""Whisper alone and Whisper with an adapter, loaded together and kept by hash."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from smile.paths import ASSETS
from smile.whisper import weights
from smile.whisper.adapters import load
from smile.whisper.language_id import listen
from smile.whisper.tokenizer import Vocabulary

if TYPE_CHECKING:
    from smile.datatypes import Matrix, Recognizer

SHIPPED_ADAPTER = ASSETS / "adapter"


@dataclass(frozen=True)
class Models:
    """Both sides of a comparison; without an adapter, twice the same recognizer."""

    vanilla: Recognizer
    smile: Recognizer
    vocabulary: Vocabulary

    @property
    def one_encoder(self) -> bool:
        """Whether both sides read the same encoder states."""
        return self.vanilla.info.encoder == self.smile.info.encoder

    def guess(self, states: Matrix) -> str:
        """Whisper's guess at the language of encoder states (frames, d), as its code."""
        return listen(self.vanilla.decoder(states), self.vocabulary).language


def load_models(
    model: str = weights.DEFAULT,
    *,
    engine: str = "lean",
    precision: str = "auto",
    adapter: Path | None = None,
    device: str = "cpu",
) -> Models:
    """Load what a transcription needs; the same model and adapter are loaded once in a process.

    Raises:
        SmileError: weights, adapter, engine or precision that cannot be used.
    """
    digest = load(adapter).sha256 if adapter else ""
    return _load(model, engine, precision, adapter, digest, device)


@lru_cache(maxsize=2)
def _load(model: str, engine: str, precision: str, adapter: Path | None, digest: str, device: str) -> Models:
    from smile.whisper.engines import load_recognizer

    base = weights.find(model)
    vanilla = load_recognizer(base, engine=engine, precision=precision, device=device)
    smile = vanilla
    if adapter:
        smile = load_recognizer(
            base, engine=engine, precision=precision, adapter=adapter, device=device, beside=vanilla
        )
    return Models(vanilla, smile, Vocabulary.of(base))


def shipped_adapter(model: str = weights.DEFAULT) -> Path | None:
    """The adapter that comes with the repository, where there is one and it is for this model."""
    there = (SHIPPED_ADAPTER / "adapter_config.json").is_file()
    return SHIPPED_ADAPTER if there and model in (weights.DEFAULT, weights.DEFAULT.split("/")[-1]) else None
