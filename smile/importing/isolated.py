"""Reads strangers' files in a process of its own, so that no file can take this one's time or memory.

The process has limits on memory and processor time, low priority, no secrets in its environment, and ends
with this one. One import is served at a time; the others wait in the order in which they came.
"""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from tempfile import TemporaryDirectory
from threading import Thread, Timer
from time import sleep
from typing import Any

from smile.audio.tracks import MOST as MOST_TRACKS
from smile.audio.tracks import ONE, Tracks
from smile.corpora.preview import Preview
from smile.corpora.undecoded import Undecoded
from smile.datatypes import CorpusError
from smile.importing import NO_HINTS, Hints
from smile.importing.annotations import TierCount
from smile.importing.imported import Imported
from smile.importing.limits import STRANGERS, Limits
from smile.importing.turns import Place, Queue
from smile.importing.worker import out_of_memory
from smile.paths import CHECKOUT
from smile.util.confined import close, start

POLL = 0.25  # seconds between two lines for a person
MOST_BYTES = 100_000_000  # of a worker's answers
LOOKING = "Looking at the files"
FAILED = (
    "The program that reads the files came to an unforeseen end; save them again with the program that they "
    "come from, or leave some out to find the bad one."
)

QUEUE = Queue()


def read_apart(
    files: Sequence[Path],
    work: Path,
    *,
    tiers: Sequence[str] = (),
    hints: Hints = NO_HINTS,
    limits: Limits = STRANGERS,
) -> Generator[str, None, Imported]:
    """Read uploaded files as `gather` and `read_source` do; yields what is being done, for a person.

    Of the hints those count that go with uploads: language, columns, encoding and track.

    Clips and what is unpacked lie below `work`, a folder that the caller holds until it has used them.
    Closing the generator ends the work before it returns.

    Raises:
        CorpusError: nothing in the files can be used, or they ask for more than the limits let in.
    """
    work = work.resolve()
    said = {
        "tiers": list(tiers),
        "language": hints.language,
        "columns": hints.columns.to_json() if hints.columns else None,
        "encoding": hints.encoding,
        "track": hints.track,
    }
    answer = yield from _apart("read", files, work, limits, **said)
    try:
        imported = Imported.from_json(answer)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CorpusError(FAILED) from error
    if not all(_inside(u.audio, work) for u in (*imported.reading.utterances, *imported.queries.utterances)):
        raise CorpusError(FAILED)
    return imported


@dataclass(frozen=True)
class Choices:
    """What a person has to choose of uploaded files: tiers, a table's columns, an encoding, a track."""

    tiers: tuple[TierCount, ...]  # of the annotation files among them; none where there are no such files
    table: Preview | None  # None where its columns are understood, or there is none
    beside: bool = False  # whether there is a table of clips beside annotations
    undecoded: Undecoded | None = None  # None where they are in Unicode, or say in which encoding they are
    tracks: Tracks = ONE  # of the recording that has most of them


def look_apart(
    files: Sequence[Path], *, encoding: str = "", limits: Limits = STRANGERS
) -> Generator[str, None, Choices]:
    """Look into uploaded files, in the encoding that a person names, for what they have to choose.

    Raises:
        CorpusError: as `read_apart` does.
    """
    with TemporaryDirectory(prefix="smile-look-", ignore_cleanup_errors=True) as work:
        answer = yield from _apart("look", files, Path(work).resolve(), limits, encoding=encoding)
    try:
        tiers = tuple(TierCount(**tier) for tier in answer["tiers"])
        table, undecoded = Preview.from_json(answer["table"]), Undecoded.from_json(answer["undecoded"])
        return Choices(tiers, table, answer["beside"] is True, undecoded, _tracks(answer["tracks"]))
    except (KeyError, TypeError, ValueError) as error:
        raise CorpusError(FAILED) from error


def _tracks(said: dict[str, Any]) -> Tracks:
    tracks = Tracks(int(said["count"]), int(said["used"]))
    if not 1 <= tracks.used <= tracks.count <= MOST_TRACKS:
        raise ValueError(tracks)
    return tracks


