"""Callbacks of the tab: plain values in, new values for the components out."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import gradio as gr
from gradio.processing_utils import save_bytes_to_cache
from gradio.utils import get_upload_folder

from smile.ui.guard import sentence
from smile.ui.parts.address import Untold, listed, read, unoffered
from smile.ui.parts.components import stage
from smile.ui.results import controls, tables
from smile.ui.results.beside import beside
from smile.ui.results.charts import drawn
from smile.ui.results.panel import panel
from smile.ui.results.picker import legend_html
from smile.ui.results.selection import PICKERS, Choices, Selection
from smile.ui.results.tables import Sort
from smile.ui.results.utterances import utterances
from smile.ui.store import Measured, Store
from smile.ui.values import facts

READING = stage("Reading the results", "working")
PARTS = ("languages", "charts", "findings")
BY_ROWS = ("condition", "baseline", "columns")
MEASURED = {*BY_ROWS, "families", "scripts", "opened"}  # what rows tell the choices of
ANSWERED = ("condition", "baseline", "columns", *PICKERS)
NOTHING = (
    "There are no results yet; make some with smile evaluate --data FOLDER --out RUN, "
    "then smile results pack RUN."
)


class View(NamedTuple):
    """The outputs of the tab: their components, or new values for them; what is not named stays as it is."""

    notice: Any = gr.skip()
    board: Any = gr.skip()
    condition: Any = gr.skip()
    baseline: Any = gr.skip()
    families: Any = gr.skip()
    scripts: Any = gr.skip()
    columns: Any = gr.skip()
    model: Any = gr.skip()
    examples: Any = gr.skip()
    way: Any = gr.skip()
    pool: Any = gr.skip()
    decoding: Any = gr.skip()
    base_model: Any = gr.skip()
    base_examples: Any = gr.skip()
    base_way: Any = gr.skip()
    base_pool: Any = gr.skip()
    base_decoding: Any = gr.skip()
    legend: Any = gr.skip()
    opened: Any = gr.skip()
    summary: Any = gr.skip()
    beside: Any = gr.skip()
    table: Any = gr.skip()
    sort: Any = gr.skip()
    utterances: Any = gr.skip()
    plot: Any = gr.skip()
    caption: Any = gr.skip()
    findings: Any = gr.skip()
    answer: Any = gr.skip()
    usual: Any = gr.skip()


class Asked(NamedTuple):
    """A visitor's request: the choices, the language opened, the utterances' order, chart, sorting."""

    choices: Choices = Choices()
    opened: Any = None
    order: Any = "gain"
    chart: Any = "languages"
    sort: Any = Sort().text

    @property
    def sorting(self) -> Sort:
        """Return the table's sorting."""
        return Sort.of(self.sort or "")

    @classmethod
    def of(cls, values: tuple[Any, ...]) -> Asked:
        """Return what the inputs of an event ask for: they are the choices one by one, then the rest."""
        split = len(Choices._fields)
        return cls(Choices(*values[:split]), *values[split:])


def guarded(show: Callable[[Store, Asked], View], store: Store, *values: Any) -> View:
    """Show what an event asks for; say in one sentence what goes wrong."""
    try:
        return notice("", NOTHING) if store.measured().raw.empty else show(store, Asked.of(values))
    except Exception as error:
        return notice("error", sentence(error, "Showing the results"))


def notice(kind: str, text: str) -> View:
    """Return the tab with nothing but a sentence."""
    shown = gr.update(value=stage(text, kind), visible=True)
    return View(notice=shown, board=gr.update(visible=False))


def selection_of(store: Store, choices: Choices) -> Selection:
    """Return the choices applied to what is in the folder now."""
    measured = store.measured()
    return Selection(measured, choices.valid(measured), store.recordings)


def opened(store: Store, asked: Asked) -> View:
    """Return the tab as it is opened, with what is new; the findings, which take as long, follow."""
    selection = selection_of(store, asked.choices)
    return shown(selection, asked)._replace(
        notice=gr.update(visible=False),
        board=gr.update(visible=True),
        legend=legend_html(selection.facts),
        usual=usual(selection.measured),
        **controls.offered(selection.measured, selection.choices),
    )


def usual(measured: Measured) -> dict[str, Any]:
    """Return what is shown where nothing has been chosen, of what goes by the rows, by name."""
    choices = Choices().valid(measured)
    return {name: getattr(choices, name) for name in BY_ROWS}


def restore(store: Store, fields: Mapping[str, Any], query: Mapping[str, str]) -> dict[str, Any]:
    """Return what an address asks for by the names of `fields`, and what the pickers then offer.

    Conditions, languages, families and scripts are those that were measured; others are left out, as is
    all else that there is none of.

    Raises:
        SmileError: rows that cannot be read.
    """
    values = read({name: one for name, one in fields.items() if name not in MEASURED}, query)
    measured = store.measured() if MEASURED & query.keys() else None
    if measured is None or measured.raw.empty:
        return values
    choices = Choices().valid(measured)
    known, asked = _known(measured), dict[str, Any]()
    for name in ("columns", "families", "scripts"):
        named = listed(query.get(name, ""))
        if name in query and (not named or known[name] & set(named)):  # else what is usual is shown
            asked[name] = named
    for name in ("condition", "baseline"):
        if query.get(name) in measured.conditions:
            asked[name] = query[name]
    offered = controls.offered(measured, choices._replace(**asked).valid(measured))
    if query.get("opened") in measured.languages.index:
        offered["opened"] = gr.update(**offered["opened"], value=query["opened"])
    return values | offered


