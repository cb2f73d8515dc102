"""What the tests of the page share: a visitor's service, and a quick transcription."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from smile.audio.io import write
from smile.datatypes import DecodingResult, EncoderId, LanguageDetection, RecognizerInfo, Samples
from smile.own.workspaces import Workspaces
from smile.pools.pool import Pool, open_pool
from smile.settings import WINDOWS, Settings
from smile.transcription import batch
from smile.transcription.result import Result, Segment, Transcript
from smile.ui import VisitorService
from smile.ui.scheduler import Scheduler
from smile.ui.transcribe.keeping import Keeper
from tests.conftest import POOLS
from tests.support import tones
from tests.support.fake_engine import FakeEngine
from tests.support.tones import SPOKEN
from tests.support.visitors import with_tones

DEMO = open_pool(POOLS / "gla")


class IdleEngine:
    """Its models are there at once, and know nothing but their encoder."""

    def __init__(self) -> None:
        self.scheduler = Scheduler()
        self._models: Future[Any] = Future()
        info = RecognizerInfo("fake", "float32", DEMO.header.encoder or EncoderId("fake", "0" * 12))
        model = SimpleNamespace(info=info, windows=WINDOWS, recognizer=SimpleNamespace(depth=6, width=512))
        model.within = lambda windows: model
        self._models.set_result(SimpleNamespace(smile=model))

    def load(self) -> Iterator[str]:
        return iter(())

    def warm(self) -> Future[Any]:
        return self._models


@pytest.fixture
def idle(tmp_path: Path) -> VisitorService:
    return VisitorService(IdleEngine(), Workspaces(tmp_path / "visitors", 24))  # type: ignore[arg-type]


@pytest.fixture
def service(tmp_path: Path) -> VisitorService:
    """One whose engine writes what it is told to."""
    visitors = Workspaces(tmp_path / "visitors", 24)
    return VisitorService(FakeEngine(tmp_path), visitors)  # type: ignore[arg-type]


@pytest.fixture
def key(service: VisitorService) -> str:
    """A visitor whose examples have an acoustic model of tones."""
    return with_tones(service)


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """A recording in which three lines are spoken."""
    write(tmp_path / "story.wav", tones.said(SPOKEN))
    return tmp_path / "story.wav"


@pytest.fixture
def engine(tmp_path: Path) -> FakeEngine:
    """One that writes a long recording in three segments."""
    return FakeEngine(tmp_path, lines=3)


@pytest.fixture
def keeper(engine: FakeEngine, tmp_path: Path) -> Keeper:
    return Keeper(engine, Workspaces(tmp_path / "visitors", 24))  # type: ignore[arg-type]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[float, int]]:
    """Transcription that says how long a recording is, and its shots; the list: what it was asked for."""
    calls: list[tuple[float, int]] = []

    def transcribe(
        models: Any, samples: Samples, pool: Pool | None, settings: Settings, *_: Any
    ) -> Iterator[Result]:
        calls.append((len(samples) / 16000, settings.shots))
        decoded = DecodingResult((1,), (0.0,), f"{calls[-1][0]:.2f} s with {settings.shots}")
        segment = Segment(0, calls[-1][0], decoded, "cy", LanguageDetection("cy", 1, 0))
        result = Result(calls[-1][0], settings, models.smile.info, vanilla=Transcript((segment,)))
        yield result
        yield replace(result, vanilla=Transcript((segment,), done=True), done=True)

    monkeypatch.setattr(batch, "transcribe", transcribe)
    return calls
