"""What programs are told: the page's sentence, by endpoints and by MCP alike, and never an empty error."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest

from smile.ui.fetching import NOT_FETCHED
from smile.ui.guard import NOT_YOURS
from smile.ui.parts.recordings import NO_CLIP
from smile.ui.values import (
    HALF,
    MOST_CHARACTERS,
    MOST_DEEP,
    MOST_VALUES,
    TOO_DEEP,
    TOO_LONG,
    TOO_MANY,
)
from tests.security.client import API, JSON, Stranger, encoded, file
from tests.security.material import sound
from tests.security.served import Served, leaks, serve
from tests.support.store import Store, store

BOTH = {**JSON, "Accept": "application/json, text/event-stream"}
DEEP = b"[" * 50_000 + b"]" * 50_000
NAMED = ("transcribe", "compare", "neighbours", "align")
FORGED = ("/etc/passwd", "{app}/pools/gla/clips.csv", "file:///etc/passwd", "http://127.0.0.1:1/a.wav")
FORGED += (
    "http://localhost/a.wav",
    "http://169.254.169.254/latest/meta-data",
    "http://[::1]/a.wav",
    "ftp://x/a.wav",
)
STORES = ("s3://speech/a.wav", "S3://speech/a.wav", "gs://speech/a.wav", "az://speech/a.wav")
STORES += ("file:///etc/passwd", "memory://a.wav", "simplecache::s3://speech/a.wav")
FORGED += ("data:audio/wav;base64,AAAA", "http://[", "//etc/passwd", "gopher://x", "http://0/a.wav")


def tool(served: Served, name: str, arguments: Mapping[str, Any]) -> str:
    """What a tool of MCP answers."""
    from mcp import ClientSession
    from mcp.client.streamable_http import streamablehttp_client

    async def ask() -> str:
        async with (
            streamablehttp_client(f"{served.address}/gradio_api/mcp/") as (read, write, _),
            ClientSession(read, write) as session,
        ):
            await session.initialize()
            return str((await session.call_tool(name, dict(arguments))).content)

    return asyncio.run(ask())


@pytest.mark.parametrize("name", NAMED)
def test_a_missing_recording_is_one_sentence_everywhere(app: Served, stranger: Stranger, name: str) -> None:
    event = next(e for e in stranger.events if e.name == name)
    usual = stranger.usual(event)
    assert NO_CLIP in stranger.call(name, usual)
    assert NO_CLIP in str(stranger.do(event, usual))
    assert NO_CLIP in json.dumps(stranger.run(event, usual).json())


def test_the_same_sentence_by_mcp(app: Served, stranger: Stranger) -> None:
    own = "http://127.0.0.1:1/a.wav"
    assert NOT_FETCHED in tool(app, "neighbours", {"recording": own})
    assert NOT_FETCHED in stranger.call("neighbours", [file(own), "gla", 1, "kl"])
    assert "Choose cer or wer" in tool(app, "results", {"metric": "errors"})


def called(stranger: Stranger, arguments: Any, number: Any = 7, method: str = "tools/call") -> httpx.Response:
    """What MCP answers to a call as bytes."""
    params = {"name": "results", "arguments": arguments}
    body = encoded({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
    return stranger.http.post(f"{API}/mcp/", content=body.replace(b'"DEEP"', DEEP), headers=BOTH)


def told(answer: httpx.Response) -> dict[str, Any]:
    """What an answer of MCP holds, be it JSON or an event."""
    (data,) = [line for line in answer.text.splitlines() if line.startswith(("{", "data: "))]
    return json.loads(data.removeprefix("data: "))


@pytest.mark.parametrize(
    ("metric", "sentence"),
    [
        ("\ud800", HALF),
        ("x" * 100_000, TOO_LONG.format(100_000, MOST_CHARACTERS)),
        ([[]] * MOST_VALUES, TOO_MANY.format(MOST_VALUES)),
        (json.loads("[" * 500 + "]" * 500), TOO_DEEP.format(MOST_DEEP)),
        ("errors", "Choose cer or wer, and one of the normalisers plain, ml_superb."),
    ],
    ids=["half", "long", "many", "deep", "wrong"],
)
def test_odd_values_by_mcp_are_the_pages_sentence(
    app: Served, stranger: Stranger, metric: Any, sentence: str
) -> None:
    answer = called(stranger, {"metric": metric})
    message = told(answer)
    assert (answer.status_code, message["id"], message["result"]["isError"]) == (200, 7, True)
    assert [one["text"] for one in message["result"]["content"]] == [sentence]
    asked = encoded({"data": [metric, "plain"]})
    assert stranger.http.post(f"{API}/run/results", content=asked, headers=JSON).json()["error"] == sentence
    assert "Traceback" not in app.log


def test_calls_that_cannot_be_answered_under_their_id(app: Served, stranger: Stranger) -> None:
    for answer, sentence in (
        (called(stranger, {"metric": "DEEP"}), TOO_DEEP.format(MOST_DEEP)),
        (called(stranger, {}, number="\ud800"), HALF),
        (called(stranger, {"metric": "\ud800"}, number=[1]), HALF),
    ):
        assert answer.status_code == 400
        assert answer.json()["error"]["message"] == sentence
    other = called(stranger, {"metric": "\ud800"}, method="tools/list").json()
    assert other["error"]["message"] == HALF
    assert "Traceback" not in app.log
    assert "languages" in called(stranger, {}, method="tools/list").text


def test_a_recording_in_base64_is_no_text_that_is_too_long(app: Served) -> None:
    data = f"data:audio/wav;base64,{base64.b64encode(sound(2)).decode()}"
    assert len(data) > MOST_CHARACTERS
    assert "no such pool" in tool(app, "neighbours", {"recording": data, "pool": "no such pool"})


def test_what_a_person_may_leave_out_a_program_may_too(app: Served, stranger: Stranger) -> None:
    listed = told(called(stranger, {}, method="tools/list"))["result"]["tools"]
    tools = {one["name"]: one["inputSchema"] for one in listed}
    assert {name: schema.get("required", []) for name, schema in tools.items()} == {
        "transcribe": ["audio"],
        "compare": ["audio"],
        "neighbours": ["recording"],
        "align": ["recording", "text"],
        "examples": [],
        "languages": [],
        "results": [],
    }
    assert not [name for schema in tools.values() for name in schema["properties"] if "param" in name]
    for name in ("transcribe", "compare"):
        assert NOT_FETCHED in tool(app, name, {"audio": "http://127.0.0.1:1/a.wav"})


@pytest.mark.parametrize("address", FORGED)
def test_addresses_that_programs_name(app: Served, stranger: Stranger, address: str) -> None:
    path = address.format(app=app.folder)
    event = next(e for e in stranger.events if e.name == "neighbours")
    said = [
        stranger.call("neighbours", [file(path), "gla", 1, "kl"]),
        tool(app, "neighbours", {"recording": path}),
    ]
    said.append(str(stranger.do(event, [file(path), "gla", 1, "kl"])))
    for answer in said:
        assert "root:x:" not in answer
        assert '"error": null' not in answer
        assert not leaks(app, answer, path), answer


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, Store]]:
    """The app with the environment of a store that has a recording, and the store."""
    with store() as made:
        made.put("a.wav", sound())
        with serve(tmp_path_factory.mktemp("beside"), idle=True, **made.environment) as served:
            yield served, made


@pytest.mark.parametrize("address", STORES)
def test_what_commands_read_of_a_store_nobody_has_the_server_read(
    beside: tuple[Served, Store], address: str
) -> None:
    served, made = beside
    stranger = Stranger(served.address)
    for name in NAMED:
        event = next(e for e in stranger.events if e.name == name)
        assert NOT_YOURS in stranger.call(name, [file(address), *stranger.usual(event)[1:]])
    assert "('http://...' or 'https://...'). Received: " in tool(served, "neighbours", {"recording": address})
    assert made.fetched == []


@pytest.mark.parametrize("path", ["/etc/passwd", "file:///etc/passwd"])
def test_files_of_the_server_are_named_as_what_they_are(stranger: Stranger, path: str) -> None:
    assert NOT_YOURS in stranger.call("neighbours", [file(path), "gla", 1, "kl"])


def test_a_sound_that_is_none_is_a_sentence(stranger: Stranger) -> None:
    for name in NAMED:
        event = next(e for e in stranger.events if e.name == name)
        bad = file(stranger.upload("a.wav", b"no sound"))
        data = [
            bad if kind == "audio" else v for kind, v in zip(event.kinds, stranger.usual(event), strict=True)
        ]
        answer = stranger.call(name, data)
        assert "a.wav" in answer
        assert "went wrong" not in answer


def test_an_error_that_nobody_foresaw_is_said_to_be_one(app: Served, stranger: Stranger) -> None:
    answer = stranger.call("neighbours", [{"a": 1}, "gla", 1, "kl"])
    assert "a value that the page would not send" in answer
    assert not leaks(app, answer)


@pytest.mark.parametrize(
    "data",
    [["x"] * 9, [None], [{"a": 1}, 2], [[], []], ["cer", "\ud800"], ["wer", "x" * 100_000]],
    ids=["many", "one", "object", "lists", "half a character", "long"],
)
def test_wrong_values_for_results(app: Served, stranger: Stranger, data: list[Any]) -> None:
    asked = stranger.http.post(f"{API}/run/results", content=encoded({"data": data}))
    assert asked.text != "Internal Server Error"
    assert not leaks(app, asked.text)
    called = stranger.call("results", data) if "\ud800" not in data else ""
    assert "null" not in called.partition("event: error")[2]


def test_events_of_the_page_have_no_endpoint(stranger: Stranger) -> None:
    described = stranger.http.get(f"{API}/info").json()
    named = {name.strip("/") for name in described["named_endpoints"]}
    assert named == {*NAMED, "examples", "languages", "results"}
    for event in stranger.events:
        if event.visibility == "private":
            body = encoded({"data": stranger.usual(event)})
            answer = stranger.http.post(f"{API}/call/{event.name}", content=body)
            assert answer.status_code in (404, 422), event


def test_sessions_of_mcp_cost_little_memory(app: Served) -> None:
    tool(app, "languages", {})
    before = app.rss
    for _ in range(30):
        tool(app, "languages", {})
    assert app.rss - before < 30


def test_a_small_sound_is_taken_by_all(stranger: Stranger) -> None:
    mine = stranger.upload("a.wav", sound())
    answer = stranger.call("neighbours", [file(mine), "no such pool", 1, "kl"])
    assert "went wrong" not in answer
