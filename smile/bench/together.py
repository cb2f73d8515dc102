"""Two jobs at once, each in a process of its own: how long each takes beside the other, and alone.

A job is one transcription after another (both transcripts, 3 examples), or one short fit of a head after
another. Each is done by OpenMP's threads as its runtime has them, which spin while they wait, and as
`smile.util.threads` has them, which sleep. Two jobs that each keep all cores busy cannot take less than twice
as long as one.

    smile bench together --data ML_SUPERB --languages mdw
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier, Event
from pathlib import Path
from typing import Any

from smile.bench.asked import Asked
from smile.bench.report import markdown_table, stamp
from smile.datatypes import Samples, SmileError
from smile.pools.pool import open_pool
from smile.settings import DEFAULTS
from smile.util.processes import children_end
from smile.util.threads import PASSIVE, WAIT

WAITS = {"spin": "", "sleep": PASSIVE}  # the environment's word for it; empty: none
PAIRS = (("transcribing", "transcribing"), ("transcribing", "fitting"), ("fitting", "fitting"))
UNITS = {"transcribing": 12, "fitting": 2}  # that are timed
EPOCHS = 2  # of a fit
Unit = Callable[[], object]


def run(asked: Asked) -> str:
    """Time each job alone and each pair -> Markdown."""
    with tempfile.TemporaryDirectory() as work, children_end():
        folder, clip = _made(asked, Path(work))
        rows = [row for wait in WAITS for row in _rows(wait, folder, clip)]
    return f"{asked.language}, jobs of a thread a core; {stamp()}\n\n{markdown_table(rows)}"


def _made(asked: Asked, work: Path) -> tuple[Path, Samples]:
    """The folder of a pool with all that the jobs need, and what is transcribed."""
    from smile.transcription.preparing import prepare, prepare_acoustic
    from smile.whisper.model import load_models

    models = load_models()
    pool = asked.pool(models, work)
    prepare(pool, models.smile, DEFAULTS)
    prepare_acoustic(pool, models.smile)
    return pool.folder, asked.clip()


def _rows(wait: str, folder: Path, clip: Samples) -> Iterator[dict[str, object]]:
    with _environment({WAIT: WAITS[wait]}):
        alone = {kind: timed([kind], folder, clip)[0] for kind in UNITS}
        for pair in PAIRS:
            for kind, beside, seconds in zip(pair, reversed(pair), timed(pair, folder, clip), strict=True):
                yield {
                    "threads that wait": wait,
                    "job": kind,
                    "beside": beside,
                    "alone, s": f"{alone[kind]:.2f}",
                    "beside it, s": f"{seconds:.2f}",
                    "ratio": f"{seconds / alone[kind]:.2f}",
                }


def timed(kinds: Sequence[str], folder: Path, clip: Samples) -> list[float]:
    """Return the seconds a unit of each job takes, all at once, each until the last has been timed."""
    context = get_context("spawn")
    gate, over, said = context.Barrier(len(kinds)), context.Event(), context.SimpleQueue()
    jobs = [
        context.Process(target=_work, args=(number, kind, folder, clip, (gate, over, said)), daemon=True)
        for number, kind in enumerate(kinds)
    ]
    for job in jobs:
        job.start()
    seconds = dict(said.get() for _ in jobs)
    over.set()
    for job in jobs:
        job.join()
    if None in seconds.values():
        raise SmileError("A job of the benchmark failed; its message stands above.")
    return [seconds[number] for number in range(len(jobs))]


def _work(number: int, kind: str, folder: Path, clip: Samples, between: tuple[Barrier, Event, Any]) -> None:
    """Of a process: warm up, time some units together with the others, and go on until all have."""
    gate, over, said = between
    try:
        unit = JOBS[kind](folder, clip)
        unit()
        gate.wait()
        began = time.perf_counter()
        for _ in range(UNITS[kind]):
            unit()
        said.put((number, (time.perf_counter() - began) / UNITS[kind]))
    except BaseException:
        gate.abort()
        said.put((number, None))
        raise
    while not over.is_set():
        unit()


def _transcribing(folder: Path, clip: Samples) -> Unit:
    from smile.transcription.pipeline import transcribe
    from smile.whisper.model import load_models

    models = load_models()
    pool = open_pool(folder, models.smile.info.encoder)
    return lambda: list(transcribe(models, clip, pool))


def _fitting(folder: Path, _: Samples) -> Unit:
    from smile.acoustic.building import fit_to
    from smile.acoustic.recipe import Recipe
    from smile.acoustic.states import LayerStore, StatesId
    from smile.acoustic.store import form_of
    from smile.util.timing import finished
    from smile.whisper.model import load_models

    model, recipe = load_models().smile, Recipe(epochs=EPOCHS)
    pool = open_pool(folder, model.info.encoder)
    store = LayerStore.of(pool, StatesId.of(model))
    form = form_of(pool, recipe.normaliser)
    return lambda: finished(fit_to(pool.utterances, store, form, recipe))


JOBS: Mapping[str, Callable[[Path, Samples], Unit]] = {"transcribing": _transcribing, "fitting": _fitting}


@contextmanager
def _environment(names: Mapping[str, str]) -> Iterator[None]:
    """Have the processes that start in the block find these names in their environment; empty ones do not."""
    before = dict(os.environ)
    try:
        for name, value in names.items():
            os.environ.pop(name, None)
            if value:
                os.environ[name] = value
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
