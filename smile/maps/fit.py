"""The making of maps, offline: UMAP of pools' embeddings, each pool alone and all together.

UMAP (McInnes et al. 2018) is laid out by Jensen-Shannon divergence, a symmetric kin of the KL that retrieval
uses, and by Euclidean distance for comparison. Only this file knows umap; the app never imports it.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from smile.datatypes import Matrix, PoolError, Progress, SmileError
from smile.maps.placement import NEAR, Trust, trust
from smile.maps.store import DIMENSIONS, FOLDER, METRICS, Entry, Map, Member, layout, save
from smile.pools.pool import Pool, open_pool
from smile.retrieval.divergences import Distances, euclidean, js, kl
from smile.util.commit import commit

NEIGHBOURS = 15  # of UMAP: how wide a neighbourhood it looks at
SPREAD = 0.1  # of UMAP (min_dist): how close points may lie
FEWEST = 4  # points of a map


@dataclass(frozen=True)
class Plan:
    """A map to be made."""

    name: str
    pools: tuple[Pool, ...]


def project(
    folders: Sequence[Path],
    out: Path = FOLDER,
    name: str = "demo",
    seed: int = 0,
    progress: Progress | None = None,
) -> tuple[Entry, ...]:
    """Make a map of each pool, `<name>-<iso>`, and one of all together, `<name>`; return the entries written.

    Raises:
        PoolError: a folder that is no pool, or has no embeddings, or too few clips.
        SmileError: pools of different encoders, or of one language.
    """
    plans = planned([open_pool(folder) for folder in folders], name)
    maps = []
    for number, plan in enumerate(plans, start=1):
        maps.append(fitted(plan, seed))
        if progress:
            progress(number, len(plans))
    save(maps, out)
    return tuple(shown.entry for shown in maps)


def planned(pools: Sequence[Pool], name: str) -> list[Plan]:
    """Check the pools and return the maps to be made of them."""
    for pool in pools:
        if len(pool) < FEWEST or pool.header.encoder is None:
            raise PoolError(f"{pool.folder} has too few clips or no embeddings; index it first: smile index")
    if len({pool.header.encoder for pool in pools}) > 1:
        raise SmileError("The pools come from different encoders; index them all with one.")
    codes = [pool.language.code for pool in pools]
    if len(set(codes)) < len(codes):
        raise SmileError("Two of the pools are of one language; name one of them.")
    alone = [Plan(f"{name}-{pool.language.code}", (pool,)) for pool in pools]
    return [*([Plan(name, tuple(pools))] if len(pools) > 1 else []), *alone]


def fitted(plan: Plan, seed: int) -> Map:
    """Lay out the clips of a plan's pools; the same seed gives the same map."""
    embeddings = np.concatenate([pool.embeddings for pool in plan.pools])
    truth = kl(embeddings, embeddings)
    layouts, figures = _layouts(plan, embeddings, truth, seed)
    np.fill_diagonal(truth, np.inf)
    near = np.argsort(truth, axis=1, kind="stable")[:, : min(NEAR, len(truth) - 1)].astype(np.int32)
    utterances = [u for pool in plan.pools for u in pool.utterances]
    return Map(
        Entry(plan.name, tuple(map(_member, plan.pools)), _encoder(plan), figures, **_origin(seed)),
        tuple(u.id for u in utterances),
        np.array([u.seconds for u in utterances], np.float32).round(2),
        layouts,
        near,
        np.take_along_axis(truth, near, axis=1).astype(np.float32),
    )


def _layouts(
    plan: Plan, embeddings: Matrix, truth: Distances, seed: int
) -> tuple[dict[str, Matrix], dict[str, Trust]]:
    """Coordinates and trust figures by layout; the truth is KL, for silhouettes Jensen-Shannon."""
    divergence = symmetric(js(embeddings, embeddings))
    languages = [pool.language.code for pool in plan.pools for _ in pool.utterances]
    inherent = silhouette(divergence, languages)
    layouts, figures = {}, {}
    for metric in METRICS:
        for dimensions in DIMENSIONS:
            given = divergence if metric == "js" else embeddings
            points = umap(given, dimensions, seed, precomputed=metric == "js")
            shown = euclidean(points, points)
            name = layout(metric, dimensions)
            layouts[name] = points
            figures[name] = replace(
                trust(truth, shown), silhouette=silhouette(shown, languages), silhouette_truth=inherent
            )
    return layouts, figures


def silhouette(distances: Distances, labels: Sequence[str]) -> float | None:
    """Return the mean silhouette (Rousseeuw 1987) of points under labels, in [-1, 1]; None for one label.

    A point alone under its label counts 0. What stands on the diagonal of the distances does not count.
    """
    from sklearn.metrics import silhouette_score

    names = len(set(labels))
    if names < 2:
        return None
    if names == len(labels):
        return 0.0
    distances = np.array(distances, np.float64)
    np.fill_diagonal(distances, 0.0)
    return float(silhouette_score(distances, labels, metric="precomputed"))


def symmetric(distances: Distances) -> Distances:
    """Return a symmetric matrix with zeros on its diagonal, free of rounding errors."""
    mean = (distances + distances.T) / 2
    np.fill_diagonal(mean, 0.0)
    return mean


def umap(given: Matrix | Distances, dimensions: int, seed: int, *, precomputed: bool) -> Matrix:
    """Return UMAP's centred places (points, dimensions) of embeddings (points, d) or of their distances."""
    from umap import UMAP

    neighbours = min(NEIGHBOURS, len(given) - 1)
    model = UMAP(
        n_components=dimensions,
        n_neighbors=neighbours,
        min_dist=SPREAD,
        metric="precomputed" if precomputed else "euclidean",
        init="spectral" if len(given) > 4 * dimensions else "random",
        random_state=seed,
        n_jobs=1,
    )
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="using precomputed metric")
        points = model.fit_transform(given)
    if not np.isfinite(points).all():
        raise SmileError("UMAP gave no numbers; are several clips of a pool the same recording?")
    return np.asarray(points - points.mean(axis=0), np.float32).round(3)


def _encoder(plan: Plan) -> Any:
    return plan.pools[0].header.encoder


def _member(pool: Pool) -> Member:
    header = pool.header
    return Member(
        pool.language.code, header.synthetic, header.order, len(pool), header.source, header.licence
    )


def _origin(seed: int) -> dict[str, Any]:
    """Settings, commit and date of a map."""
    settings = {
        "umap-learn": version("umap-learn"),
        "n_neighbors": NEIGHBOURS,
        "min_dist": SPREAD,
        "seed": seed,
    }
    date = datetime.now(UTC).isoformat(timespec="seconds")
    return {"settings": settings, "commit": commit(), "date": date}
