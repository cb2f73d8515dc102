"""Live text as it would appear: delay of words, real-time factor, CER beside greedy and final text.

The first clips of a split come in chunks as a microphone would give them, each clip as a recording of its
own, and then all of them, with pauses, as one. Nothing sleeps: the time of an answer is that of the sound
which it was given, or of the answer before, and the seconds that its step took. A word can be read when its
place first has at least half of it right, has appeared when it is there as the final live text has it, and
stays from when its place has nothing else; its end is that of an alignment of that text.

    smile bench live --data ML_SUPERB --languages mdw,gla --split 10min_dev --limit 25
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
from rapidfuzz.distance import Levenshtein

from smile.acoustic.align import FORCED, align
from smile.acoustic.ctc import greedy
from smile.acoustic.head import Head
from smile.acoustic.live import DEFAULTS, LiveSettings, LiveTranscriber
from smile.acoustic.model import AcousticModel, open_acoustic
from smile.acoustic.states import readings
from smile.acoustic.stretches import all_logprobs
from smile.audio.io import read_audio
from smile.bench.acoustic import Errors
from smile.bench.known import PAUSE
from smile.bench.pools import pool_of
from smile.bench.report import markdown_table, memory, stamp
from smile.corpora import open_corpus
from smile.datatypes import SAMPLE_RATE, Samples, SmileError, Utterance
from smile.transcription.preparing import prepare_acoustic
from smile.util.timing import finished
from smile.whisper.model import Model, load_models

CHUNK = 0.25  # seconds
Said = Callable[[str], None]


@dataclass(frozen=True)
class Asked:
    """What is measured."""

    data: Path  # ML-SUPERB
    split: str = "10min_dev"
    limit: int = 25  # clips of a language
    pools: Path | None = None  # with acoustic models, by language code; None: they are made, and thrown away
    settings: LiveSettings = DEFAULTS


@dataclass(frozen=True)
class Shown:
    """What is shown from a time on, in seconds from the beginning of the recording."""

    at: float
    text: str


class Delay(NamedTuple):
    """Seconds from the end of a word until its place has so much of it."""

    half: float  # half of its characters, so that it can be read
    whole: float  # all of it
    stays: float  # and nothing else any more


@dataclass
class Measured:
    """The figures of some recordings."""

    delays: list[Delay] = field(default_factory=list)  # of words
    steps: list[float] = field(default_factory=list)  # seconds that steps took
    seconds: float = 0.0  # of sound
    skipped: float = 0.0  # of it, that were never read
    errors: Errors = field(default_factory=Errors)

    def row(self) -> dict[str, object]:
        """Return the figures as columns."""
        half, whole, stays = zip(*self.delays, strict=True) if self.delays else ((), (), ())
        return {
            "sound, s": f"{self.seconds:.0f}",
            "words": len(self.delays),
            "can be read after, s (95th percentile)": _quantiles(half),
            "appears after, s": _quantiles(whole),
            "stays after, s": _quantiles(stays),
            "a step, s": _quantiles(self.steps),
            "RTF": f"{sum(self.steps) / max(1e-9, self.seconds):.2f}",
            "skipped, s": f"{self.skipped:.1f}",
            "live, CER %": f"{self.errors.cer:.1f}",
        }


def run(asked: Asked, languages: Sequence[str], said: Said = lambda _: None) -> str:
    """Measure languages on the first clips of a split -> Markdown; `said` hears each row as it is done."""
    models, rows = load_models(), list[dict[str, object]]()
    for language in languages:
        with tempfile.TemporaryDirectory() as work:
            pool = pool_of(asked.data, models, language, Path(work), asked.pools)
            if asked.pools is None:
                prepare_acoustic(pool, models.smile)
            clips = open_corpus(asked.data).read(language, asked.split).utterances[: asked.limit]
            for row in measured(models.smile, open_acoustic(pool, models.smile), clips, asked.settings):
                rows.append({"language": language, **row})
                said(", ".join(f"{name} {value}" for name, value in rows[-1].items()))
    if not rows:
        raise SmileError("Name languages with --languages.")
    head = f"{asked.split}, first {asked.limit} clips, chunks of {CHUNK:g} s, normaliser plain; {stamp()}"
    return f"{head}\n\n{markdown_table(rows)}\n\nMost memory held: {memory():.2f} GB."


def measured(
    model: Model, acoustic: AcousticModel, clips: Sequence[Utterance], settings: LiveSettings = DEFAULTS
) -> Iterator[dict[str, object]]:
    """Yield the figures of clips each as a recording, and of all of them as one."""
    code, head = acoustic.head.form.language, acoustic.head
    whole, final, apart = Errors(), Errors(), Measured()
    sounds = [read_audio(clip.audio) for clip in clips]
    for clip, sound in zip(clips, sounds, strict=True):
        read = readings(model, sound, head.reads.layers)
        whole.add(clip.text, greedy(head(read[0]), head.alphabet).strip(), code)
        final.add(clip.text, acoustic.decode(*read).text, code)
        apart.errors.add(clip.text, measure(model, head, sound, apart, settings), code)
    beside = {"whole clips, greedy, CER %": f"{whole.cer:.1f}", "final, CER %": f"{final.cer:.1f}"}
    yield {"recordings": len(clips), **apart.row(), **beside}
    joined = Measured()
    silence = np.zeros(round(PAUSE * SAMPLE_RATE), np.float32)
    sound = np.concatenate([piece for one in sounds for piece in (one, silence)])
    text = measure(model, head, sound, joined, settings)
    joined.errors.add(" ".join(clip.text for clip in clips), text, code)
    yield {"recordings": 1, **joined.row(), **beside}


def measure(
    model: Model, head: Head, samples: Samples, into: Measured, settings: LiveSettings = DEFAULTS
) -> str:
    """Add a recording's delays and seconds to what is measured; return its live text."""
    shown, steps, skipped = simulated(LiveTranscriber(model, head, settings), samples)
    into.seconds += len(samples) / SAMPLE_RATE
    into.steps += steps
    into.skipped += skipped
    text = " ".join(shown[-1].text.split())
    if text:
        logprobs = np.concatenate(list(all_logprobs(model, head, samples)))
        (line,) = finished(align(head, logprobs, [text], FORCED)).lines
        words = line.parts if line else ()
        into.delays += delays([word.end for word in words], text.split(), shown)
    return text


