"""The page in French: the catalogue says all of it and no more, data and programs stay as they are."""

from __future__ import annotations

import json
import tomllib
import urllib.request

import pytest
from gradio_client import Client
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from smile.ui import build_app
from smile.ui.i18n import Catalogue, french, reading, said, translated_answer
from smile.ui.i18n.answers import preferred
from smile.ui.i18n.catalogue import LOCALES, PLACE, documents, read
from smile.ui.i18n.markup import texts, translated_html
from smile.ui.i18n.numbers import with_commas
from smile.ui.i18n.page import choice_labels, choice_values, read_by_visitors, wordings
from smile.ui.parts.pools import pool_label
from smile.ui.transcribe import showcase
from tests.support.fake_engine import FakeEngine
from tests.support.launched import launched
from tests.support.sources import Sources

CORPUS = " · mini"  # a name that somebody gave to a folder
RECORDINGS = ("example", "compare-example")  # choices that are what people said


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    return FakeEngine(tmp_path_factory.mktemp("clips"))


@pytest.fixture(scope="module")
def page(engine):
    with launched(build_app(engine)) as page:
        yield page


@pytest.fixture(scope="module")
def shown(engine):
    """All that a visitor reads of the page as it is built."""
    return list(dict.fromkeys(visible(build_app(engine).config)))


def visible(config):
    for component in config["components"]:
        for name, text in read_by_visitors(component):
            html = component["type"] == "html" and name == "value"
            yield from filter(has_letters, texts(text) if html else [text])
        if component["props"].get("elem_id") not in RECORDINGS:
            labels = (label.removesuffix(CORPUS) for label in choice_labels(component))
            yield from filter(has_letters, labels)


def has_letters(text):
    return any(map(str.isalpha, text))


def test_what_a_choice_sends_is_no_text_that_the_browser_translates(engine):
    config = build_app(engine).config
    given, values = wordings(config, french()), choice_values(config)
    assert "nearest" in values
    assert given["Copied"] == "Copié"
    assert values.isdisjoint(given), "gradio would translate the value itself, and know it no more"


# The catalogue


def test_all_that_a_visitor_reads_has_a_french_text(shown):
    assert len(shown) > 150
    missing = [text for text in shown if not french().parts(text)]
    assert not missing, "say these in assets/locale/fr.toml"


def test_a_text_without_a_french_one_is_missed(shown):
    few = Catalogue({english: text for english, text in french().texts.items() if english != "Transcribe"})
    assert [text for text in shown if not few.parts(text)] == ["Transcribe"]


def test_the_catalogue_has_no_text_that_nothing_says(shown):
    of_the_page = {entry for text in shown for entry in french().parts(text)}
    sources = Sources()
    entries = [english for english, _ in read(LOCALES / "fr.toml") if has_letters(PLACE.sub("", english))]
    unused = [english for english in entries if english not in of_the_page and not sources.have(english)]
    assert not unused, "nothing says these any more"
    assert not sources.have("Whisper sings in the bath.")


def test_no_english_text_stands_in_two_tables_of_the_catalogue():
    tables = tomllib.loads((LOCALES / "fr.toml").read_text(encoding="utf-8")).values()
    entries = [english for table in tables for english in table]
    assert len(entries) == len(set(entries))


@pytest.mark.parametrize("english", french().texts)
def test_both_sides_of_an_entry_have_the_same_places(english):
    translation = french().texts[english]
    assert set(PLACE.findall(translation)) <= set(PLACE.findall(english))
    assert "}" not in PLACE.sub("", english), "the browser would take it for the end of the key"


def test_french_documents_have_as_many_words_defined_and_figures_as_the_english():
    for english, translation in documents("fr"):
        assert english.count("\n|") == translation.count("\n|")
        assert english.count("\n\n") == translation.count("\n\n")


@pytest.mark.parametrize("more", ["", showcase.FITTED])
def test_the_finished_example_is_explained_in_french(more):
    reason = showcase.REASON + more + showcase.RATES
    told = reason.format(
        language="Galician", examples=3, pool=90, date="2026-11-01", count=9, means="40.0\u00a0%"
    )
    translated = french().text(told)
    assert translated.startswith("Seul, Whisper écrit dans l’orthographe")
    assert "Galicien" in translated
    assert "40,0\u00a0%" in translated
    assert translated.count(".") == told.count(".") - told.count("40.0")
    assert "Whisper alone" not in translated
    assert "Percentages" not in translated


