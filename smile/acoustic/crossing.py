"""Cross-validation: what heads make of clips of a pool that they were not fitted to."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace

from smile.acoustic.alphabet import Form
from smile.acoustic.building import Begin, Fitted, fit_to
from smile.acoustic.model import AcousticModel, assembled, spoken
from smile.acoustic.recipe import FittingProgress, Recipe
from smile.acoustic.states import LayerStore
from smile.datatypes import Matrix, PoolError, Utterance
from smile.retrieval.samplers import stable_shuffle
from smile.util.timing import relayed

FOLDS = 4
FOLD = "fold-{}.npz"  # the checkpoint of a fit, beside the layer states


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
    units = _units(utterances, together)
    if len(units) < 2:
        raise PoolError("Cross-validation needs at least two clips; add some.")
    folds, crossed = min(folds, len(units)), []
    for number in range(folds):
        fold = [i for unit in units[number::folds] for i in unit]
        left = [utterances[i] for i in fold]
        fitted = [utterances[i] for i in sorted(set(range(len(utterances))) - set(fold))]
        steps = fit_to(fitted, store, form, recipe, Begin(store.folder / FOLD.format(number)))
        head = (yield from _counted(steps, number, folds)).head
        model = assembled((head,), spoken(fitted))
        crossed += [CrossRead(u, tuple(fitted), model, store) for u in left]
    return crossed


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
