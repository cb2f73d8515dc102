"""The engine behind the page: which pools are offered, how they are opened, indexed and given up."""

from __future__ import annotations

import inspect
import json
import shutil
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import app
from smile import indexing, models
from smile.datatypes import EncoderId, Language, SmileError, Utterance
from smile.pool import Header, open_pool, write_pool
from smile.ui import Engine, Options
from smile.ui.sources import offered, shipped
from tests.fake_engine import FakeEngine, tone

ENCODER = EncoderId("whisper-tiny", "0" * 12)


class Recognizer:
    """Only what the engine asks of a recognizer."""

    class info:  # noqa: N801
        encoder = ENCODER


def pool(folder: Path, encoder: EncoderId | None = ENCODER) -> Path:
    """A pool of three clips."""
    (folder / "audio").mkdir(parents=True)
    clips = [
        Utterance(f"c{i}", tone(folder / "audio" / f"{i}.wav", 1.0, 300), f"text {i}", "gla", "", 1.0)
        for i in range(3)
    ]
    order = indexing.order_digest(clips)
    header = Header(Language("gla", "Scottish Gaelic"), synthetic=True, encoder=encoder, order=order)
    write_pool(folder, header, clips, np.eye(3, 4, dtype=np.float32) if encoder else None, clips[:1])
    return folder


def corpus(folder: Path) -> Path:
    """An ML-SUPERB language folder of two training clips and one test clip."""
    (folder / "wav").mkdir(parents=True)
    for name in ("a", "b", "c"):
        tone(folder / "wav" / f"{name}.wav", 1.0, 300)
    (folder / "transcript_10min_train.txt").write_text("a x one\nb x two\n", encoding="utf-8")
    (folder / "transcript_10min_test.txt").write_text("c x three\n", encoding="utf-8")
    return folder


@pytest.fixture
def loaded(monkeypatch):
    """Models that load at once; counts how often."""
    calls = []
    fake = models.Models(Recognizer(), Recognizer(), None)
    monkeypatch.setattr(models, "load_models", lambda *_, **__: calls.append(1) or fake)
    return calls


@pytest.fixture
def engine(tmp_path, loaded):
    pool(tmp_path / "pools" / "gla")
    return Engine(Options(tmp_path / "pools", tmp_path / "cache"))


def test_pools_that_ship_are_offered_with_their_queries(tmp_path):
    pool(tmp_path / "gla")
    (found,) = shipped(tmp_path)
    assert (found.choice.key, found.choice.examples, found.choice.synthetic) == ("gla", 3, True)
    assert [query.text for query in found.queries] == ["text 0"]


def test_a_damaged_pool_is_passed_over_and_reported(tmp_path, caplog):
    pool(tmp_path / "gla")
    shutil.copytree(tmp_path / "gla", tmp_path / "xxx")
    (tmp_path / "xxx" / "pool.json").write_text("{", encoding="utf-8")
    assert [source.choice.key for source in shipped(tmp_path)] == ["gla"]
    assert "xxx" in caplog.text


def test_the_languages_of_a_corpus_are_offered_with_their_test_clips(tmp_path):
    corpus(tmp_path / "mini" / "gla")
    (found,) = offered(tmp_path / "mini")
    assert (found.choice.key, found.choice.source, found.choice.examples) == ("mini/gla", "mini", 2)
    assert found.choice.language.name == "Scottish Gaelic"
    assert not found.choice.synthetic
    assert [query.text for query in found.queries] == ["three"]


def test_few_recordings_are_offered_and_all_are_found(tmp_path, monkeypatch):
    pool(tmp_path / "pools" / "gla")
    engine = Engine(Options(tmp_path / "pools", tmp_path / "cache"))
    monkeypatch.setattr("smile.ui.engine.MOST_QUERIES", 0)
    assert engine.queries("gla") == ()
    assert engine.recording("gla", "c0").text == "text 0"
    assert engine.recording("gla", "c9") is None
    assert engine.recording("../gla", "c0") is None


def test_models_load_once_for_all_visitors(engine, loaded):
    engine.warm()
    list(engine.prepare("gla", tokens=False))
    list(engine.prepare("gla", tokens=False))
    assert loaded == [1]


