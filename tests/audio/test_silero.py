"""Silero's model computes without helpers, whichever OpenMP runtime answers, and takes them from nobody."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np
import pytest

from smile.audio.silero import ALONE, CHUNK, Detector, runtimes

BEGUN = """
import os
{first}
import numpy as np
from smile.audio.silero import CHUNK, Detector
detector = Detector()
before = len(os.listdir("/proc/self/task"))
detector(np.zeros((50, CHUNK), np.float32))
print(len(os.listdir("/proc/self/task")) - before)
"""


@pytest.mark.parametrize("first", ["", "import torch"])
def test_no_thread_is_begun_for_a_chunk(first: str) -> None:
    """Torch, loaded first, has Silero's library bound to a runtime of its own."""
    command = [sys.executable, "-c", BEGUN.format(first=first)]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "0\n"


def test_helpers_are_there_again_after_the_last_of_several_recordings() -> None:
    import torch  # has a runtime whose helpers others need

    Detector()(np.zeros((1, CHUNK), np.float32))
    before, met = [one.omp_get_max_active_levels() for one in runtimes()], Barrier(2)

    def block(_: int) -> list[int]:
        with ALONE:
            met.wait()
            seen = [one.omp_get_max_active_levels() for one in runtimes()]
            met.wait()
        return seen

    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(block, range(2))) == [[0] * len(before)] * 2
    assert [one.omp_get_max_active_levels() for one in runtimes()] == before
    assert torch.get_num_threads() >= 1
