"""The finished example that the page opens with."""

from __future__ import annotations

from dataclasses import replace

import gradio as gr
import pytest

from smile.demo.measured import NONE, MeasuredSamples, Measurements, Sample, write_samples
from smile.paths import POOLS
from smile.ui.engine import Engine
from smile.ui.parts import pools
from smile.ui.sources import Options
from smile.ui.transcribe.showcase import example_html, showcase
from tests.support.stamps import stamps

SAMPLE = Sample("kmr", "kmr-091", "<b>May</b>", "<i>x</i>", "same", 0.9, 0.1, ("kmr-001", "kmr-002"))


@pytest.fixture
def engine(tmp_path):
    return Engine(Options(POOLS, tmp_path))


@pytest.fixture
def only(monkeypatch):
    """Make these the measured samples."""

    def set_to(measured):
        monkeypatch.setattr(Engine, "measured", measured)

    return set_to


def measured(*samples):
    return Measurements((MeasuredSamples("2026-01-01", "abc", "model", {}, samples),))


def test_the_page_begins_with_the_pool_of_the_best_sample(engine, only):
    only(measured(replace(SAMPLE, pool="gla", id="gla-091", smile_cer=0.2), SAMPLE))
    assert pools.shown_first(engine) == SAMPLE
    assert pools.default_pool(engine) == "kmr"


def test_without_measured_samples_the_page_begins_with_the_first_pool_and_no_example(engine, only):
    only(NONE)
    assert pools.default_pool(engine) == engine.pools()[0].key
    with gr.Blocks():
        assert showcase(engine) == ()


def test_it_says_both_rates_what_was_said_and_how_many_examples_there_were(engine):
    shown = example_html(engine, SAMPLE)
    said = next(u for u in engine.queries("kmr") if u.id == "kmr-091").text
    assert said in shown
    assert "Northern Kurdish" in shown
    assert "2 transcribed clips" in shown
    assert "nearest of 90" in shown
    assert "Whisper was not trained on it" in shown
    assert "synthetic voice" in shown
    assert shown.count("<h3>") == 2
    assert "smile/sound/0/kmr/queries/kmr-091.ogg" in shown


def test_the_level_combined_stands_beside_the_others_where_it_was_measured(engine):
    said = next(u for u in engine.queries("kmr") if u.id == "kmr-091").text
    shown = example_html(engine, replace(SAMPLE, combined=said, combined_cer=0.0))
    assert shown.count("<h3>") == 3
    assert "Combined with an acoustic model" in shown
    assert "fitted to the 90 clips" in shown
    assert "acoustic model" not in example_html(engine, SAMPLE)


def test_its_texts_are_escaped(engine):
    shown = example_html(engine, SAMPLE)
    assert "<b>May</b>" not in shown
    assert "&lt;b&gt;May" in shown
    assert "<i>x</i>" not in shown


def test_each_recording_to_try_has_its_measured_rates(engine, only):
    only(measured(SAMPLE))
    offered = pools.example_choices(engine, "kmr")
    labels = {key: label for label, key in offered["choices"]}
    assert labels["kmr-091"].endswith("(90\u00a0→\u00a010\u00a0%)")
    assert "%" not in labels["kmr-092"]
    assert offered["info"]
    assert not pools.example_choices(engine, "gla")["info"]


def test_a_recording_that_examples_do_not_help_with_is_not_offered(only, tmp_path):
    only(measured(replace(SAMPLE, smile_cer=SAMPLE.vanilla_cer)))
    ids = [u.id for u in Engine(Options(POOLS, tmp_path)).queries("kmr")]
    assert "kmr-091" not in ids
    assert "kmr-092" in ids


@pytest.fixture
def with_people(tmp_path):
    """An engine with people's voices in a language that the adapter was trained on, and in another."""
    adapter = tmp_path / "adapter"
    adapter.mkdir()
    (adapter / "smile.json").write_text('{"data": {"minutes": {"spa": 10}}}')
    folder = stamps(tmp_path / "stamps", 55, ("bg", "es"))
    return Engine(Options(POOLS, tmp_path / "cache", adapter=adapter, stamps=folder))


def test_peoples_voices_are_offered_first_and_say_whose_they_are(with_people):
    labels = [label for label, _ in pools.pool_choices(with_people.pools())]
    assert labels[0].startswith("Bulgarian (bul) · people's voices · 44 examples")
    assert "the adapter was trained on it" in labels[1]
    assert all("synthetic voice" in label for label in labels[2:])
    key = pools.default_pool(with_people)
    assert with_people.choice(key).language.code == "bul"
    offered = pools.example_choices(with_people, key)
    assert len(offered["choices"]) == 11
    assert "tuxpaint-stamps-default" in offered["info"]
    assert "synthetic" not in offered["label"]


def test_what_was_measured_of_peoples_voices_is_shown_first(with_people):
    key = pools.default_pool(with_people)
    sample = replace(SAMPLE, pool=key, id=with_people.queries(key)[0].id, vanilla="аб", smile="вг")
    kept = MeasuredSamples("2026-01-02", "abc", "model", {}, (sample,))
    write_samples(kept, key, with_people.options.cache / "samples")
    restarted = Engine(with_people.options)
    assert pools.shown_first(restarted) == sample
    shown = example_html(restarted, sample)
    assert "tuxpaint-stamps-default" in shown
    assert "synthetic" not in shown
    assert "2026-01-02" in shown


def test_without_the_folder_all_is_as_it_was(engine, tmp_path):
    missing = Engine(Options(POOLS, tmp_path, stamps=tmp_path / "missing"))
    assert missing.pools() == engine.pools()
    assert pools.default_pool(missing) == pools.default_pool(engine)
