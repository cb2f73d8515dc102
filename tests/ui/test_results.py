"""The Results tab without a browser: tables, charts and utterances as functions of rows, and its events."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import gradio as gr
import pandas as pd
import pytest
from markupsafe import escape

from smile.datatypes import Stopped, Utterance
from smile.paths import PRECOMPUTED
from smile.results import labels, paper, wording
from smile.results import tables as results
from smile.results.parts import Parts
from smile.ui import build_app
from smile.ui.guard import UNEXPECTED
from smile.ui.recorded import Recordings
from smile.ui.results import callbacks, figures, tables
from smile.ui.results.axis import EDGE
from smile.ui.results.beside import beside, points
from smile.ui.results.callbacks import Asked, View
from smile.ui.results.charts import CHARTS, drawn
from smile.ui.results.figures import averages
from smile.ui.results.folding import FOLDED, folded
from smile.ui.results.macro import macro
from smile.ui.results.picker import others, part_updates
from smile.ui.results.selection import (
    HELD_OUT,
    KNOWN,
    PICKERS,
    TRAINED,
    UNKNOWN,
    Choices,
    Selection,
)
from smile.ui.results.tables import Sort
from smile.ui.results.utterances import ORDERS, STOPPED, lines, ordered, utterances
from smile.ui.store import Measured, Store
from tests.support.fake_engine import FakeEngine
from tests.support.made_conditions import condition
from tests.support.measured import NASTY, packed

VANILLA = condition("vanilla", side="vanilla", shots=0, cut_loops=False, length_limit=False)
ALONE, ONE, SMILE = "Whisper alone", "In-context, 1 nearest", "SMILE, 3 nearest"
CONTROLLED = "Whisper alone, controlled"
HELD = ["bel", "cat", "chr", "ell", "sxb"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("measured")
    packed(folder)
    return folder / "packed"


@pytest.fixture(scope="module")
def store(folder):
    return Store(folder)


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    """Vanilla and one condition more: what most charts want is missing."""
    return Measured(packed(tmp_path_factory.mktemp("few"), (VANILLA, condition("u-1")), clips=3))


@pytest.fixture(scope="module")
def shipped():
    """The rows that come with the package."""
    return Store(PRECOMPUTED).measured()


def select(store, **chosen) -> Selection:
    choices = Choices(**{"condition": SMILE, "baseline": ALONE, **chosen})
    return Selection(store.measured(), choices.valid(store.measured()))


# What is shown


@pytest.mark.parametrize(
    ("chosen", "codes"),
    [
        ({"known": HELD_OUT}, HELD),
        ({"known": UNKNOWN}, ["chr", "sxb"]),
        ({"known": KNOWN}, ["bel", "cat", "ell"]),
        ({"known": TRAINED}, ["eng"]),
        ({"search": " GREEK "}, ["ell"]),
        ({"search": "sxb"}, ["sxb"]),
        ({"families": ["Slavic", "Romance"]}, ["bel", "cat"]),
        ({"scripts": ["Latin"], "known": UNKNOWN}, ["sxb"]),
        ({"search": "("}, []),
    ],
)
def test_filters(store, chosen, codes):
    assert sorted(select(store, **chosen).languages.index) == codes


def test_choices_that_were_not_measured_are_replaced(store):
    valid = Choices(condition="gone", baseline=None, columns=["gone", ONE]).valid(store.measured())
    assert (valid.condition, valid.baseline, valid.columns) == (
        "In-context, 1 nearest, kNN-LM, loops prevented",
        CONTROLLED,
        [ONE],
    )


def test_the_first_view_has_further_conditions_and_a_visitor_can_take_them_away(store):
    assert SMILE in Choices().valid(store.measured()).columns
    assert Choices(condition=ONE).valid(store.measured()).columns == []


def parts(store, label) -> Parts:
    return Parts(
        *dict(zip(store.measured().facts["label"], store.measured().facts["parts"], strict=True))[label]
    )


@pytest.mark.parametrize(
    ("wish", "label"),
    [
        ({"examples": "1"}, "SMILE, 1 nearest"),
        ({"model": "untrained"}, "In-context, 3 nearest"),
        ({"way": "random"}, "SMILE, 3 random"),
        ({"model": "Whisper alone"}, ALONE),
        ({"model": "untrained", "decoding": "25 s in all"}, "In-context, 3 nearest, 25 s in all"),
        ({"decoding": "kNN-LM, loops prevented"}, "In-context, 1 nearest, kNN-LM, loops prevented"),
        ({"examples": "77"}, SMILE),
        ({}, SMILE),
    ],
)
def test_a_condition_is_picked_by_its_parts(store, wish, label):
    wished = parts(store, SMILE)._replace(**wish)
    chosen = Choices(SMILE, CONTROLLED)._replace(**wished._asdict()).valid(store.measured())
    assert (chosen.condition, chosen.baseline) == (label, CONTROLLED)


def test_pickers_that_nobody_has_touched_stay(store):
    """An answer that set them again would take back what is picked while it is on its way."""
    same = parts(store, SMILE)
    touched = same._replace(examples="1"), same._replace(model=ALONE)
    for wish, set_again in ((same, False), *((other, True) for other in touched)):
        asked = Asked(Choices(SMILE, CONTROLLED)._replace(**wish._asdict()))
        view = callbacks.changed(store, asked)
        assert view.examples == view.condition == gr.skip(), "the page sets them"
        assert ("asked" in view.answer) == set_again


def test_an_answer_says_what_it_was_asked_with_and_what_the_pickers_are_to_show(store):
    wish = parts(store, SMILE)._replace(examples="1")
    choices = Choices(SMILE, CONTROLLED)._replace(**wish._asdict())
    answer = callbacks.changed(store, Asked(choices)).answer
    asked, new = (dict(zip(callbacks.ANSWERED, answer[key], strict=True)) for key in ("asked", "new"))
    assert (asked["condition"], asked["examples"]) == (SMILE, "1")
    assert (new["condition"], new["examples"]["value"]) == ("SMILE, 1 nearest", "1")


def test_parts_left_over_from_a_condition_before_are_no_wish(store):
    left = parts(store, SMILE)._replace(model=CONTROLLED)
    chosen = Choices(CONTROLLED, ALONE)._replace(**left._asdict()).valid(store.measured())
    assert chosen.condition == CONTROLLED


def test_from_whisper_alone_a_model_leads_to_its_usual_examples(store):
    chosen = Choices(SMILE, CONTROLLED, base_model="untrained").valid(store.measured())
    assert parts(store, chosen.baseline).model == "untrained"
    assert parts(store, chosen.baseline).examples == "1", "as the page's own condition here"


def test_the_pickers_offer_what_was_measured_and_hide_what_a_condition_has_not(store):
    facts = store.measured().facts
    model, examples, *_ = part_updates(facts, SMILE)
    assert model["choices"][0] == (ALONE, ALONE)
    assert [value for _, value in examples["choices"]] == ["no examples", "1", "2", "3", "5", "10"]
    assert [update["visible"] for update in part_updates(facts, ALONE)] == [True, *[False] * 4]
    near = dict(others(facts, SMILE, [ALONE]))
    assert near["untrained · 3 nearest"] == "In-context, 3 nearest"
    assert near[ALONE] == ALONE, "chosen before"
    assert "untrained · 1 nearest" not in near, "differs in two parts"


# The table


def test_the_table_has_the_rates_of_the_results(store):
    frame = tables.lines(select(store, columns=[ONE]))
    wanted = results.by_language(labels.labelled(store.measured().raw), baseline=ALONE)
    for place, one in enumerate((ALONE, SMILE, ONE)):
        line = wanted[wanted["condition"] == one].set_index("language")
        assert frame[f"rate:{place}"].to_dict() == pytest.approx(line.loc[HELD, "rate"].to_dict())
        assert frame[f"reduction:{place}"].to_dict() == pytest.approx(line.loc[HELD, "reduction"].to_dict())


@pytest.mark.parametrize("key", ["name", "code", "clips", "rate:0", "rate:1"])
def test_the_table_is_sorted_both_ways(store, key):
    up, down = (tables.lines(select(store), Sort(key, reverse))[key].tolist() for reverse in (False, True))
    assert up == sorted(up)
    assert down == sorted(down, reverse=True)


def test_sorted_by_change_the_largest_gain_is_first(store):
    reductions = tables.lines(select(store), Sort("change:1"))["reduction:1"].tolist()
    assert reductions == sorted(reductions, reverse=True)
    assert tables.lines(select(store), Sort("change:9")).index.name is not None


def test_a_click_on_a_heading_sorts_and_a_second_one_turns_it_round():
    assert Sort("name").again("clips") == Sort("clips")
    assert Sort("clips").again("clips") == Sort("clips", descending=True)


def test_the_table_marks_what_is_beyond_its_interval(store):
    html = tables.languages_html(select(store), opened="chr")
    assert html.count('class="number better"') == 5
    assert html.count("beyond interval") == 5
    assert 'data-language="chr" class="opened"' in html
    assert 'aria-sort="ascending"><button type="button" data-sort="change:1"' in html
    itself = tables.languages_html(select(store, condition=ALONE))
    assert "Change" not in itself


def test_a_language_without_the_condition_says_so(store):
    raw = store.measured().raw
    gone = raw[~((raw["language"] == "chr") & (raw["condition"] == "smile-3-nearest"))]
    html = tables.languages_html(Selection(Measured(gone), Choices(condition=SMILE, baseline=ALONE)))
    assert "not measured" in html


def test_no_language_is_a_sentence(store):
    assert "No language passes" in tables.languages_html(select(store, search="nowhere"))


def test_the_summary_agrees_with_the_results(store):
    table = results.by_language(labels.labelled(store.measured().raw), baseline=ALONE)
    line = results.summary(table, HELD, ALONE).set_index("condition").loc[SMILE]
    html = tables.summary(select(store))
    assert f"{line['macro']:.1f}" in html
    assert wording.change(line["reduction"]) in html
    assert f"{line['improved']} of 5" in html
    assert "Cherokee" in html
    assert "Choose a baseline" in tables.summary(select(store, condition=ALONE))


@pytest.mark.parametrize(("metric", "normaliser"), [("wer", "plain"), ("cer", "ml_superb")])
def test_metric_and_normaliser_change_the_figures(store, metric, normaliser):
    other = select(store, metric=metric, normaliser=normaliser)
    assert tables.lines(other)["rate:1"].tolist() != tables.lines(select(store))["rate:1"].tolist()
    assert f"{metric.upper()}, %" in tables.languages_html(other)


def test_the_file_has_the_table_with_its_settings(store):
    frame = tables.long(select(store, known=UNKNOWN, columns=[ONE]))
    assert len(frame) == 2 * 3
    line = frame[(frame["condition"] == SMILE) & (frame["language"] == "chr")].iloc[0]
    assert (line["shots"], line["sampler"], line["language_name"]) == (3, "nearest", "Cherokee")
    assert (line["metric"], line["normaliser"], line["baseline"]) == ("CER", "plain/1", ALONE)
    assert (line["clips"], line["pool_clips"], line["pool_minutes"]) == (12, 0, 0.0)
    assert not [name for name in frame.columns if name.endswith(("_x", "_y"))]
    assert frame.columns.is_unique


def test_the_headline_is_against_the_controlled_side_and_names_the_other(store):
    html = tables.summary(select(store, baseline=None))
    assert f"against {CONTROLLED}</span>" in html
    pairs = [select(store, baseline=name).pair for name in (CONTROLLED, ALONE)]
    ours, plain = (wording.change(pair.reduction) for pair in pairs)
    assert f"<dd>{ours}<small>" in html
    assert f"Against {ALONE}, whose loops nothing stops: {plain}" in html
    assert "whose loops nothing stops" not in tables.summary(select(store, baseline=ALONE))


def test_without_a_controlled_side_the_headline_is_against_whisper_as_it_is(few):
    selection = Selection(few, Choices().valid(few))
    assert selection.baseline == ALONE
    assert "whose loops nothing stops" not in tables.summary(selection)


def test_families_are_counted_as_the_findings_do(store):
    figure, _ = drawn(select(store, condition=None, baseline=None), "families")
    means = dict(zip(figure.data[0].y, figure.data[0].x, strict=True))
    asked = "Which language families gain?"
    (answer,) = (one.answer for one in store.measured().findings() if one.question == asked)
    assert len(means) == len(HELD)
    for family, change in means.items():
        assert f"{family} (1) {wording.change(-change)}" in answer


def test_a_familys_change_is_that_of_its_macro_average(store):
    selection = select(store)
    selection.__dict__["languages"] = selection.languages.assign(family="One")
    figure, _ = drawn(selection, "families")
    assert list(figure.data[0].x) == pytest.approx([-selection.pair.reduction])


def test_times_of_rows_whose_run_is_not_known_are_not_compared(store):
    raw = store.measured().raw
    unknown = Measured(raw.assign(run=""))
    figure, caption = drawn(Selection(unknown, Choices().valid(unknown)), "overhead")
    assert figure is None
    assert "within one run on one machine" in caption
    two = Measured(raw.assign(run=raw["hash"]))
    assert drawn(Selection(two, Choices().valid(two)), "overhead")[0] is None
    _, caption = drawn(select(store), "overhead")
    assert "run of 2026-11-24 13:57:32, commit c0ffeec, a CPU, 2 cores" in caption


# The paper's


def test_the_papers_figures_are_marked_and_are_those_that_may_be_shown(store):
    html = beside(select(store))
    assert "not measured here" in html
    assert "SMILE<small>5 languages</small>" in html
    for figure in ("74.29", "51.33", "46.57", "51.47", "79.05", "37.1", "45 of 54"):
        assert figure in html
    assert set(points(select(store))["rate"]) == {
        paper.ALONE,
        *paper.RANDOM.values(),
        *paper.NEAREST.values(),
    }
    assert points(select(store, metric="wer")).empty


# Charts


def test_the_macro_average_is_over_the_languages_that_all_conditions_have():
    table = pd.DataFrame(
        [("a", "x", 10.0), ("b", "x", 30.0), ("c", "x", 90.0), ("a", "y", 20.0), ("b", "y", 20.0)],
        columns=["language", "condition", "rate"],
    ).assign(low=lambda t: t["rate"] - 3, high=lambda t: t["rate"] + 4)
    means = macro(table, ["x", "y", "never measured"])
    assert means["rate"].to_dict() == {"x": 20.0, "y": 20.0}
    assert means.loc["x", "languages"] == 2
    assert means.loc["x", "rate"] - means.loc["x", "low"] == pytest.approx((3**2 + 3**2) ** 0.5 / 2)
    assert macro(table.iloc[[2, 3]], ["x", "y"]).empty


@pytest.mark.parametrize("key", CHARTS)
def test_every_chart_is_drawn_where_its_rows_are_there(store, key):
    figure, caption = drawn(select(store, condition=ONE), key)
    assert figure is not None
    assert len(figure.data) >= 2
    assert "note" in caption


@pytest.mark.parametrize("key", sorted(set(CHARTS) - {"languages", "families", "overhead"}))
def test_a_chart_without_rows_is_a_sentence(few, key):
    selection = Selection(few, Choices(condition=ONE, baseline=ALONE))
    figure, caption = drawn(selection, key)
    assert figure is None
    assert "smile evaluate --grid" in caption


@pytest.mark.parametrize("known", [HELD_OUT, UNKNOWN, KNOWN])
def test_the_shipped_rows_draw_levels_on_languages_that_all_lines_share(shipped, known):
    selection = Selection(shipped, Choices(known=known).valid(shipped))
    figure, _ = drawn(selection, "levels")
    assert figure is not None
    means = averages(selection, "clips")
    for _, line in means.iterrows():
        there = selection.rates[selection.rates["condition"] == line["label"]].dropna(subset=["rate"])
        assert there["language"].nunique() >= line["languages"] > 0
    named = means["series"].str.replace(r" \(version \d+\)", "", regex=True)
    assert {"Acoustic model", "Combined · 3 nearest"} <= set(named)


def test_a_line_of_one_language_does_not_make_a_chart_of_five_one_of_one(shipped):
    """Of one example there are rows of pool sizes in Mboshi alone."""
    selection = Selection(shipped, Choices(known=UNKNOWN).valid(shipped))
    means = averages(selection, "clips")
    assert set(means["languages"]) == {5}
    assert "SMILE · 1 nearest" not in set(means["series"])


def test_a_chart_without_rows_says_which_languages_have_some(shipped):
    selection = Selection(shipped, Choices(known=TRAINED).valid(shipped))
    for key in ("levels", "pool"):
        figure, caption = drawn(selection, key)
        assert figure is None
        assert "some under Languages: Held out, Unknown to Whisper, Known to it" in caption


def test_charts_that_compare_need_two_conditions(store):
    for key in ("languages", "families"):
        figure, caption = drawn(select(store, condition=ALONE), key)
        assert figure is None
        assert "nothing to compare" in caption
    assert drawn(select(store, search="nowhere"), "overhead")[0] is None


@pytest.mark.parametrize("key", CHARTS)
def test_axes_have_names_and_charts_have_room_and_a_legend_of_their_own(store, key):
    figure, html = drawn(select(store, condition=ONE), key)
    assert figure.layout.xaxis.title.text
    assert figure.layout.yaxis.title.text
    assert figure.layout.height >= 300
    assert figure.layout.showlegend is False
    named = [trace.name for trace in figure.data if trace.name]
    assert html.count("<li>") == len(named) + ("beyond 100" in html)
    assert all(escape(name) in html for name in named)


def test_an_axis_is_cut_at_100_percent_and_says_what_lies_beyond(store):
    selection = select(store)
    rates = selection.rates
    beyond = (rates["language"] == "chr") & (rates["condition"] == ALONE)
    selection.__dict__["rates"] = rates.assign(
        rate=rates["rate"].where(~beyond, 326.4), high=rates["high"].where(~beyond, 400.0)
    )
    figure, html = drawn(selection, "languages")
    _, base, ours = figure.data
    at = list(base.y).index("Cherokee")
    assert base.x[at] == max(base.x) < figure.layout.xaxis.range[1] < 150
    assert base.x[at] + base.error_x.array[at] < figure.layout.xaxis.range[1]
    assert (base.text[at], base.marker.symbol[at]) == ("326 %", "triangle-right")
    assert base.customdata[at][0] == pytest.approx(326.4)
    assert max(figure.layout.xaxis.tickvals) == 100
    assert set(ours.text) == {""}
    assert "beyond 100 %" in html
    assert "beyond 100 %" not in drawn(select(store), "languages")[1]


def test_a_baseline_beyond_100_percent_lies_at_the_edge_with_its_value(store):
    selection = select(store)
    rates = selection.rates
    selection.__dict__["rates"] = rates.assign(rate=rates["rate"].where(rates["condition"] != ALONE, 175.0))
    figure, _ = drawn(selection, "pool")
    assert figure.layout.shapes[0].y0 == EDGE
    assert figure.layout.annotations[0].text == "Whisper alone · 175 % ↑"


def test_the_dumbbells_join_baseline_and_condition(store):
    figure, _ = drawn(select(store), "languages")
    joined, base, ours = figure.data
    assert len(base.x) == len(ours.x) == 5
    assert list(joined.x[:2]) == [base.x[0], ours.x[0]]
    frame = tables.lines(select(store)).set_index("name").loc[list(ours.y)]
    assert list(ours.x) == pytest.approx(frame["rate:1"].tolist())
    assert list(ours.x + ours.error_x.array) == pytest.approx(frame["high:1"].tolist())


def test_curves_average_the_seeds_and_begin_without_examples(store):
    means = averages(select(store), "shots")
    line = means[means["series"] == "untrained · random"].sort_values("x")
    assert line["x"].tolist() == [0, 1, 2, 3, 5, 10]
    raw = store.measured().raw
    seeds = raw[raw["condition"].str.startswith("u-1-random") & raw["language"].isin(HELD)]
    rates = results.by_language(seeds).groupby("language")["rate"].mean()
    assert line["rate"].iloc[1] == pytest.approx(rates.mean())


def test_of_many_series_those_nearest_to_the_condition_are_drawn(store, monkeypatch):
    monkeypatch.setattr(figures, "MOST_SERIES", 1)
    assert set(averages(select(store, condition=SMILE), "shots")["series"]) == {"SMILE · nearest"}
    assert set(averages(select(store, condition=ONE), "shots")["series"]) == {"untrained · nearest"}


def test_the_papers_curve_is_named_as_the_papers(store):
    figure, _ = drawn(select(store), "shots")
    theirs = [trace for trace in figure.data if "paper" in trace.name]
    assert len(theirs) == 2
    assert len({(trace.line.dash, trace.marker.symbol) for trace in theirs}) == 2
    figure, _ = drawn(select(store, metric="wer"), "shots")
    assert not [trace for trace in figure.data if "paper" in trace.name]


# Utterances


@pytest.mark.parametrize("order", ORDERS)
def test_utterances_are_ordered(store, order):
    clips = ordered(lines(select(store), "chr"), order)
    keys = {
        "gain": (-clips["gain"]).tolist(),
        "loss": clips["gain"].tolist(),
        "errors": (-clips["edits:1"]).tolist(),
        "id": clips.index.tolist(),
    }
    assert keys[order] == sorted(keys[order])


def test_utterances_show_both_sides_their_errors_and_neighbours_and_no_reference(store):
    html = utterances(select(store), "chr")
    assert html.count('class="utterance"') == 12
    assert html.count("3 examples and distances") == 12
    assert "chr-pool-" in html
    assert "errors in 40 characters" in html
    assert "a repetition was cut" in html
    assert "no text" in html
    assert "<audio" not in html
    assert "<b>Reference</b>" not in html


def test_of_several_seeds_one_is_shown_and_named(store):
    html = utterances(select(store, condition="In-context, 1 random"), "chr")
    assert "untrained · 1 random, seed 0" in html


def test_what_stopped_a_transcript_has_its_words():
    assert set(STOPPED) == set(get_args(Stopped)) - {"", "end"}


def test_no_language_no_utterances(store):
    assert utterances(select(store), None) == utterances(select(store), "zzz") == ""


def test_every_text_is_escaped(store):
    raw = store.measured().raw
    measured = Measured(raw.assign(condition=NASTY, token=NASTY, side=None, normalisers=NASTY))
    selection = Selection(measured, Choices(search="").valid(measured))
    for html in (utterances(selection, "chr"), tables.languages_html(selection), tables.summary(selection)):
        assert "<img" not in html
    assert "&lt;img" in utterances(select(store), "chr")


# Events


def test_opening_shows_everything(store):
    view = callbacks.guarded(callbacks.opened, store, *Choices(), *Asked()[1:])
    assert view.board["visible"] is True
    assert view.notice["visible"] is False
    assert (ALONE, ALONE) in view.model["choices"]
    assert (view.model["value"], view.base_model["value"]) == ("untrained", CONTROLLED)
    assert ("Cherokee (chr)", "chr") in view.opened["choices"]
    assert "Slavic" in view.families["choices"]
    assert "Greek" in view.table
    assert view.plot["visible"] is True


def test_the_findings_follow(store):
    view = callbacks.guarded(callbacks.findings, store, *Choices(), *Asked()[1:])
    assert "Do examples of the language help" in view.findings


def test_opening_again_keeps_what_was_chosen(store):
    choices = Choices(condition=ONE, baseline=ALONE, families=["Slavic", "gone"], known=KNOWN)
    view = callbacks.opened(store, Asked(choices, opened="bel"))
    assert (view.condition, view.examples["value"]) == (ONE, "1")
    assert view.families["value"] == ["Slavic"]
    assert "Belarusian (bel)" in view.utterances


def test_clicks_sort_and_open(store):
    asked = Asked(Choices(condition=ONE, baseline=ALONE))
    sorted_ = callbacks.clicked(store, asked, "clips", "")
    assert Sort.of(sorted_.sort) == Sort("clips")
    assert sorted_.utterances == gr.skip()
    opened = callbacks.clicked(store, asked, "", "chr")
    assert opened.opened == "chr"
    assert "Cherokee (chr)" in opened.utterances


def test_an_empty_folder_says_which_command_makes_rows(tmp_path):
    view = callbacks.guarded(callbacks.changed, Store(tmp_path), *Choices(), *Asked()[1:])
    assert view.board["visible"] is False
    assert "smile evaluate" in view.notice["value"]
    assert "smile results pack" in view.notice["value"]


def test_new_rows_in_the_folder_appear(tmp_path):
    store = Store(tmp_path)
    assert store.measured().raw.empty
    packed(tmp_path / "one", (VANILLA,), languages=["chr"], clips=2)
    first = store.measured()
    assert first.conditions == [ALONE]
    assert store.measured() is first
    packed(tmp_path / "two", (condition("u-1"),), languages=["chr"], clips=2)
    assert store.measured().conditions == [ALONE, ONE]


def test_a_damaged_file_is_a_sentence_and_so_is_anything_else(tmp_path, store, caplog, monkeypatch):
    (tmp_path / "results.parquet").write_bytes(b"PAR1 no")
    view = callbacks.guarded(callbacks.opened, Store(tmp_path), *Choices(), *Asked()[1:])
    assert "cannot be read" in view.notice["value"]
    monkeypatch.setattr(callbacks, "beside", lambda _: {}["secret"])
    view = callbacks.guarded(callbacks.opened, store, *Choices(), *Asked()[1:])
    assert UNEXPECTED in view.notice["value"]
    assert "secret" not in view.notice["value"]
    assert "KeyError" in caplog.text


@pytest.mark.parametrize("kind", ["table.csv", "table.parquet", "rows.parquet"])
def test_files(store, kind):
    choices = Choices(condition=SMILE, baseline=ALONE, known=UNKNOWN)
    path = callbacks.saved(store, kind, *choices, *Asked()[1:])["value"]
    read = pd.read_csv if kind.endswith("csv") else pd.read_parquet
    frame = read(path)
    assert set(frame["language"]) == {"chr", "sxb"}
    assert path.endswith(f"smile-{kind}")
    if kind == "rows.parquet":
        assert {"hypothesis", "neighbours", "shots"} <= set(frame.columns)
        assert "reference" not in " ".join(frame.columns)


@pytest.fixture(scope="module")
def page(tmp_path_factory, folder):
    return build_app(FakeEngine(tmp_path_factory.mktemp("clips")), folder)


def test_components_are_connected_by_their_names(page):
    (event,) = (fn for fn in page.fns.values() if any(name == "select" for _, name in fn.targets) and
                len(fn.outputs) == len(View._fields) and len(fn.inputs) > len(Choices._fields) and
                page.blocks[fn.targets[0][0]].__class__ is gr.Tab)  # fmt: skip
    picked = [f"{side}-{part}" for side in ("condition", "baseline") for part in Parts._fields]
    named = dict(zip(PICKERS, picked, strict=True))
    asked = [component.elem_id for component in event.inputs[2:-1]]  # both conditions are states
    assert asked == [named.get(name, name) for name in (*Choices._fields[2:], "opened", "order", "chart")]
    shown = dict(zip(View._fields, event.outputs, strict=True))
    for name in set(View._fields) - {"board", "sort", "condition", "baseline"}:
        assert shown[name].elem_id == named.get(name, name)


def test_a_state_beside_a_tab_would_be_taken_for_a_tab(page):
    for tabs in (block for block in page.blocks.values() if isinstance(block, gr.Tabs)):
        assert {type(child) for child in tabs.children} == {gr.Tab}


# Recordings and loops


class AtHand(Recordings):
    """Has every utterance, with a text of so many characters."""

    def __init__(self, length=40):
        super().__init__()
        self.length = length

    def find(self, code, name):
        return Utterance(name, Path("there.wav"), "r" * self.length, code)

    @property
    def address(self):
        return lambda path: f"sound/{path.name}"


def test_where_the_corpus_is_at_hand_utterances_have_reference_sound_and_marked_edits(store):
    measured = store.measured()
    selection = Selection(measured, select(store).choices, AtHand())
    html = utterances(selection, "chr")
    assert html.count('<audio controls preload="none" src="sound/there.wav"') == 12
    assert html.count(f"<b>Reference</b> {'r' * 40}") == 12
    assert 'class="col substitute"' in html
    assert "--corpora" not in html


def test_a_text_of_another_length_than_was_measured_is_no_reference(store):
    html = utterances(Selection(store.measured(), select(store).choices, AtHand(39)), "chr")
    assert "<audio" not in html
    assert "rrr" not in html
    assert "--corpora" in html


def test_recordings_are_those_of_the_languages_on_offer(tmp_path):
    engine = FakeEngine(tmp_path)
    known = Recordings(engine)
    assert known.find("gla", "q0") == engine.queries("gla")[0]
    assert known.find("gla", "q99") is known.find("zzz", "q0") is known.find("chr+gla", "q0") is None
    assert known.address(engine.queries("gla")[0].audio).endswith("gla-0.wav")
    assert Recordings().find("gla", "q0") is None


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a b " * 30 + "end", f"a b a b {FOLDED.format(30)}end"),
        ("<i>" * 9, "&lt;i&gt;" * 2),
        ("la la la", "la la la"),
        ("wait....", "wait...."),
        ("no loop here", "no loop here"),
        ("", ""),
    ],
)  # fmt: skip
def test_loops_are_folded_and_the_rest_stays(text, shown):
    html, loops = folded(text)
    assert html.startswith(shown)
    assert loops == ("folded" in html)
    if not loops:
        assert html == escape(text)
