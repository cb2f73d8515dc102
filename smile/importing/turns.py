"""A queue of imports, one at a time, in the order of arrival."""

from __future__ import annotations

from threading import Lock
from time import monotonic

AT_ONCE = 1  # imports
STALE = 10.0  # seconds after which the place of one who no longer asks goes to the next


class Place:
    """One import's place in a queue."""

    def __init__(self) -> None:
        self.asked = 0.0  # when it was last asked for, by a clock of its own
        self.running = False


class Queue:
    """Places of those who wait and those who are served, for threads."""

    def __init__(self, at_once: int = AT_ONCE):
        self._at_once, self._lock = at_once, Lock()
        self._places: list[Place] = []

    def before(self, place: Place) -> int:
        """Return how many come before this place; from 0 on it is served, until it leaves.

        A place is taken by asking for the first time, and kept by asking again and again.
        """
        with self._lock:
            place.asked = monotonic()
            if place not in self._places:
                self._places.append(place)
            self._places = [p for p in self._places if p.running or place.asked - p.asked < STALE]
            if place.running:
                return 0
            ahead = self._places.index(place)
            if ahead >= self._at_once:
                return ahead - self._at_once + 1
            place.running = True
            return 0

    def leave(self, place: Place) -> None:
        """Give a place up; one that was never taken is no harm."""
        with self._lock:
            place.running = False
            self._places = [p for p in self._places if p is not place]
