"""The nearest of a million examples, provably: a short product and a bound on what it leaves out come first.

Products x · y are taken in a basis where few dimensions hold nearly all of them. By Cauchy and Schwarz the
others add at most |x's rest| |y's rest|, so an example whose product and bound stay below what others are
known to have is out. Those that are left, some hundred, are measured as the slow way measures all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smile.datatypes import Matrix, Vector
from smile.retrieval.divergences import TEMPERATURE, Distances, log_softmax
from smile.retrieval.leaves import leaves
from smile.retrieval.products import PRODUCTS, Product, Values
from smile.util.threads import alone

FIRST, SECOND = 8, 64  # dimensions of the product that all examples, and those left of them, are bounded by
BLOCK = 1 << 16  # examples bounded at a time, whose bounds stay in the cache
BATCH = 1 << 14  # examples read at a time while an index is made: 64 MB of float64 for 512 dimensions
SAMPLED = 20_000  # examples by which the basis is chosen
VISITED = 96  # leaves that an approximate search reads
MEASURED = 48  # examples that it measures, at least
ROUNDING = 2.0**-22  # of a product in float32, relative to the lengths, for each of its dimensions

Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Basis:
    """Where products are short: x -> (x - mean) / scale, y -> (y - centre) * scale, both turned."""

    centre: Values  # (d,) of examples
    mean: Values  # (d,) of queries
    scale: Values  # (d,)
    turned: Values  # (d, SECOND or fewer), orthonormal columns

    @classmethod
    @alone()
    def of(cls, product: Product, sample: Matrix) -> Basis:
        """Choose the basis by a sample of examples (n, d), which stand for queries, too."""
        x, (y, _) = product.query(sample), product.example(sample)
        spread = np.maximum(x.std(axis=0), 1e-9), np.maximum(y.std(axis=0), 1e-9)
        mean, centre, scale = x.mean(axis=0), y.mean(axis=0), np.sqrt(spread[0] / spread[1])
        both = ((x - mean) / scale, (y - centre) * scale)
        joint = sum(each.T @ each / max(float((each**2).sum()), 1e-30) for each in both)
        return cls(centre, mean, scale, np.linalg.eigh(joint)[1][:, ::-1][:, :SECOND])

    def query(self, x: Values) -> tuple[Values, Values]:
        """Turn a query (d,) -> its coordinates (k,), and what is left beyond FIRST and beyond k."""
        return self._turn(((x - self.mean) / self.scale)[None], row=0)

    def examples(self, y: Values, b: Values) -> tuple[Values, Values, Values]:
        """Turn examples (n, d) -> known part of the product (n,), coordinates (n, k), what is left (n, 2)."""
        centred = y - self.centre
        return (b + centred @ self.mean, *self._turn(centred * self.scale))

    def _turn(self, rows: Values, row: int | slice = slice(None)) -> tuple[Values, Values]:
        inside = rows @ self.turned
        whole = np.einsum("nd,nd->n", rows, rows)
        squares = np.stack([whole - (inside[:, :k] ** 2).sum(axis=1) for k in (FIRST, SECOND)], axis=1)
        return inside[row], np.sqrt(np.maximum(squares, 0.0) + 1e-13 * whole[:, None])[row]


@dataclass(frozen=True, eq=False)
class Asked:
    """A query in the basis, and by how much products in float32 may be off."""

    whole: Matrix  # (1, d), the embedding
    x: Values  # (d,)
    first: NDArray[np.float32]  # coordinates, 1 and what is left, as an index's `first` has them
    second: NDArray[np.float32]
    slack: float


@dataclass(frozen=True, eq=False)
class BoundedIndex:
    """Embeddings (n, d) of a pool, ready for a measure: they stay as they are, 308 bytes come to each.

    Args:
        first: (blocks, FIRST + 2, BLOCK) coordinates, the known part of the product, and what is left.
        second: (n, SECOND + 2) the same with more coordinates, a row an example.
        largest: (SECOND + 3,) the largest absolute value of each of these and of what `first` leaves.
    """

    product: Product
    embeddings: Matrix
    basis: Basis
    order: Rows
    ends: Rows
    middles: NDArray[np.float32]  # (leaves, SECOND + 2)
    first: NDArray[np.float32]
    second: NDArray[np.float32]
    largest: NDArray[np.float32]

    @classmethod
    @alone()
    def of(cls, measure: str, embeddings: Matrix) -> BoundedIndex:
        """Make an index of embeddings (n, d) for a measure of PRODUCTS."""
        product, n = PRODUCTS[measure], len(embeddings)
        basis = Basis.of(product, embeddings[:: max(1, n // SAMPLED)])
        second, rest = np.empty((n, basis.turned.shape[1] + 2), np.float32), np.empty(n, np.float32)
        for start in range(0, n, BATCH):
            part = slice(start, start + BATCH)
            known, inside, left = basis.examples(*product.example(embeddings[part]))
            second[part, :-2], second[part, -2], second[part, -1] = inside, known, left[:, 1]
            rest[part] = left[:, 0]
        order, ends = leaves(second[:, : 2 * FIRST])
        second, rest = second[order], rest[order]
        lengths = np.diff(ends, prepend=0)
        middles = np.asarray(np.add.reduceat(second, ends - lengths) / lengths[:, None], np.float32)
        largest = np.append(np.maximum(second.max(axis=0), -second.min(axis=0)), rest.max())
        return cls(product, embeddings, basis, order, ends, middles, _blocks(second, rest), second, largest)

    @alone()
    def nearest(
        self, query: Vector, count: int, allowed: NDArray[np.bool_] | None = None
    ) -> tuple[Rows, Distances]:
        """Return the nearest examples of a query (d,), nearest first, and their distances: exact.

        Of equal ones the earlier comes first. Only `allowed` (n,) ones count.
        """
        asked = self._asked(query)
        seeds = self._seeds(asked, max(count, MEASURED), allowed)
        least = -np.inf if len(seeds) < count else float(np.sort(self._products(asked, seeds))[-count])
        rows = self._possible(asked, least)
        return self._measured(asked, rows if allowed is None else rows[allowed[rows]], count)

    @alone()
    def approximate(
        self, query: Vector, count: int, allowed: NDArray[np.bool_] | None = None
    ) -> tuple[Rows, Distances]:
        """Return what `nearest` does, from the VISITED leaves that look nearest; others are not read."""
        asked = self._asked(query)
        return self._measured(asked, self._seeds(asked, max(count, MEASURED), allowed), count)

    @alone()
    def within(self, query: Vector, distance: float) -> tuple[Rows, Distances]:
        """Return all examples nearer than a distance, nearest first, with theirs: exact, for KL."""
        asked = self._asked(query)
        logs = log_softmax(asked.whole, TEMPERATURE)[0]  # also where the probability itself is 0
        least = float(asked.x @ (logs - self.basis.centre)) - distance
        rows, far = self._measured(asked, self._possible(asked, least), len(self.embeddings))
        return rows[far < distance], far[far < distance]

    def _asked(self, query: Vector) -> Asked:
        whole = np.asarray(query)[None]
        x = self.product.query(whole)[0]
        inside, left = self.basis.query(x)
        first = np.array([*inside[:FIRST], 1.0, left[0]], np.float32)
        second = np.array([*inside, 1.0, left[1]], np.float32)
        sizes = np.append(np.abs(second), first[-1])
        return Asked(whole, x, first, second, float(ROUNDING * len(sizes) * (sizes @ self.largest)))

    def _seeds(self, asked: Asked, count: int, allowed: NDArray[np.bool_] | None) -> Rows:
        """Examples of the likeliest leaves whose products look largest."""
        guess = asked.second.copy()
        guess[-1] = 0.0
        looks = self.middles @ guess
        chosen = np.argpartition(-looks, VISITED)[:VISITED] if len(looks) > VISITED else np.arange(len(looks))
        spans = [(int(self.ends[leaf - 1]) if leaf else 0, int(self.ends[leaf])) for leaf in chosen.tolist()]
        rows = np.concatenate([self.order[begin:end] for begin, end in spans])
        products = np.concatenate([self.second[begin:end] @ guess for begin, end in spans])
        if allowed is not None:
            rows, products = rows[allowed[rows]], products[allowed[rows]]
        return rows if len(rows) <= count else rows[np.argpartition(-products, count)[:count]]

    def _products(self, asked: Asked, rows: Rows) -> Values:
        """The products (n,) of a few examples, in double precision, less x · centre."""
        y, b = self.product.example(self.embeddings[rows])
        return b + (y - self.basis.centre) @ asked.x

    def _possible(self, asked: Asked, least: float) -> Rows:
        """All examples whose product may be `least` or more."""
        if least == -np.inf:
            return self.order
        least -= asked.slack
        found = [
            np.flatnonzero(asked.first @ block >= least) + number * BLOCK
            for number, block in enumerate(self.first)
        ]
        places = np.concatenate(found)
        return self.order[places[self.second[places] @ asked.second >= least]]

    def _measured(self, asked: Asked, rows: Rows, count: int) -> tuple[Rows, Distances]:
        """The nearest of some examples by the measure itself; ties go to the earlier example."""
        rows = np.sort(rows)
        parts = [rows[start : start + BATCH] for start in range(0, len(rows), BATCH)]
        far = np.concatenate(
            [np.zeros(0), *(self.product.distances(asked.whole, self.embeddings[part]) for part in parts)]
        )
        best = np.argsort(far, kind="stable")[:count]
        return rows[best], far[best]


def _blocks(second: NDArray[np.float32], rest: NDArray[np.float32]) -> NDArray[np.float32]:
    """The first coordinates, the known part and the rest by blocks; what is no example has no product."""
    k, n = min(FIRST, second.shape[1] - 2), len(second)
    made = np.zeros((-(-n // BLOCK), k + 2, BLOCK), np.float32)
    made[:, k] = -np.inf
    for number, block in enumerate(made):
        part = slice(number * BLOCK, (number + 1) * BLOCK)
        size = len(rest[part])
        block[:k, :size], block[k, :size], block[k + 1, :size] = (
            second[part, :k].T,
            second[part, -2],
            rest[part],
        )
    return made
