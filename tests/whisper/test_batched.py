"""Sessions whose steps are done together come to what transformers' own decoder comes to one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import numpy as np
import pytest

from smile.datatypes import DecoderSession, Recognizer, SmileError
from smile.util import together
from smile.whisper import weights
from smile.whisper.engines import batched, load_recognizer
from smile.whisper.engines.batched import BatchedRecognizer
from smile.whisper.engines.hf import HfRecognizer
from tests.support.tiny import tiny_whisper

CLOSE = {"rtol": 1e-4, "atol": 1e-4}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> HfRecognizer:
    base = weights.find(str(tiny_whisper(tmp_path_factory.mktemp("batched") / "tiny", decoder_layers=2)))
    recognizer = load_recognizer(base, engine="hf")
    assert isinstance(recognizer, HfRecognizer)
    return recognizer


@pytest.fixture
def sizes(monkeypatch: pytest.MonkeyPatch) -> Counter[int]:
    """How many sessions each step was of."""
    counted, stepped = Counter[int](), BatchedRecognizer.stepped

    def seen(self: BatchedRecognizer, some: Sequence[object]) -> object:
        counted[len(some)] += 1
        return stepped(self, some)  # type: ignore[arg-type]

    monkeypatch.setattr(BatchedRecognizer, "stepped", seen)
    return counted


def features(seed: int, frames: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 1, (80, frames)).astype(np.float32)


def played(recognizer: Recognizer, seed: int) -> list[np.ndarray]:
    """A prompt of its own length over audio of its own length, single tokens, beams, and other states."""
    draws = np.random.default_rng(seed)
    states = recognizer.encode(features(seed, 200 + 100 * (seed % 4)))
    session: DecoderSession = recognizer.decoder(states)
    seen = [states, *session.step(draws.integers(0, 1000, (1, 3 + seed)))]
    for _ in range(seed % 3):
        seen += session.step(draws.integers(0, 1000, (1, 1)))
    if seed % 2:
        session.attend(recognizer.encode(features(seed + 50, 300)))
        seen += session.step(draws.integers(0, 1000, (1, 4)))
    session.reorder(np.array([0, 0, 0]))
    seen += session.step(draws.integers(0, 1000, (3, 1)))
    session.reorder(np.array([2, 1]))
    for _ in range(3 + seed % 3):
        seen += session.step(draws.integers(0, 1000, (2, 1)))
    return seen


def side_by_side(play: Callable[[int], list[np.ndarray]], count: int) -> list[list[np.ndarray]]:
    began = Barrier(count)

    def within(seed: int) -> list[np.ndarray]:
        with together.lane():
            began.wait()
            return play(seed)

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(within, range(count)))


def assert_alike(some: Sequence[Sequence[np.ndarray]], others: Sequence[Sequence[np.ndarray]]) -> None:
    for one, other in zip(some, others, strict=True):
        for a, b in zip(one, other, strict=True):
            assert a.dtype == b.dtype
            np.testing.assert_allclose(a, b, **CLOSE)


def test_sessions_of_many_lengths_step_together(tiny: HfRecognizer, sizes: Counter[int]) -> None:
    alone = [played(tiny, seed) for seed in range(9)]
    shared = BatchedRecognizer(tiny)
    assert_alike(side_by_side(lambda seed: played(shared, seed), 9), alone)
    assert max(sizes) > 1
    assert_alike([played(shared, seed) for seed in range(3)], alone[:3])  # nobody else is there


def test_layers_of_windows_are_encoded_together(tiny: HfRecognizer) -> None:
    shared = BatchedRecognizer(tiny)

    def encoded(recognizer: Recognizer, seed: int) -> list[np.ndarray]:
        return [*recognizer.encode_layers(features(seed, 200 + 200 * (seed % 2)), (1,))]

    some = side_by_side(lambda seed: encoded(shared, seed), 6)
    assert_alike(some, [encoded(tiny, seed) for seed in range(6)])
    with pytest.raises(SmileError, match="not 3; choose"):
        shared.encode_layers(features(0, 200), (3,))
    hidden = np.ones((2, tiny.width), np.float32)
    np.testing.assert_array_equal(shared.logits(hidden), tiny.logits(hidden))


def test_an_error_is_everybody_s_who_asked_with_it_and_nobody_waits_for_ever(
    tiny: HfRecognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(some: Sequence[object]) -> list[object]:
        raise RuntimeError("out of memory")

    monkeypatch.setattr(batched, "ENGINE", together.Together(fail))
    shared = BatchedRecognizer(tiny)
    with ThreadPoolExecutor(3) as threads, together.lane(), together.lane(), together.lane():
        results = [threads.submit(shared.encode, features(0, 200)) for _ in range(2)]
        for result in results:  # the third lane never asks
            with pytest.raises(RuntimeError, match="out of memory"):
                result.result()


def test_who_has_its_own_leaves_what_others_wait_for_to_them() -> None:
    begun = list[str]()
    engine = together.Together[str](lambda some: begun.extend(some) or some)
    engine._waiting.append(together._Asked("another's"))
    engine._work(together._Asked("mine", done=True))
    assert begun == []


def test_a_thread_that_is_interrupted_at_others_work_ends() -> None:
    def interrupted(some: Sequence[str]) -> Sequence[str]:
        if "another's" in some:
            raise KeyboardInterrupt
        return some

    engine, other = together.Together[str](interrupted, most=1), together._Asked("another's")
    engine._waiting.append(other)
    with pytest.raises(KeyboardInterrupt):
        engine.ask("mine")
    assert other.done
    assert isinstance(other.error, KeyboardInterrupt)


def test_who_keeps_what_came_of_one_keeps_nothing_of_the_others(tiny: HfRecognizer) -> None:
    shared = BatchedRecognizer(tiny)
    made = shared.encoded([batched._Encoding(features(seed, 200), ()) for seed in range(4)])
    sessions = [shared.decoder(states) for states, _ in made]
    steps = shared.stepped([batched._Step(session, np.array([[1, 2]])) for session in sessions])
    for kept in [*(states for states, _ in made), *(array for pair in steps for array in pair)]:
        assert kept.base is None or kept.base.nbytes == kept.nbytes


def test_in_bfloat16_the_same_comes_of_sessions_together(tmp_path: Path) -> None:
    base = weights.find(str(tiny_whisper(tmp_path / "tiny", decoder_layers=2)))
    half = load_recognizer(base, engine="hf", precision="bfloat16")
    assert isinstance(half, HfRecognizer)
    shared = BatchedRecognizer(half)
    made = side_by_side(lambda seed: played(shared, seed), 4)
    for some, others in zip(made, [played(half, seed) for seed in range(4)], strict=True):
        for a, b in zip(some, others, strict=True):
            np.testing.assert_allclose(a, b, rtol=0.1, atol=0.1)


def test_a_full_context_comes_to_the_same_beside_a_short_one(tiny: HfRecognizer) -> None:
    def filled(recognizer: Recognizer, seed: int) -> list[np.ndarray]:
        draws, whole = np.random.default_rng(seed), recognizer.context if seed % 2 else 9
        session = recognizer.decoder(recognizer.encode(features(seed, 200)))
        seen = [*session.step(draws.integers(0, 1000, (1, whole - 4)))]
        for _ in range(4):
            seen += session.step(draws.integers(0, 1000, (1, 1)))
        return seen

    shared = BatchedRecognizer(tiny)
    some = side_by_side(lambda seed: filled(shared, seed), 4)
    assert_alike(some, [filled(tiny, seed) for seed in range(4)])


def test_two_models_are_stepped_apart_within_the_same_lanes(
    tiny: HfRecognizer, tmp_path: Path, sizes: Counter[int]
) -> None:
    other = load_recognizer(
        weights.find(str(tiny_whisper(tmp_path / "other", decoder_layers=1))), engine="hf"
    )
    assert isinstance(other, HfRecognizer)
    pair = [BatchedRecognizer(tiny), BatchedRecognizer(other)]
    some = side_by_side(lambda seed: played(pair[seed % 2], seed), 6)
    assert_alike(some, [played((tiny, other)[seed % 2], seed) for seed in range(6)])
