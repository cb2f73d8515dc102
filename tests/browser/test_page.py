"""The page in a real browser, with an engine whose answers are known."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from gradio_client import Client, handle_file
from selenium.webdriver import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from smile.datatypes import AudioError, PoolError
from smile.ui.parts.components import TURNS
from tests.browser.page import PHONE
from tests.browser.steps import findings, width_on_a_phone
from tests.support.fake_engine import HEARD, TEXTS


def test_one_click_on_an_example_and_one_on_transcribe(page):
    page.pick_example(1)
    assert page.value("#reference textarea") == TEXTS["gla"][1]
    page.transcribe()
    assert page.vanilla == HEARD
    assert page.smile == TEXTS["gla"][0]
    assert "character error rate" in page.stage
    assert page.errors() == []


def test_letters_that_the_device_lacks_come_with_the_page(page):
    shown = """
      const text = document.createElement("p");
      text.textContent = "ᏣᎳᎩ";
      document.querySelector(".gradio-container").append(text);
    """
    loaded = """
      return [...document.fonts]
        .filter(face => face.family.includes("SMILE Noto") && face.status === "loaded")
        .map(face => face.unicodeRange).join();
    """
    assert page.driver.execute_script(loaded) == "", "nothing is fetched that no text needs"
    page.driver.execute_script(shown)
    page.wait(lambda: "13A0" in page.driver.execute_script(loaded).upper(), "Cherokee letters")
    assert page.errors() == []


def test_transcripts_and_the_address_can_be_copied(page):
    def pasted():
        field = page.one("#reference textarea")
        field.clear()
        field.send_keys(Keys.CONTROL, "v")
        return field.get_property("value")

    page.pick_example()
    assert page.all(".card .copy") == [], "there is nothing to copy yet"
    page.transcribe()
    page.click(".card.smile .copy")
    page.wait(lambda: page.text(".card.smile .copy") == "Copied", "that it is copied")
    assert pasted() == page.smile
    page.click(".masthead .copy")
    page.wait(lambda: page.text(".masthead .copy") == "Copied", "that it is copied")
    assert pasted() == page.driver.current_url
    page.wait(lambda: page.text(".masthead .copy") == "Copy link", "the button as before")
    assert page.errors() == []


def test_a_key_goes_to_the_next_doubtful_word(page):
    first, second = TEXTS["gla"][0].split()[1:4:2]
    page.open("level=acoustic")
    page.pick_example()
    page.transcribe()
    page.click("#smile .next-doubt")
    page.wait(lambda: page.text("#smile .doubt-at").startswith(f"{first}: 20 % sure, 1 of"), "the first")
    page.driver.switch_to.active_element.send_keys("n")
    page.wait(lambda: page.text("#smile .doubt-at").startswith(f"{second}: 20 % sure, 2 of"), "the next")
    assert page.text("#smile .doubt.at").startswith(second)
    assert page.errors() == []


def test_a_result_is_not_taken_for_another_pools_or_other_settings(page):
    page.pick_example()
    page.transcribe()
    page.wait(lambda: "Done: Scottish Gaelic (gla)." in page.stage, "whose it is")
    page.set_number("shots", 2)
    page.wait(lambda: "3 nearest examples. You have chosen something else since" in page.stage, "the mark")
    page.set_number("shots", 3)
    page.wait(lambda: "Done: Scottish Gaelic (gla)." in page.stage, "the result as before")
    page.choose("pool", "Kurdish")
    page.wait(lambda: "Made with Scottish Gaelic (gla)" in page.stage, "the mark")
    assert not page.all("#stage .done")
    page.one("#reference textarea").send_keys(" more")
    time.sleep(1.0)
    page.wait(lambda: "Made with Scottish Gaelic (gla)" in page.stage, "the mark beside a new score")
    page.transcribe()
    page.wait(lambda: "Done: Central Kurdish (ckb)" in page.stage, "the new pool's")
    assert page.errors() == []


def test_every_control_reaches_the_engine(page, engine):
    page.choose("pool", "Kurdish")
    page.pick_example()
    page.set_number("shots", 7)
    page.click("#sampler label:nth-of-type(2)")
    page.choose("divergence", "Cosine")
    page.choose("language_token", "Swahili")
    page.click("button.label-wrap")
    page.click("#timestamps input")
    page.click("#windows label:nth-of-type(2)")
    page.set_number("beam_size", 3)
    page.set_number("seed", 42)
    page.click("#length_limit input")
    page.set_number("knn", 0.5)
    page.click("#no_repeat input")
    page.transcribe()
    _, pool, settings = engine.asked[-1]
    assert pool == "mini/ckb"
    assert (settings.shots, settings.sampler, settings.divergence) == (7, "random", "cosine")
    assert (settings.language_token, settings.timestamps, settings.windows) == ("sw", False, (30.0,))
    assert (settings.beam_size, settings.seed, settings.length_limit) == (3, 42, False)
    assert (settings.knn, settings.no_repeat) == (0.5, False)
    expected = {"pool": "mini/ckb", "shots": "7", "sampler": "random", "divergence": "cosine", "seed": "42"}
    assert expected.items() <= page.query.items()
    assert page.query["example"] == "q0"


def test_a_shared_address_restores_the_view(page):
    page.open(
        "pool=chr&example=q2&shots=5&sampler=random&divergence=js&language_token=sw&beam_size=2&seed=7&x=1"
    )
    assert page.value("#reference textarea") == TEXTS["chr"][2]
    assert page.shots == "5"
    assert "Cherokee" in page.value("#pool input")
    assert page.value("#divergence input") == "Jensen-Shannon"
    assert page.value("#language_token input") == "Swahili (sw)"
    assert page.all("#sampler input[value='random']")[0].is_selected()
    assert page.all("#example input[value='q2']")[0].is_selected()
    assert page.query["x"] == "1", "other parts of the address stay"


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


def test_a_reference_scores_again_without_decoding(page, engine):
    page.pick_example()
    page.transcribe()
    asked = len(engine.asked)
    assert "0.0" in page.text("#smile .rates b")
    page.one("#reference textarea").send_keys(" agus")
    page.wait(lambda: "0.0" not in page.text("#smile .rates b"), "the new score")
    assert page.all("#smile .diff .delete")
    assert len(engine.asked) == asked


def test_the_examples_can_be_played(page):
    page.set_number("shots", 2)
    page.pick_example()
    page.transcribe()
    players = page.all("#neighbours audio")
    assert len(players) == 2
    played = page.driver.execute_async_script(
        """
        const [player, done] = arguments;
        player.onerror = () => done(player.error.message);
        player.ontimeupdate = () => player.currentTime > 0.1 && done([player.readyState, player.duration]);
        player.muted = true;
        player.play();
        """,
        players[1],
    )
    assert played == [4, pytest.approx(1.5, abs=0.05)]


def test_the_result_downloads_as_json(page, tmp_path):
    page.driver.execute_cdp_cmd(
        "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)}
    )
    page.pick_example()
    page.transcribe()
    page.click("#download")
    page.wait(lambda: (tmp_path / "smile.json").exists(), "the file")
    saved = json.loads((tmp_path / "smile.json").read_text(encoding="utf-8"))
    assert saved["vanilla"]["text"] == HEARD
    assert saved["reference"] == TEXTS["gla"][0]


def test_recording_and_uploading(page, engine, spoken):
    page.pick_example()
    page.clear_audio()
    page.wait(lambda: page.value("#reference textarea") == "", "no reference: the text was the example's")
    page.record(1.5)
    page.transcribe()
    samples, *_ = engine.asked[-1]
    assert samples > 1.0 * 16000
    page.clear_audio()
    page.upload(spoken)
    page.transcribe()
    samples, *_ = engine.asked[-1]
    assert samples == pytest.approx((spoken.stat().st_size - 44) / 2, abs=200)


def test_a_corrupt_upload_is_one_sentence(page, tmp_path):
    (tmp_path / "notes.wav").write_bytes(b"no sound at all" * 50)
    page.upload(tmp_path / "notes.wav")
    page.transcribe()
    assert page.all("#stage .error")
    assert "notes.wav" in page.stage
    assert "Traceback" not in page.driver.page_source
    assert page.one("#start").is_enabled()


def test_an_engines_error_is_its_sentence(page, engine):
    engine.error = AudioError("The recording is silent; check the microphone.")
    page.pick_example()
    page.transcribe()
    assert page.stage == "The recording is silent; check the microphone."


def test_the_keyboard_is_enough(page, engine):
    page.pick_example()
    asked = len(engine.asked)
    page.one("#reference textarea").send_keys(Keys.CONTROL + Keys.ENTER)
    page.wait(lambda: len(engine.asked) == asked + 1, "Ctrl+Enter to transcribe")
    page.wait(lambda: page.all("#stage .done"), "the end")
    page.all("#example input")[0].send_keys(Keys.ARROW_DOWN)
    page.wait(lambda: page.value("#reference textarea") == TEXTS["gla"][1], "the next example")
    engine.pace = 0.5
    page.start()
    ActionChains(page.driver).send_keys(Keys.ESCAPE).perform()
    page.wait(lambda: "Cancelled" in page.stage, "Escape to cancel")


def test_controls_have_names_and_the_stage_is_announced(page):
    nameless = page.driver.execute_script(
        """
        const named = (e) => e.labels?.length || e.ariaLabel || e.title || e.textContent.trim();
        const controls = "main :is(button, input, textarea, select, audio)";
        return [...document.querySelectorAll(controls)]
          .filter((e) => e.checkVisibility() && !named(e)).map((e) => e.outerHTML.slice(0, 120));
        """
    )
    assert nameless == []
    assert page.one("#stage [role='status']").get_attribute("aria-live") == "polite"
    page.one("#sampler input").send_keys("")
    group = page.one("#sampler")
    assert page.text(f"#{group.get_attribute('aria-labelledby')}") == "Which examples"


def test_right_to_left_text_runs_from_the_right(page):
    page.choose("pool", "Kurdish")
    page.pick_example()
    page.transcribe()
    for css in ("#smile .transcript", "#smile .diff", "#neighbours .text"):
        direction = page.one(css).value_of_css_property("direction")
        assert direction == "rtl", css
    assert page.one("#vanilla .transcript").value_of_css_property("direction") == "ltr"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_can_be_read_in_light_and_dark(page, theme):
    page.open(f"__theme={theme}")
    page.pick_example()
    page.transcribe()
    script = (Path(__file__).with_name("contrast.js")).read_text(encoding="utf-8")
    assert page.driver.execute_script(script) == []


def test_a_phone_shows_everything_in_one_column(page):
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
    try:
        page.open("shots=2")
        page.pick_example()
        page.transcribe()
        wide = page.driver.execute_script("return document.documentElement.scrollWidth")
        assert wide <= PHONE["width"], "nothing makes the page scroll sideways"
        left, right = (page.one(css).rect for css in ("#vanilla .card", "#smile .card"))
        assert right["y"] >= left["y"] + left["height"]
        page.wait(lambda: page.driver.execute_script("return window.scrollY") > 200, "the way to the result")
        buttons = page.driver.find_elements(By.CSS_SELECTOR, "#start, #download")
        assert all(button.rect["height"] >= 32 for button in buttons)
    finally:
        page.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_tab_and_language_are_in_the_address_and_back_goes_between_tabs(page):
    page.choose("pool", "Kurdish")
    page.show("compare")
    page.wait(lambda: page.query.get("tab") == "compare", "the tab in the address")
    page.choose("compare-pool", "Cherokee")
    page.wait(lambda: page.query["pool"] == "chr", "the language in the address")
    page.show("own", "own-typed")
    page.show("transcribe")
    page.wait(lambda: "tab" not in page.query, "the first tab")
    assert page.query["pool"] == "mini/ckb"
    page.set_number("shots", 5)
    page.wait(lambda: page.query["shots"] == "5", "the settings in the address")
    for tab in ("own", "compare", None):
        page.driver.back()
        css = f"#tabs > * > * > [aria-selected='true'][data-tab-id='{tab or 'transcribe'}']"
        page.wait(lambda css=css: page.all(css), f"the tab {tab}")
        assert (page.query.get("tab"), page.query["shots"]) == (tab, "5")
        assert page.query["pool"] == ("chr" if tab == "compare" else "mini/ckb")
    page.driver.forward()
    page.wait(lambda: page.query.get("tab") == "compare", "the next tab again")
    page.driver.get(page.driver.current_url)
    page.wait(lambda: "Cherokee" in page.value("#compare-pool input"), "the tab and its language")
    assert page.all("#compare-example label")[0].text.startswith(TEXTS["chr"][0][:4])
    page.driver.get(f"{page.address}?tab=nowhere")
    page.wait(lambda: page.all("#start") and "tab" not in page.query, "the first tab")
    assert page.errors() == []


def test_a_dark_page_has_dark_scroll_bars(page):
    schemes = """
        const parts = ["html", "#example", "#pool"].map((css) => document.querySelector(css));
        return parts.map((part) => getComputedStyle(part).colorScheme);
    """
    assert "dark" not in page.driver.execute_script(schemes)
    dark = {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", dark)
    try:
        page.open()
        assert page.driver.execute_script(schemes) == ["dark"] * 3
    finally:
        page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
