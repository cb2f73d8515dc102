"""Validation: CER on dev clips of the training languages, without and with examples."""

from __future__ import annotations

from pathlib import Path

from smile.audio.io import read_audio
from smile.corpora import Corpus
from smile.datatypes import SAMPLE_RATE, Neighbour, Speech
from smile.retrieval.samplers import random_sample
from smile.settings import Settings
from smile.text import languages
from smile.text.scoring import score
from smile.training.config import TrainConfig
from smile.transcription.target import Target
from smile.whisper.model import load_models

SHOTS = (0, 1, 3)


def validate(corpus: Corpus, adapter: Path, config: TrainConfig, model: str) -> dict[str, float]:
    """Return CER, total edits over total characters, by the number of (random) examples.

    Loops are prevented and cut as everywhere; there is no pool, and so no kNN-LM and no limit on length.
    """
    models = load_models(model, adapter=adapter)
    totals = {shots: [0, 0] for shots in SHOTS}
    for code in config.languages:
        clips = corpus.read(code, corpus.splits.validation).utterances
        order = random_sample(len(clips), config.validate_clips + max(SHOTS), config.seed, code)
        shots = [Neighbour(clips[i], int(i), n + 1, 0.0) for n, i in enumerate(order[: max(SHOTS)])]
        token = languages.language(code).whisper or "en"
        settings = Settings(language_token=token, timestamps=config.timestamps, knn=0.0)
        for i in order[max(SHOTS) :]:
            samples = read_audio(clips[i].audio)
            target = Target(models, Speech(0.0, len(samples) / SAMPLE_RATE, samples), clips[i].id)
            for count in SHOTS:
                *_, last = target.behind(shots[:count], settings, None)
                scored = score(clips[i].text, last.decoded.text, language=code)
                totals[count][0] += scored.edits
                totals[count][1] += scored.length
    return {f"{count} shots": round(edits / max(length, 1), 4) for count, (edits, length) in totals.items()}
