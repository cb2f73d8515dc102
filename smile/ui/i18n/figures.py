"""Charts in another language: what a visitor reads of a plotly figure, as JSON.

What visitors bring, or a recogniser writes, is left as it is, as in HTML: its element says `dir="auto"`.
"""

from __future__ import annotations

import json
import re
from textwrap import wrap
from typing import Any

from smile.ui.i18n.catalogue import LANGUAGE, Catalogue
from smile.ui.i18n.markup import translated_html
from smile.ui.i18n.numbers import DECIMAL, THOUSANDS

READ = frozenset(("text", "name", "hovertemplate", "hovertext", "ticktext", "categoryarray", "x", "y", "z"))
BREAK = "<br>"
TOOLS = (  # what plotly itself says
    "Produced with Plotly.js",
    "Download plot as a PNG",
    "Taking snapshot - this may take a few seconds",
    "Snapshot succeeded",
    "Sorry, there was a problem downloading your snapshot!",
    "Zoom in",
    "Zoom out",
    "Reset camera to default",
)
TAG = re.compile(r"<[/a-zA-Z][^<>]*>")


def translated_figure(figure: str, catalogue: Catalogue) -> str:
    """Return a figure with its titles, names, categories and hover texts in the catalogue's language."""
    made = _translated(json.loads(figure), "", catalogue)
    if isinstance(made, dict):
        made["config"] = {**made.get("config", {}), **_locale(catalogue)}
    return json.dumps(made, ensure_ascii=False, separators=(",", ":"))


def _locale(catalogue: Catalogue) -> dict[str, Any]:
    """How plotly names its buttons and writes numbers."""
    said = {text: catalogue.text(text) or text for text in TOOLS}
    numbers = {"decimal": DECIMAL, "thousands": THOUSANDS}
    return {"locale": LANGUAGE, "locales": {LANGUAGE: {"dictionary": said, "format": numbers}}}


def _translated(value: Any, key: str, catalogue: Catalogue) -> Any:
    """A part of a figure; a list stands under the key of its own."""
    if isinstance(value, dict):
        return {name: _translated(part, name, catalogue) for name, part in value.items()}
    if isinstance(value, list):
        return [_translated(part, key, catalogue) for part in value]
    return shown(value, catalogue) if key in READ and isinstance(value, str) else value


def shown(text: str, catalogue: Catalogue) -> str:
    """Return a text of a figure in the catalogue's language: plain, wrapped, or with tags in it."""
    if "<" not in text:
        return catalogue.text(text) or text
    lines = text.split(BREAK)
    if not any("<" in line for line in lines) and (new := catalogue.text(" ".join(lines))):
        return BREAK.join(wrap(new, max(map(len, lines)), break_long_words=False))
    return translated_html(text, catalogue) if "<" not in TAG.sub("", text) else text
