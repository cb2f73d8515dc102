"""A large pool gives a target the examples that it would give if every clip were measured."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from smile.datatypes import Language, Utterance
from smile.pools import large
from smile.pools.pool import Header, Pool
from smile.retrieval.samplers import Query
from smile.settings import DEFAULTS
from smile.transcription.examples import retrieve, same_recording


class Window:
    """An encoding in which clips of at most 20 s less the target fit."""

    def longest(self, seconds: float) -> float:
        return 20.0 - seconds


ENCODING: Any = Window()


def pool(n: int = 600) -> Pool:
    generator = np.random.default_rng(0)
    clips = tuple(
        Utterance(f"u{i}", Path(f"{i}.wav"), "one", "mdw", seconds=float(s))
        for i, s in enumerate(generator.uniform(1, 30, n))
    )
    return Pool(Path("nowhere"), Header(Language("mdw")), clips, generator.normal(0, 1, (n, 16)).astype("f4"))


@pytest.mark.parametrize("sampler", ["nearest", "random"])
@pytest.mark.parametrize("divergence", ["kl", "kl-reverse", "cosine", "euclidean", "js"])
@pytest.mark.parametrize("total", [0.0, 19.0])
def test_examples_are_those_of_a_small_pool(
    monkeypatch: pytest.MonkeyPatch, sampler: str, divergence: str, total: float
) -> None:
    whole = pool()
    settings = replace(DEFAULTS, shots=5, sampler=sampler, divergence=divergence, total_seconds=total)
    for number in range(5):
        query = Query(whole.embeddings[number] + np.float32(0.001 * number), "key")
        seconds = whole.utterances[number].seconds % 9
        slow = retrieve(whole, query, seconds, settings, ENCODING)
        with monkeypatch.context() as patched:
            patched.setattr(large, "LARGE_POOL", 100)
            quick = retrieve(whole, query, seconds, settings, ENCODING)
        assert [(n.index, n.rank, n.utterance) for n in quick] == [
            (n.index, n.rank, n.utterance) for n in slow
        ]
        np.testing.assert_allclose([n.distance for n in quick], [n.distance for n in slow], rtol=1e-9)


def test_the_target_itself_is_found_in_a_large_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = pool()
    seconds = whole.utterances[4].seconds
    monkeypatch.setattr(large, "LARGE_POOL", 100)
    assert same_recording(whole.embeddings[4], seconds, whole) == {4}
    assert same_recording(whole.embeddings[4], 2 * seconds, whole) == set()
    settings = replace(DEFAULTS, shots=1)
    found = retrieve(whole, Query(whole.embeddings[4]), seconds, settings, ENCODING)
    assert [n.index for n in found] != [4]


def test_an_index_is_made_once_and_goes_with_its_pool() -> None:
    whole = pool(50)
    known = large.large_pool(whole)
    assert known.index("kl") is large.large_pool(whole).index("kl")
    assert whole in large._KNOWN
    before = len(large._KNOWN)
    del whole
    assert len(large._KNOWN) == before - 1