def test_a_failed_load_is_tried_again(engine, monkeypatch):
    outcomes = iter(
        (SmileError("No weights; download them."), models.Models(Recognizer(), Recognizer(), None))
    )

    def load(*_, **__):
        outcome = next(outcomes)
        if isinstance(outcome, SmileError):
            raise outcome
        return outcome

    monkeypatch.setattr(models, "load_models", load)
    with pytest.raises(SmileError, match="No weights"):
        list(engine.prepare(None, tokens=False))
    list(engine.prepare(None, tokens=False))


def test_a_pool_of_this_encoder_is_used_as_it_is(engine, tmp_path, monkeypatch):
    monkeypatch.setattr(indexing, "index", lambda *_, **__: pytest.fail("indexed again"))
    list(engine.prepare("gla", tokens=False))
    assert not (tmp_path / "cache").exists()


def test_a_pool_of_another_encoder_is_indexed_into_the_cache_once(tmp_path, loaded, monkeypatch):
    folder = pool(tmp_path / "pools" / "gla", encoder=None)
    made = []

    def index(source, out, recognizer, *, progress, **_):
        progress(1, 3)
        made.append(out)
        return indexing.Built(open_pool(pool(out)), ())

    monkeypatch.setattr(indexing, "index", index)
    for _ in range(2):
        list(Engine(Options(tmp_path / "pools", tmp_path / "cache")).prepare("gla", tokens=False))
    assert made == [tmp_path / "cache" / "whisper-tiny-000000000000" / "gla"]
    assert json.loads((folder / "pool.json").read_text(encoding="utf-8"))["encoder"] is None


def test_indexing_says_how_far_it_is_and_stops_with_its_visitor(tmp_path, loaded, monkeypatch):
    pool(tmp_path / "pools" / "gla", encoder=None)
    stopped = threading.Event()

    def index(source, out, recognizer, *, progress, **_):
        try:
            for i in range(1000):
                progress(i, 1000)
                time.sleep(0.01)
        except Exception:
            stopped.set()
            raise

    monkeypatch.setattr(indexing, "index", index)
    lines = Engine(Options(tmp_path / "pools", tmp_path / "cache")).prepare("gla", tokens=False)
    seen = [next(lines) for _ in range(3)]
    assert any(line.startswith("Indexing Scottish Gaelic: ") and "of 1000 clips" in line for line in seen)
    lines.close()
    assert stopped.wait(5), "the indexing went on"


def test_an_unknown_key_has_no_queries_and_no_pool(engine):
    assert engine.queries("../gla") == ()
    assert engine.choice("../gla") is None


ASKED = ("pools", "choice", "queries", "recording", "examples", "pool", "audio_folders", "prepare", "embed",
         "transcribe")  # fmt: skip


@pytest.mark.parametrize("name", ASKED)
def test_the_engine_of_the_tests_is_asked_like_the_real_one(name):
    real, fake = (inspect.signature(getattr(kind, name)) for kind in (Engine, FakeEngine))
    assert list(real.parameters) == list(fake.parameters)


def test_the_app_takes_its_options_from_the_environment(monkeypatch):
    monkeypatch.setenv("PORT", "7999")
    monkeypatch.setenv("SMILE_CORPORA", "/a:/b")
    monkeypatch.setenv("SMILE_MODEL", "openai/whisper-small")
    chosen = app.parse([])
    assert (chosen.port, chosen.corpora, chosen.model) == (
        7999,
        [Path("/a"), Path("/b")],
        "openai/whisper-small",
    )


def test_the_command_line_has_the_last_word(monkeypatch):
    monkeypatch.setenv("PORT", "7999")
    assert app.parse(["--port", "8000", "--adapter", "x"]).port == 8000
    assert app.parse(["--adapter", "x"]).adapter == Path("x")


def test_by_default_the_app_is_for_this_machine_alone(monkeypatch):
    for name in ("PORT", "GRADIO_SERVER_PORT", "GRADIO_SERVER_NAME", "SMILE_CORPORA"):
        monkeypatch.delenv(name, raising=False)
    chosen = app.parse([])
    assert (chosen.host, chosen.port, chosen.corpora) == ("127.0.0.1", 7860, [])
    monkeypatch.setenv("GRADIO_SERVER_NAME", "0.0.0.0")  # as a Space sets it
    assert app.parse([]).host == "0.0.0.0"
