"""What passes between the rooms: plain frozen values, and the seam to the engines.

Shapes and units, used throughout the package: audio is float32 mono at 16 kHz in [-1, 1];
features are log-mel (mels, frames) at 100 frames a second; encoder states are (frames, d) at
50 frames a second; times are seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
Matrix = NDArray[np.float32]
Vector = NDArray[np.float32]
LayerStates = NDArray[np.float32]  # (layers, frames, d)
Progress = Callable[[int, int], None]  # told how much is done, and how much there is: clips, unless it says

Stopped = Literal["", "end", "loop", "length", "max_new_tokens"]
MOST_SHOTS = 10  # examples that may be asked for
MOST_BEAMS = 5
SAMPLE_RATE = 16_000  # Hz


class SmileError(ValueError):
    """Something that the user can put right; the message is one sentence that says how."""


class AudioError(SmileError):
    """A recording that cannot be used."""


class DamagedError(SmileError):
    """A file whose bytes are not what they should be; whoever reads it knows how it is made again."""

    def __init__(self, path: Path):
        super().__init__(f"{path} is damaged; copy it again, or remove it.")
        self.path = path

    def __reduce__(self) -> tuple[type[DamagedError], tuple[Path]]:
        return DamagedError, (self.path,)


class WeightsError(SmileError):
    """Model weights that are missing, damaged or of the wrong kind."""


class CorpusError(SmileError):
    """A corpus or table that cannot be read."""


class PoolError(SmileError):
    """A pool that cannot be opened, or not with this encoder."""


@dataclass(frozen=True)
class Utterance:
    """One labelled clip, its audio still on disk."""

    id: str
    audio: Path
    text: str
    language: str = ""  # ISO 639-3
    speaker: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Language:
    """What is known of a language; `code` is ISO 639-3."""

    code: str
    name: str = ""
    family: str = ""
    script: str = ""
    whisper: str = ""  # Whisper's language code; empty where Whisper was not trained on it


@dataclass(frozen=True)
class Speech:
    """A piece of a recording with speech in it: start and end in seconds, and its samples."""

    start: float
    end: float
    samples: Samples

    @property
    def seconds(self) -> float:
        """Return how long the samples last, in seconds."""
        return len(self.samples) / SAMPLE_RATE


@dataclass(frozen=True)
class Span:
    """A stretch of a recording, in seconds, and what is said in it."""

    start: float
    end: float
    text: str
    confidence: float | None = None  # how likely it is right, in [0, 1], calibrated; None where not judged
    parts: tuple[Span, ...] = ()  # the words of an utterance, the characters of a word, where they have times
    probability: float | None = None  # the model's own, in [0, 1]: the geometric mean of its tokens or labels
    evidence: tuple[float, ...] = ()  # what speaks for a word, of which its confidence is made


@dataclass(frozen=True)
class Neighbour:
    """A pool utterance chosen for a query; rank 1 is the nearest, distance in the measure asked for."""

    utterance: Utterance
    index: int
    rank: int
    distance: float


@dataclass(frozen=True)
class Shot:
    """An example as it goes into a prompt."""

    samples: Samples
    text: str


@dataclass(frozen=True)
class PromptExample:
    """An example that is encoded independently of the target: its audio, and how many tokens belong to it."""

    samples: Samples
    tokens: int


@dataclass(frozen=True)
class Prompt:
    """Examples and target as one input: audio to encode and tokens to go on from."""

    samples: Samples  # to encode: examples and target, concatenated; or the target alone
    tokens: tuple[int, ...]  # from <|startoftranscript|> on
    start: float  # where the target begins in `samples`, seconds
    fitting: tuple[int, ...]  # indices of the examples that fitted, in the order of `tokens`
    timestamps: bool  # whether the prompt has timestamp tokens
    max_new_tokens: int  # that may still be generated
    examples: tuple[PromptExample, ...] = ()  # those encoded independently, in the order of `tokens`


@dataclass(frozen=True)
class LanguageDetection:
    """Which language Whisper hears: read off the distribution after its start token."""

    language: str  # the most likely language code
    probability: float
    no_speech_prob: float  # probability of <|nospeech|>


@dataclass(frozen=True)
class DecodingResult:
    """What has been decoded so far; the last one of a decoding says why it stopped."""

    tokens: tuple[int, ...]  # text tokens only
    logprobs: tuple[float, ...]  # of the distributions that they were chosen from
    text: str
    stopped: Stopped = ""

    @property
    def avg_logprob(self) -> float:
        """Return the mean log probability of the text tokens; 0 where there is none."""
        return float(np.mean(self.logprobs)) if self.logprobs else 0.0

    @property
    def probability(self) -> float:
        """Return the model's probability as `mean_probability` has it; 0 for an empty transcript."""
        return mean_probability(self.logprobs)