@pytest.mark.parametrize(
    ("english", "told"),
    [
        ("1 of 90 clips, about 2 s left", "1 extrait sur 90, encore environ 2 s"),
        (
            "Whisper guesses Russian (ru), German (de)",
            "Whisper suppose Russe (ru), Allemand (de)",
        ),
        (
            "Whisper guesses Russian (ru), German (de), Welsh (cy) and 2 more",
            "Whisper suppose Russe (ru), Allemand (de), Gallois (cy) et 2 de plus",
        ),
        ("Listening to the clips: 3 of 15 clips", "Écoute des extraits\u00a0: 3 extraits sur 15"),
        ("Reading the examples: waiting for its turn", "Lecture des exemples\u00a0: attend son tour"),
        ("Fitting the acoustic model: 12 %", "Ajustement du modèle acoustique\u00a0: 12\u00a0%"),
        ("Bantu, in Latin script.", "Bantoues, écriture\u00a0: Latin."),
        ("Mboshi: kwa", None),
    ],
)
def test_what_is_done_and_how_far_are_french_together(english, told):
    assert french().text(english) == told


# Looking up


@pytest.fixture
def catalogue():
    return Catalogue(
        {
            "Cancel": "Annuler",
            "{n} clips": "{n} extraits",
            "Indexing {language}: {t}": "Indexation, {language} : {t}",
            "Which one?": "Laquelle ?",
            "Ready.": "Prêt.",
            "Read: {name}.": "Lu : {name}.",
            "{t} with care": "{t} avec soin",
            "{t} of {n}": "{t}, sur {n}",
            "{n1} of {n2}": "{n1} sur {n2}",
        }
    )


@pytest.mark.parametrize(
    ("english", "translation"),
    [
        ("Cancel", "Annuler"),
        ("1 234 clips", "1 234 extraits"),
        ("many clips", None),
        ("Indexing Mboshi: 90 clips", "Indexation, Mboshi\u00a0: 90 extraits"),
        ("Indexing Mboshi: slowly", None),
        ("Ready. Which one?", "Prêt. Laquelle\u00a0?"),
        ("Read: Mboshi. Ready.", "Lu\u00a0: Mboshi. Prêt."),
        ("Mboshi · 90 clips", "Mboshi · 90 extraits"),
        ("90\u00a0clips", "90 extraits"),
        ("90 clips; Cancel", "90 extraits\u00a0; Annuler"),
        ("Cancel, 90 clips", "Annuler, 90 extraits"),
        ("Cancel, Mboshi", None),
        ("Ready. Mboshi · Cancel.", "Prêt. Mboshi · Annuler."),
        ("Cancel · 90 clips with care", "Annuler · 90 extraits avec soin"),
        ("Mboshi · Cancel with care", "Mboshi · Annuler avec soin"),
        ("cancel", None),
        ("", None),
        ("90", None),
        ("12.5 clips", "12,5 extraits"),
        ("Indexing 0.5: 1,234.5 clips", "Indexation, 0.5\u00a0: 1\u202f234,5 extraits"),
        ("3.7 s", "3,7 s"),
        ("1.8 s · 12.5 clips", "1,8 s · 12,5 extraits"),
        ("10 of 11", "10 sur 11"),
        ("Cancel of 11", "Annuler, sur 11"),
        ("93.8 % → 0.0 %", "93,8\u00a0% → 0,0\u00a0%"),
        ("Cancel 45.1 % with care", None),
    ],
)
def test_a_text_is_found_whole_with_places_or_in_parts(catalogue, english, translation):
    assert catalogue.text(english) == translation


@pytest.mark.parametrize(
    ("english", "other"),
    [
        ("45.1", "45,1"),
        ("-0.5 to 12.25.", "-0,5 to 12,25."),
        ("1,002 of 1,234,567", "1\u202f002 of 1\u202f234\u202f567"),
        ("1,002.5", "1\u202f002,5"),
        ("at 0:05.2", "at 0:05.2"),
        ("1.2.3", "1.2.3"),
        ("v0.9, 10.0.0.1, clip3.5, .5, 3.", "v0.9, 10.0.0.1, clip3.5, .5, 3."),
        ("1,2 and 12,34", "1,2 and 12,34"),
    ],
)
def test_numbers_have_decimal_commas(english, other):
    assert with_commas(english) == other


@given(st.text())
def test_any_text_is_looked_up_without_an_error(text):
    french().text(text)
    made = translated_html(str(Markup("<p>{}</p>").format(text)), french())
    assert made.startswith("<p>")
    assert made.endswith("</p>")


# HTML


def test_what_people_say_is_never_translated(catalogue):
    said_so = '<p class="transcript" dir="auto">Cancel <b>Cancel</b><br>Cancel</p><p>Cancel</p>'
    translated = '<p class="transcript" dir="auto">Cancel <b>Cancel</b><br>Cancel</p><p>Annuler</p>'
    assert translated_html(said_so, catalogue) == translated


@given(st.text(st.characters(exclude_characters="\r\x00")))
def test_data_of_html_stays_as_it_is(text):
    html = str(Markup('<div><p dir="auto">{}</p></div>').format(text))
    assert translated_html(html, french()) == html


