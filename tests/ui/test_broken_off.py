"""Long transcriptions that are broken off on the tab Transcribe, and go on."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest

from smile.audio.io import read_recording
from smile.datatypes import PoolError, RecognizerInfo, SmileError
from smile.own import held, jobs
from smile.own.quota import Quota
from smile.own.workspaces import Workspaces
from smile.settings import LEVELS, VERSIONS, Settings
from smile.ui import sources
from smile.ui.transcribe import broken_off, callbacks, keeping, returning, view
from smile.ui.transcribe.keeping import Keeper
from tests.support.fake_engine import DEFAULTS, ENCODER, FakeEngine, tone
from tests.support.uploads import upload

SECONDS = 20


@pytest.fixture
def clip(tmp_path: Path) -> str:
    """An upload that is longer than a segment."""
    return upload(tone(tmp_path / "long.wav", SECONDS, 300))


def steps(keeper: Keeper, clip: str, key: str = "", **choices: Any) -> Any:
    return callbacks.run(keeper, clip, "gla", key, **{**DEFAULTS, **choices})


def broken(keeper: Keeper, clip: str, key: str = "", segments: int = 2, **choices: Any) -> str:
    """A transcription that is broken off while a segment is written; the visitor's key."""
    running = steps(keeper, clip, key, **choices)
    for page in running:
        key = key if page.key == gr.skip() else page.key
        noted = page.outcome if isinstance(page.outcome, view.Unfinished) else noted  # noqa: F821
        if noted.written and len(noted.written.result.vanilla.segments) == segments:
            running.close()
            return key
    raise AssertionError(segments)


def finished(pages: Any) -> Any:
    """The result of a run."""
    return [page.outcome for page in pages if isinstance(page.outcome, view.Finished)][-1].result


def only(keeper: Keeper, key: str) -> jobs.Job:
    (job,) = jobs.jobs(keeper.visitors.open(key))
    return job


def test_going_on_comes_to_the_same_result(engine: FakeEngine, keeper: Keeper, clip: str) -> None:
    unbroken = finished(steps(keeper, clip))
    key = broken(keeper, clip)
    line = broken_off.shown_of(keeper, key)
    assert line.box["visible"] is True
    assert "The transcription of long.wav stopped at 0:06 of 0:20." in line.text
    audio, pool, *_ = broken_off.restore(keeper, key, line.job)
    engine.steps = 0
    pages = list(steps(keeper, audio, key))
    assert (pool, finished(pages)) == ("gla", unbroken)
    assert engine.steps < 3 * 13, "the first segment was not written again"
    assert broken_off.shown_of(keeper, key).box["visible"] is False
    assert not jobs.jobs(keeper.visitors.open(key))


def test_the_line_says_that_a_segment_needs_both_its_transcripts(keeper: Keeper, clip: str) -> None:
    line = broken_off.shown_of(keeper, broken(keeper, clip, segments=1))
    assert f"long.wav stopped at 0:00 of 0:20.{returning.WHOLE}</p>" in line.text
    running = callbacks.run(keeper, clip, None, "", **DEFAULTS)
    key = next(page.key for page in running if page.key != gr.skip())
    running.close()  # type: ignore[attr-defined]
    assert returning.WHOLE not in broken_off.shown_of(keeper, key).text, "there is one transcript"
    assert "stopped at" in broken_off.shown_of(keeper, key).text


def test_it_goes_on_in_another_process_after_a_restart(
    engine: FakeEngine, keeper: Keeper, clip: str, tmp_path: Path
) -> None:
    key = broken(keeper, clip)
    visitors = Workspaces(tmp_path / "visitors", 24)
    visitors.claim()
    again = Keeper(engine, visitors)  # type: ignore[arg-type]
    assert "0:06 of 0:20" in broken_off.shown_of(again, key).text
    visitors.close()


def test_settings_and_pool_come_back(keeper: Keeper, clip: str) -> None:
    running = steps(keeper, clip, shots=2, windows="10,30", knn=0.5)
    key = next(page.key for page in running if page.key != gr.skip())
    running.close()
    job = only(keeper, key)
    audio, pool, _, reference, filled, *values = broken_off.restore(keeper, key, job.id)
    asked = dict(zip(broken_off.OPTIONS, values, strict=True))
    assert (pool, reference, filled, asked["shots"], asked["windows"]) == ("gla", "", "", 2, "10,30")
    assert jobs.id_of(Path(audio), job.asked) == job.id, "the recording is the same"


