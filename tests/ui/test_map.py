"""The tab Map: points at hand and not, neighbours against a slow KL, pure figures, bad input."""

from __future__ import annotations

import copy
import json
import math
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import numpy as np
import pytest

from smile.datatypes import AudioError, SmileError, Utterance
from smile.maps import store as maps
from smile.maps.store import LAYOUTS, entries, load
from smile.pools.pool import open_pool
from smile.retrieval.divergences import DIVERGENCES, distances, kl, kl_terms
from smile.ui import Engine, Options
from smile.ui.map import callbacks, cards, clips
from smile.ui.map.atlas import Atlas, Points, Query, ask
from smile.ui.map.callbacks import Sight
from smile.ui.map.figure import COLOURS, MOST_GROUPS, groups, hover, points_figure, query_figure
from smile.ui.map.why import histogram, ranks, terms_table, why_block
from smile.ui.parts.following import followed
from tests.conftest import POOLS
from tests.support.fake_engine import FakeEngine
from tests.support.uploads import upload

NASTY = '<img src=x onerror="alert(1)">&"\''
GLA = open_pool(POOLS / "gla")
ALONE = Sight("demo-gla", "js", 2, "language", 5)
REAL = ALONE._replace(map="real-mdw")


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    return FakeEngine(tmp_path_factory.mktemp("clips"))


@pytest.fixture(scope="module")
def atlas(engine):
    return Atlas(engine)


@pytest.fixture(scope="module")
def points(atlas):
    return atlas.open("demo-gla")


@pytest.mark.parametrize(
    ("pool", "own", "held", "shown"),
    [
        ("gla", False, (None, None, None), "demo-gla"),
        ("gla", True, (None, None, None), None),
        ("gla", False, (None, None, "a test recording"), None),
        ("no-such-pool", False, (None, None, None), None),
        (None, False, (None, None, None), None),
    ],
)
def test_the_map_of_transcribes_pool_is_taken_unless_there_is_a_choice_here(atlas, pool, own, held, shown):
    name = followed(partial(clips.taken, atlas), 1, pool, own, *held)
    assert (name if isinstance(name, str) else None) == shown


def slow_kl(p, q):
    """KL of two embeddings, term by term."""
    ps, qs = (np.exp(np.float64(h) - np.max(h)) for h in (p, q))
    ps, qs = ps / ps.sum(), qs / qs.sum()
    return sum(float(a) * math.log(float(a) / float(b)) for a, b in zip(ps, qs, strict=True))


def slow_nearest(embedding, count, without=None):
    row = [(slow_kl(embedding, other), i) for i, other in enumerate(GLA.embeddings) if i != without]
    return [i for _, i in sorted(row)[:count]]


def told(**data):
    return SimpleNamespace(_data=data)


# Points


def test_every_pool_that_ships_is_on_a_map(tmp_path):
    atlas = Atlas(Engine(Options(POOLS, tmp_path)))
    for pool in atlas.engine.pools():
        name = atlas.named(pool.key)
        assert name is not None, f"make the maps again: {pool.key} has other clips than its map"
        assert atlas.open(name).embeddings is not None
    everything = atlas.open(atlas.choices()[0][1])
    assert None not in everything.utterances
    assert len(everything) == sum(pool.examples for pool in atlas.engine.pools())


def test_points_are_the_clips_of_the_pool(points):
    assert points.utterances == GLA.utterances
    assert [u.id for u in GLA.utterances] == list(points.map.ids)
    assert np.array_equal(points.embeddings, GLA.embeddings)
    assert points.find(points.query(17)) == 17


def test_what_is_not_at_hand_is_known_by_language_length_and_id(atlas):
    points = atlas.open("real-mdw")
    assert set(points.utterances) == {None}
    assert points.embeddings is None
    facts = f" · {points.map.seconds[3]:.1f} s · {points.map.ids[3]}"
    assert hover(points, 3) == f'Mboshi<span translate="no">{facts}</span>'


def test_a_pool_with_other_clips_than_the_map_is_not_taken_for_it(tmp_path, engine):
    other = FakeEngine(tmp_path)
    other.examples = lambda key: tuple(reversed(GLA.utterances)) if key == "gla" else ()
    assert Atlas(other).named("gla") is None


def test_a_damaged_manifest_leaves_no_maps(tmp_path, engine, caplog):
    (tmp_path / maps.MANIFEST).write_text("{", encoding="utf-8")
    assert Atlas(engine, tmp_path).choices() == []
    assert "smile project" in caplog.text


