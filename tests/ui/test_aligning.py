"""A recording whose text exists already, in My language: its lines are found, marked, and become examples."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from smile.datatypes import PoolError
from smile.exporting import Span, TieredTranscript
from smile.exporting.transcripts import STRANGERS, TEXT
from smile.own import aligned, order, transcripts
from smile.own.made import Made
from smile.own.workspaces import Workspaces
from smile.transcription.aligning import Aligned, Line, align_text
from smile.transcription.batch import Step
from smile.ui import Engine, Options, VisitorService
from smile.ui.own import aligning, correcting, curve, drafting, editing, transcribing
from smile.ui.own.page import Page
from tests.conftest import POOLS
from tests.support.tones import SPOKEN
from tests.support.uploads import upload
from tests.support.visitors import DEMO, named, with_examples


def found(service: VisitorService, key: str, files: list[Path], text: str, unit: str = "lines") -> Page:
    *_, last = aligning.find_text(service, key, [upload(file) for file in files], text, unit)
    return last


def said(page: Page) -> str:
    return str(page.stage)


def test_lines_are_found_and_what_does_not_fit_is_marked(
    service: VisitorService, key: str, recording: Path
) -> None:
    page = found(service, key, [recording], f"{SPOKEN[0]}\r\n\r\ncafe gag ace\n{SPOKEN[2]}\n")
    assert "2 of 3 lines were found" in said(page)
    assert (page.text_files, page.given_text) == (None, "")
    parts = transcripts.parts(service.visitors.open(key))
    assert [(part.smile, bool(part.stranger)) for part in parts] == [
        (SPOKEN[0], False),
        ("", True),
        (SPOKEN[2], False),
    ]
    assert parts[1].stranger == SPOKEN[1]
    assert [word.text for word in parts[0].words] == SPOKEN[0].split()
    assert "not in the text" in str(page.results)
    assert "3: cafe gag ace" in str(page.results), "the line of the text that is not spoken is told"


def test_a_text_comes_as_a_file_too_and_is_cut_at_sentences(
    service: VisitorService, key: str, recording: Path, tmp_path: Path
) -> None:
    text = tmp_path / "story.txt"
    text.write_bytes(b"\xef\xbb\xbf" + b"Bad face. Fed a\r\ncab. Dab a bee.")
    assert "3 of 3" in said(found(service, key, [text, recording], " ", "sentences"))
    parts = transcripts.parts(service.visitors.open(key))
    assert [part.smile for part in parts] == ["Bad face.", "Fed a cab.", "Dab a bee."]


def test_who_has_no_lines_is_told(service: VisitorService, key: str) -> None:
    *_, page = aligning.add_lines(service, key)
    assert "find a text in its recording first" in said(page)


@pytest.mark.parametrize(
    ("files", "text"),
    [
        ([], "a"),
        (["story.wav"], " \n"),
        (["story.wav", "story.wav"], "a"),
        (["story.txt"], ""),
        (["story.wav", "story.txt"], "a"),
    ],
)
def test_other_than_one_recording_and_one_text_is_refused(
    service: VisitorService, key: str, recording: Path, tmp_path: Path, files: list[str], text: str
) -> None:
    (tmp_path / "story.txt").write_text("bad")
    page = found(service, key, [tmp_path / name for name in files], text)
    assert "stage error" in said(page)
    assert transcripts.items(service.visitors.open(key)) == []


def test_without_examples_or_with_another_text_it_says_why(
    service: VisitorService, key: str, recording: Path
) -> None:
    assert "add examples first" in said(found(service, named(service), [recording], "bad face"))
    page = found(service, key, [recording], "ᎤᎾᏙᏓᏉᏅᎯ ᏔᎵᏁᎢᎦ")
    assert "check that they belong together" in said(page)


def test_what_is_broken_off_goes_on_and_leaves_nothing(
    service: VisitorService, key: str, recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = service.visitors.open(key)
    whole: list[int] = []

    def broken(*given: Any) -> Any:
        yield next(align_text(*given))
        whole.append(1)
        raise OSError(5, "the disk is gone")

    with monkeypatch.context() as patch:
        patch.setattr("smile.transcription.aligning.align_text", broken)
        assert "stage error" in said(found(service, key, [recording], "\n".join(SPOKEN)))
    assert whole
    folder = transcripts.alignment(workspace, "story.wav")
    assert list(folder.rglob("*.npy")), "what was encoded is kept"
    assert "3 of 3" in said(found(service, key, [recording], "\n".join(SPOKEN)))
    assert not folder.exists()


def test_what_is_kept_of_a_recording_goes_with_it(service: VisitorService, key: str, recording: Path) -> None:
    found(service, key, [recording], "ᎤᎾᏙᏓᏉᏅᎯ")
    workspace = service.visitors.open(key)
    assert transcripts.alignment(workspace, "story.wav").exists()
    transcribing.remove(service, key, ["story.wav", 0, 0.0, 0.0])
    assert not transcripts.alignment(workspace, "story.wav").exists()


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return Engine(Options(POOLS, tmp_path_factory.mktemp("cache"), read_ahead=False))


@pytest.fixture
def whisper(engine: Engine, tmp_path: Path) -> VisitorService:
    """A service with Whisper itself, which takes examples in."""
    return VisitorService(engine, Workspaces(tmp_path / "whisper", 24))


@pytest.fixture
def given(whisper: VisitorService) -> str:
    """A visitor with one example, and a recording of which the text was found: two lines and a stranger."""
    key = with_examples(whisper, 0, 1)
    workspace = whisper.visitors.open(key)
    clip = max(DEMO.queries, key=lambda query: query.seconds)
    (workspace.recordings / "story.ogg").write_bytes(clip.audio.read_bytes())
    spans = (Span(0.1, 1.2, SPOKEN[0], probability=0.9), Span(2.3, 3.4, SPOKEN[2], probability=0.8))
    tiers = ((TEXT, spans), (STRANGERS, (Span(1.1, 2.4, "heard", probability=0.7),)))
    made = TieredTranscript("story.ogg", 3.9, tiers, "mdw")
    found = Aligned(made, (Line(2, "not said"),), (spans[0], None, spans[1]), (1, 2, 4))
    aligned.keep(workspace, "story.ogg", found, Made())
    return key


def test_all_lines_become_examples_once(whisper: VisitorService, given: str) -> None:
    *_, page = aligning.add_lines(whisper, given)
    assert "2 examples added" in said(page)
    pool = whisper.visitors.open(given).pool()
    assert pool is not None
    assert [(u.text, round(u.seconds, 1)) for u in pool.utterances[1:]] == [
        (SPOKEN[0], 1.1),
        (SPOKEN[2], 1.1),
    ]
    *_, page = aligning.add_lines(whisper, given)
    assert "Nothing was added" in said(page)
    assert len(whisper.visitors.open(given).pool() or ()) == 3


def test_a_given_text_is_no_models_and_no_model_writes_over_it(
    whisper: VisitorService, given: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = whisper.visitors.open(given)
    parts = transcripts.parts(workspace)
    assert [(part.smile, part.stranger) for part in parts] == [
        (SPOKEN[0], ""),
        ("", "heard"),
        (SPOKEN[2], ""),
    ]
    assert [(part.start, part.end) for part in parts] == [(0.1, 1.2), (1.2, 2.3), (2.3, 3.4)]
    monkeypatch.setattr(order, "SHOWN", 0)
    assert order.first(workspace, parts) == []
    assert transcripts.waiting(workspace) == []
    assert transcripts.outdated(workspace) == [], "made with other examples it stays as it was given"
    others = replace(transcripts.exported(workspace)[0], tiers=(("SMILE", (Span(0.0, 3.9, "other"),)),) * 2)
    transcripts.keep(workspace, Step(1, 1, "story.ogg", transcript=others), Made("0001"))
    assert transcripts.parts(workspace) == parts


def test_a_line_that_is_put_right_tells_nothing_of_a_model(whisper: VisitorService, given: str) -> None:
    workspace = whisper.visitors.open(given)
    for part in transcripts.parts(workspace)[::2]:
        place = [*part.key, part.start, part.end]
        *_, page = correcting.learn(whisper, given, place, f"{part.smile} a")
        assert "stage error" not in said(page)
    made = workspace.state().corrections
    assert [correction.given for correction in made] == [True, True]
    assert not curve.update(made)["visible"]
    with pytest.raises(PoolError, match="delete it from the list"):
        aligned.check(workspace, "story.ogg")
    (told,) = transcripts.exported(workspace)
    assert [name for name, _ in told.tiers] == ["Corrected", TEXT, STRANGERS]


def test_speech_that_is_not_in_the_text_opens_with_what_was_heard(
    service: VisitorService, key: str, recording: Path
) -> None:
    found(service, key, [recording], f"{SPOKEN[0]}\n{SPOKEN[2]}")
    workspace = service.visitors.open(key)
    stranger = transcripts.parts(workspace)[1]
    assert editing.written(stranger) == stranger.stranger == SPOKEN[1]
    assert editing.written(replace(stranger, vanilla="?")) == "", "nothing was read there"
    event = {"name": stranger.recording, "part": stranger.number}
    place = {"start": stranger.start, "end": stranger.end}
    for text, draft in ((SPOKEN[1], None), ("", ""), ("fed", "fed"), (SPOKEN[1], None)):
        assert "problem" not in drafting.saved(service, key, {**event, **place, "text": text})
        now = transcripts.parts(workspace)[1]
        assert (now.draft, editing.written(now)) == (draft, text)
    assert transcripts.parts(workspace)[1].stranger == SPOKEN[1], "looking at it changes nothing"
