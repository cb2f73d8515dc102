"""Pre-trains the lower part of acoustic heads: one body, by CTC, and an output layer for each language.

The layers' mix stays even. Where it is learned, the top layer, which knows the languages that Whisper knows,
takes most of it, and a language that Whisper does not know is then heard worse (docs/acoustic.md).
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from smile.acoustic.alphabet import Alphabet, Form, Labels, frames_needed
from smile.acoustic.fit import batches_of
from smile.acoustic.network import Network, ctc_loss, padded
from smile.acoustic.pretrained import BODY, Pretrained
from smile.acoustic.recipe import DEFAULTS, Recipe, one_cycle
from smile.acoustic.states import LayerStore, StatesId, Stored
from smile.audio.features import STATES_PER_SECOND
from smile.corpora import Corpus
from smile.datatypes import CorpusError, Utterance
from smile.training.config import TrainConfig
from smile.whisper.engines import compute_alone
from smile.whisper.engines.layers import multiplies_bfloat16
from smile.whisper.model import Model

RECIPE = replace(DEFAULTS, epochs=15, seed=7)
LONGEST = 20.0  # seconds of a clip; longer ones would fill the memory with others of their batch


@dataclass(frozen=True, eq=False)
class Taught:
    """A language: its clips with their labels, and how many characters and blank it has."""

    code: str
    clips: Sequence[Utterance]
    labels: Sequence[Labels]
    symbols: int
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
    return Taught(code, [c for c, _ in usable], [labels for _, labels in usable], len(alphabet), store)


class Languages(nn.Module):
    """A head's body with an output layer for each of some languages; the layers' mix stays even."""

    def __init__(self, languages: Sequence[Taught], recipe: Recipe, draws: torch.Generator):
        super().__init__()
        layers, _, width = languages[0].states(0, 1.0).shape
        network = Network((layers, width, 1), recipe, draws)  # whose own output layer is not used
        network.mix.requires_grad_(False)
        self.network = network
        self.outputs = nn.ModuleDict(
            {one.code: _output(recipe.hidden, one.symbols, draws) for one in languages}
        )

    def loss(self, language: Taught, batch: Sequence[tuple[int, float]]) -> Tensor:
        """Return the CTC loss a character of clips of a language, at speeds."""
        states = [language.states(*take) for take in batch]
        logits = self.outputs[language.code](self.network.body(padded(states)))
        labels = [language.labels[i] for i, _ in batch]
        return ctc_loss(F.log_softmax(logits.float(), -1), [clip.shape[1] for clip in states], labels)


def _output(hidden: int, symbols: int, draws: torch.Generator) -> nn.Linear:
    layer = nn.Linear(hidden, symbols)
    with torch.no_grad():
        for part in (layer.weight, layer.bias):
            part.uniform_(-(hidden**-0.5), hidden**-0.5, generator=draws)
    return layer


def pretrain(languages: Sequence[Taught], recipe: Recipe = RECIPE) -> Generator[Step, None, Pretrained]:
    """Train a body on languages and return it; yields after each epoch.

    It computes in one thread, so that the same seed gives the same bits on one machine.
    """
    draws = torch.Generator().manual_seed(recipe.seed)
    network = Languages(languages, recipe, draws).train()
    trained = [
        p for name, p in network.named_parameters() if p.requires_grad and "network.output" not in name
    ]
    optimiser = torch.optim.AdamW(trained, lr=recipe.rate, weight_decay=recipe.weight_decay, fused=True)
    frames = [language.frames for language in languages]
    with ThreadPoolExecutor(1, initializer=compute_alone) as alone:
        for epoch in range(recipe.epochs):
            loss = alone.submit(_epoch, network, languages, frames, optimiser, recipe, epoch).result()
            yield Step(epoch + 1, recipe.epochs, loss)
    weights, reads = network.network.arrays(), languages[0].store.made_by
    return Pretrained(reads.encoder.weights, reads.layers, {name: weights[name] for name in BODY})


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
        step = epoch * len(batches) + number
        for group in optimiser.param_groups:
            group["lr"] = one_cycle(step, recipe.epochs * len(batches), recipe)
        with torch.autocast("cpu", torch.bfloat16, enabled=multiplies_bfloat16()):
            loss = network.loss(*batches[i])
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), recipe.gradient_norm)
        optimiser.step()
        losses.append(float(loss.detach()))
    return sum(losses) / len(losses)
