"""How long a check still takes, from what each kind of its work has taken in this run."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from math import sqrt
from statistics import mean, variance

from smile.acoustic.crossing import FOLDS
from smile.own.check import ACOUSTIC, COMBINED, Check
from smile.transcription.preparing import ENCODED
from smile.util.pace import Pace

FEWEST = 3  # transcripts of a kind that tell how long one takes
PART = 0.1  # share of the fitting that tells how long the rest of it takes


class Remaining:
    """Measures the steps of one check and estimates what is left.

    A kind of work is the fitting of a fold, or a transcript under one condition.
    """

    def __init__(self) -> None:
        self._took: dict[str, list[float]] = defaultdict(list)  # seconds of transcripts, by condition
        self._fitting = 0.0
        self._epochs = Pace(PART, steady=ENCODED)  # encoding the clips takes another time
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
            self._epochs.note(step.fitted, now)
            return self._epochs.left(step.fitted, 1.0, now)
        if step.done > self._done and step.rows:
            self._took[step.rows[-1].condition].append(since)
        self._done = step.done
        if step.done < step.total and not step.left:
            return None
        transcripts, last = _left(step.left, self._took), self._last(step, best)
        return None if transcripts is None or last is None else transcripts + last

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
