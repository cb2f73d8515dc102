"""Live text for strangers: sessions that were not theirs, floods of sound, and others who go on meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from smile.acoustic import store
from smile.acoustic.alphabet import Alphabet
from smile.acoustic.head import Head
from smile.acoustic.recipe import Recipe
from smile.acoustic.states import StatesId
from smile.pools.kept import cached, kept_beside
from smile.pools.pool import open_pool
from smile.ui.guard import UNEXPECTED
from smile.ui.live import IDLE, MOST, MOST_BYTES
from smile.whisper.model import load_models
from tests.security.client import Event, Stranger, file
from tests.security.material import spoken
from tests.security.served import Served, leaks, serve

SECOND = np.random.default_rng(0).integers(-9000, 9000, 16_000).astype("<i2").tobytes()
FORGED = ("x", "a" * 500, "..%2f..%2fconfig", "%00", "None", "../live/x", "{}")


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The app with an acoustic model of one pool, which writes nonsense, and Whisper loaded."""
    folder = tmp_path_factory.mktemp("live")
    with serve(folder, idle=True) as served:
        fit(served.pools / "gla", folder / "cache")
        one = Stranger(served.address)
        assert "rank" in one.call("neighbours", [file(one.upload(*spoken())), "gla", 2, "kl"])
        yield served


def fit(pool_folder: Path, cache: Path) -> None:
    """Write a head of a pool where the app looks for it."""
    model, draws = load_models().smile, np.random.default_rng(1)
    kept = cached(cache, "gla", model.info.encoder)
    pool, reads = kept_beside(open_pool(pool_folder, model.info.encoder), kept), StatesId.of(model)
    alphabet = Alphabet(" abc")
    sizes = {"l": len(reads.layers), "d": model.recognizer.width, "h": 8, "k": 3, "s": len(alphabet)}
    shapes = {"mix": "l", "narrow.weight": "hd", "narrow.bias": "h", "convolution.weight": "hhk"}
    shapes |= {"convolution.bias": "h", "output.weight": "sh", "output.bias": "s"}
    weights = {
        name: draws.normal(size=[sizes[axis] for axis in axes]).astype(np.float32)
        for name, axes in shapes.items()
    }
    store.write(pool, [Head(alphabet, store.form_of(pool, "plain"), reads, weights)], [Recipe()])


def beginning(stranger: Stranger) -> Event:
    """The event that begins live text on the first tab."""
    return stranger.of("audio", "start_recording")


def begin(stranger: Stranger, pool: Any = "gla") -> str:
    """All that the page is told as a recording begins."""
    return str(stranger.run(beginning(stranger), [pool]).json()["data"][0])


def name_of(said: str) -> str:
    assert 'data-live="' in said, said
    return said.split('data-live="')[1].split('"')[0]


def send(stranger: Stranger, name: str, sound: bytes = SECOND, query: str = "?rate=16000") -> httpx.Response:
    return stranger.http.post(f"/smile/live/{name}{query}", content=sound)


def test_sound_comes_to_text_and_ends(fitted: Served) -> None:
    stranger = Stranger(fitted.address)
    name = name_of(begin(stranger))
    said = send(stranger, name).json()
    assert said["over"] is False
    assert send(stranger, name, query="?rate=16000&end").json()["over"] is True
    assert send(stranger, name).status_code == 404


def test_nobody_guesses_a_session(fitted: Served) -> None:
    owner, other = Stranger(fitted.address), Stranger(fitted.address)
    name = name_of(begin(owner))
    for forged in (*FORGED, name[:-1], name + "x", name.swapcase()):
        answer = send(other, forged)
        assert answer.status_code == 404, forged
        assert not leaks(fitted, answer.text)
        assert other.http.delete(f"/smile/live/{forged}").status_code == 404
    own = name_of(begin(other))
    assert own != name
    assert send(owner, name).status_code == 200
    for one, ending in ((owner, name), (other, own)):
        assert one.http.delete(f"/smile/live/{ending}").status_code == 204


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "OPTIONS"])
def test_other_methods_do_nothing(fitted: Served, method: str) -> None:
    stranger = Stranger(fitted.address)
    name = name_of(begin(stranger))
    assert stranger.http.request(method, f"/smile/live/{name}").status_code in (404, 405)
    assert stranger.http.delete(f"/smile/live/{name}").status_code == 204


