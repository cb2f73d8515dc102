"""Text that is too short for its sound: a decoder may take a pause for the end of what is said.

It does where the pool's clips have no such pauses: of two Mboshi sentences in one segment it wrote the first.
Cut at the pause and written piece by piece it is whole: see `smile bench pauses`.
"""

from __future__ import annotations

from smile.audio.vad import at_longest_pause
from smile.datatypes import Speech
from smile.decoding.control import least_characters, speaking_rates
from smile.pools.pool import Pool
from smile.settings import Settings

MOST_CUTS = 2  # how often a segment is cut in two: into four pieces at most


def recut(speech: Speech, text: str, settings: Settings, pool: Pool, depth: int = 0) -> tuple[Speech, ...]:
    """Return the two pieces to write in place of a segment; none where its text will do, or it has no pause.

    A text is too short where nine in ten of the pool's clips are spoken faster. The acoustic model alone
    writes what it hears in every frame, so nothing of it is cut again. `depth` says how often the segment was
    cut already.
    """
    if not settings.split_short or settings.level == "acoustic" or depth >= MOST_CUTS:
        return ()
    if len(text) >= least_characters(speaking_rates(pool), speech.seconds):
        return ()
    return at_longest_pause(speech) or ()
