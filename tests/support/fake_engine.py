"""An engine that recognises nothing: it writes known texts, word by word, and remembers what it was asked."""

from __future__ import annotations

import math
import struct
import time
import wave
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from smile.datatypes import (
    DecodingResult,
    EncoderId,
    Language,
    LanguageDetection,
    Neighbour,
    RecognizerInfo,
    Samples,
    Span,
    Speech,
    Utterance,
    Vector,
)
from smile.demo.measured import Measurements, samples
from smile.evaluation.compare import Cell, Grid
from smile.pools.kept import kept_beside
from smile.pools.pool import Pool, open_pool, read_header
from smile.settings import ACOUSTIC_SHARE, Settings
from smile.transcription.options import identity
from smile.transcription.pipeline import PROVISIONAL
from smile.transcription.result import Result, Segment, Transcript
from smile.transcription.segments import KeptSegments
from smile.transcription.target import RetrievedExamples
from smile.ui.scheduler import Scheduler
from smile.ui.sources import PoolChoice
from smile.whisper.model import Models
from tests import conftest
from tests.support import tones

DEMO = conftest.POOLS
ENCODER = read_header(DEMO / "gla").encoder  # of the demo pools and of their maps
POOLS = (
    PoolChoice("gla", Language("gla", "Scottish Gaelic", "Celtic", "Latin"), 90, synthetic=True),
    PoolChoice("chr", Language("chr", "Cherokee", "Iroquoian", "Cherokee"), 90, synthetic=True),
    PoolChoice("mini/ckb", Language("ckb", "Central Kurdish", "Iranian", "Arabic"), 150, source="mini"),
)
TEXTS = {
    "gla": ("Diluain an treas latha den Mhàrt", "A' Ghearmailt agus an Fhraing", "naoidheamh latha deug"),
    "chr": ("ᎤᎾᏙᏓᏉᏅᎯ ᏔᎵᏁᎢᎦ", "ᎠᏂᏣᎳᎩ ᎦᏬᏂᎯᏍᏗ", "ᎤᏃᎸᏔᏅ ᏔᎵᏁ"),
    "mini/ckb": ("زمانی کوردی زۆر خۆشە", "دووشەممە سێیەمی ئازار", "ئەڵمانیا و فەڕەنسا"),
}
DEFAULTS = {  # of the page's settings, by the names of their components
    "shots": 3,
    "sampler": "nearest",
    "divergence": "kl",
    "seed": 0,
    "language_token": "pool",
    "timestamps": True,
    "beam_size": 1,
    "windows": "10,15,20,30",
    "max_segment_seconds": 15.0,
    "split_short": True,
    "length_limit": True,
    "knn": 1.0,
    "total_seconds": 0.0,
    "no_repeat": True,
    "characters": "off",
    "cut_loops": True,
    "level": "context",
    "acoustic_share": ACOUSTIC_SHARE,
}
HEARD = "Jeelone and rest lah an valt"


def tone(path: Path, seconds: float, pitch: float) -> Path:
    """A sine of 16 kHz, so that players have something to play."""
    frames = [int(9000 * math.sin(2 * math.pi * pitch * i / 16000)) for i in range(int(16000 * seconds))]
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(struct.pack(f"<{len(frames)}h", *frames))
    return path


