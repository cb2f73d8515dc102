"""A stranger at the app's door: requests as the page sends them, and as it never would."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import httpx

API = "/gradio_api"
PATIENCE = 60.0  # seconds for an answer, much more than any takes
ENDS = ("process_completed", "unexpected_error", "close_stream")


@dataclass(frozen=True)
class Event:
    """One of the page's events, as its configuration tells of it."""

    index: int
    name: str  # of its endpoint
    inputs: tuple[int, ...]  # ids of components
    kinds: tuple[str, ...]  # of the same
    visibility: str
    queued: bool
    triggers: tuple[str, ...]

    def filled(self, value: Any) -> list[Any]:
        """The inputs when all are the same value; a state's is never looked at."""
        return [value] * len(self.inputs)


@dataclass
class Stranger:
    """A visitor without a page, with a session of its own."""

    address: str
    session: str = field(default_factory=lambda: secrets.token_hex(5))

    @cached_property
    def http(self) -> httpx.Client:
        """The connection."""
        alone = httpx.Limits(max_keepalive_connections=0)  # one that ends badly takes no other with it
        return httpx.Client(base_url=self.address, timeout=PATIENCE, trust_env=False, limits=alone)

    @cached_property
    def config(self) -> dict[str, Any]:
        """The page's configuration, which everybody gets."""
        return self.http.get("/config").raise_for_status().json()

    @cached_property
    def kinds(self) -> dict[int, str]:
        """The kind of each component, by its id."""
        return {one["id"]: one["type"] for one in self.config["components"]}

    @cached_property
    def defaults(self) -> dict[int, Any]:
        """What each component holds when the page opens, by its id."""
        return {one["id"]: one["props"].get("value") for one in self.config["components"]}

    @cached_property
    def events(self) -> tuple[Event, ...]:
        """All events that the server does something for, also those that only the page should cause."""
        return tuple(
            Event(
                one["id"],
                one["api_name"] or "",
                tuple(one["inputs"]),
                tuple(self.kinds[i] for i in one["inputs"]),
                one["api_visibility"],
                bool(one["queue"]),
                tuple(name for _, name in one["targets"]),
            )
            for one in self.config["dependencies"]
            if one["backend_fn"]
        )

    def component(self, elem_id: str) -> int:
        """The id of the component that the page's style knows by a name."""
        return next(c["id"] for c in self.config["components"] if c["props"].get("elem_id") == elem_id)

    def of(self, elem_id: str, trigger: str) -> Event:
        """The event of a component; of several the one that is of fewest others, too."""
        target = [self.component(elem_id), trigger]
        return min(
            (
                self.event(d["id"])
                for d in self.config["dependencies"]
                if target in [list(t) for t in d["targets"]] and d["backend_fn"]
            ),
            key=lambda event: len(event.triggers),
        )

    def event(self, index: int) -> Event:
        """The event of a number."""
        return next(event for event in self.events if event.index == index)

    @cached_property
    def arrival(self) -> Event:
        """What shows a visitor's own tab as it is."""
        return next(e for e in self.events if e.triggers == ("select",) and e.kinds[:1] == ("browserstate",))

    def named(self, code: str = "gla") -> str:
        """The key of this visitor, who names a language."""
        self.run(self.of("own-search", "input"), [code])
        return str(self.run(self.of("own-matches", "input"), ["", code, code]).json()["data"][0])

    def add(self, key: str, *files: tuple[str, bytes]) -> str:
        """Bring files as examples; gives all that the server says."""
        return str(self.do(self.adding, self.examples(key, *self.uploads(*files))))

    @property
    def adding(self) -> Event:
        """The event that makes examples of files."""
        return self.of("own-add-files", "click")

    def examples(self, key: str, *paths: str) -> list[Any]:
        """Return the inputs of `adding` for uploads."""
        return [key, [file(path) for path in paths], *self.usual(self.adding)[2:]]

    def bring(self, key: str, *files: tuple[str, bytes]) -> str:
        """Bring recordings to transcribe; gives all that the server says."""
        brought = [file(path) for path in self.uploads(*files)]
        return str(self.do(self.of("own-recordings", "upload"), [key, brought]))

    def usual(self, event: Event) -> list[Any]:
        """An event's inputs as they are when the page opens."""
        return [None if kind == "state" else self.defaults[i] for i, kind in self.pairs(event)]

    @staticmethod
    def pairs(event: Event) -> list[tuple[int, str]]:
        """The ids of an event's inputs with their kinds."""
        return list(zip(event.inputs, event.kinds, strict=True))

    def raw(self, method: str, target: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
        """Ask for exactly this, which a client with manners would put right; gives status and body."""
        where = urlsplit(self.address)
        connection = HTTPConnection(str(where.hostname), where.port, timeout=PATIENCE)
        connection.request(method, target, body, {k.replace("_", "-"): v for k, v in headers.items()})
        answer = connection.getresponse()
        read = b""
        with suppress(ConnectionResetError):  # who does not read a request to its end may end it so
            read = answer.read()
        connection.close()
        return answer.status, read

    def upload(self, name: str, data: bytes) -> str:
        """Upload a file; gives the path that the server names."""
        return self.uploads((name, data))[0]

    def uploads(self, *files: tuple[str, bytes]) -> list[str]:
        """Upload files in one request; gives the paths that the server names."""
        sent = [("files", file) for file in files]
        return self.http.post(f"{API}/upload", files=sent).raise_for_status().json()

    def fetch(self, path: str) -> httpx.Response:
        """Ask for a file as the page does."""
        return self.http.get(f"{API}/file={path}")

    def run(self, event: Event | int, data: Any, **more: Any) -> httpx.Response:
        """Do an event without the queue; the last inputs may be left out, as in `do`."""
        index = event.index if isinstance(event, Event) else event
        body = {"data": self._whole(event, data), "fn_index": index, "session_hash": self.session, **more}
        return self.http.post(f"{API}/run/predict", content=encoded(body), headers=JSON)

    def join(self, event: Event | int, data: Any, **more: Any) -> httpx.Response:
        """Put an event into the queue."""
        index = event.index if isinstance(event, Event) else event
        body = {"data": data, "fn_index": index, "session_hash": self.session, "trigger_id": None, **more}
        return self.http.post(f"{API}/queue/join", content=encoded(body), headers=JSON)

    def do(self, event: Event | int, data: Any, **more: Any) -> list[dict[str, Any]]:
        """Put an event into the queue and read what the server says of it until it has ended.

        Inputs that are not given, the last ones, are as they are when the page opens.
        """
        self.join(event, self._whole(event, data), **more).raise_for_status()
        return self.listen()

    def _whole(self, event: Event | int, data: Any) -> Any:
        return [*data, *self.usual(event)[len(data) :]] if isinstance(event, Event) else data

    def listen(self, until: Sequence[str] = ENDS) -> list[dict[str, Any]]:
        """Read this session's messages until one of a kind comes."""
        messages: list[dict[str, Any]] = []
        with self.http.stream("GET", f"{API}/queue/data", params={"session_hash": self.session}) as answer:
            end = time.monotonic() + PATIENCE
            for line in answer.iter_lines():
                if line.startswith("data: "):
                    messages.append(json.loads(line[6:]))
                    if messages[-1]["msg"] in until:
                        break
                assert time.monotonic() < end, messages
        return messages

    def call(self, name: str, data: Sequence[Any]) -> str:
        """Ask a named endpoint as programs do; gives the whole of its answer."""
        asked = self.http.post(f"{API}/call/{name}", json={"data": list(data)})
        if asked.status_code != 200:
            return asked.text
        return self.http.get(f"{API}/call/{name}/{asked.json()['event_id']}").text


JSON = {"Content-Type": "application/json"}


def encoded(body: Mapping[str, Any]) -> bytes:
    """JSON as Python writes it, also what JSON does not have, such as NaN and half a surrogate pair."""
    return json.dumps(body).encode("ascii")


def file(path: Any, **more: Any) -> dict[str, Any]:
    """What stands for a file in a request."""
    return {"path": path, "meta": {"_type": "gradio.FileData"}, **more}
