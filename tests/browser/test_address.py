"""What is chosen on a tab is in its address, and the address shows the same to somebody else."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest

from smile.ui.results import tables
from tests.browser.page import Page
from tests.browser.picking import checked, pick
from tests.support.fake_engine import TEXTS


def again(page: Page) -> None:
    """Open the address at hand anew, as somebody else does."""
    address = page.driver.current_url
    page.driver.delete_all_cookies()
    page.driver.execute_script("localStorage.clear(), sessionStorage.clear()")
    page.driver.get("about:blank")
    page.driver.get(address)


def has(page: Page, **values: str | None) -> None:
    """Wait until the address has these values; None: it has none."""

    def asked() -> dict[str, str]:
        return dict(parse_qsl(urlsplit(page.driver.current_url).query, keep_blank_values=True))

    def same() -> bool:
        return all(asked().get(name) == value for name, value in values.items())

    page.wait(same, f"{values} in the address", 20)


@pytest.fixture
def results(page: Page) -> Page:
    page.show("results")
    page.wait(lambda: page.all("#table tbody tr"), "the table")
    return page


def test_a_tab_that_was_only_opened_has_nothing_but_itself_in_its_address(page):
    for tab in ("compare", "map", "results", "own"):
        page.show(tab)
        page.wait(lambda tab=tab: page.query.get("tab") == tab, tab)
        if tab == "results":
            page.wait(lambda: page.all("#table tbody tr"), "the table")
        page.driver.execute_async_script("setTimeout(arguments[0], 300)")
        assert page.query == {"tab": tab}
    assert page.errors() == []


def test_results_are_shown_again_as_they_were_chosen(results):
    pick(results, "condition-model", "SMILE")
    results.wait(lambda: results.text("#summary h3").startswith("SMILE"), "the condition")
    pick(results, "baseline-model", "Whisper alone")
    results.wait(lambda: "against Whisper alone" in results.text("#summary h3"), "the baseline")
    results.click("#metric label:nth-of-type(2)")
    results.click("#normaliser label:nth-of-type(2)")
    results.click("#known label:nth-of-type(2)")
    results.wait(lambda: len(results.all("#table tbody tr")) == 2, "the unknown languages")
    results.click("#table button[data-sort='name']")
    results.wait(lambda: results.all("#table th[aria-sort='ascending'] [data-sort='name']"), "the order")
    results.click("#table button[data-sort='name']")
    has(results, sort="-name")
    results.choose("opened", "Cherokee")
    results.choose("order", "By name")
    results.wait(lambda: "Cherokee (chr)" in results.text("#utterances"), "the utterances")
    results.show("charts")
    results.click("#chart label:nth-of-type(2)")
    has(results, tab="results", part="charts", chart="shots", metric="wer", known="unknown", opened="chr")
    results.wait(lambda: "averaged over their seeds" in results.text("#caption"), "its caption")
    heading, table, caption = (results.text(css) for css in ("#summary h3", "#table", "#caption"))
    again(results)
    results.wait(lambda: results.all("#plot .js-plotly-plot"), "the chart")
    assert (results.text("#summary h3"), results.text("#caption")) == (heading, caption)
    assert results.one("#chart").is_displayed()
    assert checked(results, "metric", "normaliser", "known", "chart") == [
        "wer",
        "ml_superb",
        "unknown",
        "shots",
    ]
    results.show("languages")
    has(results, part=None, metric="wer", sort="-name")
    assert results.text("#table") == table
    assert "Cherokee (chr)" in results.text("#utterances")
    assert "By name" in results.value("#order input")
    assert results.errors() == []


def test_picked_columns_families_and_scripts_come_again_also_when_none_is_left(results):
    results.choose("families", "Slavic")
    has(results, families="Slavic")
    results.click("#columns .remove-all")
    has(results, columns="")
    again(results)
    results.wait(lambda: results.all("#table tbody tr"), "the table")
    assert [line.get_attribute("data-language") for line in results.all("#table tbody tr")] == ["bel"]
    assert not results.all("#columns .token-remove")
    has(results, families="Slavic", columns="")


def test_results_of_an_address_are_drawn_once(page, monkeypatch):
    drawn, draw = [], tables.languages_html
    monkeypatch.setattr(
        tables, "languages_html", lambda *asked: drawn.append(asked[0].choices.metric) or draw(*asked)
    )
    page.driver.get(f"{page.address}?tab=results&metric=wer&known=unknown")
    page.wait(lambda: page.all("#table tbody tr"), "the table")
    page.driver.execute_async_script("setTimeout(arguments[0], 1500)")
    assert sorted(drawn) == ["cer", "wer"], "the first is what is made ready for whoever opens the tab"


def test_the_map_is_shown_again_as_it_was_looked_at(page):
    page.show("map")
    page.wait(lambda: page.text("#map-trust p"), "the map")
    page.choose("map-name", "Cherokee")
    page.choose("map-colour", "Length")
    page.click("#map-dimensions label:nth-of-type(2)")
    page.click("#map-metric label:nth-of-type(2)")
    page.set_number("map-count", 8)
    has(page, map="real-chr", colour="length", dimensions="3", layout="euclidean", neighbours="8")
    trust = page.text("#map-trust")
    again(page)
    page.wait(lambda: page.all("#map-trust p"), "the map")
    assert page.text("#map-trust") == trust
    assert "Cherokee" in page.value("#map-name input")
    assert page.value("#map-colour input") == "Length"
    assert checked(page, "map-dimensions", "map-metric") == ["3", "euclidean"]
    assert page.value("#map-count input[type='number']") == "8"
    assert page.errors() == []


def test_the_point_that_was_clicked_is_the_query_again(page):
    page.show("map")
    page.choose("map-name", "Gaelic (gla) · synthetic")
    page.wait(lambda: page.all("#map-plot .plot.js-plotly-plot"), "the map")
    page.driver.execute_script(
        "document.querySelector('#map-plot .plot').emit('plotly_click', { points: [{ customdata: 20 }] });"
    )
    page.wait(lambda: page.all("#map-neighbours ol"), "the neighbours")
    query, neighbours = page.text("#map-query"), page.text("#map-neighbours")
    page.wait(lambda: "point=gla" in page.driver.current_url, "the point in the address")
    again(page)
    page.wait(lambda: page.all("#map-neighbours ol"), "the neighbours once more")
    assert (page.text("#map-query"), page.text("#map-neighbours")) == (query, neighbours)
    page.choose("map-name", "Cherokee")
    page.wait(lambda: "point=" not in page.driver.current_url, "another map has no such point")
    assert page.errors() == []


def test_a_map_chosen_beside_another_pool_stays_the_one_chosen(page):
    page.choose("pool", "Cherokee")
    has(page, pool="chr")
    page.show("map")
    page.wait(lambda: "Cherokee" in page.value("#map-name input"), "the pool's map")
    page.choose("map-name", "Gaelic (gla) · synthetic")
    has(page, pool="chr", map="demo-gla")
    again(page)
    page.wait(lambda: page.all("#map-trust p"), "the map")
    page.driver.execute_async_script("setTimeout(arguments[0], 700)")
    assert "Gaelic" in page.value("#map-name input")


def test_rows_and_ways_of_compare_come_again(page, engine):
    page.show("compare")
    page.choose("compare-pool", "Cherokee")
    page.wait(lambda: TEXTS["chr"][0] in page.text("#compare-example"), "its recordings")
    page.click("#compare-example label:nth-of-type(2)")
    page.click("#compare-shots label:nth-of-type(1)")
    page.click("#compare-ways [name='random']")
    page.set_number("compare-seeds", 2)
    for name in ("knn", "acoustic", "controlled", "untrained"):
        page.click(f"#compare-{name} input")
    has(page, pool="chr", clip="q1", counts="1;3;5", ways="kl;cosine;draft", seeds="2", spelling="false")
    has(page, fitted="true", controlled="true", untrained="true")
    again(page)
    page.wait(lambda: page.value("#compare-reference textarea") == TEXTS["chr"][1], "the recording")
    assert "Cherokee" in page.value("#compare-pool input")
    assert page.all("#compare-example input[value='q1']")[0].is_selected()
    page.click("#compare-start")
    page.wait(lambda: "Done" in page.text("#compare-stage"), "the end", 60)
    _, pool, grid = engine.compared[-1]
    assert (pool, grid.shots, grid.acoustic, grid.controlled, grid.untrained) == (
        "chr",
        (1, 3, 5),
        True,
        True,
        True,
    )
    assert [(way.sampler, way.divergence) for way in grid.ways][1] == ("nearest", "cosine")
    assert grid.base.knn == 0
    assert page.errors() == []


@pytest.mark.parametrize("tab", ["", "&tab=compare"])
def test_a_pool_that_is_not_there_is_told_and_a_code_finds_the_only_pool_of_its_language(page, tab):
    page.driver.get(f"{page.address}?pool=bul{tab}")
    page.wait(lambda: '"bul"' in page.text("#address-told"), "the sentence")
    assert page.one("#address-told .stage").is_displayed()
    page.driver.get(f"{page.address}?pool=ckb{tab}")
    page.wait(lambda: "Kurdish" in page.value("#compare-pool input" if tab else "#pool input"), "the pool")
    assert not page.all("#address-told .stage")


def test_a_tab_that_there_is_not_is_told_on_the_first_one_and_left_out_of_the_address(page):
    page.driver.get(f"{page.address}?tab=nonsense&pool=chr")
    page.wait(lambda: "tab=nonsense" in page.text("#address-told"), "the sentence")
    assert page.one("#address-told .stage").is_displayed()
    page.wait(lambda: page.query == {"pool": "chr"}, "the address without it")
    assert page.one("#start").is_displayed()
    assert page.errors() == []


def test_an_address_of_nonsense_opens_the_page_as_usual(page):
    page.open("tab=map&map=../..&layout=x&dimensions=4&neighbours=99&sort=-&families=%27&metric=%00&seeds=-1")
    page.wait(lambda: page.all("#map-trust p"), "the map")
    assert "../.." in page.text("#address-told")
    assert checked(page, "map-dimensions", "map-metric") == ["2", "js"]
    assert page.errors() == []
