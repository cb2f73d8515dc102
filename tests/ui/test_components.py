"""Our steps in gradio's components, which hold for a session's components too: no program is let at sound."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from smile.ui import build_app
from smile.ui.components import Audio
from smile.ui.own.brought import brought
from tests.conftest import ROOT
from tests.security.client import Event, Stranger, file
from tests.support.fake_engine import FakeEngine
from tests.support.launched import launched
from tests.support.sounds import encode, signal

SCRIPT = '#!/bin/sh\necho "$0" "$@" >> {}\necho {{}}\n'


@pytest.fixture
def called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where programs of FFmpeg's names, which are found first, note that they were called."""
    folder, log = tmp_path / "bin", tmp_path / "called"
    folder.mkdir()
    for name in ("ffmpeg", "ffprobe"):
        (folder / name).write_text(SCRIPT.format(log))
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return log


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    return encode(tmp_path / "mine.webm", signal(2.0, 48_000), 48_000, "opus.webm")


@pytest.fixture
def stranger(tmp_path: Path) -> Iterator[Stranger]:
    (tmp_path / "clips").mkdir()
    with launched(build_app(FakeEngine(tmp_path / "clips"))) as page:  # type: ignore[arg-type]
        yield Stranger(str(page.local_url).rstrip("/"))


def test_that_gradio_calls_programs_by_itself(called: Path, sound: Path) -> None:
    gr.Audio().postprocess(str(sound))
    assert "mine.webm" in called.read_text()


def test_a_recording_goes_from_tab_to_tab_and_to_the_engine_without(
    called: Path, sound: Path, stranger: Stranger
) -> None:
    path = stranger.upload(sound.name, sound.read_bytes())
    for tab in ("compare", "map"):
        there, here = stranger.component(f"{tab}-audio"), stranger.component("audio")
        (onward,) = (e for e in clicks(stranger, there) if here in e.inputs)
        given = [file(path) if i == here else value for i, value in usual(stranger, onward)]
        for _ in range(2):
            answer = stranger.run(onward, given)
            assert answer.status_code == 200
            assert path in answer.text
            left_as_they_are(stranger, there)
    assert "error" not in stranger.call("neighbours", [file(path), "gla", 3, "kl"])
    assert not called.exists()


def clicks(stranger: Stranger, output: int) -> list[Event]:
    """The clicks that give a component a value."""
    indices = [d["id"] for d in stranger.config["dependencies"] if output in d["outputs"]]
    return [event for event in stranger.events if event.index in indices and event.triggers == ("click",)]


def usual(stranger: Stranger, event: Event) -> list[tuple[int, Any]]:
    """The ids of an event's inputs with their usual values."""
    return list(zip(event.inputs, stranger.usual(event), strict=True))


def left_as_they_are(stranger: Stranger, audio: int) -> None:
    """Cause an event that could give a recording, and gives none: of an example that there is not."""
    for dependency in stranger.config["dependencies"]:
        if audio in dependency["outputs"] and len(dependency["inputs"]) == 2:
            stranger.run(stranger.event(dependency["id"]), ["gla", None])


def test_a_session_s_own_components_have_our_steps_too(called: Path, sound: Path) -> None:
    """Gradio makes them anew from class and arguments."""
    for made in (Audio(label="x"), brought([".webm"], label="x")):
        assert isinstance(made, gr.Audio | gr.File)
        assert made.get_block_name() in ("audio", "file")
        again = made.__class__(**made.constructor_args)
        payload = made.data_model.model_validate(  # type: ignore[union-attr]
            file(str(sound)) if isinstance(made, gr.Audio) else [file(str(sound))]
        )
        assert again.preprocess(payload) in (str(sound), [str(sound)])
    assert Audio().postprocess(str(sound)).path == str(sound)
    assert Audio().postprocess(None) is None
    assert not called.exists()


def test_no_interface_files_are_written() -> None:
    assert not list((ROOT / "smile").rglob("*.pyi"))
