"""Where the packets of an Ogg stream lie in time.

A page says when its last packet ends. FFmpeg takes that for the time at which the next page begins, so that
it has a page behind a hole too early; here the packets are counted back from the end of their own page.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import av

    Packet = av.Packet[Any]

HOLE = 0.002  # seconds that are missing before a packet, from which on they count: less than any packet lasts
VORBIS_HOLE = 0.015  # the same of Vorbis, whose packets FFmpeg takes for longer or shorter than they are
HEAD, STEP = 13, 2**20  # bytes of a page up to its time's last one, and bytes that are searched at a time
BEFORE = re.compile(rb"OggS\x00[\x00-\x07](?!\xff{8}).{7}[\x80-\xff]", re.DOTALL)  # a page that ends before 0


def placed(packets: Iterable[Packet], track: av.AudioStream) -> Iterator[tuple[Packet, float]]:
    """Yield the packets of a track, each with the seconds by which it is to be played later than it says."""
    unit = float(track.time_base or 0)
    pages = (list(page) for _, page in groupby(packets, key=attrgetter("pos")))
    page = next(pages, [])
    first = page[0].pts if page else None
    for following in pages:
        end = following[0].pts if following[0].size else _end(track, first)
        yield from ((packet, unit * _late(page, end)) for packet in page)
        page = following
    yield from ((packet, unit * _late(page, None)) for packet in page)


def _late(page: list[Packet], end: int | None) -> int:
    """How much later than it says a page begins that ends at a time, in the units of its track."""
    last = page[-1]
    if last.pts is None or end is None:
        return 0
    return max(0, end - (last.duration or 0) - last.pts)


def _end(track: av.AudioStream, first: int | None) -> int | None:
    """The end of a track's last page, where it says so, by the time of its first packet.

    What FFmpeg has for the duration of Opus is its end, and counts the samples that are decoded and left out.
    """
    context: Any = track.codec_context  # None where nothing decodes it
    if track.duration is None or first is None or context is None:
        return None
    start = track.start_time or 0
    return track.duration + (first - start if context.codec.canonical_name == "opus" else start)


def needs_times(file: Any) -> bool:
    """Return whether an open Ogg file has anything but one stream of sound, a hole in that, or time below 0.

    Such a file is not what its packets make one after the other. One that cannot be opened does not say so.
    """
    import av

    if _before_zero(file):  # which sends libsndfile round and round
        return True
    with suppress(av.FFmpegError), av.open(file, format="ogg", metadata_errors="replace") as container:
        if len(container.streams) != 1 or not container.streams.audio:
            return True
        return _has_hole(container.streams.audio[0], container)
    return False


def _before_zero(file: Any) -> bool:
    """Whether any page ends before 0; goes back to the beginning."""
    data, found = b"", False
    while not found and (chunk := file.read(STEP)):
        data = data[-HEAD:] + chunk
        found = BEFORE.search(data) is not None
    file.seek(0)
    return found


def _has_hole(track: av.AudioStream, container: Any) -> bool:
    """Whether a packet begins later than the one before it ends, behind its page or within it."""
    unit, end, context = float(track.time_base or 0), None, track.codec_context
    least = VORBIS_HOLE if context and context.codec.canonical_name == "vorbis" else HOLE
    for packet, late in placed(container.demux(track), track):
        if not packet.size or packet.pts is None:
            continue
        begin = packet.pts * unit + late
        if end is not None and begin - end > least:
            return True
        end = begin + packet.duration * unit if packet.duration else None
    return False
