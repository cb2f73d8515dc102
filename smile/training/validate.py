"""Validation: CER on dev clips of the training languages, without and with examples."""

from __future__ import annotations

from pathlib import Path

from smile import corpora
from smile.audio.io import SAMPLE_RATE, read
from smile.datatypes import Samples, Shot
from smile.decoding import prompt
from smile.decoding.context import hearing, opened
from smile.decoding.search import LoopStop, decode
from smile.retrieval.samplers import drawn
from smile.settings import WINDOWS
from smile.text import languages
from smile.text.scoring import score
from smile.training.config import TrainConfig
from smile.whisper.model import Models, load_models

SHOTS = (0, 1, 3)


def validate(root: Path, adapter: Path, config: TrainConfig, model: str) -> dict[str, float]:
    """CER, total edits over total characters, by the number of (random) examples."""
    models = load_models(model, adapter=adapter)
    totals = {shots: [0, 0] for shots in SHOTS}
    corpus = corpora.open_corpus(root)
    for code in config.languages:
        clips = corpus.read(code, corpus.splits.validation).utterances
        order = drawn(len(clips), config.validate_clips + max(SHOTS), config.seed, code)
        sounds = [read(clips[i].audio) for i in order]
        shots = [Shot(sounds[n], clips[i].text) for n, i in enumerate(order[: max(SHOTS)])]
        for n, i in list(enumerate(order))[max(SHOTS) :]:
            for count in SHOTS:
                text = _transcript(models, sounds[n], shots[:count], code, config)
                scored = score(clips[i].text, text, language=code)
                totals[count][0] += scored.edits
                totals[count][1] += scored.length
    return {f"{count} shots": round(edits / max(length, 1), 4) for count, (edits, length) in totals.items()}


def _transcript(models: Models, sound: Samples, shots: list[Shot], code: str, config: TrainConfig) -> str:
    recognizer, anchored = models.smile, config.prompt == "anchored"
    token = languages.language(code).whisper or "en"
    room = 30 - len(sound) / SAMPLE_RATE
    asked = prompt.build(
        models.vocabulary,
        sound,
        shots if room > 0 else [],
        language=token,
        anchored=anchored,
        cached=recognizer.info.cached,
    )
    session, fed = opened(recognizer, asked, hearing(recognizer, WINDOWS))
    text = ""
    for decoded in decode(session, asked, models.vocabulary, fed=fed, stops=[LoopStop()]):
        text = decoded.text
    return text
