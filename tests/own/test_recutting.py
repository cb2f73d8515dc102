"""Segments cut by hand: text and times are divided, corrections stay, and the last step can be taken back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from smile.datatypes import PoolError, Span
from smile.own import edited, recutting, transcripts
from smile.own.edited import draft
from smile.own.made import Made
from smile.own.recutting import Cursors, merge, moment, split, undo
from smile.own.workspace import Workspace
from smile.transcription.batch import Step
from tests.support.cut_by_hand import CUTS, NAME, TEXTS, corrected, transcribed


def shown(workspace: Workspace) -> list[tuple[float, float, str]]:
    return [(part.start, part.end, part.smile) for part in transcripts.parts(workspace)]


WHOLE = [(*cut, text) for cut, text in zip(CUTS, TEXTS, strict=True)]


def part(workspace: Workspace, number: int) -> transcripts.Part:
    return transcripts.part(workspace, NAME, number)


def test_a_split_at_the_caret_falls_between_the_times_of_the_words(workspace: Workspace) -> None:
    split(workspace, part(workspace, 0), Cursors(TEXTS[0], len("wa áyaa")))
    assert shown(workspace) == [(0.2, 0.75, "wa áyaa"), (0.75, 1.4, "la tsáa"), *WHOLE[1:]]
    first, second = transcripts.parts(workspace)[:2]
    assert [word.text for word in first.words] == ["wa", "áyaa"]
    assert [word.text for word in second.words] == ["la", "tsáa"]
    assert first.confidence == pytest.approx(0.62)
    assert first.vanilla == "wa áyaa", "the other tier is divided, too"
    assert (first.draft, second.draft, first.of) == (None, None, 4)
    assert undo(workspace, NAME) == ("split", 0)
    assert shown(workspace) == WHOLE
    assert part(workspace, 0).words[3].text == "tsáa"


def test_a_split_at_the_cursor_of_the_waveform_divides_the_words_by_their_times(workspace: Workspace) -> None:
    split(workspace, part(workspace, 0), Cursors(TEXTS[0], 0, 0.45))
    assert shown(workspace)[:2] == [(0.2, 0.45, "wa"), (0.45, 1.4, "áyaa la tsáa")]


def test_a_split_without_times_of_words_goes_by_the_length_of_the_text(workspace: Workspace) -> None:
    split(workspace, part(workspace, 1), Cursors(TEXTS[1], 3))
    (_, first, second, _) = shown(workspace)
    assert first == (1.5, pytest.approx(1.5 + 3 / 8, abs=1e-3), "ngá")
    assert second == (first[1], 2.5, "o kwé")


def test_what_was_written_over_it_becomes_drafts_of_the_halves(workspace: Workspace) -> None:
    place = (NAME, *CUTS[0])
    draft(workspace, place, "WA ÁYAA  LA tsáa")
    split(workspace, part(workspace, 0), Cursors("WA ÁYAA  LA tsáa", len("WA ÁYAA "), 0.8))
    first, second = transcripts.parts(workspace)[:2]
    assert (first.draft, second.draft) == ("WA ÁYAA", "LA tsáa")
    assert (first.smile, second.smile) == ("wa áyaa", "la tsáa")
    undo(workspace, NAME)
    assert part(workspace, 0).draft == "WA ÁYAA  LA tsáa", "the draft is there as it was"


def test_a_merge_joins_texts_and_times_and_is_taken_back(workspace: Workspace) -> None:
    merge(workspace, part(workspace, 1), TEXTS[1])
    assert shown(workspace) == [WHOLE[0], (1.5, 3.6, f"{TEXTS[1]} {TEXTS[2]}")]
    merge(workspace, part(workspace, 0), "WA")
    (both,) = transcripts.parts(workspace)
    assert (both.start, both.end, both.draft) == (0.2, 3.6, f"WA {TEXTS[1]} {TEXTS[2]}")
    assert both.words == (), "the times of some words are not known"
    assert both.probability == pytest.approx(0.5)
    assert undo(workspace, NAME) == ("merge", 0)
    assert undo(workspace, NAME) == ("merge", 1)
    assert shown(workspace) == WHOLE
    with pytest.raises(PoolError, match="no split or merge"):
        undo(workspace, NAME)


def test_a_draft_of_the_next_segment_is_merged_too(workspace: Workspace) -> None:
    draft(workspace, (NAME, *CUTS[2]), "BISÍ")
    merge(workspace, part(workspace, 1), TEXTS[1])
    assert part(workspace, 1).draft == f"{TEXTS[1]} BISÍ"


@pytest.mark.parametrize("number", [0, 1])
def test_what_is_corrected_is_neither_split_nor_merged(workspace: Workspace, number: int) -> None:
    corrected(workspace, part(workspace, 1))
    with pytest.raises(PoolError, match="among the examples already"):
        merge(workspace, part(workspace, number), "x")
    with pytest.raises(PoolError, match="among the examples already"):
        split(workspace, part(workspace, 1), Cursors(TEXTS[1], 3))
    assert [p.smile for p in transcripts.parts(workspace)] == list(TEXTS)
    assert edited.edited(workspace) == edited.Edited()


def test_corrections_stay_with_their_stretch_when_numbers_change(workspace: Workspace) -> None:
    corrected(workspace, part(workspace, 1))
    split(workspace, part(workspace, 0), Cursors(TEXTS[0], 3))
    assert [p.corrected for p in transcripts.parts(workspace)] == [None, None, "put right", None]
    (told,) = transcripts.exported(workspace)
    assert [span.text for span in told.tiers[0][1]] == ["wa", "áyaa la tsáa", "put right", TEXTS[2]]


def test_corrections_that_go_by_number_keep_segments_as_they_are(workspace: Workspace) -> None:
    corrected(workspace, part(workspace, 1), timed=False)
    with pytest.raises(PoolError, match="cannot be cut again"):
        split(workspace, part(workspace, 0), Cursors(TEXTS[0], 3))


def test_a_half_that_is_corrected_keeps_the_split(workspace: Workspace) -> None:
    split(workspace, part(workspace, 0), Cursors(TEXTS[0], 3))
    corrected(workspace, part(workspace, 1))
    with pytest.raises(PoolError, match="among the examples already"):
        undo(workspace, NAME)
    assert len(shown(workspace)) == 4


@pytest.mark.parametrize(
    ("cursors", "said"),
    [
        (Cursors(TEXTS[0], 0), "text cursor"),
        (Cursors(TEXTS[0], 10_000), "text cursor"),
        (Cursors(TEXTS[0], 0, 0.2), "text cursor"),
        (Cursors(TEXTS[0], 0, 1e9), "text cursor"),
        (Cursors("x " * 5000, 3, 0.5), "characters"),
    ],
)
def test_a_split_that_cannot_be_leaves_all_as_it_was(
    workspace: Workspace, cursors: Cursors, said: str
) -> None:
    with pytest.raises(PoolError, match=said):
        split(workspace, part(workspace, 0), cursors)
    assert shown(workspace) == WHOLE
    assert edited.edited(workspace) == edited.Edited()


def test_what_is_too_short_or_too_long_is_refused(workspace: Workspace) -> None:
    split(workspace, part(workspace, 0), Cursors(TEXTS[0], 0, 0.21))
    assert shown(workspace)[0][:2] == (0.2, 0.4), "a half has its least length"
    with pytest.raises(PoolError, match="too short"):
        split(workspace, part(workspace, 0), Cursors("a b", 1))
    with pytest.raises(PoolError, match="last segment"):
        merge(workspace, part(workspace, 3), "x")


def test_two_that_are_too_long_together_are_not_merged(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recutting, "LONGEST", 2.0)
    with pytest.raises(PoolError, match=r"2\.1 seconds long"):
        merge(workspace, part(workspace, 1), TEXTS[1])


def test_a_step_that_no_longer_fits_is_forgotten(workspace: Workspace) -> None:
    split(workspace, part(workspace, 0), Cursors(TEXTS[0], 3))
    transcribed(workspace.folder)
    with pytest.raises(PoolError, match="cut otherwise since"):
        undo(workspace, NAME)
    assert edited.edited(workspace).steps == ()


def test_a_transcription_that_ends_later_leaves_the_cuts_as_they_are(workspace: Workspace) -> None:
    before = transcripts.exported(workspace)[0]
    split(workspace, part(workspace, 0), Cursors(TEXTS[0], 3))
    assert transcripts.items(workspace)[0].recording.cuts == tuple(s[:2] for s in shown(workspace))
    late = Step(0, 1, NAME, transcript=before)
    transcripts.keep(workspace, late, Made())
    assert len(shown(workspace)) == 4


def test_a_recording_that_is_deleted_takes_its_drafts_and_steps_along(workspace: Workspace) -> None:
    draft(workspace, (NAME, *CUTS[1]), "x")
    split(workspace, part(workspace, 0), Cursors(TEXTS[0], 3))
    transcripts.forget(workspace, NAME)
    assert edited.edited(workspace) == edited.Edited()


def test_a_caret_in_a_text_with_other_words_goes_by_length(workspace: Workspace) -> None:
    assert moment(part(workspace, 0), Cursors("ab cd", 2)) == pytest.approx(0.8)
    assert moment(part(workspace, 0), Cursors(TEXTS[0], 2)) == pytest.approx(0.45)


def retimed(workspace: Workspace, times: list[tuple[float, float]]) -> None:
    """Give the words of the first segment other times."""
    words = tuple(Span(*at, word) for at, word in zip(times, TEXTS[0].split(), strict=True))
    told = transcripts.exported(workspace)[0]
    (name, spans), *others = told.tiers
    tiers = ((name, (replace(spans[0], parts=words), *spans[1:])), *others)
    transcripts.keep(workspace, Step(0, 1, NAME, transcript=replace(told, tiers=tiers)), Made())


def words_and_texts_agree(workspace: Workspace) -> bool:
    timed = [p for p in transcripts.parts(workspace) if p.words]
    return all([word.text for word in p.words] == p.smile.split() for p in timed)


def test_a_cursor_of_the_waveform_alone_divides_the_text_by_the_times_of_its_words(
    workspace: Workspace,
) -> None:
    retimed(workspace, [(0.2, 0.3), (1.1, 1.2), (1.2, 1.3), (1.3, 1.4)])
    split(workspace, part(workspace, 0), Cursors(TEXTS[0], 0, 0.9))
    assert shown(workspace)[:2] == [(0.2, 0.9, "wa"), (0.9, 1.4, "áyaa la tsáa")]
    assert words_and_texts_agree(workspace)


@pytest.mark.parametrize(("caret", "at"), [(2, 0.9), (10, 0.45), (4, None), (4, 0.9)])
def test_words_whose_times_fall_into_the_other_half_have_none(
    workspace: Workspace, caret: int, at: float | None
) -> None:
    split(workspace, part(workspace, 0), Cursors(TEXTS[0], caret, at))
    assert shown(workspace)[0][2] == TEXTS[0][:caret].strip(), "the text is cut where the caret was"
    assert words_and_texts_agree(workspace)


@pytest.mark.parametrize("caret", [4, 5])
def test_a_split_leaves_a_letter_its_marks(workspace: Workspace, caret: int) -> None:
    text = "wa a\u0323\u0301yaa la"
    split(workspace, part(workspace, 0), Cursors(text, caret, 0.8))
    assert [p.draft for p in transcripts.parts(workspace)][:2] == ["wa a\u0323\u0301", "yaa la"]


def test_what_was_cut_meanwhile_is_left_as_it_is(workspace: Workspace) -> None:
    known = part(workspace, 0)
    split(workspace, known, Cursors(TEXTS[0], 3))
    before = shown(workspace)
    with pytest.raises(PoolError, match="cut anew"):
        split(workspace, known, Cursors(TEXTS[0], 3, 1.2))
    with pytest.raises(PoolError, match="cut anew"):
        merge(workspace, known, TEXTS[0])
    assert shown(workspace) == before


def test_what_was_corrected_meanwhile_is_not_cut(workspace: Workspace) -> None:
    known = part(workspace, 0)
    corrected(workspace, known)
    with pytest.raises(PoolError, match="among the examples already"):
        split(workspace, known, Cursors(TEXTS[0], 3))


def again(workspace: Workspace, tiers: int = 2) -> None:
    """Transcribe the recording again, cut as it is: in capitals, and perhaps by Whisper alone."""
    told = transcripts.exported(workspace)[0]
    loud = tuple(
        (name, tuple(replace(span, text=span.text.upper(), parts=()) for span in spans))
        for name, spans in told.tiers[-tiers:]
    )
    transcripts.keep(workspace, Step(0, 1, NAME, transcript=replace(told, tiers=loud)), Made())


@pytest.mark.parametrize("tiers", [1, 2])
def test_steps_are_taken_back_with_the_text_of_a_later_transcription(
    workspace: Workspace, tiers: int
) -> None:
    merge(workspace, part(workspace, 1), TEXTS[1])
    split(workspace, part(workspace, 0), Cursors(TEXTS[0], 3))
    again(workspace, tiers)
    assert [undo(workspace, NAME), undo(workspace, NAME)] == [("split", 0), ("merge", 1)]
    assert shown(workspace) == [(start, end, text.upper()) for start, end, text in WHOLE]
    assert len(transcripts.exported(workspace)[0].tiers) == tiers


def test_each_segment_keeps_its_distance_from_the_examples(workspace: Workspace) -> None:
    told = replace(transcripts.exported(workspace)[0], distances=(0.1, 0.2, 0.4))
    transcripts.keep(workspace, Step(0, 1, NAME, transcript=told), Made())
    split(workspace, part(workspace, 0), Cursors(TEXTS[0], 3))
    merge(workspace, part(workspace, 2), TEXTS[1])
    assert [p.distance for p in transcripts.parts(workspace)] == pytest.approx([0.1, 0.1, 0.3])


def test_what_was_written_into_halves_goes_into_the_whole_as_a_split_is_taken_back(
    workspace: Workspace,
) -> None:
    split(workspace, part(workspace, 0), Cursors(TEXTS[0], 3))
    half = part(workspace, 1)
    draft(workspace, (NAME, half.start, half.end), "ÁYAA la")
    undo(workspace, NAME)
    assert part(workspace, 0).draft == "wa ÁYAA la"
    assert len(edited.edited(workspace).drafts) == 1


def test_what_was_written_over_both_is_divided_as_a_merge_is_taken_back(workspace: Workspace) -> None:
    merge(workspace, part(workspace, 1), TEXTS[1])
    both = part(workspace, 1)
    draft(workspace, (NAME, both.start, both.end), "NGÁ o kwé bisí dí BOO")
    undo(workspace, NAME)
    assert [p.draft for p in transcripts.parts(workspace)] == [None, "NGÁ o kwé", "bisí dí BOO"]