def untold(store: Store, fields: Mapping[str, Any], query: Mapping[str, str]) -> list[Untold]:
    """Return what an address asks for and was not measured, or is no choice.

    Raises:
        SmileError: rows that cannot be read.
    """
    refused = unoffered({name: one for name, one in fields.items() if name not in MEASURED}, query)
    if query.get("part", PARTS[0]) not in PARTS:
        refused.append(("part", query["part"]))
    if not Sort.of(query.get("sort", Sort().text)).known:
        refused.append(("sort", query["sort"]))
    if not MEASURED & query.keys() or (measured := store.measured()).raw.empty:
        return refused
    known = _known(measured)
    asked = ((name, one) for name in known if name in query for one in listed(query[name]))
    return [*refused, *((name, one) for name, one in asked if one not in known[name])]


def _known(measured: Measured) -> dict[str, set[str]]:
    """What was measured that an address may ask for, by its names."""
    languages = measured.languages
    return {
        **{name: set(measured.conditions) for name in BY_ROWS},
        "families": set(languages["family"]),
        "scripts": set(languages["script"]),
        "opened": set(languages.index),
    }


def findings(store: Store, asked: Asked) -> View:
    """Return the findings; no choice changes them."""
    return View(findings=panel(store.measured().findings()))


def prepared(store: Store) -> None:
    """Read the rows and make what the tab shows first, before anybody asks for it."""
    for show in (opened, findings):
        guarded(show, store, *Choices(), *Asked()[1:])


def changed(store: Store, asked: Asked) -> View:
    """Return the figures of another choice, and what the pickers are to show of it.

    The page sets them itself, unless a visitor has picked something else meanwhile: see `answered`.
    """
    selection = selection_of(store, asked.choices)
    view = shown(selection, asked)
    if not asked.choices.wishes(selection.measured):
        return view
    to_set = controls.picked(selection.measured, selection.choices)
    return view._replace(answer=answered(asked.choices, to_set))


def answered(asked: Choices, to_set: dict[str, Any]) -> dict[str, Any]:
    """Return new values of `ANSWERED` for the page to set, where they are still what was asked with."""
    return {"asked": [getattr(asked, name) for name in ANSWERED], "new": [to_set[name] for name in ANSWERED]}


def shown(selection: Selection, asked: Asked) -> View:
    """Return summary, tables, utterances and chart of a selection."""
    return View(
        summary=tables.summary(selection),
        beside=beside(selection),
        table=tables.languages_html(selection, asked.sorting, asked.opened or ""),
        utterances=utterances(selection, asked.opened, asked.order),
        **chart_of(selection, asked.chart),
    )


def chart_of(selection: Selection, key: str) -> dict[str, Any]:
    """Return a chart, or the sentence that stands for it."""
    figure, caption = drawn(selection, key)
    return {"plot": gr.update(value=figure, visible=figure is not None), "caption": caption}


def looked_into(store: Store, asked: Asked) -> View:
    """Return another language's utterances, or the same in another order."""
    selection = selection_of(store, asked.choices)
    return View(
        table=tables.languages_html(selection, asked.sorting, asked.opened or ""),
        utterances=utterances(selection, asked.opened, asked.order),
    )


def clicked(store: Store, asked: Asked, key: str, code: str) -> View:
    """Answer a click into the table: on a heading, which sorts, or on a language, which opens it."""
    if not key:
        return looked_into(store, asked._replace(opened=code))._replace(opened=code)
    sort = asked.sorting.again(key)
    table = tables.languages_html(selection_of(store, asked.choices), sort, asked.opened or "")
    return View(table=table, sort=sort.text)


@dataclass(frozen=True)
class Click:
    """The table's own event; a class, since gradio does not see through a partial that it wants one."""

    store: Store

    def __call__(self, event: gr.EventData, *values: Any) -> View:
        """Answer a click; what it was on is in the event."""
        data = facts(event)
        key, code = (str(data.get(name) or "") for name in ("sort", "language"))
        return guarded(lambda store, asked: clicked(store, asked, key, code), self.store, *values)


def saved(store: Store, kind: str, *values: Any) -> Any:
    """Return the button with its file: "table.csv", "table.parquet" or "rows.parquet"."""
    selection = selection_of(store, Asked.of(values).choices)
    if kind.startswith("table"):
        frame = tables.long(selection)
    else:
        raw = selection.measured.raw
        frame = raw[raw["language"].isin(selection.languages.index)]
    target = io.BytesIO()
    if kind.endswith(".csv"):
        frame.to_csv(target, index=False)
    else:
        frame.to_parquet(target, index=False, compression="zstd")
    return gr.update(value=save_bytes_to_cache(target.getvalue(), f"smile-{kind}", get_upload_folder()))
