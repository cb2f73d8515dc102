"""Teacher forcing: the decoder reads a clip with its own text, behind its nearest other clips as examples."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smile.audio.io import read_audio
from smile.datatypes import Matrix, Prompt, Shot, Utterance
from smile.decoding import prompt as prompts
from smile.decoding.encoding import encoding_of
from smile.pools.copies import Groups, group_of
from smile.pools.pool import Pool
from smile.retrieval.samplers import Query, choose
from smile.settings import Settings
from smile.whisper.logits import log_softmax
from smile.whisper.model import Model

CONTEXT_SHOTS = 3  # examples in front of a clip that is read, as many as fit
RECORDINGS = 256  # kept in memory: most clips are heard four times, as target and as example
TYPES = {"keys": "<f2", "tokens": "<i4", "logprob": "<f4", "top": "<f4"}  # as they are stored


@dataclass(frozen=True, eq=False)
class ClipStates:
    """One clip, read: the state before each of its tokens and its end, and what the model said of them."""

    keys: NDArray[np.float16]  # (tokens, d)
    tokens: NDArray[np.int32]  # (tokens,); the last is <|endoftext|>
    logprob: NDArray[np.float32]  # (tokens,) of the true token
    top: NDArray[np.float32]  # (tokens,) highest probability

    def to_json(self) -> dict[str, str]:
        """Return every bit, as text."""
        arrays = {name: np.asarray(getattr(self, name), kind) for name, kind in TYPES.items()}
        return {name: base64.b64encode(array.tobytes()).decode() for name, array in arrays.items()}

    @classmethod
    def from_json(cls, fields: dict[str, str]) -> ClipStates:
        """Read back what `to_json` returned."""
        arrays = {name: np.frombuffer(base64.b64decode(fields[name]), kind) for name, kind in TYPES.items()}
        arrays["keys"] = arrays["keys"].reshape(len(arrays["tokens"]), -1)
        return cls(**arrays)


class TeacherForcedPass:
    """Reads the clips of a pool by their number; may be asked by several threads.

    Args:
        language: the Whisper code whose token stands in the prompts.
        copies: clips with the same sound, which are not read behind each other.
    """

    def __init__(self, pool: Pool, model: Model, language: str, copies: Groups = ()):
        self._pool, self._model, self._language, self._copies = pool, model, language, copies
        self._encoding = encoding_of(model.info)
        self._audio = lru_cache(RECORDINGS)(read_audio)

    @property
    def settings(self) -> dict[str, Any]:
        """Return everything that changes what is read."""
        clips = "\n".join(digest(u) for u in self._pool.utterances)
        return {
            "recognizer": asdict(self._model.info),
            "language": self._language,
            "windows": list(self._model.windows),
            "shots": CONTEXT_SHOTS,
            "copies": [list(group) for group in self._copies],
            "clips": hashlib.sha256(clips.encode()).hexdigest(),
            "embeddings": hashlib.sha256(self._pool.embeddings.tobytes()).hexdigest(),
        }

    def __call__(self, number: int) -> ClipStates:
        """Read a clip.

        Raises:
            AudioError: its recording, or that of a clip in front of it, cannot be read.
        """
        utterance, model = self._pool.utterances[number], self._model
        shots = [Shot(self._audio(u.audio), u.text) for u in self.before(number)]
        prompt = prompts.build(model, self._audio(utterance.audio), shots, language=self._language)
        states = self._encoding.clip_states(model, prompt.samples)
        return read_text(model, prompt, states, utterance.text)

    def before(self, number: int) -> list[Utterance]:
        """Return the nearest other clips that fit the window beside this one."""
        pool = self._pool
        longest = self._encoding.longest(pool.utterances[number].seconds)
        own = group_of(self._copies, number)
        others = [i for i, u in enumerate(pool.utterances) if i not in own and u.seconds <= longest]
        if not others:
            return []
        query, shots = Query(pool.embeddings[number]), Settings(shots=CONTEXT_SHOTS)
        neighbours = choose(query, pool.embeddings[others], [pool.utterances[i] for i in others], shots)
        return [n.utterance for n in neighbours]


def read_text(model: Model, prompt: Prompt, states: Matrix, text: str) -> ClipStates:
    """Return what a model says of each token of a text behind a prompt; of a long text, of those that fit.

    `states` (frames, d) are those of `prompt.samples`.
    """
    tokens = _tokens(model, prompt, text)
    session, fed = encoding_of(model.info).prefill(model, prompt, states)
    _, hidden = session.step(np.array([[*prompt.tokens[fed:], *tokens]]))
    return _judged(model, hidden[0, len(prompt.tokens) - fed - 1 :], tokens)


def read_texts(model: Model, prompt: Prompt, states: Matrix, texts: Sequence[str]) -> list[ClipStates]:
    """Return what `read_text` does for each of several texts; the prompt is read once, the texts together."""
    end = model.tokenizer.end
    tokens = [_tokens(model, prompt, text) for text in texts]
    session, fed = encoding_of(model.info).prefill(model, prompt, states)
    _, before = session.step(np.array([prompt.tokens[fed:]]))
    session.reorder(np.zeros(len(texts), np.int64))
    most = max(map(len, tokens))
    _, after = session.step(np.array([[*each, *[end] * (most - len(each))] for each in tokens]))
    keys = [
        np.concatenate([before[0, -1:], row[: len(each)]]) for row, each in zip(after, tokens, strict=True)
    ]
    return [_judged(model, key, each) for key, each in zip(keys, tokens, strict=True)]


def _tokens(model: Model, prompt: Prompt, text: str) -> list[int]:
    """The tokens of a text behind a prompt; of a long one those that fit before the end."""
    return model.tokenizer.encode(" " + text.strip())[: prompt.max_new_tokens - 1]


def _judged(model: Model, keys: Matrix, tokens: list[int]) -> ClipStates:
    """Return the states before each token and before the end, with the model's probabilities."""
    end = model.tokenizer.end
    logprobs = np.stack([log_softmax(row) for row in model.recognizer.logits(keys)])
    ends = np.logaddexp.reduce(logprobs[:, end:], axis=1)
    true = np.append(logprobs[np.arange(len(tokens)), tokens], ends[-1])
    top = np.exp(logprobs.max(axis=1))
    return ClipStates(
        keys.astype(np.float16), np.array([*tokens, end], np.int32), true.astype(np.float32), top
    )


def digest(utterance: Utterance) -> str:
    """Return what tells a clip and its text apart from others; a corrected text is another one."""
    return hashlib.sha256(f"{utterance.id}\t{utterance.text}".encode()).hexdigest()[:12]
