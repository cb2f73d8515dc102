"""The settings of a transcription as options of a command, made from their metadata."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from smile.cli.parsers import add_option
from smile.datatypes import SmileError
from smile.settings import DEFAULTS, OPTIONS, Settings
from smile.transcription.options import allowed, parse, text_of


def add_settings(parser: argparse.ArgumentParser, names: Iterable[str] = tuple(OPTIONS)) -> None:
    """Add an option for each setting; one that is not given is None, so that a pool's own may stand."""
    parser.set_defaults(settings=tuple(names))
    for name in parser.get_default("settings"):
        default = text_of(getattr(DEFAULTS, name))
        add_option(
            parser,
            f"--{name.replace('_', '-')}",
            type=_value_of(name),
            metavar=name.split("_")[-1].upper(),
            help=f"{OPTIONS[name].help} It is {allowed(name)} (default: {default}).".replace("%", "%%"),
        )


def settings_of(chosen: argparse.Namespace, base: Settings = DEFAULTS) -> Settings:
    """Return the settings that a command line names; those that it leaves open are as in `base`."""
    given = {name: getattr(chosen, name) for name in chosen.settings}
    return replace(base, **{name: value for name, value in given.items() if value is not None})


def _value_of(name: str) -> Callable[[str], Any]:
    def value(text: str) -> Any:
        try:
            return parse(name, text)
        except SmileError as error:
            raise argparse.ArgumentTypeError(f"it is {allowed(name)}") from error

    return value
