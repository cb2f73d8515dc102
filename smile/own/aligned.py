"""A text that exists already, found in a recording of a visitor's list: its lines are the parts of that."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING

from smile.datatypes import PoolError, Progress, Samples, Span
from smile.exporting import TieredTranscript
from smile.exporting.eaf import as_eaf
from smile.exporting.transcripts import STRANGERS, TEXT
from smile.own import transcripts
from smile.own.edited import edited
from smile.own.kept_transcripts import kept
from smile.own.made import Made, now
from smile.own.transcripts import Part
from smile.own.workspace import TRANSCRIPTS, Workspace, write_json
from smile.util.timing import finished, in_hundredths, relayed
from smile.whisper.model import Models

if TYPE_CHECKING:
    from smile.transcription.aligning import Aligned, Line

ENCODED = 0.8  # share of the work that is done once the recording is encoded
SHOWN = 3  # lines that are told
NO_EXAMPLES = "An acoustic model of your examples finds the text; add examples first."
WRITTEN_OVER = (
    "Parts of {} have been corrected, cut or written over; delete it from the list before a text is looked "
    "for in it."
)
DELETED = "{} was deleted from the list meanwhile; bring it again."
NO_LINES = "No lines of a text wait to become examples; find a text in its recording first."


def check(workspace: Workspace, name: str) -> None:
    """Make sure that nobody's work on a recording's transcript is lost by another one.

    Raises:
        PoolError: a person has corrected parts of it, cut it by hand, or written over it.
    """
    fixed = {correction.recording for correction in workspace.state().corrections}
    if name in fixed | edited(workspace).recordings:
        raise PoolError(WRITTEN_OVER.format(name))


def look(
    workspace: Workspace,
    name: str,
    lines: Sequence[Line],
    samples: Samples,
    models: Models,
    progress: Progress | None = None,
) -> Aligned:
    """Return where lines are spoken in samples (n,) of a recording; the same call goes on where it was.

    What was found is kept before another look in the recording begins. Progress comes in hundredths of the
    whole.

    Raises:
        PoolError: there are no examples, they have no acoustic model, or the recording was deleted; or as
            `keep` raises it.
        SmileError: none of the text is spoken.
    """
    from smile.transcription.aligning import Wanted, align_text

    pool = workspace.pool(models.smile.info.encoder)
    if pool is None:
        raise PoolError(NO_EXAMPLES)
    out = transcripts.alignment(workspace, name)
    wanted = Wanted(workspace.recordings / name, lines, out)
    steps = align_text(models.smile, pool, samples, wanted)

    told = in_hundredths(progress)

    with workspace.work(adding=False, makes=(out,)):
        try:
            found = finished(relayed(steps, lambda said: told(_share(*said))))
        except OSError as error:
            if wanted.recording.is_file():
                raise
            raise PoolError(DELETED.format(name)) from error
    keep(workspace, name, found, now(workspace))
    return found


def _share(stage: str, done: int, of: int) -> float:
    """How much of looking for a text is done, 0 to 1."""
    return ENCODED * done / of if stage == "Encoding" else ENCODED + (1 - ENCODED) * done / of


def keep(workspace: Workspace, name: str, aligned: Aligned, made: Made) -> None:
    """Make what was found the transcript of a recording.

    Raises:
        PoolError: a person has worked on its transcript meanwhile, or deleted it.
    """
    with workspace.lock:
        shutil.rmtree(transcripts.alignment(workspace, name), ignore_errors=True)
        if not (workspace.recordings / name).is_file():
            raise PoolError(DELETED.format(name))
        check(workspace, name)
        transcript = asdict(_in_turn(replace(aligned.transcript, recording=name)))
        entry = {"transcript": transcript, "problem": _told(aligned.unspoken), **asdict(made)}
        write_json(workspace.folder / TRANSCRIPTS, {**kept(workspace), name: entry})


def _in_turn(transcript: TieredTranscript) -> TieredTranscript:
    """A transcript whose two tiers have a span each for every line and every stranger, in their order."""
    (_, lines), (_, strangers) = transcript.tiers
    pairs = [(line, _empty(line)) for line in lines]
    pairs += [(_empty(stranger), stranger) for stranger in _between(lines, strangers)]
    first, last = zip(*sorted(pairs, key=lambda pair: pair[0].start), strict=True)
    return replace(transcript, tiers=((TEXT, first), (STRANGERS, last)))


def _empty(span: Span) -> Span:
    return Span(span.start, span.end, "")


def _between(lines: Sequence[Span], strangers: Iterable[Span]) -> Iterator[Span]:
    """Strangers as far as they are between lines."""
    for span in strangers:
        start = max([span.start, *(line.end for line in lines if line.start <= span.start)])
        end = min([span.end, *(line.start for line in lines if line.start > span.start)])
        if end > start:
            yield replace(span, start=start, end=end)


def _told(unspoken: Sequence[Line]) -> str:
    """What is said of the lines that were not found; empty where all were."""
    if not unspoken:
        return ""
    shown = "; ".join(f"{number}: {shorten(text, 60)}" for number, text in unspoken[:SHOWN])
    more = f"; and {len(unspoken) - SHOWN} more" if len(unspoken) > SHOWN else ""
    return f"Lines of the text that were not found: {shown}{more}"


def as_files(workspace: Workspace, folder: Path) -> list[Path]:
    """Write the lines that no example has yet as annotations, beside their recordings; return all files.

    Raises:
        PoolError: there are none.
    """
    by_name: dict[str, list[Part]] = {}
    for part in transcripts.parts(workspace):
        if part.given and part.smile and part.corrected is None:
            by_name.setdefault(part.recording, []).append(part)
    if not by_name:
        raise PoolError(NO_LINES)
    made: list[Path] = []
    for name, parts in by_name.items():
        recording, annotations = folder / name, folder / f"{Path(name).stem}.eaf"
        _linked(workspace.recordings / name, recording)
        spans = tuple(Span(part.start, part.end, part.smile) for part in parts)
        told = TieredTranscript(name, parts[-1].end, ((TEXT, spans),))
        annotations.write_text(as_eaf(told), encoding="utf-8")
        made += [recording, annotations]
    return made


def _linked(source: Path, target: Path) -> None:
    """Put a recording into another folder, without a copy of it where that can be."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
