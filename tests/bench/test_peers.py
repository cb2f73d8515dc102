"""The benchmark beside other tools: what it joins, counts and compares, and that every way gives text."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from smile.bench import peers
from smile.bench.engines import ct2_folder
from smile.datatypes import SAMPLE_RATE, Samples, SmileError
from smile.pools.pool import open_pool
from smile.whisper.model import Models
from tests.conftest import POOLS
from tests.support.clips import clips


def lasting(*seconds: float) -> list[Samples]:
    return [np.zeros(int(one * SAMPLE_RATE), np.float32) for one in seconds]


def test_clips_are_joined_until_they_are_long_enough() -> None:
    made = peers.joined(lasting(2, 2, 2, 9, 30, 4, 5.5, 6), 5.0, 7.0, 3)
    assert [len(one) / SAMPLE_RATE for one in made] == [6.0, 5.5, 6.0]


def test_clips_that_do_not_come_to_a_length_are_told() -> None:
    with pytest.raises(SmileError, match="5 to 7 s; give another split"):
        peers.joined(lasting(9, 30), 5.0, 7.0, 3)


def test_ways_take_turns_and_are_compared_by_their_medians(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, clock = [], [0.0]
    monkeypatch.setattr(peers.time, "perf_counter", lambda: clock[0])

    def way(name: str, first: float, last: float) -> peers.Way:
        def text(clip: Samples) -> Iterator[str]:
            asked.append((name, len(clip)))
            yield " "
            clock[0] += first
            yield "word"
            clock[0] += last - first

        return text

    ways = {peers.REFERENCE: way("theirs", 0.5, 1.0), "ours": way("ours", 0.25, 3.0)}
    times = peers.measured(ways, lasting(1, 2))
    assert asked[2:6] == [(name, n * SAMPLE_RATE) for n in (1, 2) for name in ("theirs", "ours")]
    assert {len(one) for one in times.values()} == {2 * peers.ROUNDS}
    ours = peers.rows(times)[1]
    assert (ours["to the first word, s"], ours["to the last, s"], ours["ratio"]) == ("0.25", "3.00", "3.00")


def test_every_way_writes_a_known_language(models: Models) -> None:
    clip = clips("deu", 1)[0].samples
    pool = open_pool(POOLS / "gle", models.smile.info.encoder)
    with ct2_folder() as folder:
        alone = {"alone": peers.ours(models, pool)["SMILE, Whisper alone"]}
        for name, way in {**peers.faster_whisper(folder, "deu"), **peers.pipeline(), **alone}.items():
            assert len("".join([*way(clip.copy())][-1:]).split()) > 3, name
