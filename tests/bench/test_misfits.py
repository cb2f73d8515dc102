"""The bench of wrong texts: which are made wrong and how, and how many of them are among the worst."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from smile.acoustic.states import LayerStore, StatesId
from smile.bench import misfits
from smile.datatypes import SmileError, Utterance
from smile.own.misfits import Fit, Place
from smile.pools.pool import Pool, open_pool
from tests.conftest import POOLS
from tests.support import tones
from tests.support.fake_engine import ENCODER

CLIPS = [Utterance(f"clip{n}", Path("a.wav"), f"word{n} and more of it") for n in range(200)]


def test_five_percent_are_made_wrong_half_of_them_in_pairs() -> None:
    texts, kinds = misfits.made_wrong(CLIPS)
    assert len(texts) == 10
    assert list(kinds.values()) == ["swapped"] * 4 + ["cut"] * 6
    right = {clip.id: clip.text for clip in CLIPS}
    swapped = [name for name, kind in kinds.items() if kind == "swapped"]
    assert sorted(texts[name] for name in swapped) == sorted(right[name] for name in swapped)
    assert all(texts[name] != right[name] for name in texts)
    assert {texts[n] for n, kind in kinds.items() if kind == "cut"} == {
        f"word{n[4:]} and" for n, kind in kinds.items() if kind == "cut"
    }


def test_a_seed_draws_the_same_again_and_another_one_others() -> None:
    assert misfits.made_wrong(CLIPS, 3) == misfits.made_wrong(CLIPS[::-1], 3)
    assert set(misfits.made_wrong(CLIPS, 3)[0]) != set(misfits.made_wrong(CLIPS, 4)[0])


def test_texts_that_would_stay_as_they_are_are_passed_over() -> None:
    alike = [replace(clip, text="the same") for clip in CLIPS]
    assert misfits.made_wrong(alike) == ({}, {}), "no two can be swapped, and those are drawn first"
    short = [replace(clip, text="ab"[n % 2]) for n, clip in enumerate(CLIPS)]
    assert set(misfits.made_wrong(short)[1].values()) == {"swapped"}


@pytest.mark.parametrize(
    ("text", "half"), [("a b c", "a"), ("a b c d", "a b"), ("abcde", "ab"), (" a ", ""), ("ab", "a")]
)
def test_the_first_half(text: str, half: str) -> None:
    assert misfits.first_half(text) == half


def test_what_is_found_is_counted_by_its_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pool, models = open_pool(POOLS / "gla", ENCODER), tones.models(ENCODER)
    pool = replace(pool, states=tmp_path / "given", stores=tmp_path / "given")
    given = LayerStore.of(pool, StatesId.of(models.smile))
    given.missing(pool.utterances, (1.0,))
    np.save(given.folder / "0123456789abcdef.npy", np.zeros(3))
    (given.folder / "fold-1.npz").write_bytes(b"of another")
    right = {u.id: u.text for u in pool.utterances}

    def judged(wrong: Pool, _: Any) -> Iterator[object]:
        yield None
        store = LayerStore.of(wrong, StatesId.of(models.smile))
        assert [path.name for path in store.folder.glob("*.np?")] == ["0123456789abcdef.npy"]
        fits = [Fit(u, u.text, float(u.text != right[u.id]), Place(0, 0, "")) for u in wrong.utterances]
        fits.sort(key=lambda fit: -fit.misfit)
        return (*fits[1:], fits[0])

    monkeypatch.setattr(misfits, "misfits", judged)
    monkeypatch.setattr(misfits, "load_models", lambda: models)
    monkeypatch.setattr(misfits, "pool_of", lambda *_: pool)
    told: list[str] = []
    table = misfits.run(misfits.Asked(tmp_path), ["gla"], told.append)
    assert "| pool | clips | named | wrong texts, found | swapped, found | cut, found |" in table
    row = next(line for line in table.splitlines() if line.startswith("| gla"))
    assert row.startswith(f"| gla | {len(pool)} | {len(pool) // 10} | 3 of 4 ")
    assert "wrong texts, found 3 of 4" in told[0]
    assert (given.folder / "fold-1.npz").read_bytes() == b"of another"


def test_a_pool_that_is_too_small_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few = SimpleNamespace(folder=tmp_path, utterances=tuple(CLIPS[:3]))
    monkeypatch.setattr(misfits, "load_models", lambda: None)
    monkeypatch.setattr(misfits, "pool_of", lambda *_: few)
    with pytest.raises(SmileError, match="too small"):
        misfits.run(misfits.Asked(tmp_path), ["gla"])
