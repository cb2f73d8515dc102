"""What the page shows: a growing transcript, scores, examples, errors as sentences; every text escaped."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import gradio as gr
import pytest

from smile.datatypes import AudioError, Language, Neighbour, Utterance
from smile.settings import OPTIONS, Settings
from smile.transcription.options import choices
from smile.transcription.result import Transcript
from smile.transcription.target import RetrievedExamples
from smile.ui.guard import UNEXPECTED
from smile.ui.parts import recordings
from smile.ui.parts.neighbours import left_out
from smile.ui.parts.pools import example_choices, pool_label
from smile.ui.parts.scores import judge, verdict
from smile.ui.sources import PoolChoice
from smile.ui.transcribe import callbacks, cards, controls, view
from smile.ui.transcribe.cards import facts, language_name
from smile.ui.transcribe.neighbours import neighbours
from tests.support.fake_engine import DEFAULTS, HEARD, POOLS, TEXTS, FakeEngine, keeper
from tests.support.uploads import upload

NASTY = '<img src=x onerror="alert(1)">&<script>alert(2)</script>'


@pytest.fixture
def engine(tmp_path):
    return FakeEngine(tmp_path)


def run(engine, **choices):
    """The snapshots of a transcription."""
    clip = upload(engine.queries("gla")[1].audio)
    return whole(callbacks.run(keeper(engine), clip, "gla", **{**DEFAULTS, **choices}))


def whole(pages):
    """All of the page from the click on: begun, run and settled."""
    pages = [view.started(), *pages]
    return [*pages, callbacks.settle(last(pages, "outcome"), "")]


def last(pages, name):
    """The last value that an output got."""
    return [getattr(page, name) for page in pages if getattr(page, name) != gr.skip()][-1]


# A transcription


def test_text_appears_piece_by_piece_and_the_page_ends_as_it_began(engine):
    pages = list(callbacks.paced(engine.transcribe(b"" * 9, "gla", Settings()), pace=0.0))
    grown = [p.vanilla.text for p in pages if p.stage == "Whisper alone"]
    assert grown[0] == "Jeelone"
    assert grown[-1] == HEARD
    pages = run(engine)
    assert pages[0].start["interactive"] is False
    assert pages[0].stop["visible"] is True
    assert last(pages, "start")["interactive"] is True
    assert last(pages, "stop")["visible"] is False
    stages = ("Loading Whisper", "Listening", "Whisper alone", "With examples", "Done")
    seen = [page.stage for page in pages if page.stage != gr.skip()]
    assert [any(stage in line for line in seen) for stage in stages] == [True] * len(stages)


def test_cards_show_text_time_probability_token_and_guess(engine):
    pages = run(engine, language_token="sw")
    vanilla, smile = last(pages, "vanilla"), last(pages, "smile")
    assert HEARD in vanilla
    assert "67 %" in vanilla
    assert "Model&#39;s probability" in vanilla
    assert "Confidence" not in vanilla
    assert "0.6 s" in vanilla
    assert "English (en)" in vanilla
    assert "Whisper guesses Welsh (cy), 43\u00a0%" in vanilla
    assert "Swahili (sw)" in smile
    assert 'dir="auto"' in smile


def test_the_caption_says_whether_the_model_was_meta_trained(engine, tmp_path):
    assert "not meta-trained" in last(run(engine), "smile")
    trained = last(run(FakeEngine(tmp_path, adapter="ada-8")), "smile")
    assert "not meta-trained" not in trained
    assert "ada-8" in trained


def test_without_a_pool_only_whisper_alone_is_promised(engine):
    result = replace(finished(engine).result, pool="", smile=Transcript(done=True))
    assert "no examples" in view.smile_card(result)
    assert "No text." in view.smile_card(result)


def test_several_segments_show_times_flags_and_examples_of_each(tmp_path):
    pages = run(FakeEngine(tmp_path, lines=2), shots=6)
    assert "0:07\u20130:13" in last(pages, "vanilla")
    assert "A repetition was cut" in last(pages, "vanilla")
    examples = last(pages, "neighbours")
    assert examples.count("<audio") == 8
    assert examples.count("2 farther examples did not fit into the 30 s window.") == 2
    assert "For the speech from 0:07" in examples


def test_examples_are_sent_once_so_that_players_go_on(engine):
    sent = [page.neighbours for page in run(engine) if page.neighbours != gr.skip()]
    assert len([html for html in sent if html]) == 1


@pytest.mark.parametrize(("count", "sentence"), [(0, ""), (1, "1 farther example did"), (3, "3 farther")])
def test_examples_left_out_are_counted(count, sentence):
    assert sentence in left_out(count)
    assert bool(left_out(count)) == bool(count)


def test_a_synthetic_voice_is_marked_wherever_it_appears(engine):
    synthetic, real = POOLS[0], POOLS[2]
    assert "synthetic voice" in pool_label(synthetic)
    assert "synthetic" not in pool_label(real)
    assert "synthetic voice" in example_choices(engine, "gla")["label"]
    assert "synthetic" not in example_choices(engine, "mini/ckb")["label"]
    assert "synthetic voice" in last(run(engine), "neighbours")


def test_a_pool_is_named_by_language_code_size_and_corpus():
    pool = PoolChoice("mini/che", Language("che", "Chechen"), 150, source="mini")
    assert pool_label(pool) == "Chechen (che) · 150 examples · mini"


def test_whisper_languages_have_names():
    assert choices("language_token")["sw"] == "Swahili (sw)"
    assert language_name("sw") == "Swahili (sw)"
    assert language_name("xx") == "xx"


# References


def finished(engine, **choices):
    return last(run(engine, **choices), "outcome")


def test_a_reference_scores_without_decoding(engine):
    result = finished(engine)
    asked = len(engine.asked)
    scored = callbacks.rescore(result, TEXTS["gla"][0])
    assert len(engine.asked) == asked
    assert "CER</button> <b>0.0\u00a0%" in scored.smile
    assert "CER</button> <b>0.0" not in scored.vanilla
    assert "falls from" in scored.stage
    assert "plain/2" in scored.smile


def test_without_a_reference_there_is_no_score(engine):
    scored = callbacks.rescore(finished(engine), "  ")
    assert "CER" not in scored.smile
    assert callbacks.rescore(None, "x") == view.View()


def test_a_reference_without_letters_is_said_to_be_one(engine):
    assert "no letters" in callbacks.rescore(finished(engine), "?!").smile


@pytest.mark.parametrize(
    ("vanilla", "smile", "sentence"),
    [
        ("abxx", "abcd", "falls from 50.0\u00a0% to 0.0\u00a0%"),
        ("abcd", "xbcd", "rises from 0.0\u00a0% to 25.0\u00a0%"),
        ("abcx", "abxd", "stays at 25.0\u00a0%"),
    ],
)
def test_the_verdict(vanilla, smile, sentence):
    judged = judge("abcd", vanilla, "gla"), judge("abcd", smile, "gla")
    assert verdict(*judged).startswith("With examples the character error rate")
    assert verdict(*judged, "acoustic").startswith("With the pool's acoustic model the character error rate")
    assert sentence in verdict(*judged)


def test_the_other_side_says_by_what_it_is_written(engine):
    context, acoustic = finished(engine), finished(engine, level="acoustic")
    assert "With examples (SMILE)" in view.scored(context, "").smile
    shown = view.scored(acoustic, "").smile
    assert "acoustic model" in shown
    assert "Fitted to the pool" in shown
    assert "Meta-trained" not in shown


def test_a_transcript_without_a_prompt_names_no_language_token(engine):
    written = finished(engine).result.smile
    assert "Language token" in facts(written)
    bare = replace(written, segments=tuple(replace(s, language="") for s in written.segments))
    assert "Language token" not in facts(bare)


def test_a_clip_of_ones_own_drops_the_examples_text_and_keeps_ones_own():
    assert callbacks.own_recording("text", "text")[1] == ""
    assert callbacks.own_recording("mine", "text")[1] == gr.skip(), "it may have been changed meanwhile"


def test_another_example_clears_what_belonged_to_the_last(engine):
    audio, reference, filled, *page = callbacks.pick(engine, "gla", "q1")
    assert Path(audio).is_file()
    assert reference == filled == TEXTS["gla"][1]
    assert view.View(*page).outcome is None


def test_the_download_is_the_result_as_json(engine):
    update = callbacks.download(finished(engine), TEXTS["gla"][0])
    saved = json.loads(Path(update["value"]).read_text(encoding="utf-8"))
    assert saved["vanilla"]["text"] == HEARD
    assert saved["smile"]["cer"] == 0.0
    assert saved["neighbours"][0]["text"] == TEXTS["gla"][0]
    assert saved["settings"]["shots"] == 3


# Errors


@pytest.fixture
def failing(engine):
    engine.error = AudioError("The recording is silent; check the microphone.")
    return engine


def test_an_error_of_the_visitors_is_its_sentence(failing):
    pages = run(failing)
    assert "The recording is silent; check the microphone." in last(pages, "stage")
    assert "error" in last(pages, "stage")
    assert last(pages, "start")["interactive"] is True
    assert failing.running == 0


def test_any_other_error_is_one_sentence_and_a_log(failing, caplog):
    failing.error = KeyError("secret")
    shown = last(run(failing), "stage")
    assert UNEXPECTED in shown
    assert "secret" not in shown
    assert "KeyError" in caplog.text


def test_a_cancelled_run_and_a_full_server_leave_a_page_that_can_go_on():
    for page, sentence in (
        (callbacks.settle(view.Unfinished(), ""), callbacks.NOTHING),
        (callbacks.refused(view.Unfinished()), "busy"),
    ):
        assert sentence in page.stage
        assert page.start["interactive"] is True
        assert page.vanilla == gr.skip(), "what was written stays"


def cut_short(engine, words):
    """The page of a transcription of two pieces that is cancelled once the second side has words, settled."""
    clip, pages = upload(engine.queries("gla")[1].audio), []
    steps = callbacks.run(keeper(engine), clip, "gla", **DEFAULTS)
    for page in steps:
        pages.append(page)
        if words in str(page.smile):
            break
    steps.close()
    return [*pages, callbacks.settle(last(pages, "outcome"), TEXTS["gla"][0])]


def test_a_cancel_keeps_and_offers_what_was_written(tmp_path):
    pages = cut_short(FakeEngine(tmp_path, lines=2, pace=0.02), "Diluain an treas")
    assert any("caret" in str(page.smile) for page in pages), "it was growing"
    ended, outcome = pages[-1], last(pages, "outcome")
    assert callbacks.CANCELLED in ended.stage
    for card in (ended.vanilla, ended.smile):
        assert "caret" not in card
        assert "CER" not in card, "a part is not scored against all of the reference"
    assert view.UNFINISHED in ended.smile
    saved = json.loads(Path(callbacks.download(outcome, "mar sin")["value"]).read_text(encoding="utf-8"))
    assert saved["vanilla"]["text"] == HEARD
    assert saved["smile"]["text"].startswith("Diluain an treas")
    assert (saved["done"], saved["problem"], saved["reference"]) == (False, view.UNFINISHED, None)
    assert callbacks.rescore(outcome, "mar sin") == view.View()
    assert callbacks.onward(outcome)["visible"] is True


def test_a_cancel_that_gradio_tells_as_a_failure_is_none():
    under_way = view.Unfinished()
    assert "Cancelling" in callbacks.cancel(under_way)
    for outcome in (under_way, None):
        assert callbacks.refused(outcome) == view.View()


def test_a_cancel_before_anything_was_written_says_so(engine):
    pages, steps = (
        [],
        callbacks.run(keeper(engine), upload(engine.queries("gla")[1].audio), "gla", **DEFAULTS),
    )
    while not any("Listening" in str(page.stage) for page in pages):
        pages.append(next(steps))
    steps.close()
    ended = callbacks.settle(last(pages, "outcome"), "")
    assert callbacks.NOTHING in ended.stage
    assert view.UNWRITTEN in ended.vanilla
    assert "caret" not in ended.vanilla
    assert ended.outcome is None


def test_an_error_keeps_what_was_written(engine):
    class Failing(FakeEngine):
        def _reading(self, result, key):
            yield replace(result, waiting="Reading the examples", stage="Reading the examples")
            raise AudioError("The pool cannot be read.")

    engine.__class__ = Failing
    pages = run(engine)
    assert "The pool cannot be read." in pages[-1].stage
    assert HEARD in pages[-1].vanilla
    assert view.UNWRITTEN in pages[-1].smile
    assert "Reading the examples" not in pages[-1].smile
    assert last(pages, "outcome").result.vanilla.text == HEARD


def test_another_clip_that_ends_a_transcription_is_not_told_as_a_cancel():
    settled = callbacks.settle(None, "")
    assert settled.stage == gr.skip()
    assert settled.stop["visible"] is False


def test_without_a_recording_the_page_says_what_to_do(engine):
    pages = whole(callbacks.run(keeper(engine), None, "gla", **DEFAULTS))
    assert recordings.NO_CLIP in last(pages, "stage")


def test_every_text_is_escaped(engine):
    result = finished(engine).result
    utterance = Utterance(NASTY, Path('/x/" onload="y'), NASTY, speaker=NASTY)
    segment = result.smile.segments[0]
    segment = replace(segment, decoded=replace(segment.decoded, text=NASTY), language=NASTY)
    result = replace(
        result,
        examples=((0.0, RetrievedExamples((Neighbour(utterance, 0, 1, 0.5),))),),
        smile=replace(result.smile, segments=(segment, segment)),
        recognizer=replace(result.recognizer, adapter=NASTY),
        stage=NASTY,
    )
    scored = view.scored(view.Finished(result, "gla"), NASTY)
    for html in (*scored[:3], *view.snapshot(result)[:3], neighbours(result, True, str), view.stage(NASTY)):
        assert "<img" not in html
        assert "<script" not in html
        assert ' onload="' not in html


def test_a_recording_unlike_the_pool_is_told_above_the_transcript(engine):
    *_, result = engine.transcribe(b"" * 9, "gla", Settings())
    near, far = (view.smile_card(replace(result, remoteness=(0.4, high))) for high in (1.2, 9.0))
    assert "sounds unlike every example" not in near
    assert far.index("sounds unlike every example") < far.index(f">{result.smile.text}")


CHOSEN = [controls.shown(name, getattr(Settings(), name)) for name in OPTIONS]


def test_a_result_says_whose_it_is_and_that_something_else_is_chosen(engine):
    asked = view.Asked("gla", Settings(), "Scottish Gaelic (gla)")
    done = replace(finished(engine), asked=asked)
    assert "Done: Scottish Gaelic (gla). With examples" in view.scored(done, TEXTS["gla"][0]).stage
    same = callbacks.mark(done, "", "gla", *CHOSEN)
    assert same == view.scored(done, "").stage
    assert callbacks.mark_scored(done, "gla", *CHOSEN) == gr.skip()
    fewer = [1 if name == "shots" else value for name, value in zip(OPTIONS, CHOSEN, strict=True)]
    for pool, values in (("chr", CHOSEN), ("gla", fewer)):
        said = callbacks.mark(done, TEXTS["gla"][0], pool, *values)
        assert "Made with Scottish Gaelic (gla), 3 nearest examples. You have chosen" in said
        assert "Done" not in said
        assert callbacks.mark_scored(done, pool, *values) == said


@pytest.mark.parametrize("level", ["acoustic", "combined"])
def test_a_result_by_an_acoustic_model_says_so_where_another_pool_is_chosen(engine, level):
    done = replace(finished(engine), asked=view.Asked("gla", Settings(level=level), "Scottish Gaelic (gla)"))
    assert "the pool&#39;s acoustic model. You have" in view.earlier(done, "chr", Settings(level=level))


def test_a_result_without_a_pool_is_said_to_be_by_whisper_alone(engine):
    done = finished(engine)
    done = replace(done, result=replace(done.result, pool=""), asked=view.Asked(None, Settings()))
    assert "Made with Whisper alone. You have chosen" in view.earlier(done, "gla", Settings())


def test_no_segment_is_shown_as_of_no_length(engine):
    def times(start, end):
        return cards._times(replace(segment, start=start, end=end))

    segment = finished(engine).result.vanilla.segments[0]
    assert (times(0.1, 0.4), times(0.7, 4.0), times(59.5, 60.2)) == ("0:00–0:01", "0:00–0:04", "0:59–1:00")


@pytest.mark.parametrize("outcome", [None, view.Unfinished(), view.Failed("no")])
def test_what_is_no_result_is_not_marked(outcome):
    assert callbacks.mark(outcome, "", "gla", *CHOSEN) == gr.skip()
    assert callbacks.mark_scored(outcome, "gla", *CHOSEN) == gr.skip()


def test_a_choice_that_may_not_be_says_nothing_of_a_result(engine):
    done = replace(finished(engine), asked=view.Asked("gla", Settings(), "Scottish Gaelic (gla)"))
    for chosen in (["x"] * len(OPTIONS), CHOSEN[:-1]):
        assert "Done" in callbacks.mark(done, "", "chr", *chosen)
