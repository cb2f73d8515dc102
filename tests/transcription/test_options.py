"""Each setting is said once, with all its facts, and every surface offers just these."""

from __future__ import annotations

import argparse
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smile.cli.main import build_parser
from smile.datatypes import SmileError
from smile.settings import DEFAULTS, OPTIONS, WHOLE_WINDOW, Settings
from smile.transcription.options import as_json, checked, choices, from_json, parse, text_of
from smile.ui import Engine, Options, build_app
from smile.ui.transcribe.controls import from_query, settings_of
from tests.conftest import POOLS

OTHER: dict[str, Any] = {
    "shots": 0,
    "sampler": "mixed",
    "divergence": "js",
    "seed": 12,
    "language_token": "sw",
    "timestamps": False,
    "beam_size": 5,
    "windows": WHOLE_WINDOW,
    "max_segment_seconds": 7.5,
    "split_short": False,
    "length_limit": False,
    "knn": 0.25,
    "total_seconds": 25.0,
    "no_repeat": False,
    "characters": "hard",
    "cut_loops": False,
    "level": "acoustic",
    "acoustic_share": 0.3,
}


def test_every_setting_is_told_in_a_sentence() -> None:
    assert list(OPTIONS) == [field.name for field in fields(Settings)] == list(OTHER)
    for option in OPTIONS.values():
        assert option.label[0].isupper()
        assert option.help[0].isupper()
        assert option.help.endswith(".")


@pytest.mark.parametrize("name", OPTIONS)
def test_a_value_comes_back_from_text_and_from_json(name: str) -> None:
    for value in (getattr(DEFAULTS, name), OTHER[name]):
        assert parse(name, text_of(value)) == value
        settings = replace(DEFAULTS, **{name: value})
        assert checked(from_json(as_json(settings))) == settings
        assert settings_of({name: from_query({name: text_of(value)})[name]}) == settings


@pytest.mark.parametrize("name", OPTIONS)
def test_what_a_setting_cannot_be_is_refused_in_a_sentence(name: str) -> None:
    default = getattr(DEFAULTS, name)
    wrong: list[Any] = [None, [], {}, [None], "nothing of the kind"]
    wrong += [] if isinstance(default, bool) else [True]
    wrong += [-1, 10**12, float("nan"), float("inf")] if not isinstance(default, bool | str) else [1.5]
    for value in wrong:
        with pytest.raises(SmileError, match=rf'^The setting "?{name}"? is .*\.$'):
            checked(from_json({name: value}))
    for text in ("", "nothing of the kind", "nan", "-1"):
        with pytest.raises(SmileError, match=rf"^The setting {name} is .*\.$"):
            parse(name, text)
        assert from_query({name: text}) == {}


@given(st.dictionaries(st.sampled_from(list(OPTIONS)), st.text(max_size=6)))
def test_an_address_of_anyone_gives_settings_that_may_be(query: dict[str, str]) -> None:
    checked(settings_of(from_query(query)))


def test_an_unknown_setting_is_refused() -> None:
    with pytest.raises(SmileError, match='no setting "beams"'):
        from_json({"beams": 3})


def test_page_command_line_address_and_endpoint_offer_the_same_settings(tmp_path: Any) -> None:
    parsers = next(a for a in build_parser()._actions if isinstance(a, argparse._SubParsersAction))
    offered = {action.dest for action in parsers.choices["transcribe"]._actions}
    assert set(OPTIONS) <= offered
    page = build_app(Engine(Options(pools=POOLS, cache=tmp_path)))
    controls = {block.elem_id for block in page.blocks.values() if getattr(block, "elem_id", None)}
    assert set(OPTIONS) <= controls
    asked = page.get_api_info()["named_endpoints"]["/transcribe"]["parameters"]
    assert {p["parameter_name"] for p in asked} == {"audio", "reference", "pool", *OPTIONS}
    assert set(from_query({name: text_of(value) for name, value in OTHER.items()})) == set(OPTIONS)


def test_words_of_open_vocabularies_come_from_where_they_are_known() -> None:
    assert choices("sampler")["nearest"] == "Nearest"
    assert "kl" in choices("divergence")
    assert choices("language_token")["sw"] == "Swahili (sw)"
    assert choices("shots") == {}
