"""Pools of people's voices: examples and samples apart, and the very clips that are installed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from smile.datatypes import CorpusError
from smile.demo import people
from smile.demo.people import CARD, LICENCE, PACKAGE, made, read_voices
from smile.pools.kept import cached
from smile.pools.pool import read_header, write_pool
from tests.support.fake_engine import ENCODER
from tests.support.stamps import stamps


@pytest.fixture
def voices(tmp_path):
    (found,) = read_voices(stamps(tmp_path / "stamps", 60, ("bg",)))
    return found


def test_a_language_has_examples_and_other_clips_to_try_them_on(voices):
    assert voices.key == f"{PACKAGE}/bul"
    assert (len(voices.examples), len(voices.samples)) == (48, 12)
    assert not {u.text for u in voices.examples} & {u.text for u in voices.samples}
    assert voices.header.licence == LICENCE
    assert PACKAGE in voices.header.source
    assert not voices.header.synthetic
    assert all(word in CARD for word in ("Volunteers", "tuxpaint.org", PACKAGE, LICENCE))


def test_a_language_with_few_clips_is_not_offered(tmp_path):
    assert read_voices(stamps(tmp_path / "few", people.LEAST - 1)) == ()
    with pytest.raises(CorpusError):
        read_voices(tmp_path / "missing")


def test_a_pool_is_made_in_the_cache_and_opened_only_while_its_clips_are_the_installed_ones(voices, tmp_path):
    kept = cached(tmp_path, voices.key, ENCODER)
    assert made(voices, tmp_path, ENCODER) is None
    built = people.build(voices.examples, kept, None, voices.header, queries=voices.samples)
    assert len(built.pool) == 48
    assert made(voices, tmp_path, ENCODER) is None, "it has no embeddings of this encoder"
    header = replace(read_header(kept), encoder=ENCODER)
    write_pool(kept, header, built.pool.utterances, np.ones((48, 512), np.float32), built.pool.queries)
    pool = made(voices, tmp_path, ENCODER)
    assert len(pool.queries) == 12
    assert {u.text for u in pool.utterances} == {u.text for u in voices.examples}
    reworded = replace(voices.examples[0], text="друго")
    assert made(replace(voices, examples=(reworded, *voices.examples[1:])), tmp_path, ENCODER) is None
