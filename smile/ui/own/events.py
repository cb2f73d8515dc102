"""The events that connect the tab's components to its callbacks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import gradio as gr
from gradio.events import Dependency

from smile.ui.own import (
    adding,
    aligning,
    checking,
    correcting,
    deleting,
    drafting,
    judging,
    keys,
    naming,
    returning,
    runs,
    transcribing,
)
from smile.ui.own.buttons import Buttons
from smile.ui.own.page import Page
from smile.ui.own.runs import Runs, clicked, counted, marking
from smile.ui.own.service import VisitorService
from smile.ui.parts.components import QUICK
from smile.ui.values import number

DOWNLOAD = "() => window.smileDownload('#own-file')"
SETTLE = "() => new Promise((settled) => setTimeout(settled, 2000))"
SHOW_EXAMPLE = """() => {
  const box = document.querySelector("#own-example");
  box?.scrollIntoView({ block: "nearest" });
}"""
LONG: dict[str, Any] = {
    "show_progress": "hidden",
    "concurrency_limit": 4,
    "concurrency_id": "own",
    "api_visibility": "private",
}


def connect(service: VisitorService, tab: gr.Tab, view: Page, buttons: Buttons) -> None:
    """Connect all components of the tab to what they do."""
    outputs: list[Any] = list(view)
    under_way = gr.State(Runs())
    tab.select(partial(returning.returned, service), [view.key, under_way], outputs, **QUICK)
    look = [view.key, *opened(view), under_way]
    view.looking.tick(partial(returning.looked, service), look, outputs, **QUICK)
    connect_naming(service, view, buttons, under_way)
    steps = [
        *connect_examples(service, view, buttons, under_way),
        *connect_transcripts(service, view, buttons, under_way),
    ]
    cancel = partial(returning.cancel, service)
    view.stop.click(cancel, [view.key, under_way], view.stage, cancels=steps, **QUICK)
    connect_keys(service, view, buttons, under_way)
    connect_deleting(service, view, buttons, under_way)
    connect_files(service, view, buttons)
    connect_editor(service, view, under_way)


def opened(view: Page) -> list[Any]:
    """Return the inputs that say what is open in the editors: a transcript, and an example."""
    return [view.part, view.example]


def brought(view: Page) -> list[Any]:
    """Return the inputs by which a visitor brings sound."""
    return [view.uploads, view.clip, view.recordings, view.recorded, view.text_files]


def connect_naming(service: VisitorService, view: Page, buttons: Buttons, under_way: gr.State) -> None:
    """Connect the language's name, and taking back."""
    outputs: list[Any] = list(view)
    typed, matches = buttons.typed, buttons.matches
    now = [*opened(view), under_way]
    typed.input(naming.matches, typed, matches, trigger_mode="always_last", **QUICK)
    typed.submit(partial(naming.entered, service), [view.key, typed], [matches, *outputs], **QUICK)
    matches.input(marking(naming.name, service), [view.key, typed, matches, *now], outputs, **QUICK)
    view.undo.click(marking(naming.undo, service), [view.key, *now], outputs, **QUICK)


def connect_deleting(service: VisitorService, view: Page, buttons: Buttons, under_way: gr.State) -> None:
    """Connect the deletion of the language that is open, and of everything."""
    outputs: list[Any] = list(view)
    really, mine = buttons.really, [view.key, view.secret]
    buttons.delete.click(partial(deleting.asked, service), view.key, really, **QUICK)
    gone = really.click(partial(deleting.delete, service), [*mine, *brought(view)], outputs, **QUICK)
    gone.then(lambda: gr.update(visible=False), outputs=really, **QUICK)
    this = [*mine, under_way, *brought(view)]
    deleted = view.delete_this.click(partial(deleting.delete_this, service), this, outputs, **QUICK)
    settle(service, view, under_way, deleted)


def connect_keys(service: VisitorService, view: Page, buttons: Buttons, under_way: gr.State) -> None:
    """Connect the visitor's key and languages; what is at work ends where the page goes over to another."""
    mine = [under_way, *brought(view)]
    asked: list[Any] = [buttons.enter_key.click, view.wanted.submit]
    buttons.show_key.click(partial(keys.shown, service), view.key, list(view), **QUICK)
    ways: list[tuple[list[Any], Any, list[Any]]] = [
        (asked, keys.entered, [view.key, view.wanted]),
        ([buttons.another.click], keys.another, [view.key]),
        ([view.languages.input], keys.chosen, [view.key, view.languages]),
    ]
    for triggers, function, inputs in ways:
        outputs = [buttons.typed, buttons.matches, *view]
        # who goes on to a third one before the second is there asks for both; the last one counts
        mode = {"trigger_mode": "multiple"} if function is keys.chosen else {}
        gone = gr.on(triggers, going(function, service), [*inputs, *mine], outputs, **mode, **QUICK)
        settle(service, view, under_way, gone)


def settle(service: VisitorService, view: Page, under_way: gr.State, gone: Dependency) -> None:
    """Show the language that the page goes over to once more: a page of the other may still be on its way."""
    now = [view.key, *opened(view), under_way]
    again = partial(runs.shown_again, service)
    settled = gone.then(js=SETTLE, trigger_mode="multiple")
    settled.then(again, now, list(view), trigger_mode="multiple", **QUICK)


def going(function: Callable[..., Page], service: VisitorService) -> Callable[..., tuple[Any, ...]]:
    """Return a callback that goes over to another language, with the search for one emptied."""

    def page(*inputs: Any) -> tuple[Any, ...]:
        return keys.searched(function(service, *inputs))

    page.__name__ = function.__name__
    return page