# Neighbours


@pytest.mark.parametrize("index", [0, 41])
def test_the_neighbours_of_a_point_are_a_slow_kls(points, index):
    neighbours = ask(points, points.query(index), 6)
    assert list(neighbours.indices) == slow_nearest(GLA.embeddings[index], 6, without=index)
    assert neighbours.distances[0] == pytest.approx(
        slow_kl(GLA.embeddings[index], GLA.embeddings[neighbours.indices[0]])
    )


def test_the_map_remembers_the_same_neighbours(points):
    asked = ask(points, points.query(5), 10)
    bare = Points(points.map, points.languages, (None,), (None,) * len(points), None)
    remembered = ask(bare, bare.query(5), 10)
    assert remembered.indices == asked.indices
    assert remembered.distances == pytest.approx(asked.distances, rel=1e-4)
    assert remembered.row is None


def test_a_recording_of_a_clip_lands_on_that_clips_point(atlas, points):
    page = callbacks.answer(atlas, points, Query(embedding=GLA.embeddings[7]), ALONE)
    *_, star = json.loads(page.plot["added"])["data"]
    assert [star["x"][0], star["y"][0]] == pytest.approx(points.map.layouts["js-2"][7].tolist(), abs=0.01)
    assert json.loads(page.plot["added"])["nearest"][0] == 7


def test_a_recording_cannot_be_compared_with_what_is_not_here(atlas):
    with pytest.raises(SmileError, match=r"^[^.]*not on this server[^.]*\.$"):
        ask(atlas.open("real-mdw"), Query(embedding=GLA.embeddings[0]), 5)


# Figures


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("colour", COLOURS)
def test_a_figure_has_every_point_once_and_changes_nothing(points, layout, colour):
    before = copy.deepcopy(points.map.layouts)
    figure = points_figure(points, layout, colour)
    assert figure == points_figure(points, layout, colour)
    assert sorted(i for trace in figure["data"] for i in trace["customdata"]) == list(range(len(points)))
    for trace in figure["data"]:
        for n, i in enumerate(trace["customdata"]):
            assert [trace[a][n] for a in "xyz" if a in trace] == pytest.approx(before[layout][i], abs=1e-3)
    assert all(np.array_equal(before[name], points.map.layouts[name]) for name in LAYOUTS)
    json.dumps(figure, allow_nan=False)


def test_groups_are_named_and_not_too_many(points):
    assert set(groups(points, "family")[0]) == {points.languages[0].family}
    speakers = [replace(u, speaker=f"s{i}") for i, u in enumerate(GLA.utterances)]
    labels, names = groups(replace(points, utterances=tuple(speakers)), "speaker")
    assert len(names) == MOST_GROUPS + 1
    assert set(labels) <= set(names)
    short = groups(points, "length")[0][int(np.argmin(points.map.seconds))]
    assert short == "1.5 to 3 s"


def test_texts_are_escaped(points):
    nasty = replace(
        points, utterances=(Utterance(NASTY, Path("x.wav"), NASTY, "gla", NASTY, 1.0),) * len(points)
    )
    figure = points_figure(nasty, "js-2", "speaker")
    shown = [t["name"] for t in figure["data"]] + [text for t in figure["data"] for text in t["text"]]
    neighbours = ask(nasty, nasty.query(0), 3)
    html = cards.query_card(nasty, replace(neighbours.query, id=NASTY), str, play=True)
    html += cards.neighbour_cards(nasty, neighbours, 1, str)
    assert not any("<img" in text for text in [*shown, html])
    assert "&lt;img" in html


def test_what_a_query_adds(points):
    coordinates, row = points.map.layouts["js-3"], np.linspace(1, 2, len(points))
    row[2] = np.inf
    added = query_figure(coordinates, coordinates[2], [5, 9], row)
    lines, ranked, query = added["data"]
    assert ranked["text"] == ["1", "2"]
    assert ranked["customdata"] == added["nearest"] == [5, 9]
    at, first, second = coordinates[[2, 5, 9], 0].tolist()
    assert lines["x"] == [at, first, None, at, second, None]
    assert [query[a][0] for a in "xyz"] == pytest.approx(coordinates[2].tolist(), abs=1e-3)
    assert added["distances"][2] is None
    assert query_figure(coordinates, coordinates[2], [5], None)["distances"] is None


