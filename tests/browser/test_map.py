"""The tab Map in a real browser: a clip lands among the points, its neighbours are KL's, a click plays."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from selenium.webdriver.common.actions.action_builder import ActionBuilder

from smile.pools.pool import open_pool
from smile.results import labels, packing
from smile.results.changes import changes
from smile.retrieval.divergences import kl
from smile.ui.map.changed import GROUPS, group
from tests.browser.page import PHONE, Page
from tests.conftest import POOLS
from tests.support.fake_engine import TEXTS

GLA = open_pool(POOLS / "gla")
PLACE = """
const [index] = arguments, plot = document.querySelector("#map-plot .plot");
plot.scrollIntoView({ block: "center" });
const trace = plot.data.find((t) => t.hovertemplate && t.customdata.includes(index));
const n = trace.customdata.indexOf(index), { x, y } = plot.getBoundingClientRect();
const { xaxis, yaxis } = plot._fullLayout;
return [x + xaxis._offset + xaxis.l2p(trace.x[n]), y + yaxis._offset + yaxis.l2p(trace.y[n])];
"""
SCALES = """
const { xaxis, yaxis } = document.querySelector("#map-plot .plot")._fullLayout;
return [xaxis._m, yaxis._m];
"""
EYE = "return document.querySelector('#map-plot .plot')._fullLayout.scene._scene.getCamera().eye"
MIDDLE = """
const box = document.querySelector("#map-plot .plot").getBoundingClientRect();
return [box.x + box.width / 2, box.y + box.height / 2];
"""
CLIPS = """
const { data } = document.querySelector("#map-plot .plot");
const trace = data.find((t) => t.meta === "above" && t.text?.length);
return trace && [trace.name, trace.text[0], trace.customdata[0]];
"""
CLICK = """
document.querySelector("#map-plot .plot").emit("plotly_click", { points: [{ customdata: arguments[0] }] });
"""
SHOWN = "return document.querySelector('#map-plot .plot').data.filter((t) => t.mode === arguments[0])"


def open_map(page, pool="Scottish Gaelic (gla) · synthetic"):
    next(e for e in page.all("button[role='tab']") if e.text == "Map").click()
    page.wait(lambda: drawn(page), "the map", 60)
    page.choose("map-name", pool)
    page.choose("map-colour", "Language")
    page.wait(lambda: page.text("#map-trust p") and len(points(page)) == len(GLA), "the pool's map")


def drawn(page):
    return int(page.one("#map-plot .plot").get_attribute("data-drawn") or 0)


def points(page):
    traces = page.driver.execute_script(SHOWN, "markers")
    return [i for t in traces for i in t.get("customdata", [])]


def nearest(embedding, count, without=None):
    row = kl(embedding[None], GLA.embeddings)[0]
    return [GLA.utterances[i].id for i in row.argsort(kind="stable") if i != without][:count]


def ids(page):
    return page.one("#map-neighbours ol").get_attribute("data-ids").split()


def drag(page, x, y):
    actions = ActionBuilder(page.driver)
    pointer = actions.pointer_action
    pointer.move_to_location(round(x), round(y)).pointer_down()
    for step in (10, 30, 60):
        pointer.move_to_location(round(x) + step, round(y) + step // 2)
    pointer.pointer_up()
    actions.perform()


def lonely():
    """A point with no other near it on the map, which a click cannot miss."""
    from smile.maps.store import entries, load
    from smile.retrieval.divergences import euclidean

    shown = load(entries()["demo-gla"]).layouts["js-2"]
    apart = euclidean(shown, shown) + 1e9 * (shown[:, None] == shown[None]).all(axis=2)
    return int(apart.min(axis=1).argmax())


def test_the_map_opens_on_one_language_with_its_samples_among_the_examples(page):
    page.show("map")
    page.wait(lambda: drawn(page), "the map", 60)
    assert "synthetic voice · 90 clips" in page.value("#map-name input")
    page.wait(lambda: "12 test clips" in page.text("#map-changed"), "what the colours say")
    page.wait(lambda: len(points(page)) == len(GLA) + 12, "examples and samples")
    _, _, number = page.driver.execute_script(CLIPS)
    page.driver.execute_script(CLICK, number)
    page.wait(lambda: len(page.all("#map-neighbours audio")) == 3, "its examples, to be heard")
    assert page.errors() == []


def test_a_clip_lands_on_the_map_with_its_neighbours_by_kl(page):
    open_map(page)
    page.choose("map-test", TEXTS["gla"][0][:7])
    page.wait(lambda: page.all("#map-neighbours ol"), "the neighbours", 60)
    assert page.text("#map-query .text") == TEXTS["gla"][0]
    assert ids(page) == nearest(GLA.embeddings[7], 5)
    (ranked,) = page.driver.execute_script(SHOWN, "markers+text")
    assert [GLA.utterances[i].id for i in ranked["customdata"]] == ids(page)
    assert ranked["text"] == ["1", "2", "3", "4", "5"]
    assert "5 nearest of 90 by KL" in page.text("#map-stage p")
    assert page.errors() == []


def test_a_click_on_a_point_plays_it_and_makes_it_the_query(page):
    open_map(page)
    index = lonely()
    x, y = page.driver.execute_script(PLACE, index)
    for act in ("move_to_location", "click"):
        actions = ActionBuilder(page.driver)
        getattr(actions.pointer_action, act)(*((round(x), round(y)) if act == "move_to_location" else ()))
        actions.perform()
    page.wait(lambda: page.all("#map-query audio"), "the player")
    assert page.one("#map-query audio").get_attribute("src").endswith(GLA.utterances[index].audio.name)
    assert page.text("#map-query .text") == GLA.utterances[index].text
    assert ids(page) == nearest(GLA.embeddings[index], 5, without=index)
    heard = page.driver.execute_async_script(
        "const [player, done] = arguments; player.onerror = () => done(player.error.message);"
        "player.onloadedmetadata = () => done(player.duration); player.load();",
        page.one("#map-query audio"),
    )
    assert heard == pytest.approx(GLA.utterances[index].seconds, abs=0.1)
    first = ids(page)[0]
    page.click("#map-neighbours button[data-rank='3']")
    page.wait(lambda: "neighbour 3" in page.text("#map-why h3"), "why the third is near")
    page.click("#map-neighbours li:nth-of-type(1) button[data-index]")
    page.wait(lambda: page.one("#map-query ol").get_attribute("data-ids") == first, "the next query")
    page.click("#map-dimensions label:nth-of-type(2)")
    page.wait(
        lambda: page.driver.execute_script(SHOWN, "lines")[0]["type"] == "scatter3d", "three dimensions"
    )
    assert page.errors() == []


def test_the_last_clip_of_transcribe_comes_along_and_back(page):
    page.choose("pool", "Gaelic")
    page.pick_example(0)
    page.transcribe()
    page.click("#to-map")
    page.wait(lambda: page.all("#map-neighbours ol"), "the neighbours", 60)
    assert "Scottish Gaelic" in page.value("#map-name input")
    assert ids(page) == nearest(GLA.embeddings[7], 5)
    tabs = page.all("button[role='tab']")
    assert [e.text for e in tabs] == list(dict.fromkeys(e.text for e in tabs)), "each tab once"
    tabs[0].click()
    page.wait(lambda: page.smile == TEXTS["gla"][0], "the transcript")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_can_be_read_in_light_and_dark(page, theme):
    page.open(f"__theme={theme}")
    open_map(page)
    page.choose("map-test", TEXTS["gla"][0][:7])
    page.wait(lambda: page.all("#map-why .histogram text"), "why", 60)
    script = Path(__file__).with_name("contrast.js").read_text(encoding="utf-8")
    assert page.driver.execute_script(script) == []
    page.choose("map-colour", "Change of CER")
    page.wait(lambda: page.text("#map-changed .note"), "the sentence")
    assert page.driver.execute_script(script) == []


def test_clips_that_were_not_measured_have_no_colour_and_a_sentence(page):
    open_map(page)
    page.choose("map-name", "Mboshi")
    page.choose("map-colour", "Change of CER")
    page.wait(lambda: "no change of CER to show" in page.text("#map-changed"), "the sentence")
    page.choose("map-colour", "Length")
    page.wait(lambda: page.text("#map-changed") == "", "the sentence to go")


def test_a_clip_that_is_being_heard_can_be_given_up(page, engine):
    open_map(page)
    engine.pace = 0.6
    page.choose("map-test", TEXTS["gla"][0][:7])
    page.wait(lambda: "Loading Whisper" in page.text("#map-stage p"), "the beginning")
    page.click("#map-stop")
    page.wait(lambda: "Cancelled" in page.text("#map-stage p"), "the page to say so", 60)
    page.wait(lambda: not page.all("#map-stop"), "the button to go")
    assert not page.all("#map-neighbours ol")
    engine.pace = 0.0
    time.sleep(2.0)  # gradio answers a second cancel of the same run with an error
    page.choose("map-test", TEXTS["gla"][1][:7])
    page.wait(lambda: page.all("#map-neighbours ol"), "the neighbours", 60)
    assert ids(page) == nearest(GLA.embeddings[7], 5)
    assert not page.all("#map-stop")


def test_turning_the_map_picks_nothing_and_moving_it_keeps_its_scale(page):
    open_map(page)
    drag(page, *page.driver.execute_script(PLACE, lonely()))
    across, up = page.driver.execute_script(SCALES)
    assert abs(across) == pytest.approx(abs(up), rel=0.01)
    page.click("#map-dimensions label:nth-of-type(2)")
    page.wait(lambda: page.driver.execute_script(SHOWN, "markers")[0]["type"] == "scatter3d", "the third", 60)
    eye = page.driver.execute_script(EYE)
    drag(page, *page.driver.execute_script(MIDDLE))
    page.wait(lambda: page.driver.execute_script(EYE) != eye, "the map to turn", 60)
    assert not page.all("#map-query audio")
    assert page.errors() == []


def test_a_phone_shows_the_map_in_one_column(page):
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
    try:
        page.open()
        open_map(page)
        page.choose("map-test", TEXTS["gla"][0][:7])
        page.wait(lambda: page.all("#map-why table"), "why", 60)
        wide = page.driver.execute_script("return document.documentElement.scrollWidth")
        assert wide <= PHONE["width"]
        assert all(e.rect["height"] >= 32 for e in page.all("#map-neighbours .actions button"))
    finally:
        page.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_measured_clips_lie_among_their_examples_coloured_by_what_these_changed(driver, app):
    """With the rows and maps that ship; the examples of real speech need not be at hand."""
    rows = packing.load()
    measured = changes(labels.labelled(rows), labels.conditions(rows))
    known = {one.id: one for one in measured if one.language == "mdw"}
    page = Page(driver, app).open()
    page.show("map")
    page.wait(lambda: drawn(page), "the map", 60)
    page.choose("map-name", "Mboshi")
    page.choose("map-colour", "Change of CER")
    page.wait(lambda: f"{len(known)} test clips" in page.text("#map-changed"), "the clips", 60)
    page.wait(lambda: driver.execute_script(CLIPS), "the clips on the map", 60)
    name, text, number = driver.execute_script(CLIPS)
    clip = known[text.removesuffix("</span>").split(" · ")[-1]]
    assert GROUPS[group(clip.points)][1] == name
    driver.execute_script(CLICK, number)
    page.wait(lambda: page.all("#map-neighbours ol"), "its examples", 60)
    assert ids(page) == list(clip.near)[:5]
    assert page.one("#map-query ol").get_attribute("data-ids") == clip.id
    assert f"{clip.before:.0f}" in page.text("#map-query")
    assert page.errors() == []


def test_it_follows_the_pool_of_transcribe_until_another_map_is_chosen(page):
    page.choose("pool", "Cherokee")
    page.wait(lambda: page.query.get("pool") == "chr", "the pool")
    page.show("map")
    page.wait(lambda: drawn(page), "the map", 60)
    page.wait(lambda: page.value("#map-name input").startswith("Cherokee (chr) · synthetic"), "its map")
    assert len(points(page)) >= 90
    page.choose("map-name", "Chuvash")
    page.wait(lambda: page.value("#map-name input").startswith("Chuvash"), "another map")
    page.show("transcribe")
    page.choose("pool", "Gaelic")
    page.wait(lambda: TEXTS["gla"][0] in page.text("#example"), "the recordings to try")
    page.show("map")
    time.sleep(1)
    assert page.value("#map-name input").startswith("Chuvash")
    assert page.errors() == []
