"""The examples of a visitor whose texts do not fit their sound, and which of these a person found right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from smile.acoustic.store import clip_key
from smile.datatypes import PoolError, Progress, Utterance
from smile.own.workspace import Workspace, write_json
from smile.util.fields import from_fields
from smile.util.storage import read_json, set_aside
from smile.util.timing import finished, in_hundredths, relayed
from smile.whisper.model import Models

if TYPE_CHECKING:
    from smile.own.misfits import Fit

FILE = "doubts.json"
SHARE = 10  # percent of the examples that are named, the worst
LEAST = 3  # examples that are named at least
LARGEST = 1e9  # a misfit that JSON can hold
FEW = "Texts are judged by other examples; add two at least."
GONE = "That example is no longer there; choose another one."


@dataclass(frozen=True)
class Doubt:
    """An example whose text may be wrong."""

    clip: str  # its `clip_key`, so that a corrected text is another one
    misfit: float  # see `smile.own.misfits`
    text: str  # in the form that the acoustic model writes
    start: int  # of the place in the text
    end: int
    read: str  # in its stead


@dataclass(frozen=True)
class Kept:
    """What was found by the last look, and what a person has found right ever since the first."""

    doubts: tuple[Doubt, ...] = ()
    right: tuple[str, ...] = field(default=())


def look(workspace: Workspace, models: Models, progress: Progress | None = None) -> int:
    """Judge all texts by heads that have not seen them, keep the worst, and return how many are named.

    Those that were changed meanwhile are not. Progress comes in hundredths. What was broken off goes on.

    Raises:
        PoolError: there are fewer than two examples, or no room for what heads are fitted to.
        SmileError: a clip cannot be read, or none can be fitted to.
    """
    from smile.own import fitting
    from smile.own.crossed import forget_folds
    from smile.own.misfits import misfits
    from smile.transcription.preparing import share

    pool, model = workspace.pool(models.smile.info.encoder), models.smile
    if pool is None or len(pool) < 2:
        raise PoolError(FEW)
    fitting.room(workspace, pool, model, check=True)
    told = in_hundredths(progress)
    steps = relayed(misfits(pool, model), lambda said: told(share(said)))
    with workspace.work(adding=False, makes=fitting.made_at(workspace, pool)):
        fits = finished(steps)
        forget_folds(pool, model)
    with workspace.lock:
        right = _kept(workspace).right
        worst = _worst(fits, right)
        write_json(workspace.folder / FILE, asdict(Kept(worst, right)))
        now = workspace.pool()
        return len(doubted(workspace, now.utterances if now else ()))


def _worst(fits: Sequence[Fit], right: Sequence[str]) -> tuple[Doubt, ...]:
    """The worst of the texts that no person has found right, the worst first."""
    doubted = [
        Doubt(clip_key(fit.utterance), min(fit.misfit, LARGEST), fit.text, *_place(fit))
        for fit in fits
        if fit.misfit > 0 and clip_key(fit.utterance) not in right
    ]
    return tuple(doubted[: count(len(fits), least=LEAST)])


def count(of: int, share: int = SHARE, least: int = 1) -> int:
    """Return how many of so many examples a percentage is, rounded down; `least` at least."""
    return max(least, of * min(max(share, 0), 100) // 100)


def _place(fit: Fit) -> tuple[int, int, str]:
    return fit.place.start, fit.place.end, fit.place.read


def doubted(workspace: Workspace, utterances: Sequence[Utterance]) -> list[tuple[Utterance, Doubt]]:
    """Return the examples that are named, the worst first; not those that were changed or found right."""
    kept = _kept(workspace)
    by_key = {clip_key(utterance): utterance for utterance in utterances} if kept.doubts else {}
    named = [doubt for doubt in kept.doubts if doubt.clip in by_key and doubt.clip not in kept.right]
    return [(by_key[doubt.clip], doubt) for doubt in named]


def is_right(workspace: Workspace, name: str) -> None:
    """Note that the text of an example is right; later looks do not name it.

    Raises:
        PoolError: the example is no longer there.
    """
    with workspace.lock:
        pool = workspace.pool()
        example = next((u for u in pool.utterances if u.id == name), None) if pool else None
        if example is None:
            raise PoolError(GONE)
        kept = _kept(workspace)
        right = tuple(dict.fromkeys((*kept.right, clip_key(example))))
        write_json(workspace.folder / FILE, asdict(replace(kept, right=right)))


def _kept(workspace: Workspace) -> Kept:
    """What is kept; nothing of a file that is missing, or of a damaged one, which is set aside."""
    path: Path = workspace.folder / FILE
    try:
        return from_fields(Kept, read_json(path))
    except FileNotFoundError:
        return Kept()
    except (OSError, ValueError):
        set_aside(path)
        return Kept()
