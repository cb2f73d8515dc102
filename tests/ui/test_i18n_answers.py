"""What is told of results and maps in French: charts, hover texts, findings and tables leave no English."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from smile.paths import PRECOMPUTED
from smile.ui.i18n import french
from smile.ui.i18n.figures import translated_figure
from smile.ui.i18n.markup import translated_html
from smile.ui.map import Atlas
from smile.ui.map import callbacks as maps
from smile.ui.map.changed import CHANGE
from smile.ui.map.figure import COLOURS
from smile.ui.results import callbacks as results
from smile.ui.results.charts import CHARTS
from smile.ui.results.selection import Choices
from smile.ui.store import Store
from tests.support.fake_engine import FakeEngine

NO_WORD = re.compile(r"%\{[^}]*\}|\b(?:s|KL|plain)\b")  # what is alike in every language
GROUPS = ("held out", "training", "switched")


class Reader:
    """A catalogue that remembers what it was asked for and does not have."""

    def __init__(self) -> None:
        self.missed: set[str] = set()

    def text(self, english: str) -> str | None:
        missing = french().missing(english)
        self.missed |= {piece for piece in missing if any(map(str.isalpha, NO_WORD.sub("", piece)))}
        return french().text(english)

    def read(self, value: Any) -> None:
        """Translate what an output is given, as the answer of an event is."""
        catalogue: Any = self
        if isinstance(value, dict):
            self.read(value.get("value"))
            for choice in value.get("choices") or ():
                self.text(choice if isinstance(choice, str) else choice[0])
        elif hasattr(value, "to_json"):
            translated_figure(value.to_json(), catalogue)
        elif isinstance(value, str) and value.startswith("{"):
            translated_figure(value, catalogue)
        elif isinstance(value, str) and value.startswith("<"):
            translated_html(value, catalogue)


@pytest.fixture
def reader() -> Reader:
    return Reader()


@pytest.fixture(scope="module")
def store() -> Store:
    return Store(PRECOMPUTED, None)


@pytest.fixture(scope="module")
def atlas(store, tmp_path_factory) -> Atlas:
    return Atlas(FakeEngine(tmp_path_factory.mktemp("clips")), PRECOMPUTED / "maps", store)


@pytest.mark.parametrize("chart", CHARTS)
@pytest.mark.parametrize("metric", ["cer", "wer"])
def test_tables_and_charts_of_results_leave_no_english(store, reader, chart, metric):
    for known in GROUPS:
        asked = results.Asked(Choices(metric=metric, known=known), chart=chart)
        for value in results.opened(store, asked):
            reader.read(value)
    assert not reader.missed, "say these in assets/locale/fr.toml"


def test_the_findings_leave_no_english(store, reader):
    reader.read(results.findings(store, results.Asked()).findings)
    assert not reader.missed, "say these in assets/locale/fr.toml"


def test_the_utterances_of_a_language_leave_no_english(store, reader):
    reader.read(results.looked_into(store, results.Asked(opened="mdw")).utterances)
    assert not reader.missed, "say these in assets/locale/fr.toml"


@pytest.mark.parametrize("colour", [*(name for name in COLOURS if name != "speaker"), CHANGE])
def test_maps_and_their_hover_texts_leave_no_english(atlas, reader, colour):
    for _, name in atlas.choices():
        for value in maps.show(atlas, None, "", name, "js", 2, colour, 5):
            reader.read(value)
    assert not reader.missed, "say these in assets/locale/fr.toml"


def test_an_english_text_is_missed(reader):
    reader.read("<p>Nobody says this. Not measured yet.</p>")
    reader.read(json.dumps({"layout": {"xaxis": {"title": {"text": "nobody's axis"}}}}))
    assert reader.missed == {"Nobody says this.", "nobody's axis"}


# Figures


def translated(figure: dict[str, Any]) -> Any:
    return json.loads(translated_figure(json.dumps(figure), french()))


def test_a_figure_is_translated_where_it_is_read_and_nowhere_else():
    trace = {"name": "language", "y": ["Mboshi", "Greek"], "x": [1.5, 2], "mode": "text", "text": "language"}
    told = {"xaxis": {"title": {"text": "number of examples"}}, "annotations": [{"text": "Whisper alone"}]}
    kept = {"customdata": ["language"], "legendgroup": "language", "ids": ["language"], "meta": "language"}
    made = translated({"data": [{**trace, **kept}], "layout": {**told, "mode": "language"}})
    ours = {"name": "langue", "y": ["Mboshi", "Grec"], "x": [1.5, 2], "mode": "text", "text": "langue"}
    assert made["data"] == [{**ours, **kept}]
    assert made["layout"]["xaxis"]["title"]["text"] == "nombre d’exemples"
    assert made["layout"]["annotations"] == [{"text": "Whisper seul"}]
    assert made["layout"]["mode"] == "language"


@pytest.mark.parametrize(
    ("english", "other"),
    [
        ("SMILE · 3 nearest ·<br>no kNN-LM", "SMILE · 3 proches ·<br>sans kNN-LM"),
        ('<b dir="auto">language</b><br>Greek', '<b dir="auto">language</b><br>Grec'),
        ("<b>language</b>: %{y:.1f} %<extra></extra>", "<b>langue</b>: %{y:.1f} %<extra></extra>"),
        ("the paper: %{y:.2f} %<extra></extra>", "l’article\u00a0: %{y:.2f}\u00a0%<extra></extra>"),
        ("a < b <i>language</i>", "a < b <i>language</i>"),
        ("Nobody says this.", "Nobody says this."),
    ],
)
def test_texts_of_a_figure_keep_their_tags_and_values(english, other):
    assert translated({"data": [{"hovertemplate": english}]})["data"][0]["hovertemplate"] == other


def test_a_figure_tells_plotly_how_numbers_and_buttons_are_written():
    config = translated({"data": [], "layout": {}, "config": {"scrollZoom": False}})["config"]
    assert config["scrollZoom"] is False
    told = config["locales"][config["locale"]]
    assert told["format"]["decimal"] == ","
    assert told["dictionary"]["Download plot as a PNG"] == "Télécharger le graphique en PNG"
