"""Charts of languages: plotly figures as pure functions of a selection; None where rows are missing."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

import pandas as pd

from smile.results import labels
from smile.results.pairs import paired
from smile.results.timed import in_one_run
from smile.ui.parts.plots import COLOURS, GREY, blank, look
from smile.ui.results.axis import cut, on_axis, points, spread
from smile.ui.results.macro import macro
from smile.ui.results.selection import Selection

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

MOST_SERIES = 4  # in a chart
WIDEST = 24  # characters on a line of a label


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
    figure = blank(130 + 34 * len(names), f"{selection.unit}, %", "language")
    ends = (on_axis(base["rate"]), on_axis(ours["rate"]))
    xs = [x for pair in zip(*ends, strict=True) for x in (*pair, None)]
    ys = [y for name in names for y in (name, name, None)]
    figure.add_scatter(
        x=xs, y=ys, mode="lines", line={"color": GREY, "width": 2}, showlegend=False, hoverinfo="skip"
    )
    sides = ((base, selection.baseline, GREY, "square"), (ours, selection.condition, *look(0)[:2]))
    for table, condition, colour, shape in sides:
        figure.add_scatter(
            **points(table, "x", colour, shape, 11),
            y=names,
            mode="markers+text",
            name=selection.name(condition),
            error_x=spread(table, translucent(colour), band=True),
            hovertemplate="%{y}: %{customdata[0]:.1f} % (%{customdata[1]:.1f}–%{customdata[2]:.1f})"
            "<extra></extra>",
        )
    cut(figure, "x", base["rate"], ours["rate"])
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
    figure = blank(150 + 34 * len(means), f"change of {selection.unit}, %", "language family")
    figure.add_scatter(
        x=means.values,
        y=means.index,
        mode="markers",
        name="macro average of the family",
        marker={
            "symbol": "line-ns",
            "size": 20,
            "color": COLOURS[0],
            "line": {"width": 3, "color": COLOURS[0]},
        },
        hovertemplate="%{y}: %{x:.1f} %<extra></extra>",
    )
    figure.add_scatter(
        x=table["change"],
        y=table["family"],
        mode="markers",
        name="language",
        text=table["name"],
        marker={"size": 9, "color": COLOURS[1], "symbol": "diamond", "opacity": 0.8},
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
    figure = blank(150 + 38 * len(means), "seconds a clip", "condition")
    figure.update_layout(meta={"note": f"Timed in the {timed.run}."})
    share = 100 * means["retrieval"] / means["seconds"]
    names = [wrapped(selection.name(label)) for label in means.index]
    parts = {"everything else": (means["seconds"] - means["retrieval"], GREY),
             "ranking the pool": (means["retrieval"], COLOURS[1])}  # fmt: skip
    for name, (values, colour) in parts.items():
        hover = "%{y}: %{x:.3f} s %{fullData.name}<extra></extra>"
        figure.add_bar(
            x=values, y=names, name=name, orientation="h", marker_color=colour, hovertemplate=hover
        )
    figure.data[1].update(
        text=[f"{value:.2g} %" for value in share], textposition="outside", cliponaxis=False
    )
    figure.update_layout(barmode="stack", bargap=0.35)
    figure.update_xaxes(range=[0, 1.3 * means["seconds"].max()])
    figure.update_yaxes(type="category", autorange="reversed")
    return figure


def averages(selection: Selection, x: str) -> pd.DataFrame:
    """Return the lines of `labels.lines` with macro averages over the languages that all of them have.

    Of many series, those nearest to the condition, and of these the longest, first; of these, a series that
    has less than half of the languages that those before it have in common is left out.
    """
    lines = labels.lines(selection.facts, x)
    near = labels.agreement(lines, selection.facts, selection.condition).groupby(lines["series"]).max()
    series = pd.DataFrame({"near": near, "places": lines.groupby("series")["x"].nunique()})
    kept = series.sort_values(["near", "places"], ascending=False, kind="stable").index[:MOST_SERIES]
    lines = lines[lines["series"].isin(kept)]
    lines = lines[lines["series"].isin(_with_shared_languages(selection, lines, list(kept)))]
    rates = macro(selection.rates, [*lines["label"], selection.baseline])
    if rates.empty:
        return lines.iloc[:0]
    order = {series: place for place, series in enumerate(kept)}
    means = lines.merge(rates, left_on="label", right_index=True)
    return means.sort_values("series", key=lambda names: names.map(order), kind="stable")


def _with_shared_languages(selection: Selection, lines: pd.DataFrame, series: list[str]) -> list[str]:
    """The series, in their order, that together leave languages on which all of them were measured."""
    measured = selection.rates.dropna(subset=["rate"]).groupby("condition")["language"].agg(set)
    shared, kept = set(measured.get(selection.baseline, selection.languages.index)), list[str]()
    for name in series:
        there = measured.reindex(lines.loc[lines["series"] == name, "label"]).dropna()
        left = shared.intersection(*there)
        if len(there) and left and (not kept or 2 * len(left) >= len(shared)):
            shared = left
            kept.append(name)
    return kept
