"""Transcripts that are kept: their words are judged again when a check has said more of the pool."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from smile.acoustic.calibrating import default
from smile.acoustic.evidence import NAMES
from smile.exporting import Span, TieredTranscript
from smile.exporting.transcripts import of_words
from smile.own import transcripts
from smile.own.kept_transcripts import judge_again, kept
from smile.own.workspace import TRANSCRIPTS, Workspace
from smile.own.workspaces import Workspaces

EVIDENCE = (-0.5, -1.0, 0.6, -0.9, 1.0, -1.5, 1.4, -0.7)
USUAL = default().calibration
OWN = replace(USUAL, weights=(*USUAL.weights[:-1], USUAL.weights[-1] - 2))


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    visitors = Workspaces(tmp_path / "visitors", hours=2)
    return visitors.open(visitors.new())


def written(workspace: Workspace, name: str, version: str, evidence: tuple[float, ...]) -> None:
    """A recording whose only line has a word with evidence and one without."""
    (workspace.recordings / name).write_bytes(b"")
    words = (Span(0.0, 0.5, "ná", 0.4, (), 0.9, evidence), Span(0.5, 1.0, "-"))
    line = Span(0.0, 1.0, "ná -", 0.7, words, 0.3)
    made = TieredTranscript(name, 1.0, (("Acoustic model", (line,)), ("Whisper alone", (Span(0, 1, "x"),))))
    entry = {"transcript": asdict(made), "problem": "", "version": version, "examples": 3}
    path = workspace.folder / TRANSCRIPTS
    path.write_text(json.dumps({**kept(workspace), name: entry}), encoding="utf-8")


def test_words_have_the_confidence_of_the_calibration_that_a_check_has_made(workspace: Workspace) -> None:
    assert len(EVIDENCE) == len(NAMES)
    written(workspace, "a.wav", "0002", EVIDENCE)
    written(workspace, "b.wav", "0001", EVIDENCE)
    judge_again(workspace, "0002", OWN)
    (now, before) = transcripts.parts(workspace)
    assert now.words[0].confidence == now.confidence == OWN.of(EVIDENCE) != USUAL.of(EVIDENCE)
    assert now.words[1].confidence is None
    assert (now.probability, now.words[0].probability) == (0.3, 0.9)
    assert before.words[0].confidence == 0.4, "another version of the pool wrote it"
    (told, _) = transcripts.exported(workspace)
    assert told.spans[0].confidence == of_words(now.words)


@pytest.mark.parametrize("evidence", [(), EVIDENCE[1:], (*EVIDENCE[1:], float("inf"))])
def test_words_whose_evidence_is_no_more_of_use_stay_as_they_are(
    workspace: Workspace, evidence: tuple[float, ...]
) -> None:
    written(workspace, "a.wav", "0002", evidence)
    judge_again(workspace, "0002", OWN)
    ((word, _),) = [part.words for part in transcripts.parts(workspace)]
    assert word.confidence == 0.4


def test_a_figure_of_a_line_that_no_word_bears_out_is_not_shown_as_its_confidence(
    workspace: Workspace,
) -> None:
    written(workspace, "a.wav", "0002", EVIDENCE)
    entries = kept(workspace)
    spans = entries["a.wav"]["transcript"]["tiers"][0][1]
    spans[0] |= {"parts": [], "confidence": 0.16}
    (workspace.folder / TRANSCRIPTS).write_text(json.dumps(entries), encoding="utf-8")
    assert [part.confidence for part in transcripts.parts(workspace)] == [None]
    assert [one.spans[0].confidence for one in transcripts.exported(workspace)] == [None]
