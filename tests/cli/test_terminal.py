"""How far work is, on standard error: a bar where that is a terminal, else a line now and then."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from smile.cli import transcribe
from smile.cli.terminal import PACE, Bar
from smile.datatypes import EncoderId, RecognizerInfo
from smile.settings import DEFAULTS
from smile.transcription.result import Result, Transcript


class Clock:
    """A clock that is put forward by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_long_work_prints_a_line_now_and_then_where_there_is_no_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    clock = Clock()
    with Bar("Reading the pool", clock=clock) as bar:
        for done in range(1, 7):
            clock.now += PACE / 2
            bar(done, 6)
    out, said = capsys.readouterr()
    assert out == ""
    assert said.splitlines() == [f"Reading the pool: {done} of 6 clips" for done in (2, 4, 6)]


def test_short_work_prints_nothing_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    with Bar("Reading the pool", clock=clock) as bar:
        for done in range(6):
            bar(done, 6)
    assert capsys.readouterr() == ("", "")


def test_a_recording_is_transcribed_up_to_the_segment_that_is_being_written() -> None:
    def result(*starts: float, done: bool = False) -> Result:
        segments = tuple(SimpleNamespace(start=start) for start in starts)
        side = Transcript(segments=segments)  # type: ignore[arg-type]
        info = RecognizerInfo("fake", "float32", EncoderId("fake", "0123456789ab"))
        return Result(90.4, DEFAULTS, info, vanilla=side, done=done)

    reached = [transcribe._reached(r) for r in (result(), result(0.5), result(0.5, 31.9))]
    assert reached == [(0, 91), (0, 91), (31, 91)]
    assert transcribe._reached(result(0.5, 31.9, done=True)) == (91, 91)