def mean_probability(logprobs: Sequence[float]) -> float:
    """Return exp of the mean log probability of tokens, in [0, 1]; 0 where there are none."""
    return float(np.exp(np.mean(logprobs))) if logprobs else 0.0


@dataclass(frozen=True)
class EncoderId:
    """Which encoder made an embedding; two embeddings compare only where all of this is equal."""

    model: str  # such as "whisper-base"
    weights: str  # fingerprint of the base encoder's values, see smile.whisper.engines.fingerprint
    adapter: str = ""  # the same of an adapter that changes the encoder, else empty
    pooling: str = "mean-own-frames"


@dataclass(frozen=True)
class RecognizerInfo:
    """What a recognizer says of itself, as it is logged in every result."""

    engine: str
    precision: str
    encoder: EncoderId
    adapter: str = ""  # name of the adapter in use, else empty
    adapter_hash: str = ""  # first 12 hex digits of its SHA-256
    trained_on: str = ""  # in words, where the adapter says so
    device: str = "cpu"
    encoding: Literal["concatenated", "independent"] = (
        "concatenated"  # of examples: `smile.decoding.encoding`
    )


class DecoderSession(Protocol):
    """A decoder at work on one input's states, with its key-value cache."""

    def step(self, tokens: NDArray[np.int64]) -> tuple[Matrix, NDArray[np.float32]]:
        """Feed tokens (beams, n).

        Returns the logits after the last one (beams, vocabulary) and the decoder's last hidden
        states, after the final layer norm, of all n (beams, n, d).
        """
        ...

    def reorder(self, beams: NDArray[np.int64]) -> None:
        """Go on with these beams, in this order; an index may repeat."""
        ...

    def attend(self, states: Matrix) -> None:
        """Let the tokens that follow attend to other encoder states (frames, d), before beams part."""
        ...


class Recognizer(Protocol):
    """An engine that runs Whisper. Nothing above it asks which one it is."""

    info: RecognizerInfo
    mels: int
    width: int  # d
    depth: int  # encoder layers
    context: int  # the decoder's positions: prompt and transcript together
    max_frames: int  # encoder states of the longest window (1500 for 30 s)

    def encode(self, features: Matrix) -> Matrix:
        """Encode log-mel (mels, frames), frames even and at most 2 * max_frames -> states (frames / 2, d)."""
        ...

    def encode_layers(self, features: Matrix, layers: Sequence[int]) -> tuple[Matrix, LayerStates]:
        """Return what `encode` returns, and the outputs (layers, frames / 2, d) of these encoder layers.

        Layers count from 1; the last one's output is taken before the final layer norm. SmileError for one
        that the encoder does not have.
        """
        ...

    def decoder(self, states: Matrix) -> DecoderSession:
        """Open a decoding over encoder states (frames, d) of any length."""
        ...

    def logits(self, hidden: Matrix) -> Matrix:
        """Turn the decoder's last hidden states (n, d) into logits of the next tokens (n, vocabulary)."""
        ...
