"""How well recordings that are near no clip of a pool are known: false alarms on its language, and clips of
other languages that are caught, with whole pools and with small ones, and with whole ones by other limits.

    smile bench near --data ML_SUPERB --split 10min_test

The background that ships is made of the meta-training languages:

    python -c "from smile.bench.near import make; make('ML_SUPERB')"
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from smile.audio.io import read_audio
from smile.bench.pools import TRAIN
from smile.bench.report import markdown_table, stamp
from smile.corpora import Corpus, open_corpus
from smile.datatypes import AudioError, Matrix, SmileError, Utterance
from smile.pools.background import SHIPPED, Background, background
from smile.pools.clip_encoder import Encoder
from smile.pools.nearness import Nearness, fit
from smile.retrieval.samplers import stable_shuffle
from smile.transcription.pipeline import embedded
from smile.whisper.model import Models, load_models

EVALUATED = ("mdw", "sxb", "chr", "gla", "qtu", "bel", "bul", "ell", "cat", "dan")
KNOWN = ("eng", "deu", "nld", "spa", "fra", "ron", "ces", "rus")  # of the meta-training
CLIPS = 50  # of each of these
SIZES = (0, 30, 12)  # clips of a pool; 0: all
RATES = ("false alarms %", "caught %")
LIMITS = (0.985, 0.99, 0.9925, 0.995)  # shares of clips like the pool's that keep them
Embedded = tuple[Sequence[Utterance], Matrix]


def run(data: Path, languages: Sequence[str], split: str, limit: int = 0) -> str:
    """Embed pools and clips, the latter as a transcription does, and return a Markdown table."""
    models, corpus = load_models(), open_corpus(data)
    codes = [code for code in languages or EVALUATED if code in corpus.languages(TRAIN)]
    if len(codes) < 2:
        raise SmileError("Nearness is measured between languages; name an ML-SUPERB folder with two or more.")
    pools = {code: _pool(models, corpus.read(code, TRAIN).utterances) for code in codes}
    clips = {code: _clips(models, corpus.read(code, split).utterances[: limit or None]) for code in codes}
    tables = (markdown_table(list(table(pools, clips))) for table in (measured, by_limit))
    return "\n\n".join((f"{split}; {stamp()}", *tables))


def measured(pools: Mapping[str, Embedded], clips: Mapping[str, Matrix]) -> Iterator[dict[str, object]]:
    """Yield a line for each pool, by the code of its language, and one with the mean over languages."""
    known = _known_ones()
    lines: list[list[float]] = []
    for code, (utterances, embeddings) in pools.items():
        line = list[float]()
        for size in SIZES:
            kept = sorted(stable_shuffle(utterances)[: size or None])
            near = fit(embeddings[kept], known)
            line += rates(near, code, clips)
        lines.append(line)
        yield _row(code, line)
    yield _row("mean", np.mean(lines, axis=0).tolist())


def by_limit(pools: Mapping[str, Embedded], clips: Mapping[str, Matrix]) -> Iterator[dict[str, object]]:
    """Yield a line for each limit of `LIMITS`: means over languages, with whole pools."""
    known = _known_ones()
    for expected in LIMITS:
        each = [rates(fit(pool[1], known, expected), code, clips) for code, pool in pools.items()]
        means = {name: f"{100 * mean:.1f}" for name, mean in zip(RATES, np.mean(each, axis=0), strict=True)}
        yield {"kept by, % of clips like the pool's": f"{100 * expected:g}", **means}


def rates(near: Nearness | None, code: str, clips: Mapping[str, Matrix]) -> tuple[float, float]:
    """Return the shares of clips said to be unlike a pool: of its own language, and of the others."""
    others = [remote(near, rows) for other, rows in clips.items() if other != code]
    return float(remote(near, clips[code]).mean()), float(np.concatenate(others).mean())


def remote(near: Nearness | None, embeddings: Matrix) -> np.ndarray:
    """Return which clips (n, d) -> (n,) are said to be unlike a pool; none where it cannot be told."""
    if near is None:
        return np.zeros(len(embeddings), bool)
    return np.array([near.remoteness(embedding) > 1 for embedding in embeddings])


def _known_ones() -> Background:
    known = background()
    if known is None:
        raise SmileError(f"{SHIPPED} is missing or damaged; install SMILE again.")
    return known


def make(data: str, out: Path = SHIPPED) -> None:
    """Write the background of the meta-training languages in an ML-SUPERB folder."""
    models, corpus = load_models(), open_corpus(Path(data))
    rows = {code: _known(models, corpus, code) for code in KNOWN}
    Background.of(rows, models.smile.info.encoder).save(out)


def _known(models: Models, corpus: Corpus, code: str) -> Matrix:
    utterances = corpus.read(code, TRAIN).utterances
    kept = sorted(stable_shuffle(utterances)[:CLIPS])
    return _pool(models, [utterances[i] for i in kept])[1]


def _pool(models: Models, utterances: Sequence[Utterance]) -> Embedded:
    encode = Encoder(models)
    return utterances, np.stack([encode(u.audio).embedding for u in utterances])


def _clips(models: Models, utterances: Sequence[Utterance]) -> Matrix:
    """The embeddings (n, d) of clips as a transcription makes them, but for those without speech."""
    rows = []
    for utterance in utterances:
        with suppress(AudioError):
            rows.append(embedded(models.smile, read_audio(utterance.audio)))
    return np.stack(rows)


def _row(code: str, line: Sequence[float]) -> dict[str, object]:
    names = [f"{size or 'all'}: {what}" for size in SIZES for what in RATES]
    return {"pool": code, **{name: f"{100 * value:.1f}" for name, value in zip(names, line, strict=True)}}