class FakeEngine:
    """Stands in for `smile.ui.engine.Engine`."""

    def __init__(self, folder: Path, pace: float = 0.0, lines: int = 1, adapter: str = ""):
        self.folder, self.pace, self.lines, self.adapter = folder, pace, lines, adapter
        self.asked: list[tuple[int, str | None, Settings]] = []  # samples, pool, settings
        self.compared: list[tuple[int, str, Grid]] = []  # samples, pool, cells
        self.prepared: list[tuple[str | None, tuple[Settings, ...], Sequence[Settings]]] = []
        self.running = 0
        self.steps = 0
        self.error: Exception | None = None
        self.edition = 1  # of the examples
        self.provisional = ""  # what is written by examples alone while the pool is read
        self.failing: Exception | None = None  # what ends the reading
        self.unread = 0  # clips of the pool that are still to be read
        self.scheduler = Scheduler()
        self.loading: Future[Models] = Future()
        self.loading.set_result(tones.models(ENCODER, adapter="a" * 12))
        for key, texts in TEXTS.items():
            for i in range(len(texts)):
                tone(folder / f"{key.replace('/', '-')}-{i}.wav", 1.0 + 0.5 * i, 220 + 60 * i)

    @property
    def measured(self) -> Measurements:
        return samples()

    def pools(self) -> tuple[PoolChoice, ...]:
        return POOLS

    def choice(self, key: str | None) -> PoolChoice | None:
        return next((pool for pool in POOLS if pool.key == key), None)

    def problem(self, key: str | None) -> str:
        return ""

    def audio_folders(self) -> list[Path]:
        return [self.folder]

    def queries(self, key: str | None) -> tuple[Utterance, ...]:
        return tuple(self._utterance(key, i, text) for i, text in enumerate(TEXTS.get(key or "", ())))

    def recording(self, key: str | None, name: str) -> Utterance | None:
        return next((utterance for utterance in self.queries(key) if utterance.id == name), None)

    def examples(self, key: str | None) -> tuple[Utterance, ...]:
        pool = self.pool(key, ENCODER)
        return pool.utterances if pool else ()

    def pool(self, key: str | None, encoder: EncoderId) -> Pool | None:
        if key not in ("gla", "chr") or encoder != ENCODER:
            return None
        return kept_beside(open_pool(DEMO / key, encoder), self.folder / f"{key}-kept")

    def warm(self) -> Future[Models]:
        return self.loading

    def fit(self, key: str) -> None:
        """Let a pool have an acoustic model, which writes the language of tones."""
        from smile.acoustic import store
        from smile.acoustic.recipe import Recipe

        pool = self.pool(key, ENCODER)
        assert pool is not None
        store.write(pool, [tones.head(ENCODER, pool.language.code)], [Recipe()])

    def embed(self, samples: Samples, encoder: EncoderId) -> Vector:
        if self.error:
            raise self.error
        assert encoder == ENCODER
        return open_pool(DEMO / "gla").embeddings[7]

    def nearest(self, samples: Samples, key: str, count: int, divergence: str) -> tuple[Neighbour, ...]:
        self.neared = (len(samples), key, count, divergence)
        return self._examples(key, Settings(shots=count)).neighbours[:count]

    def _utterance(self, key: str | None, i: int, text: str) -> Utterance:
        audio = self.folder / f"{str(key).replace('/', '-')}-{i}.wav"
        return Utterance(f"q{i}", audio, text, str(key)[-3:], f"voice{i}", 1.0 + 0.5 * i)

    def load(self) -> Iterator[str]:
        yield "Loading Whisper"
        for _ in range(5 if self.pace else 0):
            time.sleep(self.pace)
            yield "Loading Whisper"

    def prepare(
        self, key: str | None, *wanted: Settings, untrained: Sequence[Settings] = ()
    ) -> Iterator[str]:
        self.prepared.append((key, wanted, untrained))
        yield from self.load()

    def facts(self, key: str | None, settings: Settings) -> dict[str, Any]:
        return {"settings": identity(settings), "pool": key, "examples": self.edition}

    def transcribe(
        self,
        samples: Samples,
        key: str | None,
        settings: Settings,
        kept: KeptSegments | None = None,
        provisional: bool = True,
    ) -> Iterator[Result]:
        self.asked.append((len(samples), key, settings))
        self.running += 1
        try:
            yield from self._snapshots(len(samples) / 16000, key, settings, kept, provisional)
        finally:
            self.running -= 1

    def compare(self, samples: Samples, key: str, grid: Grid) -> Iterator[Cell]:
        self.compared.append((len(samples), key, grid))
        self.running += 1
        try:
            for i, place in enumerate(grid.places()):
                time.sleep(4 * self.pace)
                if self.error:
                    raise self.error
                shown = self._examples(key, Settings(shots=place.shots or 0)).neighbours
                text = HEARD if place.shots is None else self.queries(key)[0].text[: 6 + i]
                yield Cell(place, text, 0.1 * (i + 1), 0.8, (shown,))
        finally:
            self.running -= 1

    def _snapshots(
        self, seconds: float, key: str | None, settings: Settings, kept: KeptSegments | None, ahead: bool
    ) -> Iterator[Result]:
        info = RecognizerInfo("fake", "float32", EncoderId("fake", "0" * 12), self.adapter)
        result = Result(seconds, settings, info, str(key), stage="Listening for speech")
        yield result
        if self.error:
            raise self.error
        for i in range(self.lines):
            speech = Speech(7.5 * i, 7.5 * i + 6, np.zeros(0, np.float32))
            if kept and (known := kept.extended(result, speech)):
                result = known
                continue
            before = result
            for side in self._writing(HEARD, result.vanilla, i, "en"):
                result = replace(result, vanilla=side, stage="Whisper alone")
                yield result
            early = ahead and self.unread and self.provisional
            yield from self._reading((yield from self._early(result, key)) if early else result, key)
            example = (7.5 * i, self._examples(key, settings))
            result = replace(result, examples=(*result.examples, example))
            token = settings.language_token if len(settings.language_token) == 2 else "cy"
            for side in self._writing(self.queries(key)[0].text, result.smile, i, token):
                result = replace(result, smile=side, stage="With examples")
                yield result
            if settings.level != "context":
                result = replace(result, smile=_judged(result.smile))
            if kept:
                kept.add(before, result)
        done = {"vanilla": replace(result.vanilla, done=True), "smile": replace(result.smile, done=True)}
        yield replace(result, **done, stage="Done", done=True)

    def _early(self, result: Result, key: str | None) -> Generator[Result, None, Result]:
        settings = replace(result.settings, level="context", knn=0.0)
        result = replace(result, provisional=True, settings=settings, stage=PROVISIONAL)
        result = replace(result, examples=((0.0, self._examples(key, settings)),))
        for side in self._writing(self.provisional, result.smile, 0, "cy"):
            yield (result := replace(result, smile=side))
        return result

    def _reading(self, result: Result, key: str | None) -> Iterator[Result]:
        language, total = self.choice(key).language.name, self.unread
        while self.unread:
            line = f"Reading the examples of {language}: {total - self.unread} of {total} clips"
            yield replace(result, stage=line, waiting=line)
            time.sleep(self.pace)
            self.unread -= 1
            if self.failing:
                raise self.failing

    def _writing(self, text: str, side: Transcript, i: int, token: str) -> Iterator[Transcript]:
        words = text.split()
        for n in range(1, len(words) + 1):
            time.sleep(self.pace)
            self.steps += 1
            stopped = "" if n < len(words) else "loop" if side.segments else "end"
            decoded = DecodingResult((1,) * n, (-0.4,) * n, " ".join(words[:n]), stopped)
            segment = Segment(7.5 * i, 7.5 * i + 6, decoded, token, LanguageDetection("cy", 0.43, 0.02))
            yield replace(side, segments=(*side.segments[:i], segment), seconds=0.1 * n)

    def _examples(self, key: str | None, settings: Settings) -> RetrievedExamples:
        texts = TEXTS[str(key)]
        neighbours = [
            Neighbour(self._utterance(key, n % 3, texts[n % 3]), n, n + 1, 0.0123 * (n + 1))
            for n in range(settings.shots)
        ]
        return RetrievedExamples(tuple(neighbours[:4]), tuple(neighbours[4:]))


