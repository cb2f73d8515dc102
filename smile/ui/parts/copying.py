"""Buttons that put a text on the clipboard; the page's script listens for them."""

from __future__ import annotations

from markupsafe import Markup

BUTTON = Markup(
    '<button type="button" class="copy" data-text="{text}" aria-label="Copy {what}">Copy</button>'
)


def copy_button(text: str, what: str) -> Markup:
    """Return a button that copies a text, which screen readers call `what`; nothing where there is none."""
    return BUTTON.format(text=text, what=what) if text.strip() else Markup()
