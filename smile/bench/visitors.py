"""Many visitors at once: what each gets, how long it takes beside one after the other, and how memory grows.

The app serves the page in a process of its own. Clips of a split are transcribed through its endpoint one
after the other, then by a new app all at once, each by a client of its own; the texts have to be the same.
While all wait, the page is asked for again and again. Then one client after the other asks for the shortest
clip, and the process's memory is read now and then.

    smile bench visitors --data ML_SUPERB --languages gla --limit 40 --requests 1000
"""

from __future__ import annotations

import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from smile.bench import start
from smile.bench.report import markdown_table, stamp
from smile.corpora import open_corpus
from smile.datatypes import SmileError, Utterance
from smile.util.confined import resident

MB = 1e6
EVERY = 0.25  # seconds between requests for the page
READINGS = 20  # of memory


@dataclass(frozen=True)
class Asked:
    """What is measured."""

    data: Path  # ML-SUPERB
    language: str = "gla"  # of the clips, and the key of the pool
    split: str = "10min_test"
    clients: int = 40
    requests: int = 200  # while memory is read


@dataclass(frozen=True)
class App:
    """The app at work."""

    address: str
    process: int

    def client(self) -> Any:
        """Return a visitor's client of its own."""
        from gradio_client import Client

        return Client(self.address, verbose=False, analytics_enabled=False)

    def transcribed(self, client: Any, clip: Utterance, pool: str) -> Any:
        """Return what the endpoint gives for a clip."""
        from gradio_client import handle_file

        return client.predict(handle_file(str(clip.audio)), pool, api_name="/transcribe")


def run(asked: Asked) -> str:
    """Measure one after the other, all at once, and memory -> Markdown."""
    clips = open_corpus(asked.data).read(asked.language, asked.split).utterances[: asked.clients]
    if len(clips) < asked.clients:
        raise SmileError(f"The split has {len(clips)} clips; ask for so many clients at most (--limit).")
    with serving() as app:
        alone, each = one_by_one(app, clips, asked.language)
    with serving() as app:
        together, all_, page = at_once(app, clips, asked.language)
        row = memory(app, min(clips, key=lambda clip: clip.seconds), asked)
    others = sum(a != b for a, b in zip(each, all_, strict=True))
    first: dict[str, object] = {
        "clients": len(clips),
        "one after the other, s": f"{alone:.1f}",
        "all at once, s": f"{together:.1f}",
        "throughput": f"{alone / together:.2f}",
        "other transcripts": others,
        "page answers, s (median, most)": f"{np.median(page):.2f}, {max(page):.2f}",
    }
    head = f"`smile app`, {asked.language}, {asked.split}, both transcripts, 3 examples; {stamp()}"
    return f"{head}\n\n{markdown_table([first])}\n\n{markdown_table([row])}"


@contextmanager
def serving() -> Iterator[App]:
    """Serve the app, with nothing that another run has left, until the block ends."""
    with tempfile.TemporaryDirectory() as work:
        folders = {"SMILE_VISITORS": f"{work}/visitors", "GRADIO_TEMP_DIR": f"{work}/uploads"}
        with start.serving(SMILE_READ_AHEAD="0", **folders) as (address, process):
            yield App(address, process)


def one_by_one(app: App, clips: Sequence[Utterance], pool: str) -> tuple[float, list[Any]]:
    """Return the seconds that all clips take one after the other, and what each gave; the first warms up."""
    clients = [app.client() for _ in clips]
    app.transcribed(clients[0], clips[0], pool)
    began = time.perf_counter()
    each = [app.transcribed(client, clip, pool) for client, clip in zip(clients, clips, strict=True)]
    return time.perf_counter() - began, [_texts(one) for one in each]


def at_once(app: App, clips: Sequence[Utterance], pool: str) -> tuple[float, list[Any], list[float]]:
    """Return the same of all at once, and the seconds that the page took to answer meanwhile."""
    clients = [app.client() for _ in clips]
    app.transcribed(clients[0], clips[0], pool)
    over, page = threading.Event(), list[float]()
    watcher = threading.Thread(target=_watch, args=(app.address, over, page))
    watcher.start()
    began = time.perf_counter()
    try:
        with ThreadPoolExecutor(len(clips)) as threads:
            each = list(threads.map(app.transcribed, clients, clips, [pool] * len(clips)))
        seconds = time.perf_counter() - began
    finally:
        over.set()
        watcher.join()
    return seconds, [_texts(one) for one in each], page


def _watch(address: str, over: threading.Event, page: list[float]) -> None:
    while not over.wait(EVERY):
        began = time.perf_counter()
        urllib.request.urlopen(f"{address}/", timeout=60).read()
        page.append(time.perf_counter() - began)


def memory(app: App, clip: Utterance, asked: Asked) -> dict[str, object]:
    """Return a row of how memory grows over requests for one clip, each by a new client."""
    done, held = [0], [resident(app.process) / MB]
    for number in range(1, asked.requests + 1):
        app.transcribed(app.client(), clip, asked.language)
        if number % max(1, asked.requests // READINGS) == 0:
            done.append(number)
            held.append(resident(app.process) / MB)
    half = len(done) // 2  # before that caches fill
    slope = 100 * float(np.polyfit(done[half:], held[half:], 1)[0])
    return {
        "requests": asked.requests,
        "memory at first, MB": f"{held[0]:.0f}",
        "at half, MB": f"{held[half]:.0f}",
        "at last, MB": f"{held[-1]:.0f}",
        "slope of the second half, MB per 100 requests": f"{slope:.2f}",
    }


def _texts(given: Any) -> tuple[str, str]:
    """Both transcripts of an answer."""
    return given["vanilla"]["text"], given["smile"]["text"]
