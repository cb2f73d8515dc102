"""The paper's aggregate figures beside ours, marked as the paper's."""

from __future__ import annotations

import pandas as pd
from markupsafe import Markup

from smile.results import labels, paper
from smile.results.naming import TRAINED, UNTRAINED
from smile.results.pairs import paired
from smile.results.tables import Metric
from smile.results.wording import change, percent
from smile.ui.results.selection import Selection

TABLE = Markup(
    '<section class="beside"><h3>Beside the paper</h3>'
    '<div class="scroll" tabindex="0" role="region" aria-label="Beside the paper"><table><thead><tr>'
    '<th scope="col">Macro average CER</th>'
    '<th scope="col">Paper <span class="badge">not measured here</span></th>{heads}</tr></thead>'
    '<tbody>{body}</tbody></table></div><p class="note">{note}</p></section>'
)
NOTE = (
    "The paper's figures are for {theirs} languages of ML-SUPERB that it does not list, with its own "
    "adapter; ours are for languages shown here. They can be set side by side, not compared."
)


def beside(selection: Selection) -> str:
    """Return a line for each figure of the paper that may be shown, with ours of the same kind."""
    columns = dict(_ours(selection, adapter) for adapter in (True, False))
    theirs = _theirs()
    body = Markup().join(
        Markup('<tr><th scope="row">{}</th><td class="number paper">{}</td>{}</tr>').format(
            what,
            figure,
            Markup().join(
                Markup('<td class="number">{}</td>').format(c.get(what, "–")) for c in columns.values()
            ),
        )
        for what, figure in theirs.items()
    )
    head = Markup('<th scope="col">{}<small>{}</small></th>')
    heads = Markup().join(
        head.format(name, figures.get("languages", "")) for name, figures in columns.items()
    )
    note = NOTE.format(theirs=paper.LANGUAGES)
    return TABLE.format(heads=heads, body=body, note=note)


def _theirs() -> dict[str, str]:
    return {
        "Whisper alone": percent2(paper.ALONE),
        **{f"{n} random": percent2(rate) for n, rate in paper.RANDOM.items()},
        **{f"{n} nearest": percent2(rate) for n, rate in paper.NEAREST.items()},
        "Change, 1 nearest": f"−{percent(paper.REDUCTION)}",
        "Improved, 1 nearest": f"{paper.IMPROVED} of {paper.LANGUAGES}",
    }


def percent2(rate: float) -> str:
    """Return a rate as the paper writes it, with two decimals."""
    return f"{rate:.2f}\u00a0%"


def _ours(selection: Selection, adapter: bool) -> tuple[str, dict[str, str]]:
    """The same of our rows with or without an adapter: what they are, and the figures that there are.

    Settings that the paper does not vary are those of the condition that is shown, or the nearest to them.
    """
    facts, metric = selection.facts, Metric("cer", selection.metric.normaliser)
    known = selection.measured.sampled(metric)
    parts = [known[code] for code in selection.languages.index if code in known]
    inside = labels.relatives(facts, selection.condition, adapter)
    figures: dict[str, str] = {}
    for sampler, counts in (("random", paper.RANDOM), ("nearest", paper.NEAREST)):
        for shots in counts:
            there = inside[(inside["sampler"] == sampler) & (inside["shots"] == shots)]["label"]
            pair = paired(parts, str(there.iloc[0]), labels.baseline(facts)) if len(there) else None
            if pair is None:
                continue
            figures["Whisper alone"] = percent(pair.before)
            figures["languages"] = f"{pair.languages} language{'s' * (pair.languages != 1)}"
            figures[f"{shots} {sampler}"] = percent(pair.after)
            if (shots, sampler) == (1, "nearest"):
                figures["Change, 1 nearest"] = change(pair.reduction)
                figures["Improved, 1 nearest"] = f"{pair.count(True)} of {pair.languages}"
    missing = TRAINED if adapter else UNTRAINED
    return (str(inside["series"].iloc[0]) if len(inside) else missing), figures


def points(selection: Selection) -> pd.DataFrame:
    """Return the paper's figures by number of examples; none for another metric than CER."""
    if selection.metric.unit != "cer":
        return pd.DataFrame(columns=["series", "x", "rate"])
    alone = {0: paper.ALONE}
    rows = [("nearest", x, rate) for x, rate in (alone | paper.NEAREST).items()]
    rows += [("random", x, rate) for x, rate in (alone | paper.RANDOM).items()]
    return pd.DataFrame(rows, columns=["series", "x", "rate"])