def test_texts_and_attributes_are_translated_and_escaped():
    sharp = Catalogue({"Cancel": '<i>"Annuler"</i> & fin'})
    html = '<section aria-label="Cancel" data-text="Cancel">\n  Cancel\n</section>'
    escaped = "&lt;i&gt;{0}Annuler{0}&lt;/i&gt; &amp; fin"
    expected = (
        f'<section aria-label="{escaped.format("&quot;")}" data-text="Cancel">\n  '
        f"{escaped.format(chr(34))}\n</section>"
    )
    assert translated_html(html, sharp) == expected


# Answers


class Asked:
    def __init__(self, language):
        self.headers = {"accept-language": language}


@pytest.mark.parametrize(
    ("header", "language"),
    [("fr-CA,fr;q=0.9,en;q=0.8", "fr"), ("en-US,en,fr", "en"), ("FR", "fr"), ("", ""), (";;,", "")],
)
def test_a_browser_s_first_language_counts(header, language):
    assert preferred(header) == language


def answered(page, language, name, value):
    """What an event that puts a value into the component of an id answers with."""
    block = next(b for b in page.blocks.values() if getattr(b, "elem_id", None) == name)
    with reading(Asked(language)):
        return translated_answer([block], [value])[0]


def test_an_answer_is_in_the_language_of_its_request(page, engine):
    stage = '<p class="stage ">Nothing was added.</p>'
    assert answered(page, "fr", "stage", stage) == '<p class="stage ">Rien n’a été ajouté.</p>'
    assert answered(page, "en", "stage", stage) == answered(page, "de", "stage", stage) == stage
    choices = [(pool_label(pool), pool.key) for pool in engine.pools()]
    update = {"__type__": "update", "choices": choices, "value": "gla", "label": "Which one?"}
    translated = answered(page, "fr", "pool", update)
    assert [value for _, value in translated["choices"]] == [pool.key for pool in engine.pools()]
    assert "Gaélique écossais (gla) · voix de synthèse · 90 exemples" in dict(translated["choices"])
    assert (translated["value"], translated["label"]) == ("gla", "Laquelle\u00a0?")


def test_figures_are_in_the_language_of_their_request(page):
    figure = json.dumps({"layout": {"xaxis": {"title": {"text": "number of examples"}}}})
    plots = {"plot": {"type": "plotly", "plot": figure}, "map-plot": figure}
    for name, value in plots.items():
        for made in (
            answered(page, "fr", name, value),
            answered(page, "fr", name, {"__type__": "update", "value": value})["value"],
        ):
            french_figure = json.loads(made["plot"] if name == "plot" else made)
            assert french_figure["layout"]["xaxis"]["title"]["text"] == "nombre d’exemples"
        assert answered(page, "en", name, value) == value


def test_what_visitors_write_stays_as_it_is(page):
    assert answered(page, "fr", "reference", "Cancel") == "Cancel"
    assert (
        answered(page, "fr", "own-example-text", {"__type__": "update", "value": "Cancel"})["value"]
        == "Cancel"
    )


def test_without_a_request_nothing_is_translated():
    assert said("Cancel") == "Cancel"
    with reading(Asked("fr")):
        assert said("Cancel") == "Annuler"
    assert said("Cancel") == "Cancel"


# The served page


def configuration(page, language):
    request = urllib.request.Request(f"{page.local_url}config", headers={"Accept-Language": language})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def test_the_browser_gets_both_languages_and_choices_keep_their_values(page):
    config = configuration(page, "fr")
    french_texts = config["i18n_translations"]["fr"]
    assert french_texts["Transcribe"] == "Transcrire"
    assert french_texts["Copied"] == "Copié"
    shots = next(c["props"] for c in config["components"] if c["props"].get("elem_id") == "shots")
    assert json.loads(shots["label"].removeprefix("__i18n__"))["key"] == "Examples in the prompt"
    chosen = next(c["props"] for c in config["components"] if c["props"].get("elem_id") == "sampler")
    assert [value for _, value in chosen["choices"]] == ["nearest", "random", "draft", "mixed"]
    assert chosen["value"] == "nearest"


def test_programs_find_the_same_words_in_every_language(page):
    described = [
        Client(page.local_url, verbose=False, headers={"accept-language": language}).view_api(
            return_format="dict", print_info=False
        )
        for language in ("fr", "en")
    ]
    assert described[0] == described[1]
    assert "__i18n__" not in json.dumps(described)
    parameters = described[0]["named_endpoints"]["/transcribe"]["parameters"]
    assert "Examples in the prompt" in [parameter["label"] for parameter in parameters]


def test_programs_are_answered_in_english(page):
    client = Client(page.local_url, verbose=False, headers={"accept-language": "fr"})
    with pytest.raises(Exception, match="There is no recording yet"):
        client.predict(audio=None, pool="gla", api_name="/transcribe")
