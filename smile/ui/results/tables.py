"""The table of languages by conditions: its lines as plain values, as HTML, and as a file to keep."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from markupsafe import Markup

from smile.results import labels
from smile.results.packing import SETTINGS
from smile.results.pairs import paired
from smile.results.wording import change, percent
from smile.ui.results.selection import Selection

FIXED = {  # the first column and, behind the figures, the last ones
    "name": "Language",
    "code": "ISO",
    "family": "Family",
    "script": "Script",
    "whisper": "Whisper",
    "clips": "Clips",
}
NUMBERS = ("clips",)
TABLE = Markup(
    '<div class="scroll" tabindex="0" role="region" aria-label="Table of languages">'
    '<table class="languages"><thead><tr>{groups}</tr><tr>{heads}</tr></thead>'
    "<tbody>{body}</tbody></table></div>"
)
BESIDE = Markup('<th colspan="{}" scope="colgroup">The language</th>')
HEAD = Markup(
    '<th scope="col" class="{kind}" aria-sort="{order}">'
    '<button type="button" data-sort="{key}"><span aria-hidden="true">{arrow}</span>{text}</button></th>'
)
ROW = Markup('<tr data-language="{code}"{chosen}>{cells}</tr>')
NAME = Markup('<th scope="row"><button type="button" data-language="{code}">{name}</button></th>')
RATE = Markup('<td class="number">{rate}<small>{interval}</small></td>')
CHANGE = Markup('<td class="number {kind}">{change}<small>{note}</small></td>')
UNCONTROLLED = Markup(
    '<p class="note">Against {}, whose loops nothing stops: {}; part of that is the loops.</p>'
)
NO_LANGUAGE = Markup('<p class="note">No language passes the filters; widen them.</p>')


@dataclass(frozen=True)
class Sort:
    """The table's sorting: by a fixed column, or "rate:" or "change:" and the condition's place."""

    key: str = "change:1"
    descending: bool = False

    @classmethod
    def of(cls, text: str) -> Sort:
        """Return the sorting that a text stands for, as `text` gives it."""
        return cls(text.removeprefix("-"), text.startswith("-"))

    @property
    def known(self) -> bool:
        """Return whether a heading may sort so."""
        return self.key in FIXED or re.fullmatch(r"(rate|change):\d+", self.key) is not None

    @property
    def text(self) -> str:
        """Return the column, with a minus before it where it descends."""
        return f"-{self.key}" if self.descending else self.key

    def again(self, key: str) -> Sort:
        """Return the sorting after a click on a heading: the other way round where it was by this one."""
        return Sort(key, not self.descending if key == self.key else False)


def conditions(selection: Selection) -> list[str]:
    """Return the conditions in the table: baseline, the one that is compared, and further ones."""
    return list(dict.fromkeys([selection.baseline, selection.condition, *selection.choices.columns]))


def lines(selection: Selection, sort: Sort = Sort()) -> pd.DataFrame:
    """Return a line for each language, sorted: what is known of it, then `by_language`'s columns by place.

    The columns of the condition in place i end in ":i", the baseline being in place 0.
    """
    frame = selection.languages[list(FIXED)]
    for place, condition in enumerate(conditions(selection)):
        columns = selection.line_of(condition).drop(columns="condition")
        frame = frame.join(columns.add_suffix(f":{place}"))
    key = sort.key.replace("change:", "reduction:")
    if key not in frame:
        key = "name"
    reverse = sort.descending != key.startswith("reduction:")  # the largest reduction is the lowest change
    return frame.sort_values(key, ascending=not reverse, kind="stable", na_position="last", key=_as_read)


def _as_read(values: pd.Series[Any]) -> pd.Series[Any]:
    return values if pd.api.types.is_numeric_dtype(values) else values.astype(str).str.lower()


def languages_html(selection: Selection, sort: Sort = Sort(), opened: str = "") -> str:
    """Return the table as HTML; `opened` is the language whose utterances are shown."""
    rows = lines(selection, sort)
    if rows.empty:
        return NO_LANGUAGE
    names = conditions(selection)
    group = Markup('<th colspan="{}" scope="colgroup">{}</th>')
    shown = (group.format(2 if place else 1, selection.name(name)) for place, name in enumerate(names))
    groups = Markup("<td></td>{}{}").format(Markup().join(shown), BESIDE.format(len(FIXED) - 1))
    body = Markup().join(_row(line, len(names), opened) for line in rows.to_dict("records"))
    return TABLE.format(groups=groups, heads=_heads(selection, names, sort), body=body)


def _heads(selection: Selection, names: Sequence[str], sort: Sort) -> Markup:
    known = [(key, text, "number" if key in NUMBERS else "") for key, text in FIXED.items()]
    heads = known[:1]
    for place in range(len(names)):
        heads.append((f"rate:{place}", f"{selection.unit}, %", "number"))
        if place:
            heads.append((f"change:{place}", "Change", "number"))
    return Markup().join(_head(key, text, kind, sort) for key, text, kind in heads + known[1:])


def _head(key: str, text: str, kind: str, sort: Sort) -> Markup:
    mine = key == sort.key
    order = ("descending" if sort.descending else "ascending") if mine else "none"
    arrow = ("\u25be\u00a0" if sort.descending else "\u25b4\u00a0") if mine else ""
    return HEAD.format(kind=kind, order=order, key=key, text=text, arrow=arrow)


def _row(line: dict[str, Any], places: int, opened: str) -> Markup:
    cells = [NAME.format(code=line["code"], name=line["name"])]
    for place in range(places):
        cells.append(_rate(line, place))
        if place:
            cells.append(_change(line, place))
    cells.append(Markup('<td translate="no">{}</td>').format(line["code"]))
    cells += [Markup("<td>{}</td>").format(line[key] or "–") for key in ("family", "script")]
    cells.append(Markup("<td>{}</td>").format(f"known ({line['whisper']})" if line["whisper"] else "unknown"))
    cells.append(Markup('<td class="number">{}</td>').format(line["clips"]))
    chosen = Markup(' class="opened"') if line["code"] == opened else ""
    return ROW.format(code=line["code"], chosen=chosen, cells=Markup().join(cells))


def _rate(line: dict[str, Any], place: int) -> Markup:
    rate, low, high = (line[f"{name}:{place}"] for name in ("rate", "low", "high"))
    if pd.isna(rate):
        return RATE.format(rate="–", interval="not measured")
    return RATE.format(rate=f"{rate:.1f}", interval=f"{low:.1f}–{high:.1f}")


def _change(line: dict[str, Any], place: int) -> Markup:
    reduction = line.get(f"reduction:{place}", float("nan"))
    significant = line.get(f"significant:{place}") is True
    kind = ("better" if reduction > 0 else "worse") if significant else "unclear"
    note = "" if pd.isna(reduction) else "beyond interval" if significant else "within interval"
    return CHANGE.format(kind=kind, change=change(reduction), note=note)


def long(selection: Selection) -> pd.DataFrame:
    """Return the table as a file holds it: a line for each language and condition, with all settings."""
    shown = selection.rates[selection.rates["condition"].isin(conditions(selection))]
    about = selection.languages.rename(columns={"code": "language", "name": "language_name"})
    about = about.drop(columns=["clips"]).reset_index(drop=True)
    facts = selection.facts.reset_index().drop_duplicates("label").drop(columns=["known", "who"])
    names = {"label": "condition", "clips": "pool_clips", "minutes": "pool_minutes"}
    settings = facts[["label", "hash", "name", *SETTINGS]].rename(columns=names)
    frame = about.merge(shown, on="language").merge(settings, on="condition")
    stamps = selection.measured.raw["normalisers"].max()  # of all rows but those that failed
    stamp = next((s for s in stamps.split() if s.startswith(f"{selection.metric.normaliser}/")), "")
    return frame.assign(metric=selection.unit, normaliser=stamp, baseline=selection.baseline)


def summary(selection: Selection) -> str:
    """Return the condition against the baseline in a few figures, as HTML."""
    pair, line = selection.pair, selection.line_of(selection.condition)
    if pair is None:
        text = "Choose a baseline and another condition that were both measured on the languages shown."
        return Markup('<p class="note">{}</p>').format(text)
    worst = line["rate"].idxmax()
    n = pair.languages
    tiles = [
        (f"Macro average {selection.unit}", percent(pair.after), f"{percent(pair.before)} at the baseline"),
        (
            "Relative change",
            change(pair.reduction),
            f"95 % interval {change(pair.high)} to {change(pair.low)}",
        ),
        ("Languages improved", f"{pair.count(True)} of {n}", f"{pair.count(True, True)} beyond the interval"),
        ("Languages worse", f"{pair.count(False)} of {n}", f"{pair.count(False, True)} beyond the interval"),
        ("Worst language", percent(line["rate"].max()), selection.languages.loc[worst, "name"]),
        ("Empty outputs", percent(line["empty"].mean()), f"loops {percent(line['loops'].mean())}"),
    ]
    items = Markup().join(
        Markup("<div><dt>{}</dt><dd>{}<small>{}</small></dd></div>").format(*tile) for tile in tiles
    )
    plain = _uncontrolled(selection)
    heading = Markup("<h3>{} <span>against {}</span></h3>").format(
        selection.name(selection.condition), selection.name(selection.baseline)
    )
    return Markup('<section class="summary">{}<dl>{}</dl>{}</section>').format(heading, items, plain)


def _uncontrolled(selection: Selection) -> Markup:
    """The change against Whisper as it is, named so, where the summary is against the controlled one."""
    facts = selection.facts
    plain = labels.baseline(facts)
    if selection.baseline != labels.control(facts) or selection.baseline == plain:
        return Markup()
    known = selection.measured.sampled(selection.metric)
    parts = [known[code] for code in selection.languages.index if code in known]
    pair = paired(parts, selection.condition, plain)
    return UNCONTROLLED.format(selection.name(plain), change(pair.reduction)) if pair else Markup()
