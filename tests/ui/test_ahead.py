"""What a comparison has to do with its pool first."""

from __future__ import annotations

from concurrent.futures import Future
from types import SimpleNamespace

import pytest

from smile.datatypes import SmileError
from smile.evaluation.compare import Grid, Way
from smile.settings import Settings
from smile.ui.compare import ahead, callbacks
from smile.ui.i18n import french
from tests.support.fake_engine import ENCODER, FakeEngine

GRID = Grid((0, 3), (Way(),), Settings())
WITH_HEAD = Grid((0, 3), (Way(),), Settings(), acoustic=True)


@pytest.fixture
def engine(tmp_path, monkeypatch):
    """Its models are loaded, and nothing has been made of its pools."""
    made = FakeEngine(tmp_path)
    made.models = Future()
    model = SimpleNamespace(info=SimpleNamespace(encoder=ENCODER))
    model.within = lambda windows: model
    made.models.set_result(SimpleNamespace(smile=model))
    monkeypatch.setattr(made, "warm", lambda: made.models)
    made.there = set()
    monkeypatch.setattr("smile.decoding.knn.store.present", lambda *_: "datastore" in made.there)
    monkeypatch.setattr("smile.transcription.preparing.has_acoustic", lambda *_: "acoustic" in made.there)
    return made


def test_a_pool_that_is_indexed_is_read_and_fitted_to_as_the_cells_need_it(engine):
    assert ahead.missing(engine, "gla", GRID.settings()) == ["datastore"]
    assert set(ahead.missing(engine, "gla", WITH_HEAD.settings())) == {"datastore", "acoustic"}
    engine.there = {"datastore"}
    assert ahead.said(engine, "gla", GRID) == ""
    assert ahead.missing(engine, "gla", WITH_HEAD.settings()) == ["acoustic"]


def test_a_pool_that_is_not_indexed_is_so_first(engine):
    assert ahead.missing(engine, "mini/ckb", GRID.settings()) == ["index", "datastore"]
    without = Grid((0, 3), (Way(),), Settings(knn=0.0))
    assert ahead.missing(engine, "mini/ckb", without.settings()) == ["index"]


def test_the_estimate_grows_with_the_speech_of_the_pool(engine):
    speech = sum(utterance.seconds for utterance in engine.examples("gla"))
    told = ahead.said(engine, "gla", GRID)
    assert told == f"First the examples are read, about {round(0.1 * speech)} s, once for all."


@pytest.mark.parametrize(
    ("work", "seconds", "told"),
    [
        (["index"], 0.2, "are indexed, about 1 s,"),
        (["index", "datastore"], 89, "are indexed and read, about 89 s,"),
        (["index", "datastore", "acoustic"], 258, "are indexed, read and fitted to, about 4 min,"),
    ],
)
def test_work_and_time_are_said_in_words(work, seconds, told):
    assert told in ahead.sentence(work, seconds)


@pytest.mark.parametrize("key", [None, "no-such-pool"])
def test_without_a_pool_nothing_is_said(engine, key):
    assert ahead.said(engine, key, GRID) == ""


def test_before_the_models_are_there_and_where_they_cannot_be_nothing_is_said(engine):
    engine.models = Future()
    assert ahead.said(engine, "gla", GRID) == ""
    engine.models.set_exception(SmileError("no weights"))
    assert ahead.said(engine, "gla", GRID) == ""


def test_a_pool_whose_store_cannot_be_kept_is_not_waited_for(engine, monkeypatch):
    monkeypatch.setattr(engine, "problem", lambda key: "the disk is full")
    assert ahead.missing(engine, "gla", WITH_HEAD.settings()) == []


def test_the_plan_says_it_between_the_cells_and_what_to_do(engine):
    plan = callbacks.planned("gla", None, [0, 3], ["kl"], 1, True, False, engine=engine)
    assert "3 cells, about 3 s for a recording of 6 s. First the examples are read, about " in plan
    assert plan.index("once for all. Choose a recording") > 0


def test_it_is_said_in_french():
    told = ahead.sentence(["index", "datastore", "acoustic"], 258)
    assert french().text(told).startswith("D’abord, les exemples sont indexés, lus et employés")