def _judged(side: Transcript) -> Transcript:
    """The same with a confidence of each word, every other one doubtful."""
    *before, last = side.segments
    words = enumerate(last.text.split())
    spans = tuple(Span(last.start + n, last.start + n + 0.5, word, (0.9, 0.2)[n % 2]) for n, word in words)
    return replace(side, segments=(*before, replace(last, words=spans)))


def keeper(engine: FakeEngine) -> Any:
    """What keeps its long transcriptions, beside its clips."""
    from smile.own.workspaces import Workspaces
    from smile.ui.transcribe.keeping import Keeper

    return Keeper(engine, Workspaces(engine.folder / "visitors", 24))  # type: ignore[arg-type]


def in_three(
    models: Any, samples: Any, pool: Any, settings: Settings, kept: Any = None, cuts: Any = ()
) -> Iterator[Result]:
    """A transcription of three segments, those that are kept left out."""
    result = Result(9.0, settings, models.smile.info)
    for number in range(3):
        speech = Speech(3.0 * number, 3.0 * number + 2, samples[:8])
        if known := kept.extended(result, speech):
            result = known
            continue
        decoded = DecodingResult((1,), (0.0,), f"piece {number}", "end")
        segment = Segment(speech.start, speech.end, decoded, "cy", LanguageDetection("cy", 1.0, 0.0))
        before, whole = result, Transcript((*result.vanilla.segments, segment))
        result = replace(result, vanilla=whole)
        yield result
        kept.add(before, result)
    yield replace(result, vanilla=replace(result.vanilla, done=True), done=True)


def in_three_slowly(written: list[str], seconds: float) -> Callable[..., Iterator[Result]]:
    """What `in_three` does, with so many seconds after each text, which is added to those written."""

    def transcribe(*given: Any) -> Iterator[Result]:
        for result in in_three(*given):
            if not result.done:
                written.append(result.vanilla.segments[-1].text)
            time.sleep(seconds)
            yield result

    return transcribe
