"""Which engine serves best on this machine: seconds, and CER against the reference, on the same clips."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from smile.audio.features import log_mel
from smile.audio.io import read_audio
from smile.bench.report import markdown_table, memory, stamp
from smile.corpora import read_corpus
from smile.datatypes import SAMPLE_RATE, Samples, SmileError, Speech, Utterance
from smile.settings import WHOLE_WINDOW, WINDOWS
from smile.text.scoring import score
from smile.transcription.options import ALONE
from smile.transcription.target import Target
from smile.whisper import packages, weights
from smile.whisper.engines import load_recognizer
from smile.whisper.model import Model, Models
from smile.whisper.tokenizer import Tokenizer

CANDIDATES = (  # engine, precision, windows; the first is the reference
    ("hf", "float32", WHOLE_WINDOW),
    ("lean", "float32", WHOLE_WINDOW),
    ("lean", "float32", WINDOWS),
    ("lean", "bfloat16", WINDOWS),
    ("lean", "int8", WHOLE_WINDOW),
    ("lean", "int8", WINDOWS),
)


@dataclass(frozen=True)
class Trial:
    """A clip of the benchmark, decoded from its file."""

    utterance: Utterance
    samples: Samples


def run(sources: Sequence[Path], limit: int, split: str) -> str:
    """Time every engine on the first clips of each source and compare their CER -> Markdown."""
    trials = [trial for source in sources for trial in islice(_trials(source, split), limit)]
    base = weights.find()
    rows = [_row(base, trials, *candidate) for candidate in CANDIDATES]
    rows += list(_ctranslate2(trials))
    seconds = sum(len(t.samples) for t in trials) / SAMPLE_RATE
    head = f"{len(trials)} clips, {seconds:.0f} s of speech, vanilla, greedy; {stamp()}"
    return f"{head}\n\n{markdown_table(rows)}\n\nMost memory held: {memory():.2f} GB (all engines together)."


def _trials(source: Path, split: str) -> Iterator[Trial]:
    for utterance in read_corpus(source, split).utterances:
        yield Trial(utterance, read_audio(utterance.audio))


def _row(
    base: weights.Base, trials: Sequence[Trial], engine: str, precision: str, windows: tuple[float, ...]
) -> dict[str, object]:
    began = time.perf_counter()
    recognizer = load_recognizer(base, engine=engine, precision=precision)
    loading = time.perf_counter() - began
    model = Model(recognizer, Tokenizer.of(base), windows)
    encoding = median(lambda: recognizer.encode(log_mel(trials[0].samples, max(windows))))
    step = _step_seconds(model.within(WHOLE_WINDOW), trials[0].samples)
    began = time.perf_counter()
    edits = length = 0
    for trial in trials:
        scored = score(trial.utterance.text, _words(model, trial.samples))
        edits, length = edits + scored.edits, length + scored.length
    clip = (time.perf_counter() - began) / len(trials)
    line = _line(f"{engine} {precision}", windows, loading, encoding)
    measured = {"a token, ms": f"{1000 * step:.1f}", "a clip, s": f"{clip:.2f}"}
    return {**line, **measured, "CER, %": f"{100 * edits / length:.1f}"}


def _line(name: str, windows: tuple[float, ...], loading: float, encoding: float) -> dict[str, object]:
    return {
        "engine": name,
        "windows, s": "30" if windows == WHOLE_WINDOW else ", ".join(f"{w:g}" for w in windows),
        "load, s": f"{loading:.2f}",
        "encode 30 s, s": f"{encoding:.3f}",
        **dict.fromkeys(("a token, ms", "a clip, s", "CER, %"), "–"),
    }


def _words(model: Model, samples: Samples) -> str:
    target = Target(Models(model, model), Speech(0.0, len(samples) / SAMPLE_RATE, samples))
    *_, last = target.vanilla(replace(ALONE, windows=model.windows))
    return last.decoded.text


def _step_seconds(model: Model, samples: Samples) -> float:
    start, session = model.tokenizer.start, model.decoder(model.encode(samples))
    session.step(np.array([[start] * 4]))
    return median(lambda: session.step(np.array([[start]])), times=30)


def median(work: Callable[[], Any], times: int = 5) -> float:
    """Return the median seconds of a piece of work, after one run to warm up."""
    work()
    seconds = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return float(np.median(seconds))


def _ctranslate2(trials: Sequence[Trial]) -> Iterator[dict[str, object]]:
    """CTranslate2's encoder on the same weights; its decoder cannot be steered, so it is not timed."""
    try:
        import ctranslate2
    except ImportError as error:
        raise SmileError("This benchmark needs CTranslate2: pip install ctranslate2") from error
    features = ctranslate2.StorageView.from_array(np.ascontiguousarray(log_mel(trials[0].samples)[None]))
    for precision in ("float32", "int8"):
        with ct2_folder() as folder:
            began = time.perf_counter()
            model = ctranslate2.models.Whisper(str(folder), device="cpu", compute_type=precision)
            loading = time.perf_counter() - began
        encoding = median(partial(model.encode, features))
        yield _line(f"CTranslate2 {precision}", WHOLE_WINDOW, loading, encoding)


@contextmanager
def ct2_folder() -> Iterator[Path]:
    """The weight packages' files as the folder that CTranslate2 wants."""
    packaged = packages.load(packages.installed())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "model.bin").write_bytes(packaged.model)
        shutil.copy(packaged.config, folder)
        shutil.copy(packaged.tokenizer, folder)
        shutil.copy(packaged.config.with_name("vocabulary.txt"), folder)
        yield folder
