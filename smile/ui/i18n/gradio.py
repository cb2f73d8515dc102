"""Gradio's own texts, by its keys, in place of those that say another thing than the page."""

from __future__ import annotations

import tomllib

from smile.ui.i18n.catalogue import LANGUAGE, LOCALES, typeset


def texts() -> dict[str, str]:
    """Return the texts by their keys."""
    known = tomllib.loads((LOCALES / "gradio.toml").read_text(encoding="utf-8"))[LANGUAGE]
    return {key: typeset(text) for key, text in known.items()}
