"""The bench of nearness: a stricter limit gives no more alarms, of one's own language or of others."""

from __future__ import annotations

import numpy as np

from smile.bench.near import LIMITS, by_limit
from smile.datatypes import Matrix
from smile.pools.background import background


def clips(seed: int, count: int, spread: float) -> Matrix:
    """Embeddings of a language, about a place of its own among those of the background."""
    known = background()
    assert known is not None
    draws = np.random.default_rng(seed)
    middle = known.mean + known.mean.std() * np.random.default_rng(seed // 10).normal(size=known.mean.shape)
    made = middle + spread * known.mean.std() * draws.normal(size=(count, len(known.mean)))
    return np.abs(made).astype(np.float32)


def test_the_farther_the_limit_the_fewer_alarms() -> None:
    pools = {code: ((), clips(10 * n, 60, 1.0)) for n, code in enumerate(("mdw", "gla"), 1)}
    asked = {code: clips(10 * n + 1, 200, 1.3) for n, code in enumerate(("mdw", "gla"), 1)}
    lines = list(by_limit(pools, asked))
    assert [line["kept by, % of clips like the pool's"] for line in lines] == [f"{100 * x:g}" for x in LIMITS]
    for name in ("false alarms %", "caught %"):
        rates = [float(str(line[name])) for line in lines]
        assert rates == sorted(rates, reverse=True)
    assert float(str(lines[0]["caught %"])) > float(str(lines[0]["false alarms %"]))
