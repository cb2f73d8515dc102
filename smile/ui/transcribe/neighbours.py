"""The examples that went into a prompt, as cards with a player each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from smile.retrieval.samplers import measure_label
from smile.ui.parts.neighbours import SYNTHETIC, left_out, listed
from smile.ui.parts.so_far import clock

if TYPE_CHECKING:
    from smile.transcription.result import Result
    from smile.transcription.target import RetrievedExamples
    from smile.ui.sounds import Address


OPEN = Markup('<section class="neighbours"><h3>Examples in the prompt {}</h3>{}</section>')
FOLDED = Markup(
    '<details class="neighbours"><summary>Examples in the prompts of all segments {}</summary>{}</details>'
)
"""Of a long recording there are so many that what stands below them would be out of reach."""


def neighbours(result: Result, synthetic: bool, address: Address) -> str:
    """Return the examples of every segment, and what was left out, as HTML.

    `address` gives where the page plays an example from.
    """
    if not any(retrieved.neighbours or retrieved.left_out for _, retrieved in result.examples):
        return ""
    several = len(result.examples) > 1
    frame = FOLDED if several else OPEN
    measure = measure_label(result.settings.sampler, result.settings.divergence)
    groups = Markup().join(
        _group(start if several else None, retrieved, measure, address)
        for start, retrieved in result.examples
    )
    return frame.format(SYNTHETIC if synthetic else "", groups)


def _group(start: float | None, retrieved: RetrievedExamples, measure: str, address: Address) -> Markup:
    """Return the examples of the speech from a time on; without a time there is no other speech."""
    heading = Markup() if start is None else Markup("<h4>For the speech from {}</h4>").format(clock(start))
    items = listed(retrieved.neighbours, measure, address)
    return Markup("{}<ol>{}</ol>{}").format(heading, items, left_out(len(retrieved.left_out)))
