"""The components of the tab, step by step."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import gradio as gr

from smile.audio.formats import AUDIO_SUFFIXES
from smile.corpora.tables import SUFFIXES as TABLES
from smile.datatypes import MOST_SHOTS
from smile.exporting import FORMATS, SUFFIXES
from smile.transcription.lengths import LISTED
from smile.transcription.options import choices
from smile.ui.assets import script
from smile.ui.live import LiveSessions
from smile.ui.own import aligning, live, misfits, orthography, view
from smile.ui.own.brought import brought
from smile.ui.own.buttons import Buttons
from smile.ui.own.choice import language_choice
from smile.ui.own.columns import column_choice
from smile.ui.own.deleting import REALLY
from smile.ui.own.encodings import encoding_step
from smile.ui.own.events import connect
from smile.ui.own.keys import going_on
from smile.ui.own.page import CHECK, DEFAULT, Page
from smile.ui.own.service import VisitorService
from smile.ui.own.tracks import track_step
from smile.ui.parts.components import ANNOUNCED, LOOKS, PLAIN, recorder, stage
from smile.ui.parts.doubtful import NEXT
from smile.ui.parts.live import live_region

STORAGE = "smile-my-language"
BRINGS = [*AUDIO_SUFFIXES, ".zip", *TABLES, ".eaf", ".TextGrid"]
WELCOME = "Begin with the name of your language."
PROMISE = (
    "What you bring here is yours: nobody else can see or hear it, no log has it, and it is deleted when you "
    "have not used it for {hours:g} hours, or at once when you press “Delete everything of mine”. Take it "
    "home with you as a zip."
)
KINDS = (
    "Clips with a table of what is said in them (csv, tsv, xlsx, jsonl), a zip of these, or ELAN or Praat "
    "annotations with their recording. Choose the files, then press “Add these files”."
)
OPEN = """
element.addEventListener("click", ({ target }) => {
  const { name, part } = target.closest("[data-name]")?.dataset ?? {};
  if (name) trigger("pick", { name, part: Number(part ?? 0) });
});
"""


def remembered() -> gr.BrowserState:
    """Return where a visitor's key is kept.

    It stands outside the tabs, since those come to be when they are opened.
    """
    return gr.BrowserState("", storage_key=STORAGE, secret=STORAGE)


def own_tab(service: VisitorService, key: gr.BrowserState, sessions: LiveSessions) -> gr.Button:
    """Lay out the tab and connect it; return the button that deletes everything of a visitor."""
    with gr.Tab("My language", id="own") as tab, gr.Column(elem_classes="own"):
        outputs: dict[str, Any] = {
            "key": key,
            "example": gr.State(),
            "part": gr.State(),
        }
        pressed: dict[str, Any] = {}
        gr.HTML(f'<p class="note">{PROMISE.format(hours=service.visitors.hours)}</p>', **PLAIN)
        with step("1", "Your language"):
            naming(outputs, pressed)
        with step("2", "Examples"):
            examples(outputs, pressed)
        with step("3", "Does it help?"):
            checking(outputs)
        with step("4", "Transcribe"):
            transcribing(outputs, pressed, service.visitors.quota.file)
        with step("5", "Correct and learn"):
            correcting(outputs, pressed)
        with step("6", "Take it with you"):
            taking(outputs, pressed)
        with gr.Row(elem_classes="own-status"):
            outputs["stage"] = gr.HTML(stage(WELCOME), elem_id="own-stage", js_on_load=ANNOUNCED, **PLAIN)
            outputs["stop"] = gr.Button("Cancel", variant="stop", elem_id="own-stop", visible=False)
        outputs["going"] = gr.Textbox("", visible="hidden", elem_id="own-going")
        outputs["looking"] = gr.Timer(LOOKS, active=False)
        pressed["file"] = gr.DownloadButton(visible="hidden", elem_id="own-file")
        page, buttons = Page(**outputs), Buttons(**pressed)
        connect(service, tab, page, buttons)
        live.connect(service, sessions, page, buttons)
    button: gr.Button = pressed["really"]
    return button


@contextmanager
def step(number: str, title: str) -> Iterator[None]:
    """Lay out one step of the way, under its heading."""
    with gr.Column(elem_classes="own-step"):
        gr.HTML(f'<h2 class="own-title"><i>{number}</i>{title}</h2>', **PLAIN)
        yield


def naming(outputs: dict[str, Any], pressed: dict[str, Any]) -> None:
    """Lay out the choice between the visitor's languages, and the search for one by name or code."""
    language_choice(outputs, pressed)
    outputs["named"] = gr.HTML(view.named(None), elem_id="own-named", **PLAIN)
    pressed["typed"] = gr.Textbox(
        label="Name or ISO 639-3 code", placeholder="such as Mboshi or mdw", max_lines=1, elem_id="own-search"
    )
    pressed["matches"] = gr.Radio(
        [], label="Which one?", visible=False, elem_id="own-matches", elem_classes="pick-list"
    )


