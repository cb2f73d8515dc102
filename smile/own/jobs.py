"""A visitor's long transcriptions under way, each in a folder: its recording, what was asked, its segments.

A job goes by what it is made of, so that whoever asks for the same again goes on with it. Finished ones are
removed, and of those that were broken off the newest are kept.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import shutil
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from smile.datatypes import PoolError, SmileError
from smile.own import held as marks
from smile.own.held import held
from smile.own.workspace import JOBS, Workspace
from smile.pools.clip_encoder import digest
from smile.settings import Settings
from smile.transcription.options import as_json, checked, from_json
from smile.transcription.segments import reached
from smile.util.fields import from_fields
from smile.util.storage import read_json, write_json

MOST = 3  # of one visitor; the oldest make way
ID = re.compile(r"[0-9a-f]{32}")
ASKED, RECORDING, SEGMENTS = "job.json", "recording", "segments"
GONE = "That transcription is no longer here; it was finished or discarded."
BUSY = "That transcription is under way in another window; cancel it there first."


@dataclass(frozen=True)
class Asked:
    """What a visitor asked for beside the recording."""

    pool: str  # its key; empty without one
    values: dict[str, Any]  # of the settings, as JSON has them
    seconds: float  # of the recording, as much of it as is transcribed

    @property
    def settings(self) -> Settings:
        """Return the settings.

        Raises:
            SmileError: there is none of these, or it is of another type.
        """
        return from_json(self.values)


def asked(pool: str | None, settings: Settings, seconds: float) -> Asked:
    """Return what is asked for as it is kept."""
    return Asked(pool or "", as_json(settings), seconds)


@dataclass(frozen=True)
class Job:
    """A job as it lies on the disk."""

    folder: Path
    asked: Asked
    recording: Path

    @property
    def id(self) -> str:
        """Return what tells it apart from the visitor's others."""
        return self.folder.name

    @property
    def segments(self) -> Path:
        """Return under which name its segments are kept."""
        return self.folder / SEGMENTS

    @property
    def reached(self) -> float:
        """Return up to which second it is written."""
        return min(reached(self.segments), self.asked.seconds)

    @property
    def under_way(self) -> bool:
        """Return whether somebody is at work on it, or about to be."""
        return marks.busy(self.folder)

    @property
    def stopped(self) -> bool:
        """Return whether a person or an error has ended it, so that it does not go on by itself."""
        return marks.stopped(self.folder)


def id_of(recording: Path, asked: Asked) -> str:
    """Return the id of the job that transcribes a recording so."""
    said = json.dumps([digest(recording), asdict(asked)], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:32]


def begin(workspace: Workspace, copy: Path, asked: Asked, work: Path) -> Job:
    """Make a job of a copy of a recording, both in a work folder, where there is no such job yet.

    Raises:
        SmileError: there is no room.
        OSError: it cannot be stored.
    """
    new, target = work / "job", workspace.folder / JOBS / id_of(copy, asked)
    (new / RECORDING).mkdir(parents=True)
    os.replace(copy, new / RECORDING / copy.name)
    write_json(new / ASKED, asdict(asked))
    workspace.room()
    target.parent.mkdir(exist_ok=True)
    _prune(workspace, target.name)
    with suppress(OSError):  # another window has made it just now
        os.rename(new, target)
    return find(workspace, target.name)


def _prune(workspace: Workspace, coming: str) -> None:
    others = [job for job in jobs(workspace) if job.id != coming]
    for job in others[MOST - 1 :]:
        with suppress(PoolError):
            discard(job)


def jobs(workspace: Workspace) -> list[Job]:
    """Return a visitor's jobs, the one last worked on first; what is damaged is removed."""
    found = []
    for folder in sorted((workspace.folder / JOBS).glob("*"), key=_changed, reverse=True):
        job = _job(folder)
        if job:
            found.append(job)
        else:
            shutil.rmtree(folder, ignore_errors=True)
    return found


def find(workspace: Workspace, id: object) -> Job:
    """Return the job of an id.

    Raises:
        PoolError: there is none (any more).
    """
    job = _job(workspace.folder / JOBS / id) if isinstance(id, str) and ID.fullmatch(id) else None
    if job is None:
        raise PoolError(GONE)
    return job


def _job(folder: Path) -> Job | None:
    """The job in a folder; None where it is not whole."""
    try:
        asked = from_fields(Asked, read_json(folder / ASKED))
        (recording,) = (folder / RECORDING).iterdir()
        if not 0 < asked.seconds < math.inf or recording.is_symlink() or not recording.is_file():
            return None
        checked(asked.settings)
    except (OSError, ValueError, SmileError):
        return None
    return Job(folder, asked, recording)


def _changed(folder: Path) -> float:
    """When a job was last begun or gone on with."""
    try:
        return folder.stat().st_mtime
    except OSError:
        return 0.0  # it is being removed


def discard(job: Job) -> None:
    """Remove a job that nobody is at work on.

    Raises:
        PoolError: somebody is.
    """
    with held(job.folder) as lock:
        if lock is None and job.folder.exists():
            raise PoolError(BUSY)
        remove(job)


def sweep(visitor: Path, before: float) -> None:
    """Remove the jobs in a visitor's folder that nobody has gone on with since a time, in seconds."""
    for folder in (visitor / JOBS).glob("*"):
        if _changed(folder) < before:
            with held(folder) as lock:
                if lock is not None:
                    shutil.rmtree(folder, ignore_errors=True)


def remove(job: Job) -> None:
    """Remove a job that the caller holds."""
    shutil.rmtree(job.folder, ignore_errors=True)
