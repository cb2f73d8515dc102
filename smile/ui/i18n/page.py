"""The built page: which of its texts a visitor reads, and how the browser is told to translate them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from gradio.i18n import I18nData

from smile.ui.assets import SCRIPTS, WITHIN, script
from smile.ui.i18n.catalogue import Catalogue
from smile.ui.i18n.figures import translated_figure
from smile.ui.i18n.markup import translated_html

READ = ("label", "info", "placeholder")
SHOWING = ("button", "markdown", "html")  # their value is what they show
UNSEEN = ("api", "state", "browserstate", "json")
MARK = "__i18n__"


def read_by_visitors(component: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield (property, text) of a component of the page's configuration."""
    kind, props = component["type"], component["props"]
    if kind in UNSEEN or not (props.get("visible", True) or props.get("elem_id")):  # those are for programs
        return
    names = (*READ, "value") if kind in SHOWING else READ
    for name in names:
        if isinstance(text := props.get(name), str) and text.strip():
            yield name, str(text)


def choice_labels(component: dict[str, Any]) -> Iterator[str]:
    """Yield what the choices of a component are called where that is not their value."""
    for label, value in component["props"].get("choices") or ():
        if isinstance(label, str) and label != value:
            yield str(label)


def choice_values(config: Mapping[str, Any]) -> set[Any]:
    """Return what the choices of a page send, which stays as it is whatever else has the same name."""
    choices = (component["props"].get("choices") or () for component in config["components"])
    return {value for some in choices for _, value in some}


def wordings(config: Mapping[str, Any], catalogue: Catalogue) -> dict[str, str]:
    """Return what the browser is given to translate a page with: texts by their English ones."""
    values = choice_values(config)
    made: dict[str, str] = {}
    for component in config["components"]:
        for name, text in read_by_visitors(component):
            made[text] = in_language(component["type"], name, text, catalogue)
        for label in choice_labels(component):
            made[label] = catalogue.text(label) or label
    scripts = script(*SCRIPTS, *WITHIN)  # which look their texts up by themselves
    said = (english for english in catalogue.texts if f'"{english}"' in scripts and english not in values)
    made |= {english: catalogue.texts[english] for english in said}
    return {english: text for english, text in made.items() if text != english}


def in_language(kind: str, name: str, text: str, catalogue: Catalogue) -> str:
    """Return a text of a component in the catalogue's language, as far as it has it."""
    if kind == "html" and name == "value":
        if text.startswith("{"):
            return translated_figure(text, catalogue)
        return translated_html(text, catalogue) if text.lstrip().startswith("<") else text
    return catalogue.text(text) or text


def marked(config: Any, known: Mapping[str, str]) -> Any:
    """Return a page's configuration whose texts the browser translates where it knows them."""
    for component in config["components"]:
        for name, text in read_by_visitors(component):
            if text in known:
                component["props"][name] = str(I18nData(text))
    return config


def unmarked(value: Any) -> Any:
    """Return a description of the page for programs, with its English texts."""
    if isinstance(value, str):
        return json.loads(value.removeprefix(MARK))["key"] if value.startswith(MARK) else value
    if isinstance(value, dict):
        return {key: unmarked(part) for key, part in value.items()}
    return [unmarked(part) for part in value] if isinstance(value, list) else value
