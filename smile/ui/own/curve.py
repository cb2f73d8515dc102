"""The gain of correcting as a chart: errors before each correction, and their running mean."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Any, NamedTuple

import gradio as gr

from smile.own.state import Correction
from smile.text.scoring import score
from smile.ui.parts.plots import COLOURS, GREY, blank

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

TEAL = COLOURS[0]
HEIGHT = 320
LEAST = 2  # corrections that make a curve


class Point(NamedTuple):
    """A corrected transcript: CER in percent of both sides, and of all corrected so far."""

    smile: float
    vanilla: float
    smile_so_far: float
    vanilla_so_far: float
    examples: int


def points(corrections: Sequence[Correction], language: str = "") -> list[Point]:
    """Return error rates over the corrections in their order; edits over characters so far."""
    sides = [[score(c.text, text, language=language) for text in (c.smile, c.vanilla)] for c in corrections]
    counted = [(pair, c) for pair, c in zip(sides, corrections, strict=True) if pair[0].length]
    lengths = list(accumulate(pair[0].length for pair, _ in counted))
    edits = [list(accumulate(pair[side].edits for pair, _ in counted)) for side in (0, 1)]
    return [
        Point(
            100 * pair[0].edits / pair[0].length,
            100 * pair[1].edits / pair[1].length,
            100 * edits[0][i] / lengths[i],
            100 * edits[1][i] / lengths[i],
            c.examples,
        )
        for i, (pair, c) in enumerate(counted)
    ]


def update(corrections: Sequence[Correction], language: str = "") -> Any:
    """Return the plot's new value, or that there is none yet."""
    clips = points([c for c in corrections if not c.given], language)
    return gr.update(value=figure(clips) if len(clips) >= LEAST else None, visible=len(clips) >= LEAST)


def figure(clips: Sequence[Point]) -> Figure:
    """Return CER over corrected clips: dots for clips, lines for the mean so far."""
    x = list(range(1, len(clips) + 1))
    drawn = blank(HEIGHT, "clips corrected", "CER in percent")
    for name, colour, dots, line in (
        ("With your examples", TEAL, [p.smile for p in clips], [p.smile_so_far for p in clips]),
        ("Whisper alone", GREY, [p.vanilla for p in clips], [p.vanilla_so_far for p in clips]),
    ):
        drawn.add_scatter(
            x=x,
            y=dots,
            mode="markers",
            marker={"color": colour, "size": 7, "opacity": 0.45},
            name=name,
            legendgroup=name,
            showlegend=False,
            hovertemplate="clip %{x}: %{y:.1f} %<extra>" + name + "</extra>",
        )
        drawn.add_scatter(
            x=x,
            y=line,
            mode="lines",
            line={"color": colour, "width": 3},
            name=f"{name}, mean so far",
            legendgroup=name,
            hovertemplate="mean of %{x} clips: %{y:.1f} %<extra>" + name + "</extra>",
        )
    drawn.update_xaxes(tickformat="d", dtick=max(1, len(clips) // 10))
    drawn.update_yaxes(rangemode="tozero")
    return drawn
