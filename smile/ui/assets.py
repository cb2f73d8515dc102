"""The page's own scripts and style sheets, one idea a file, in the order in which they go by each other."""

from __future__ import annotations

from pathlib import Path

from smile.paths import ASSETS

SCRIPTS = (
    "texts",
    "address",
    "terms",
    "opening",
    "keyboard",
    "focus",
    "showing",
    "answers",
    "copying",
    "asking",
    "announcing",
    "tidying",
    "whole",
    "naming",
    "notes",
    "files",
    "microphone",
    "sending",
    "live",
    "own",
    "comparing",
)  # of every page
WITHIN = ("map", "waveform", "editing")  # of HTML components, which run as these appear
STYLES = ("page", "transcripts", "map", "results", "narrow", "compare", "own", "waveform")


def script(*names: str) -> str:
    """Return scripts, one after the other."""
    return "\n".join((ASSETS / "scripts" / f"{name}.js").read_text(encoding="utf-8") for name in names)


def styles() -> list[Path]:
    """Return the style sheets; later ones go before earlier ones."""
    return [ASSETS / "styles" / f"{name}.css" for name in STYLES]