def test_a_recording_for_trying_comes_back_as_one_with_its_text(
    engine: FakeEngine, keeper: Keeper, clip: str
) -> None:
    offered = engine.queries("gla")[1]
    running = steps(keeper, upload(offered.audio))
    key = next(page.key for page in running if page.key != gr.skip())
    running.close()
    _, _, example, reference, filled, *_ = broken_off.restore(keeper, key, only(keeper, key).id)
    assert (example["value"], reference, filled) == (offered.id, offered.text, offered.text)
    own = upload(Path(shutil.copyfile(clip, Path(clip).with_name(offered.audio.name))))
    key = broken(keeper, own)
    _, _, example, reference, *_ = broken_off.restore(keeper, key, only(keeper, key).id)
    assert (example["value"], reference) == (None, ""), "it only has the same name"


def test_other_examples_begin_anew_and_say_so(engine: FakeEngine, keeper: Keeper, clip: str) -> None:
    key = broken(keeper, clip)
    engine.edition += 1
    result = finished(steps(keeper, clip, key))
    assert result.problem == keeping.ANEW
    assert len(result.vanilla.segments) == 3


def test_a_level_of_a_later_version_begins_anew_and_says_so(
    keeper: Keeper, clip: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = broken(keeper, clip, level="combined")
    monkeypatch.setitem(VERSIONS, "combined", VERSIONS["combined"] + 1)
    assert finished(steps(keeper, clip, key, level="combined")).problem == keeping.ANEW
    key = broken(keeper, clip, key)
    monkeypatch.setitem(VERSIONS, "combined", VERSIONS["combined"] + 1)
    assert finished(steps(keeper, clip, key)).problem == ""


def test_the_facts_of_a_pools_transcript_have_the_version_of_its_level(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    models: Any = SimpleNamespace(smile=SimpleNamespace(info=RecognizerInfo("fake", "float32", ENCODER)))
    for level in LEVELS:
        settings = Settings(level=level)
        before = sources.facts(models, "gla", (), settings)
        with monkeypatch.context() as patched:
            patched.setitem(VERSIONS, "fit", VERSIONS["fit"] + 1)
            after = sources.facts(models, "gla", (), settings)
        assert (after == before) == (level == "context")


@pytest.fixture
def short(tmp_path: Path) -> str:
    """An upload of one segment."""
    return upload(tone(tmp_path / "short.wav", 2, 300))


def test_a_short_recording_that_a_lost_connection_ended_goes_on_by_itself(keeper: Keeper, short: str) -> None:
    key = broken(keeper, short, segments=0)
    offer = returning.looked(keeper, key)
    assert "goes on at 0:00 of 0:02" in offer.stage
    assert finished(steps(keeper, short, key)).done
    assert not jobs.jobs(keeper.visitors.open(key))


def test_of_a_short_recording_that_was_cancelled_or_failed_nothing_stays(
    engine: FakeEngine, keeper: Keeper, short: str
) -> None:
    running = steps(keeper, short)
    noted = next(page.outcome for page in running if isinstance(page.outcome, view.Unfinished))
    key = next(page.key for page in running if page.key != gr.skip())
    next(page for page in running if page.vanilla != gr.skip())
    noted.cancelled = True
    running.close()
    assert not jobs.jobs(keeper.visitors.open(key))
    engine.error = SmileError("No.")
    assert list(steps(keeper, short, key))[-1].outcome.sentence == "No."
    engine.error = None
    assert not jobs.jobs(keeper.visitors.open(key))


def test_a_short_recording_is_transcribed_in_two_windows_at_once(
    keeper: Keeper, short: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held, "PATIENCE", 0.0)
    running = steps(keeper, short)
    key = next(page.key for page in running if page.key != gr.skip())
    next(page for page in running if page.vanilla != gr.skip())
    assert finished(steps(keeper, short, key)).done
    assert finished(running).done


def test_a_short_recording_takes_no_long_ones_place(keeper: Keeper, short: str, tmp_path: Path) -> None:
    key = ""
    for number in range(jobs.MOST):
        key = broken(keeper, upload(tone(tmp_path / f"long-{number}.wav", SECONDS, 300 + number)), key)
    assert finished(steps(keeper, short, key)).done
    assert len(jobs.jobs(keeper.visitors.open(key))) == jobs.MOST


def test_who_waits_for_the_same_that_is_finished_meanwhile_gets_it_too(keeper: Keeper, clip: str) -> None:
    running = steps(keeper, clip)
    key = next(page.key for page in running if page.key != gr.skip())
    next(page for page in running if page.vanilla != gr.skip())
    waiting = steps(keeper, upload(Path(clip)), key)
    next(page for page in waiting if held.STOPPING in str(page.stage))
    assert finished(running).done
    assert finished(waiting).done
    assert not jobs.jobs(keeper.visitors.open(key))


def test_what_is_no_upload_makes_no_folder(keeper: Keeper, tmp_path: Path) -> None:
    recording = read_recording(tone(tmp_path / "elsewhere.wav", SECONDS, 300))
    begun = keeper.begun("", str(tmp_path / "elsewhere.wav"), recording, None, Settings())
    with pytest.raises(StopIteration) as ended:
        next(begun)
    assert ended.value.value.job is None
    assert not keeper.visitors.root.exists()


@pytest.mark.parametrize("quota", [Quota(visitors=0), Quota(each=1000)])
def test_without_room_it_is_transcribed_and_not_kept(
    engine: FakeEngine, clip: str, tmp_path: Path, quota: Quota
) -> None:
    keeper = Keeper(engine, Workspaces(tmp_path / "full", 24, quota))  # type: ignore[arg-type]
    assert finished(steps(keeper, clip)).done
    assert not list((tmp_path / "full").glob("*/jobs/*"))


def test_two_windows_do_not_write_the_same(
    keeper: Keeper, clip: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held, "PATIENCE", 0.0)
    running = steps(keeper, clip)
    key = next(page.key for page in running if page.key != gr.skip())
    next(page for page in running if page.vanilla != gr.skip())
    assert "under way in another window" in broken_off.shown_of(keeper, key).text
    with pytest.raises(PoolError, match="another window"):
        broken_off.discarded(keeper, key, only(keeper, key).id)
    *_, last = steps(keeper, clip, key)
    assert last.outcome.sentence == keeping.ELSEWHERE
    running.close()
    assert finished(steps(keeper, clip, key)).done


def test_discard_shows_the_next_and_few_are_kept(keeper: Keeper, tmp_path: Path) -> None:
    key = ""
    for number in range(jobs.MOST + 1):
        key = broken(keeper, upload(tone(tmp_path / f"long-{number}.wav", SECONDS, 300 + number)), key)
    line = broken_off.shown_of(keeper, key)
    assert len(jobs.jobs(keeper.visitors.open(key))) == jobs.MOST
    assert f"long-{jobs.MOST}.wav" in line.text
    assert f"long-{jobs.MOST - 1}.wav" in broken_off.discarded(keeper, key, line.job).text


@pytest.mark.parametrize("job", [None, "", "../..", "0" * 32, "x" * 10_000, 7, ["0" * 32], {"a": 1}])
def test_jobs_that_are_not_there_are_refused(keeper: Keeper, clip: str, job: Any) -> None:
    mine, other = broken(keeper, clip), keeper.visitors.new()
    for key in (mine, other, "", None, 7, "x" * 32, {"a": 1}):
        for does in (broken_off.restore, broken_off.discarded):
            with pytest.raises(SmileError):
                does(keeper, key, job)
    with pytest.raises(PoolError, match="no longer here"):
        broken_off.restore(keeper, other, only(keeper, mine).id)
    assert only(keeper, mine)


@pytest.mark.parametrize(
    "text", ["", "[]", '{"pool": 7}', '{"pool": "gla", "values": {"shots": -1}, "seconds": 20}']
)
def test_a_damaged_job_is_removed(keeper: Keeper, clip: str, text: str) -> None:
    key = broken(keeper, clip)
    (only(keeper, key).folder / jobs.ASKED).write_text(text)
    assert broken_off.shown_of(keeper, key).box["visible"] is False
    assert finished(steps(keeper, clip, key)).done


def test_a_pool_that_is_gone_is_told(keeper: Keeper, clip: str, monkeypatch: pytest.MonkeyPatch) -> None:
    key = broken(keeper, clip)
    monkeypatch.setattr(FakeEngine, "choice", lambda *_: None)
    with pytest.raises(PoolError, match="no longer here"):
        broken_off.restore(keeper, key, only(keeper, key).id)


def test_a_recording_stays_no_longer_than_is_said(keeper: Keeper, clip: str) -> None:
    key = broken(keeper, clip)
    job, later = only(keeper, key), time.time() + 25 * 3600
    with held.held(job.folder):
        os.utime(keeper.visitors.open(key).folder, (later, later))
        keeper.visitors.sweep(later)
        assert job.folder.exists(), "it is under way"
    keeper.visitors.sweep(later)
    assert not job.folder.exists()
    assert keeper.visitors.has(key), "the visitor is still here"


def test_all_of_a_visitor_goes_with_its_folder(keeper: Keeper, clip: str) -> None:
    key = broken(keeper, clip)
    assert keeper.visitors.sweep() == 0
    broken_off.deleted(keeper, key)
    assert not list(keeper.visitors.root.glob("*/jobs"))
    assert broken_off.shown_of(keeper, key).box["visible"] is False
