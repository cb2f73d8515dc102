"""What a person has begun to write over transcripts, and how their segments were cut by hand.

A draft is no correction: it becomes one when it is added to the examples. It belongs to a stretch of a
recording, and stays when that is split, merged, or brought back.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass, replace

from smile.corpora.reading import LONGEST_TEXT
from smile.datatypes import PoolError, Span
from smile.own.workspace import Workspace, write_json
from smile.util.fields import from_json
from smile.util.opening import read_bytes
from smile.util.storage import set_aside

EDITED = "edited.json"
MOST_DRAFTS, MOST_STEPS = 500, 20
FULL = "There are {:,} drafts, which is as many as are kept; add some of them to the examples first."
TOO_LONG = "The text has {:,} characters; that of one example may have {:,}."

Place = tuple[str, float, float]  # a recording, and where in it, s


@dataclass(frozen=True)
class Draft:
    """A text that a person is writing for a stretch of a recording."""

    recording: str
    start: float
    end: float
    text: str

    @property
    def place(self) -> Place:
        """Return where it is."""
        return self.recording, self.start, self.end


@dataclass(frozen=True)
class Step:
    """A split or a merge: what stood there before, and which stretches stand there since."""

    recording: str
    what: str  # "split" or "merge"
    before: tuple[tuple[Span, ...], ...]  # by tier
    after: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Edited:
    """All that is kept: drafts, the one written last at the end, and steps that can be taken back."""

    drafts: tuple[Draft, ...] = ()
    steps: tuple[Step, ...] = ()

    @property
    def recordings(self) -> set[str]:
        """Return the recordings of which there is anything; these go on being cut as they are."""
        return {draft.recording for draft in self.drafts} | {step.recording for step in self.steps}

    def texts(self) -> dict[Place, str]:
        """Return the drafts by where they are."""
        return {draft.place: draft.text for draft in self.drafts}

    def drafted(self, place: Place, text: str | None) -> Edited:
        """Return the same with another draft in a place; with none there where `text` is None."""
        others = tuple(draft for draft in self.drafts if draft.place != place)
        return replace(self, drafts=others if text is None else (*others, Draft(*place, text)))

    def stepped(self, step: Step) -> Edited:
        """Return the same with one step more; the oldest of too many are forgotten."""
        return replace(self, steps=(*self.steps, step)[-MOST_STEPS:])

    def without(self, recording: str) -> Edited:
        """Return the same without anything of a recording."""
        drafts = tuple(draft for draft in self.drafts if draft.recording != recording)
        return Edited(drafts, tuple(step for step in self.steps if step.recording != recording))


def edited(workspace: Workspace) -> Edited:
    """Return what is kept; a damaged file is set aside."""
    path = workspace.folder / EDITED
    if not os.path.lexists(path):
        return Edited()
    try:
        return from_json(Edited, read_bytes(path))
    except FileNotFoundError:
        return Edited()  # it is being deleted
    except (OSError, ValueError):
        set_aside(path)
        return Edited()


def write(workspace: Workspace, kept: Edited) -> None:
    """Remember what is kept.

    Raises:
        PoolError: it cannot be stored.
    """
    write_json(workspace.folder / EDITED, asdict(kept))


def draft(
    workspace: Workspace, place: Place, text: str | None, known: Callable[[], Collection[Place]] = tuple
) -> bool:
    """Keep a draft, or none where `text` is None; return whether that is new.

    Where there are too many, those that are not of the places that are `known` make room.

    Raises:
        PoolError: the text is too long, there are too many drafts, or there is no room.
    """
    if text is not None and len(text) > LONGEST_TEXT:
        raise PoolError(TOO_LONG.format(len(text), LONGEST_TEXT))
    with workspace.lock:
        before = edited(workspace)
        after = before.drafted(place, text)
        if before.texts() == after.texts():
            return False
        if len(after.drafts) > MOST_DRAFTS:
            places = known()
            after = replace(after, drafts=tuple(d for d in after.drafts if d.place in places))
        if len(after.drafts) > MOST_DRAFTS:
            raise PoolError(FULL.format(MOST_DRAFTS))
        if text is not None:
            workspace.room()
        write(workspace, after)
        return True


def forget(workspace: Workspace, recording: str) -> None:
    """Forget all of a recording."""
    kept = edited(workspace)
    if recording in kept.recordings:
        write(workspace, kept.without(recording))
