"""Pools of two clips, with and without embeddings, and what makes a file of one unfit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from smile.audio import io as audio
from smile.datatypes import (
    EncoderId,
    Language,
    RecognizerInfo,
    Utterance,
)
from smile.decoding.knn import store as token_store
from smile.decoding.knn.teacher_forcing import ClipStates
from smile.maps import store as maps
from smile.maps.placement import NEAR, Trust
from smile.pools.pool import Header, Pool, open_pool, order_digest, write_pool
from smile.whisper.model import Model

NOISE = np.random.default_rng(0).uniform(-0.5, 0.5, 16_000).astype(np.float32)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def small_pool(folder: Path) -> Pool:
    (folder / "audio").mkdir(parents=True)
    clips = []
    for name in ("a", "b"):
        audio.write(folder / "audio" / f"{name}.wav", NOISE)
        clips.append(Utterance(name, folder / "audio" / f"{name}.wav", "one", "mdw", seconds=1.0))
    write_pool(folder, Header(Language("mdw")), clips, None)
    return open_pool(folder)


ENCODER = EncoderId("whisper-base", "d01c3014881c")


WRONG: list[Any] = [None, 3, 1.5, "x", [], {}, [1], {"a": 1}, True, 10**400, "\0", [[[]]]]


def indexed(folder: Path) -> Pool:
    """A pool of two clips with embeddings."""
    pool = small_pool(folder)
    header = Header(Language("mdw"), encoder=ENCODER, windows=(30.0,), order=order_digest(pool.utterances))
    write_pool(folder, header, pool.utterances, np.eye(2, 3, dtype=np.float32))
    return open_pool(folder)


@dataclass(frozen=True)
class Engine:
    """Only what a datastore asks of a recognizer."""

    info: RecognizerInfo


def model(info: RecognizerInfo) -> Model:
    """Return a model that says this of itself and can do nothing."""
    recognizer: Any = Engine(info)
    tokenizer: Any = None
    return Model(recognizer, tokenizer)


INFO = RecognizerInfo("lean", "float32", ENCODER)


MODEL = model(INFO)


def read_pool(folder: Path) -> Pool:
    """A pool with a token datastore of made-up readings."""
    pool = indexed(folder)
    read = ClipStates(
        np.ones((3, 4), np.float16),
        np.arange(3, dtype=np.int32),
        -np.ones(3, np.float32),
        np.ones(3, np.float32),
    )
    token_store._write(token_store.store_path(pool, MODEL), pool, MODEL, [read, read], ())
    return pool


def small_map() -> maps.Map:
    member = maps.Member("mdw", True, "0", 2)
    trust = Trust(1, 1.0, 1.0, 1.0)
    entry = maps.Entry("demo", (member,), ENCODER, dict.fromkeys(maps.LAYOUTS, trust), {})
    layouts = {maps.layout(m, n): np.zeros((2, n), np.float32) for m in maps.METRICS for n in maps.DIMENSIONS}
    near = np.zeros((2, NEAR), np.int32)
    return maps.Map(entry, ("a", "b"), np.ones(2, np.float32), layouts, near, np.zeros((2, NEAR), np.float32))
