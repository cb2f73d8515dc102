"""The page while a transcript is written: what stands there meanwhile, and how it is ended."""

from __future__ import annotations

import pytest
from gradio_client import Client, handle_file

from smile.datatypes import PoolError
from smile.ui.parts.components import TURNS
from tests.browser.page import PHONE
from tests.browser.steps import findings, width_on_a_phone
from tests.support.fake_engine import HEARD, TEXTS


def test_text_grows_while_it_is_written(page, engine):
    engine.pace = 0.15
    page.pick_example()
    page.start()
    page.wait(lambda: page.vanilla.startswith("Jeelone"), "the first word")
    assert page.vanilla != HEARD
    assert not page.one("#start").is_enabled()
    page.wait(lambda: page.all("#stage .done"), "the end")
    assert page.vanilla == HEARD


def test_whisper_alone_stands_there_while_the_pool_is_read(page, engine):
    engine.pace, engine.unread = 0.2, 30
    page.pick_example()
    page.start()
    page.wait(lambda: page.smile.startswith("Reading the examples of Scottish Gaelic: "), "the progress")
    assert page.vanilla == HEARD
    assert page.all("#vanilla .facts")
    assert page.stage.startswith("Reading the examples of Scottish Gaelic: ")
    assert not page.all("#vanilla .caret, #smile .caret, #neighbours .text")
    first = page.smile
    page.wait(lambda: page.smile != first, "the next clip")
    engine.pace = 0.0
    page.wait(lambda: page.all("#stage .done"), "the end")
    assert (page.vanilla, page.smile) == (HEARD, TEXTS["gla"][0])


@pytest.fixture
def unready(engine):
    """An engine that writes a provisional text while the examples of a pool are read."""
    engine.pace, engine.unread, engine.provisional = 0.2, 30, "Diluain an tres la"
    yield engine
    engine.pace, engine.unread, engine.provisional, engine.failing = 0.0, 0, "", None


def test_a_provisional_text_is_told_apart_from_the_final_one(page, unready):
    page.pick_example()
    page.start()
    page.wait(
        lambda: page.smile == unready.provisional and "1 of 30" in page.stage, "the text by examples alone"
    )
    assert page.text("#smile .provisional").startswith("Provisional, by examples alone")
    assert not page.all("#smile .caret")
    border = "return getComputedStyle(document.querySelector('#smile .card')).borderTopStyle"
    assert page.driver.execute_script(border) == "dashed"
    assert findings(page) == []
    assert width_on_a_phone(page) <= PHONE["width"]
    page.click("#stop")
    page.wait(lambda: "Cancelled" in page.stage, "the page to say so")
    assert page.text("#smile .provisional").endswith("the final text was not written.")
    unready.pace, unready.unread = 0.0, 2
    page.transcribe()
    assert page.smile == TEXTS["gla"][0]
    assert not page.all("#smile .provisional")


def test_a_pool_that_fails_behind_a_provisional_text_is_not_said_to_be_coming(page, unready):
    unready.failing = PoolError("The pool was deleted meanwhile.")
    page.pick_example()
    page.transcribe()
    assert "The pool was deleted meanwhile." in page.stage
    assert page.smile == unready.provisional
    assert page.text("#smile .provisional").endswith("the final text was not written.")


def test_who_listens_is_told_what_goes_on_but_not_of_every_clip(page, unready):
    unready.pace = 0.05
    page.driver.execute_script(
        """
        const region = document.querySelector("#stage [role='status']");
        window.told = [];
        new MutationObserver(() => window.told.push(region.textContent)).observe(region, { childList: true });
        """
    )
    page.pick_example()
    page.transcribe()
    page.wait(lambda: page.driver.execute_script("return window.told.at(-1)").startswith("Done: "), "the end")
    told = page.driver.execute_script("return window.told")
    assert "Provisional text, by examples alone" in told
    assert len([line for line in told if line.startswith("Reading the examples")]) == 1
    assert all(line.count(":") < 2 for line in told), "each is one line"


def test_cancel_stops_the_engine_and_keeps_the_text(page, engine):
    engine.pace = 0.4
    page.pick_example()
    page.start()
    page.wait(lambda: engine.running and page.vanilla.startswith("Jeelone"), "the first word")
    page.click("#stop")
    page.wait(lambda: "Cancelled" in page.stage, "the page to say so")
    page.wait(lambda: engine.running == 0, "the engine to stop")
    assert page.vanilla.startswith("Jeelone")
    assert page.smile != TEXTS["gla"][0]
    assert page.one("#start").is_enabled()
    assert not page.all("#vanilla .caret, #smile .caret"), "nothing is being written any more"
    page.wait(lambda: page.all("#download"), "what was written as a file")
    engine.pace = 0.0
    page.transcribe()
    assert page.vanilla == HEARD


def test_another_clip_ends_what_is_being_done_with_the_last(page, engine):
    engine.pace = 0.4
    page.pick_example()
    page.start()
    page.wait(lambda: engine.running, "the engine to begin")
    page.pick_example(1)
    page.wait(lambda: engine.running == 0, "the engine to stop")
    page.wait(lambda: page.one("#start").is_enabled(), "the next one to be possible")
    assert not page.all("#stage .done")


def test_who_waits_for_others_sees_it_and_may_give_up(page, engine, served):
    engine.pace = 0.4
    clip = handle_file(str(engine.queries("gla")[0].audio))
    places = TURNS["concurrency_limit"]
    others = [
        Client(served, verbose=False).submit(audio=clip, reference="", pool="gla", api_name="/transcribe")
        for _ in range(places)
    ]
    page.wait(lambda: engine.running == places, "the others to begin")
    asked = len(engine.asked)
    page.pick_example()
    page.start()
    assert "Waiting" in page.stage
    page.click("#stop")
    page.wait(lambda: "Cancelled" in page.stage, "the page to say so")
    engine.pace = 0.0
    assert {other.result()["vanilla"]["text"] for other in others} == {HEARD}
    assert len(engine.asked) == asked
    page.transcribe()
    assert page.vanilla == HEARD


def test_leaving_the_page_stops_the_engine(page, engine):
    engine.pace = 0.5
    page.pick_example()
    page.start()
    page.wait(lambda: engine.running, "the engine to begin")
    page.driver.get("about:blank")
    page.wait(lambda: engine.running == 0, "the engine to stop", patience=30)
