"""How much work is left in a transcript: the keystrokes that put it right, a minute of speech.

A correction is scripted: characters as they are written (NFC, capitals and punctuation with them) are
inserted, deleted and replaced by the least number of edits, and each run of edits is one place to go to.
Where typing the whole utterance anew takes less, it is typed anew. References come from the rows' corpora.

    smile results keystrokes precomputed/levels --data ML_SUPERB
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rapidfuzz.distance import Levenshtein

from smile.audio.length import stated_seconds
from smile.corpora import Corpus
from smile.datatypes import SmileError, Utterance
from smile.evaluation.rescoring import counts

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Typing:
    """What an edit costs, in seconds: assumptions, the same for all transcripts; they are no measurement."""

    key: float = 0.25  # a character inserted or deleted; replacing one is both
    place: float = 1.5  # to find a place and go to it


TYPIST = Typing()


@dataclass
class Work:
    """The edits of a condition's transcripts, added up."""

    typing: Typing = TYPIST
    clips: int = 0
    speech: float = 0.0  # seconds
    inserted: int = 0
    deleted: int = 0
    replaced: int = 0
    places: int = 0
    seconds: float = 0.0  # of correcting
    anew: float = 0.0  # seconds of typing all from nothing

    def add(self, reference: str, text: str, seconds: float) -> None:
        """Count what puts a transcript of so many seconds of speech right."""
        inserted, deleted, replaced, places = edits(text, reference)
        keys, nothing = inserted + deleted + 2 * replaced, len(_written(reference))
        correcting = keys * self.typing.key + places * self.typing.place
        anew = nothing * self.typing.key + self.typing.place
        self.clips, self.speech = self.clips + 1, self.speech + seconds
        self.inserted, self.deleted = self.inserted + inserted, self.deleted + deleted
        self.replaced, self.places = self.replaced + replaced, self.places + places
        self.seconds, self.anew = self.seconds + min(correcting, anew), self.anew + anew

    def row(self) -> dict[str, Any]:
        """Return the figures a minute of speech."""
        minutes = self.speech / 60
        return {
            "clips": self.clips,
            "minutes": minutes,
            "inserted": self.inserted / minutes,
            "deleted": self.deleted / minutes,
            "replaced": self.replaced / minutes,
            "places": self.places / minutes,
            "seconds": self.seconds / minutes,
            "typed_anew": self.anew / minutes,
            "left": 100 * self.seconds / self.anew,
        }


def edits(text: str, reference: str) -> tuple[int, int, int, int]:
    """Return how many characters are inserted, deleted and replaced, and in how many places."""
    inserted = deleted = replaced = places = 0
    changing = False
    for step in Levenshtein.opcodes(_written(text), _written(reference)):
        places += step.tag != "equal" and not changing
        changing = step.tag != "equal"
        inserted += step.dest_end - step.dest_start if step.tag == "insert" else 0
        deleted += step.src_end - step.src_start if step.tag == "delete" else 0
        replaced += step.src_end - step.src_start if step.tag == "replace" else 0
    return inserted, deleted, replaced, places


def _written(text: str) -> str:
    return unicodedata.normalize("NFC", " ".join(text.split()))


def keystrokes(rows: pd.DataFrame, corpora: Sequence[Corpus], typing: Typing = TYPIST) -> pd.DataFrame:
    """Return a line for each language and condition; rows of languages that no corpus has are left out.

    Raises:
        SmileError: a row's reference does not give the edits that it was scored with, or no corpus has any.
    """
    import pandas as pd

    lines: list[dict[str, Any]] = []
    for (language, split), group in rows[rows["error"] == ""].groupby(["language", "split"], sort=True):
        clips = _clips(corpora, str(language), str(split))
        for condition, some in group.groupby("condition", sort=True) if clips else ():
            work = _work(some.to_dict("records"), clips, typing)
            lines.append({"language": language, "condition": condition, **work.row()})
    if not lines:
        raise SmileError("No corpus has the clips of these rows; name the one that they were made of.")
    return pd.DataFrame(lines)


def _work(rows: Iterable[dict[Any, Any]], clips: dict[str, Utterance], typing: Typing) -> Work:
    """The work that a condition's transcripts of a language leave."""
    work = Work(typing)
    for row in rows:
        clip = clips.get(row["id"])
        if clip is None:
            raise SmileError(f"The corpus has no clip {row['id']}; name the one that the rows were made of.")
        scored = counts(clip.text, row["hypothesis"], row["language"], row["normalisers"])
        if any(row[name] != value for name, value in scored.items()):
            raise SmileError(
                f"The text of {row['id']} does not give the edits of its row; name the corpus that the rows "
                "were made of, as it was then."
            )
        work.add(clip.text, row["hypothesis"], stated_seconds(clip.audio) or 0.0)
    return work


def _clips(corpora: Sequence[Corpus], language: str, split: str) -> dict[str, Utterance]:
    """The clips of a language and split by id."""
    return {
        utterance.id: utterance
        for corpus in corpora
        for name in corpus.languages(split)
        if name.rpartition("/")[2] == language
        for utterance in corpus.read(name, split).utterances
    }
