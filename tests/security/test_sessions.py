"""Sessions cost next to nothing, and what one has begun is not another's to end."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from tests.security.client import API, Stranger
from tests.security.served import Served

MOST = 50  # megabytes that a thousand sessions may cost


@pytest.fixture(scope="module")
def apart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """An app of its own, since its memory is measured."""
    from tests.security.served import serve

    with serve(tmp_path_factory.mktemp("sessions"), idle=True) as served:
        yield served


def asked(stranger: Stranger, times: int) -> None:
    """Ask for what each tab shows, each time as somebody else; one in forty asks for what is largest."""
    results = next(e for e in stranger.events if e.triggers == ("select",) and len(e.inputs) > 10)
    search, shown = stranger.of("own-search", "input"), stranger.of("compare-pool", "input")
    quick = (
        (search, ["x"]),
        (stranger.arrival, [""]),
        (shown, ["gla"]),
        (stranger.of("example", "input"), 0),
    )
    for number in range(times):
        stranger.session = secrets.token_hex(6)
        event, data = quick[number % len(quick)]
        if number % 40 == 0:
            event, data = results, 0
        answer = stranger.run(event, data or stranger.usual(event))
        assert answer.status_code == 200, answer.text[:200]


def test_a_thousand_sessions_cost_little_memory(apart: Served) -> None:
    stranger = Stranger(apart.address)
    asked(stranger, 100)
    before = apart.rss
    asked(stranger, 1000)
    assert apart.rss - before < MOST
    assert apart.alive()


def test_answers_that_nobody_reads_cost_little_memory(apart: Served) -> None:
    stranger = Stranger(apart.address)
    search = stranger.of("own-search", "input")
    before = 0.0
    for number in range(1200):
        if number == 200:
            before = apart.rss
        stranger.join(search, ["\u13a0\u13b9" * 9_999])
    assert apart.rss - before < 20, "megabytes for a thousand of one session"
    assert apart.alive()


def test_another_session_cannot_end_or_hear_what_one_has_begun(apart: Served) -> None:
    one, other = Stranger(apart.address), Stranger(apart.address)
    search = one.of("own-search", "input")
    asked_for = one.join(search, ["Gaelic"]).json()["event_id"]
    for forged in (secrets.token_hex(16), "", "../x", "*"):
        body = {"session_hash": other.session, "fn_index": search.index, "event_id": forged}
        assert other.http.post(f"{API}/cancel", json=body).status_code == 200
        assert other.http.post(f"{API}/reset", json={"event_id": forged}).status_code == 200
    messages = one.listen()
    completed = [message["event_id"] for message in messages if message["msg"] == "process_completed"]
    assert completed == [asked_for]
    assert "Gaelic" in str(messages)


@pytest.mark.parametrize("path", ["queue/data?session_hash=nobodys", "call/languages/nobodys"])
def test_streams_of_nobody_end_well(apart: Served, path: str) -> None:
    before = len(apart.log)
    answer = Stranger(apart.address).http.get(f"{API}/{path}")
    assert answer.status_code in (200, 404)
    assert "Traceback" not in apart.log[before:]


def test_a_state_is_not_what_a_request_says(apart: Served) -> None:
    stranger = Stranger(apart.address)
    forged = {"result": {"vanilla": 1}, "sentence": "forged", "cells": [1], "key": "x"}
    for event in stranger.events:
        if "state" in event.kinds:
            data = [
                forged if kind == "state" else v
                for kind, v in zip(event.kinds, stranger.usual(event), strict=True)
            ]
            assert "forged" not in stranger.run(event, data).text, event


def test_strangers_do_not_make_the_page_forget(apart: Served) -> None:
    one, others = Stranger(apart.address), Stranger(apart.address)
    pick, explain = one.of("map-plot", "pick"), one.of("map-neighbours", "explain")
    one.run(pick, one.usual(pick), event_data={"index": 3})
    before = one.run(explain, one.usual(explain), event_data={"rank": 2}).json()["data"]
    for _ in range(80):
        others.session = secrets.token_hex(6)
        others.run(others.of("own-search", "input"), ["x"])
    assert one.run(explain, one.usual(explain), event_data={"rank": 2}).json()["data"] == before
    assert others.run(explain, others.usual(explain), event_data={"rank": 2}).json()["data"] != before


def test_an_answer_is_the_same_however_often_it_is_given(apart: Served) -> None:
    stranger = Stranger(apart.address)
    look = stranger.of("own-uploads", "change")
    first, again = (stranger.run(look, stranger.usual(look)).json()["data"] for _ in range(2))
    assert first[0]["value"] == []
    assert first == again
