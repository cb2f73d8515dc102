"""What examples changed, from rows; where measured utterances lie on a map, and what a click on one shows."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import gradio as gr
import numpy as np
import pytest

from smile.demo.measured import NONE, Measurements, samples
from smile.evaluation.conditions import read_grid
from smile.pools.pool import open_pool
from smile.results import labels
from smile.results.changes import Change, changes
from smile.ui.map import Atlas, callbacks, changed
from smile.ui.map import atlas as atlas_module
from smile.ui.map.callbacks import Sight
from smile.ui.map.changed import CHANGE, GROUPS, changed_figure, group, note, placed_on, places
from smile.ui.map.tab import sight_inputs
from tests.conftest import POOLS
from tests.support.fake_engine import ENCODER, FakeEngine
from tests.support.made_conditions import condition
from tests.support.measured import packed

GLA = open_pool(POOLS / "gla")
MODEL = f"{ENCODER.model}/{ENCODER.weights}"
SIGHT = Sight("demo-gla", "js", 2, "change", 5)


def change(near=(3, 5, 8), distances=(0.01, 0.02, 0.03), before=90.0, after=40.0, **others):
    ids = tuple(GLA.utterances[i].id for i in near)
    return replace(Change("gla", "t1", before, after, ids, distances, MODEL), **others)


class Results:
    """Stands in for the tab's store of rows."""

    compared = ("Whisper alone", "SMILE <3>")

    def __init__(self, *utterances):
        self.changes, self.raw = utterances, SimpleNamespace(empty=not utterances)

    def measured(self):
        return self


@pytest.fixture
def engine(tmp_path):
    return FakeEngine(tmp_path)


@pytest.fixture
def points(engine):
    return Atlas(engine).open("demo-gla")


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    return packed(tmp_path_factory.mktemp("rows"), languages=("chr", "ell"))


# From rows


def test_rates_are_those_of_the_rows(rows):
    facts = labels.conditions(rows)
    named = labels.labelled(rows)
    by_clip = {(c.language, c.id): c for c in changes(named, facts)}
    assert len(by_clip) == 24
    for (language, name), one in by_clip.items():
        own = named[(named["language"] == language) & (named["id"] == name)]
        for label, rate in ((labels.control(facts), one.before), (labels.headline(facts), one.after)):
            theirs = own[own["condition"] == label]
            assert rate == pytest.approx((100 * theirs["plain_edits"] / theirs["plain_length"]).mean())
        assert one.points == pytest.approx(one.after - one.before)


def test_the_nearest_are_by_kl_from_the_whole_pool_and_as_many_as_there_are(rows):
    facts = labels.conditions(rows)
    usual = facts[(facts["sampler"] == "nearest") & (facts["divergence"] == "kl") & (facts["pool"] == "")]
    usual = usual[(usual["minutes"] == 0) & (usual["side"] == "in-context")]
    for one in changes(labels.labelled(rows), facts):
        own = rows[(rows["id"] == one.id) & rows["hash"].isin(usual.index)]
        assert one.near in {tuple(near) for near in own["neighbours"]}
        assert len(one.near) == len(one.distances) == own["neighbours"].map(len).max()


def test_examples_of_pools_cut_to_some_clips_are_not_the_nearest(tmp_path):
    cut = condition("s-5", shots=5, clips=12)
    rows = packed(tmp_path, (*read_grid("main")[:2], condition("s-1"), cut), languages=["chr"], clips=3)
    utterances = changes(labels.labelled(rows), labels.conditions(rows))
    assert utterances
    assert {len(one.near) for one in utterances} == {1}


def test_what_was_measured_one_way_only_or_has_no_reference_did_not_change(rows):
    facts, named = labels.conditions(rows), labels.labelled(rows)
    alone = named[(named["language"] == "chr") | (named["condition"] == labels.control(facts))]
    assert {c.language for c in changes(alone, facts)} == {"chr"}
    empty = named.assign(plain_length=named["plain_length"].where(named["id"] != "chr-3", 0))
    assert "chr-3" not in {c.id for c in changes(empty, facts)}
    assert changes(named.iloc[:0], labels.conditions(rows.iloc[:0])) == ()


