"""Seconds to both transcripts of a clip with one example, beside the same work by transformers' pipeline."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from smile.audio.features import log_mel
from smile.audio.io import read_audio
from smile.bench.engines import median
from smile.bench.report import markdown_table, memory, stamp
from smile.corpora import read_corpus
from smile.datatypes import SAMPLE_RATE, EncoderId, Language, RecognizerInfo, Samples, Utterance
from smile.pools.pool import Header, Pool
from smile.settings import WHOLE_WINDOW, Settings
from smile.transcription.pipeline import transcribe
from smile.whisper import weights
from smile.whisper.encoder import pooled
from smile.whisper.model import Models, load_models
from smile.whisper.tokenizer import Tokenizer, load_tokenizer

LENGTH = 6.0  # seconds of the clip and of its example
REPEATS = 5


def run(source: Path, split: str) -> str:
    """Time the two clips of a corpus that are nearest to 6 s, one as the example -> Markdown."""
    example, target = lasting(read_corpus(source, split).utterances, LENGTH, 2)
    samples = read_audio(target.audio)
    rows = []
    models = load_models(adapter=None)
    before = memory()
    for name, windows in (("SMILE", Settings().windows), ("SMILE, always 30 s", WHOLE_WINDOW)):
        pool = _pool(models, example)
        settings = Settings(windows=windows, knn=0.0)  # a pool of one clip has no neighbours
        rows.append(_row(name, median(partial(_both, models, samples, pool, settings), REPEATS)))
    baseline = median(_pipeline(samples, read_audio(example.audio)), REPEATS)
    rows.append(_row("pipeline × 2 and an embedding pass", baseline))
    for row in rows:
        row["ratio"] = f"{float(str(row['seconds'])) / baseline:.2f}"
    clip, shot = len(samples) / SAMPLE_RATE, example.seconds
    head = f"A clip of {clip:.1f} s with one example of {shot:.1f} s; median of {REPEATS}; {stamp()}"
    return f"{head}\n\n{markdown_table(rows)}\n\nMost memory held by SMILE alone: {before:.2f} GB."


def _row(name: str, seconds: float) -> dict[str, object]:
    return {"way": name, "seconds": f"{seconds:.2f}"}


def lasting(utterances: Sequence[Utterance], seconds: float, count: int) -> list[Utterance]:
    """Return so many of the first 150 clips that last about so long, nearest first."""
    timed = [replace(u, seconds=len(read_audio(u.audio)) / SAMPLE_RATE) for u in utterances[:150]]
    return sorted(timed, key=lambda u: abs(u.seconds - seconds))[:count]


def _pool(models: Models, example: Utterance) -> Pool:
    embedding = models.smile.embed(read_audio(example.audio))
    header = Header(language=Language(example.language), encoder=models.smile.info.encoder)
    return Pool(Path("one-example"), header, (example,), embedding[None], ())


def _both(models: Models, samples: Samples, pool: Pool, settings: Settings) -> None:
    for _ in transcribe(models, samples, pool, settings):
        pass


def _pipeline(target: Samples, example: Samples) -> Callable[[], Any]:
    """The obvious way: the pipeline on the clip and on both clips, and the encoder for retrieval."""
    from smile.whisper.engines.hf import HfRecognizer, whisper

    base = weights.find()
    info = RecognizerInfo("hf", "float32", EncoderId(base.name, base.sha256[:12]))
    encoder = HfRecognizer(base.state(), base.config, info)
    recognize = asr_pipeline(base, whisper(base.state(), base.config).eval())
    both = np.concatenate([example, target])

    def work() -> None:
        recognize(target.copy(), generate_kwargs={"task": "transcribe"})
        recognize(both.copy(), generate_kwargs={"task": "transcribe"})
        pooled(encoder.encode(log_mel(target)), len(target) / SAMPLE_RATE)

    return work


def asr_pipeline(base: weights.Base, model: Any) -> Any:
    """Return transformers' own pipeline over the same weights."""
    from transformers import GenerationConfig, WhisperFeatureExtractor, WhisperTokenizer, pipeline

    tokenizer = Tokenizer.of(base)
    model.generation_config = GenerationConfig(
        is_multilingual=True,
        lang_to_id={f"<|{code}|>": token for code, token in tokenizer.languages.items()},
        task_to_id={"transcribe": tokenizer.transcribe},
        no_timestamps_token_id=tokenizer.no_timestamps,
        decoder_start_token_id=tokenizer.start,
        eos_token_id=tokenizer.end,
        pad_token_id=tokenizer.end,
        suppress_tokens=list(tokenizer.suppress),
        begin_suppress_tokens=list(tokenizer.suppress_first),
        max_length=base.config["max_target_positions"],
    )
    fast = WhisperTokenizer(tokenizer_object=load_tokenizer(base.tokenizer))
    return pipeline(
        "automatic-speech-recognition",
        model=model,
        tokenizer=fast,
        feature_extractor=WhisperFeatureExtractor(),
    )
