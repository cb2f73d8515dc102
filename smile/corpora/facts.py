"""What a row of a table says besides its recording and text: language, split, id and speaker."""

from __future__ import annotations

from collections.abc import Mapping

from smile.corpora.columns import cell
from smile.text.languages import iso_code
from smile.text.normalisers import one_line
from smile.util.spreadsheet import is_error

Row = Mapping[str, str]

LANGUAGE_COLUMNS = (
    *("language", "lang", "locale", "language_code", "lang_code", "language_id", "lang_id", "iso"),
    *("iso_code", "iso639_3", "iso_639_3", "iso639", "langue", "sprache", "idioma", "lengua", "lingua"),
)
SPLIT = ("split",)  # whatever stands there
SET_COLUMNS = (
    "set",
    "subset",
    "partition",
    "data_split",
    "dataset_split",
)  # where a usual split stands there
SETS = ("train", "dev", "valid", "validation", "eval", "test")  # as they are called
SAME = {"training": "train", "development": "dev", "testing": "test", "evaluation": "eval"}


def language_of(row: Row) -> str:
    """Return the ISO 639-3 code of a row's language, whether it has a code, a locale or a name; else ""."""
    return iso_code(_value(row, LANGUAGE_COLUMNS))


def split_of(row: Row) -> str:
    """Return the split that a row belongs to; empty where it says none."""
    if said := _value(row, SPLIT):
        return said
    small = _value(row, SET_COLUMNS).lower()
    small = SAME.get(small, small)
    return small if small in SETS else ""


def details(row: Row) -> tuple[str, str]:
    """Return a row's id and speaker, each empty where it says none."""
    return _value(row, ("id",)), one_line(_value(row, ("speaker",)))


def _value(row: Row, names: tuple[str, ...]) -> str:
    said = cell(row, names) or ""
    return "" if is_error(said) else said
