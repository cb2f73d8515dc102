"""Reasons why a neighbour is near: its KL by dimension, its rank by other measures, a histogram."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from smile.datatypes import Matrix, Vector
from smile.retrieval.divergences import DIVERGENCES, Distances, distances, kl_terms

TERMS = 8  # dimensions that are named
BINS = 40
NOTHING = 1e-6  # nats; less counts as this on a logarithmic scale
WIDTH, HEIGHT = 640, 130  # of the histogram, in its own units
WHY = Markup('<section class="why"><h3>Why neighbour {rank} is near</h3>{parts}</section>')
PART = Markup("<div><h4>{}</h4>{}</div>")
TERM = Markup(
    '<tr><th scope="row">{name}</th><td>{value:.2g}</td><td>{share:.0f}\u00a0%</td>'
    '<td class="bar" aria-hidden="true"><i style="width:{width:.0f}%"></i></td></tr>'
)
TERMS_TABLE = Markup(
    "<table><thead><tr><th>Dimension</th><th>KL</th><th>Share</th><th></th></tr></thead><tbody>{}</tbody></table>"
    '<p class="note">Each dimension adds p·log(p/q) − p + q, which is never negative; together they are the '
    "KL. Few large ones: the two differ in little.</p>"
)
RANK = Markup(
    '<tr class="{kind}"><th scope="row">{label}</th><td>{distance:.4g}</td><td>{rank} of {size}</td></tr>'
)
RANKS_TABLE = Markup(
    "<table><thead><tr><th>Measure</th><th>Distance</th><th>Rank</th></tr></thead><tbody>{}</tbody></table>"
)
BAR = Markup(
    '<rect x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="{h:.1f}">'
    "<title>{n} clips at {low:.3g} to {high:.3g}</title></rect>"
)
MARK = Markup('<line class="{kind}" x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{height}"></line>')
HISTOGRAM = Markup(
    '<svg class="histogram" viewBox="0 0 {width} {total}" role="img" aria-label="{name}">{bars}{marks}'
    '<text x="0" y="{below}">{low:.3g}</text>'
    '<text x="{width}" y="{below}" text-anchor="end">{high:.3g}</text></svg>'
)


def why_block(query: Vector, embeddings: Matrix, row: Distances, chosen: tuple[int, ...], rank: int) -> str:
    """Return terms, ranks and histogram for the neighbour of a rank, as HTML.

    Args:
        query: embedding (d,).
        embeddings: of all points (points, d).
        row: KL of the query from all points; infinite for the query itself.
        chosen: numbers of the neighbours, nearest first.
        rank: from 1.
    """
    index, others = chosen[rank - 1], np.isfinite(row)
    title = f"KL to all other clips (logarithmic), the {len(chosen)} nearest marked"
    parts = [
        PART.format("What adds to its KL", terms_table(kl_terms(query, embeddings[index]))),
        PART.format("Its rank by other measures", ranks_table(ranks(query, embeddings, others, index))),
        PART.format(title, histogram(row, chosen, rank)),
    ]
    return WHY.format(rank=rank, parts=Markup().join(parts))


def terms_table(terms: NDArray[np.float64], count: int = TERMS) -> Markup:
    """Return the dimensions that add most to a KL, and the rest in one row, as HTML."""
    order = np.argsort(-terms, kind="stable")
    top, total = order[:count], max(float(terms.sum()), 1e-12)
    rows = [(str(i), float(terms[i])) for i in top]
    if len(order) > count:
        rows.append((f"the other {len(order) - count}", float(terms[order[count:]].sum())))
    largest = max(max(value for _, value in rows), 1e-12)
    cells = (TERM.format(name=n, value=v, share=100 * v / total, width=100 * v / largest) for n, v in rows)
    return TERMS_TABLE.format(Markup().join(cells))


@dataclass(frozen=True)
class Rank:
    """The place of a neighbour by a measure."""

    measure: str  # a name of DIVERGENCES
    distance: float
    rank: int  # from 1
    size: int  # of how many


def ranks(query: Vector, embeddings: Matrix, others: NDArray[np.bool_], index: int) -> list[Rank]:
    """Return a point's rank among `others` (points,), which it belongs to, by every measure."""
    ranked = []
    for name in DIVERGENCES:
        row = distances(name, query[None], embeddings)[0]
        nearer = int((row[others] < row[index]).sum())
        ranked.append(Rank(name, float(row[index]), nearer + 1, int(others.sum())))
    return ranked


def ranks_table(ranked: list[Rank]) -> Markup:
    """Return the ranks as HTML, those that differ from KL's marked."""
    own = ranked[0].rank
    rows = (
        RANK.format(
            label=DIVERGENCES[r.measure].label,
            distance=r.distance,
            rank=r.rank,
            size=r.size,
            kind="" if r.rank == own else "differs",
        )
        for r in ranked
    )
    return RANKS_TABLE.format(Markup().join(rows))


def histogram(row: Distances, chosen: tuple[int, ...], rank: int) -> Markup:
    """Return how many points are how far, on a logarithmic scale, as an SVG.

    The chosen are lines, that of `rank` thick.
    """
    known = np.maximum(row[np.isfinite(row)], NOTHING)
    low, high = float(known.min()), max(float(known.max()), float(known.min()) * 1.01)
    edges = np.geomspace(low, high, BINS + 1)
    edges[0], edges[-1] = low, high
    counts, _ = np.histogram(known, bins=edges)
    step, heights = WIDTH / BINS, 0.9 * HEIGHT * counts / max(int(counts.max()), 1)
    bars = Markup().join(
        BAR.format(x=n * step, y=HEIGHT - h, w=step - 1, h=h, n=counts[n], low=edges[n], high=edges[n + 1])
        for n, h in enumerate(heights)
    )
    places = np.log(np.maximum(row[list(chosen)], NOTHING) / low) / np.log(high / low)
    marks = Markup().join(_mark(float(x), n == rank) for n, x in enumerate(places, start=1))
    name = f"Histogram of KL: {len(known)} clips from {low:.3g} to {high:.3g}"
    size = {"width": WIDTH, "total": HEIGHT + 22, "below": HEIGHT + 18}
    return HISTOGRAM.format(**size, low=low, high=high, bars=bars, marks=marks, name=name)


def _mark(place: float, this: bool) -> Markup:
    """A line in the histogram at a place from 0 to 1."""
    x = min(max(WIDTH * place, 1), WIDTH - 1)
    return MARK.format(x=x, kind="this" if this else "", top=0 if this else HEIGHT / 4, height=HEIGHT)