# On a map


def test_a_clip_lies_between_its_nearest_examples_and_nearest_to_the_first(points):
    (placed,) = placed_on(points, [change()])
    coordinates = points.map.layouts["js-2"]
    (at,) = places([placed], coordinates)
    near = coordinates[[3, 5, 8]]
    assert (near.min(axis=0) - 1e-5 <= at).all()
    assert (at <= near.max(axis=0) + 1e-5).all()
    weights = np.exp(-4 * np.array([0.0, 1.0, 2.0]))
    assert at == pytest.approx(weights @ near / weights.sum(), abs=1e-4)


def test_a_clip_that_is_a_point_lies_on_it_and_is_drawn_once(points):
    placed = placed_on(points, [change(id=GLA.utterances[7].id)])
    assert places(placed, points.map.layouts["js-3"]).tolist() == [points.map.layouts["js-3"][7].tolist()]
    drawn = [i for trace in changed_figure(points, "js-3", placed)["data"] for i in trace["customdata"]]
    assert sorted(drawn) == list(range(len(points)))


@pytest.mark.parametrize(
    "foreign",
    [
        change(model="whisper-base/other"),
        change(near=(), distances=()),
        change(language="chr"),
        replace(change(), near=("gla-001", "elsewhere"), distances=(0.1, 0.2)),
    ],
)
def test_clips_whose_examples_are_not_on_the_map_are_left_out(points, foreign):
    assert placed_on(points, [foreign, change()]) == placed_on(points, [change()])


def test_groups_hold_every_change_and_the_better_come_first():
    assert [group(x) for x in (-900, -50.1, -50, -5, 4.9, 5, 20, 1e6)] == [0, 0, 1, 3, 3, 4, 5, 5]
    assert len({colour for _, _, colour, _ in GROUPS}) == len(GROUPS)
    lower, higher = GROUPS[0][3], GROUPS[-1][3]
    assert all(a != b for a, b in zip(lower, higher, strict=True)), "shapes say it besides colours"


def test_a_figure_has_examples_and_clips_by_group(points):
    placed = placed_on(points, [change(), change(id="t2", before=10.0, after=70.0), change(id="t3")])
    traces = changed_figure(points, "js-2", placed)["data"]
    assert len(traces[0]["x"]) == len(points)
    held = {trace["name"]: trace["customdata"] for trace in traces[1:] if trace["customdata"]}
    assert held == {GROUPS[1][1]: [90, 92], GROUPS[-1][1]: [91]}
    assert "CER 90\u00a0% alone, 40\u00a0% with examples" in traces[2]["text"][0]
    json.dumps(traces, allow_nan=False)


def test_the_note_counts_and_escapes(points):
    placed = placed_on(points, [change(), change(after=95.0), change(after=90.0)])
    told = note(placed, "<b>alone", "SMILE")
    assert "lower for 1, higher for 1, the same for 1" in told
    assert "&lt;b&gt;alone" in told


# In the tab


def test_the_map_is_coloured_by_change_and_says_of_what(engine):
    page = callbacks.show(Atlas(engine, results=Results(change())), None, "", *SIGHT)
    assert "1 test clips" in page.changed
    assert "SMILE &lt;3&gt;" in page.changed
    assert (
        callbacks.show(
            Atlas(engine, results=Results(change())), None, "", *SIGHT._replace(colour="length")
        ).changed
        == ""
    )


@pytest.mark.parametrize("results", [None, Results(), Results(change(language="chr"))])
def test_without_results_the_examples_are_there_and_a_sentence(engine, results, monkeypatch):
    monkeypatch.setattr(changed, "samples", lambda: NONE)
    page = callbacks.show(Atlas(engine, results=results), None, "", *SIGHT)
    (examples,) = json.loads(page.plot["value"])["data"]
    assert len(examples["x"]) == len(GLA)
    assert "smile evaluate" in page.changed


