"""A text that is looked for in its recording: what is refused, and what is deleted or done meanwhile."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from smile.own import aligned, transcripts
from smile.transcription.aligning import align_text
from smile.ui import VisitorService
from smile.ui.i18n import french
from smile.ui.i18n.markup import translated_html
from smile.ui.own import aligning, transcribing
from tests.support.tones import SPOKEN
from tests.support.uploads import upload


def told_of(service: VisitorService, key: str, files: list[Path], text: str) -> str:
    """What is said of a text at last."""
    *_, last = aligning.find_text(service, key, [upload(file) for file in files], text, "lines")
    return str(last.stage)


@pytest.mark.parametrize(("encoding", "looks"), [("cp1252", "looks like Windows-1252"), ("cp1251", "")])
def test_a_text_file_in_an_encoding_of_its_own_is_told_what_can_be_done_here(
    service: VisitorService, key: str, recording: Path, tmp_path: Path, encoding: str, looks: str
) -> None:
    text = tmp_path / "story.txt"
    text.write_bytes(("bad façe" if looks else "привет").encode(encoding))
    told = told_of(service, key, [recording, text], "")
    assert looks in told
    assert "save the file as UTF-8, or paste its text into the field" in told
    assert "below the chosen files" not in told, "no choice of an encoding is there"
    assert "ou collez son texte dans le champ" in translated_html(told, french())


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("\0 \n", "Le texte est vide"),
        ("a\n" * 20_001, "lignes, et"),
        ("bad face " * 1000, "donnez le texte de cet enregistrement"),
        ("ᎤᎾᏙᏓ", "Rien du texte"),
    ],
)
def test_why_a_text_is_refused_is_told_in_french(
    service: VisitorService, key: str, recording: Path, text: str, told: str
) -> None:
    assert told in translated_html(told_of(service, key, [recording], text), french())


def test_who_deletes_the_language_meanwhile_is_told_and_nothing_is_left(
    service: VisitorService, key: str, recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = service.visitors.open(key).folder

    def deleted(*given: Any) -> Any:
        steps = align_text(*given)
        yield next(steps)
        service.visitors.delete(key)
        return (yield from steps)

    monkeypatch.setattr("smile.transcription.aligning.align_text", deleted)
    assert "no longer here" in told_of(service, key, [recording], "\n".join(SPOKEN))
    assert not folder.exists()


@pytest.mark.parametrize("when", ["encoding", "found"])
def test_a_recording_that_is_deleted_while_its_text_is_looked_for_is_told(
    service: VisitorService, key: str, recording: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    def deleted(*given: Any) -> Any:
        steps = align_text(*given)
        whole = (yield from steps) if when == "found" else None
        yield next(steps, ("Aligning", 1, 1))
        transcribing.remove(service, key, ["story.wav", 0, 0.0, 0.0])
        return whole or (yield from steps)

    monkeypatch.setattr("smile.transcription.aligning.align_text", deleted)
    page = told_of(service, key, [recording], SPOKEN[0])
    assert "story.wav was deleted from the list meanwhile" in page
    workspace = service.visitors.open(key)
    assert transcripts.items(workspace) == []
    assert not transcripts.alignment(workspace, "story.wav").exists()


def test_what_was_found_is_kept_before_another_window_looks(
    service: VisitorService, key: str, recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, keep = [], aligned.keep

    def keeping(workspace: Any, *given: Any) -> None:
        lock = service.engine.scheduler._lock_on(workspace.folder.name)
        kept.append(lock._next > lock._serving)
        keep(workspace, *given)

    monkeypatch.setattr(aligned, "keep", keeping)
    assert "3 of 3" in told_of(service, key, [recording], "\n".join(SPOKEN))
    assert kept == [True], "nobody else is at work on the language"
