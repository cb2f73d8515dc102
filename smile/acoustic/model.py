"""A pool's acoustic model: its head on the encoder's layers, searched with an n-gram of its texts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from smile.acoustic import beam
from smile.acoustic.alphabet import ORIGINAL, Form
from smile.acoustic.beam import BeamSettings, LanguageModel
from smile.acoustic.ctc import greedy, score
from smile.acoustic.head import Head
from smile.acoustic.recipe import DEFAULTS as RECIPE
from smile.acoustic.states import StatesId, Stored
from smile.acoustic.store import open_head
from smile.datatypes import DecodingResult, LayerStates, Matrix, SmileError, Utterance
from smile.lm.characters import MOST_CHARACTERS, CharacterNgram
from smile.lm.spelling import Spelling
from smile.pools.pool import Pool
from smile.whisper.model import Model

FASTEST = 100  # characters a second; a head can write 50


@dataclass(frozen=True, eq=False)
class AcousticModel:
    """A head, and how its text is searched and spelt."""

    head: Head
    lm: LanguageModel | None = None  # None: the text is greedy
    spelling: Spelling | None = None  # None: the text stays in the form that the head writes
    beam: BeamSettings = beam.DEFAULTS

    def decode(self, states: LayerStates | Stored) -> DecodingResult:
        """Return the text of layer states (layers, frames, d), with a log probability a character."""
        return self.written(self.head(states))

    def written(self, logprobs: Matrix) -> DecodingResult:
        """Return the text of log probabilities (frames, symbols), as the pool would write it."""
        text = self.text(logprobs)
        each = self.score(logprobs, text) / max(1, len(text))
        return DecodingResult((), (each,) * len(text), self.spelt(text), "end")

    def text(self, logprobs: Matrix) -> str:
        """Return the text of log probabilities (frames, symbols), in the form that the head writes."""
        alphabet = self.head.alphabet
        if self.lm is None:
            return greedy(logprobs, alphabet).strip()
        return beam.search(logprobs, alphabet, self.lm, self.beam)[0].text.strip()

    def spelt(self, text: str) -> str:
        """Return a text of the head's form as the pool would write it."""
        return self.spelling.restore(text) if self.spelling else text

    def score(self, logprobs: Matrix, text: str) -> float:
        """Return log P(text | sound) by the head alone, -inf where it cannot write the text.

        The text is brought into the form of those that the head was fitted to.
        """
        return score(logprobs, self.head.alphabet, self.head.form(text))


def language_model(texts: Iterable[str], form: Form, added: Iterable[str] = ()) -> CharacterNgram:
    """Return the language model of a pool's texts, and of those that a user adds, in one form.

    Raises:
        SmileError: the texts are too long.
    """
    written = [text for text in map(form, (*texts, *added)) if text]
    if sum(map(len, written)) > MOST_CHARACTERS:
        raise SmileError(f"The texts have more than {MOST_CHARACTERS:,} characters; give fewer.")
    return CharacterNgram(written)


def lines_of(path: Path) -> list[str]:
    """Return the lines of a text file that a user adds, such as a word list or a chapter.

    Raises:
        SmileError: it cannot be read, or is not in UTF-8.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SmileError(f"{path} cannot be read as text in UTF-8; save it as such.") from error
    return [line for line in lines if line.strip()]


def open_acoustic(pool: Pool, model: Model, normaliser: str = RECIPE.normaliser) -> AcousticModel:
    """Return the acoustic model of a pool, which has to be fitted, with the language model of its texts.

    Raises:
        PoolError: the pool has none of this encoder, its layers and windows, or of other clips.
        SmileError: the texts are too long for a language model.
    """
    head = open_head(pool, StatesId.of(model), normaliser)
    return assembled(head, spoken(pool.utterances), pool.added)


def spoken(utterances: Iterable[Utterance]) -> tuple[str, ...]:
    """Return the texts of clips, but those far too long for their sound, which would only take memory."""
    return tuple(u.text for u in utterances if not u.seconds or len(u.text) <= FASTEST * (u.seconds + 1))


@lru_cache(maxsize=8)
def assembled(head: Head, texts: tuple[str, ...], added: tuple[str, ...] = ()) -> AcousticModel:
    """Return a head with the language model of texts; the same ones are counted once."""
    spelling = None if head.form.normaliser == ORIGINAL else Spelling([*texts, *added], head.form)
    return AcousticModel(head, language_model(texts, head.form, added), spelling)
