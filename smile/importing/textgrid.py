"""Praat's TextGrid, long or short: as Praat itself, only free-standing strings, numbers and flags are read.

Everything else in the file is comment (Praat's manual, "TextGrid file formats"). Point tiers have no
lengths to cut at, and are passed over. Backslash trigraphs are read as the letters that Praat shows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from smile.corpora.plain import decoded
from smile.datatypes import CorpusError
from smile.importing.annotations import Annotated, Annotation, Tier, check_counts, read_bytes
from smile.importing.limits import STRANGERS, Limits
from smile.text.normalisers import one_line
from smile.text.praat import spelt_out

BINARY = b"ooBinaryFile"
KINDS = ("ooTextFile", "ooTextFile short")  # the latter is praatIO's and the Penn aligner's
TOKEN = re.compile(r'"((?:[^"]++|"")*+)"|(?<!\S)(-?\d[\d.eE+-]*)(?!\S)|(?<!\S)<(\w+)>(?!\S)|![^\n]*')


def read_textgrid(path: Path, limits: Limits = STRANGERS, encoding: str = "") -> Annotated:
    """Read a TextGrid; `encoding` is that of one of 8 bits, where a person names it.

    Raises:
        CorpusError: it cannot be read, is binary, cut short or no TextGrid, or has too many intervals; or it
            is in an encoding of 8 bits and nobody names the right one, which older Praats do not say.
    """
    data = read_bytes(path)
    if data.startswith(BINARY):
        raise CorpusError(f"{path.name} is a binary TextGrid; save it in Praat as a text file.")
    try:
        tokens = _tokens(decoded(path, data, encoding))
        bounds = _bounds(tokens)
        tiers = tuple(_renamed(_tiers(path, tokens, limits)))
    except CorpusError:
        raise
    except (StopIteration, RuntimeError, ValueError, OverflowError) as error:
        raise CorpusError(f"{path.name} is damaged or no TextGrid; save it again in Praat.") from error
    return Annotated(path, tiers, bounds=bounds)


def _tokens(text: str) -> Iterator[str | float]:
    """Strings, without their quotation marks, and numbers; a flag such as <exists> is a string with them."""
    for match in TOKEN.finditer(text):
        string, number, flag = match.groups()
        if string is not None:
            yield string.replace('""', '"')
        elif number is not None:
            yield float(number)
        elif flag is not None:
            yield f"<{flag}>"


def _bounds(tokens: Iterator[str | float]) -> tuple[float, float]:
    """From where to where the times go, in seconds."""
    if _string(tokens) not in KINDS or _string(tokens) != "TextGrid":
        raise ValueError("not a TextGrid")
    return _number(tokens), _number(tokens)


def _tiers(path: Path, tokens: Iterator[str | float], limits: Limits) -> Iterator[Tier]:
    """The tiers of intervals; the file says before each tier how much it holds."""
    if _string(tokens) != "<exists>":
        return
    tiers, annotations = int(_number(tokens)), 0
    for _ in range(tiers):
        kind, name = _string(tokens), _string(tokens)
        _number(tokens), _number(tokens)
        size = int(_number(tokens))
        annotations += max(0, size)
        check_counts(path, annotations, tiers, limits)
        if kind == "IntervalTier":
            intervals = [(_number(tokens), _number(tokens), _string(tokens)) for _ in range(size)]
            yield Tier(name, tuple(Annotation(start, end, _said(text)) for start, end, text in intervals))
        elif kind == "TextTier":
            for _ in range(size):
                _number(tokens), _string(tokens)
        else:
            raise ValueError(kind)


def _said(text: str) -> str:
    """What an interval says, in letters where Praat writes signs for them."""
    return one_line(spelt_out(text))


def _renamed(tiers: Iterable[Tier]) -> Iterator[Tier]:
    """The tiers, those of one name numbered, so that one can be chosen."""
    seen: dict[str, int] = {}
    for tier in tiers:
        count = seen[tier.name] = seen.get(tier.name, 0) + 1
        yield tier if count == 1 else replace(tier, name=f"{tier.name} ({count})")


def _string(tokens: Iterator[str | float]) -> str:
    token = next(tokens)
    if not isinstance(token, str):
        raise ValueError(token)
    return token


def _number(tokens: Iterator[str | float]) -> float:
    token = next(tokens)
    if isinstance(token, str):
        raise ValueError(token)
    return token
