"""What reading a corpus gives: its good rows as utterances, and its bad ones with the reason."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from smile.corpora.letters import UNREADABLE, damaged
from smile.datatypes import CorpusError, Utterance
from smile.util.names import identifier
from smile.util.spreadsheet import is_error

NO_TEXT = "The row has no text."
NO_VALUE = 'The row has no text but a spreadsheet\'s error, "{}"; correct its formula, or write the text.'
LONGEST_TEXT = 5_000  # characters of a clip's text; half a minute of fast speech has some 800
TEXTS = 'with another text; keep the right one, or say in columns "start" and "end" where each is spoken.'
Outcome = tuple[int, Utterance | str]  # line, and the utterance or the reason why there is none


@dataclass(frozen=True)
class Rejected:
    """A row that cannot be used: its line, counted from 1, and one sentence that says why."""

    line: int
    reason: str


@dataclass(frozen=True)
class Reading:
    """What a corpus holds: its good rows, the line of each, and its bad ones."""

    utterances: tuple[Utterance, ...]
    lines: tuple[int, ...]
    rejected: tuple[Rejected, ...] = ()

    @classmethod
    def of(cls, utterances: Sequence[Utterance]) -> Reading:
        """Make a reading of utterances that do not come from a file, numbered from 1."""
        return parted(enumerate(utterances, start=1))


@dataclass(frozen=True)
class Splits:
    """The names of a kind of corpus's splits, for where nobody names one."""

    examples: str
    validation: str
    targets: str


class Corpus(Protocol):
    """Labelled recordings by language and split."""

    name: str
    splits: Splits

    def languages(self, split: str = "") -> tuple[str, ...]:
        """Return the sorted names of the languages with rows in a split: ISO 639-3 codes, or "corpus/code".

        Raises:
            CorpusError: there is no such corpus or split.
        """
        ...

    def read(self, language: str = "", split: str = "") -> Reading:
        """Read the rows of a language ("": of the only one) and a split ("": the one of the examples).

        Raises:
            CorpusError: there is no such language or split, or not one row of it is good.
        """
        ...

    def place(self, language: str, split: str) -> Path:
        """Return a path that stands for these rows.

        What is made of them may be kept under a name made of it.
        """
        ...


def gathered(source: str | Path, rows: Iterable[Outcome]) -> Reading:
    """Gather rows as a reading.

    Raises:
        CorpusError: not one of them is good.
    """
    reading = parted(rows)
    if reading.utterances:
        return reading
    first = reading.rejected[0] if reading.rejected else Rejected(1, "There are no rows.")
    raise CorpusError(f"{source} holds no clip that can be used; line {first.line}: {first.reason}")


def apart(targets: Sequence[Utterance], examples: Sequence[Utterance]) -> None:
    """Make sure that no recording is both a target and an example.

    Raises:
        CorpusError: one is.
    """
    known = {u.audio.resolve() for u in examples}
    if shared := [u for u in targets if u.audio.resolve() in known]:
        raise CorpusError(
            f"{len(shared)} clips, such as {shared[0].id}, are both targets and examples; choose two splits "
            'that share none (in a table, by its column "split").'
        )


def parted(rows: Iterable[Outcome]) -> Reading:
    """Part good rows from bad ones; an utterance without an id gets one from its file's name.

    Of rows with one recording and one text the first is good; with several texts nobody knows which is the
    recording's, and all are bad.
    """
    good: dict[str, tuple[int, Utterance]] = {}
    recordings: dict[Path, str] = {}
    names, rejected, doubted = Names(), [], dict[str, Rejected]()
    for line, row in rows:
        reason = row if isinstance(row, str) else _fault(row, good) or _other_row(row, good, recordings)
        if isinstance(row, str) or reason:
            rejected.append(Rejected(line, reason))
            if isinstance(row, Utterance) and reason.endswith(TEXTS):
                first = recordings[row.audio.resolve()]
                doubted.setdefault(first, Rejected(good[first][0], _two_texts(line, row)))
            continue
        name = names.take(row.id or row.audio.stem)
        good[name] = line, replace(row, id=name)
        recordings[row.audio.resolve()] = name
    for name, refused in doubted.items():
        del good[name]
        rejected.append(refused)
    lines, utterances = zip(*good.values(), strict=True) if good else ((), ())
    return Reading(utterances, lines, tuple(sorted(rejected, key=lambda row: row.line)))


def _fault(row: Utterance, good: dict[str, tuple[int, Utterance]]) -> str:
    """Why an utterance cannot be used, or not by its id; empty where it can."""
    if not has_text(row.text):
        return NO_TEXT
    if is_error(row.text):
        return NO_VALUE.format(row.text)
    if len(row.text) > LONGEST_TEXT:
        return f"The text has {len(row.text):,} characters; cut the clip, so that it has {LONGEST_TEXT:,}."
    if damaged(row.text):
        return UNREADABLE
    try:
        identifier(row.id or row.audio.stem)
    except ValueError as error:
        return str(error)
    if row.id in good:
        return f'Line {good[row.id][0]} has the same id, "{row.id}".'
    return ""


def _other_row(row: Utterance, good: dict[str, tuple[int, Utterance]], recordings: dict[Path, str]) -> str:
    """Why an utterance cannot stand beside one with its recording; empty where there is none."""
    if (name := recordings.get(row.audio.resolve())) is None:
        return ""
    line, first = good[name]
    if first.text != row.text:
        return _two_texts(line, row)
    return f'Line {line} has the same recording, "{row.audio.name}".'


def _two_texts(line: int, row: Utterance) -> str:
    return f'Line {line} has the same recording, "{row.audio.name}", {TEXTS}'


def has_text(text: str) -> bool:
    """Return whether anything is said in a text: it has a letter or a digit of any script."""
    return any(map(str.isalnum, text))


class Names:
    """Names that are taken, each once."""

    def __init__(self, taken: Iterable[str] = ()):
        self._taken = set(taken)
        self._next: dict[str, int] = {}  # by name, the number to try next: those before are taken

    def __contains__(self, name: str) -> bool:
        return name in self._taken

    def take(self, name: str) -> str:
        """Take the name, numbered from 2 on where it is taken, and return it."""
        fresh, number = name, self._next.get(name, 2)
        while fresh in self._taken:
            fresh, number = f"{name}-{number}", number + 1
            self._next[name] = number
        self._taken.add(fresh)
        return fresh
