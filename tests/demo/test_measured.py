"""The measured samples: the ones that ship belong to the pools that ship, and say what was measured."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import islice

import pytest

from smile.demo.measured import NONE, MeasuredSamples, Measurements, Sample, read_samples, write_samples
from smile.demo.sentences import texts, translated
from smile.demo.voices import LANGUAGES
from smile.paths import POOLS
from smile.pools.pool import open_pool
from smile.settings import VERSIONS, latest
from smile.text.scoring import score

GOOD = Sample("gla", "1", "Monday", "a", "b", 0.6, 0.1, ("gla-001",))


def measured(*samples):
    return Measurements((MeasuredSamples("2026-01-01", "abc", "model", {}, samples),))


def test_what_ships_is_of_the_shipped_pools_and_its_rates_are_those_of_its_texts():
    shipped = read_samples()
    pools = {header.parent.name: open_pool(header.parent) for header in POOLS.glob("*/pool.json")}
    expected = {(name, query.id) for name, pool in pools.items() for query in pool.queries}
    assert {(sample.pool, sample.id) for sample in shipped.samples} == expected
    for sample in shipped.samples:
        pool = pools[sample.pool]
        said = next(query.text for query in pool.queries if query.id == sample.id)
        rates = [score(said, text, language=pool.language.code).cer for text in sample.texts]
        told = (sample.vanilla_cer, sample.smile_cer, sample.combined_cer)
        assert told[: len(rates)] == pytest.approx(rates, abs=1e-4)
        assert sample.examples
        assert set(sample.examples) <= {utterance.id for utterance in pool.utterances}


def test_the_best_has_the_fewest_errors_and_is_on_offer():
    worse, better = replace(GOOD, id="2", smile_cer=0.3), replace(GOOD, id="3", smile_cer=0.0)
    everything = measured(GOOD, worse, better)
    assert everything.best({("gla", "1"), ("gla", "2"), ("gla", "3")}) == better
    assert everything.best({("gla", "1"), ("gla", "2")}) == GOOD
    assert everything.best({("gle", "1"), ("gle", "2"), ("gle", "3")}) is None


def test_one_on_which_each_level_does_better_goes_before_one_of_two_levels():
    two = replace(GOOD, id="2", smile_cer=0.0)
    three = replace(GOOD, id="3", combined="c", combined_cer=0.05)
    same = replace(GOOD, id="4", smile_cer=0.0, combined="c", combined_cer=0.0)
    worse = replace(GOOD, id="5", combined="c", combined_cer=0.5)
    everything = measured(GOOD, two, three, same, worse)
    assert everything.best({("gla", id) for id in "12345"}) == three
    assert everything.best({("gla", id) for id in "1245"}) == two
    assert everything.best({("gla", "5")}) is None


def test_one_that_examples_do_not_help_is_never_the_best():
    assert measured(replace(GOOD, vanilla_cer=0.0, smile_cer=0.0)).best({("gla", "1")}) is None


def test_the_best_has_both_transcripts_in_one_script():
    other = replace(GOOD, id="2", vanilla="ดูเมื่อ", smile_cer=0.0)
    assert measured(GOOD, other).best({("gla", "1"), ("gla", "2")}) == GOOD


def test_the_best_is_not_one_for_which_whisper_alone_wrote_next_to_nothing():
    other = replace(GOOD, id="2", vanilla="a", smile="a whole line", smile_cer=0.0)
    assert measured(GOOD, other).best({("gla", "1"), ("gla", "2")}) == GOOD


def test_they_are_read_back_as_they_were_written(tmp_path):
    (pool,) = measured(GOOD).pools
    write_samples(pool, "gla", tmp_path / "samples")
    assert read_samples(tmp_path / "samples") == measured(GOOD)


def test_the_level_combined_of_another_version_is_left_out(tmp_path, monkeypatch, caplog):
    three = replace(GOOD, combined="c", combined_cer=0.05)
    (pool,) = measured(three).pools
    write_samples(replace(pool, levels=latest()), "gla", tmp_path)
    assert read_samples(tmp_path).samples == (three,)
    monkeypatch.setitem(VERSIONS, "fit", VERSIONS["fit"] + 1)
    assert read_samples(tmp_path).samples == (GOOD,)
    assert "Another version of SMILE measured" in caplog.text


def test_what_does_not_say_the_version_of_its_levels_is_of_the_first(tmp_path, monkeypatch):
    for part in VERSIONS:
        monkeypatch.setitem(VERSIONS, part, 1)
    (pool,) = measured(replace(GOOD, combined="c", combined_cer=0.05)).pools
    write_samples(pool, "gla", tmp_path)
    said = json.loads((tmp_path / "gla.json").read_text())
    assert said.pop("levels") == 1
    (tmp_path / "gla.json").write_text(json.dumps(said))
    assert read_samples(tmp_path).pools == (pool,)
    monkeypatch.setitem(VERSIONS, "combined", 2)
    assert read_samples(tmp_path).samples == (GOOD,)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"samples": [{"pool": 1}]}'])
def test_a_damaged_file_counts_as_none(tmp_path, text):
    (tmp_path / "gla.json").write_text(text)
    assert read_samples(tmp_path) == NONE
    assert read_samples(tmp_path / "missing") == NONE


@pytest.mark.parametrize("code", sorted(LANGUAGES))
def test_every_name_of_a_text_has_an_english_one(code):
    for text in islice(texts(LANGUAGES[code]), 40):
        assert len(translated(LANGUAGES[code], text).split(", ")) in (2, 3, 4), text


def test_a_text_with_another_word_has_no_translation():
    assert translated(LANGUAGES["gla"], "Slòbhacais, Blurb") == ""
    assert translated(LANGUAGES["gla"], "Slòbhacais no Cuimris") == "Slovak, Welsh"
