"""A measure of what correcting brings: clips transcribed one after the other, each then corrected.

A small pool is given, and test clips with their references. Each clip is transcribed with the pool as it
was at the beginning and with one that all clips before it have joined, corrected.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from smile.audio.io import read_audio
from smile.datatypes import SAMPLE_RATE, PoolError, Utterance
from smile.own import changes, cutting, growing
from smile.own.transcripts import Part
from smile.own.workspace import Workspace
from smile.own.workspaces import Workspaces
from smile.pools.pool import Pool
from smile.pools.subsets import subset
from smile.settings import Settings
from smile.text.scoring import score
from smile.transcription.pipeline import transcribe
from smile.transcription.result import Result
from smile.util.storage import write_text
from smile.util.timing import finished
from smile.whisper.model import Models

SIDES = ("vanilla", "fixed", "growing")  # whose edits are counted


@dataclass(frozen=True)
class ClipEdits:
    """A clip of the sequence: edits of each transcript against a reference of so many characters."""

    language: str
    number: int  # in the sequence, from 1
    id: str
    examples: int  # of the growing pool, before this clip joined it
    length: int
    vanilla: int
    fixed: int
    growing: int


def sequence(
    models: Models,
    whole: Pool,
    targets: Sequence[Utterance],
    folder: Path,
    examples: int = 12,
    settings: Settings = Settings(),  # noqa: B008, frozen
) -> Iterator[ClipEdits]:
    """Transcribe and correct targets one after the other, beginning with so many `examples` of a pool.

    Raises:
        PoolError: the pool has fewer clips, or a target cannot be read.
    """
    if len(whole) < examples:
        raise PoolError(f"{whole.folder} has {len(whole)} clips, fewer than {examples}; ask for fewer.")
    fixed, grown = (_begun(whole, examples, folder / name) for name in ("fixed", "growing"))
    for number, target in enumerate(targets, 1):
        samples = read_audio(target.audio)
        results = []
        for workspace in (fixed, grown):
            *_, result = transcribe(models, samples, growing.ready(workspace, models), settings)
            results.append(result)
        pool = grown.pool(models.smile.info.encoder)
        assert pool is not None
        yield _edits(target, number, len(pool), results)
        _correct(grown, target, len(samples) / SAMPLE_RATE, results[1], models)


def _begun(whole: Pool, examples: int, folder: Path) -> Workspace:
    """A visitor's folder with the first clips of a pool."""
    visitors = Workspaces(folder, hours=24)
    workspace = visitors.open(visitors.new())
    with workspace.change(f"{examples} examples added") as change:
        changes.joined(None, subset(whole, 0, examples), change.out)
    workspace.write(replace(workspace.state(), language=whole.language))
    return workspace


def _correct(workspace: Workspace, target: Utterance, seconds: float, result: Result, models: Models) -> None:
    """The clip joins the pool with its reference, as if a person had written it."""
    name = f"{target.id}{target.audio.suffix}"
    (workspace.recordings / name).write_bytes(target.audio.read_bytes())
    part = Part(name, 0, 1, 0.0, seconds, result.smile.text, result.vanilla.text, None, 0)
    with workspace.work() as work:
        clip = finished(cutting.cutting(workspace, part, work / "clip.wav"))
        growing.corrected(workspace, part, clip, target.text, models)
    (workspace.recordings / name).unlink()


def _edits(target: Utterance, number: int, examples: int, results: Sequence[Result]) -> ClipEdits:
    fixed, grown = results
    texts = (fixed.vanilla.text, fixed.smile.text, grown.smile.text)
    scores = [score(target.text, text, language=target.language) for text in texts]
    edits = [s.edits for s in scores]
    return ClipEdits(target.language, number, target.id, examples, scores[0].length, *edits)


def write(clips: Sequence[ClipEdits], out: Path) -> None:
    """Write the edits of each clip as CSV; the file appears when it is whole."""
    text = io.StringIO()
    rows = csv.DictWriter(text, [f.name for f in fields(ClipEdits)], lineterminator="\n")
    rows.writeheader()
    rows.writerows(asdict(clip) for clip in clips)
    out.parent.mkdir(parents=True, exist_ok=True)
    write_text(out, text.getvalue())


def as_text(clips: Sequence[ClipEdits], size: int = 10) -> str:
    """Return a table of CER in percent over each `size` clips and over all, by language and on average."""
    import pandas as pd

    rows = pd.DataFrame([asdict(clip) for clip in clips])
    rows["clips"] = (rows["number"] - 1) // size * size
    parts = pd.concat([rows, rows.assign(clips=-1)])
    sums = parts.groupby(["language", "clips"])[["length", *SIDES]].sum()
    rates = sums[list(SIDES)].div(sums["length"], axis=0).mul(100)
    macro = rates.groupby("clips").mean().assign(language="macro").set_index("language", append=True)
    table = pd.concat([rates, macro.swaplevel()]).reset_index()
    table["clips"] = [f"{c + 1} to {c + size}" if c >= 0 else "all" for c in table["clips"]]
    return str(table.round(1).to_string(index=False))
