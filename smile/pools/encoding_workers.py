"""Clips encoded side by side, some to a task, by workers here or on a cluster; the log becomes the same."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from smile.datatypes import AudioError, Progress
from smile.pools.clip_encoder import Encoder, digest
from smile.util.log import Log
from smile.util.opening import read_bytes
from smile.util.workers import workers, written_once
from smile.util.workers.carried import as_file
from smile.whisper.carried import CarriedModels, ModelWorkers
from smile.whisper.engines import one_thread

CLIPS = 8  # of a task


@dataclass(frozen=True)
class ClipsTask:
    """Some clips by their contents."""

    clips: dict[str, Path]  # by their digest
    data: dict[str, bytes]  # of the files that the worker does not see, by their digest

    @property
    def key(self) -> str:
        """Return what tells the contents apart."""
        return hashlib.sha256(" ".join(self.clips).encode()).hexdigest()


@dataclass(frozen=True)
class ClipsEncoder:
    """How clips are encoded in a worker."""

    models: CarriedModels

    def __call__(self, task: ClipsTask) -> dict[str, dict[str, Any]]:
        """Return what is kept of each clip that can be encoded, by its digest."""
        made = {}
        with one_thread():
            encoder = Encoder(self.models.loaded())
            for key, audio in task.clips.items():
                try:
                    if key in task.data:
                        with as_file(audio.name, task.data[key]) as path:
                            made[key] = encoder(path).to_json()
                    else:
                        made[key] = encoder(audio).to_json()
                except AudioError:
                    continue  # whoever made the task tries it and says why
        return made


class EncodingWorkers(ModelWorkers):
    """Who encodes, with which models."""

    def encode(self, clips: Sequence[Path], log: Log, progress: Progress | None) -> None:
        """Encode clips that are not in a log, each content once, and log them.

        Raises:
            SmileError: no cluster is there, or a task ended its worker time and again.
        """
        done = 0

        def write(_: str, made: dict[str, Any]) -> None:
            for key, encoded in made.items():
                log.add(key, encoded)

        carried = not self.placement.one_machine
        with workers(self.placement, ClipsEncoder(self.carried())) as work:
            for _, made in written_once(work, _tasks(clips, log, carried), write):
                done += len(made)
                if progress:
                    progress(min(done, len(clips)), len(clips))


def _tasks(clips: Sequence[Path], log: Log, carried: bool) -> Iterator[ClipsTask]:
    missing = _missing(clips, log)
    while some := list(islice(missing, CLIPS)):
        yield ClipsTask(dict(some), {key: read_bytes(path) for key, path in some} if carried else {})


def _missing(clips: Sequence[Path], log: Log) -> Iterator[tuple[str, Path]]:
    """Yield the digest and path of each content that is not in a log; what cannot be read is left out."""
    seen = set[str]()
    for path in clips:
        try:
            key = digest(path)
        except AudioError:
            continue
        if key not in seen and log.get(key) is None:
            seen.add(key)
            yield key, path
