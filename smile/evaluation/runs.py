"""A whole evaluation: languages × utterances × conditions, in one process or several, to be gone on with.

Rows are written after every batch of utterances and sorted, so that neither an interruption nor the
number of processes shows in them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from statistics import mean
from typing import Any
from uuid import uuid4

from smile import corpora
from smile.corpora import Corpus
from smile.datatypes import CorpusError, Utterance
from smile.evaluation.conditions import Condition, resolved
from smile.evaluation.evaluate import PoolKey, pool_key
from smile.evaluation.rescoring import References, check_older, rescore_folder
from smile.evaluation.rows import Key, RowFile
from smile.evaluation.workers import EvaluationTask, worker_pool
from smile.pools import indexing
from smile.pools.joined import joined
from smile.pools.pool import Header, open_pool, read_header
from smile.pools.subsets import mixed, subset
from smile.retrieval.samplers import stable_shuffle
from smile.text.languages import language as known
from smile.transcription.preparing import needed, prepare
from smile.util import leftovers
from smile.util.workers import Placement
from smile.whisper.adapters import load
from smile.whisper.engines import with_lanes
from smile.whisper.model import Model, Models, load_models

BATCH = 4  # utterances between two writings
GUESS = 0.9  # seconds that a row takes, where none has been timed yet
StageProgress = Callable[[str, int, int], None]  # what is being done, how much is done, how much there is


@dataclass(frozen=True)
class Job:
    """What to evaluate."""

    data: Path  # whatever `corpora.open_corpus` opens
    languages: tuple[str, ...]  # names of its languages; empty: all
    conditions: tuple[Condition, ...]
    out: Path
    cache: Path  # where pools are kept
    split: str = "10min_test"
    pool_split: str = "10min_train"
    limit: int = 0  # utterances of a language; 0: all
    seed: int = 0  # which ones
    jobs: int = 1  # workers
    cluster: str = ""  # address of a Ray cluster, "local" for one of its own; empty: without Ray
    windows: tuple[float, ...] = ()  # seconds that may be encoded; empty: as each condition says
    model: dict[str, Any] = field(default_factory=lambda: {"adapter": None})  # arguments of load_models
    id: str = field(default_factory=lambda: uuid4().hex[:12])  # of the run, in its manifest and times

    @cached_property
    def corpus(self) -> Corpus:
        """Return the corpus at `data`."""
        return corpora.open_corpus(self.data, self.cache)

    @property
    def placement(self) -> Placement:
        """Return how many workers there are, and where; on a cluster a GPU each where the models need one."""
        device = str(self.model.get("device", "cpu"))
        return with_lanes(Placement(self.jobs, self.cluster, int(device.startswith("cuda"))), device)


@dataclass(frozen=True)
class Pending:
    """What is still to be done of a language."""

    language: str
    work: tuple[tuple[Utterance, tuple[Condition, ...]], ...]
    done: int  # rows that are there
    seconds: float  # estimated
    wanted: dict[Key, str]  # of all its rows, with the name of the condition
    older: int = 0  # rows in its file that are to be scored anew, by the normalisers of today

    @property
    def rows(self) -> int:
        """Return how many rows are to be made."""
        return sum(len(conditions) for _, conditions in self.work)


def prepared(job: Job) -> tuple[Job, Models]:
    """Load the models and fill in what the conditions leave to the command.

    Raises:
        SmileError: models that cannot be loaded, or a condition that cannot be run.
    """
    models = load_models(**job.model)
    info, adapter = models.vanilla.info, job.model.get("adapter")
    conditions = resolved(
        job.conditions,
        load(adapter).sha256[:12] if adapter else "",
        job.windows,
        model=f"{info.encoder.model}/{info.encoder.weights}",
        engine=info.engine,
        precision=info.precision,
        pooling=info.encoder.pooling,
        pool_split=job.pool_split,
    )
    return replace(job, conditions=conditions), models


def plan(job: Job) -> list[Pending]:
    """Return what a prepared job has still to do, by language.

    Raises:
        CorpusError: no such corpus, language or split.
        SmileError: an older normaliser has scored rows whose references the corpus does not have.
    """
    names = chosen_languages(job)
    check_older(job.out, References([job.corpus]))
    return [_pending(job, name) for name in names]


def chosen_languages(job: Job) -> tuple[str, ...]:
    """Return the names of a job's languages.

    Raises:
        CorpusError: no such corpus, language or split.
    """
    languages = job.corpus.languages(job.split)
    if not languages:
        raise CorpusError(f'{job.data} does not say its languages; add a column "language" with their codes.')
    names = job.languages or languages
    parts = [part for name in names for part in name.split("+")]
    if missing := [part for part in parts if part not in languages]:
        raise CorpusError(f"{job.data} has no language {missing[0]}; choose of {', '.join(languages)}.")
    return names


def targets(job: Job, name: str) -> tuple[Utterance, ...]:
    """Return a language's utterances to be transcribed; of "mdw+sxb", clips of both joined in pairs."""
    parts = [job.corpus.read(part, job.split).utterances for part in name.split("+")]
    if len(parts) > 2:
        raise CorpusError(f"{name} are more than two languages; join two.")
    folder = job.cache / "joined" / file_name(name)
    utterances = joined(parts[0], parts[1], folder) if len(parts) == 2 else parts[0]
    return sample(utterances, job.limit, job.seed)


