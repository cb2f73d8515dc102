"""Clips of two languages become one recording with both texts."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from smile.audio.io import read_audio
from smile.corpora import read_corpus
from smile.datatypes import SAMPLE_RATE
from smile.pools.joined import LONGEST, joined
from tests.conftest import POOLS


def test_both_clips_are_heard_and_written_in_order(tmp_path: Path) -> None:
    first, second = (read_corpus(POOLS / code).utterances[:5] for code in ("gle", "chr"))
    by_id = {u.id: u for u in (*first, *second)}
    pairs = joined(first, second, tmp_path)
    assert len(pairs) == 5
    for utterance in pairs:
        a, b = (by_id[name] for name in utterance.id.split("+"))
        assert a.id.startswith("gle")
        assert utterance.text == f"{a.text} {b.text}"
        assert utterance.language == f"{a.language}+{b.language}"
        both = np.concatenate([read_audio(a.audio), read_audio(b.audio)])
        np.testing.assert_allclose(read_audio(utterance.audio), both, atol=1e-3)


def test_no_clip_comes_twice_and_all_depends_on_ids_alone(tmp_path: Path) -> None:
    first, second = (read_corpus(POOLS / code).utterances[:9] for code in ("gle", "chr"))
    pairs = joined(first, second[:6], tmp_path / "a")
    parts = [name for utterance in pairs for name in utterance.id.split("+")]
    assert len(set(parts)) == len(parts) == 12
    again = joined(tuple(reversed(first)), second[:6], tmp_path / "b")
    assert [u.id for u in again] == [u.id for u in pairs]


def test_long_clips_are_left_out_and_recordings_are_kept(tmp_path: Path) -> None:
    import soundfile

    (one, *_), second = (read_corpus(POOLS / code).utterances[:1] for code in ("gle", "chr"))
    noise = np.random.default_rng(0).normal(0, 0.1, int((LONGEST + 1) * SAMPLE_RATE))
    soundfile.write(tmp_path / "long.wav", noise, SAMPLE_RATE)
    long = type(one)("long", tmp_path / "long.wav", "x", "gle")
    assert joined([long], second, tmp_path / "out") == ()
    (made,) = joined([one], second, tmp_path / "out")
    before = made.audio.stat().st_mtime_ns
    assert joined([one], second, tmp_path / "out")[0].audio.stat().st_mtime_ns == before
    assert [path.name for path in (tmp_path / "out").iterdir()] == [made.audio.name]
