"""The level `combined`: of texts that heads and decoder propose, the one that both find likeliest.

A text y is worth s t A(y) + (1 - s) log P(y | prompt): A is what the acoustic model makes of it, with its
n-gram, t how much it counts beside this decoder, and P what the decoder says of its tokens behind the
examples, kNN-LM included. It is joint CTC/attention decoding (Watanabe et al. 2017) over a list.

A decoder that finds the pool's own texts likely knows the language and is believed; of one that finds them
unlikely little is. So t is (n / 2)^1.5, at most 1, where n is the decoder's nats a character of the pool's
texts, each read behind other clips; by docs/acoustic-tried.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smile.acoustic.model import AcousticModel
from smile.datatypes import DecodingResult, Matrix
from smile.decoding.control import knn_of
from smile.decoding.knn.datastore import Datastore, KnnLM
from smile.decoding.knn.store import open_store, present
from smile.decoding.knn.teacher_forcing import ClipStates
from smile.pools.pool import Pool
from smile.settings import Settings
from smile.whisper.model import Model

CANDIDATES = 12  # of the heads' texts; the transcript behind the examples comes beside them
LEAST = -1e9  # what a text is worth that the sound cannot hold
STRANGE = 2.0  # nats a character from which on a language is one that the decoder does not know
STEEP = 1.5
JUDGE = 0.1  # how much heads have to count beside a decoder to say how sure its words are
Read = Callable[
    [Sequence[str]], list[ClipStates]
]  # texts as they are written -> what the decoder says of them


@dataclass(frozen=True, eq=False)
class Joint:
    """What a clip's texts are judged by."""

    acoustic: AcousticModel
    heard: tuple[Matrix, ...]  # log probabilities (frames, symbols) of each head
    knn: KnnLM | None
    share: float  # s, the weight of the acoustic model, 0 to 1
    trust: float  # t

    def chosen(self, behind: DecodingResult, read: Read) -> DecodingResult:
        """Return the text that is worth most, of the heads' and that `behind` the examples."""
        own = self.acoustic.head.form(behind.text)
        texts, worth = self._candidates(own)
        said = np.array([self._said(each) for each in read([self.acoustic.spelt(text) for text in texts])])
        text = texts[int(np.argmax(self.share * self.trust * worth + (1 - self.share) * said))]
        return behind if text == own else self.acoustic.result(text, self.heard)

    def _candidates(self, behind: str) -> tuple[list[str], NDArray[np.float64]]:
        """Return texts in the heads' form, each once, and what the acoustic model makes of them."""
        texts, worth = self.acoustic.kept(self.heard, (behind,))
        best = np.argsort(-worth, kind="stable")[:CANDIDATES].tolist()
        numbers = dict.fromkeys([*best, texts.index(behind)])
        return [texts[i] for i in numbers], np.maximum(worth[[*numbers]], LEAST)

    def _said(self, read: ClipStates) -> float:
        """Return what the decoder says of a text, log P."""
        logprob = read.logprob.astype(np.float64)
        if self.knn:
            keys = read.keys.astype(np.float32)
            top, tokens = read.top.astype(np.float64), read.tokens.astype(np.int64)
            logprob = self.knn.logprobs(keys, tokens, logprob, top)
        return float(logprob.sum())


def joint_of(
    acoustic: AcousticModel, heard: tuple[Matrix, ...], model: Model, settings: Settings, pool: Pool
) -> Joint:
    """Return what judges a clip that the heads have heard.

    Raises:
        PoolError: a kNN-LM is asked for and the pool has no datastore of this model.
    """
    knn, store = knn_of(model, settings, pool), _store(pool, model)
    return Joint(acoustic, heard, knn, settings.acoustic_share, trust(acoustic, store, pool))


def _store(pool: Pool, model: Model) -> Datastore | None:
    """Return what the model has read of a pool; None where that could not be kept."""
    return open_store(pool, model) if present(pool, model) else None


def trust(acoustic: AcousticModel, store: Datastore | None, pool: Pool) -> float:
    """Return how much an acoustic model counts beside the decoder that has read the pool's texts, 0 to 1.

    Beside one that has not, it counts as beside one that does not know the language.
    """
    if store is None:
        return acoustic.trust
    characters = max(1, sum(len(u.text) for u in pool.utterances))
    return acoustic.trust * min(1.0, (max(0.0, store.nats) / characters / STRANGE) ** STEEP)


def can_judge(acoustic: AcousticModel, model: Model, pool: Pool) -> bool:
    """Return whether heads can tell right words of the decoder from wrong ones.

    Those of a dozen German clips find no word likely, and nearly all are right.
    """
    return trust(acoustic, _store(pool, model), pool) >= JUDGE
