"""How long a check still takes, from what each kind of its work has taken in this run."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from math import sqrt
from statistics import mean, variance

from smile.acoustic.crossing import FOLDS
from smile.own.check import ACOUSTIC, COMBINED, Check
from smile.transcription.preparing import ENCODED

FEWEST = 3  # transcripts of a kind that tell how long one takes
PART = 0.1  # share of the fitting that tells how long the rest of it takes
SHORT = 90  # seconds; above it whole minutes are said


class Remaining:
    """Measures the steps of one check and estimates what is left.

    A kind of work is the fitting of a fold, or a transcript under one condition.
    """

    def __init__(self) -> None:
        self._took: dict[str, list[float]] = defaultdict(list)  # seconds of transcripts, by condition
        self._fitting = 0.0
        self._first: tuple[float, float] | None = None  # how far the epochs were at first, and when
        self._at: float | None = None
        self._done = 0

    def seconds(self, step: Check, now: float, best: str = "") -> float | None:
        """Take in a step and return the seconds that are left; None while that may be wrong twofold.

        While models are fitted these are the seconds of the fitting; the transcripts follow.

        Args:
            step: what the check yields.
            now: seconds by a clock of the caller.
            best: the condition that leads; where that is by an acoustic model, one is fitted at the end.
        """
        since, self._at = now - (now if self._at is None else self._at), now
        if step.fitted is not None:
            self._fitting += since
            return self._of_fitting(step.fitted, now)
        if step.done > self._done and step.rows:
            self._took[step.rows[-1].condition].append(since)
        self._done = step.done
        if step.done < step.total and not step.left:
            return None
        transcripts, last = _left(step.left, self._took), self._last(step, best)
        return None if transcripts is None or last is None else transcripts + last

    def _of_fitting(self, share: float, now: float) -> float | None:
        """The seconds of the epochs; None while clips are encoded, which takes another time."""
        if share < ENCODED:
            return None
        first, since = self._first = self._first or (share, now)
        done = share - first
        return (now - since) * (1 - share) / done if done >= PART else None

    def _last(self, step: Check, best: str) -> float | None:
        """The seconds of the fit to all clips; of a check that goes on, its folds may be there already."""
        if best not in (ACOUSTIC, COMBINED):
            return 0.0
        return self._fitting / (FOLDS - 1) if self._fitting and not step.kept else None


def _left(left: Sequence[str], took: dict[str, list[float]]) -> float | None:
    """The seconds of transcripts; None where two standard errors are more than half of them."""
    total = spread = 0.0
    for kind, count in Counter(left).items():
        seconds = took.get(kind, [])
        if len(seconds) < FEWEST:
            return None
        total += count * mean(seconds)
        spread += variance(seconds) * (count + count**2 / len(seconds))
    return total if 2 * sqrt(spread) <= total / 2 else None


def said(seconds: float | None) -> str:
    """Return what is left for a person, such as "about 3 minutes left"; empty where it is not known."""
    if seconds is None:
        return ""
    if seconds > SHORT:
        return f"about {seconds / 60:.0f} minutes left"
    return f"about {max(1, round(seconds))} s left"
