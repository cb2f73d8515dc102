"""The page in a real browser, with an engine whose answers are known."""

from __future__ import annotations

import json
import time

import pytest
from selenium.webdriver.common.keys import Keys

from smile.datatypes import AudioError
from tests.support.fake_engine import HEARD, TEXTS


def test_one_click_on_an_example_and_one_on_transcribe(page):
    page.pick_example(1)
    assert page.value("#reference textarea") == TEXTS["gla"][1]
    page.transcribe()
    assert page.vanilla == HEARD
    assert page.smile == TEXTS["gla"][0]
    assert "character error rate" in page.stage
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
    page.click("button.label-wrap")
    page.click("#timestamps input")
    page.click("#windows label:nth-of-type(2)")
    page.set_number("beam_size", 3)
    page.set_number("seed", 42)  # which goes on to the next field, and so opens its list
    page.choose("language_token", "Swahili")
    page.click("#length_limit input")
    page.set_number("knn", 0.5)
    page.click("#no_repeat input")
    page.choose("divergence", "Cosine")
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
    page.click("button.label-wrap")
    assert page.value("#divergence input") == "Jensen-Shannon"
    assert page.value("#language_token input") == "Swahili (sw)"
    assert page.all("#sampler input[value='random']")[0].is_selected()
    assert page.all("#example input[value='q2']")[0].is_selected()
    assert page.query["x"] == "1", "other parts of the address stay"


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
    page.wait(
        lambda: page.all("#compare-example label")[0].text.startswith(TEXTS["chr"][0][:4]), "its recordings"
    )
    page.driver.get(f"{page.address}?tab=nowhere")
    page.wait(lambda: page.all("#start") and "tab" not in page.query, "the first tab")
    assert page.errors() == []
