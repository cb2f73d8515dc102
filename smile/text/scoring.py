"""Character and word error rates of a transcript, and its alignment with the reference for display."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Literal, cast

import jiwer
import regex

from smile.text import normalisers as text

Kind = Literal["equal", "substitute", "insert", "delete"]


@dataclass(frozen=True)
class Score:
    """The errors of one transcript; rates above 1 are possible."""

    edits: int  # characters substituted, inserted and deleted
    length: int  # characters of the normalised reference
    word_edits: int
    words: int  # of the normalised reference
    normaliser: str  # its stamp, such as "plain/1"

    @property
    def cer(self) -> float | None:
        """Return the character error rate; None where the reference is empty, so the clip does not count."""
        return self.edits / self.length if self.length else None

    @property
    def wer(self) -> float | None:
        """Return the word error rate; None where the reference is empty.

        It says little of scripts without spaces.
        """
        return self.word_edits / self.words if self.words else None


@dataclass(frozen=True)
class Chunk:
    """A stretch of an alignment; an inserted one has no reference, a deleted one no hypothesis."""

    kind: Kind
    reference: str
    hypothesis: str


def score(reference: str, hypothesis: str, normaliser: str = "plain", language: str = "") -> Score:
    """Score a transcript after normalising both sides, in Unicode code points and in words, by jiwer.

    Spaces count as characters, as everywhere in jiwer and ML-SUPERB. `language` is ISO 639-3. An empty
    reference scores its insertions over a length of 0.
    """
    return score_by(text.find(normaliser), reference, hypothesis, language)


def score_by(chosen: text.Normaliser, reference: str, hypothesis: str, language: str = "") -> Score:
    """Score a transcript after a normaliser, which may be one of an older version; see `score`."""
    wanted, written = chosen.apply(reference, language), chosen.apply(hypothesis, language)
    characters = jiwer.process_characters(wanted, written)
    words = jiwer.process_words(wanted, written)
    return Score(
        edits=characters.substitutions + characters.insertions + characters.deletions,
        length=len(characters.references[0]),
        word_edits=words.substitutions + words.insertions + words.deletions,
        words=len(words.references[0]),
        normaliser=chosen.stamp,
    )


def align(reference: str, hypothesis: str) -> list[Chunk]:
    """Align two texts, as they stand, by what a reader sees as one character (extended grapheme clusters).

    Marks stay with their base letter, and canonically equivalent spellings are equal. The chunks' texts
    joined give both texts back.
    """
    references, hypotheses = _clusters(reference), _clusters(hypothesis)
    alignment = jiwer.process_words(
        reference, hypothesis, reference_transform=_ToClusters(), hypothesis_transform=_ToClusters()
    ).alignments[0]
    return [
        Chunk(
            cast(Kind, chunk.type),
            "".join(references[chunk.ref_start_idx : chunk.ref_end_idx]),
            "".join(hypotheses[chunk.hyp_start_idx : chunk.hyp_end_idx]),
        )
        for chunk in alignment
    ]


def _clusters(string: str) -> list[str]:
    return cast(list[str], regex.findall(r"\X", string))


class _ToClusters(jiwer.ReduceToListOfListOfChars):
    """jiwer's transform to items that are compared, with clusters, in NFC, in place of code points."""

    def process_string(self, s: str) -> list[list[str]]:
        return [[unicodedata.normalize("NFC", cluster) for cluster in _clusters(s)]]
