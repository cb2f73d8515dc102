"""A visitor's recording in three segments, of which the first has words with times."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from smile.exporting import Span, TieredTranscript
from smile.own.state import Correction, State, Version
from smile.own.transcripts import Part
from smile.own.workspace import Workspace
from smile.pools.pool import open_pool
from tests.conftest import POOLS

NAME = "new.ogg"
TEXTS = ("wa áyaa la tsáa", "ngá o kwé", "bisí dí boo")
CUTS = ((0.2, 1.4), (1.5, 2.5), (2.6, 3.6))
ODDS = (0.93, 0.31, 0.62, 0.2)


def transcribed(folder: Path, texts: Sequence[str] = TEXTS) -> None:
    """Lay out the recording and its transcript in a visitor's folder; the first text has four words."""
    clip = max(open_pool(POOLS / "gla").queries, key=lambda query: query.seconds)
    shutil.copy(clip.audio, folder / "recordings" / NAME)
    sure = zip(range(4), texts[0].split(), ODDS, strict=True)
    words = tuple(Span(0.2 + 0.3 * n, 0.4 + 0.3 * n, word, odds) for n, word, odds in sure)
    spans = tuple(
        Span(*cut, text, parts=words if not n else (), probability=0.5)
        for n, (cut, text) in enumerate(zip(CUTS, texts, strict=True))
    )
    made = TieredTranscript(NAME, 3.9, (("SMILE", spans), ("Whisper alone", spans)), "mdw")
    kept = {"transcript": asdict(made), "problem": "", "version": "", "examples": 3}
    (folder / "transcripts.json").write_text(json.dumps({NAME: kept}), encoding="utf-8")


def corrected(workspace: Workspace, part: Part, timed: bool = True) -> None:
    """Note that a person has corrected a part; without its times, as older versions did."""
    times = (part.start, part.end) if timed else (None, None)
    fixed = Correction(part.recording, part.number, "put right", part.smile, part.vanilla, 3, *times)
    workspace.write(State(versions=(Version("0001", "new.ogg corrected", fixed),)))