def connect_examples(
    service: VisitorService, view: Page, buttons: Buttons, under_way: gr.State
) -> list[Dependency]:
    """Connect examples and their check; return what can be cancelled."""
    outputs: list[Any] = list(view)
    offered = gr.State([])
    said = [*buttons.encoding, *buttons.track]
    looks = [view.uploads.change, buttons.encoding.chosen.input]
    asked = [view.tiers, offered, *buttons.columns, *said]
    gr.on(looks, adding.look, [view.uploads, *said], asked, trigger_mode="always_last", **LONG)
    run = partial(_run, service, view, under_way)
    chosen = [view.uploads, view.tiers, offered, *buttons.columns.inputs, *said]
    files = run(buttons.add_files.click, adding.add_files, chosen)
    by_itself = run(files.success, checking.check_new, [])
    clip = run(buttons.add_clip.click, adding.add_typed, [view.clip, view.clip_text])
    check = run(view.check.click, checking.check, [])
    look = run(view.look.click, judging.look, [])

    judged = clicked(partial(judging.pick, service))
    view.doubts.pick(judged, [view.key, under_way], outputs, **QUICK).then(js=SHOW_EXAMPLE)
    pick = clicked(lambda key, event: adding.open_example(service, key, str(event.get("name", ""))))
    view.examples.pick(pick, [view.key, under_way], outputs, **QUICK)
    text = [view.key, view.example, view.example_text]
    told = [*text, view.example_place, *opened(view), under_way]
    buttons.save.click(marking(adding.save_example, service), told, outputs, **QUICK)
    gone = [*text[:2], view.example_place, *opened(view), under_way]
    buttons.remove.click(marking(adding.remove_example, service), gone, outputs, **QUICK)
    settings = [view.shots, view.knn, view.characters, view.level]
    gr.on(
        [c.input for c in settings],
        marking(checking.choose, service),
        [view.key, *settings, *opened(view), under_way],
        outputs,
        **QUICK,
    )
    return [files, by_itself, clip, check, look]


def connect_transcripts(
    service: VisitorService, view: Page, buttons: Buttons, under_way: gr.State
) -> list[Dependency]:
    """Connect recordings, transcripts and corrections; return what can be cancelled."""
    outputs: list[Any] = list(view)
    run = partial(_run, service, view, under_way)
    bring = run(view.recordings.upload, transcribing.bring, [view.recordings])
    buttons.add_recorded.click(
        marking(transcribing.bring_recorded, service),
        [view.key, view.recorded, *opened(view), under_way],
        outputs,
        **QUICK,
    )
    first = run(buttons.transcribe.click, transcribing.run, [])
    again = run(view.again.click, transcribing.run_again, [])
    resumed = run(view.going.change, returning.resume, [])
    aligned = run(buttons.align.click, aligning.find_text, [view.text_files, view.given_text, buttons.unit])
    lines = run(buttons.add_lines.click, aligning.add_lines, [])

    opened_one = view.results.pick(opening(service), [view.key, under_way], outputs, **QUICK)
    opened_one.then(js="() => window.smileOpened()")
    learn = run(buttons.learn.click, correcting.learn, [view.part, view.part_text, view.part_place])
    forgotten = [view.key, view.part, view.part_place, *opened(view), under_way]
    buttons.forget.click(marking(transcribing.remove, service), forgotten, outputs, **QUICK)
    return [bring, first, again, resumed, aligned, lines, learn]


def _run(
    service: VisitorService,
    view: Page,
    under_way: gr.State,
    trigger: Callable[..., Dependency],
    function: Callable[..., Any],
    inputs: list[Any],
) -> Dependency:
    """Connect a long run, whose inputs are the key and others; return what can be cancelled.

    What a cancel or a failure has left half said is put right, and Cancel goes when nothing is at work.
    """
    outputs, ended = list(view), [view.key, under_way, *opened(view)]
    run = trigger(counted(function, service), [view.key, *inputs, under_way], outputs, **LONG)
    run.then(partial(runs.ended, service, function.__name__), ended, outputs, **QUICK)
    run.failure(partial(runs.failed, service, function.__name__), ended, outputs, **QUICK)
    return run


def connect_files(service: VisitorService, view: Page, buttons: Buttons) -> None:
    """Connect samples, transcripts and pools as files."""
    kinds: list[tuple[dict[str, gr.Button], Any, list[Any]]] = [
        (buttons.transcripts, transcribing.saved, [view.key, view.timed]),
        (buttons.pools, transcribing.pool_saved, [view.key]),
    ]
    for made_by, make, inputs in kinds:
        for kind, button in made_by.items():
            made = button.click(partial(make, service, kind), inputs, buttons.file, **QUICK)
            made.success(js=DOWNLOAD)
    for kind, button in buttons.samples.items():
        made = button.click(partial(sampled, service, kind), outputs=buttons.file, **QUICK)
        made.success(js=DOWNLOAD)


def connect_editor(service: VisitorService, view: Page, under_way: gr.State) -> None:
    """Connect what the waveform of a transcript offers: the way to its neighbours, drafts, cuts by hand."""
    view.part_player.pick(opening(service), [view.key, under_way], list(view), **QUICK)
    drafting.connect(service, view, under_way, QUICK)


def opening(service: VisitorService) -> Callable[..., Page]:
    """Return a callback that opens the transcript that was clicked."""

    def opened_part(key: str | None, event: Mapping[str, Any]) -> Page:
        return correcting.open_part(service, key, str(event.get("name", "")), number(event.get("part")) or 0)

    return clicked(opened_part)


def sampled(service: VisitorService, kind: str) -> Any:
    """Return the hidden button with a file to try a step with."""
    return gr.update(value=service.sample(kind))
