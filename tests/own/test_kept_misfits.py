"""What fits worst is kept beside the pool, of clips and texts as they are; what is damaged is made anew."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from smile.acoustic.recipe import Recipe
from smile.own import kept_misfits
from smile.own.misfits import Fit, Place
from smile.pools.pool import Pool, open_pool
from smile.util.timing import finished
from tests.conftest import POOLS
from tests.support import tones
from tests.support.fake_engine import ENCODER

MODEL = tones.models(ENCODER).smile


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many clips were judged, each time."""
    times: list[int] = []

    def judged(pool: Pool, *_: Any) -> Iterator[None]:
        yield None
        times.append(len(pool))
        fits = [Fit(u, u.text, 1.5, Place(0, 1, "á")) for u in pool.utterances]
        return (Fit(pool.utterances[0], "a", np.inf, Place(0, 0, "")), *fits[1:])  # type: ignore[return-value]

    monkeypatch.setattr(kept_misfits, "misfits", judged)
    return times


@pytest.fixture
def pool(tmp_path: Path) -> Pool:
    return replace(open_pool(POOLS / "gla", ENCODER), stores=tmp_path / "kept")


def fits(pool: Pool, **more: Any) -> tuple[Fit, ...]:
    return finished(kept_misfits.kept_misfits(pool, MODEL, **more))


def test_the_second_asking_reads_what_the_first_has_written(pool: Pool, made: list[int]) -> None:
    first, second = fits(pool), fits(pool)
    assert made == [90]
    assert second[1:] == first[1:]
    assert second[0].misfit == 1e9, "that JSON can hold"
    assert kept_misfits.as_dict(second[1]) == {
        "id": pool.utterances[1].id,
        "misfit": 1.5,
        "text": pool.utterances[1].text,
        "place": {"start": 0, "end": 1, "read": "á"},
    }


def test_another_text_another_clip_or_another_recipe_are_judged_anew(pool: Pool, made: list[int]) -> None:
    fits(pool)
    corrected = (replace(pool.utterances[0], text="another"), *pool.utterances[1:])
    fits(replace(pool, utterances=corrected))
    fits(replace(pool, utterances=pool.utterances[1:], embeddings=pool.embeddings[1:]))
    fits(pool, recipe=Recipe(epochs=3))
    assert made == [90, 90, 89, 90]


@pytest.mark.parametrize("how", ["cut", "list", "missing", "twice", "text", "folder"])
def test_what_is_damaged_is_made_again(pool: Pool, made: list[int], how: str) -> None:
    fits(pool)
    assert pool.stores
    (path,) = pool.stores.glob("misfits-*.json")
    told = json.loads(path.read_text())
    if how == "folder":
        path.unlink()
        path.mkdir()
    elif how == "cut":
        path.write_text(path.read_text()[:-9])
    elif how == "list":
        path.write_text("[]")
    else:
        several = {"missing": told["fits"][1:], "twice": [*told["fits"][:-1], told["fits"][0]]}
        wrong = several.get(how, [{**told["fits"][0], "place": 3}, *told["fits"][1:]])
        path.write_text(json.dumps({**told, "fits": wrong}))
    assert len(fits(pool)) == 90
    assert made == [90, 90]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("misfit", np.nan),
        ("misfit", -1.0),
        ("misfit", 10**400),
        ("misfit", "1.5"),
        ("text", {"a": 1}),
        ("clip", ["x"]),
        ("place", {"start": -5, "end": 1, "read": "x"}),
        ("place", {"start": 2, "end": 1, "read": "x"}),
        ("place", {"start": 0, "end": 10**30, "read": "x"}),
    ],
)
def test_what_no_look_comes_to_is_damaged(pool: Pool, made: list[int], field: str, value: Any) -> None:
    known = fits(pool)
    assert pool.stores
    (path,) = pool.stores.glob("misfits-*.json")
    told = json.loads(path.read_text())
    told["fits"][3][field] = value
    path.write_text(json.dumps(told))
    assert fits(pool)[1:] == known[1:]
    assert made == [90, 90]


def test_the_worst_come_first_whatever_their_order_in_the_file(pool: Pool, made: list[int]) -> None:
    fits(pool)
    assert pool.stores
    (path,) = pool.stores.glob("misfits-*.json")
    told = json.loads(path.read_text())
    told["fits"][7]["misfit"] = 2e8
    path.write_text(json.dumps({**told, "fits": told["fits"][::-1]}))
    assert [fit.misfit for fit in fits(pool)[:3]] == [1e9, 2e8, 1.5]
    assert made == [90]


def test_a_disk_without_room_costs_no_answer(
    pool: Pool, made: list[int], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(kept_misfits, "write_json", full)
    assert len(fits(pool)) == 90
    assert "No space left" in caplog.text
