"""How a transcription is kept while it is written, so that it goes on after a reload or a restart."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from smile.audio.io import Recording
from smile.datatypes import SAMPLE_RATE, SmileError
from smile.own import held as marks
from smile.own import jobs
from smile.own.jobs import Job
from smile.own.quota import ALL_FULL, FullError
from smile.own.workspaces import Workspaces
from smile.settings import Settings
from smile.transcription.segments import KeptSegments, kept_segments
from smile.ui.files import taken, uploaded
from smile.ui.parts.components import stage
from smile.ui.transcribe.view import Unfinished, View
from smile.util.log import outdated
from smile.util.timing import telling

if TYPE_CHECKING:
    from smile.transcription.result import Result
    from smile.ui.engine import Engine

ELSEWHERE = (
    "The same transcription is under way in another window; wait until it is done, or cancel it there."
)
ANEW = "The examples, the model or SMILE have changed since this was broken off, so it was begun anew."


@dataclass
class Kept:
    """What is kept of a transcription; nothing where there is no job. To be closed however it ends."""

    held: ExitStack
    job: Job | None = None
    short: bool = False  # whether it is of one segment, of which nothing is kept before its end
    segments: KeptSegments | None = None
    anew: bool = False  # whether what was kept before was of other examples, another model or SMILE

    def open(self, facts: dict[str, Any]) -> None:
        """Go on with the segments that depend on these facts; those of others are removed."""
        if self.job:
            self.anew = outdated(self.job.segments, facts)
            self.segments = self.held.enter_context(kept_segments(self.job.segments, facts))

    def close(self) -> None:
        """Let go of the job, which stays if it is not finished."""
        self.held.close()

    @contextmanager
    def under_way(self, noted: Unfinished) -> Iterator[None]:
        """Close it at the end of a run; it is marked as stopped where that is a cancel or an error.

        A run that ends with its page leaves no mark, so that the next page goes on by itself.
        """
        noted.job = self.job
        with closing(self):
            try:
                yield
            except Exception:
                self.stop()
                raise
            finally:
                if noted.cancelled:
                    self.stop()

    def stop(self) -> None:
        """Let it not go on by itself; a short one is removed, since its recording is still on the page."""
        if self.short:
            self.finish()
        elif self.job:
            marks.stop(self.job.folder)

    def told(self, result: Result) -> Result:
        """Return a result that says where it was begun anew."""
        return replace(result, problem=f"{ANEW} {result.problem}".strip()) if self.anew else result

    def finish(self) -> None:
        """Remove the job, whose transcription is done."""
        if self.job:
            jobs.remove(self.job)


@dataclass(frozen=True)
class Keeper:
    """Keeps transcriptions under way with all else of their visitors."""

    engine: Engine
    visitors: Workspaces

    def begun(
        self, key: str | None, audio: str | None, recording: Recording, pool: str | None, settings: Settings
    ) -> Generator[View, None, Kept]:
        """Return what is kept of a transcription; made where nothing is kept of it yet.

        Yields the page while it waits for an earlier run, and with the visitor's key, where that is new.
        Where there is no room, nothing is kept; nor of one segment where the same is under way in another
        window, or as many others as may be are left: these are of more work.

        Raises:
            SmileError: the same is under way in another window.
        """
        seconds = len(recording.samples) / SAMPLE_RATE
        short = seconds <= settings.max_segment_seconds
        asked = jobs.asked(pool, settings, seconds)
        for _ in range(2):
            try:
                uploaded(audio)
                key = key if self.visitors.has(key) else self.visitors.new()
                job = self._job(key, audio, asked, short)
            except (SmileError, OSError):
                return Kept(ExitStack())
            yield View(key=key)
            stack = yield from telling(marks.waited(job.folder), View(stage=stage(marks.STOPPING, "working")))
            if stack or job.folder.is_dir():
                break  # or else it was finished, or discarded, meanwhile
        if stack is None and not short:
            raise SmileError(ELSEWHERE)
        return Kept(stack, job, short) if stack else Kept(ExitStack())

    def _job(self, key: str | None, audio: str | None, asked: jobs.Asked, short: bool) -> Job:
        """The job of an upload, which may be there already; a short one takes no other's place."""
        workspace, upload = self.visitors.open(key), uploaded(audio)
        with suppress(SmileError):
            job = jobs.find(workspace, jobs.id_of(upload, asked))
            os.utime(job.folder)
            return job
        others = len(jobs.jobs(workspace)) if short else 0
        if upload.stat().st_size >= workspace.room() or others >= jobs.MOST:
            raise FullError(ALL_FULL)
        with workspace.work() as work:
            (copy,) = taken([upload], work)
            return jobs.begin(workspace, copy, asked, work)
