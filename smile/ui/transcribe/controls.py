"""The settings of a transcription as components and as the query of an address, made from their metadata."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import gradio as gr

from smile.datatypes import SmileError
from smile.settings import DEFAULTS, OPTIONS, Settings
from smile.transcription.options import checked, choices, from_json, parse, text_of

MOST_BUTTONS = 4  # choices that are shown as buttons; more are a list
MAIN = ("level", "shots", "sampler")  # what a visitor tries first, without words to look up
MORE = tuple(name for name in OPTIONS if name not in MAIN)

Components = dict[str, gr.components.Component]


def settings_of(values: Mapping[str, Any]) -> Settings:
    """Return the settings that the values of the page's controls stand for.

    Raises:
        SmileError: one of them is none that the setting may have.
    """
    fields = {name: _value(name, value) for name, value in values.items()}
    return checked(from_json(fields))


def _value(name: str, value: Any) -> Any:
    """Return the value of a control as its setting has it."""
    default = getattr(DEFAULTS, name)
    if isinstance(value, str) and not isinstance(default, str):
        return parse(name, value)
    if isinstance(value, float) and isinstance(default, int) and value.is_integer():
        return int(value)
    return value


def from_query(query: Mapping[str, str]) -> dict[str, Any]:
    """Return the settings in the query of an address that may be so, as their controls show them."""
    values = {}
    for name in OPTIONS:
        with suppress(SmileError):
            if name in query and _offered(name, value := parse(name, query[name])):
                values[name] = shown(name, value)
    return values


def _offered(name: str, value: Any) -> bool:
    """Return whether a value that a setting may have is one that its control shows."""
    values = choices(name)
    return not values or value in values


def shown(name: str, value: Any) -> Any:
    """Return a value as its control has it: numbers and yes or no as they are, all else as text."""
    return value if isinstance(value, int | float) else text_of(value)


def main_controls() -> Components:
    """Return the controls of the settings that a visitor tries first."""
    return {name: control(name) for name in MAIN}


def more_controls() -> Components:
    """Return the controls of the settings that seldom change."""
    return {name: control(name) for name in MORE}


def control(name: str, prefix: str = "", **more: Any) -> gr.components.Component:
    """Return the control of a setting; `prefix` goes before its name in the page."""
    option, default, values = OPTIONS[name], getattr(DEFAULTS, name), choices(name)
    properties: dict[str, Any] = {"label": option.label, "info": option.info or None, **more}
    properties["elem_id"] = f"{prefix}{name}"
    if isinstance(default, bool):
        return gr.Checkbox(default, **properties)
    if values:
        pairs = [(words, text_of(value)) for value, words in values.items()]
        kind = gr.Radio if len(pairs) <= MOST_BUTTONS else gr.Dropdown
        return kind(pairs, value=text_of(default), **properties)
    if option.most > 1000:
        return gr.Number(default, precision=0, minimum=option.least, **properties)
    return gr.Slider(option.least, option.most, default, step=option.step, **properties)