def unpack_apart(path: Path, folder: Path, *, limits: Limits = STRANGERS) -> Generator[str, None, Path]:
    """Unpack a zip into a new folder as `archive.unpack` does, and return the folder.

    Where that fails or is stopped, the caller removes what is there of the folder.

    Raises:
        CorpusError: as `unpack` and `read_apart` do.
    """
    yield from _apart("unpack", [path], folder.resolve(), limits)
    return folder


def _inside(path: Path, folder: Path) -> bool:
    return path.is_relative_to(folder) and ".." not in path.parts


def _apart(
    task: str, files: Sequence[Path], work: Path, limits: Limits, **hints: Any
) -> Generator[str, None, Any]:
    """Wait for a turn and have a worker do a task; returns its answer."""
    request = {
        "task": task,
        "files": [str(file.absolute()) for file in files],
        "work": str(work),
        **hints,
        "limits": limits.to_json(),
    }
    place = Place()
    try:
        while before := QUEUE.before(place):
            yield f"Waiting for another import to end ({before} before this one)"
            sleep(POLL)
        worker = _Worker(request, limits, lambda: QUEUE.leave(place))
        try:
            return (yield from worker.answer())
        finally:
            worker.end()
    finally:
        QUEUE.leave(place)


class _Worker:
    """A process at work on one request; whoever follows it or not, it ends at its limits."""

    def __init__(self, request: dict[str, Any], limits: Limits, ended: Callable[[], None]):
        self._limits, self._late = limits, False
        self._lines: SimpleQueue[bytes] = SimpleQueue()  # an empty one is the last
        try:
            self._process = start(("-m", "smile.importing.worker"), CHECKOUT)
        except OSError as error:
            raise CorpusError(f"The files cannot be read now ({error.strerror}); try again later.") from error
        self._timer = Timer(limits.wall_seconds, self._too_late)
        self._timer.daemon = True
        self._timer.start()
        line = json.dumps(request).encode("ascii") + b"\n"
        self._thread = Thread(target=self._follow, args=(line, ended), daemon=True)
        self._thread.start()

    def answer(self) -> Generator[str, None, Any]:
        """Lines for a person until the result is there, which is returned."""
        told = LOOKING
        while True:
            yield told
            try:
                line = self._lines.get(timeout=POLL)
            except Empty:
                continue
            message = _message(line) if line else {"error": self._why()}
            if "result" in message:
                return message["result"]
            done, total = message.get("done"), message.get("total")
            if not (isinstance(done, int) and isinstance(total, int)):
                raise CorpusError(str(message.get("error", FAILED)))
            told = f"Cutting: {done} of {total} clips"

    def end(self) -> None:
        """End the process, if it has not ended, and wait for that."""
        self._process.kill()
        self._thread.join()

    def _follow(self, request: bytes, ended: Callable[[], None]) -> None:
        """Hand in the request, take the answers, and see the process out."""
        stdin, stdout, left = self._process.stdin, self._process.stdout, MOST_BYTES
        assert stdin
        assert stdout
        try:
            stdin.write(request)
            stdin.flush()
            while left > 0 and (line := stdout.readline(left)):
                left -= len(line)
                self._lines.put(line)
        except OSError:
            pass  # it has ended already
        finally:
            if left <= 0:
                self._process.kill()
            self._process.wait()
            self._timer.cancel()
            close(stdin, stdout)
            ended()
            self._lines.put(b"")

    def _too_late(self) -> None:
        self._late = True
        self._process.kill()

    def _why(self) -> str:
        """Why a process has ended without an answer."""
        code = self._process.wait()
        if self._late:
            return (
                f"Reading the files takes more than {self._limits.wall_seconds / 60:g} minutes; split them."
            )
        if code == -signal.SIGXCPU:
            minutes = self._limits.cpu_seconds / 60
            return f"Reading the files takes more than {minutes:g} minutes of computing; split them."
        return out_of_memory(self._limits) if code == -signal.SIGKILL else FAILED


def _message(line: bytes) -> dict[str, Any]:
    """What a worker says; an empty object where it makes no sense."""
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return message if isinstance(message, dict) else {}
