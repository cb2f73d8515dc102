"""Charts of languages: plotly figures as pure functions of a selection; None where rows are missing."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, Any

import pandas as pd

from smile.results import labels
from smile.results.pairs import paired
from smile.results.timed import in_one_run
from smile.ui.parts.plots import COLOURS, GREY, blank
from smile.ui.results.macro import macro
from smile.ui.results.selection import Selection

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

WIDEST = 24  # characters on a line of a label
BAND = 7  # pixels of an interval drawn as a band


def spread(table: pd.DataFrame, colour: str, band: bool = False) -> dict[str, Any]:
    """Return the error bars of rates with bounds."""
    bars = {
        "type": "data",
        "symmetric": False,
        "array": table["high"] - table["rate"],
        "arrayminus": table["rate"] - table["low"],
        "color": colour,
    }
    return {**bars, "thickness": BAND, "width": 0} if band else {**bars, "thickness": 1.2, "width": 4}


def wrapped(label: str) -> str:
    """Return a long label on two lines or more, so that there is room for the chart beside it."""
    return "<br>".join(wrap(label, WIDEST))


def translucent(colour: str) -> str:
    """Return a colour at a third of its strength."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.3)"


def by_language(selection: Selection) -> Figure | None:
    """Return dumbbells: each language from the baseline to the condition, with intervals."""
    base, ours = selection.line_of(selection.baseline), selection.line_of(selection.condition)
    base = base[base.index.isin(ours.dropna(subset=["rate"]).index)].dropna(subset=["rate"])
    if base.empty or selection.baseline == selection.condition:
        return None
    ours = ours.loc[base.index].sort_values("rate", ascending=False)
    base, names = base.loc[ours.index], selection.languages.loc[ours.index, "name"]
    figure = blank(130 + 34 * len(names), f"{selection.unit}, %")
    xs = [x for pair in zip(base["rate"], ours["rate"], strict=True) for x in (*pair, None)]
    ys = [y for name in names for y in (name, name, None)]
    figure.add_scatter(
        x=xs, y=ys, mode="lines", line={"color": GREY, "width": 2}, showlegend=False, hoverinfo="skip"
    )
    for table, label, colour in ((base, selection.baseline, GREY), (ours, selection.condition, COLOURS[0])):
        figure.add_scatter(
            x=table["rate"],
            y=names,
            mode="markers",
            name=wrapped(label),
            marker={"size": 11, "color": colour},
            error_x=spread(table, translucent(colour), band=True),
            customdata=table[["low", "high"]],
            hovertemplate="%{y}: %{x:.1f} % (%{customdata[0]:.1f}–%{customdata[1]:.1f})<extra></extra>",
        )
    figure.update_yaxes(type="category")
    return figure


def by_family(selection: Selection) -> Figure | None:
    """Return the relative change of each language, and of each family's macro average as in the findings."""
    table = selection.line_of(selection.condition)
    if "reduction" not in table or table["reduction"].notna().sum() == 0 or selection.pair is None:
        return None
    table = table.dropna(subset=["reduction"]).join(selection.languages[["name", "family"]])
    table = table.assign(family=table["family"].replace("", "not known"), change=-table["reduction"])
    means = _families(selection, table["family"])
    figure = blank(150 + 34 * len(means), f"change of {selection.unit}, %")
    figure.add_scatter(
        x=means.values,
        y=means.index,
        mode="markers",
        name="macro average of the family",
        marker={"symbol": "line-ns", "size": 20, "line": {"width": 3, "color": COLOURS[0]}},
        hovertemplate="%{y}: %{x:.1f} %<extra></extra>",
    )
    figure.add_scatter(
        x=table["change"],
        y=table["family"],
        mode="markers",
        name="language",
        text=table["name"],
        marker={"size": 9, "color": COLOURS[1], "opacity": 0.8},
        hovertemplate="%{text}: %{x:.1f} %<extra></extra>",
    )
    figure.add_vline(x=0, line={"color": GREY, "width": 1, "dash": "dot"})
    figure.update_yaxes(type="category", categoryorder="array", categoryarray=list(means.index))
    return figure


def _families(selection: Selection, families: pd.Series[str]) -> pd.Series[float]:
    """The change of each family's macro average in percent, the largest first, of families by language."""
    known = selection.measured.sampled(selection.metric)
    changes = {}
    for name, members in families.groupby(families):
        pair = paired([known[code] for code in members.index], selection.condition, selection.baseline)
        if pair:
            changes[str(name)] = -pair.reduction
    return pd.Series(changes, dtype=float).sort_values(ascending=False)


def overhead(selection: Selection) -> Figure | None:
    """Return the seconds that a clip takes by condition, and the share in them of ranking the pool.

    All are of one run on one machine; None where no run timed two of the conditions.
    """
    rows = selection.measured.rows
    near = [labels.relatives(selection.facts, selection.condition, trained) for trained in (False, True)]
    pools = labels.lines(selection.facts, "minutes")
    facts = pd.concat([*near, pools])
    facts = facts[facts["sampler"] == "nearest"]
    wanted = [selection.baseline, selection.condition, *facts["label"]]
    timed = in_one_run(rows[rows["language"].isin(selection.languages.index)], wanted)
    if timed is None:
        return None
    means = timed.means
    title = f"seconds for a clip, as if it were transcribed alone<br>{timed.run}"
    figure = blank(150 + 38 * len(means), title)
    share = 100 * means["retrieval"] / means["seconds"]
    names = means.index.map(wrapped)
    parts = {"everything else": (means["seconds"] - means["retrieval"], GREY),
             "ranking the pool": (means["retrieval"], COLOURS[1])}  # fmt: skip
    for name, (values, colour) in parts.items():
        hover = f"%{{y}}: %{{x:.3f}} s {name}<extra></extra>"
        figure.add_bar(
            x=values, y=names, name=name, orientation="h", marker_color=colour, hovertemplate=hover
        )
    figure.data[1].update(
        text=[f"{value:.2g} %" for value in share], textposition="outside", cliponaxis=False
    )
    figure.update_layout(barmode="stack", bargap=0.35)
    figure.update_xaxes(range=[0, 1.15 * means["seconds"].max()])
    figure.update_yaxes(type="category", autorange="reversed")
    return figure


def averages(selection: Selection, x: str) -> pd.DataFrame:
    """Return the lines of `labels.lines` with macro averages over the languages that all of them have.

    Of more series than there are colours, those that have most in common with the condition.
    """
    lines = labels.lines(selection.facts, x)
    near = labels.agreement(lines, selection.facts, selection.condition).groupby(lines["series"]).max()
    lines = lines[lines["series"].isin(near.nlargest(len(COLOURS)).index)]
    rates = macro(selection.rates, [*lines["label"], selection.baseline])
    return lines.merge(rates, left_on="label", right_index=True) if len(rates) else lines.iloc[:0]
