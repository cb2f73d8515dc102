"""How long some work still takes, from how far it is, and how that is said to a person."""

from __future__ import annotations

SHORT = 90  # seconds; above it whole minutes are said


class Pace:
    """Measures one piece of work, and extrapolates to its end."""

    def __init__(self, part: float, seconds: float = 0.0, steady: float = 0.0):
        """Begin with nothing done.

        Args:
            part: share of all that tells how long the rest takes.
            seconds: for which it must have been done to tell it.
            steady: what is done where it begins to go at an even pace.
        """
        self._part, self._seconds, self._steady = part, seconds, steady
        self._first: tuple[float, float] | None = None  # what was done at first, and when

    def note(self, done: float, now: float) -> None:
        """Note what is done now, in seconds by a clock of the caller."""
        if self._first is None and done >= self._steady:
            self._first = done, now

    def left(self, done: float, total: float, now: float) -> float | None:
        """Return the seconds that the rest takes; None as long as little tells of them."""
        if self._first is None:
            return None
        first, since = self._first
        gained, took = done - first, now - since
        told = gained >= self._part * total and took >= self._seconds
        return took * (total - done) / gained if told else None


def said(seconds: float | None) -> str:
    """Return what is left for a person, such as "about 3 minutes left"; empty where it is not known."""
    if seconds is None:
        return ""
    if seconds > SHORT:
        return f"about {seconds / 60:.0f} minutes left"
    return f"about {max(1, round(seconds))} s left"