@pytest.mark.parametrize("results", [None, Results(change(language="chr"))])
def test_where_the_rows_have_none_of_a_map_its_samples_are_placed_on_it(engine, results):
    atlas = Atlas(engine, results=results)
    page = callbacks.show(atlas, None, "", *SIGHT)
    own = [sample for sample in samples().samples if sample.pool == "gla"]
    assert own
    assert f"{len(own)} test clips" in page.changed
    assert "SMILE · 3 nearest" in page.changed
    _, *groups = json.loads(page.plot["value"])["data"]
    assert sorted(i for trace in groups for i in trace["customdata"]) == [
        len(GLA) + i for i in range(len(own))
    ]
    clicked = callbacks.pick(atlas, SimpleNamespace(_data={"index": len(GLA)}), *SIGHT)
    assert clicked.asked.id == own[0].id
    assert [name for name, _ in clicked.asked.near] == list(own[0].examples)


def test_the_map_opens_on_one_pool_with_its_samples(engine, tmp_path):
    atlas = Atlas(engine)
    assert atlas.first() in ("demo-gla", "demo-chr"), "a pool of this engine"
    assert len(atlas.entries[atlas.first()].members) == 1
    assert atlas.sampled(atlas.first())
    with gr.Blocks():
        sight = sight_inputs(atlas)
    assert (sight.map.value, sight.colour.value) == (atlas.first(), CHANGE)
    assert Atlas(engine, tmp_path).first() is None


def test_without_samples_the_map_of_one_pool_is_coloured_by_what_is_there(engine, monkeypatch):
    monkeypatch.setattr(atlas_module, "samples", lambda: NONE)
    atlas = Atlas(engine)
    assert len(atlas.entries[atlas.first()].members) == 1
    assert not atlas.sampled(atlas.first())


def test_samples_of_another_encoder_are_not_placed(engine, monkeypatch):
    other = [replace(pool, model="whisper-small int8") for pool in samples().pools]
    monkeypatch.setattr(changed, "samples", lambda: Measurements(tuple(other)))
    assert "smile evaluate" in callbacks.show(Atlas(engine), None, "", *SIGHT).changed


def test_a_click_on_a_measured_clip_shows_its_examples_and_rates(engine):
    atlas = Atlas(engine, results=Results(change(id="q0")))
    page = callbacks.pick(atlas, SimpleNamespace(_data={"index": len(GLA)}), *SIGHT._replace(count=2))
    assert page.asked.near == (
        (GLA.utterances[3].id, 0.01),
        (GLA.utterances[5].id, 0.02),
        (GLA.utterances[8].id, 0.03),
    )
    assert f'data-ids="{GLA.utterances[3].id} {GLA.utterances[5].id}"' in page.neighbours
    assert "CER 90\u00a0% alone, 40\u00a0% with examples" in page.query
    assert engine.queries("gla")[0].text.replace("'", "&#39;") in page.query, "its recording is at hand"
    assert "<audio" in page.query
    assert page.why == ""
    assert callbacks.show(atlas, None, page.point, *SIGHT).query == page.query.replace(" autoplay", "")
    again = callbacks.show(atlas, page.asked, "", *SIGHT._replace(dimensions=3))
    assert json.loads(again.plot["added"])["nearest"] == [3, 5, 8]
    elsewhere = callbacks.show(atlas, page.asked, "", *SIGHT._replace(map="demo-chr"))
    assert "not on this map" in elsewhere.stage


def test_a_click_on_no_clip_changes_nothing(engine):
    atlas = Atlas(engine, results=Results(change()))
    for look, index in ((SIGHT, len(GLA) + 1), (SIGHT._replace(colour="length"), len(GLA)), (SIGHT, -1)):
        assert callbacks.pick(atlas, SimpleNamespace(_data={"index": index}), *look) == callbacks.Page()