def examples(outputs: dict[str, Any], pressed: dict[str, Any]) -> None:
    """Lay out how examples are brought, and those that are there."""
    with gr.Tabs():
        with gr.Tab("Files"):
            gr.HTML(f'<p class="note">{KINDS}</p>', **PLAIN)
            outputs["uploads"] = brought(
                BRINGS,
                label="Clips and their texts",
                height=150,
                elem_id="own-uploads",
            )
            outputs["tiers"] = gr.CheckboxGroup(
                [], label="Tiers to cut the recording at", visible=False, elem_id="own-tiers"
            )
            pressed["track"] = track_step()
            pressed["encoding"] = encoding_step()
            pressed["columns"] = column_choice()
            pressed["add_files"] = gr.Button("Add these files", variant="primary", elem_id="own-add-files")
            with gr.Row(elem_classes="files"):
                pressed["samples"] = {
                    kind: gr.Button(label, size="sm", elem_id=f"own-sample-{kind}")
                    for kind, label in (
                        ("table", "Sample: clips with a table"),
                        ("eaf", "Sample: ELAN"),
                        ("textgrid", "Sample: Praat"),
                        ("recordings", "Sample: recordings for step 4"),
                    )
                }
        with gr.Tab("Record and type", id="own-typed"):
            outputs["clip"] = recorder("A clip of a few seconds", "own-clip")
            outputs["clip_text"] = gr.Textbox(
                label="What is said in it", max_lines=6, elem_id="own-clip-text", elem_classes="own-text"
            )
            pressed["add_clip"] = gr.Button("Add as an example", variant="primary", elem_id="own-add-clip")
    outputs["rejected"] = gr.HTML("", elem_id="own-rejected", **PLAIN)
    outputs["examples"] = gr.HTML(view.examples(()), elem_id="own-examples", js_on_load=OPEN, **PLAIN)
    with gr.Row(elem_classes="files"):
        outputs["look"] = gr.Button(
            "Look for texts that do not fit", size="sm", interactive=False, elem_id="own-look"
        )
    outputs["doubts"] = gr.HTML("", elem_id="own-doubts", js_on_load=misfits.PICK, **PLAIN)
    with gr.Column(visible=False, elem_classes="own-editor", elem_id="own-example") as box:
        outputs["example_player"] = gr.HTML("", **PLAIN)
        outputs["example_text"] = gr.Textbox(
            label="Its text", max_lines=6, elem_id="own-example-text", elem_classes="own-text"
        )
        with gr.Row(elem_classes="files"):
            pressed["save"] = gr.Button("Save the text", size="sm", elem_id="own-save")
            pressed["remove"] = gr.Button("Remove this example", size="sm", elem_id="own-remove")
    outputs["example_box"] = box
    outputs["example_place"] = _place("own-example-place")
    with gr.Row(elem_classes="files"):
        outputs["undo"] = gr.Button("Take back", size="sm", visible=False, elem_id="own-undo")
    with gr.Accordion("Characters in the examples", open=False):
        outputs["letters"] = gr.HTML(orthography.letters(()), elem_id="own-letters", **PLAIN)


def _place(elem_id: str) -> gr.Textbox:
    """Keep in the page which one is open; beside the box of it, which would show all that is in it."""
    return gr.Textbox("", visible="hidden", elem_id=elem_id)


def checking(outputs: dict[str, Any]) -> None:
    """Lay out the check by leaving one out, and the settings that follow from it."""
    outputs["verdict"] = gr.HTML("", elem_id="own-verdict", **PLAIN)
    with gr.Row(elem_classes="files"):
        outputs["check"] = gr.Button(CHECK, size="sm", interactive=False, elem_id="own-check")
    with gr.Accordion("Settings", open=False):
        outputs["level"] = gr.Radio(
            [(words, name) for name, words in choices("level").items()],
            value=DEFAULT.level,
            label="Transcripts are written by",
            info="The check chooses. An acoustic model is fitted when it is first used, in a few minutes.",
            elem_id="own-level",
            elem_classes="bar tall",
        )
        outputs["shots"] = gr.Slider(
            0, MOST_SHOTS, DEFAULT.shots, step=1, label="Examples in the prompt", elem_id="own-shots"
        )
        outputs["knn"] = gr.Checkbox(True, label="Spelling from the whole pool", elem_id="own-knn")
        outputs["characters"] = gr.Radio(
            [(words, name) for name, words in choices("characters").items()],
            value="off",
            label="Characters of your examples",
            info="Whether the transcript may have characters that your examples do not have.",
            elem_id="own-characters",
            elem_classes="bar tall",
        )