def test_20000_points_are_drawn_and_asked(points):
    times = 20_000 // len(points) + 1
    many = points.map
    entry = replace(many.entry, members=tuple(replace(m, clips=m.clips * times) for m in many.entry.members))
    layouts = {name: np.tile(layout, (times, 1)) for name, layout in many.layouts.items()}
    big = Points(
        replace(
            many, entry=entry, ids=many.ids * times, seconds=np.tile(many.seconds, times), layouts=layouts
        ),
        points.languages,
        points.keys,
        points.utterances * times,
        np.tile(GLA.embeddings, (times, 1)),
    )
    query = Query(embedding=GLA.embeddings[3])
    neighbours = ask(big, query, 5)
    assert {i % len(points) for i in neighbours.indices} == {3}
    assert len(json.dumps(points_figure(big, "js-2", "language"))) < 5_000_000


# Why


def test_the_terms_of_a_kl_add_up(points):
    terms = kl_terms(GLA.embeddings[0], GLA.embeddings[1])
    assert (terms >= 0).all()
    assert terms.sum() == pytest.approx(kl(GLA.embeddings[:1], GLA.embeddings[1:2])[0, 0])
    assert str(int(np.argmax(terms))) in terms_table(terms)
    assert "the other 504" in terms_table(terms)


def test_ranks_by_every_measure_against_a_sort():
    others = np.ones(len(GLA), bool)
    others[0] = False
    for ranked in ranks(GLA.embeddings[0], GLA.embeddings, others, 12):
        row = distances(ranked.measure, GLA.embeddings[:1], GLA.embeddings)[0]
        order = [i for i in np.argsort(row, kind="stable") if i != 0]
        assert (ranked.rank, ranked.size) == (order.index(12) + 1, len(GLA) - 1)


def test_the_histogram_counts_every_other_clip(points):
    neighbours = ask(points, points.query(0), 4)
    shown = histogram(neighbours.row, neighbours.indices, 2)
    counts = [int(part.split("<title>")[1].split(" clips")[0]) for part in shown.split("<rect")[1:]]
    assert sum(counts) == len(points) - 1
    assert shown.count("<line") == 4
    assert shown.count('class="this"') == 1
    assert "1 clips" in histogram(np.array([np.inf, 0.0]), (1,), 1), "two clips, the same twice"


def test_why_names_all_measures(points):
    neighbours = ask(points, points.query(0), 3)
    html = why_block(GLA.embeddings[0], GLA.embeddings, neighbours.row, neighbours.indices, 3)
    assert "neighbour 3" in html
    assert all(measure.label in html for measure in DIVERGENCES.values())


# Events


def test_showing_a_map_draws_it_with_its_trust(atlas):
    page = callbacks.show(atlas, None, "", *ALONE)
    assert len(json.loads(page.plot["value"])["data"][0]["x"]) == 90
    assert page.plot["added"] == ""
    trusted = atlas.entries["demo-gla"].figures["js-2"]
    assert f"{trusted.trustworthiness:.3f}" in page.trust
    assert "not KL" in page.trust
    both = callbacks.show(atlas, None, "", *ALONE._replace(map="demo"))
    assert "Silhouette" in both.trust
    assert "Silhouette" not in page.trust


def test_a_clicked_point_is_the_query_and_is_played(atlas):
    page = callbacks.pick(atlas, told(index=20), *ALONE)
    assert page.asked.id == GLA.utterances[20].id
    assert "autoplay" in page.query
    assert f'data-ids="{GLA.utterances[20].id}"' in page.query
    nearest = " ".join(GLA.utterances[i].id for i in slow_nearest(GLA.embeddings[20], 5, without=20))
    assert f'data-ids="{nearest}"' in page.neighbours
    assert "Why neighbour 1" in page.why


@pytest.mark.parametrize("index", [-1, 90, "0", None, 1.5])
def test_a_point_that_is_none_changes_nothing(atlas, index):
    assert callbacks.pick(atlas, told(index=index), *ALONE) == callbacks.Page()


def test_another_neighbour_is_explained(atlas, points):
    query = points.query(20)
    assert "Why neighbour 4" in callbacks.explain(atlas, told(rank=4), query, *ALONE).why
    for rank in (0, 6, None):
        assert callbacks.explain(atlas, told(rank=rank), query, *ALONE) == callbacks.Page()
    assert callbacks.explain(atlas, told(rank=1), None, *ALONE) == callbacks.Page()


