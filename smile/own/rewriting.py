"""Writes strangers' clips anew, so that a visitor's pool, which is read over and over, is of our making."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from smile.audio.io import write
from smile.audio.isolated import read_apart
from smile.corpora import Reading, Rejected
from smile.datatypes import AudioError, PoolError, Progress, Samples, Utterance
from smile.own.quota import FullError
from smile.pools.clip_encoder import uncut

TOO_MUCH = "The clips come to more than there is room for; add fewer, or delete some of what you keep here."
UNSTORED = "The clips cannot be stored now; what was there stays. Try again later."


def rewritten(
    clips: Reading, folder: Path, longest: float, room: int, progress: Progress | None = None
) -> Reading:
    """Return the same clips as 16 kHz FLAC in a new folder; those that cannot be decoded are rejected.

    Args:
        longest: seconds that a clip may have.
        room: bytes that they may take beside what they take now.

    Raises:
        FullError: they take more.
        PoolError: they cannot be stored.
    """
    folder.mkdir()
    room += sum(u.audio.stat().st_size for u in clips.utterances if u.audio.is_file())
    good: list[tuple[int, Utterance]] = []
    rejected = list(clips.rejected)
    for line, clip in zip(clips.lines, clips.utterances, strict=True):
        try:
            samples = uncut(read_apart(clip.audio, longest), clip.audio, longest)
        except AudioError as error:
            rejected.append(Rejected(line, str(error)))
        else:
            good.append((line, replace(clip, audio=_stored(samples, folder / f"{line}.flac"))))
            room -= good[-1][1].audio.stat().st_size
        if room < 0:
            raise FullError(TOO_MUCH)
        if progress:
            progress(0, len(clips.utterances))
    return Reading(tuple(u for _, u in good), tuple(n for n, _ in good), tuple(rejected))


def _stored(samples: Samples, target: Path) -> Path:
    try:
        write(target, samples)
    except AudioError as error:
        raise PoolError(UNSTORED) from error
    return target
