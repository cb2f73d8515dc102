"""The process in which strangers' sound is decoded; started by `smile.audio.isolated` and by nobody else.

It is asked for one file after the other, each by a line of JSON, see `smile.util.confined`. An answer is a
row of frames: a letter, the number of bytes that follow, and those bytes.
"""

from __future__ import annotations

import json
import struct
import sys
from contextlib import closing
from pathlib import Path
from traceback import format_tb
from typing import Any, BinaryIO

from smile.audio.io import stream
from smile.audio.tracks import tracks_of
from smile.datatypes import AudioError
from smile.util import confined

MEMORY = 1_000_000_000  # bytes of address space
HEAD = struct.Struct("<cI")
BEGUN, SOUND, DONE, ERROR, CRASH = b"b", b"s", b"d", b"e", b"c"  # kinds of frames; sound is float32
COUNTS = struct.Struct("<BB")  # with what is done: how many audio tracks there are, and which was read


def main() -> None:
    """Decode files until the parent ends."""
    import av  # noqa: F401, so that no file need wait for it

    asked, out = confined.begin()
    confined.confine(MEMORY)
    for line in asked:
        request = json.loads(line)
        confined.compute_for(request["seconds"])
        tell(out, BEGUN)
        answer(out, Path(request["file"]), request["samples"])


def answer(out: BinaryIO, file: Path, most: int) -> None:
    """Send the sound of a file from its beginning, at most so many samples, and how that ended."""
    try:
        send(out, file, most)
    except AudioError as error:
        tell(out, ERROR, str(error).encode("utf-8", "surrogatepass"))
    except Exception as error:
        note(error)
        tell(out, CRASH)
    else:
        tracks = tracks_of(file)
        tell(out, DONE, COUNTS.pack(tracks.count, tracks.used))


def send(out: BinaryIO, file: Path, most: int) -> None:
    """Send the sound of a file.

    Raises:
        AudioError: as `stream` does.
    """
    with closing(stream(file, most)) as pieces:
        for piece in pieces:
            part = piece[:most]
            most -= len(part)
            if len(part):
                tell(out, SOUND, part.astype("<f4", copy=False).tobytes())
            if not most:
                return


def tell(out: BinaryIO, kind: bytes, data: Any = b"") -> None:
    """Write a frame."""
    out.write(HEAD.pack(kind, len(data)))
    out.write(data)
    out.flush()


def note(error: Exception) -> None:
    """Write the kind and place of an error that nobody foresaw, without its words, which may be private."""
    places = "".join(format_tb(error.__traceback__))
    sys.stderr.write(f"Decoding failed with {type(error).__name__}\n{places}")


if __name__ == "__main__":
    main()
