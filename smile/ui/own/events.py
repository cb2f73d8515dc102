"""The events that connect the tab's components to its callbacks."""

from __future__ import annotations

from functools import partial
from typing import Any

import gradio as gr
from gradio.events import Dependency

from smile.ui.own import adding, checking, correcting, naming, transcribing
from smile.ui.own.buttons import Buttons
from smile.ui.own.page import Page, arrived
from smile.ui.own.service import VisitorService
from smile.ui.parts.components import QUICK, cancelling, stage
from smile.ui.values import facts, number

DOWNLOAD = "() => window.smileDownload('#own-file')"
CANCELLED = "Cancelled. What was done so far stays."
FAILED = "The server did not take this on; wait a minute and try again, or reload the page."
LONG: dict[str, Any] = {
    "show_progress": "hidden",
    "concurrency_limit": 4,
    "concurrency_id": "own",
    "api_visibility": "private",
}


def connect(service: VisitorService, tab: gr.Tab, view: Page, buttons: Buttons) -> None:
    """Connect all components of the tab to what they do."""
    outputs: list[Any] = list(view)
    tab.select(partial(arrived, service), view.key, outputs, **QUICK)
    connect_naming(service, view, buttons)
    runs = [*connect_examples(service, view, buttons), *connect_transcripts(service, view, buttons)]
    view.stop.click(cancelling, outputs=view.stage, cancels=runs, **QUICK)
    connect_files(service, view, buttons)


def connect_naming(service: VisitorService, view: Page, buttons: Buttons) -> None:
    """Connect the language's name, taking back, and the deletion of everything."""
    outputs: list[Any] = list(view)
    typed, matches = buttons.typed, buttons.matches
    typed.input(naming.matches, typed, matches, trigger_mode="always_last", **QUICK)
    typed.submit(naming.matches, typed, matches, **QUICK)
    matches.input(partial(naming.name, service), [view.key, typed, matches], outputs, **QUICK)
    view.undo.click(partial(naming.undo, service), view.key, outputs, **QUICK)
    asked = [buttons.delete, buttons.really]
    buttons.delete.click(lambda: (gr.skip(), gr.update(visible=True)), outputs=asked, **QUICK)
    mine = [view.key, view.uploads, view.clip, view.recordings, view.recorded]
    gone = buttons.really.click(partial(naming.delete, service), mine, outputs, **QUICK)
    gone.then(lambda: gr.update(visible=False), outputs=buttons.really, **QUICK)


def connect_examples(service: VisitorService, view: Page, buttons: Buttons) -> list[Dependency]:
    """Connect examples and their check; return what can be cancelled."""
    outputs: list[Any] = list(view)
    offered = gr.State([])
    shown = [view.tiers, offered]
    view.uploads.change(adding.tiers, view.uploads, shown, trigger_mode="always_last", **LONG)
    files = buttons.add_files.click(
        partial(adding.add_files, service), [view.key, view.uploads, view.tiers, offered], outputs, **LONG
    )
    by_itself = files.success(partial(checking.check_new, service), view.key, outputs, **LONG)
    clip = buttons.add_clip.click(
        partial(adding.add_typed, service), [view.key, view.clip, view.clip_text], outputs, **LONG
    )
    check = view.check.click(partial(checking.check, service), view.key, outputs, **LONG)

    def pick(key: str, chosen: gr.EventData) -> Page:
        return adding.open_example(service, key, str(facts(chosen).get("name", "")))

    view.examples.pick(pick, view.key, outputs, **QUICK)
    text = [view.key, view.example, view.example_text]
    buttons.save.click(partial(adding.save_example, service), text, outputs, **QUICK)
    buttons.remove.click(partial(adding.remove_example, service), text[:2], outputs, **QUICK)
    chosen = [view.shots, view.knn, view.characters, view.level]
    gr.on([c.input for c in chosen], partial(checking.choose, service), [view.key, *chosen], outputs, **QUICK)
    return _settled(view, [files, by_itself, clip, check])


def connect_transcripts(service: VisitorService, view: Page, buttons: Buttons) -> list[Dependency]:
    """Connect recordings, transcripts and corrections; return what can be cancelled."""
    outputs: list[Any] = list(view)
    bring = view.recordings.upload(
        partial(transcribing.bring, service), [view.key, view.recordings], outputs, **LONG
    )
    buttons.add_recorded.click(
        partial(transcribing.bring_recorded, service), [view.key, view.recorded], outputs, **QUICK
    )
    run = buttons.transcribe.click(partial(transcribing.run, service), view.key, outputs, **LONG)
    again = view.again.click(partial(transcribing.run_again, service), view.key, outputs, **LONG)

    def pick(key: str, chosen: gr.EventData) -> Page:
        event = facts(chosen)
        return correcting.open_part(service, key, str(event.get("name", "")), number(event.get("part")) or 0)

    view.results.pick(pick, view.key, outputs, **QUICK).then(js="() => window.smileShow('#own-part')")
    learn = buttons.learn.click(
        partial(correcting.learn, service), [view.key, view.part, view.part_text], outputs, **LONG
    )
    buttons.forget.click(partial(transcribing.remove, service), [view.key, view.part], outputs, **QUICK)
    return _settled(view, [bring, run, again, learn])


def _settled(view: Page, runs: list[Dependency]) -> list[Dependency]:
    """Cancel goes away when a run has ended, however it did; what a cancel left half said is put right."""
    for run in runs:
        run.then(ended, view.stage, [view.stage, view.stop], **QUICK)
        run.failure(lambda: stage(FAILED, "error"), outputs=view.stage, **QUICK)
    return runs


def ended(said: str | None) -> tuple[Any, Any]:
    """Return the stage and the button Cancel after a run."""
    cut_short = "stage working" in str(said)
    return stage(CANCELLED) if cut_short else gr.skip(), gr.update(visible=False)


def connect_files(service: VisitorService, view: Page, buttons: Buttons) -> None:
    """Connect samples, transcripts and pools as files."""
    kinds: list[tuple[dict[str, gr.Button], Any]] = [
        (buttons.transcripts, transcribing.saved),
        (buttons.pools, transcribing.pool_saved),
    ]
    for made_by, make in kinds:
        for kind, button in made_by.items():
            made = button.click(partial(make, service, kind), view.key, buttons.file, **QUICK)
            made.success(js=DOWNLOAD)
    for kind, button in buttons.samples.items():
        made = button.click(partial(sampled, service, kind), outputs=buttons.file, **QUICK)
        made.success(js=DOWNLOAD)


def sampled(service: VisitorService, kind: str) -> Any:
    """Return the hidden button with a file to try a step with."""
    return gr.update(value=service.sample(kind))
