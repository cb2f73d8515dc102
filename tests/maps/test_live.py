"""A recording on a map of several languages: their corpora are indexed first, with progress, or given up."""

from __future__ import annotations

import math

import numpy as np
import pytest

from smile.corpora import read_corpus
from smile.maps import store as maps
from smile.maps.placement import Trust
from smile.maps.store import LAYOUTS, Entry, Map, Member
from smile.pools import indexing
from smile.pools.pool import order_digest
from smile.ui import Engine, Options
from smile.ui.map import Atlas, clips
from smile.ui.map.callbacks import Sight
from smile.whisper import model as loading
from tests.support.superb import superb
from tests.support.uploads import upload

CODES = ("gla", "gle", "kir")
ALL = Sight("try", "js", 2, "language", 7)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    return superb(tmp_path_factory.mktemp("corpus") / "mini", CODES, train=5, test=2)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, corpus, models):
    """A map of all languages at once, its points anywhere."""
    clips = [read_corpus(corpus / code).utterances for code in CODES]
    members = tuple(
        Member(code, False, order_digest(u), len(u)) for code, u in zip(CODES, clips, strict=True)
    )
    points = np.random.default_rng(0).normal(size=(sum(map(len, clips)), 3)).astype(np.float32)
    encoder, trust = models.smile.info.encoder, dict.fromkeys(LAYOUTS, Trust(3, 1.0, 1.0, 1.0))
    shown = Map(
        Entry("try", members, encoder, trust, {}),
        tuple(u.id for part in clips for u in part),
        np.ones(len(points), np.float32),
        {name: points[:, : int(name[-1])] for name in LAYOUTS},
        np.zeros((len(points), 1), np.int32),
        np.zeros((len(points), 1), np.float32),
    )
    folder = tmp_path_factory.mktemp("maps")
    maps.save([shown], folder)
    return folder


@pytest.fixture
def loaded(monkeypatch, models):
    calls = []
    monkeypatch.setattr(loading, "load_models", lambda *_, **__: calls.append(1) or models)
    return calls


@pytest.fixture
def atlas(tmp_path, corpus, folder, loaded):
    (tmp_path / "pools").mkdir()
    return Atlas(Engine(Options(tmp_path / "pools", tmp_path / "cache", (corpus,))), folder)


def slow_kl(p, q):
    """KL of two embeddings, term by term."""
    ps, qs = (np.exp(np.float64(h) - np.max(h)) for h in (p, q))
    ps, qs = ps / ps.sum(), qs / qs.sum()
    return sum(float(a) * math.log(float(a) / float(b)) for a, b in zip(ps, qs, strict=True))


def recording(corpus, code="kir"):
    return upload(read_corpus(corpus / code, "10min_test").utterances[0].audio)


def test_neighbours_across_languages_are_a_slow_kls(atlas, corpus):
    *steps, last = clips.encode_clip(atlas, recording(corpus), None, "try")
    said = " ".join(step.stage for step in steps)
    for number, name in enumerate(("Scottish Gaelic", "Irish", "Kyrgyz"), start=1):
        assert f"Indexing {name}: " in said
        assert f"language {number} of 3" in said
    page = clips.place_encoded(atlas, last.encoded, *ALL)
    points = atlas.open("try")
    row = [slow_kl(last.encoded.embedding, other) for other in points.embeddings]
    expected = [points.map.ids[i] for i in np.argsort(row, kind="stable")[:7]]
    assert f'data-ids="{" ".join(expected)}"' in page.neighbours
    assert len({name[:3] for name in expected}) > 1, "the neighbours come from several languages"


def test_a_recording_that_is_given_up_stops_the_indexing_and_the_next_goes_on(
    atlas, corpus, tmp_path, monkeypatch
):
    monkeypatch.setattr("smile.ui.scheduler.POLL", 0.001)
    heard = clips.encode_clip(atlas, recording(corpus), None, "try")
    next(step for step in heard if " of 5 clips" in step.stage)
    heard.close()
    *_, last = clips.encode_clip(atlas, recording(corpus, "gla"), None, "try")
    assert last.encoded.embedding is not None
    built = sorted(path.parent.name for path in tmp_path.glob("cache/*/mini/*/pool.json"))
    assert built == sorted(CODES)
    assert not list(tmp_path.glob("cache/**/*.part"))


def test_indexed_pools_are_not_indexed_again(atlas, corpus, monkeypatch):
    list(clips.encode_clip(atlas, recording(corpus), None, "try"))
    monkeypatch.setattr(indexing, "index", None)
    *_, last = clips.encode_clip(atlas, recording(corpus, "gle"), None, "try")
    assert last.encoded is not None


def test_without_the_recordings_a_sentence_says_so_before_anything_is_loaded(
    folder, tmp_path, corpus, loaded
):
    atlas = Atlas(Engine(Options(tmp_path, tmp_path)), folder)
    (page,) = clips.encode_clip(atlas, recording(corpus), None, "try")
    assert "not on this server" in page.stage
    assert loaded == []


def test_what_was_heard_is_placed_as_the_map_is_looked_at_by_then(atlas, corpus):
    *_, last = clips.encode_clip(atlas, recording(corpus), None, "try")
    page = clips.place_encoded(atlas, last.encoded, *ALL._replace(dimensions=3))
    assert '"scatter3d"' in page.plot["added"]
    assert clips.place_encoded(atlas, None, *ALL) == type(page)(), "nothing was heard, or it was given up"
