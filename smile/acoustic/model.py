"""A pool's acoustic model: heads on the encoder's layers, searched with an n-gram of its texts.

Each head proposes the texts of its beam; the one that all find likeliest on average is taken. Likelihoods are
sums over alignments, so it does not matter that heads see a character in different frames, which makes a mean
of their frames useless.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from math import inf
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from smile.acoustic import beam
from smile.acoustic.alphabet import ORIGINAL, Form
from smile.acoustic.beam import BeamSettings, LanguageModel
from smile.acoustic.ctc import greedy, log_likelihoods, score
from smile.acoustic.head import Head
from smile.acoustic.pretrained import LITTLE
from smile.acoustic.recipe import DEFAULTS as RECIPE
from smile.acoustic.states import StatesId, Stored
from smile.acoustic.store import open_heads
from smile.corpora.plain import text_of
from smile.datatypes import DecodingResult, LayerStates, Matrix, SmileError, Utterance
from smile.lm.characters import MOST_CHARACTERS, CharacterNgram
from smile.lm.spelling import Spelling
from smile.pools.pool import Pool
from smile.whisper.model import Model

FASTEST = 100  # characters a second; a head can write 50
UNSEEN = 2.0  # nats that a word costs which no text has
TRUST_OF_LITTLE = 0.5  # by docs/acoustic-tried.md; heads of little speech are surer than they are right


@dataclass(frozen=True, eq=False)
class AcousticModel:
    """Heads of one alphabet, and how their text is searched and spelt."""

    head: Head  # the first, by which times and single texts are told
    lm: LanguageModel | None = None  # None: the text is greedy
    spelling: Spelling | None = None  # None: the text stays in the form that the head writes
    beam: BeamSettings = beam.DEFAULTS
    others: tuple[Head, ...] = ()
    words: frozenset[str] = frozenset()  # of the texts, in the heads' form; empty: none is told from others
    trust: float = 1.0  # how much the heads count beside another model, which is less of little speech

    def logprobs(self, states: LayerStates | Stored) -> tuple[Matrix, ...]:
        """Return what each head makes of layer states (layers, frames, d): log probabilities each."""
        return tuple(head(states) for head in (self.head, *self.others))

    def heard(self, readings: Iterable[LayerStates | Stored]) -> tuple[Matrix, ...]:
        """Return what each head makes of a clip's layer states at each speed, the first speed's first."""
        return tuple(chain.from_iterable(map(self.logprobs, readings)))

    def decode(self, *readings: LayerStates | Stored) -> DecodingResult:
        """Return the text of a clip's layer states (layers, frames, d) at each speed.

        It has a log probability a character.
        """
        return self.written(*self.heard(readings))

    def written(self, *logprobs: Matrix) -> DecodingResult:
        """Return the text of log probabilities (frames, symbols) of each head, as the pool would write it."""
        text, heard = self._best(logprobs)
        return self._result(text, heard)

    def result(self, text: str, logprobs: Sequence[Matrix]) -> DecodingResult:
        """Return a text of the heads' form as the pool would write it, with their log probability of it."""
        return self._result(text, float(self._likelihoods([text], logprobs)[0]))

    def _result(self, text: str, heard: float) -> DecodingResult:
        each = heard / max(1, len(text))
        return DecodingResult((), (each,) * len(text), self.spelt(text), "end")

    def text(self, *logprobs: Matrix) -> str:
        """Return the text of log probabilities (frames, symbols) of each head, in the form that it writes.

        Without a language model it is the first head's, greedy.
        """
        return self._best(logprobs)[0]

    def _best(self, logprobs: Sequence[Matrix]) -> tuple[str, float]:
        """Return the text that is taken, and its mean log likelihood by the heads."""
        if self.lm is None:
            texts = [greedy(logprobs[0], self.head.alphabet).strip()]
        else:
            texts = self._proposed(logprobs)
        heard = self._likelihoods(texts, logprobs)
        best = int(np.argmax(self._worth(texts, heard))) if len(texts) > 1 else 0
        return texts[best], float(heard[best])

    def kept(
        self, logprobs: Sequence[Matrix], also: Sequence[str] = ()
    ) -> tuple[list[str], NDArray[np.float64]]:
        """Return the texts that the search has kept, of all heads, and what each is worth (texts,).

        Others in the heads' form come after them. Of these the heads pass over characters that they cannot
        write, whose price is the language model's.
        """
        texts = list(dict.fromkeys([*self._proposed(logprobs), *also]))
        return texts, self._worth(texts, self._likelihoods(texts, logprobs))

    def _proposed(self, logprobs: Sequence[Matrix]) -> list[str]:
        """Return the texts of all heads' beams, each once."""
        lists = [beam.search(one, self.head.alphabet, self.lm, self.beam) for one in logprobs]
        return list(dict.fromkeys(kept.text.strip() for kept in chain.from_iterable(lists)))

    def _likelihoods(self, texts: Sequence[str], logprobs: Sequence[Matrix]) -> NDArray[np.float64]:
        """Return the mean log likelihood of texts by the heads (texts,)."""
        labels = [self.head.alphabet.encode(text) for text in texts]
        return np.asarray(log_likelihoods(logprobs, labels).mean(axis=0))

    def _worth(self, texts: Sequence[str], heard: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what texts are worth: mean log likelihood, language model, length, and words unseen."""
        spoken = [self.lm.score(text) if self.lm else 0.0 for text in texts]
        unseen = [sum(w not in self.words for w in t.split()) if self.words else 0 for t in texts]
        lengths = np.array([len(text) for text in texts])
        worth = heard + self.beam.weight * np.array(spoken) + self.beam.bonus * lengths
        return np.asarray(worth - UNSEEN * np.array(unseen), np.float64)

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


def lines_of(path: Path, encoding: str = "") -> list[str]:
    """Return the lines of a text file that a user adds, such as a word list or a chapter.

    Raises:
        SmileError: it cannot be read, or is neither in UTF-8 or UTF-16 nor in the encoding that is named.
    """
    return [line for line in text_of(path, encoding).splitlines() if line.strip()]


def open_acoustic(pool: Pool, model: Model, normaliser: str = RECIPE.normaliser) -> AcousticModel:
    """Return the acoustic model of a pool, which has to be fitted, with the language model of its texts.

    Raises:
        PoolError: the pool has none of this encoder, its layers and windows, or of other clips.
        SmileError: the texts are too long for a language model.
    """
    heads = open_heads(pool, StatesId.of(model), normaliser)
    return assembled(heads, spoken(pool.utterances), pool.added, 60 * pool.minutes)


def spoken(utterances: Iterable[Utterance]) -> tuple[str, ...]:
    """Return the texts of clips, but those far too long for their sound, which would only take memory."""
    return tuple(u.text for u in utterances if not u.seconds or len(u.text) <= FASTEST * (u.seconds + 1))


@lru_cache(maxsize=8)
def assembled(
    heads: tuple[Head, ...], texts: tuple[str, ...], added: tuple[str, ...] = (), seconds: float = inf
) -> AcousticModel:
    """Return heads, fitted to so many seconds of speech, with the language model of texts.

    The same ones are counted once.
    """
    form, every = heads[0].form, (*texts, *added)
    spelling = None if form.normaliser == ORIGINAL else Spelling(every, form)
    words = frozenset(word for text in every for word in form(text).split())
    lm = language_model(texts, form, added)
    trust = TRUST_OF_LITTLE if seconds < LITTLE else 1.0
    return AcousticModel(heads[0], lm, spelling, others=heads[1:], words=words, trust=trust)
