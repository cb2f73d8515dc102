"""The check of the level combined: from the transcripts of the others, with a share fitted on other clips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from smile.evaluation.conditions import Condition
from smile.evaluation.rows import Row
from smile.pools.pool import Pool
from smile.settings import ACOUSTIC_SHARE
from smile.transcription.consensus import Readings, fitted_share, ways


@dataclass(frozen=True)
class CheckedClip:
    """A clip that was left out, and what the acoustic model and each number of examples made of it."""

    rows: tuple[Row, ...]  # the acoustic model's first
    readings: Readings
    reference: str


def parts(condition: Condition, tried: Sequence[Condition]) -> tuple[Condition, ...]:
    """Return the conditions that a combined one needs the transcripts of; empty where one is not tried."""
    head = [c for c in tried if c.settings.level == "acoustic"][:1]
    needed = ways(condition.settings)
    others = [c for way in needed for c in tried if c.side != "vanilla" and c.settings == way]
    return (*head, *others) if head and len(others) == len(needed) else ()


def checked_clips(
    rows: Sequence[Row], condition: Condition, tried: Sequence[Condition], pool: Pool
) -> list[CheckedClip]:
    """Return the clips that have a transcript under every condition that a combined one needs."""
    needed, texts = parts(condition, tried), {u.id: u.text for u in pool.utterances}
    by_key = {row.key: row for row in rows if not row.error}
    clips = []
    for name in dict.fromkeys(row.id for row in rows) if needed else ():
        each = [by_key.get((name, part.hash)) for part in needed]
        whole = tuple(row for row in each if row)
        if len(whole) == len(needed):
            head, *others = (row.hypothesis for row in whole)
            readings = Readings(head, tuple(others), pool.language.code)
            clips.append(CheckedClip(whole, readings, texts[name]))
    return clips


def share_of(clips: Sequence[CheckedClip]) -> float:
    """Return the head's share that is best for clips; the usual one where there is none."""
    if not clips:
        return ACOUSTIC_SHARE
    return fitted_share([clip.readings for clip in clips], [clip.reference for clip in clips])


def combined_rows(clips: Sequence[CheckedClip], condition: Condition) -> list[Row]:
    """Return the rows of the combined level, each clip's by the share that is best for the others."""
    rows = []
    for number, clip in enumerate(clips):
        share = share_of([*clips[:number], *clips[number + 1 :]])
        row = clip.rows[clip.readings.nearest(share)]
        rows.append(replace(row, condition=condition.name, hash=condition.hash))
    return rows
