"""Stretches of recordings in tables: columns such as start and end, in seconds or otherwise."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping

from smile.corpora.doubtful import doubtful, is_doubtful
from smile.text.characters import unaccented

Span = tuple[float, float]  # seconds

COLUMN = re.compile(
    r"(?:(?:segment|seg|utterance|utt|clip|audio|chunk|temps|tiempo|tempo)[ _-]?(?:de[ _-]|du[ _-])?)?"
    r"(start|beginn|begin|onset|offset|tmin|xmin|debut|anfang|inicio|ende|end|stop|tmax|xmax|final|fin|fim|"
    r"duration|duree|dauer|duracion|duracao|dur|"
    r"length|longueur|lange|longitud)(?:[ _-]*(?:time|zeit))?[ _-]*(.*)"
)
STARTS = ("start", "begin", "onset", "tmin", "xmin", "beginn", "anfang", "debut", "inicio")
ENDS = ("end", "stop", "tmax", "xmax", "ende", "fin", "fim", "final")
UNITS = {
    **dict.fromkeys(
        (
            "",
            "s",
            "sec",
            "secs",
            "second",
            "seconds",
            "sekunden",
            "secondes",
            "segundos",
            "ss.msec",
            "hh:mm:ss.ms",
            "hh:mm:ss",
        ),
        1.0,
    ),
    **dict.fromkeys(("ms", "msec", "msecs", "millisecond", "milliseconds"), 0.001),
    **dict.fromkeys(("sample", "samples", "frame", "frames", "hh:mm:ss:ff"), math.nan),
}
CLOCK = re.compile(r"(?:(\d+):)?(\d+):(\d+(?:[.,]\d+)?)")

UNREADABLE = 'The time "{}" cannot be read; give seconds such as 12.5, or delete the columns of times.'
HALF = (
    "The row has {} of a stretch of its recording; give start and end in seconds, or neither, and the "
    "recording is taken whole."
)


def span(row: Mapping[str, str]) -> Span | str | None:
    """Return the stretch of its recording that a row of a table is, None for all of it, or what is wrong."""
    times = _times(row)
    if bad := next((time for time in times.values() if isinstance(time, str)), ""):
        return bad
    start, end, length = (times.get(kind) for kind in ("start", "end", "length"))
    assert not isinstance(start, str)
    assert not isinstance(end, str)
    assert not isinstance(length, str)
    if end is None and start is not None and length is not None:
        end = start + length
    if start is not None and end is not None:
        return start, end
    if end is None:
        return HALF.format("the start, but no end,") if start else doubtful(row) or None
    return HALF.format("the end, but no start,")


def spanned(columns: Iterable[str]) -> bool:
    """Return whether a table with these columns says where in a recording its rows begin and end."""
    kinds = {kind for kind, _, _ in _kinds(columns)}
    return "start" in kinds and len(kinds) > 1


def is_time(column: str) -> bool:
    """Return whether a column is called as those that say where in its recording a row is."""
    return bool(_kinds([column])) or is_doubtful(column)


def time_column(kind: str, column: str) -> str:
    """Return what to call a column that a person says holds the start, or the end: its unit stays.

    One that is understood as such keeps its name, as does a length for the end.
    """
    kinds = [known for known, _, _ in _kinds([column])]
    if kinds == [kind] or (kind, kinds) == ("end", ["length"]):
        return column.strip().lower()
    unit = next(iter(re.findall(r"[a-z]+$", unaccented(column).strip(" -_()[]."))), "")
    return f"{kind} {unit}" if unit in UNITS else kind


def _times(row: Mapping[str, str]) -> dict[str, float | str]:
    """The start, end and length of a row, as far as it has them: seconds, or why they cannot be read."""
    times: dict[str, float | str] = {}
    for kind, unit, column in _kinds(row):
        if (cell := row[column].strip()) and (kind not in times or isinstance(times[kind], str)):
            times[kind] = _seconds(cell, unit)
    if "start" not in times and "end" not in times:
        return {}  # a length alone is the recording's
    return {kind: time for kind, time in times.items() if kind != "length" or "end" not in times}


def _kinds(columns: Iterable[str]) -> list[tuple[str, float, str]]:
    """Kind, seconds of a unit and name of each column of times."""
    matches = [(COLUMN.fullmatch(unaccented(column)), column) for column in columns]
    words = [(m[1], m[2].strip(" -_()[]"), column) for m, column in matches if m]
    onsets = any(word == "onset" for word, _, _ in words)
    return [(_kind(word, onsets), UNITS[unit], column) for word, unit, column in words if unit in UNITS]


def _kind(word: str, onsets: bool) -> str:
    """What a column is of: start, end or length; an offset is an end where there are onsets."""
    if word == "offset":
        return "end" if onsets else "start"
    return "start" if word in STARTS else "end" if word in ENDS else "length"


def _seconds(cell: str, unit: float) -> float | str:
    if match := CLOCK.fullmatch(cell):
        hours, minutes, seconds = match.groups()
        return 3600 * int(hours or 0) + 60 * int(minutes) + float(seconds.replace(",", "."))
    try:
        seconds_ = float(cell.removesuffix("s").replace(",", ".")) * unit
    except ValueError:
        return UNREADABLE.format(cell[:20])
    return seconds_ if math.isfinite(seconds_) else UNREADABLE.format(cell[:20])