def transcribing(outputs: dict[str, Any], pressed: dict[str, Any], most: int) -> None:
    """Lay out how recordings of at most so many bytes are brought, transcribed, and taken away as text."""
    with gr.Tabs():
        with gr.Tab("Files"):
            each = f"Each of up to {LISTED:g} minutes and {most / 1e6:g} MB."
            gr.HTML(f'<p class="note">{each}</p>', **PLAIN)
            outputs["recordings"] = brought(
                [*AUDIO_SUFFIXES, ".zip"],
                label="Recordings, or a zip of them",
                height=150,
                elem_id="own-recordings",
            )
        with gr.Tab("Record", id="own-record"):
            outputs["recorded"] = recorder("A new recording", "own-recorded")
            pressed["live"] = live_region("own-recorded")
            pressed["live"].render()
            pressed["add_recorded"] = gr.Button("Add this recording", size="sm", elem_id="own-add-recorded")
        with gr.Tab("With its text", id="own-aligning"):
            aligning.layout(outputs, pressed)
    with gr.Row():
        pressed["transcribe"] = gr.Button("Transcribe", variant="primary", elem_id="own-transcribe")
        outputs["again"] = gr.Button("Transcribe again", visible=False, elem_id="own-again", min_width=200)
    outputs["results"] = gr.HTML(
        view.transcripts((), ()), elem_id="own-results", js_on_load=OPEN + NEXT, **PLAIN
    )
    with gr.Row(visible=False, elem_classes="files", elem_id="own-downloads") as files:
        pressed["transcripts"] = {
            kind: gr.Button(_label(kind), size="sm", elem_id=f"own-save-{kind}") for kind in FORMATS
        }
        outputs["timed"] = gr.Checkbox(
            False, label="with the times of words", visible=False, elem_id="own-timed", min_width=200
        )
    outputs["files"] = files


def _label(kind: str) -> str:
    return {"eaf": "ELAN", "textgrid": "TextGrid"}.get(kind, SUFFIXES.get(kind, kind).upper())


def correcting(outputs: dict[str, Any], pressed: dict[str, Any]) -> None:
    """Lay out the editor of a transcript, and the curve of what correcting brings."""
    gr.HTML(
        '<p class="note">Click a transcript above, listen, and put it right. It becomes an example, and the '
        "next transcript is made with it.</p>",
        **PLAIN,
    )
    with gr.Column(visible=False, elem_classes="own-editor", elem_id="own-part") as box:
        outputs["part_player"] = gr.HTML(
            "", elem_id="own-part-player", js_on_load=script("waveform", "editing"), **PLAIN
        )
        outputs["part_text"] = gr.Textbox(
            label="What is said", max_lines=8, elem_id="own-part-text", elem_classes="own-text"
        )
        outputs["part_saved"] = gr.HTML("", elem_id="own-part-saved", **PLAIN)
        pressed["learn"] = gr.Button("Add to examples", variant="primary", elem_id="own-learn")
        with gr.Row(elem_classes="files"):
            pressed["forget"] = gr.Button(
                "Delete this recording", size="sm", elem_id="own-forget", elem_classes="asks"
            )
    outputs["part_box"] = box
    outputs["part_place"] = _place("own-part-place")
    outputs["curve"] = gr.Plot(show_label=False, visible=False, elem_id="own-curve")


def taking(outputs: dict[str, Any], pressed: dict[str, Any]) -> None:
    """Lay out the pool as a file, the visitor's key, and the deletion of a language or of everything."""
    with gr.Row(visible=False, elem_classes="files") as row:
        pressed["pools"] = {
            "folder": gr.Button("Examples as a SMILE pool (zip)", size="sm", elem_id="own-pool-folder"),
            "superb": gr.Button("As an ML-SUPERB folder (zip)", size="sm", elem_id="own-pool-superb"),
        }
    outputs["taking"] = row
    with gr.Accordion("Another device", open=False, elem_id="own-keys"):
        going_on(outputs, pressed)
    with gr.Row(elem_classes="files"):
        outputs["delete_this"] = gr.Button(
            "Delete this language", size="sm", visible=False, elem_id="own-delete-this", elem_classes="asks"
        )
        pressed["delete"] = gr.Button("Delete everything of mine", size="sm", elem_id="own-delete")
        pressed["really"] = gr.Button(REALLY, variant="stop", size="sm", visible=False, elem_id="own-really")
