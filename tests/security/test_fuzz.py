"""Thousands of requests at random, always the same ones: the app answers each, and goes on as it was."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.security.client import API, JSON, Event, Stranger, encoded, file
from tests.security.material import sound
from tests.security.served import Served, leaks, serve

REQUESTS = 2400
SEED = 15
MOST = 100  # megabytes that they may cost
ALLOWED = {200, 400, 404, 413, 422, 500, 503}
UNCAUGHT = "Internal Server Error"


@pytest.fixture(scope="module")
def apart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """An app of its own, whose log and memory are looked at."""
    with serve(tmp_path_factory.mktemp("fuzz"), idle=True) as served:
        yield served


class Fuzz:
    """Makes values and requests of a seed."""

    def __init__(self, stranger: Stranger, served: Served):
        self.random, self.stranger, self.served = random.Random(SEED), stranger, served
        self.mine = stranger.upload("mine.txt", b"no sound")

    def value(self, depth: int = 0) -> Any:
        """A value of some kind."""
        chosen = self.random.choice((self.number, self.text, self.path, self.named, self.plain, self.nest))
        return self.plain(depth) if depth > 3 else chosen(depth)

    def number(self, depth: int) -> Any:
        """A number, often one that is none."""
        far = (float("nan"), float("inf"), -float("inf"), 10**300, -(10**18), 1e-300, 2**31, 2**63)
        return self.random.choice((*far, 0, -1, 1.5, self.random.randint(-9, 99)))

    def text(self, depth: int) -> str:
        """A text of odd characters."""
        letters = "a/.\\\0\n\u202e<&\"'{}%é\U0001f600ß0١"
        return "".join(self.random.choices(letters, k=self.random.choice((0, 1, 5, 50, 2000))))

    def path(self, depth: int) -> Any:
        """A file, which is not always one."""
        served = self.served
        paths = (
            "/etc/passwd",
            str(served.pools),
            str(served.uploads),
            self.mine,
            "http://127.0.0.1:9/x",
            "..",
        )
        more: dict[str, Any] = self.random.choice(({}, {"is_stream": True}, {"url": "http://[::1]/"}))
        return file(self.random.choice((*paths, None, 7, [])), **more)

    def named(self, depth: int) -> Any:
        """A word that means something to the page."""
        words = (
            "gla",
            "chr",
            "kl",
            "cosine",
            "random",
            "pool",
            "guess",
            "cer",
            "plain",
            "off",
            "hard",
            "table",
        )
        return self.random.choice(words)

    def plain(self, depth: int) -> Any:
        """None or a truth."""
        return self.random.choice((None, True, False))

    def nest(self, depth: int) -> Any:
        """A list or an object of values."""
        inner = [self.value(depth + 1) for _ in range(self.random.randint(0, 4))]
        keys = ("a", "value", "name", "index", "part", "__type__", "choices", "path", "meta")
        return (
            inner
            if self.random.random() < 0.6
            else dict(zip(self.random.sample(keys, 4), inner, strict=False))
        )

    def data(self, event: Event) -> list[Any]:
        """Inputs of an event: as they usually are, but for some."""
        usual = self.stranger.usual(event)
        changed = [self.value() if self.random.random() < 0.5 else value for value in usual]
        return changed[: self.random.randint(0, len(changed))] if self.random.random() < 0.05 else changed

    def request(self, event: Event) -> httpx.Response:
        """Send one."""
        more = {"event_data": self.value()} if self.random.random() < 0.4 else {}
        send: Callable[..., httpx.Response] = self.stranger.run
        if event.queued and self.random.random() < 0.7:
            return self.ended(event, self.stranger.join(event, self.data(event), **more))
        return send(event, self.data(event), **more)

    def ended(self, event: Event, joined: httpx.Response) -> httpx.Response:
        """Cancel what was put into the queue, so that no other waits for it."""
        if joined.status_code == 200:
            known = {"session_hash": self.stranger.session, "fn_index": event.index, **joined.json()}
            self.stranger.http.post(f"{API}/cancel", content=encoded(known), headers=JSON)
        return joined


def test_a_fuzz_of_events_and_values(apart: Served, record_property: Callable[[str, object], None]) -> None:
    stranger = Stranger(apart.address)
    stranger.bring("", ("theirs.wav", sound()))
    for event in stranger.events:  # what is loaded at the first use counts for none of them
        if not event.queued:
            stranger.run(event, stranger.usual(event))
    fuzz, statuses, unnamed = Fuzz(stranger, apart), Counter[int](), set()
    before, memory = apart.prints(apart.pools, apart.visitors), apart.rss
    for number in range(REQUESTS):
        stranger.session = f"fuzz{number % 40}"
        event = fuzz.random.choice(stranger.events)
        answer = fuzz.request(event)
        statuses[answer.status_code] += 1
        assert answer.status_code in ALLOWED, (event, answer.text[:300])
        assert answer.text != UNCAUGHT, (number, event)
        assert not leaks(apart, answer.text, str(apart.pools)), (number, event, answer.text[:2000])
        if answer.status_code == 500:
            unnamed.add(json.loads(answer.text)["error"])
    record_property("statuses", dict(statuses))
    record_property("megabytes", round(apart.rss - memory))
    assert all(unnamed), "an error is never empty"
    assert "Traceback" not in apart.log
    assert before.items() <= apart.prints(apart.pools, apart.visitors).items()
    assert apart.alive()
    assert apart.rss - memory < MOST
    assert "Scottish Gaelic" in stranger.call("languages", [])


def test_a_fuzz_of_bodies_and_addresses(apart: Served) -> None:
    chosen, before = random.Random(SEED), apart.prints(apart.pools, apart.visitors)
    stranger = Stranger(apart.address)
    paths = (
        "/",
        "/config",
        "/gradio_api/upload",
        "/gradio_api/queue/join",
        "/gradio_api/run/predict",
        "/smile/sound/",
    )
    paths += (
        "/gradio_api/file=/",
        "/gradio_api/call/languages",
        "/static/",
        "/assets/",
        "/svelte/",
        "/gradio_api/mcp/",
    )
    pieces = (
        "..",
        ".",
        "%2e%2e",
        "%2f",
        "%00",
        "a",
        "0",
        "etc",
        "passwd",
        "%c0%af",
        ";",
        "?",
        "=",
        "%25",
        "\\",
    )
    for number in range(400):
        tail = "/".join(chosen.choices(pieces, k=chosen.randint(0, 5)))
        body = chosen.randbytes(chosen.choice((0, 10, 1000)))
        method = chosen.choice(("GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"))
        kind = chosen.choice(("application/json", "multipart/form-data; boundary=a", "text/plain", ""))
        path = chosen.choice(paths) + tail
        _, answer = stranger.raw(method, path, body, Content_Type=kind)
        assert answer != UNCAUGHT.encode(), (number, method, path)
        assert b"root:x:" not in answer, path
    assert apart.alive()
    assert "Traceback" not in apart.log
    assert before.items() <= apart.prints(apart.pools, apart.visitors).items()
