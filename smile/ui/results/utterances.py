"""The utterances of a language under two conditions side by side.

Rows hold no reference and no audio; where the corpus is on this server, both come from there.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
from markupsafe import Markup

from smile.datatypes import Utterance
from smile.results.tables import Metric
from smile.text.normalisers import normalise
from smile.text.scoring import score
from smile.ui.diff import LEGEND, difference
from smile.ui.parts.neighbours import player
from smile.ui.parts.scores import errors_in
from smile.ui.results.folding import folded
from smile.ui.results.selection import Selection

ORDERS = {
    "gain": "Largest gain first",
    "loss": "Largest loss first",
    "errors": "Most errors first",
    "id": "By name",
}
UNMEASURED = "Both conditions were not measured on it."
ABSENT = (
    "References and recordings are not on this server; start it with --corpora FOLDER where they lie "
    "to read and hear them here."
)
MOST = 60  # utterances shown at once
STOPPED = {
    "loop": "a repetition was cut",
    "length": "cut at the pool's pace",
    "max_new_tokens": "no more room",
}
SECTION = Markup(
    '<section class="utterances"><h3 tabindex="-1">{title}</h3><p class="note">{note}</p>'
    "{where}<ol>{items}</ol></section>"
)
ITEM = Markup(
    '<li class="utterance"><h4><bdi translate="no">{id}</bdi><span>{change}</span></h4>{heard}'
    "<div>{sides}</div></li>"
)
HEARD = Markup('<div class="heard"><p class="text" dir="auto"><b>Reference</b> {text}</p>{player}</div>')
SIDE = Markup(
    '<div><h5>{label}</h5><p class="text" dir="auto">{text}</p>{edits}<p class="meta">{meta}</p>{near}</div>'
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
        return SECTION.format(title=title, note=UNMEASURED, where="", items="")
    shown = clips.head(MOST)
    known = shown.to_dict("records")
    count = f"{len(shown)} of {len(clips)} clips" if len(shown) < len(clips) else f"{len(clips)} clips"
    theirs, ours = selection.name(selection.baseline), selection.name(selection.condition)
    heard = [_clip(selection, code, str(key), line) for key, line in zip(shown.index, known, strict=True)]
    where = LEGEND if any(heard) else Markup('<p class="note">{}</p>').format(ABSENT)
    note = f"{count}: first {theirs}, then {ours}; texts as they were written, loops folded."
    items = Markup().join(
        _item(str(key), line, selection, clip)
        for key, line, clip in zip(shown.index, known, heard, strict=True)
    )
    return SECTION.format(title=title, note=note, where=where, items=items)


def _item(key: str, line: dict[str, Any], selection: Selection, clip: Utterance | None) -> Markup:
    sides = Markup().join(
        _side(line, place, selection.name(condition), selection.metric, clip)
        for place, condition in enumerate((selection.baseline, selection.condition))
    )
    gain = line["gain"]
    word = "fewer" if gain > 0 else "more"
    change = (
        "not counted" if pd.isna(gain) else f"{abs(gain):.0f} errors {word}" if gain else "as many errors"
    )
    return ITEM.format(id=key, change=change, sides=sides, heard=_heard(selection, clip))


def _heard(selection: Selection, clip: Utterance | None) -> Markup:
    """The reference and a player, where the recording is at hand."""
    if clip is None:
        return Markup()
    sound = player(selection.recordings.address(clip.audio), f"Recording {clip.id}")
    return HEARD.format(text=clip.text, player=sound)


def _side(line: dict[str, Any], place: int, condition: str, metric: Metric, clip: Utterance | None) -> Markup:
    def of(name: str) -> Any:
        return line[f"{name}:{place}"]

    seed = f", seed {int(of('seed'))}" if of("sampler") == "random" and pd.notna(of("seed")) else ""
    text, loops = folded(of("error") or of("hypothesis") or "")
    marked = "" if loops or of("error") else _edits(of("hypothesis") or "", clip, metric)
    told = [
        _errors(of("edits"), of("length"), metric.unit),
        STOPPED.get(of("stopped"), ""),
        f"token {of('token')}" if of("token") else "",
    ]
    return SIDE.format(
        label=condition + seed,
        text=text or NO_TEXT,
        edits=marked,
        meta=" · ".join(filter(None, told)),
        near=_near(of("neighbours"), of("distances")),
    )


def _clip(selection: Selection, code: str, key: str, line: dict[str, Any]) -> Utterance | None:
    """The recording of an utterance, where it is at hand with a text of the length that was measured."""
    clip = selection.recordings.find(code, key)
    if clip is None or score(clip.text, "", "plain", code).length != line["plain_length:0"]:
        return None
    return clip


def _edits(text: str, clip: Utterance | None, metric: Metric) -> Markup:
    """The transcript below its reference with the edits marked, as they are counted."""
    if clip is None or not text:
        return Markup()
    reference, hypothesis = (normalise(one, metric.normaliser, clip.language) for one in (clip.text, text))
    return difference(reference, hypothesis)


def _errors(edits: float, length: float, unit: str) -> str:
    thing = "character" if unit == "cer" else "word"
    return errors_in(edits, length, thing) if length > 0 else "not counted"


def _near(neighbours: Any, distances: Any) -> Markup:
    """The ids of the examples in the prompt and their distances."""
    if not len(neighbours):
        return Markup()
    items = Markup().join(
        Markup('<li translate="no">{} <span>{}</span></li>').format(key, f"{distance:.4g}")
        for key, distance in zip(neighbours, distances, strict=False)
    )
    count = len(neighbours)
    return NEAR.format(f"{count} example{'s' * (count != 1)} and distance{'s' * (count != 1)}", items)
