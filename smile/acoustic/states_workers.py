"""Layer states made side by side, by workers here or on a cluster, and written by the command that asked.

A task is a few clips at all speeds that are missing. Where workers do not see this machine's disk it carries
the clips; the states travel back, 16 MB a minute of speech at each speed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from smile.acoustic.states import LayerStore, StatesId, Stored, Take, states_in
from smile.datatypes import Utterance
from smile.util.opening import read_bytes
from smile.util.workers import workers, written_once
from smile.util.workers.carried import as_file
from smile.whisper.carried import CarriedModels, ModelWorkers
from smile.whisper.engines import one_thread
from smile.whisper.model import Model

CLIPS = 2  # of a task: at three speeds the states of clips of half a minute come to 46 MB


@dataclass(frozen=True)
class StatesTask:
    """Clips to encode, each at some speeds."""

    takes: dict[str, Take]  # by the names of their files
    data: dict[Path, bytes]  # of the clips that the worker does not see

    @property
    def key(self) -> str:
        """Return what tells contents and speeds apart."""
        return hashlib.sha256(" ".join(self.takes).encode()).hexdigest()


@dataclass(frozen=True, eq=False)
class StatesEncoder:
    """How clips are encoded in a worker."""

    models: CarriedModels
    made_by: StatesId

    def __call__(self, task: StatesTask) -> dict[str, Stored | None]:
        """Return the states of each take by the name of its file; None where it is too long for a window.

        Raises:
            AudioError: a recording cannot be read.
        """
        with one_thread():
            model = self.models.loaded().smile.within(self.made_by.windows)
            return {name: self._states(model, task, take) for name, take in task.takes.items()}

    def _states(self, model: Model, task: StatesTask, take: Take) -> Stored | None:
        audio, speed = take
        if audio not in task.data:
            return states_in(model, self.made_by, audio, speed)
        with as_file(audio.name, task.data[audio]) as path:
            return states_in(model, self.made_by, path, speed)


class StatesWorkers(ModelWorkers):
    """Who encodes, with which models."""

    def encode(
        self, store: LayerStore, utterances: Sequence[Utterance], speeds: Sequence[float]
    ) -> Generator[tuple[int, int]]:
        """Encode clips as `LayerStore.encode` does, to the same bits; yields after each task.

        Raises:
            PoolError: the pool was deleted meanwhile.
            AudioError: a recording cannot be read.
            SmileError: no cluster is there, or a task ended its worker time and again.
        """
        of, missing = store.missing(utterances, speeds)
        done = of - len(missing)
        if not missing:
            return

        def write(_: str, made: dict[str, Stored | None]) -> None:
            for name, states in made.items():
                store.write(name, states)

        do = StatesEncoder(self.carried(), store.made_by)
        with workers(self.placement, do) as work:
            for _, made in written_once(work, _tasks(missing, not self.placement.one_machine), write):
                done += len(made)
                yield done, of


def _tasks(missing: dict[str, Take], carried: bool) -> Iterator[StatesTask]:
    by_clip = sorted(missing.items(), key=lambda item: (str(item[1][0]), item[0]))
    clips = [list(takes) for _, takes in groupby(by_clip, key=lambda item: item[1][0])]
    for first in range(0, len(clips), CLIPS):
        some = clips[first : first + CLIPS]
        data = {takes[0][1][0]: read_bytes(takes[0][1][0]) for takes in some} if carried else {}
        yield StatesTask(dict(take for takes in some for take in takes), data)
