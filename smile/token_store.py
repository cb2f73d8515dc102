"""A pool's datastore on disk: what the decoder made of every clip, read with its own text.

Every clip is read behind its nearest other clips, as examples would stand before a target. The file
lies in the pool's folder and belongs to one recognizer; another is refused with what to do.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from smile import prompt as prompts
from smile.audio import WINDOW, read
from smile.datastore import Datastore, Observed, Weights, fit
from smile.datatypes import Matrix, PoolError, Recognizer, RecognizerInfo, Shot, Utterance
from smile.decoding import log_softmax
from smile.embedding import WINDOWS, encode
from smile.pool import Pool, rebuild_command
from smile.samplers import choose
from smile.vocabulary import Vocabulary

FORMAT = 2
CONTEXT_SHOTS = 3  # examples in front of a clip that is read, as many as fit
Progress = Callable[[int, int], None]  # clips done, clips in all


@dataclass(frozen=True, eq=False)
class Read:
    """One clip, read: the state before each of its tokens and its end, and what the model said of them."""

    keys: Matrix  # (tokens, d)
    tokens: NDArray[np.int64]  # (tokens,); the last is <|endoftext|>
    logprob: Weights  # (tokens,) of the true token
    top: Weights  # (tokens,) highest probability


def store_path(pool: Pool, info: RecognizerInfo) -> Path:
    """Where the datastore of a pool and a recognizer lies: each adapter has its own."""
    return (pool.stores or pool.folder) / f"tokens-{info.adapter_hash or 'base'}.npz"


def build(
    pool: Pool,
    recognizer: Recognizer,
    vocabulary: Vocabulary,
    *,
    language: str,
    windows: Sequence[float] = WINDOWS,
    progress: Progress | None = None,
) -> None:
    """Read every clip of a pool and write its datastore; `language` is the token of the prompts."""
    found = []
    for number, utterance in enumerate(pool.utterances):
        shots = _before(pool, number)
        found.append(_read(recognizer, vocabulary, utterance, shots, language, windows))
        if progress:
            progress(number + 1, len(pool))
    _write(pool, recognizer.info, found)
    _opened.cache_clear()


def without(
    pool: Pool,
    index: int,
    recognizer: Recognizer,
    vocabulary: Vocabulary,
    *,
    language: str,
    stores: Path,
    windows: Sequence[float] = WINDOWS,
) -> Pool:
    """A pool less one clip, with a datastore in `stores` as if that clip had never been there.

    Clips that were read behind it are read anew, each behind its nearest others of those that are left.

    Raises:
        PoolError: the pool has no datastore of this recognizer.
    """
    utterances = pool.utterances[:index] + pool.utterances[index + 1 :]
    embeddings = np.delete(pool.embeddings, index, axis=0)
    others = replace(pool, utterances=utterances, embeddings=embeddings, stores=stores)
    found = _stored(pool, recognizer.info)
    del found[index]
    for number, utterance in enumerate(utterances):
        if pool.utterances[index] in _before(pool, number + (number >= index)):
            shots = _before(others, number)
            found[number] = _read(recognizer, vocabulary, utterance, shots, language, windows)
    _write(others, recognizer.info, found)
    return others


def _write(pool: Pool, info: RecognizerInfo, found: Sequence[Read]) -> None:
    """Write what was read of a pool's clips, in their order; the file appears when it is whole."""
    path = store_path(pool, info)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name("tokens.writing.npz")
    np.savez(
        temporary,
        header=json.dumps({"format": FORMAT, "recognizer": asdict(info)}),
        keys=np.concatenate([r.keys for r in found]).astype(np.float16),
        tokens=np.concatenate([r.tokens for r in found]).astype(np.int32),
        logprob=np.concatenate([r.logprob for r in found]).astype(np.float32),
        top=np.concatenate([r.top for r in found]).astype(np.float32),
        clips=np.array([_digest(u) for u in pool.utterances]),
        lengths=np.array([len(r.tokens) for r in found]),
    )
    os.replace(temporary, path)


