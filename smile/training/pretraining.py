"""Pre-trains what acoustic heads begin with: a head that writes the letters of all languages, by CTC.

Each language says its letters a little differently: its output layer is the common one and a difference
of its own, which is left out in the end. The layers' mix stays even. Where it is learned, the top layer,
which knows the languages that Whisper knows, takes most of it, and a language that Whisper does not know is
then heard worse (docs/acoustic-tried.md).
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from smile.acoustic.alphabet import BLANK, Alphabet, Form, Labels, frames_needed
from smile.acoustic.fit import batches_of
from smile.acoustic.network import Network, ctc_loss, descend, padded
from smile.acoustic.pretrained import Pretrained
from smile.acoustic.recipe import DEFAULTS, Recipe, one_cycle
from smile.acoustic.states import LayerStore, StatesId, Stored
from smile.audio.features import STATES_PER_SECOND
from smile.corpora import Corpus
from smile.datatypes import CorpusError, Utterance
from smile.training.config import TrainConfig
from smile.whisper.engines import compute_alone
from smile.whisper.model import Model

RECIPE = replace(DEFAULTS, epochs=15, seed=7)
LONGEST = 20.0  # seconds of a clip; longer ones would fill the memory with others of their batch


@dataclass(frozen=True, eq=False)
class Taught:
    """A language: its clips with their labels, by its own characters."""

    code: str
    clips: Sequence[Utterance]
    labels: Sequence[Labels]
    alphabet: Alphabet
    store: LayerStore

    @property
    def frames(self) -> list[int]:
        """Return how many frames each clip has at its own speed."""
        return [self.store.states_of(clip).shape[1] for clip in self.clips]

    def states(self, number: int, speed: float) -> Stored:
        """Return the states (layers, frames, d) of a clip at a speed; at its own where it has none there."""
        return self.store.at_speed(self.clips[number], speed, frames_needed(self.labels[number]))


@dataclass(frozen=True)
class Step:
    """How far it has come: clips encoded, or epochs with their loss (nats a character)."""

    done: int
    of: int
    loss: float | None = None


def taught(
    corpus: Corpus, config: TrainConfig, model: Model, work: Path, recipe: Recipe = RECIPE
) -> Generator[Step, None, list[Taught]]:
    """Encode the training clips of a configuration's languages, where that was not done yet, and return them.

    Their layer states are kept in a folder, 49 MB a minute of speech.

    Raises:
        CorpusError: the corpus lacks a language or a split, or has no clip of one that can be used.
        AudioError: a recording cannot be read.
    """
    reads = StatesId.of(model, recipe.layers)
    clips = {code: corpus.read(code, config.split).utterances for code in config.languages}
    before, of, languages = 0, len(recipe.speeds) * sum(map(len, clips.values())), list[Taught]()
    for code, every in clips.items():
        store = LayerStore(work / f"layers-{reads.name}" / code, reads)
        for done, _ in store.encode(model, every, recipe.speeds):
            yield Step(before + done, of)
        before += len(recipe.speeds) * len(every)
        languages.append(_language(code, every, store, recipe))
    return languages


def _language(code: str, clips: Sequence[Utterance], store: LayerStore, recipe: Recipe) -> Taught:
    """A language's clips that a head can be fitted to."""
    form = Form(recipe.normaliser, code)
    alphabet = Alphabet.of(form(clip.text) for clip in clips)
    usable = []
    for clip in clips:
        labels = alphabet.encode(form(clip.text))
        if (
            len(labels)
            and frames_needed(labels) <= store.states_of(clip).shape[1] <= STATES_PER_SECOND * LONGEST
        ):
            usable.append((clip, labels))
    if not usable:
        raise CorpusError(f"No clip of {code} can be used to pre-train on; leave that language out.")
    return Taught(code, [c for c, _ in usable], [labels for _, labels in usable], alphabet, store)


class Languages(nn.Module):
    """A head that writes the letters of some languages; each adds a difference to its output layer.

    The layers' mix stays even.
    """

    def __init__(self, languages: Sequence[Taught], recipe: Recipe, draws: torch.Generator):
        super().__init__()
        layers, _, width = languages[0].states(0, 1.0).shape
        self.alphabet = Alphabet.of(one.alphabet.characters for one in languages)
        self.network = Network((layers, width, len(self.alphabet)), recipe, draws)
        self.network.mix.requires_grad_(False)
        self.own = nn.ModuleDict({one.code: _zeros(recipe.hidden, len(one.alphabet)) for one in languages})
        self._letters = {
            one.code: torch.from_numpy(np.append(BLANK, self.alphabet.encode(one.alphabet.characters)))
            for one in languages
        }

    def loss(self, language: Taught, batch: Sequence[tuple[int, float]]) -> Tensor:
        """Return the CTC loss a character of clips of a language, at speeds."""
        states = [language.states(*take) for take in batch]
        heard = self.network.body(padded(states))
        common = self.network.output(heard)[..., self._letters[language.code]]
        logprobs = F.log_softmax((common + self.own[language.code](heard)).float(), -1)
        labels = [language.labels[i] for i, _ in batch]
        return ctc_loss(logprobs, [clip.shape[1] for clip in states], labels)


def _zeros(hidden: int, symbols: int) -> nn.Linear:
    layer = nn.Linear(hidden, symbols)
    for part in layer.parameters():
        nn.init.zeros_(part)
    return layer


def pretrain(languages: Sequence[Taught], recipe: Recipe = RECIPE) -> Generator[Step, None, Pretrained]:
    """Train a head on languages and return it; yields after each epoch.

    It computes in one thread, so that the same seed gives the same bits on one machine.
    """
    draws = torch.Generator().manual_seed(recipe.seed)
    network = Languages(languages, recipe, draws).train()
    trained = [p for p in network.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(trained, lr=recipe.rate, weight_decay=recipe.weight_decay, fused=True)
    frames = [language.frames for language in languages]
    with ThreadPoolExecutor(1, initializer=compute_alone) as alone:
        for epoch in range(recipe.epochs):
            loss = alone.submit(_epoch, network, languages, frames, optimiser, recipe, epoch).result()
            yield Step(epoch + 1, recipe.epochs, loss)
    reads = languages[0].store.made_by
    return Pretrained(reads.encoder.weights, reads.layers, network.alphabet, network.network.arrays())


def _epoch(
    network: Languages,
    languages: Sequence[Taught],
    frames: Sequence[Sequence[int]],
    optimiser: torch.optim.Optimizer,
    recipe: Recipe,
    epoch: int,
) -> float:
    """Go through all clips once, in batches of one language each; returns the mean loss."""
    draws = network.network.draws
    pairs = zip(languages, frames, strict=True)
    batches = [(one, batch) for one, lengths in pairs for batch in batches_of(lengths, recipe, draws)]
    losses = []
    for number, i in enumerate(torch.randperm(len(batches), generator=draws).tolist()):
        rate = one_cycle(epoch * len(batches) + number, recipe.epochs * len(batches), recipe)
        losses.append(descend(network, optimiser, partial(network.loss, *batches[i]), rate, recipe))
    return sum(losses) / len(losses)
