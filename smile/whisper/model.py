"""Models ready to work, vanilla and with an adapter: loaded together, once in a process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Literal

from smile.datatypes import SAMPLE_RATE
from smile.paths import ASSETS
from smile.settings import WINDOWS
from smile.util.memory import give_back
from smile.whisper import weights
from smile.whisper.adapters import load
from smile.whisper.encoder import encode, encode_layers, pooled
from smile.whisper.language_id import detect_language
from smile.whisper.tokenizer import Tokenizer

if TYPE_CHECKING:
    from smile.datatypes import (
        DecoderSession,
        LanguageDetection,
        LayerStates,
        Matrix,
        Recognizer,
        RecognizerInfo,
        Samples,
        Vector,
    )

SHIPPED_ADAPTER = ASSETS / "adapter"


@dataclass(frozen=True)
class Model:
    """An engine with its weights, their tokenizer, and the windows that audio is encoded in."""

    recognizer: Recognizer
    tokenizer: Tokenizer
    windows: tuple[float, ...] = WINDOWS  # seconds; the shortest that holds the audio is encoded

    @property
    def info(self) -> RecognizerInfo:
        """Return what the engine says of itself."""
        return self.recognizer.info

    @property
    def context(self) -> int:
        """Return the decoder's positions: prompt and transcript together."""
        return self.recognizer.context

    def within(self, windows: Sequence[float]) -> Model:
        """Return the same with other windows."""
        return self if self.windows == tuple(windows) else replace(self, windows=tuple(windows))

    def encode(self, samples: Samples) -> Matrix:
        """Return the states (frames, d) of the whole window that holds samples (n,)."""
        return encode(self.recognizer, samples, self.windows)

    def encode_layers(self, samples: Samples, layers: Sequence[int]) -> tuple[Matrix, LayerStates]:
        """Return what `encode` does, and the outputs (layers, frames, d) of encoder layers, from 1 on."""
        return encode_layers(self.recognizer, samples, layers, self.windows)

    def embed(self, samples: Samples) -> Vector:
        """Return the embedding (d,) that retrieval compares, of samples (n,)."""
        return pooled(self.encode(samples), len(samples) / SAMPLE_RATE)

    def decoder(self, states: Matrix) -> DecoderSession:
        """Open a decoding over encoder states (frames, d)."""
        return self.recognizer.decoder(states)

    def detect_language(self, states: Matrix) -> LanguageDetection:
        """Return which language Whisper hears in states (frames, d)."""
        return detect_language(self.decoder(states), self.tokenizer)


@dataclass(frozen=True)
class Models:
    """Both sides of a comparison; without an adapter, twice the same model."""

    vanilla: Model
    smile: Model

    @property
    def one_encoder(self) -> bool:
        """Return whether both sides read the same encoder states."""
        return self.vanilla.info.encoder == self.smile.info.encoder

    @property
    def untrained(self) -> Models:
        """Return the vanilla model on both sides."""
        return Models(self.vanilla, self.vanilla)

    def within(self, windows: Sequence[float]) -> Models:
        """Return both with other windows."""
        return Models(self.vanilla.within(windows), self.smile.within(windows))


def load_models(
    model: str = weights.DEFAULT,
    *,
    engine: str = "lean",
    precision: str = "auto",
    adapter: Path | Literal["shipped"] | None = "shipped",
    device: str = "cpu",
) -> Models:
    """Load what a transcription needs; the same model and adapter are loaded once in a process.

    The adapter "shipped" is the one that comes with the package, where it is for this model; None is none.

    Raises:
        SmileError: weights, adapter, engine or precision that cannot be used.
    """
    adapter = shipped_adapter(model) if adapter == "shipped" else adapter
    digest = load(adapter).sha256 if adapter else ""
    with _LOADING:  # of threads that ask for the same at once, one loads it
        return _load(model, engine, precision, adapter, digest, device)


_LOADING = Lock()


@lru_cache(maxsize=2)
def _load(model: str, engine: str, precision: str, adapter: Path | None, digest: str, device: str) -> Models:
    from smile.whisper.engines import load_recognizer

    found = weights.find(model)
    base = replace(found, state=cache(found.state))  # read once, for both
    vanilla = load_recognizer(base, engine=engine, precision=precision, device=device)
    smile = vanilla
    if adapter:
        smile = load_recognizer(
            base, engine=engine, precision=precision, adapter=adapter, device=device, sibling=vanilla
        )
    tokenizer = Tokenizer.of(base)
    del base  # and with it the weights as they were read
    give_back()
    return Models(Model(vanilla, tokenizer), Model(smile, tokenizer))


def shipped_adapter(model: str = weights.DEFAULT) -> Path | None:
    """Return the adapter that comes with the package, where there is one and it is for this model."""
    there = (SHIPPED_ADAPTER / "adapter_config.json").is_file()
    return SHIPPED_ADAPTER if there and model in (weights.DEFAULT, weights.DEFAULT.split("/")[-1]) else None
