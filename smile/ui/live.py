"""Live text of visitors who record: their sessions, and the address that takes their sound.

A session is begun by an event of the page, which knows its pool; whoever has its name sends sound to it, and
nobody can guess one. All of it is bounded: how many there are, how long and how much each may send, and how
much of the computing they take together. What cannot be kept up with is skipped, never queued.
"""

from __future__ import annotations

import secrets
from asyncio import wait_for
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property, partial
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING

import numpy as np
from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from smile.audio.chunks import Chunks
from smile.datatypes import Samples, SmileError
from smile.transcription.lengths import LISTED

if TYPE_CHECKING:
    from smile.acoustic.live import LiveText, LiveTranscriber
    from smile.ui.scheduler import Scheduler

LIVE = "smile/live"  # relative to the page
MOST = 4  # recordings at a time
IDLE = 15.0  # seconds without sound after which one is forgotten
PAUSED = 3.0  # seconds without sound after which one makes way for another where there are too many
MOST_SECONDS = 60 * LISTED  # of sound of one recording
MOST_BYTES = 1_000_000  # of one request: 10 s of 48 kHz
STALLED = 10.0  # seconds that the sound of a request may take to come
FULL = "Live text is written for {} recordings at a time; yours is transcribed when it has ended."
GONE = "This live text has ended."
EARLY = "The sound before is still being read; send one request at a time."
NO_SOUND = "Live sound is sent as 16-bit samples, at most {:,} bytes a request, with its rate in Hz."


@dataclass(eq=False)
class Session:
    """A recording under way."""

    owner: str  # who began it; one has one
    transcriber: LiveTranscriber
    used: float  # when it last sent sound
    chunks: Chunks | None = None
    busy: Lock = field(default_factory=Lock)
    asked: float | None = None  # since when it waits for a step

    def take(self, samples: Samples, rate: int) -> None:
        """Take samples (n,) at a rate, which stays the same; AudioError where it is no microphone's."""
        if self.chunks is None or self.chunks.rate != rate:
            self.chunks = Chunks(rate)
        self.transcriber.take(self.chunks.take(samples))


class LiveSessions:
    """All live recordings, and their share of the computing.

    After a step as much time passes as it took before another begins, so that live text takes half of the
    computing at most; of sessions that wait for a step, the one goes first that has waited longest.
    """

    def __init__(self, scheduler: Scheduler):
        self._scheduler = scheduler
        self._sessions: dict[str, Session] = {}
        self._changing = Lock()
        self._free = 0.0  # when the next step may begin
        self._stepping = False

    @cached_property
    def _threads(self) -> CapacityLimiter:
        return CapacityLimiter(MOST)

    def __len__(self) -> int:
        """Count the sessions that have not been forgotten."""
        self._forget()
        return len(self._sessions)

    def begin(self, owner: str, transcriber: LiveTranscriber) -> str:
        """Begin a session, in place of an earlier one of the same owner; return its name.

        Raises:
            SmileError: there are too many.
        """
        self._forget()
        name = secrets.token_urlsafe(24)
        with self._changing:
            for other in [n for n, session in self._sessions.items() if session.owner == owner]:
                del self._sessions[other]
            self._make_room()
            self._sessions[name] = Session(owner, transcriber, monotonic())
        return name

    def _make_room(self) -> None:
        """Forget, where there are too many, the one that has been silent for longest, if it is paused."""
        if len(self._sessions) < MOST:
            return
        name, session = min(self._sessions.items(), key=lambda item: item[1].used)
        if monotonic() - session.used < PAUSED:
            raise SmileError(FULL.format(MOST))
        del self._sessions[name]

    def end(self, name: str) -> None:
        """Forget a session."""
        with self._changing:
            self._sessions.pop(name, None)

    def _forget(self) -> None:
        """Forget sessions that have sent nothing for a while."""
        with self._changing:
            for name, session in list(self._sessions.items()):
                if monotonic() - session.used > IDLE:
                    del self._sessions[name]

    async def respond(self, request: Request) -> Response:
        """Take sound (POST) and answer with the text that it comes to, or forget the session (DELETE)."""
        name = request.path_params["name"]
        self._forget()
        session = self._sessions.get(name)
        if session is None:
            return PlainTextResponse(GONE, 404)
        if request.method == "DELETE":
            self.end(name)
            return Response(status_code=204)
        if not session.busy.acquire(blocking=False):
            return PlainTextResponse(EARLY, 429)
        try:
            return await self._answer(name, session, request)
        finally:
            session.busy.release()

    async def _answer(self, name: str, session: Session, request: Request) -> Response:
        length = _number(request.headers.get("content-length"))
        rate = _number(request.query_params.get("rate"))
        if length is None or rate is None or length > MOST_BYTES or length % 2:
            return PlainTextResponse(NO_SOUND.format(MOST_BYTES), 400)
        try:
            body = await wait_for(request.body(), STALLED)
        except TimeoutError:
            return PlainTextResponse(NO_SOUND.format(MOST_BYTES), 408)
        last = "end" in request.query_params
        work = partial(self._read, session, body, rate, last)
        try:
            said = await to_thread.run_sync(work, limiter=self._threads)
        except SmileError as error:
            return PlainTextResponse(str(error), 400)
        over = last or session.transcriber.seconds > MOST_SECONDS
        if over:
            self.end(name)
        return JSONResponse(_told(said, over))

    def _read(self, session: Session, body: bytes, rate: int, last: bool) -> LiveText | None:
        """The text that sound comes to; None where it is not yet its turn."""
        session.used = monotonic()
        session.take(np.frombuffer(body, "<i2").astype(np.float32) / np.float32(2**15), rate)
        transcriber = session.transcriber
        if not last and not (transcriber.due and self._may(session)):
            return None
        try:
            return self._step(transcriber, last)
        finally:
            session.used = monotonic()

    def _may(self, session: Session) -> bool:
        """Return whether a session may take a step now; if so, no other may until it has."""
        with self._changing:
            now = monotonic()
            session.asked = now if session.asked is None else session.asked
            waiting = [other.asked for other in self._sessions.values() if other.asked and _soon(other, now)]
            if self._stepping or now < self._free or min(waiting, default=now) < session.asked:
                return False
            self._stepping, session.asked = True, None
            return True

    def _step(self, transcriber: LiveTranscriber, last: bool) -> LiveText:
        """Take a step in turn with the steps of those whose recordings are transcribed."""
        began = monotonic()

        def work() -> Generator[LiveText]:
            nonlocal began
            began = monotonic()
            yield transcriber.finish() if last else transcriber.step()

        try:
            with self._scheduler.visit(), closing(self._scheduler.each(work())) as steps:
                return next(steps)
        finally:
            with self._changing:
                self._stepping, now = self._stepping and last, monotonic()
                self._free = now + (now - began)


def _soon(session: Session, now: float) -> bool:
    """Whether a session that waits for a step is likely to ask again soon."""
    return now - session.used < 1.0


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 10 else None


def _told(said: LiveText | None, over: bool) -> dict[str, object]:
    """What the page is told."""
    if said is None:
        return {"over": over}
    return {
        "added": said.added,
        "tentative": said.tentative,
        "skipped": round(said.skipped, 2),
        "over": over,
    }
