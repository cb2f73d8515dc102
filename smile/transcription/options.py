"""The values of settings: what each may be, in words, as text, as JSON; every surface reads them here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, replace
from functools import cache
from typing import Any

from smile.datatypes import SmileError
from smile.retrieval.divergences import LABELS as DIVERGENCES
from smile.retrieval.samplers import LABELS as SAMPLERS
from smile.settings import DEFAULTS, OPTIONS, Settings, version_of
from smile.text.languages import languages

ALONE = replace(DEFAULTS, shots=0, knn=0.0, no_repeat=False, language_token="guess")
"""Whisper alone, which no examples, no pool and no choice of a language steer."""


def choices(name: str) -> dict[Any, str]:
    """Return the values of a setting with their words; empty where any number within its bounds will do."""
    option = OPTIONS[name]
    if option.vocabulary:
        return _vocabulary(option.vocabulary)
    if isinstance(getattr(DEFAULTS, name), bool):
        return {True: "Yes", False: "No"}
    return dict(option.choices or {})


@cache
def _vocabulary(name: str) -> dict[Any, str]:
    if name == "language_token":
        return {"guess": "Whisper's guess", "pool": "The pool's", **_whisper_languages()}
    return dict({"sampler": SAMPLERS, "divergence": DIVERGENCES}[name])


def _whisper_languages() -> dict[str, str]:
    """Return Whisper's language codes with their English names, by name."""
    known: dict[str, str] = {}
    for language in languages().values():
        if language.whisper:
            known.setdefault(language.whisper, f"{language.name} ({language.whisper})")
    return dict(sorted(known.items(), key=lambda item: item[1]))


def checked(settings: Settings) -> Settings:
    """Return the settings where each has a value that it may have.

    Raises:
        SmileError: one has not; the sentence names what it may be.
    """
    for name in OPTIONS:
        if not _allowed(name, getattr(settings, name)):
            raise SmileError(f"The setting {name} is {allowed(name)}.")
    return settings


def _allowed(name: str, value: Any) -> bool:
    """Return whether a setting may have a value, of its type already."""
    option, default = OPTIONS[name], getattr(DEFAULTS, name)
    if isinstance(default, tuple):
        return bool(value) and all(option.least <= each <= option.most for each in value)
    if isinstance(default, bool | str):
        return value in choices(name)
    return bool(option.least <= value <= option.most)


def allowed(name: str) -> str:
    """Return what a setting may be, to end a sentence with."""
    option, default = OPTIONS[name], getattr(DEFAULTS, name)
    if name == "language_token":
        return '"guess", "pool" or one of Whisper\'s language codes'
    if isinstance(default, tuple):
        return f"numbers from {option.least:g} to {option.most:g} joined by commas"
    if values := choices(name):
        return f"one of {', '.join(map(text_of, values))}"
    whole = "a whole number" if isinstance(default, int) else "a number"
    return f"{whole} from {option.least:g} to {option.most:g}"


def text_of(value: Any) -> str:
    """Return a value as command line and address have it, such as "yes", "0.5" or "10,15,20,30"."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ",".join(map(_shortest, value))
    return _shortest(value) if isinstance(value, float) else str(value)


def _shortest(number: float) -> str:
    """Return a number as short as it is read back, such as "30" for 30.0."""
    short = f"{number:g}"
    return short if float(short) == number else repr(number)


def parse(name: str, text: str) -> Any:
    """Return the value of a setting that a text stands for.

    Raises:
        SmileError: the setting may not be that.
    """
    value = _parsed(getattr(DEFAULTS, name), text.strip())
    if value is None or not _allowed(name, value):
        raise SmileError(f"The setting {name} is {allowed(name)}.")
    return value


def _parsed(default: Any, text: str) -> Any:
    """Return a text as a value of the default's type; None where it is none."""
    try:
        if isinstance(default, bool):
            return {"yes": True, "true": True, "no": False, "false": False}.get(text.lower())
        if isinstance(default, tuple):
            return tuple(sorted(float(part) for part in text.split(",")))
        return type(default)(text)
    except ValueError:
        return None


def as_json(settings: Settings) -> dict[str, Any]:
    """Return the settings by name, as JSON has them."""
    return json.loads(json.dumps({f.name: getattr(settings, f.name) for f in fields(settings)}))


def identity(settings: Settings, version: int = 0) -> dict[str, Any]:
    """Return all that tells what settings write from other texts of the same clips, as JSON has it.

    These are the settings and the version of their level, today's or the one given; a first one says nothing.
    """
    version = version or version_of(settings.level)
    return as_json(settings) | ({"level_version": version} if version > 1 else {})


def from_json(values: Mapping[str, Any], base: Settings = DEFAULTS) -> Settings:
    """Return settings of plain values; those that are not named are as in `base`, and none is checked.

    Raises:
        SmileError: a value of the wrong type, or no such setting.
    """
    named: dict[str, Any] = {}
    for name, value in values.items():
        if name not in OPTIONS:
            raise SmileError(f'There is no setting "{name}"; choose of {", ".join(OPTIONS)}.')
        named[name] = _typed(name, value)
    return replace(base, **named)


def _typed(name: str, value: Any) -> Any:
    """Return a plain value as one of its setting's type."""
    wanted = type(getattr(DEFAULTS, name))
    if wanted is tuple:
        right = isinstance(value, list | tuple) and all(map(_is_number, value))
    else:
        right = _is_number(value) if wanted is float else type(value) is wanted
    if not right:
        raise SmileError(f'The setting "{name}" is {allowed(name)}.')
    return tuple(map(float, value)) if wanted is tuple else wanted(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