def test_other_pages_are_refused(fitted: Served) -> None:
    stranger = Stranger(fitted.address)
    name = name_of(begin(stranger))
    status, _ = stranger.raw("POST", f"/smile/live/{name}?rate=16000", SECOND, Origin="https://evil.example")
    assert status == 403
    assert stranger.http.delete(f"/smile/live/{name}").status_code == 204


def test_too_much_at_once_is_refused(fitted: Served) -> None:
    stranger = Stranger(fitted.address)
    name = name_of(begin(stranger))
    before = fitted.rss
    assert send(stranger, name, bytes(MOST_BYTES + 2)).status_code == 400
    assert send(stranger, name, bytes(5_000_000)).status_code == 413
    assert send(stranger, name, b"odd").status_code == 400
    assert stranger.raw("POST", f"/smile/live/{name}?rate=16000", b"", Transfer_Encoding="chunked")[0] == 411
    for rate in ("0", "-1", "1e9", "999999999999", "x", "", "4", "16000&rate=x"):
        assert send(stranger, name, query=f"?rate={rate}").status_code == 400, rate
    assert send(stranger, name).status_code == 200
    assert fitted.rss - before < 100
    stranger.http.delete(f"/smile/live/{name}")


def test_a_flood_of_sound_takes_neither_memory_nor_the_turns_of_others(fitted: Served) -> None:
    flooding = [Stranger(fitted.address) for _ in range(MOST)]
    names = [name_of(begin(one)) for one in flooding]
    for one, name in zip(flooding, names, strict=True):
        send(one, name, SECOND * 20)
    before = fitted.rss
    for _ in range(40):  # of 20 s each: a session ends at an hour
        for one, name in zip(flooding, names, strict=True):
            assert send(one, name, SECOND * 20).status_code == 200
    assert fitted.rss - before < 150
    another = Stranger(fitted.address)
    assert "at a time" in begin(another)
    assert "rank" in another.call("neighbours", [file(another.upload(*spoken())), "gla", 2, "kl"])
    for one, name in zip(flooding, names, strict=True):
        one.http.delete(f"/smile/live/{name}")
    another.http.delete(f"/smile/live/{name_of(begin(another))}")


def test_a_flood_of_beginnings_leaves_a_few(fitted: Served) -> None:
    one = Stranger(fitted.address)
    names = [name_of(begin(one)) for _ in range(3 * MOST)]
    alive = [name for name in names if send(one, name).status_code == 200]
    assert alive == names[-1:]
    one.http.delete(f"/smile/live/{names[-1]}")


@pytest.mark.parametrize("pool", [None, 3, {"a": 1}, ["gla"], "../gla", "gla\0", "x" * 10_000, True])
def test_forged_pools_get_a_sentence(fitted: Served, pool: Any) -> None:
    stranger = Stranger(fitted.address)
    answer = stranger.run(beginning(stranger), [pool]).text
    assert "data-live" not in answer
    assert UNEXPECTED not in answer
    assert not leaks(fitted, answer)
    assert fitted.alive()


def test_nothing_is_fitted_for_it(other: Callable[..., Served]) -> None:
    served = other(idle=True)
    stranger = Stranger(served.address)
    said = begin(stranger)
    assert "data-live" not in said
    assert "Live text" in said
    assert not list((served.folder / "cache").rglob("acoustic-*"))
    assert not list((served.folder / "cache").rglob("layers-*"))


def test_what_is_idle_makes_way(fitted: Served) -> None:
    assert IDLE <= 30
    idle = [Stranger(fitted.address) for _ in range(MOST)]
    for one in idle:
        begin(one)
    another, end = Stranger(fitted.address), time.monotonic() + 2 * IDLE
    while "data-live" not in (said := begin(another)):
        assert time.monotonic() < end
        time.sleep(0.5)
    another.http.delete(f"/smile/live/{name_of(said)}")