def _stored(pool: Pool, info: RecognizerInfo) -> list[Read]:
    """What was read of each clip of a pool, from its file."""
    _require(pool, info)
    with np.load(store_path(pool, info), allow_pickle=False) as stored:
        ends = np.cumsum(stored["lengths"])[:-1]
        parts = (np.split(stored[name], ends) for name in ("keys", "tokens", "logprob", "top"))
        reads = dict(zip(stored["clips"].tolist(), map(Read, *parts), strict=True))
    return [reads[_digest(u)] for u in pool.utterances]


def present(pool: Pool, info: RecognizerInfo) -> bool:
    """Whether the pool has a datastore of all its clips that this recognizer can use."""
    path = store_path(pool, info)
    if not path.is_file():
        return False
    with np.load(path, allow_pickle=False) as stored:
        known = _matches(json.loads(str(stored["header"])), info)
        return known and {_digest(u) for u in pool.utterances} <= set(stored["clips"].tolist())


def open_store(pool: Pool, info: RecognizerInfo) -> Datastore:
    """The datastore of a pool's clips, with its gate fitted on them.

    Raises:
        PoolError: there is none, or it was made by another recognizer or of other clips.
    """
    _require(pool, info)
    return _opened(store_path(pool, info), tuple(_digest(u) for u in pool.utterances))


def _require(pool: Pool, info: RecognizerInfo) -> None:
    if not present(pool, info):
        raise PoolError(
            f"The pool {pool.folder} has not been read by this model; "
            f"read it with: {rebuild_command(pool.folder)} --knn"
        )


@lru_cache(maxsize=16)
def _opened(path: Path, clips: tuple[str, ...]) -> Datastore:
    with np.load(path, allow_pickle=False) as stored:
        lengths, names = stored["lengths"], stored["clips"].tolist()
        places = {name: i for i, name in enumerate(clips)}
        owners = np.repeat([places.get(name, -1) for name in names], lengths)
        kept = owners >= 0
        keys, tokens = (stored[name][kept] for name in ("keys", "tokens"))
        logprob, top = (stored[name][kept].astype(np.float64) for name in ("logprob", "top"))
    store = Datastore(keys.astype(np.float32), tokens.astype(np.int64), owners[kept])
    gate = fit(store, Observed(logprob, top)) if len(clips) > 1 else None
    return replace(store, gate=gate)


def _digest(utterance: Utterance) -> str:
    """Tells a clip and its text apart from others; a corrected text is another one."""
    return hashlib.sha256(f"{utterance.id}\t{utterance.text}".encode()).hexdigest()[:12]


def _matches(header: dict[str, object], info: RecognizerInfo) -> bool:
    """Whether weights, adapter and precision are the same; the engine and the device may differ."""
    wanted = asdict(info)
    made = header["recognizer"] if header.get("format") == FORMAT else None
    return isinstance(made, dict) and all(
        made.get(key) == wanted[key] for key in ("encoder", "adapter_hash", "precision")
    )


def _before(pool: Pool, number: int) -> list[Utterance]:
    """The nearest other clips that fit the window beside this one."""
    room = WINDOW - 0.04 - pool.utterances[number].seconds
    others = [i for i, u in enumerate(pool.utterances) if i != number and u.seconds <= room]
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


def _read(
    recognizer: Recognizer,
    vocabulary: Vocabulary,
    utterance: Utterance,
    before: list[Utterance],
    language: str,
    windows: Sequence[float],
) -> Read:
    shots = [Shot(read(u.audio), u.text) for u in before]
    prompt = prompts.build(vocabulary, read(utterance.audio), shots, language=language)
    text = vocabulary.encode(" " + utterance.text.strip())[: prompt.room - 1]
    session = recognizer.decoder(encode(recognizer, prompt.samples, windows))
    _, hidden = session.step(np.array([[*prompt.tokens, *text]]))
    keys = hidden[0, len(prompt.tokens) - 1 :]
    logprobs = np.stack([log_softmax(row) for row in recognizer.logits(keys)])
    ends = np.logaddexp.reduce(logprobs[:, vocabulary.end :], axis=1)
    true = np.append(logprobs[np.arange(len(text)), text], ends[-1])
    return Read(keys, np.array([*text, vocabulary.end]), true, np.exp(logprobs.max(axis=1)))
