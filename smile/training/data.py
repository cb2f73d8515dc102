"""The clips that an adapter is trained on: read, surveyed by vanilla Whisper, and the bad ones left out.

Some captions were reworded after the recording; a clip on which vanilla Whisper does very badly is
taken for one of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from smile.audio.io import read_audio
from smile.corpora import Corpus
from smile.datatypes import SAMPLE_RATE, CorpusError, DamagedError, Samples, Speech, Utterance
from smile.text import languages
from smile.text.scoring import score
from smile.training.config import TrainConfig
from smile.training.episodes import TrainClip
from smile.transcription.options import ALONE
from smile.transcription.target import Target
from smile.util.arrays import Arrays, write_arrays
from smile.util.storage import set_aside

if TYPE_CHECKING:
    from smile.whisper.model import Models

SURVEY = "survey.npz"
Say = Callable[[str], None]


@dataclass(frozen=True)
class Survey:
    """What vanilla Whisper makes of each clip, by "language/id"."""

    cer: dict[str, float]
    embedding: dict[str, NDArray[np.float32]]


@dataclass(frozen=True)
class Data:
    """Training clips, how many were left out and why, and a hash of ids and texts."""

    clips: tuple[TrainClip, ...]
    left_out: dict[str, int]
    sha256: str


def load(corpus: Corpus, config: TrainConfig, models: Models, run: Path, progress: Say) -> Data:
    """Read and survey the training split; the survey is kept in the run's folder.

    Raises:
        CorpusError: the corpus lacks a language or a split, or no clip of a language can be used.
    """
    utterances = _read(corpus, config)
    surveyed = _survey(utterances, models, run / SURVEY, progress)
    clips: list[TrainClip] = []
    left_out = {"too long": 0, "vanilla CER too high": 0}
    for code, utterance in utterances:
        key, samples = f"{code}/{utterance.id}", read_audio(utterance.audio)
        if len(samples) / SAMPLE_RATE > config.max_seconds:
            left_out["too long"] += 1
        elif surveyed.cer[key] > config.worst_cer:
            left_out["vanilla CER too high"] += 1
        else:
            whisper = languages.language(code).whisper or "en"
            clips.append(
                TrainClip(utterance.id, samples, utterance.text, code, whisper, surveyed.embedding[key])
            )
    missing = set(config.languages) - {clip.language for clip in clips}
    if missing:
        raise CorpusError(f"No clip of {sorted(missing)[0]} can be used for training; raise worst_cer.")
    return Data(tuple(clips), left_out, _digest(utterances))


def digest(corpus: Corpus, config: TrainConfig) -> str:
    """Return the hash that the data of a configuration have, `Data.sha256`, without reading recordings.

    Raises:
        CorpusError: the corpus lacks a language or a split.
    """
    return _digest(_read(corpus, config))


def _digest(utterances: Iterable[tuple[str, Utterance]]) -> str:
    made = hashlib.sha256()
    for code, utterance in utterances:
        made.update(f"{code}\t{utterance.id}\t{utterance.text}\n".encode())
    return made.hexdigest()


def survey(
    corpus: Corpus, configs: Iterable[TrainConfig], models: Models, folder: Path, progress: Say
) -> Path:
    """Survey the training clips of several configurations, and return the file that says it.

    Raises:
        CorpusError: as `load` does.
    """
    clips = {f"{code}/{u.id}": (code, u) for config in configs for code, u in _read(corpus, config)}
    _survey(list(clips.values()), models, folder / SURVEY, progress)
    return folder / SURVEY


def _read(corpus: Corpus, config: TrainConfig) -> list[tuple[str, Utterance]]:
    """The clips of the training split, each with its language."""
    return [(code, u) for code in config.languages for u in corpus.read(code, config.split).utterances]


def _survey(utterances: list[tuple[str, Utterance]], models: Models, path: Path, progress: Say) -> Survey:
    known = _read_survey(path)
    todo = [(code, u) for code, u in utterances if f"{code}/{u.id}" not in known.cer]
    for done, (code, utterance) in enumerate(todo, start=1):
        samples = read_audio(utterance.audio)
        cer, embedding = _vanilla(models, samples, utterance, languages.language(code).whisper or "en")
        known.cer[f"{code}/{utterance.id}"] = cer
        known.embedding[f"{code}/{utterance.id}"] = embedding
        if done % 50 == 0 or done == len(todo):
            _write_survey(path, known)
            progress(f"Whisper alone on the training clips: {done} of {len(todo)}")
    return known


def _vanilla(
    models: Models, samples: Samples, utterance: Utterance, language: str
) -> tuple[float, NDArray[np.float32]]:
    """Return the CER of Whisper alone, told the language, and the clip's embedding (d,)."""
    target = Target(models, Speech(0.0, len(samples) / SAMPLE_RATE, samples), utterance.id)
    settings = replace(ALONE, language_token=language, timestamps=False)
    *_, last = target.behind((), settings, None, adapted=False)
    cer = score(utterance.text, last.decoded.text, language=utterance.language).cer
    return 0.0 if cer is None else cer, models.vanilla.embed(samples)


def _read_survey(path: Path) -> Survey:
    if not path.is_file():
        return Survey({}, {})
    try:
        with Arrays(path) as stored:
            ids, cer, embeddings = (stored[name] for name in ("ids", "cer", "embeddings"))
        names = ids.tolist()
        rows = dict(zip(names, embeddings, strict=True))
        return Survey(dict(zip(names, map(float, cer), strict=True)), rows)
    except (DamagedError, ValueError, TypeError):
        set_aside(path)
        return Survey({}, {})


def _write_survey(path: Path, survey: Survey) -> None:
    arrays = {
        "ids": np.array(list(survey.cer)),
        "cer": np.array(list(survey.cer.values()), dtype=np.float32),
        "embeddings": np.stack(list(survey.embedding.values())),
    }
    write_arrays(path, arrays)
