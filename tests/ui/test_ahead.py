"""What a comparison has to do with its pool first."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import replace
from types import SimpleNamespace

import pytest

from smile.datatypes import RecognizerInfo, SmileError
from smile.evaluation.compare import Grid, Way
from smile.settings import Settings
from smile.ui.compare import ahead, callbacks
from smile.ui.i18n import french
from smile.whisper.model import Models
from tests.support.fake_engine import ENCODER, FakeEngine

GRID = Grid((0, 3), (Way(),), Settings())
WITH_HEAD = Grid((0, 3), (Way(),), Settings(), acoustic=True)
UNTRAINED = Grid((0, 3), (Way(),), Settings(), acoustic=True, untrained=True)


@pytest.fixture
def engine(tmp_path, monkeypatch):
    """Its models are loaded, and nothing has been made of its pools."""
    made = FakeEngine(tmp_path)
    made.models = Future()
    made.models.set_result(models())
    monkeypatch.setattr(made, "warm", lambda: made.models)
    made.there = set()

    def there(what):
        return lambda pool, model: (what if model.info.adapter else what + ahead.BARE) in made.there

    monkeypatch.setattr("smile.decoding.knn.store.present", there("datastore"))
    monkeypatch.setattr("smile.transcription.preparing.has_acoustic", there("acoustic"))
    return made


def models(encoder=ENCODER, adapter="ada"):
    """A model without an adapter, and one with such an encoder and adapter."""
    sides = [SimpleNamespace(info=RecognizerInfo("fake", "float32", ENCODER))]
    sides += [SimpleNamespace(info=RecognizerInfo("fake", "float32", encoder, adapter))]
    for side in sides:
        side.within = lambda windows, side=side: side
    return Models(*sides)


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


def test_the_row_without_the_adapter_needs_the_pool_read_once_more(engine):
    settings = UNTRAINED.settings(), UNTRAINED.untrained_settings()
    bare = "datastore" + ahead.BARE
    assert ahead.missing(engine, "gla", *settings) == ["datastore", "acoustic", bare]
    assert ahead.missing(engine, "mini/ckb", *settings) == ["index", "datastore", "acoustic", bare]
    engine.there = {"datastore", "acoustic"}
    speech = sum(utterance.seconds for utterance in engine.examples("gla"))
    told = f"First the examples are read without the adapter, about {round(0.1 * speech)} s, once for all."
    assert ahead.said(engine, "gla", UNTRAINED) == told
    assert ahead.said(engine, "gla", WITH_HEAD) == ""
    engine.there.add(bare)
    assert ahead.said(engine, "gla", UNTRAINED) == ""


def test_a_pool_is_indexed_without_an_adapter_that_changes_the_encoder(engine):
    engine.models = Future()
    engine.models.set_result(models(replace(ENCODER, adapter="ada")))
    wanted = GRID.settings(), UNTRAINED.untrained_settings()
    assert ahead.missing(engine, "gla", *wanted) == ["index", "datastore", "datastore" + ahead.BARE]
    both = ["index", "datastore", "index" + ahead.BARE, "datastore" + ahead.BARE]
    assert ahead.missing(engine, "mini/ckb", *wanted) == both


def test_where_there_is_no_adapter_that_row_cannot_be_chosen(engine):
    engine.models = Future()
    engine.models.set_result(models(adapter=""))
    choices = "gla", None, [0, 3], ["kl"], 1, True, False, False
    assert "leave that row out" in callbacks.planned(*choices, True, engine=engine)
    assert "leave that row out" not in callbacks.planned(*choices, False, engine=engine)


def test_the_estimate_grows_with_the_speech_of_the_pool(engine):
    speech = sum(utterance.seconds for utterance in engine.examples("gla"))
    told = ahead.said(engine, "gla", GRID)
    assert told == f"First the examples are read, about {round(0.1 * speech)} s, once for all."


@pytest.mark.parametrize(
    ("work", "seconds", "told"),
    [
        (["index"], 0.2, "are indexed, about 1 s,"),
        (["index", "datastore"], 89, "are indexed and read, about 89 s,"),
        (["datastore", "datastore" + ahead.BARE], 54, "are read for both models, about 54 s,"),
        (["index", "datastore", "acoustic"], 258, "read and used to fit an acoustic model, about 4 min,"),
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


@pytest.mark.parametrize(
    ("work", "begins"),
    [
        (["index", "datastore", "acoustic"], "indexés, lus et employés à ajuster un modèle, environ"),
        (["datastore" + ahead.BARE], "lus sans l’adaptateur, environ"),
        (
            ["index", "datastore", "acoustic", "index" + ahead.BARE, "datastore" + ahead.BARE],
            "indexés pour les deux modèles, lus pour les deux modèles et employés à ajuster un modèle,",
        ),
    ],
)
def test_it_is_said_in_french(work, begins):
    assert french().text(ahead.sentence(work, 258)).startswith(f"D’abord, les exemples sont {begins}")
