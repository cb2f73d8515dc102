"""What each tab keeps in the address, and what it makes of one: of what it offers, and of nonsense."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from itertools import combinations

import gradio as gr
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smile.ui import build_app
from smile.ui.i18n import french
from smile.ui.parts import pools
from smile.ui.parts.address import (
    LONGEST,
    NOT_OFFERED,
    Address,
    Kept,
    first_of_each,
    in_words,
    listed,
    read,
    restored,
    value_of,
)
from tests.support.fake_engine import TEXTS, FakeEngine
from tests.support.measured import packed

SKIPPED = str(gr.skip())
TABS = ("transcribe", "compare", "own", "map", "results")


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    return FakeEngine(tmp_path_factory.mktemp("clips"))


@pytest.fixture(scope="module")
def page_and_tabs(engine, tmp_path_factory):
    """The page, and what its tabs keep, by their names."""
    rows, kept, keep = tmp_path_factory.mktemp("rows"), {}, Address.keep
    packed(rows)

    def noted(self: Address, one: Kept) -> None:
        kept[one.tab] = one
        keep(self, one)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Address, "keep", noted)
        return build_app(engine, rows / "packed"), kept


@pytest.fixture(scope="module")
def tabs(page_and_tabs):
    return page_and_tabs[1]


def shown(tabs, tab, query):
    """The values that a tab gives its fields for a query, by name; what it skips is left out."""
    kept = tabs[tab]
    values = dict(zip(kept.outputs, kept.restore(query), strict=True))
    asked = {name: values[one] for name, one in kept.fields.items() if one in values}
    return {
        name: value.get("value") if isinstance(value, dict) else value
        for name, value in asked.items()
        if str(value) != SKIPPED and not (isinstance(value, dict) and "value" not in value)
    }


def test_each_tab_that_shows_something_keeps_it_and_my_language_keeps_nothing(tabs):
    assert list(tabs) == ["transcribe", "compare", "map", "results"]
    assert all(kept.fields for kept in tabs.values())


def test_no_name_stands_for_two_things_at_once(tabs):
    for one, other in combinations(tabs.values(), 2):
        assert set(one.fields) & set(other.fields) <= {"pool"}
    assert "tab" not in {name for kept in tabs.values() for name in kept.fields}


def test_nothing_of_a_visitors_own_can_be_kept(tabs):
    own = (gr.State, gr.BrowserState, gr.Audio, gr.File)
    fields = [component for kept in tabs.values() for component in kept.fields.values()]
    assert not [component for component in fields if isinstance(component, own)]
    texts = {c.elem_id for c in fields if isinstance(c, gr.Textbox)}
    assert texts == {"search", "sort", "part", "shown-condition", "shown-baseline", "map-point"}


def test_the_script_is_told_names_and_defaults_of_every_tab(page_and_tabs):
    page, tabs = page_and_tabs
    scripts = [str(fn.js) for fn in page.fns.values() if "smileRemember" in str(fn.js)]
    told = [json.loads(re.search(r"smileRemember\((\{.*\}), values", js)[1]) for js in scripts]
    assert [one["tab"] for one in told] == list(tabs)
    for one in told:
        kept = tabs[one["tab"]]
        assert one["names"] == list(kept.fields)
        assert one["defaults"] == json.loads(json.dumps([c.value for c in kept.fields.values()]))


def test_the_address_is_read_in_one_request_and_followed_without_any(page_and_tabs):
    page, tabs = page_and_tabs
    outputs = {one._id for kept in tabs.values() for one in kept.outputs}
    reading = [fn for fn in page.fns.values() if outputs <= {one._id for one in fn.outputs}]
    assert len(reading) == 1
    assert not reading[0].queue
    assert all(fn.fn is None for fn in page.fns.values() if "smileRemember" in str(fn.js))


@pytest.mark.parametrize(
    ("tab", "query"),
    [
        (
            "transcribe",
            {"shots": 5, "sampler": "random", "level": "combined", "timestamps": False, "knn": 0.5},
        ),
        (
            "compare",
            {"counts": [0, 2], "ways": ["js", "random"], "seeds": 3, "spelling": False, "fitted": True},
        ),
        ("compare", {"counts": [], "controlled": True, "untrained": True}),
        (
            "map",
            {"map": "real-chr", "layout": "euclidean", "dimensions": 3, "colour": "family", "neighbours": 9},
        ),
        ("map", {"point": "gla/q0"}),
        ("results", {"metric": "wer", "normaliser": "ml_superb", "known": "unknown", "order": "id"}),
        ("results", {"chart": "levels", "sort": "-name", "search": "gre & so", "part": "charts"}),
        ("results", {"condition": "SMILE, 3 nearest", "baseline": "Whisper alone", "columns": []}),
        ("results", {"families": ["Slavic"], "scripts": ["Cyrillic", "Greek"], "opened": "chr"}),
    ],
)
def test_a_tab_shows_what_its_address_says(tabs, tab, query):
    texts = {n: ";".join(map(str, v)) if isinstance(v, list) else str(v) for n, v in query.items()}
    texts = {name: {"True": "true", "False": "false"}.get(text, text) for name, text in texts.items()}
    values = shown(tabs, tab, texts)
    assert {name: values[name] for name in query} == query
    for other in set(tabs) - {tab}:
        assert shown(tabs, other, texts) == {}


def test_nothing_is_set_by_an_address_that_names_nothing(tabs):
    for query in ({}, {"tab": "results", "x": "1"}):
        notice, *values = restored(tabs.values(), query, TABS)
        assert {str(value) for value in (notice, *values)} == {SKIPPED}


NAMES = [
    *("pool", "example", "clip", "shots", "counts", "ways", "seeds", "spelling", "map", "layout"),
    *(
        "dimensions",
        "colour",
        "neighbours",
        "point",
        "condition",
        "baseline",
        "metric",
        "columns",
        "families",
    ),
    *("opened", "sort", "part", "chart", "known", "tab", "seed", "windows"),
]
VALUES = st.one_of(
    st.text(max_size=12), st.sampled_from(["gla", "1", "-1", "99", "²", "kl;kl", ";", "9" * 5000])
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=8))
def test_no_address_raises_and_all_it_sets_is_offered(tabs, query):
    notice, *_ = restored(tabs.values(), query, TABS)
    assert "went wrong" not in str(notice)
    for tab, kept in tabs.items():
        for name, value in shown(tabs, tab, query).items():
            component = kept.fields[name]
            if tab == "map" and isinstance(component, gr.Dropdown | gr.Radio):
                assert value in [one for _, one in component.choices]


def test_what_goes_wrong_in_one_tab_is_a_sentence_and_the_others_are_as_asked(tabs, caplog):
    broken = tabs["map"]._replace(restore=lambda query: {}["secret"])
    notice, *values = restored([broken, tabs["compare"]], {"seeds": "2"}, TABS)
    assert "went wrong" in notice
    assert "secret" not in notice
    assert str(values[0]) == SKIPPED
    assert 2 in values
    assert "KeyError" in caplog.text


def test_a_pool_is_found_by_its_key_or_by_a_code_that_it_alone_has(engine, tabs):
    assert [pools.matched(engine, asked) for asked in ("chr", "mini/ckb", "ckb", "bul", "", None)] == [
        *("chr", "mini/ckb", "mini/ckb"),
        *(None, None, None),
    ]
    assert shown(tabs, "transcribe", {"pool": "ckb"}) == {"pool": "mini/ckb", "example": None}
    restored_clip = tabs["compare"].restore({"pool": "ckb", "clip": "q1"})
    assert restored_clip[0] == "mini/ckb"
    assert restored_clip[3] == TEXTS["mini/ckb"][1]
    assert shown(tabs, "map", {"tab": "map", "pool": "chr"}) == {"map": "demo-chr"}


def test_a_pool_that_is_not_there_is_told_and_so_is_a_code_of_several(engine, monkeypatch):
    (told,) = pools.untold(engine, "example", {"pool": "<b>" + "x" * 300})
    assert "choose one from the list" in told
    assert len(told) < 170
    (kurdish,) = (pool for pool in engine.pools() if pool.key == "mini/ckb")
    monkeypatch.setattr(engine, "pools", lambda: (kurdish, replace(kurdish, key="other/ckb")))
    assert pools.matched(engine, "ckb") is None
    (told,) = pools.untold(engine, "example", {"pool": "ckb"})
    assert "pool=mini/ckb, pool=other/ckb" in told
    monkeypatch.undo()
    assert pools.untold(engine, "example", {"pool": "gla", "example": "q1"}) == []
    assert pools.untold(engine, "example", {}) == []


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"pool": "gla", "example": "q99"}, ["example=q99"]),
        (
            {"pool": "gla", "clip": "q99", "seeds": "77", "ways": "kl;x"},
            ["clip=q99", "ways=kl;x", "seeds=77"],
        ),
        ({"shots": "99", "knn": "0.5", "level": "<b>"}, ["shots=99", "level=<b>"]),
        ({"layout": "x", "dimensions": "4", "neighbours": "5"}, ["layout=x", "dimensions=4"]),
        (
            {"condition": "nowhere", "columns": "Whisper alone;gone", "opened": "zzz", "chart": "pie"},
            ["chart=pie", "condition=nowhere", "columns=gone", "opened=zzz"],
        ),
        ({"part": "pie", "sort": "-nonsense"}, ["part=pie", "sort=-nonsense"]),
        ({"part": "charts", "sort": "-change:1"}, []),
        ({"condition": "Whisper alone", "families": "Slavic", "metric": "wer", "shots": "3"}, []),
        ({"search": "x" * 300}, []),
    ],
)
def test_what_an_address_asks_for_and_is_no_choice_is_told(tabs, query, told):
    untold = [f"{name}={value}" for kept in tabs.values() for name, value in kept.untold(query)]
    assert untold == told


def test_what_several_tabs_have_none_of_is_told_in_one_sentence(tabs):
    query = {"shots": "99", "dimensions": "4", "chart": "pie", "map": "nowhere"}
    notice, *_ = restored(tabs.values(), query, TABS)
    (one,) = re.findall(r"The address asks for [^.]*no choice here[^.]*\.", notice)
    assert all(asked in one for asked in ("shots=99", "dimensions=4", "chart=pie"))
    assert notice.index("nowhere") < notice.index("shots=99")


@pytest.mark.parametrize("asked", ["nonsense", "", "Map"])
def test_a_tab_that_there_is_not_is_told_with_what_else_there_is_none_of(tabs, asked):
    notice, *_ = restored(tabs.values(), {"tab": asked, "shots": "99"}, TABS)
    assert NOT_OFFERED.format(f"tab={asked}, shots=99").replace('"', "&#34;") in notice
    for tab in TABS:
        assert str(restored(tabs.values(), {"tab": tab}, TABS)[0]) == SKIPPED


def test_it_is_told_in_french_too(tabs):
    said = french().text(in_words([("tab", "nonsense"), ("condition", "SMILE. 3 nearest")]))
    assert said == (
        "L’adresse demande «\u00a0tab=nonsense, condition=SMILE. 3 nearest\u00a0»\u00a0: "
        "ce choix n’existe pas ici, et ce qui est habituel est affiché."
    )


@pytest.mark.parametrize("name", ["columns", "families"])
def test_an_address_that_names_nothing_that_was_measured_shows_what_is_usual(tabs, name):
    usual = shown(tabs, "results", {"condition": "SMILE, 3 nearest"})
    assert shown(tabs, "results", {"condition": "SMILE, 3 nearest", name: "nowhere"})[name] == usual[name]


def test_the_first_of_two_values_counts_as_in_the_script():
    assert first_of_each([("a", "1"), ("b", "2"), ("a", "3")]) == {"a": "1", "b": "2"}


def test_the_notice_escapes_what_an_address_says(tabs):
    notice, *_ = restored(tabs.values(), {"pool": "<img src=x>", "map": "<img src=y>"}, TABS)
    assert "<img" not in notice
    assert notice.count("&lt;img") == 2


def test_values_are_those_that_a_component_offers():
    several = gr.Dropdown(["a", "b"], multiselect=True)
    assert (value_of(several, "b;a;b"), value_of(several, ""), value_of(several, "a;c")) == (
        ["b", "a"],
        [],
        None,
    )
    slider = gr.Slider(1, 10, 5, step=1)
    assert [value_of(slider, text) for text in ("1", "10", "11", "0", "x", "1.5", "")] == [1, 10, *[None] * 5]
    assert [value_of(gr.Checkbox(), text) for text in ("true", "false", "True")] == [True, False, None]
    assert value_of(gr.Radio([("Two", 2)]), "2") == 2
    assert value_of(gr.Textbox(), "x" * 999) == "x" * LONGEST
    assert listed(";a;;b;a") == ["a", "b"]
    assert read({"one": slider, "two": slider}, {"one": "3", "two": "30", "x": "1"}) == {"one": 3}
