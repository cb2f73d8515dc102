"""What a GPU does together beside what it does one after the other, and heads fitted on it beside the CPU.

    smile bench gpu --data ML_SUPERB --languages mdw --limit 64

Transcripts are SMILE's behind 3 examples, with the kNN-LM, by the hf engine. Without a GPU it says so.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from smile.acoustic.building import Begin, fit_to
from smile.acoustic.recipe import Recipe
from smile.acoustic.states import LayerStore, StatesId
from smile.acoustic.store import form_of
from smile.audio.io import read_audio
from smile.bench.asked import Asked
from smile.bench.report import markdown_table, stamp
from smile.corpora import open_corpus
from smile.datatypes import Samples
from smile.decoding.knn.store import build, present
from smile.pools.pool import Pool
from smile.settings import DEFAULTS
from smile.transcription.examples import pool_token
from smile.transcription.pipeline import transcribe
from smile.util.timing import finished, seconds_of
from smile.util.workers import Placement, workers
from smile.whisper.engines import GPU_LANES, gpu_name
from smile.whisper.model import Models, load_models

NONE = "There is no GPU here; run this on a machine whose GPU torch finds."
EPOCHS = 4  # of the fit that is timed


@dataclass(frozen=True)
class _Clip:
    """A clip to transcribe."""

    key: str
    samples: Samples


def run(asked: Asked, limit: int) -> str:
    """Time each work both ways on this machine's GPU -> Markdown; a sentence where it has none."""
    name = gpu_name()
    if not name:
        return NONE
    return f"{name}: {measured(asked, limit, load_models(engine='hf', device='cuda'))}"


def measured(asked: Asked, limit: int, models: Models) -> str:
    """Time each work both ways by models -> Markdown."""
    utterances = open_corpus(asked.data).read(asked.language, asked.split).utterances[:limit]
    clips = [_Clip(utterance.id, read_audio(utterance.audio)) for utterance in utterances]
    with tempfile.TemporaryDirectory() as work:
        pool = asked.pool(models, Path(work))
        rows = [
            _reading(pool, models, Path(work)),
            _transcribing(pool, models, clips),
            _fitting(pool, models),
        ]
    head = f"{asked.language}, {len(clips)} clips, a pool of {len(pool)}; {stamp()}"
    return f"{head}\n\n{markdown_table(rows)}"


def _reading(pool: Pool, models: Models, work: Path) -> dict[str, object]:
    """A pool's datastore, made beside it both ways."""
    token, model = pool_token(pool), models.smile

    def read(threads: int) -> Pool:
        made = replace(pool, stores=work / f"{threads}")
        build(made, model, language=token, threads=threads)
        return made

    return _row("reading a datastore", lambda: read(1), f"{GPU_LANES} together", lambda: read(GPU_LANES))


def _transcribing(pool: Pool, models: Models, clips: Sequence[_Clip]) -> dict[str, object]:
    if not present(pool, models.smile):
        build(pool, models.smile, language=pool_token(pool))

    def text(clip: _Clip) -> str:
        *_, result = transcribe(models, clip.samples, pool, DEFAULTS)
        return result.smile.text

    def written(lanes: int) -> list[object]:
        with workers(Placement(lanes=lanes), text) as work:
            return list(work(clips))

    written(GPU_LANES)  # warms up
    return _row("both transcripts", lambda: written(1), f"{GPU_LANES} together", lambda: written(GPU_LANES))


def _fitting(pool: Pool, models: Models) -> dict[str, object]:
    model, recipe = models.smile, Recipe(epochs=EPOCHS, speeds=(1.0,))
    store, form = LayerStore.of(pool, StatesId.of(model)), form_of(pool, recipe.normaliser)
    finished(store.encode(model, pool.utterances))

    def fit(device: str) -> object:
        return finished(fit_to(pool.utterances, store, form, recipe, Begin(device=device)))

    device = model.info.device
    return _row(f"fitting a head, {EPOCHS} epochs", lambda: fit("cpu"), device, lambda: fit(device))


Do = Callable[[], object]


def _row(work: str, first: Do, name: str, second: Do) -> dict[str, object]:
    before, after = seconds_of(first), seconds_of(second)
    return {
        "work": work,
        "one at a time, or on the CPU, s": f"{before:.2f}",
        "other way": name,
        "s": f"{after:.2f}",
        "ratio": f"{before / after:.1f}",
    }
