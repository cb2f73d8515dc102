"""The endpoints for programs, through gradio's own client and as MCP tools."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from gradio_client import Client, handle_file

from smile.acoustic import store
from smile.acoustic.recipe import FittingProgress, Recipe
from smile.audio.io import write
from smile.datatypes import AudioError
from smile.own import kept_misfits
from smile.own.misfits import Fit, Place
from smile.pools.pool import Pool
from smile.ui import build_app
from smile.ui.programs import results_of
from smile.ui.store import Store
from tests.support import tones
from tests.support.fake_engine import DEMO, ENCODER, POOLS, FakeEngine
from tests.support.launched import launched
from tests.support.linguists import staircase
from tests.support.measured import packed

TOOLS = {"transcribe", "align", "examples", "compare", "languages", "neighbours", "results"}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> FakeEngine:
    return FakeEngine(tmp_path_factory.mktemp("clips"))


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, engine: FakeEngine) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("measured")
    packed(folder, clips=4)
    with launched(build_app(engine, folder / "packed"), mcp_server=True) as page:
        yield page.local_url


@pytest.fixture(scope="module")
def client(address: str) -> Client:
    return Client(address, verbose=False)


def test_these_and_no_others_are_offered(client: Client) -> None:
    named = client.view_api(return_format="dict")["named_endpoints"]
    assert {name.strip("/") for name in named} == TOOLS


def test_languages(client: Client) -> None:
    languages = client.predict(api_name="/languages")
    assert [one["pool"] for one in languages] == [pool.key for pool in POOLS]
    assert languages[1]["name"] == "Cherokee"
    assert languages[1]["synthetic"] is True
    assert languages[1]["known_to_whisper"] is False


def test_neighbours(client: Client, engine: FakeEngine) -> None:
    clip = engine.queries("gla")[0].audio
    neighbours = client.predict(handle_file(clip), "gla", 2, "cosine", api_name="/neighbours")
    assert [one["rank"] for one in neighbours] == [1, 2]
    assert engine.neared == (16000, "gla", 2, "cosine")
    assert len(client.predict(handle_file(clip), "gla", None, api_name="/neighbours")) > 2


def test_what_is_wrong_is_said(client: Client, engine: FakeEngine) -> None:
    with pytest.raises(Exception, match="no recording"):
        client.predict(None, "gla", 2, "kl", api_name="/neighbours")
    with pytest.raises(Exception, match="cer or wer"):
        client.predict("errors", "plain", api_name="/results")


def test_results(client: Client) -> None:
    rows = client.predict(metric="wer", normaliser="plain", api_name="/results")
    alone = [row for row in rows if row["condition"] == "Whisper alone"]
    assert {row["language"] for row in alone} == {"chr", "sxb", "ell", "bel", "cat", "eng"}
    assert all(row["low"] <= row["rate"] <= row["high"] for row in rows)
    (controlled,) = {row["reduction"] for row in rows if row["condition"] == "Whisper alone, controlled"}
    assert controlled == 0.0, "what others are compared with"
    assert any(row["reduction"] for row in alone)


def test_results_that_cannot_be_compared_are_one_sentence(tmp_path: Path) -> None:
    frame = packed(tmp_path, languages=("chr",), clips=2)
    raised = frame.assign(normalisers=["plain/2 ml_superb/1", *frame["normalisers"][1:]])
    raised.drop(columns="run").to_parquet(tmp_path / "packed" / "results.parquet")
    with pytest.raises(
        gr.Error, match=r"plain/1 ml_superb/1 and by plain/2 .* smile results rescore"
    ) as told:
        results_of(Store(tmp_path / "packed"), "cer", "plain")
    assert str(tmp_path.parent) not in str(told.value)


def test_a_text_that_exists_gets_times(client: Client, engine: FakeEngine, tmp_path: Path) -> None:
    pool = engine.pool("gla", ENCODER)
    assert pool is not None
    store.write(pool, [tones.sure(tones.head(ENCODER, "gla"))], [Recipe()])
    write(tmp_path / "story.wav", tones.said(("bad face", "fed a cab", "dab a bee")))
    clip, text = handle_file(tmp_path / "story.wav"), "bad face\n\ncafe gag ace\ndab a bee"
    answer = client.predict(clip, text, "gla", api_name="/align")
    assert [(one["text"], one["start"] is None) for one in answer["lines"]] == [
        ("bad face", False),
        ("cafe gag ace", True),
        ("dab a bee", False),
    ]
    assert [one["text"] for one in answer["not_in_the_text"]] == ["Fed a cab"]
    assert [word["text"] for word in answer["lines"][2]["words"]] == ["dab", "a", "bee"]
    assert answer["problem"] == ""
    whole = client.predict(clip, "Dab a bee.", "gla", "sentences", "utterances", api_name="/align")
    assert "words" not in whole["lines"][0]
    letters = client.predict(clip, text, "gla", times="characters", api_name="/align")
    assert [c["text"] for c in letters["lines"][0]["words"][0]["characters"]] == list("bad")


@pytest.mark.parametrize(
    ("text", "pool", "said"),
    [
        (" \n", "gla", "The text is empty"),
        ("a", "mini/ckb", "There is no pool"),
        ("ᎤᎾᏙᏓ", "gla", "belong together"),
        ("bad face " * 1000, "gla", "give the text of this recording"),
    ],
)
def test_a_text_that_cannot_be_aligned_is_a_sentence(
    client: Client, engine: FakeEngine, text: str, pool: str, said: str
) -> None:
    engine.fit("gla")
    with pytest.raises(Exception, match=said):
        client.predict(handle_file(engine.queries("gla")[0].audio), text, pool, api_name="/align")


def test_the_texts_that_fit_worst_are_looked_for_once(
    client: Client, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def judged(pool: Pool, *_: Any) -> Iterator[FittingProgress]:
        asked.append(len(pool))
        yield FittingProgress("fitting", 1, 2)
        fits = [Fit(u, u.text, float(n), Place(1, 3, "x")) for n, u in enumerate(pool.utterances)]
        return tuple(reversed(fits))  # type: ignore[return-value]

    monkeypatch.setattr(kept_misfits, "misfits", judged)
    worst = client.predict("chr", api_name="/examples")
    pool = engine.pool("chr", ENCODER)
    assert pool is not None
    assert [one["id"] for one in worst] == [u.id for u in pool.utterances[:-10:-1]]
    assert worst[0]["text"] == pool.utterances[-1].text
    assert worst[0]["place"] == {"start": 1, "end": 3, "read": "x"}
    assert worst[0]["misfit"] == 89.0
    assert len(client.predict("chr", 100, api_name="/examples")) == 90
    assert len(client.predict("chr", 0, api_name="/examples")) == 1
    assert len(client.predict("chr", None, api_name="/examples")) == 9
    assert asked == [90], "the second asking costs nothing"
    assert not list((DEMO / "chr").glob("misfits*")), "it lies in the cache"


def test_why_texts_cannot_be_judged_is_a_sentence(
    client: Client, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Exception, match="There is no pool"):
        client.predict("mini/ckb", api_name="/examples")

    def unreadable(*_: Any) -> Iterator[FittingProgress]:
        yield FittingProgress("encoding", 1, 2)
        raise AudioError("a.wav cannot be read; put it back.")

    monkeypatch.setattr(kept_misfits, "misfits", unreadable)
    with pytest.raises(Exception, match=r"a.wav cannot be read"):
        client.predict("gla", api_name="/examples")


def test_compare(client: Client, engine: FakeEngine) -> None:
    clip = handle_file(engine.queries("gla")[0].audio)
    comparison = client.predict(audio=clip, pool="gla", shots=[0, 2], ways=["kl"], api_name="/compare")
    assert [cell["shots"] for cell in comparison["cells"]] == [0, 0, 2]
    assert not any("cer" in cell for cell in comparison["cells"]), "no reference was given"
    assert client.predict(clip, "gla", [0, 2], ["kl"], api_name="/compare")["cells"]


def test_a_recording_and_its_pool_are_enough(client: Client, engine: FakeEngine) -> None:
    clip = handle_file(engine.queries("gla")[0].audio)
    answer = client.predict(clip, "mini/ckb", api_name="/transcribe")
    assert engine.asked[-1][1] == "mini/ckb"
    assert answer["reference"] is None
    scored = client.predict(clip, "gla", reference="taigh", api_name="/transcribe")
    assert "cer" in scored["smile"]


def test_a_long_recording_is_said_to_be_cut(client: Client, engine: FakeEngine, tmp_path: Path) -> None:
    long = handle_file(staircase(tmp_path / "long.wav", 601))
    answer = client.predict(long, "gla", api_name="/transcribe")
    assert engine.asked[-1][0] == 600 * 16_000
    assert "Only the first 10 minutes" in answer["problem"]
    compared = client.predict(audio=long, pool="gla", shots=[0], ways=["kl"], api_name="/compare")
    assert "Only the first 10 minutes" in compared["problem"]


@pytest.mark.parametrize("name", ["transcribe", "compare"])
def test_the_reference_is_last_and_can_be_left_out(client: Client, name: str) -> None:
    api = client.view_api(return_format="dict")["named_endpoints"][f"/{name}"]["parameters"]
    named = [(one["parameter_name"], one["parameter_has_default"]) for one in api]
    assert named[0] == ("audio", False)
    assert named[1] == ("pool", True)
    assert named[-1] == ("reference", True)
    assert all(optional for _, optional in named[1:])


def test_the_same_are_tools_of_mcp(address: str) -> None:
    from mcp import ClientSession
    from mcp.client.streamable_http import streamablehttp_client

    async def ask() -> tuple[dict[str, str], dict[str, Any], str]:
        async with (
            streamablehttp_client(f"{address}gradio_api/mcp/") as (read, write, _),
            ClientSession(read, write) as session,
        ):
            await session.initialize()
            listed = (await session.list_tools()).tools
            tools = {tool.name: tool.description or "" for tool in listed}
            answer = await session.call_tool("languages", {})
            return tools, {tool.name: tool.inputSchema for tool in listed}, str(answer.content)

    tools, schemas, answer = asyncio.run(ask())
    assert set(tools) == TOOLS
    assert all(len(text) > 40 for text in tools.values())
    assert "Cherokee" in answer
    for name in ("transcribe", "compare"):
        assert list(schemas[name]["properties"])[-1] == "reference"
        assert "reference" not in schemas[name].get("required", [])
