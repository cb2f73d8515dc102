"""One cell of a comparison, opened: its transcript, what differs from Whisper alone, its examples."""

from __future__ import annotations

from markupsafe import Markup

from smile.evaluation.compare import Cell
from smile.retrieval.samplers import measure_label
from smile.ui.compare.table import Compared, title
from smile.ui.diff import LEGEND, difference
from smile.ui.parts.neighbours import SYNTHETIC, left_out, listed
from smile.ui.parts.scores import judge, score_block
from smile.ui.sounds import Address

DETAIL = Markup(
    '<section class="card detail" aria-label="{title}"><header><h3 tabindex="-1">{title}</h3></header>'
    '<p class="transcript" dir="auto">{text}</p>{parts}</section>'
)
AGAINST = Markup("<h4>Against Whisper alone (above)</h4>{}{}")
EXAMPLES = Markup('<section class="neighbours"><h4>Examples in the prompt {}</h4>{}{}</section>')


def detail(compared: Compared, index: int | None, address: Address, reference: str = "") -> str:
    """Return the opened cell as HTML; empty where none is open.

    `address` gives where the page plays an example from.
    """
    cell, alone = compared.cell(index), compared.cell(0)
    if cell is None or alone is None:
        return ""
    parts = [score_block(judge(reference, cell.text, compared.language))]
    if cell is not alone and alone.text and cell.text:
        parts.append(AGAINST.format(difference(alone.text, cell.text), LEGEND))
    parts.append(_examples(cell, compared.synthetic, address))
    return DETAIL.format(title=title(cell.place), text=cell.text or "No text.", parts=Markup().join(parts))


def _examples(cell: Cell, synthetic: bool, address: Address) -> Markup:
    way = cell.place.way
    if way is None:
        return Markup()
    measure = measure_label(way.sampler, way.divergence)
    groups = (listed(group, measure, address) for group in cell.neighbours)
    lists = Markup().join(map(Markup("<ol>{}</ol>").format, groups))
    return EXAMPLES.format(SYNTHETIC if synthetic else "", lists, left_out(cell.left_out))
