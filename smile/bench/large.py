"""How fast large pools answer: retrieval among embeddings, and the kNN-LM's lookup among keys.

Sizes beyond what pools have are filled up: a real row, plus SPREAD of the difference of two other real rows,
which is synthetic, and as spread out as the real ones are. Queries are rows of clips that are left out of the
pools, half of them moved in the same way. HNSW, as hnswlib and usearch build it, stands beside where it is
installed, up to OTHERS rows, since it takes long to build.

    smile bench large --data POOL [POOL ...]
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smile.bench import large_others
from smile.bench.large_others import Way, timed
from smile.bench.report import markdown_table, stamp
from smile.datatypes import Matrix, SmileError
from smile.decoding.knn.checked import header_of, usable
from smile.decoding.knn.datastore import AdaptiveWeight, Datastore, KnnLM
from smile.decoding.knn.large import is_large, open_large, write_lists
from smile.decoding.knn.store import store_path
from smile.decoding.processors import Beam
from smile.pools.pool import open_pool
from smile.retrieval.bounded import BoundedIndex
from smile.retrieval.divergences import distances
from smile.transcription.preparing import prepare_datastore
from smile.util.arrays import Arrays, write_arrays
from smile.whisper.model import Model, load_models

SIZES = (10_000, 100_000, 1_000_000)
SPREAD = 0.4
QUERIES, LEFT_OUT = 200, 0.1  # of the queries; share of a pool's last rows that queries are taken from
SHOTS, VOCABULARY = 3, 51_865
OTHERS = 100_000
BATCH = 1 << 14
CLIP = 40  # keys a made-up clip

Row = dict[str, object]


@dataclass(frozen=True, eq=False)
class Real:
    """Rows of pools (n, d), and those of clips that are left out, for queries."""

    rows: Matrix
    out: Matrix

    def filled(self, n: int, kind: type[Any], seed: int = 0) -> NDArray[Any]:
        """Return n rows: the real ones, and from them as many made-up ones as are missing."""
        generator, made = np.random.default_rng(seed), np.empty((n, self.rows.shape[1]), kind)
        for start in range(0, n, BATCH):
            size = min(BATCH, n - start)
            made[start : start + size] = self.moved(
                self.rows[generator.integers(0, len(self.rows), size)], generator
            )
        known = min(n, len(self.rows))
        made[:known] = self.rows[:known]
        return made

    def moved(self, rows: Matrix, generator: np.random.Generator) -> Matrix:
        """Return rows moved by SPREAD of the differences of two real ones, so none is as it was."""
        one = generator.integers(0, len(self.rows), len(rows))
        other = (one + generator.integers(1, max(2, len(self.rows)), len(rows))) % len(self.rows)
        return np.asarray(rows + SPREAD * (self.rows[one] - self.rows[other]), np.float32)

    def queries(self) -> Matrix:
        """Return QUERIES rows of clips that are left out, every other one moved."""
        generator = np.random.default_rng(1)
        found = self.out[generator.integers(0, len(self.out), QUERIES)].astype(np.float32)
        found[::2] = self.moved(found[::2], generator)
        return found


def run(folders: Sequence[Path], sizes: Sequence[int] = SIZES, tell: Callable[[str], None] = print) -> str:
    """Measure both searches with the rows of some pools -> Markdown; `tell` hears of sizes that are done."""
    model = load_models().smile
    embeddings, keys = _real(folders, model)
    head = (
        f"{len(embeddings.rows)} real embeddings and {len(keys.rows)} real keys, the others synthetic; "
        f"medians of {QUERIES} queries, {stamp()}"
    )
    retrieval: list[Row] = []
    lookups: list[Row] = []
    for n in sizes:
        retrieval += retrieved(embeddings, n)
        tell(markdown_table(retrieval[-3:]))
        with tempfile.TemporaryDirectory() as work:
            made = looked_up(keys, n, model, Path(work))
        tell(markdown_table(made))
        lookups += made
    return "\n\n".join((head, markdown_table(retrieval), markdown_table(lookups)))


def _real(folders: Sequence[Path], model: Model) -> tuple[Real, Real]:
    """Embeddings and keys of pools, which are read where they have not been; the last clips are left out."""
    parts: list[tuple[Matrix, Matrix]] = []
    for folder in folders:
        pool = open_pool(folder, model.info.encoder)
        prepare_datastore(pool, model)
        with Arrays(store_path(pool, model)) as stored:
            parts.append((pool.embeddings, stored["keys"].astype(np.float32)))
    if not parts:
        raise SmileError("Name pools whose rows to take: smile bench large --data POOL [POOL ...]")
    return _parted([e for e, _ in parts]), _parted([k for _, k in parts])


def _parted(tables: Sequence[Matrix]) -> Real:
    ends = [max(1, round(len(table) * (1 - LEFT_OUT))) for table in tables]
    kept = np.concatenate([table[:end] for table, end in zip(tables, ends, strict=True)])
    return Real(kept, np.concatenate([table[end:] for table, end in zip(tables, ends, strict=True)]))


def retrieved(real: Real, n: int) -> list[Row]:
    """Measure retrieval by KL among n embeddings: all measured, by the index, and approximately."""
    pool, queries, began = real.filled(n, np.float32), real.queries(), perf_counter()
    index = BoundedIndex.of("kl", pool)
    built = perf_counter() - began
    truth = _truth(pool, queries)
    whole, _ = timed(lambda q: _truth(pool, q[None]), queries[: max(1, QUERIES * 250 // n)])
    quick, exact = timed(lambda q: index.nearest(q, SHOTS)[0], queries)
    quickest, near = timed(lambda q: index.approximate(q, SHOTS)[0], queries)
    if any(a.tolist() != b.tolist() for a, b in zip(truth, exact, strict=True)):
        raise SmileError(
            "The index found other examples than measuring all; this is a bug, please report it."
        )
    extra = (index.first.nbytes + index.second.nbytes + index.order.nbytes) / 2**20
    ways: list[tuple[Way, float]] = [
        (("every clip measured", 0.0, whole, truth), 0.0),
        (("index, exact", built, quick, exact), extra),
        (("index, approximate", built, quickest, near), extra),
    ]
    return [_row("embeddings", n, way, exact) | {"memory, MB": f"{more:.0f}"} for way, more in ways]


def _truth(pool: Matrix, queries: Matrix) -> list[NDArray[np.int64]]:
    """The nearest clips of queries (m, d), all measured, some of them at a time."""
    starts = range(0, len(pool), BATCH)
    rows = np.concatenate([distances("kl", queries, pool[s : s + BATCH]) for s in starts], axis=1)
    return [np.argsort(row, kind="stable")[:SHOTS] for row in rows]


def looked_up(real: Real, n: int, model: Model, work: Path) -> list[Row]:
    """Measure a step of the kNN-LM among n keys: all measured, by lists on the disk, and by others' HNSW."""
    path, queries = work / "tokens-bench.npz", real.queries()
    keys = _written(path, real.filled(n, np.float16), model)
    began = perf_counter()
    write_lists(path)
    built = perf_counter() - began
    whole = Datastore(keys.astype(np.float32), np.arange(n) % VOCABULARY, np.arange(n) // CLIP)
    truth, spent = near_all(whole, queries), steps(whole, queries[: max(10, QUERIES * 50_000 // n)])
    rows = [_row("keys", n, ("every key measured", 0.0, spent, truth), truth)]
    rows[0] |= {"opening, s": "", "memory, MB": f"{whole.keys.nbytes / 2**20:.0f}"}
    others = large_others.ways(whole.keys, queries, truth.shape[1]) if n <= OTHERS else []
    rows += [_row("keys", n, way, truth) | {"opening, s": "", "memory, MB": ""} for way in others]
    del whole
    before, began = anonymous(), perf_counter()
    store = _opened(path, model)
    if store is not None:
        opening = perf_counter() - began
        spent, found = steps(store, queries), near_all(store, queries)
        row = _row("keys", n, ("lists, mapped", built, spent, found), truth)
        rows.append(row | {"opening, s": f"{opening:.2f}", "memory, MB": f"{anonymous() - before:.0f}"})
    return rows


def _written(path: Path, keys: NDArray[np.float16], model: Model) -> NDArray[np.float16]:
    n = len(keys)
    lengths = np.diff(np.append(np.arange(0, n, CLIP), n))
    arrays: dict[str, NDArray[Any]] = {
        "keys": keys,
        "tokens": (np.arange(n) % VOCABULARY).astype(np.int32),
        "logprob": np.full(n, -1.0, np.float32),
        "top": np.full(n, 0.5, np.float32),
        "header": np.array(header_of(model)),
        "clips": np.array([str(number) for number in range(len(lengths))]),
        "lengths": lengths,
    }
    write_arrays(path, arrays)
    return keys


def _opened(path: Path, model: Model) -> Datastore | None:
    """The datastore of a file, checked and opened as a pool's is; None where it is small."""
    with Arrays(path) as stored:
        names = tuple(stored["clips"].tolist())
        if not is_large(stored) or not usable(stored, header_of(model), names):
            return None
        owners = np.repeat(np.arange(len(names)), stored["lengths"])
        return open_large(stored, owners, stored["tokens"].astype(np.int64))


def steps(store: Datastore, queries: Matrix) -> list[float]:
    """Return the seconds of whole steps of the kNN-LM, for each of the hidden states (m, d)."""
    mixed = KnnLM(replace(store, weight=AdaptiveWeight(0.0, 0.0, 0.0, 1e4, 1.0)))
    logits = np.random.default_rng(2).normal(0, 2, VOCABULARY).astype(np.float32)
    return timed(lambda q: mixed(logits, Beam(), q), queries)[0]


def near_all(store: Datastore, queries: Matrix) -> NDArray[np.int64]:
    """Return the nearest keys (m, k) of hidden states (m, d), nearest first."""
    parts = [store.nearest(queries[start : start + 20]) for start in range(0, len(queries), 20)]
    squares, indices = (np.concatenate(each) for each in zip(*parts, strict=True))
    return np.asarray(np.take_along_axis(indices, np.argsort(squares, axis=1, kind="stable"), axis=1))


def _row(what: str, n: int, way: Way, truth: Any) -> Row:
    """A line of the table; recall is measured against the exact search of the same queries."""
    name, built, spent, found = way
    pairs = list(zip(found, truth, strict=False))
    low, middle, high = np.percentile(spent, [25, 50, 75]) * 1000
    return {
        what: f"{n:,}",
        "way": name,
        "made in, s": f"{built:.1f}" if built else "",
        "step, ms": f"{middle:.2f}",
        "quartiles": f"{low:.2f} to {high:.2f}",
        "recall@1": f"{np.mean([t[0] in f[:1] for f, t in pairs]):.3f}",
        f"recall@{len(truth[0])}": f"{np.mean([np.isin(t, f).mean() for f, t in pairs]):.3f}",
    }


def anonymous() -> float:
    """Return the memory that this process holds beside mapped files, in MB."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("RssAnon"))