def _pending(job: Job, name: str) -> Pending:
    rows, utterances = RowFile(job.out, file_name(name)), targets(job, name)
    done, hashes = rows.done() | rows.older(), [condition.hash for condition in job.conditions]
    todo = [
        (u, tuple(c for c, h in zip(job.conditions, hashes, strict=True) if (u.id, h) not in done))
        for u in utterances
    ]
    work = tuple((u, conditions) for u, conditions in todo if conditions)
    count = sum(len(conditions) for _, conditions in work)
    timed = [s.own for s in rows.seconds.values()]
    there = len(utterances) * len(hashes) - count
    seconds = count * (mean(timed) if any(timed) else GUESS) / job.jobs
    wanted = {(u.id, h): c.name for u in utterances for c, h in zip(job.conditions, hashes, strict=True)}
    return Pending(name, work, there, seconds, wanted, len(rows.older()))


def sample(utterances: Sequence[Utterance], limit: int, seed: int) -> tuple[Utterance, ...]:
    """Draw so many utterances (0: all) by a seed, in the corpus's order; a larger limit only adds."""
    chosen = stable_shuffle(utterances, f"{seed}/")[: limit or None]
    return tuple(utterances[i] for i in sorted(chosen))


def run(job: Job, models: Models, pending: Sequence[Pending], progress: StageProgress) -> int:
    """Do what is pending of a prepared job; returns how many rows failed.

    Raises:
        SmileError: a pool that cannot be made, a worker that has ended, or rows that are missing or doubled.
    """
    job.out.mkdir(parents=True, exist_ok=True)
    leftovers.sweep(job.out)
    rescore_folder(job.out, References([job.corpus]))
    todo = [part for part in pending if part.work]
    failed = _evaluated(job, models, todo, progress) if todo else 0
    for part in pending:
        RowFile(job.out, file_name(part.language)).check(part.wanted)
    return failed


def _evaluated(job: Job, models: Models, todo: Sequence[Pending], progress: StageProgress) -> int:
    """Make the pools, then do the tasks of each language; returns how many rows failed.

    Workers come first: a cluster that is not there says so before anything takes long.
    """
    total, made, failed = sum(part.rows for part in todo), 0, 0
    with worker_pool(models, job.placement, job.model) as work:
        tasks = [(p.language, _tasks(job, p, _pools(job, models, p, progress))) for p in todo]
        for language, some in tasks:
            results = (made for _, made in work(some))
            for batch in _saved(RowFile(job.out, file_name(language)), results, job.id):
                made, failed = made + batch[0], failed + batch[1]
                progress(f"Evaluating {language}", made, total)
    return failed


def _saved(rows: RowFile, results: Iterator[list[Any]], run_id: str) -> Iterator[tuple[int, int]]:
    """Take in results and write them in batches, the last one also after an interruption."""
    unsaved = 0
    try:
        for made in results:
            rows.add(made, run_id)
            unsaved += 1
            if unsaved >= BATCH:
                rows.write()
                unsaved = 0
            yield len(made), sum(bool(row.error) for row, _ in made)
    finally:
        if unsaved:
            rows.write()


Folders = dict[PoolKey, tuple[Path, ...]]  # of pools, or of several that are used as one


def _tasks(job: Job, pending: Pending, pools: Folders) -> list[EvaluationTask]:
    return [EvaluationTask(u, conditions, pools, job.split) for u, conditions in pending.work]


def _pools(job: Job, models: Models, pending: Pending, progress: StageProgress) -> Folders:
    """The folders of the pools that a language's conditions need, made where they are not there."""
    own = pending.work[0][0].language
    if "+" not in own and any(c.uses_pool for c in job.conditions):
        corpora.apart(
            targets(job, pending.language), job.corpus.read(pending.language, job.pool_split).utterances
        )
    pools: Folders = {}
    for condition in job.conditions:
        key = pool_key(condition, own)
        sides = (models if condition.adapter else models.untrained).within(condition.settings.windows)
        if key not in pools:
            sources = _sources(job, key.language, own, pending.language)
            pools[key] = tuple(pool(job, sides, language, progress) for language in sources)
        if needed(condition.settings):
            whole = mixed([open_pool(folder) for folder in pools[key]])
            used = subset(whole, condition.minutes, condition.clips, condition.settings.seed)
            said = partial(progress, f"Preparing {key.language}")
            prepare(used, sides.smile, condition.settings, said)
    return pools


def _sources(job: Job, code: str, own: str, name: str) -> list[str]:
    """The corpus's languages that a pool is made of; its name for the target's own is `name`."""
    if code == own and "+" not in code:
        return [name]
    parts, known = code.split("+"), job.corpus.languages(job.pool_split)
    if missing := [part for part in parts if part not in known]:
        raise CorpusError(f"A condition needs the pool of {missing[0]}; the corpus has {', '.join(known)}.")
    return parts


def pool(job: Job, models: Models, name: str, progress: StageProgress) -> Path:
    """Return a pool's folder in the cache, made where it is missing.

    It is that of the model of `smile`: its name says encoder, precision, windows and source.
    """
    source = job.corpus.place(name, job.pool_split)
    folder = pool_folder(job, models.smile, source)
    if not (folder / "pool.json").is_file() or read_header(folder).encoder != models.smile.info.encoder:
        folder.parent.mkdir(parents=True, exist_ok=True)
        examples = job.corpus.read(name, job.pool_split)
        indexing.build(
            examples,
            folder,
            models,
            Header(known(examples.utterances[0].language), source=source.name),
            progress=lambda done, total: progress(f"Indexing {name}", done, total),
        )
    return folder


def pool_folder(job: Job, model: Model, source: Path) -> Path:
    """Return where a pool is kept; another corpus, split, encoder or other windows have another place."""
    info = model.info
    parts = (str(source.resolve()), job.pool_split, info.encoder, info.precision, model.windows)
    digest = hashlib.sha256(repr(parts).encode()).hexdigest()[:12]
    return job.cache / "evaluation" / f"{source.name}-{digest}"


def file_name(language: str) -> str:
    """Return a language's name as a file's: "corpus/code" has a slash."""
    return language.replace("/", "-")
