"""The components of the tab and the events that connect them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import gradio as gr

from smile.ui.parts.address import Address, Kept, Query
from smile.ui.parts.components import PLAIN, QUICK
from smile.ui.results import callbacks, controls
from smile.ui.results.callbacks import PARTS, Asked, View
from smile.ui.results.selection import PICKERS
from smile.ui.results.tables import Sort
from smile.ui.store import Store

ON_CLICK = """
element.addEventListener("click", (event) => {
  const {sort, language} = event.target.closest("[data-sort], [data-language]")?.dataset ?? {};
  if (sort) trigger("click", {sort});
  if (language) trigger("select", {language});
});
"""
SHOW_UTTERANCES = "() => { window.smileShow('#utterances .utterances'); window.smileGoOn('#utterances'); }"
# A chart that was drawn out of sight has a width of its own until the window's size changes.
FIT = "() => setTimeout(() => window.dispatchEvent(new Event('resize')), 100)"
ANSWER = "(...values) => window.smileAnswer(...values)"
DOWNLOAD = "() => window.smileDownload('#file')"
FILES = {"table.csv": "Table as CSV", "table.parquet": "Table as Parquet", "rows.parquet": "Rows as Parquet"}


def results_tab(store: Store, page: gr.Blocks, address: Address) -> None:
    """Lay out the tab over packed rows, and connect it; rows are read when the page is opened."""
    with gr.Tab("Results", id="results") as tab:
        sort = gr.Textbox(Sort().text, visible="hidden", elem_id="sort")
        usual, part = (
            gr.JSON(visible="hidden", elem_id="usual"),
            gr.Textbox(PARTS[0], visible="hidden", elem_id="part"),
        )
        answer = gr.JSON(visible="hidden", elem_id="answer")
        hidden, file = controls.shown_conditions(), gr.DownloadButton(visible="hidden", elem_id="file")
        notice = gr.HTML(callbacks.READING, elem_id="notice", **PLAIN)
        with gr.Column(visible=False, elem_classes="board") as board:
            choices = controls.choice_inputs(*hidden)
            legend = gr.HTML(elem_id="legend", **PLAIN)
            with gr.Row(elem_classes="overview"):
                summary = gr.HTML(elem_id="summary", **PLAIN)
                beside = gr.HTML(elem_id="beside", **PLAIN)
            with gr.Tabs() as parts:
                with gr.Tab("Languages", id=PARTS[0]) as first:
                    columns, table, files, opened, order, utterances = language_outputs()
                    choices = choices._replace(columns=columns)
                with gr.Tab("Charts", id=PARTS[1]) as charts:
                    charts.select(js=FIT)
                    chart = controls.chart_input()
                    plot = gr.Plot(show_label=False, elem_id="plot")
                    caption = gr.HTML(elem_id="caption", **PLAIN)
                with gr.Tab("Findings", id=PARTS[2]) as last:
                    findings = gr.HTML(elem_id="findings", **PLAIN)
    named = {
        name: getattr(choices, name)
        for name in ("condition", "baseline", "families", "scripts", "columns", *PICKERS)
    }
    view = View(notice, board, **named, opened=opened, summary=summary, beside=beside, table=table, sort=sort,
                utterances=utterances, plot=plot, caption=caption, findings=findings,
                legend=legend, answer=answer, usual=usual)  # fmt: skip
    asked = Asked(choices, opened, order, chart, sort)
    page.load(partial(callbacks.prepared, store), **QUICK)
    connect(store, tab, asked, view)
    connect_files(store, asked, files, file)
    for name, one in zip(PARTS, (first, charts, last), strict=True):
        one.select(None, None, part, js=f"() => {name!r}")
    address.keep(kept(store, asked, view, part, parts))


def kept(store: Store, asked: Asked, view: View, part: gr.Textbox, parts: gr.Tabs) -> Kept:
    """Return what the address keeps: all that a visitor can choose here, and which part is at hand."""
    names = (
        "condition",
        "baseline",
        "metric",
        "normaliser",
        "search",
        "known",
        "families",
        "scripts",
        "columns",
    )
    fields = {name: getattr(asked.choices, name) for name in names}
    fields |= {name: getattr(asked, name) for name in ("opened", "order", "chart", "sort")}
    pickers = {name: getattr(view, name) for name in PICKERS}

    def restore(query: Query) -> list[Any]:
        values = callbacks.restore(store, fields, query)
        shown = query.get("part") if query.get("part") in PARTS else None
        at_hand = [shown, gr.Tabs(selected=shown)] if shown else [gr.skip(), gr.skip()]
        return [*(values.get(name, gr.skip()) for name in (*fields, *pickers)), *at_hand]

    outputs = [*fields.values(), *pickers.values(), part, parts]
    return Kept(
        "results",
        {**fields, "part": part},
        restore,
        outputs,
        partial(callbacks.untold, store, fields),
        view.usual,
    )


def language_outputs() -> tuple[Any, ...]:
    """Lay out the table, its downloads, and the utterances below."""
    columns = controls.column_input()
    table = gr.HTML(elem_id="table", js_on_load=ON_CLICK, **PLAIN)
    with gr.Row(elem_classes="files"):
        files = {
            kind: gr.Button(text, size="sm", elem_id=kind.replace(".", "-")) for kind, text in FILES.items()
        }
    opened, order = controls.opened_inputs()
    utterances = gr.HTML(elem_id="utterances", **PLAIN)
    return columns, table, files, opened, order, utterances


def connect(store: Store, tab: gr.Tab, asked: Asked, view: View) -> None:
    """Connect the opening of the tab, choices, and clicks into the table.

    All choices share one event: of two that overlapped, the one that ended last would win.
    """
    inputs, outputs = [*asked.choices, *asked[1:]], list(view)

    def doing(show: Callable[[Store, Asked], View]) -> dict[str, Any]:
        act = partial(callbacks.guarded, show, store)
        return {"fn": act, "inputs": inputs, "outputs": outputs, "trigger_mode": "always_last", **QUICK}

    tab.select(**doing(callbacks.opened)).then(**doing(callbacks.findings))
    chosen = [*asked.choices[2:], asked.opened, asked.order, asked.chart]  # what a visitor can change
    answered = gr.on([component.input for component in chosen], **doing(callbacks.changed))
    to_set = [getattr(view, name) for name in callbacks.ANSWERED]
    answered.then(None, [view.answer, *to_set], to_set, js=ANSWER)
    clicks = {**doing(callbacks.looked_into), "fn": callbacks.Click(store)}
    view.table.click(**clicks)
    view.table.select(**clicks).then(js=SHOW_UTTERANCES)


def connect_files(store: Store, asked: Asked, files: dict[str, gr.Button], file: gr.DownloadButton) -> None:
    """Make a file when it is asked for; then the hidden button hands it over."""
    inputs = [*asked.choices, *asked[1:]]
    for kind, button in files.items():
        made = button.click(partial(callbacks.saved, store, kind), inputs, file, **QUICK)
        made.success(js=DOWNLOAD)
