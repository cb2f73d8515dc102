"""The process in which strangers' files are read; started by `smile.importing.isolated` and by nobody else.

A request comes as one line of JSON, see `smile.util.confined`. Progress and the result, or one sentence, go
out as lines of JSON.
"""

from __future__ import annotations

import json
import os
import resource
import traceback
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from time import monotonic
from typing import Any, BinaryIO

from smile import importing
from smile.audio.formats import AUDIO_SUFFIXES
from smile.audio.tracks import ONE, Tracks, tracks_of
from smile.corpora.tables import SUFFIXES as TABLES
from smile.datatypes import CorpusError, SmileError
from smile.importing.clips import READERS
from smile.importing.gathering import names_of
from smile.importing.limits import Limits
from smile.util import confined

SECONDS = 0.25  # between two lines of progress
GRACE = 5  # seconds of processor time from the signal to the end
ON_THE_PAGE = "choose the files again and tick the tier to cut the recording at"
BESIDE_THERE = (
    "tick the tier to cut the recording at, or choose the files again without the table or the annotations"
)
COLUMNS_THERE = "choose below the files which columns are meant"
LONGEST = 600  # characters of a sentence
UNKNOWN = "The files cannot be read; save them again with the program that they come from."

Request = dict[str, Any]


class Teller:
    """Writes lines for the parent."""

    def __init__(self, out: BinaryIO):
        self._out, self._last = out, 0.0

    def __call__(self, **message: Any) -> None:
        """Write a line."""
        self._out.write(json.dumps(message).encode("ascii") + b"\n")
        self._out.flush()

    def progress(self, done: int, total: int) -> None:
        """Say now and then how many clips are cut."""
        if (now := monotonic()) - self._last >= SECONDS:
            self._last = now
            self(done=done, total=total)


def main() -> None:
    """Serve one request."""
    asked, out = confined.begin()
    tell, request = Teller(out), json.loads(next(asked))
    limits = Limits.from_json(request["limits"])
    _confine(limits)
    try:
        tell(result=TASKS[request["task"]](request, limits, tell))
    except Exception as error:
        tell(error=_sentence(error, limits))


def _confine(limits: Limits) -> None:
    """Bound what this process can take; the system ends it, or refuses, where it wants more."""
    os.nice(10)
    confined.confine(limits.memory, limits.archive_bytes)
    confined.bound(resource.RLIMIT_CPU, limits.cpu_seconds, GRACE)


def _sentence(error: BaseException, limits: Limits) -> str:
    """What to tell a person of an error; what nobody foresaw goes to standard error, too."""
    if confined.out_of_memory(error):
        return out_of_memory(limits)
    if isinstance(error, SmileError):
        said = str(error)
        if isinstance(error, importing.TierError):
            said = error.saying(ON_THE_PAGE)
        elif isinstance(error, importing.BesideError):
            said = error.saying(BESIDE_THERE)
        elif isinstance(error, importing.ColumnsError):
            said = error.saying(COLUMNS_THERE)
        return said if len(said) <= LONGEST else f"{said[: LONGEST - 3]}..."
    traceback.print_exception(error, limit=20)
    return UNKNOWN


def out_of_memory(limits: Limits) -> str:
    """The sentence for files that need too much memory."""
    return f"The files need more memory than an import may use ({limits.memory / 1e9:g} GB); split them."


def _read_source(request: Request, limits: Limits, tell: Teller) -> Any:
    work = Path(request["work"])
    source = importing.gather(_files(request), work, limits)
    columns = importing.ColumnMapping.from_json(request["columns"])
    hints = importing.Hints(
        language=request["language"], columns=columns, encoding=request["encoding"], track=request["track"]
    )
    imported = importing.read_source(
        source, work, tiers=request["tiers"], hints=hints, progress=tell.progress, limits=limits
    )
    return imported.to_json()


def _look(request: Request, limits: Limits, tell: Teller) -> Any:
    work, files, encoding = Path(request["work"]), _files(request), request["encoding"]
    folder = importing.gather(files, work, limits, suffixes=(*READERS, *TABLES))
    undecoded = importing.encodings_of(folder, limits)
    table = importing.table_preview(folder, names_of(files, limits), limits, encoding)
    return {
        "tiers": [asdict(tier) for tier in _tiers(folder, request, limits, undecoded is not None)],
        "table": table.to_json() if table else None,
        "beside": importing.has_table_beside(folder, limits, encoding),
        "undecoded": undecoded.to_json() if undecoded else None,
        "tracks": asdict(_tracks(files)),
    }


def _tracks(files: Sequence[Path]) -> Tracks:
    """The tracks of the recording that has most of them, of those that lie in no zip."""
    sounds = [path for path in files if path.suffix.lower() in AUDIO_SUFFIXES]
    return max(map(tracks_of, sounds), key=lambda tracks: tracks.count, default=ONE)


def _tiers(
    folder: Path, request: Request, limits: Limits, undecoded: bool
) -> tuple[importing.TierCount, ...]:
    """The tiers of annotations; none of those that can be read only once their encoding is chosen."""
    try:
        return importing.offered(folder, Path(request["work"]), limits, request["encoding"])
    except CorpusError:
        if undecoded:
            return ()
        raise


def _unpack(request: Request, limits: Limits, tell: Teller) -> Any:
    importing.unpack(_files(request)[0], Path(request["work"]), limits)
    return None


def _files(request: Request) -> list[Path]:
    return [Path(file) for file in request["files"]]


TASKS: dict[str, Callable[[Request, Limits, Teller], Any]] = {
    "read": _read_source,
    "look": _look,
    "unpack": _unpack,
}

if __name__ == "__main__":
    main()
