"""The finished example that the page opens with."""

from __future__ import annotations

from dataclasses import replace

import gradio as gr
import pytest

from smile.demo.measured import NONE, MeasuredSamples, Measurements, Sample
from smile.paths import POOLS
from smile.ui import sources
from smile.ui.engine import Engine
from smile.ui.parts import pools
from smile.ui.sources import Options
from smile.ui.transcribe.showcase import example_html, showcase

SAMPLE = Sample("kmr", "kmr-091", "<b>May</b>", "<i>x</i>", "same", 0.9, 0.1, ("kmr-001", "kmr-002"))


@pytest.fixture
def engine(tmp_path):
    return Engine(Options(POOLS, tmp_path))


@pytest.fixture
def only(monkeypatch):
    """Make these the measured samples."""

    def set_to(measured):
        for module in (pools, sources):
            monkeypatch.setattr(module, "samples", lambda: measured)

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
    assert "given 2 transcribed clips" in shown
    assert "nearest of 90" in shown
    assert "synthetic voice" in shown
    assert shown.count("<h3>") == 2
    assert "smile/sound/0/kmr/queries/kmr-091.ogg" in shown


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
