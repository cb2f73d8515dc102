"""What indexing keeps of a clip, and how it comes by it once only."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smile.audio.io import Recording, read_recording
from smile.datatypes import SAMPLE_RATE, AudioError, Samples
from smile.settings import WINDOWS
from smile.util.log import Log
from smile.whisper.encoder import pooled
from smile.whisper.model import Model, Models

Encode = Callable[[Path], "Encoded"]


@dataclass(frozen=True)
class Encoded:
    """What is kept of a clip."""

    seconds: float
    embedding: NDArray[np.float32]  # (d,); (0,) without models
    guess: str = ""  # Whisper's language code

    def to_json(self) -> dict[str, Any]:
        """Return the encoding as it stands in the log; the embedding keeps every bit."""
        data = self.embedding.astype("<f4").tobytes()
        return {"seconds": self.seconds, "embedding": base64.b64encode(data).decode(), "guess": self.guess}

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> Encoded:
        """Read back what `to_json` returned."""
        embedding = np.frombuffer(base64.b64decode(fields["embedding"]), "<f4").astype(np.float32)
        return cls(fields["seconds"], embedding, fields["guess"])


@dataclass(frozen=True)
class Encoder:
    """How clips are encoded by the model of `smile`; without models they are only read and measured."""

    models: Models | None

    @property
    def model(self) -> Model | None:
        """Return the model that encodes."""
        return self.models.smile if self.models else None

    @property
    def windows(self) -> tuple[float, ...]:
        """Return the windows that may be encoded, in seconds."""
        return self.models.smile.windows if self.models else WINDOWS

    @property
    def settings(self) -> dict[str, Any]:
        """Return everything that changes an embedding or a guess."""
        info = asdict(self.model.info) if self.model else None
        return {"recognizer": info, "windows": list(self.windows)}

    def __call__(self, audio: Path) -> Encoded:
        """Encode a recording.

        Raises:
            AudioError: it cannot be read, is longer than the longest window, or gives no numbers.
        """
        samples = self._whole_clip(audio)
        seconds = len(samples) / SAMPLE_RATE
        if self.models is None:
            return Encoded(seconds, np.zeros(0, np.float32))
        states = self.models.smile.encode(samples)
        embedding = pooled(states, seconds)
        if not np.isfinite(embedding).all():
            raise AudioError(f'"{audio.name}" cannot be encoded; record or export it again.')
        return Encoded(seconds, embedding, self.models.vanilla.detect_language(states).language)

    def _whole_clip(self, audio: Path) -> Samples:
        longest = max(self.windows)
        return uncut(read_recording(audio, limit=longest), audio, longest)


def uncut(recording: Recording, audio: Path, longest: float) -> Samples:
    """Return the samples of a recording of which no more than `longest` seconds were read.

    Raises:
        AudioError: it has more.
    """
    if recording.cut:
        raise AudioError(f'"{audio.name}" is longer than the {longest:g} s window; cut it first.')
    return recording.samples


def remembering(encoder: Encoder, log: Log) -> Encode:
    """Return the encoder, asked only for recordings whose content is not in the log."""

    def encode(audio: Path) -> Encoded:
        key = digest(audio)
        stored = log.get(key)
        if stored is not None:
            with suppress(ValueError, TypeError, KeyError):  # what is damaged is encoded again
                return Encoded.from_json(stored)
        encoded = encoder(audio)
        log.add(key, encoded.to_json())
        return encoded

    return encode


def digest(audio: Path) -> str:
    """Return the SHA-256 of a recording's file; raise an AudioError where it cannot be read."""
    try:
        with audio.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise AudioError(f'"{audio.name}" cannot be read ({error.strerror}).') from error
