"""The page in a French browser: its texts are French, all works as in English; others have it in English."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver

from tests.browser.page import PHONE, Page
from tests.browser.steps import findings
from tests.support.chromium import chromium
from tests.support.fake_engine import HEARD, TEXTS, FakeEngine, tone


@pytest.fixture
def french(french_driver: webdriver.Chrome, served: str, engine: FakeEngine) -> Iterator[Page]:
    engine.pace, engine.error = 0.0, None
    french_driver.get_log("browser")
    yield Page(french_driver, served).open()
    french_driver.get("about:blank")


def seen(page: Page) -> str:
    return str(page.driver.execute_script("return document.body.innerText"))


def test_labels_buttons_tabs_and_choices_are_french(french):
    french.wait(lambda: "Transcrire" in french.text("#start"), "the language")
    text = seen(french)
    for words in (
        "Whisper transcrit votre enregistrement deux fois",
        "Ma langue",
        "Langue des exemples",
        "Essayer un enregistrement (voix de synthèse)",
        "Au hasard",
        "Enregistrez, téléversez ou choisissez un enregistrement",
        "Whisper seul",
        "Copier le lien",
    ):
        assert words in text
    for words in ("Transcribe", "Language of the examples", "Random", "Nothing yet", "Settings"):
        assert words not in text
    assert "Gaélique écossais" in french.value("#pool input")
    assert french.driver.execute_script("return document.documentElement.lang").startswith("fr")
    assert french.errors() == []


def test_a_run_is_told_in_french_and_its_transcript_stays_as_it_is(french, engine):
    french.pick_example()
    french.transcribe()
    french.wait(lambda: "Terminé" in french.stage, "the end in French")
    assert "Avec exemples, le taux d’erreur par caractère baisse de" in french.stage
    assert "3 exemples, les plus proches" in french.text("#smile header")
    assert (french.vanilla, french.smile) == (HEARD, TEXTS["gla"][0])
    assert engine.asked[-1][1] == "gla"
    assert french.errors() == []


ENGLISH = """
  const named = [...document.querySelectorAll("[aria-label], [title]")];
  const names = named.flatMap((one) => [one.ariaLabel, one.title]);
  const words = /\\b(common|the|of|to|by|for|audio|file|files|volume|upload|input|value|more|undo|reset)\\b/i;
  return [...new Set(names)].filter((name) => words.test(name) && name !== "Gradio footer navigation");
"""


def test_parts_of_players_and_fields_have_french_names(french, tmp_path):
    clips = [tone(tmp_path / f"{name}.wav", 1, 300) for name in "ab"]
    french.pick_example()
    french.wait(lambda: french.all("#audio [aria-label='Régler le volume']"), "the player")
    french.wait(lambda: french.all("#audio [aria-label='Avancer de 0,05 seconde']"), "with decimal commas")
    french.click("#audio [aria-label='Régler la vitesse de lecture à 1,5']")
    french.wait(lambda: french.all("#audio [aria-label='Régler la vitesse de lecture à 2']"), "another speed")
    assert french.all("#shots [aria-label='Exemples dans le prompt, en nombre']")
    french.click("#audio [aria-label='Téléverser']")
    french.click("#audio [aria-label='Enregistrer']")
    french.wait(lambda: french.all("#audio .record-button"), "the microphone")
    french.show("own")
    assert "Cliquez pour téléverser" in french.text("#own-uploads")
    french.one("#own-uploads input[type='file']").send_keys("\n".join(map(str, clips)))
    french.wait(lambda: french.all("#own-uploads .file-preview"), "the files")
    for tab in ("compare", "own", "map", "results"):
        french.show(tab)
        assert french.driver.execute_script(ENGLISH) == [], tab
    assert "télécharger" not in seen(french).lower()
    assert french.errors() == []


def test_a_part_that_gradio_has_no_name_for_has_one(page, tmp_path):
    page.show("own")
    page.one("#own-uploads input[type='file']").send_keys(str(tone(tmp_path / "a.wav", 1, 300)))
    page.wait(lambda: page.all("#own-uploads .file-preview"), "the file")
    page.wait(lambda: page.all("#own-uploads .icon-button[aria-label='Upload file']"), "its button", 10)
    assert not page.all("[aria-label^='common.'], [title^='common.']")


def test_addresses_are_the_same_in_every_language(french, page):
    query = "pool=chr&sampler=random&shots=2&example=q1"
    for one in (french, page):
        one.open(query)
        one.wait(lambda one=one: one.shots == "2", "the settings")
        one.click("#sampler input[value='draft']")
        one.wait(lambda one=one: one.query.get("sampler") == "draft", "the address")
    assert french.query == page.query
    assert french.query["pool"] == "chr"


def test_an_error_is_told_in_french(french):
    french.start()
    french.wait(lambda: french.all("#stage .error"), "the error")
    assert french.stage.startswith("Il n’y a pas encore d’enregistrement")


def test_a_refused_copy_and_a_copied_link_are_told_in_french(french):
    french.click("button.copy.link")
    french.wait(lambda: "opié" in french.text("button.copy.link"), "the answer")


@pytest.mark.parametrize(("tabs", "plot"), [(("results", "charts"), "#plot"), (("map",), "#map-plot")])
def test_charts_have_french_buttons_and_decimal_commas(french, tabs, plot):
    french.show(*tabs)
    french.wait(lambda: french.all(f"{plot} .modebar-btn"), "the buttons")
    titles = {
        one.get_attribute("data-title").partition(" (v")[0] for one in french.all(f"{plot} .modebar-btn")
    }
    said = {"Télécharger le graphique en PNG", "Zoomer", "Dézoomer", "Tout montrer", "Réalisé avec Plotly.js"}
    assert titles <= said, "say these in assets/locale/fr.toml"
    drawn = f"return document.querySelector('{plot} .js-plotly-plot')._fullLayout.separators"
    assert french.driver.execute_script(drawn) == ",\u202f"


def test_rates_have_decimal_commas(french):
    french.pick_example()
    french.transcribe()
    rate = re.compile(r"\d+([.,])\d\s%")
    french.wait(lambda: rate.search(french.stage), "the rates")
    assert {sign for text in (french.stage, french.text("#smile")) for sign in rate.findall(text)} == {","}


def test_axe_finds_nothing_serious_in_french(french):
    french.pick_example()
    french.transcribe()
    for tab in ("transcribe", "compare", "own", "map", "results"):
        french.show(tab)
        assert findings(french) == [], tab


@pytest.mark.parametrize("tab", ["transcribe", "compare", "own", "map", "results"])
def test_long_french_words_do_not_make_a_phone_scroll_sideways(french, tab):
    french.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
    try:
        french.open(f"tab={tab}")
        french.wait(lambda: "Transcrire" in seen(french) or "Comparer" in seen(french), "the language")
        widths = "return [document.documentElement.scrollWidth, window.innerWidth]"
        wide, window = french.driver.execute_script(widths)
        assert wide <= window
    finally:
        french.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_a_browser_of_another_language_has_the_page_in_english(tmp_path: Path, served: str):
    driver = chromium(tmp_path / "profile", "--lang=de", "--accept-lang=de-DE,fr")
    try:
        page = Page(driver, served).open()
        page.pick_example()
        page.transcribe()
        text = seen(page)
        assert "Language of the examples" in text
        assert page.stage.startswith(
            "Done: Scottish Gaelic (gla). With examples the character error rate falls"
        )
        assert "__i18n__" not in text
        assert page.errors() == []
    finally:
        driver.quit()
