"""Answers of events, in the language that the browser of the visitor asks for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from smile.ui.i18n.catalogue import LANGUAGE, Catalogue, french
from smile.ui.i18n.figures import translated_figure
from smile.ui.i18n.page import READ, SHOWING, in_language

PLOTLY = "plotly"  # what gradio calls a figure of it
READER: ContextVar[Catalogue | None] = ContextVar("reader", default=None)


@contextmanager
def reading(request: Any) -> Iterator[None]:
    """Answer in the language of a request while this lasts."""
    token = READER.set(asked(request))
    try:
        yield
    finally:
        READER.reset(token)


def asked(request: Any) -> Catalogue | None:
    """Return the catalogue of the language that a request prefers; None for English and all others."""
    headers = getattr(request, "headers", None) or {}
    return french() if preferred(headers.get("accept-language", "")) == LANGUAGE else None


def preferred(header: str) -> str:
    """Return the first language of an `Accept-Language`, as browsers order them, without its region."""
    return header.split(",")[0].split(";")[0].strip().split("-")[0].lower()


def said(sentence: str) -> str:
    """Return a sentence in the language of the request at hand, where there is one and it is known."""
    catalogue = READER.get()
    return (catalogue and catalogue.text(sentence)) or sentence


def translated_answer(outputs: Sequence[Any], data: list[Any]) -> list[Any]:
    """Return what an event answers with, in the language of its request."""
    catalogue = READER.get()
    if catalogue is None:
        return data
    return [_answer(block, value, catalogue) for block, value in zip(outputs, data, strict=True)]


def _answer(block: Any, value: Any, catalogue: Catalogue) -> Any:
    kind = block.get_block_name()
    if isinstance(value, dict) and value.get("__type__") == "update":
        return {name: _property(kind, name, part, catalogue) for name, part in value.items()}
    return _property(kind, "value", value, catalogue)


def _property(kind: str, name: str, value: Any, catalogue: Catalogue) -> Any:
    if name == "choices" and isinstance(value, list | tuple):
        return [_choice(choice, catalogue) for choice in value]
    if kind == "plot" and name == "value" and isinstance(value, dict) and value.get("type") == PLOTLY:
        return {**value, "plot": translated_figure(value["plot"], catalogue)}
    is_read = name in READ or (name == "value" and kind in SHOWING)
    if not is_read or not isinstance(value, str):
        return value
    return in_language(kind, name, value, catalogue)


def _choice(choice: Any, catalogue: Catalogue) -> Any:
    label, value = choice if isinstance(choice, list | tuple) else (choice, choice)
    new = catalogue.text(label) if isinstance(label, str) else None
    return choice if new is None else (new, value)
