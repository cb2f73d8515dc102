"""The combined level: segments by consensus, its share fitted on clips that were left out."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from smile.acoustic.recipe import Recipe
from smile.datatypes import DecodingResult
from smile.pools.pool import open_pool
from smile.settings import Settings
from smile.transcription.combining import combined, fit_share
from smile.transcription.consensus import SHARES
from smile.transcription.result import Segment, Transcript
from smile.transcription.target import UNDETECTED
from smile.whisper.model import load_models
from tests.conftest import POOLS
from tests.support.tiny import tiny_whisper


def transcript(*texts: str) -> Transcript:
    segments = [
        Segment(float(i), i + 0.5, DecodingResult((), (-1.0,), text, "end"), "", UNDETECTED)
        for i, text in enumerate(texts)
    ]
    return Transcript(tuple(segments), 1.5, True)


def test_each_segment_is_the_one_nearest_to_all() -> None:
    head = transcript("tha i an seo", "zzzzzz")
    others = [
        transcript("ha i an so", "slan leat"),
        transcript("tha i an so", "slàn leat"),
        transcript("tha i an", "slan leat"),
    ]
    consensus = combined(head, others, 0.3)
    assert [s.text for s in consensus.segments] == ["tha i an so", "slan leat"]
    assert (consensus.seconds, consensus.done) == (6.0, True)
    assert combined(head, others, 1.0).segments == head.segments
    assert combined(head, [], 0.6).segments == head.segments
    moved = Transcript(tuple(replace(s, start=s.start + 1) for s in head.segments))
    with pytest.raises(ValueError, match="different segments"):
        combined(head, [moved], 0.5)
    with pytest.raises(ValueError, match="zip"):
        combined(head, [transcript("a")], 0.5)


def test_the_share_is_fitted_on_clips_left_out(tmp_path: Path) -> None:
    models = load_models(str(tiny_whisper(tmp_path / "tiny")), precision="float32")
    shutil.copytree(POOLS / "gle", tmp_path / "gle")
    whole = open_pool(tmp_path / "gle")
    pool = replace(whole, utterances=whole.utterances[:5], embeddings=whole.embeddings[:5, :16])
    ways = [Settings(shots=n, language_token="cy", length_limit=False) for n in (1, 2)]
    steps = fit_share(pool, models, ways, Recipe(hidden=8, epochs=2, layers=(1,)), clips=3)
    stages = []
    while True:
        try:
            stages.append(next(steps).stage)
        except StopIteration as done:
            fitted = done.value
            break
    assert stages == ["encoding"] * 5 + ["fitting"] * 8 + ["writing"] * 3
    assert fitted.share in SHARES
    assert [len(r.others) for r in fitted.readings] == [2, 2, 2]
    assert set(fitted.references) <= {u.text for u in pool.utterances}
    assert {r.language for r in fitted.readings} == {"gle"}
