"""What a decoder leaves unsaid behind a pause becomes a segment of its own, on the page and in a grid."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import pytest

from smile.datatypes import DecodingResult, EncoderId, LanguageDetection, RecognizerInfo, Speech
from smile.evaluation import compare
from smile.pools.pool import open_pool
from smile.settings import DEFAULTS, Settings
from smile.transcription import pipeline, recut
from smile.transcription.result import Result
from smile.transcription.segments import kept_segments
from smile.transcription.target import RetrievedExamples, Step
from tests.conftest import POOLS

UTTERANCES = [
    replace(utterance, text="abcde " * 4, seconds=2.4) for utterance in open_pool(POOLS / "gla").utterances
]
POOL = replace(open_pool(POOLS / "gla"), utterances=tuple(UTTERANCES))  # ten characters a second
INFO = RecognizerInfo("fake", "float32", EncoderId("fake", "0" * 12))
MODELS: Any = SimpleNamespace(smile=SimpleNamespace(info=INFO))
SPOKEN = {0.0: "the first sentence.", 2.0: "and the second one.", 4.0: "then comes a third."}
WHOLE = " ".join(SPOKEN.values())
LAST = "and what is said later."


class Target:
    """Writes of a piece only what is said before its first pause."""

    retrieval_seconds = seconds = 0.25
    asked: ClassVar[list[tuple[float, float]]] = []

    def __init__(self, models: Any, speech: Speech, key: str):
        self.speech = speech

    def vanilla(self, settings: Settings, pool: Any = None) -> Iterator[Step]:
        yield self._step("alone")

    def written(self, settings: Settings, pool: Any, adapted: bool = True) -> Iterator[Step]:
        self.asked.append((self.speech.start, self.speech.end))
        whole = settings.level == "acoustic"
        yield self._step(WHOLE if whole else SPOKEN.get(self.speech.start, LAST))

    def embedding(self, settings: Settings) -> np.ndarray:
        return POOL.embeddings[0]

    def _step(self, text: str) -> Step:
        decoded = DecodingResult((1,), (-0.1,), text, "end")
        return Step(decoded, "cy", LanguageDetection("cy", 0.5, 0.0), RetrievedExamples())


def piece(start: float, end: float) -> Speech:
    return Speech(start, end, np.zeros(round((end - start) * 16000), np.float32))


def halves(speech: Speech) -> tuple[Speech, Speech] | None:
    """Cut at the last of the beginnings of sentences."""
    inside = [start for start in SPOKEN if speech.start < start < speech.end]
    return (piece(speech.start, inside[-1]), piece(inside[-1], speech.end)) if inside else None


def found(*pieces: Speech) -> Any:
    """What finds these pieces of speech."""

    def in_steps(samples: Any, **_: Any) -> Any:
        yield
        return list(pieces)

    return in_steps


@pytest.fixture(autouse=True)
def recording(monkeypatch: pytest.MonkeyPatch) -> None:
    """One segment of three sentences."""
    for module in (pipeline, compare):
        monkeypatch.setattr(module, "Target", Target)
        monkeypatch.setattr(module, "segments_in_steps", found(piece(0.0, 6.0)))
    for module in (pipeline, recut):
        monkeypatch.setattr(module, "at_longest_pause", halves)
    monkeypatch.setattr(Target, "asked", [])


def run(settings: Settings = DEFAULTS, base: Path | None = None, stop: str = "") -> Result:
    """The last result, or the first in which a text stands."""
    with kept_segments(base or Path("/nowhere/at/all"), {"of": 1}) as kept:
        steps = pipeline.transcribe(MODELS, np.zeros(96000, np.float32), POOL, settings, kept)
        for result in steps:
            if stop and stop in result.smile.text:
                break
        steps.close()  # type: ignore[attr-defined]
    return result


def test_what_follows_a_pause_is_written() -> None:
    result = run()
    assert result.smile.text == WHOLE
    assert [(s.start, s.end) for s in result.smile.segments] == [(0, 2), (2, 4), (4, 6)]
    assert [(s.start, s.end) for s in result.vanilla.segments] == [(0, 2), (2, 4), (4, 6)]
    assert [start for start, _ in result.examples] == [0, 2, 4]
    assert result.done


def test_the_decoder_may_be_left_to_itself_and_an_acoustic_model_is() -> None:
    assert run(replace(DEFAULTS, split_short=False)).smile.text == SPOKEN[0.0]
    assert run(replace(DEFAULTS, level="acoustic")).smile.text == WHOLE
    assert Target.asked == [(0, 6), (0, 6)]


def test_a_run_that_was_broken_off_goes_on_behind_the_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "segments_in_steps", found(piece(0.0, 6.0), piece(8.0, 10.0)))
    run(base=tmp_path / "one", stop=LAST)
    Target.asked.clear()
    result = run(base=tmp_path / "one")
    assert Target.asked == [(8, 10)]
    assert result.smile.text == f"{WHOLE} {LAST}"
    assert [s.start for s in result.vanilla.segments] == [0, 2, 4, 8]


def test_a_run_that_was_killed_between_two_pieces_cuts_no_deeper(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    middle = lambda s: (piece(s.start, m := (s.start + s.end) / 2), piece(m, s.end))  # noqa: E731
    for module in (pipeline, recut):
        monkeypatch.setattr(module, "at_longest_pause", middle)
    monkeypatch.setattr(Target, "written", lambda self, *_: iter([self._step("word")]))
    whole = run(base=tmp_path / "one")
    (log,) = tmp_path.glob("one*")
    lines = log.read_text().splitlines(keepends=True)
    log.write_text("".join(lines[:-3]), encoding="utf-8")  # of four pieces the first
    again = run(base=tmp_path / "one")
    assert [s.end for s in again.smile.segments] == [s.end for s in whole.smile.segments]


def test_pieces_that_bring_no_more_text_are_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        Target, "written", lambda self, *_: iter([self._step("x" * (self.speech.start == 0))])
    )
    result = run()
    assert [(s.start, s.end, s.text) for s in result.smile.segments] == [(0, 6, "x")]
    assert [(s.start, s.end) for s in result.vanilla.segments] == [(0, 6)]
    assert len(result.examples) == len(result.remoteness or (0,)) == 1


def test_a_segment_becomes_four_pieces_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    middle = lambda s: (piece(s.start, m := (s.start + s.end) / 2), piece(m, s.end))  # noqa: E731
    for module in (pipeline, recut):
        monkeypatch.setattr(module, "at_longest_pause", middle)
    monkeypatch.setattr(Target, "written", lambda self, *_: iter([self._step("word")]))
    assert [s.end for s in run().smile.segments] == [1.5, 3, 4.5, 6]
    grid = compare.Grid((1,), compare.ways(["kl"], 0))
    done = [cell for cell in compare.compare(MODELS, np.zeros(96000, np.float32), POOL, grid) if cell]
    assert done[1].text == "word word word word"


def test_given_cuts_are_kept_to() -> None:
    cuts = ((0.0, 3.0), (3.0, 6.0), (6.5, 9.0))
    steps = pipeline.transcribe(MODELS, np.zeros(96000, np.float32), POOL, DEFAULTS, None, cuts)
    *_, result = steps
    assert [(s.start, s.end) for s in result.smile.segments] == [(0, 3), (3, 6)], "the third is not there"
    assert Target.asked == [(0, 3), (3, 6)]


def test_a_grid_cuts_again_by_cell() -> None:
    grid = compare.Grid((1,), compare.ways(["kl"], 0))
    done = [cell for cell in compare.compare(MODELS, np.zeros(96000, np.float32), POOL, grid) if cell]
    assert [cell.text for cell in done] == ["alone alone alone", WHOLE]
    assert done[0].text == run().vanilla.text, "Whisper alone is the same on Transcribe"
    assert done[0].seconds == 3 * Target.seconds, "what finds the cuts is not its work"
    assert done[1].seconds == 5 * Target.seconds, "what was taken back has taken its time"


def test_text_is_too_short_below_the_pace_of_nine_in_ten() -> None:
    speech = piece(0.0, 6.0)
    assert [p.start for p in recut.recut(speech, "x" * 59, DEFAULTS, POOL)] == [0, 4]
    assert recut.recut(speech, "x" * 60, DEFAULTS, POOL) == ()
    assert recut.recut(piece(4.0, 6.0), "x", DEFAULTS, POOL) == (), "there is no pause"
