"""Makes a pool's acoustic model: encodes what is missing, fits its heads, writes them beside the pool."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from smile.acoustic.alphabet import Alphabet, Form, frames_needed
from smile.acoustic.head import Head, further
from smile.acoustic.pretrained import pretrained_for, suited
from smile.acoustic.recipe import ENSEMBLE, FittingProgress, Recipe
from smile.acoustic.states import LayerStore, StatesId, Stored
from smile.acoustic.store import clip_key, form_of, head_path, write
from smile.datatypes import PoolError, Utterance
from smile.pools.kept import making
from smile.pools.pool import Pool
from smile.util.side_by_side import side_by_side
from smile.util.threads import computing
from smile.util.timing import relayed
from smile.whisper.engines import own_device
from smile.whisper.model import Model

if TYPE_CHECKING:
    from smile.acoustic.fit import Labelled
    from smile.acoustic.fitting_workers import FittingWorkers

MOST_SYMBOLS = 5_000  # of an alphabet; a batch of the longest clips then takes 1.5 GB
MANY = "The texts have {:,} different characters; an acoustic model writes {:,} at most."


@dataclass(frozen=True)
class LeftOut:
    """A clip that a head is not fitted to, and why."""

    id: str
    reason: str


@dataclass(frozen=True, eq=False)
class Fitted:
    """A head, and the clips that it was not fitted to."""

    head: Head
    left_out: tuple[LeftOut, ...] = ()


@dataclass(frozen=True, eq=False)
class Begin:
    """What a fit begins with: a checkpoint of its own to go on from, an older head, or neither; and where."""

    checkpoint: Path | None = None
    older: Head | None = None
    device: str = "cpu"


ANEW = Begin()


@dataclass(frozen=True, eq=False)
class Built:
    """The heads of a pool, and the clips that they were not fitted to."""

    heads: tuple[Head, ...]
    left_out: tuple[LeftOut, ...] = ()


def build(
    pool: Pool,
    model: Model,
    recipes: Sequence[Recipe] = ENSEMBLE,
    older: Sequence[Head] = (),
    by: FittingWorkers | None = None,
) -> Generator[FittingProgress, None, Built]:
    """Fit a head by each recipe to a pool and store them; yields after each clip encoded and each epoch.

    The recipes read the same layers at the same speeds and write the same form, and are changed to suit the
    amount of speech (`suited`). As many heads are fitted at once as threads may compute, in this process, or
    each `by` a worker, to the same bits where machines are alike; workers may encode, too.
    With `older` heads, of nearly the same clips, the fits go on from them in a sixth of the time.

    It may be closed or killed at any time: what was encoded stays, and of the fitting at most an epoch is
    lost. Each fit holds one batch of states in float32: 20 MB of clips of 4 s, 125 MB of 30 s. States of
    recordings that the pool has no more are removed.

    Raises:
        PoolError: not one clip can be fitted to, another process is fitting to this pool, or the pool was
            deleted meanwhile.
        AudioError: a recording cannot be read.
    """
    reads = StatesId.of(model, recipes[0].layers)
    store = LayerStore.of(pool, reads)
    path = head_path(pool, reads, recipes[0].normaliser)
    with making(pool, path) as work:
        clips, speeds = pool.utterances, recipes[0].speeds
        away = by.states if by else None
        for done, of in away.encode(store, clips, speeds) if away else store.encode(model, clips, speeds):
            yield FittingProgress("encoding", done, of)
        if pool.stores == pool.states:  # parts of a pool share its states
            store.keep_only(pool.utterances)
        form = form_of(pool, recipes[0].normaliser)
        recipes = suited(recipes, store, clips)
        alike = [_alike(*each, store, form) for each in zip(older, recipes, strict=False)]
        fits = []
        for number, recipe in enumerate(recipes):
            head = older[number] if any(alike[number : number + 1]) else None
            begin = Begin(work.part / f"checkpoint-{number}.npz", head, own_device(model.info))
            fits.append((recipe.again(len(pool)) if head else recipe, begin))
        if by is None:
            fitted = yield from together([fit_to(clips, store, form, *each) for each in fits])
        else:
            fitted = yield from by.fitted(pool, store, form, fits)
        heads = write(pool, [each.head for each in fitted], recipes)
        work.clear()
    return Built(heads, fitted[0].left_out)


def together(
    fits: Sequence[Generator[FittingProgress, None, Fitted]],
) -> Generator[FittingProgress, None, list[Fitted]]:
    """Fit heads side by side and return them; yields as one fit does, with the epochs of all."""
    done, of = [0] * len(fits), [0] * len(fits)
    steps = side_by_side(fits, computing())

    def counted(step: tuple[int, FittingProgress]) -> FittingProgress:
        number, said = step
        done[number], of[number] = said.done, said.of
        whole = round(sum(of) * len(of) / sum(map(bool, of)))  # those that wait are like the others
        return replace(said, done=sum(done), of=whole)

    return (yield from relayed(steps, counted))


def _alike(head: Head, recipe: Recipe, store: LayerStore, form: Form) -> bool:
    """Return whether a fit by a recipe can go on from a head."""
    hidden, _, kernel = head.weights["convolution.weight"].shape
    made = (head.reads, head.form, hidden, kernel, len(further(head.weights)))
    return made == (store.made_by, form, recipe.hidden, recipe.kernel, recipe.further)


def fit_to(
    utterances: Sequence[Utterance],
    store: LayerStore,
    form: Form,
    recipe: Recipe,
    begin: Begin = ANEW,
) -> Generator[FittingProgress, None, Fitted]:
    """Fit a head to clips whose layer states are stored, and return it unstored.

    Raises:
        PoolError: not one clip can be fitted to, or their texts have too many different characters.
    """
    from smile.acoustic.fit import fit

    texts = [form(u.text) for u in utterances]
    alphabet = Alphabet.of(texts)
    needed = [frames_needed(alphabet.encode(text)) for text in texts]
    reasons = [_reason(store, *clip) for clip in zip(utterances, texts, needed, strict=True)]
    used = [i for i, reason in enumerate(reasons) if not reason]
    left = tuple(LeftOut(utterances[i].id, r) for i, r in enumerate(reasons) if r)
    if not used:
        said = f"{left[0].id}: {left[0].reason}" if left else "there is none."
        raise PoolError(f"No clip can be used for an acoustic model; {said}")
    alphabet = Alphabet.of(texts[i] for i in used)
    if len(alphabet) > MOST_SYMBOLS:
        raise PoolError(MANY.format(len(alphabet) - 1, MOST_SYMBOLS - 1))
    clips = _labelled(store, [(utterances[i], texts[i], needed[i]) for i in used])
    start = begin.older or (pretrained_for(store.made_by, recipe) if recipe.pretrained else None)
    weights = yield from fit(clips, alphabet, recipe, begin.checkpoint, start, begin.device)
    return Fitted(Head(alphabet, form, store.made_by, weights), left)


def _labelled(store: LayerStore, clips: Sequence[tuple[Utterance, str, int]]) -> Labelled:
    """Return clips to fit to, with their texts and the frames that these need.

    One that a speed makes too long or too short is read at its own.
    """
    from smile.acoustic.fit import Labelled

    def states(number: int, speed: float) -> Stored:
        utterance, _, needed = clips[number]
        return store.at_speed(utterance, speed, needed)

    return Labelled([clip_key(u) for u, _, _ in clips], [text for _, text, _ in clips], states)


def _reason(store: LayerStore, utterance: Utterance, text: str, needed: int) -> str:
    """Return why a clip, whose text needs so many frames, cannot be fitted to; empty where it can."""
    if not text:
        return "Its text has no letters; correct it."
    frames = store.states_of(utterance).shape[1]
    if needed > frames:
        return f"Its text needs {needed / 50:.1f} s and its sound has {frames / 50:.1f}; correct it."
    return ""
