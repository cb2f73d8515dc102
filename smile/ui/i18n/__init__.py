"""The page in the visitor's language: the source is English, a catalogue says it in another."""

from smile.ui.i18n.answers import reading, said, translated_answer
from smile.ui.i18n.catalogue import Catalogue, french
from smile.ui.i18n.page import marked, unmarked, wordings

__all__ = [
    "Catalogue",
    "french",
    "marked",
    "reading",
    "said",
    "translated_answer",
    "unmarked",
    "wordings",
]
