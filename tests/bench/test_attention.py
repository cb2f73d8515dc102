"""Edges by cross-attention: how they are read, in which windows, and on a real voice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from smile.audio.io import write
from smile.bench import attention
from smile.datatypes import SAMPLE_RATE, Samples, Utterance
from tests.support.clips import clips


def tones(folder: Path, *seconds: float) -> list[Utterance]:
    """Clips of such lengths, whose text is their number."""
    made = []
    for number, length in enumerate(seconds):
        path = folder / f"{number}.wav"
        write(path, 0.5 * np.sin(np.arange(round(length * SAMPLE_RATE))).astype(np.float32))
        made.append(Utterance(str(number), path, str(number)))
    return made


def test_a_text_begins_at_its_first_token_and_ends_where_the_next_begins() -> None:
    path = [(0, 0), (0, 9), (1, 10), (1, 40), (2, 50), (2, 90), (3, 100), (3, 101)]
    assert attention.edges(path, (2, 1)) == [(0.0, 1.0), (1.0, 2.0)]
    assert attention.edges(path, (1, 2)) == [(0.0, 0.2), (0.2, 2.0)]


def test_windows_hold_whole_clips_and_are_short_enough(tmp_path: Path) -> None:
    found = list(attention.windowed(tones(tmp_path, 12.0, 12.0, 12.0, 29.5, 1.0), 0.5))
    assert [texts for _, texts in found] == [["0", "1"], ["2"], ["3"], ["4"]]
    assert all(len(sound.times) == len(texts) for sound, texts in found)
    assert len(found[0][0].samples) < attention.LONGEST * SAMPLE_RATE


def test_a_row_for_each_way_of_joining_and_none_for_unknown_languages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = tones(tmp_path, 1.0, 2.0, 0.5)

    def late(samples: Samples, texts: Sequence[str]) -> attention.Times:
        pause = 0.5 if len(samples) > 4 * SAMPLE_RATE else 0.0
        return [(-9.0, pause + 1.1), (np.nan, np.nan), (2 * pause + 3.1 + pause, 99.0)]

    @contextmanager
    def known(code: str) -> Iterator[attention.Aligner]:
        assert code == "de"
        yield late

    monkeypatch.setattr(attention, "cross_attention", known)
    rows = list(attention.rows("deu", made, late))
    assert [row["silence between clips, s"] for row in rows] == ["0.5", "0"]
    for row in rows:
        assert row["edges"] == 4
        assert row["acoustic model"] == row["Whisper's cross-attention"] == "100 (100)"
    assert list(attention.rows("gla", made, late)) == []


def test_words_are_found_where_they_are_said() -> None:
    clip = clips("deu", 1)[0]
    seconds = len(clip.samples) / SAMPLE_RATE
    silence = np.zeros(2 * SAMPLE_RATE, np.float32)
    texts = clip.text.split()
    with attention.cross_attention("de") as aligner:
        times = aligner(np.concatenate([silence, clip.samples, silence]), texts)
    assert len(times) == len(texts)
    assert all(end == begin for (_, end), (begin, _) in pairwise(times))
    assert times[0][0] == 0.0, "which is why the first edge of a window is left out"
    middle = times[len(texts) // 2][0]
    assert 2.0 < middle < 2.0 + seconds, "in the clip, not in the silence about it"