def simulated(
    live: LiveTranscriber, samples: Samples, clock: Callable[[], float] = time.perf_counter
) -> tuple[list[Shown], list[float], float]:
    """Return what is shown when, the seconds that steps took, and those of sound that were skipped."""
    chunk, sent, now = round(CHUNK * SAMPLE_RATE), 0, 0.0
    shown, steps, committed, skipped = list[Shown](), list[float](), "", 0.0
    while sent < len(samples):
        now = max(now, min(len(samples), sent + chunk) / SAMPLE_RATE)
        arrived = round(now * SAMPLE_RATE)
        arrived = len(samples) if arrived >= len(samples) else arrived // chunk * chunk
        live.take(samples[sent:arrived])
        sent, last = arrived, arrived == len(samples)
        if last or live.due:
            began = clock()
            said = live.finish() if last else live.step()
            steps.append(clock() - began)
            now += steps[-1]
            committed, skipped = committed + said.added, skipped + said.skipped
            shown.append(Shown(now, committed + said.tentative))
    return shown, steps, skipped


def delays(ends: Sequence[float], words: Sequence[str], shown: Sequence[Shown]) -> list[Delay]:
    """Return what passes from the ends of words until each is at its place, or nothing without all ends."""
    if len(ends) != len(words):
        return []
    texts = [one.text.split() for one in shown]
    found = list[Delay]()
    for place, (end, word) in enumerate(zip(ends, words, strict=True)):
        right = [
            Levenshtein.normalized_similarity(text[place], word) if len(text) > place else 0.0
            for text in texts
        ]
        there = [share == 1.0 for share in right]
        since = len(there) - there[::-1].index(False) if False in there else 0
        half = next(i for i, share in enumerate(right) if share >= 0.5)
        found.append(Delay(*(shown[i].at - end for i in (half, there.index(True), since))))
    return found


def _quantiles(values: Sequence[float]) -> str:
    """Return the median, and in brackets the 95th percentile."""
    return f"{np.median(values):.2f} ({np.quantile(values, 0.95):.2f})" if values else "\u2013"
