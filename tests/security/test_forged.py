"""Requests that no page sends: values of other kinds, events that are not there, events that tell lies."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

import pytest

from smile.ui.guard import UNEXPECTED
from tests.security.client import API, JSON, Event, Stranger, encoded
from tests.security.served import Served, leaks

TOP = "Internal Server Error"  # what a server says that has not caught an error


def values() -> Iterator[Any]:
    """What a request may hold in place of a value."""
    yield from (None, True, -1, 1.5, 10**400, math.nan, math.inf, "", "\0", "../..", "9" * 5000, "<script>")
    yield from ([[]], {"a": 1}, {"__type__": "update"}, {"path": 7}, ["x"] * 1000, [math.nan])


DATA = ("x", 5, [1], {}, {"name": {"a": 1}}, {"name": "x" * 9999}, {"part": "zz"}, {"part": math.inf})
DATA += ({"part": [1]}, {"part": 10**30}, {"index": "zz"}, {"index": -1}, {"index": 10**30}, {"index": True})
DATA += ({"index": 1.5}, {"index": None}, {"rank": "1"}, {"rank": -1}, {"rank": 10**30}, {"sort": ["x"]})
DATA += (
    {"language": {"a": 1}},
    {"sort": "__class__"},
    {"_data": 1, "target": 1},
    {"part": -1, "name": "../.."},
)


@pytest.fixture
def quiet(app: Served) -> Iterator[None]:
    """Nothing that a stranger sends leaves an error in the log that nobody has caught."""
    before = len(app.log)
    yield
    assert "Traceback" not in app.log[before:]


@pytest.mark.usefixtures("quiet")
def test_values_of_other_kinds_for_every_event(app: Served, stranger: Stranger) -> None:
    for event in stranger.events:
        usual = stranger.usual(event)
        for number, value in enumerate(values() if event.inputs else ()):
            place, everywhere = (event.index + number) % len(usual), (event.index + number) % 2
            alone = [*usual[:place], value, *usual[place + 1 :]]  # among usual ones
            answer = stranger.run(event, event.filled(value) if everywhere else alone)
            assert answer.status_code in (200, 422, 500), (event, value)
            assert answer.text != TOP, (event, value)
            assert not leaks(app, answer.text), (event, value, answer.text)
            refused = answer.json().get("error", "-") if answer.status_code == 500 else "-"
            assert refused, "an error says what it is"


def test_values_of_other_kinds_are_named(stranger: Stranger) -> None:
    unnamed = set()
    for event in stranger.events:
        for value in ({"a": 1}, [[]], 10**400) if event.inputs else ():
            if UNEXPECTED in stranger.run(event, event.filled(value)).text:
                unnamed.add(event.index)
    assert not unnamed


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("count", [0, 1, 100, 10_000])
def test_other_numbers_of_values(app: Served, stranger: Stranger, count: int) -> None:
    for event in stranger.events:
        answer = stranger.run(event.index, [None] * count)
        assert answer.text != TOP, event
        assert not leaks(app, answer.text), event


@pytest.mark.usefixtures("quiet")
def test_texts_of_a_megabyte_and_deep_values(app: Served, stranger: Stranger) -> None:
    for event in stranger.events:
        if event.inputs:
            deep = b'{"data":[' + b"[" * 400 + b"]" * 400 + b'],"fn_index":%d,"session_hash":"d"}'
            answer = stranger.http.post(f"{API}/run/predict", content=deep % event.index, headers=JSON)
            assert answer.status_code in (200, 422, 500)
            assert answer.text != TOP, event
            if set(event.kinds) & {"textbox", "browserstate"}:
                answer = stranger.run(event, event.filled("x y" * 350_000))
                assert answer.text != TOP, event


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("inner", ["[", '{"a":'])
def test_ten_thousand_deep(stranger: Stranger, inner: str) -> None:
    end = {"[": "]", '{"a":': "0}"}[inner]
    body = f'{{"data":{inner * 10_000}{end * 10_000},"fn_index":1,"session_hash":"d"}}'.encode()
    for path in ("run/predict", "queue/join", "call/languages", "cancel", "reset"):
        answer = stranger.http.post(f"{API}/{path}", content=body, headers=JSON)
        assert answer.status_code in (400, 422), path


def told(event: Event) -> bool:
    """Whether an event asks what was clicked."""
    return bool(
        {"pick", "explain", "draft", "split", "merge", "undo"} & set(event.triggers)
    ) or event.name.startswith("Click")


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("data", DATA, ids=lambda data: json.dumps(data)[:30])
def test_clicks_that_tell_lies(app: Served, stranger: Stranger, data: Any) -> None:
    for event in stranger.events:
        if told(event):
            answer = stranger.run(event, stranger.usual(event), event_data=data)
            assert answer.text != TOP, event
            assert not leaks(app, answer.text), event


def test_lies_of_clicks_are_named(stranger: Stranger) -> None:
    unnamed = {}
    for event in stranger.events:
        if told(event):
            for data in DATA:
                if UNEXPECTED in stranger.run(event, stranger.usual(event), event_data=data).text:
                    unnamed[event.index, json.dumps(data)[:30]] = event.triggers
    assert not unnamed


@pytest.mark.parametrize("index", [99_999, -1, 10**30, None])
def test_events_that_are_not_there(stranger: Stranger, index: Any) -> None:
    for asked in (stranger.run(index, []), stranger.join(index, [])):
        assert asked.status_code in (400, 404, 422)


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("index", [1.5, "x", [1], {"a": 1}])
def test_events_that_are_no_numbers(stranger: Stranger, index: Any) -> None:
    for asked in (stranger.run(index, []), stranger.join(index, [])):
        assert asked.status_code in (400, 404, 422)


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("name", ["nope", "languages/x", "v2/nope", "partial_14", "download", "../x"])
def test_endpoints_that_are_not_there(stranger: Stranger, name: str) -> None:
    for path in (f"/run/{name}", f"/call/{name}"):
        status, answer = stranger.raw("POST", API + path, b'{"data":[]}', **JSON)
        assert status in (400, 404, 405, 422), (path, answer[:200])


def test_the_page_without_a_number(stranger: Stranger) -> None:
    for path in ("run/predict", "call/predict", "call/v2/predict"):
        answer = stranger.http.post(f"{API}/{path}", content=b'{"data":[]}', headers=JSON)
        assert answer.status_code in (400, 404, 422), path


@pytest.mark.parametrize("field", ["data", "session_hash", "fn_index", "trigger_id", "event_id"])
def test_numbers_that_are_none(stranger: Stranger, field: str) -> None:
    body = {"data": [], "fn_index": 1, "session_hash": "a", "trigger_id": None, field: math.nan}
    answer = stranger.http.post(f"{API}/queue/join", content=encoded(body), headers=JSON)
    assert answer.status_code in (400, 422)


def test_half_characters(stranger: Stranger) -> None:
    for event in stranger.events:
        answer = stranger.run(event, event.filled("\ud800"))
        assert answer.text != TOP, event


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("session", [7, 1.5, [], {}, True, ["a"], {"a": 1}])
def test_sessions_of_other_kinds(stranger: Stranger, session: Any) -> None:
    body = {"data": [], "fn_index": 1, "session_hash": session}
    for path in ("run/predict", "queue/join", "cancel", "reset"):
        answer = stranger.http.post(f"{API}/{path}", content=encoded(body), headers=JSON)
        assert answer.status_code in (400, 422), path


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("session", ["x" * 100_000, "../../..", "a\0b", "\u202e", "*", "%00"])
def test_sessions_of_odd_names(stranger: Stranger, session: str) -> None:
    search = stranger.of("own-search", "input")
    body = {"data": ["x"], "fn_index": search.index, "session_hash": session}
    for path in ("run/predict", "queue/join"):
        answer = stranger.http.post(f"{API}/{path}", content=encoded(body), headers=JSON)
        assert answer.status_code in (200, 400, 422), path


@pytest.mark.usefixtures("quiet")
def test_what_the_page_does_by_itself_is_refused_with_a_sentence(stranger: Stranger) -> None:
    index = next(i for i, event in enumerate(stranger.config["dependencies"]) if not event["backend_fn"])
    body = {"data": [], "fn_index": index, "session_hash": "a"}
    answer = stranger.http.post(f"{API}/run/predict", content=encoded(body), headers=JSON)
    assert "does this by itself" in answer.text


def test_a_session_without_a_name(stranger: Stranger) -> None:
    body = {"data": [], "fn_index": 1, "session_hash": ""}
    answer = stranger.http.post(f"{API}/queue/join", content=encoded(body), headers=JSON)
    assert answer.status_code in (200, 400, 422)


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("key", ["../..", "x" * 32, "/etc", "\0", ".", "x" * 100_000, 7, [], {"a": 1}, True])
def test_keys_that_nobody_has(app: Served, stranger: Stranger, key: Any) -> None:
    before = app.prints(app.visitors)
    for event in stranger.events:
        if "browserstate" in event.kinds and not event.queued:
            answer = stranger.run(event, [key, *stranger.usual(event)[1:]])
            assert answer.text != TOP, event
            assert not leaks(app, answer.text), event
    after = app.prints(app.visitors)
    assert before.items() <= after.items()