def test_a_point_of_real_speech_has_neighbours_and_nothing_to_hear(atlas):
    page = callbacks.pick(atlas, told(index=0), *REAL)
    known = load(entries()["real-mdw"])
    assert " ".join(known.ids[i] for i in known.near[0][:5]) in page.neighbours
    assert "<audio" not in page.query + page.neighbours
    assert page.why == ""
    assert "not on this server" in page.stage


def test_the_address_names_the_point_that_was_clicked(atlas, points):
    clicked = callbacks.pick(atlas, told(index=20), *ALONE)
    assert clicked.point == f"gla/{points.map.ids[20]}"
    opened = callbacks.show(atlas, None, clicked.point, *ALONE)
    assert (opened.query, opened.neighbours) == (clicked.query.replace(" autoplay", ""), clicked.neighbours)
    assert opened.asked.id == points.map.ids[20]


@pytest.mark.parametrize("name", ["gla/nope", "nope", "/", "<img src=x>", "kir/\0", "\ud800"])
def test_a_point_that_the_map_has_not_is_told(atlas, name):
    page = callbacks.show(atlas, None, name, *ALONE)
    assert "not on this map" in page.stage
    assert "<img" not in page.stage
    assert (page.asked, page.point) == (None, "")


def test_a_recording_has_no_name_in_the_address(atlas):
    page = callbacks.show(atlas, Query(embedding=GLA.embeddings[0]), "", *ALONE)
    assert page.asked is not None
    assert page.point == ""


def test_the_query_goes_along_to_another_map(atlas, points):
    query = points.query(20)
    page = callbacks.show(atlas, query, "", *ALONE._replace(dimensions=3, count=2))
    assert len(json.loads(page.plot["added"])["nearest"]) == 2
    assert json.loads(page.plot["value"])["data"][0]["type"] == "scatter3d"
    gone = callbacks.show(atlas, query, "", *REAL)
    assert gone.asked is None
    assert "not on this map" in gone.stage
    assert callbacks.show(atlas, Query(embedding=GLA.embeddings[0]), "", *REAL).asked is None


def test_a_test_recording_is_placed_with_its_text(atlas, engine):
    (_, name), *_ = clips.test_choices(atlas, "demo-gla")
    *working, last = clips.encode_clip(atlas, None, name, "demo-gla")
    assert any("Loading Whisper" in step.stage for step in working)
    page = clips.place_encoded(atlas, last.encoded, *ALONE)
    assert engine.queries("gla")[0].text.replace("'", "&#39;") in page.query
    assert json.loads(page.plot["added"])["nearest"][0] == 7


@pytest.mark.parametrize(
    ("audio", "sentence"),
    [(None, "There is no recording yet"), (POOLS / "README.md", "cannot be decoded|decoded")],
)
def test_what_is_no_recording_is_one_sentence(atlas, audio, sentence):
    *_, page = clips.encode_clip(atlas, audio and upload(audio), None, "demo-gla")
    assert 'class="stage error"' in page.stage
    assert any(part in page.stage for part in sentence.split("|"))


def test_an_engines_error_is_its_sentence(tmp_path):
    engine = FakeEngine(tmp_path)
    engine.error = AudioError("No speech was heard.")
    *_, page = clips.encode_clip(Atlas(engine), upload(engine.queries("gla")[0].audio), None, "demo-gla")
    assert "No speech was heard." in page.stage


def test_without_maps_or_with_an_unknown_one_a_sentence_says_so(atlas):
    assert "smile project" in callbacks.show(atlas, None, "", *ALONE._replace(map=None)).stage
    assert "no such map" in callbacks.show(atlas, None, "", *ALONE._replace(map="../x")).stage
    assert clips.test_choices(atlas, "../x") == []


def test_the_last_clip_of_transcribe_arrives(atlas):
    tabs, name, tests, audio = clips.arrive(atlas, "gla", "q1", "clip.wav")
    assert (tabs.selected, name, tests["value"], audio) == ("map", "demo-gla", "gla/q1", None)
    *_, tests, audio = clips.arrive(atlas, "gla", None, "clip.wav")
    assert (tests["value"], audio) == (None, "clip.wav")
    _, name, tests, audio = clips.arrive(atlas, "mini/ckb", None, "clip.wav")
    assert (name, tests["value"], audio) == (gr.skip(), None, "clip.wav")
