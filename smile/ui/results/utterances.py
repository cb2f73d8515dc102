"""The utterances of a language under two conditions side by side; rows hold no reference and no audio."""

from __future__ import annotations

from typing import Any

import pandas as pd
from markupsafe import Markup

from smile.ui.results.selection import Selection

ORDERS = {
    "gain": "Largest gain first",
    "loss": "Largest loss first",
    "errors": "Most errors first",
    "id": "By name",
}
MOST = 60  # utterances shown at once
STOPPED = {
    "loop": "a repetition was cut",
    "length": "cut at the pool's pace",
    "max_new_tokens": "no more room",
}
SECTION = Markup(
    '<section class="utterances"><h3>{title}</h3><p class="note">{note}</p><ol>{items}</ol></section>'
)
ITEM = Markup('<li class="utterance"><h4>{id}<span>{change}</span></h4><div>{sides}</div></li>')
SIDE = Markup(
    '<div><h5>{label}</h5><p class="text" dir="auto">{text}</p><p class="meta">{meta}</p>{near}</div>'
)
NEAR = Markup("<details><summary>{}</summary><ul>{}</ul></details>")
NO_TEXT = Markup('<span class="nothing">no text</span>')


def lines(selection: Selection, code: str) -> pd.DataFrame:
    """Return a line for each utterance that both conditions have, their columns ending in ":0" and ":1".

    Of several seeds the first one is shown.
    """
    rows = selection.measured.rows
    sides = []
    for place, condition in enumerate((selection.baseline, selection.condition)):
        mine = rows[(rows["language"] == code) & (rows["condition"] == condition)]
        mine = mine.sort_values(["id", "seed"], kind="stable").drop_duplicates("id").set_index("id")
        sides.append(mine.add_suffix(f":{place}"))
    both = sides[0].join(sides[1], how="inner")
    metric = selection.metric
    for place in (0, 1):
        both[f"edits:{place}"] = both[f"{metric.edits}:{place}"].astype("float64")
        both[f"length:{place}"] = both[f"{metric.length}:{place}"].astype("float64")
    return both.assign(gain=both["edits:0"] - both["edits:1"])


def ordered(clips: pd.DataFrame, order: str) -> pd.DataFrame:
    """Return the lines in an order of ORDERS."""
    if order == "id":
        return clips.sort_index()
    key = "edits:1" if order == "errors" else "gain"
    return clips.sort_values(key, ascending=order == "loss", kind="stable", na_position="last")


def utterances(selection: Selection, code: str | None, order: str = "gain") -> str:
    """Return the utterances of a language as HTML; empty where none is chosen."""
    if not code or code not in selection.measured.languages.index:
        return ""
    clips = ordered(lines(selection, code), order)
    name = selection.measured.languages.loc[code, "name"]
    title = f"{name} ({code})"
    if clips.empty:
        return SECTION.format(title=title, note="Both conditions were not measured on it.", items="")
    shown = clips.head(MOST)
    count = f"{len(shown)} of {len(clips)} clips" if len(shown) < len(clips) else f"{len(clips)} clips"
    theirs, ours = selection.name(selection.baseline), selection.name(selection.condition)
    note = f"{count}: first {theirs}, then {ours}; texts as they were written."
    items = Markup().join(
        _item(str(key), line, selection)
        for key, line in zip(shown.index, shown.to_dict("records"), strict=True)
    )
    return SECTION.format(title=title, note=note, items=items)


def _item(key: str, line: dict[str, Any], selection: Selection) -> Markup:
    sides = Markup().join(
        _side(line, place, selection.name(condition), selection.metric.unit)
        for place, condition in enumerate((selection.baseline, selection.condition))
    )
    gain = line["gain"]
    word = "fewer" if gain > 0 else "more"
    change = (
        "not counted" if pd.isna(gain) else f"{abs(gain):.0f} errors {word}" if gain else "as many errors"
    )
    return ITEM.format(id=key, change=change, sides=sides)


def _side(line: dict[str, Any], place: int, condition: str, unit: str) -> Markup:
    def of(name: str) -> Any:
        return line[f"{name}:{place}"]

    seed = f", seed {int(of('seed'))}" if of("sampler") == "random" and pd.notna(of("seed")) else ""
    text = of("error") or of("hypothesis") or NO_TEXT
    meta = " · ".join(filter(None, [_errors(of("edits"), of("length"), unit), STOPPED.get(of("stopped"), ""),
                                    f"token {of('token')}" if of("token") else ""]))  # fmt: skip
    return SIDE.format(
        label=condition + seed, text=text, meta=meta, near=_near(of("neighbours"), of("distances"))
    )


def _errors(edits: float, length: float, unit: str) -> str:
    things = "characters" if unit == "cer" else "words"
    return f"{edits:.0f} errors in {length:.0f} {things}" if length > 0 else "not counted"


def _near(neighbours: Any, distances: Any) -> Markup:
    """The ids of the examples in the prompt and their distances."""
    if not len(neighbours):
        return Markup()
    items = Markup().join(
        Markup("<li>{} <span>{}</span></li>").format(key, f"{distance:.4g}")
        for key, distance in zip(neighbours, distances, strict=False)
    )
    count = len(neighbours)
    return NEAR.format(f"{count} example{'s' * (count != 1)} and distance{'s' * (count != 1)}", items)
