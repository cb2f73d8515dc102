"""Times in tables that nobody can be sure of: of a row with such the whole recording is not to be taken.

Those are columns such as "from" and "to", or "start_timestamp", whose unit is not said, and lists of
segments.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from smile.corpora.columns import TEXT_COLUMNS, cell, column_key
from smile.text.characters import unaccented

FROM = "start|begin|beginning|beginn|onset|tmin|xmin|t0|debut|anfang|inicio|from|von|desde|in"
TO = (
    "end|ending|ende|stop|offset|tmax|xmax|t1|fin|fim|final|to|bis|hasta|ate|out|"
    "duration|length|dur|duree|dauer"
)
BESIDE = (
    "time|timestamp|timecode|stamp|ts|tc|t|at|pos|position|point|mark|segment|seg|utterance|utt|clip|audio|"
    "chunk|word|sentence|speech|turn|phrase|cue|interval|annotation|region|file|wav|s|sec|secs|seconds|ms|msec|"
    "milliseconds|sample|samples|frame|frames"
)
LISTS = (
    "segment|chunk|word|timestamp|time|timecode|span|interval|offset|range|alignment|cue|region|turn|"
    "utterance"
)
BEGINS, ENDS = (re.compile(rf"(?:{BESIDE})?(?:{words})(?:{BESIDE})?") for words in (FROM, TO))
WORDS = frozenset(BESIDE.split("|"))
LISTED = re.compile(rf"(?:{LISTS})s?")
TIME = re.compile(r"-?\d[\d:.,\s]*(?:(?:h|m|min|s|sec|ms)(?:[\d:.,\s]+|$))*", re.IGNORECASE)
LONGEST = 40  # characters of a time, or of two with something between them
ONE = r"(?:\d+:)*\d+(?:[.,]\d+)?\s*(?:s|sec|ms)?"
RANGE = re.compile(
    rf"[\[(]?\s*{ONE}(?:\s*(?:-->|->|[–—;/-]|\.\.+|,\s)\s*|\s+(?:to|bis|a|à)\s+){ONE}\s*[\])]?"
)
SAYING = ("text", "word", "sentence", "transcript", "token", "char")  # in a list, what is said

PAIR = (
    'The columns "{}" and "{}" seem to say which part of the recording is meant; call them "start" and "end" '
    "and write seconds, or delete them where each file is a clip."
)
LIST = (
    'The column "{}" seems to say which parts of the recording are meant; give each a row of its own with '
    '"start" and "end" in seconds, or delete the column where each file is a clip.'
)


def doubtful(row: Mapping[str, str]) -> str:
    """Return why a row that has no times that are understood may be but a part of its recording, or ""."""
    filled = {column: value for column, value in row.items() if value.strip()}
    times = [c for c, value in filled.items() if len(value) <= LONGEST and TIME.fullmatch(value.strip())]
    begins = next((column for column in times if _is_called(column, BEGINS)), "")
    ends = next((column for column in times if _is_called(column, ENDS)), "")
    if begins and ends:
        return PAIR.format(begins, ends)
    said = _bare(cell(row, TEXT_COLUMNS) or "")
    listed = (column for column, value in filled.items() if is_list(column) and _parts(value.strip(), said))
    return next((LIST.format(column) for column in listed), "")


def is_doubtful(column: str) -> bool:
    """Return whether a column is called as those of which nobody can be sure."""
    return _is_called(column, BEGINS) or _is_called(column, ENDS) or is_list(column)


def is_list(column: str) -> bool:
    """Return whether a column is called as those that list the parts of a recording."""
    words = column_key(column).split("_")
    return any(map(LISTED.fullmatch, words)) and all(w in WORDS or LISTED.fullmatch(w) for w in words)


def _is_called(column: str, word: re.Pattern[str]) -> bool:
    """Whether a column is called by a word, and by none besides but those that say of what it is."""
    words = [w for w in column_key(column).split("_") if w not in WORDS]
    return len(words) == 1 and word.fullmatch(words[0]) is not None


def _parts(value: str, said: str) -> bool:
    """Whether a cell says where parts of a recording lie, which together are not what the row says."""
    if len(value) <= LONGEST and RANGE.fullmatch(value):
        return True
    if not value.startswith(("[", "{")):
        return False
    try:
        inside = list(_inside(json.loads(value)))
    except (ValueError, RecursionError):
        return any(map(str.isdigit, value))
    texts = _bare("".join(str(v) for key, v in inside if isinstance(v, str) and key in SAYING))
    return any(isinstance(v, int | float) for _, v in inside) and (not texts or texts != said)


def _inside(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """The values in a list or an object, at any depth, with their names."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _inside(inner, name.strip().lower())
    elif isinstance(value, list):
        for inner in value:
            yield from _inside(inner, key)
    elif not isinstance(value, bool):
        yield key, value


def _bare(text: str) -> str:
    """A text's letters and digits, without case."""
    return "".join(filter(str.isalnum, unaccented(text)))
