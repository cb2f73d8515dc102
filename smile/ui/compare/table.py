"""The grid of a comparison as HTML: ways by numbers of examples, errors as a heat map, cells to be opened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from smile.evaluation.compare import (
    ACOUSTIC,
    ALONE,
    COMBINED,
    CONTROLLED,
    UNTRAINED,
    Cell,
    Place,
    Way,
)
from smile.evaluation.compared import consensus
from smile.text.scoring import score
from smile.ui.parts.scores import percent

STEPS = 8  # shades of the heat map
TABLE = Markup(
    '<div class="scroll" tabindex="0" role="region" aria-label="Transcripts by way and number of examples">'
    '<table class="compared"><thead><tr><th scope="col">Examples</th>{heads}</tr></thead>'
    "<tbody>{rows}</tbody></table></div>"
)
HEAD = Markup('<th scope="col">{}</th>')
ROW = Markup('<tr><th scope="row">{name}</th>{cells}</tr>')
FILLED = Markup(
    '<td{span}><button type="button" data-cell="{index}" class="cell{kind}"{pressed}>'
    '<span class="text" dir="auto">{text}</span><small>{facts}</small></button></td>'
)
WITH = Markup("<small>{}</small>")
WAITING = Markup('<td{span} class="waiting"><span aria-label="not yet written">…</span></td>')
CONSENSUS = Markup(
    '<p class="consensus"><b>Agrees best with the others</b> <span dir="auto">{text}</span>'
    "<small>{where}</small><small>{rate}</small></p>"
)


@dataclass(frozen=True)
class Compared:
    """A comparison as far as it has come."""

    places: tuple[Place, ...] = ()
    cells: tuple[Cell, ...] = ()
    language: str = ""  # ISO 639-3
    synthetic: bool = False
    done: bool = False

    def cell(self, index: int | None) -> Cell | None:
        """Return a cell by its number, where it has been written."""
        return self.cells[index] if index is not None and 0 <= index < len(self.cells) else None


def compare_html(compared: Compared, reference: str = "", opened: int | None = None) -> str:
    """Return the grid as HTML; what is not written yet is a dotted cell.

    With a reference each cell shows its CER.
    """
    if not compared.places:
        return ""
    counts = sorted({p.shots for p in compared.places if p.shots and p.adapted})
    columns = counts or [0]
    index = {cell.place: i for i, cell in enumerate(compared.cells)}

    def filled(place: Place, span: int = 1) -> Markup:
        wide = Markup(' colspan="{}"').format(span) if span > 1 else Markup()
        if place not in index:
            return WAITING.format(span=wide)
        return _filled(compared, index[place], reference, opened, wide)

    rows = []
    for place in (ALONE, CONTROLLED, ACOUSTIC, COMBINED, Place(0), UNTRAINED):
        if place in compared.places:
            rows.append(ROW.format(name=_named(place), cells=filled(place, len(columns))))
    for way in _ways(compared.places):
        cells = Markup().join(filled(Place(count, way)) for count in counts)
        rows.append(ROW.format(name=way.label, cells=cells))
    heads = Markup().join(HEAD.format(count) for count in counts) or HEAD.format("")
    return TABLE.format(heads=heads, rows=Markup().join(rows)) + agreed(compared, reference)


def _ways(places: Sequence[Place]) -> list[Way]:
    return list(dict.fromkeys(place.way for place in places if place.way and place.adapted))


def _filled(compared: Compared, index: int, reference: str, opened: int | None, span: Markup) -> Markup:
    cell = compared.cells[index]
    cer = rate(cell, reference, compared.language)
    facts = [percent(cer)] if cer is not None else []
    facts += [f"{cell.seconds:.1f} s", f"model's probability {100 * cell.probability:.0f}\u00a0%"]
    return FILLED.format(
        span=span,
        index=index,
        kind="" if cer is None else f" heat{shade(cer)}",
        pressed=Markup(' aria-pressed="true"') if index == opened else Markup(),
        text=cell.text or "no text",
        facts=" · ".join(facts),
    )


def rate(cell: Cell, reference: str, language: str) -> float | None:
    """Return a cell's CER against a reference; None without one."""
    return score(reference, cell.text, language=language).cer if reference.strip() else None


def shade(cer: float) -> int:
    """Return the shade of a rate: 0 is right, STEPS - 1 is 100 % or worse."""
    return min(STEPS - 1, int(cer * STEPS))


def agreed(compared: Compared, reference: str) -> Markup:
    """Return the transcript that agrees best with the others, as HTML."""
    cell = consensus(compared.cells, compared.language)
    if cell is None:
        return Markup()
    cer = rate(cell, reference, compared.language)
    percentage = "" if cer is None else percent(cer)
    return CONSENSUS.format(text=cell.text or "no text", where=title(cell.place), rate=percentage)


def _named(place: Place) -> Markup:
    """The name of a row that goes over all numbers of examples."""
    return Markup("{}{}").format(title(place), WITH.format(behind(place)) if place == UNTRAINED else "")


def behind(place: Place) -> str:
    """Return the examples of a place in words."""
    return f"{place.shots} example{'s' * (place.shots != 1)}, {place.way.label if place.way else ''}"


def title(place: Place) -> str:
    """Return a cell's place in words."""
    if place.shots is None:
        return "Whisper alone, controlled" if place.bounded else "Whisper alone"
    if place == ACOUSTIC:
        return "The pool's acoustic model"
    if place == COMBINED:
        return "Examples and acoustic model combined"
    if place == UNTRAINED:
        return "SMILE without the adapter"
    if not place.way:
        return "No examples"
    return behind(place)
