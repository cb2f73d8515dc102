"""When the earliest track of a container begins, which is where a player has time 0.

FFmpeg says so itself, but for Opus in Matroska that was made at a rate below 48 kHz: what the decoder leaves
out it counts by that rate there, and has the track begin up to 32 ms late.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from av.container import InputContainer

OPUS_RATE = 48_000  # Hz, by which Opus always counts
HEAD, SKIPPED = b"OpusHead", slice(10, 12)  # of its header, and where the samples stand that are left out
FIRST = 1_000  # packets among which every track of interest has its first one


def beginning(container: InputContainer) -> float | None:
    """Return a container's time 0 in seconds, if it has one; of Matroska it may take the first packets."""
    if container.start_time is None:
        return None
    opus = [track for track in container.streams.audio if _left_out(track)]
    if not opus or "matroska" not in container.format.name:
        return container.start_time / 1e6
    others = [each for each in (*container.streams.audio, *container.streams.video) if each not in opus]
    times = [each.start_time * float(each.time_base or 0) for each in others if each.start_time is not None]
    first: dict[int, float] = {}
    for packet in islice(container.demux(opus), FIRST):
        if packet.pts is not None and packet.time_base is not None:
            time = float(packet.pts * packet.time_base)
            first.setdefault(packet.stream.index, time + _left_out(packet.stream) / OPUS_RATE)
        if len(first) == len(opus):
            break
    return min([*times, *first.values()], default=None)


def _left_out(track: Any) -> int:
    """The samples at the beginning of an Opus track that are not played; 0 of other tracks."""
    head = getattr(track.codec_context, "extradata", None) or b""
    return int.from_bytes(head[SKIPPED], "little") if head.startswith(HEAD) else 0
