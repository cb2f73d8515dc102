"""Cross-validation: what heads make of clips of a pool that they were not fitted to."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from smile.acoustic.alphabet import Form
from smile.acoustic.building import Begin, Fitted, fit_to
from smile.acoustic.model import AcousticModel, assembled, spoken
from smile.acoustic.pretrained import suited
from smile.acoustic.recipe import FittingProgress, Recipe
from smile.acoustic.states import READ_AT, LayerStore
from smile.acoustic.store import clip_key
from smile.datatypes import Matrix, PoolError, Utterance
from smile.retrieval.samplers import stable_shuffle
from smile.util.timing import relayed

FOLDS = 4
FEW = "Cross-validation needs at least two clips; add some."
ALIKE = "All clips are one and the same recording, so none can be judged by the others; add other recordings."
FOLD = "fold-{}.npz"  # the checkpoint of a fit, beside the layer states, named after what it is fitted to


@dataclass(frozen=True, eq=False)
class CrossRead:
    """A clip as a head read it that was fitted to others."""

    utterance: Utterance
    fold: tuple[Utterance, ...]  # that the head was fitted to, and whose texts the language model has
    model: AcousticModel
    store: LayerStore

    @property
    def logprobs(self) -> Matrix:
        """Return what the head makes of it (frames, symbols); of many clips these would be gigabytes.

        Raises:
            PoolError: its layer states are gone.
        """
        return self.model.head(self.store.states_of(self.utterance))

    @property
    def heard(self) -> tuple[Matrix, ...]:
        """Return what the head makes of it at each speed at which clips are read, its own first.

        Other speeds than its own are left out where the pool was not encoded at them; raises as `logprobs`
        does.
        """
        others = (self.store.found(self.utterance, speed) for speed in READ_AT if speed != 1)
        return (self.logprobs, *(self.model.head(states) for states in others if states is not None))


@dataclass(frozen=True, eq=False)
class Fold:
    """Clips that are left out, those that a head is fitted to, and where that is kept."""

    left: tuple[Utterance, ...]
    fitted: tuple[Utterance, ...]
    path: Path


def cross_read(
    utterances: Sequence[Utterance],
    store: LayerStore,
    form: Form,
    recipe: Recipe,
    folds: int = FOLDS,
    together: Sequence[Sequence[int]] = (),
) -> Generator[FittingProgress, None, list[CrossRead]]:
    """Fit a head to all but each fold of the clips and return what it makes of that fold.

    The clips of a group of `together`, which are copies of one recording, are in one fold. Yields after each
    epoch, and in long ones, counted over all folds. It takes as long as so many fits; what has been fitted
    to the same clips before, or was broken off, is gone on with.

    Raises:
        PoolError: there are fewer than two clips, or all are copies of one.
    """
    made = folds_of(utterances, store, recipe, folds, together)
    if len(made) < 2:
        raise PoolError(ALIKE if len(utterances) > 1 else FEW)
    crossed = []
    for number, fold in enumerate(made):
        (used,) = suited([recipe], store, fold.fitted)
        steps = fit_to(fold.fitted, store, form, used, Begin(fold.path))
        head = (yield from _counted(steps, number, len(made))).head
        seconds = sum(u.seconds for u in fold.fitted)
        model = assembled((head,), spoken(fold.fitted), seconds=seconds)
        crossed += [CrossRead(u, fold.fitted, model, store) for u in fold.left]
    return crossed


def folds_of(
    utterances: Sequence[Utterance],
    store: LayerStore,
    recipe: Recipe,
    folds: int = FOLDS,
    together: Sequence[Sequence[int]] = (),
) -> list[Fold]:
    """Return the folds of clips, at most so many; those of a group of `together` are in one."""
    units = _units(utterances, together)
    made = []
    for number in range(min(folds, len(units))):
        left = [i for unit in units[number::folds] for i in unit]
        fitted = tuple(utterances[i] for i in sorted(set(range(len(utterances))) - set(left)))
        path = store.folder / FOLD.format(_digest(fitted, recipe))
        made.append(Fold(tuple(utterances[i] for i in left), fitted, path))
    return made


def keep_folds(store: LayerStore, folds: Sequence[Fold]) -> None:
    """Remove the checkpoints of all other folds than these."""
    kept = {fold.path for fold in folds}
    for path in store.folder.glob(FOLD.format("*")):
        if path not in kept:
            path.unlink(missing_ok=True)


def fold_bytes(symbols: int, recipe: Recipe, width: int = 512) -> int:
    """Return how many bytes the checkpoint of a fold takes on the disk, whose texts have so many characters.

    It has three numbers for each weight of a head that reads states of a width, and some 16 KB of its own.
    """
    convolutions = recipe.hidden * (recipe.kernel + recipe.further * recipe.further_kernel)
    weights = recipe.hidden * (width + convolutions) + (recipe.hidden + 1) * (symbols + 1)
    return 3 * 4 * weights + 16_000


def _digest(fitted: Sequence[Utterance], recipe: Recipe) -> str:
    """Return 12 hex digits of what a fold's head is fitted to and how."""
    told = json.dumps([recipe.to_json(), *map(clip_key, fitted)])
    return hashlib.sha256(told.encode()).hexdigest()[:12]


def _units(utterances: Sequence[Utterance], together: Sequence[Sequence[int]]) -> list[Sequence[int]]:
    """The indices of clips that go into one fold, stably shuffled by the first of each."""
    groups: dict[int, Sequence[int]] = {i: group for group in together for i in group}
    units = [groups.get(i, (i,)) for i in stable_shuffle(utterances)]
    return list(dict.fromkeys(map(tuple, units)))


def _counted(
    steps: Generator[FittingProgress, None, Fitted], number: int, folds: int
) -> Generator[FittingProgress, None, Fitted]:
    """Do the steps of a fold, their epochs counted over all folds."""
    return (
        yield from relayed(
            steps, lambda said: replace(said, done=number * said.of + said.done, of=folds * said.of)
        )
    )
