"""How the decoder reads a clip with its own text, behind its nearest other clips as examples."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smile.audio.io import read
from smile.datatypes import Matrix, Prompt, Recognizer, Shot, Utterance
from smile.decoding import prompt as prompts
from smile.decoding.context import Encoded, hearing, opened, room
from smile.pools.pool import Pool
from smile.retrieval.samplers import choose
from smile.settings import WINDOWS
from smile.whisper.logits import log_softmax
from smile.whisper.tokenizer import Vocabulary

CONTEXT_SHOTS = 3  # examples in front of a clip that is read, as many as fit
RECORDINGS = 256  # kept in memory: most clips are heard four times, as target and as example
TYPES = {"keys": "<f2", "tokens": "<i4", "logprob": "<f4", "top": "<f4"}  # as they are stored


@dataclass(frozen=True, eq=False)
class Read:
    """One clip, read: the state before each of its tokens and its end, and what the model said of them."""

    keys: NDArray[np.float16]  # (tokens, d)
    tokens: NDArray[np.int32]  # (tokens,); the last is <|endoftext|>
    logprob: NDArray[np.float32]  # (tokens,) of the true token
    top: NDArray[np.float32]  # (tokens,) highest probability

    def to_json(self) -> dict[str, str]:
        """Every bit, as text."""
        arrays = {name: np.asarray(getattr(self, name), kind) for name, kind in TYPES.items()}
        return {name: base64.b64encode(array.tobytes()).decode() for name, array in arrays.items()}

    @classmethod
    def from_json(cls, fields: dict[str, str]) -> Read:
        """The inverse of `to_json`."""
        found = {name: np.frombuffer(base64.b64decode(fields[name]), kind) for name, kind in TYPES.items()}
        found["keys"] = found["keys"].reshape(len(found["tokens"]), -1)
        return cls(**found)


class Reader:
    """Reads the clips of a pool by their number; may be asked by several threads.

    Args:
        language: the Whisper code whose token stands in the prompts.
        windows: seconds that may be encoded, see `smile.whisper.encoder`.
    """

    def __init__(
        self,
        pool: Pool,
        recognizer: Recognizer,
        vocabulary: Vocabulary,
        language: str,
        windows: Sequence[float] = WINDOWS,
    ):
        self._pool, self._recognizer, self._vocabulary = pool, recognizer, vocabulary
        self._language, self._windows = language, windows
        self._hear = lru_cache(RECORDINGS)(read)

    @property
    def settings(self) -> dict[str, Any]:
        """Everything that changes what is read."""
        clips = "\n".join(digest(u) for u in self._pool.utterances)
        return {
            "recognizer": asdict(self._recognizer.info),
            "language": self._language,
            "windows": list(self._windows),
            "shots": CONTEXT_SHOTS,
            "clips": hashlib.sha256(clips.encode()).hexdigest(),
            "embeddings": hashlib.sha256(self._pool.embeddings.tobytes()).hexdigest(),
        }

    def __call__(self, number: int) -> Read:
        """Read a clip.

        Raises:
            AudioError: its recording, or that of a clip in front of it, cannot be read.
        """
        utterance, vocabulary, recognizer = self._pool.utterances[number], self._vocabulary, self._recognizer
        shots = [Shot(self._hear(u.audio), u.text) for u in self.before(number)]
        cached = recognizer.info.cached
        prompt = prompts.build(
            vocabulary, self._hear(utterance.audio), shots, language=self._language, cached=cached
        )
        return read_text(recognizer, vocabulary, prompt, utterance.text, hearing(recognizer, self._windows))

    def before(self, number: int) -> list[Utterance]:
        """The nearest other clips that fit the window beside this one."""
        pool = self._pool
        longest = room(pool.utterances[number].seconds, self._recognizer.info.cached)
        others = [i for i, u in enumerate(pool.utterances) if i != number and u.seconds <= longest]
        if not others:
            return []
        found = choose(
            "nearest",
            pool.embeddings[number],
            pool.embeddings[others],
            [pool.utterances[i] for i in others],
            CONTEXT_SHOTS,
        )
        return [n.utterance for n in found]


def read_text(
    recognizer: Recognizer, vocabulary: Vocabulary, prompt: Prompt, text: str, encoded: Encoded
) -> Read:
    """What a model says of each token of a text behind a prompt; of a long text, of those that fit."""
    tokens = vocabulary.encode(" " + text.strip())[: prompt.room - 1]
    session, fed = opened(recognizer, prompt, encoded)
    _, hidden = session.step(np.array([[*prompt.tokens[fed:], *tokens]]))
    return _judged(recognizer, vocabulary.end, hidden[0, len(prompt.tokens) - fed - 1 :], tokens)


def _judged(recognizer: Recognizer, end: int, keys: Matrix, tokens: list[int]) -> Read:
    """The states before each token and before the end, with the model's probabilities."""
    logprobs = np.stack([log_softmax(row) for row in recognizer.logits(keys)])
    ends = np.logaddexp.reduce(logprobs[:, end:], axis=1)
    true = np.append(logprobs[np.arange(len(tokens)), tokens], ends[-1])
    top = np.exp(logprobs.max(axis=1))
    return Read(keys.astype(np.float16), np.array([*tokens, end], np.int32), true.astype(np.float32), top)


def digest(utterance: Utterance) -> str:
    """Tells a clip and its text apart from others; a corrected text is another one."""
    return hashlib.sha256(f"{utterance.id}\t{utterance.text}".encode()).hexdigest()[:12]
