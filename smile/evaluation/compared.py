"""What the cells of a comparison come to: the one that agrees best with the others, and rows for export."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from smile.evaluation.compare import Cell
from smile.text.normalisers import normalise
from smile.text.scoring import score


def agreement(cells: Sequence[Cell], language: str = "") -> list[float]:
    """Return how far each cell's text is from the others', as a mean CER.

    Whisper alone and SMILE without its adapter, which are there to be compared with, take no part (NaN).
    """
    texts = {
        i: normalise(cell.text, "plain", language)
        for i, cell in enumerate(cells)
        if cell.place.shots is not None and cell.place.adapted
    }
    return [
        float(np.mean([_apart(texts[i], other) for j, other in texts.items() if j != i]))
        if i in texts and len(texts) > 1
        else float("nan")
        for i in range(len(cells))
    ]


def _apart(one: str, other: str) -> float:
    """Edits between two texts, over the longer one's length."""
    longer, shorter = (one, other) if len(one) >= len(other) else (other, one)
    return score(longer, shorter).edits / len(longer) if longer else 0.0


def consensus(cells: Sequence[Cell], language: str = "") -> Cell | None:
    """Return the cell whose text agrees best with the others'; None where fewer than three can agree.

    Of several with the same text it is the earliest.
    """
    agreements = np.array(agreement(cells, language))
    if np.isfinite(agreements).sum() < 3:
        return None
    return cells[int(np.nanargmin(agreements))]


def as_rows(cells: Sequence[Cell], reference: str = "", language: str = "") -> list[dict[str, Any]]:
    """Return a plain row for each cell, as it is exported; with a reference also its CER."""
    rows = []
    for cell in cells:
        way = cell.place.way
        row: dict[str, Any] = {
            "side": "vanilla" if cell.place.shots is None else "in-context",
            "level": "" if cell.place.shots is None else cell.place.level,
            "controlled": cell.place.bounded,
            "adapter": cell.place.shots is not None and cell.place.adapted,
            "shots": cell.place.shots or 0,
            "sampler": way.sampler if way else "",
            "divergence": way.divergence if way and way.sampler in ("nearest", "mixed") else "",
            "seed": way.seed if way and way.sampler == "random" else "",
            "text": cell.text,
            "seconds": round(cell.seconds, 3),
            "probability": round(cell.probability, 4),
            "neighbours": [n.utterance.id for group in cell.neighbours for n in group],
            "left_out": cell.left_out,
        }
        if reference:
            row["cer"] = score(reference, cell.text, language=language).cer
        rows.append(row)
    return rows
