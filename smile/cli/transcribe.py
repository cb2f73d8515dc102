"""`smile transcribe`: one recording, printed, or many, as files."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import replace
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smile.cli.acoustic import fit_acoustic, prepare_pool
from smile.cli.models import add_engine, model_arguments, models_of
from smile.cli.options import add_settings, settings_of
from smile.cli.out import check_out, written_to
from smile.cli.parsers import Commands, add_command, add_option
from smile.cli.places import path_or_url
from smile.cli.pools import A_POOL, fetched, open_for, pool_or_url
from smile.cli.recordings import add_track, read_chosen
from smile.cli.terminal import Bar, add_encoding
from smile.cli.workers import add_workers, placement_of
from smile.datatypes import SmileError
from smile.settings import DEFAULTS
from smile.transcription import lengths
from smile.util.urls import Url
from smile.util.workers.carried import temporary_folder
from smile.whisper.engines import with_lanes

OTHER = {  # than Whisper alone, by level
    "context": "With examples ",
    "acoustic": "Acoustic model",
    "combined": "Combined      ",
}
OLDER = "The pool's own setting rests on a check {}; check it again with: smile check {}"

if TYPE_CHECKING:
    from smile.pools.pool import Pool
    from smile.settings import Settings
    from smile.transcription.batch import Step
    from smile.transcription.batch_workers import Workers
    from smile.transcription.recordings import Recording
    from smile.transcription.result import Result


def add(commands: Commands) -> None:
    """Add the command and its options."""
    parser = add_command(commands, "transcribe", run, goes_on=True)
    add_option(
        parser,
        "clip",
        type=path_or_url,
        nargs="+",
        help="Transcribe these recordings, or folders or zips of some; or what lies at a URL such as "
        "s3://BUCKET/FOLDER, which each worker fetches for itself.",
    )
    add_option(
        parser,
        "--pool",
        type=pool_or_url,
        required=True,
        help=f"Take the examples from this pool: {A_POOL}; or the URL of a folder, which is fetched.",
    )
    add_settings(parser)
    add_option(
        parser,
        "--text",
        type=Path,
        help="Add the lines of this file, such as a word list, to what the level acoustic knows.",
    )
    add_encoding(parser, "a --text that is")
    add_option(parser, "--reference", help="Score both transcripts against this text.")
    add_option(parser, "--json", action="store_true", help="Print everything as JSON.")
    _add_files(parser)
    add_option(
        parser,
        "--max-minutes",
        type=float,
        default=lengths.COMMAND,
        help=f"Refuse a recording that is longer than this; shorter ones are transcribed to their end. At "
        f"most {lengths.MOST:g}; an hour takes half a GB of memory.",
    )
    add_track(parser)
    add_workers(parser, "a recording")
    add_engine(parser)


def _add_files(parser: argparse.ArgumentParser) -> None:
    """Add the options of what is written, and where."""
    add_option(
        parser,
        "--out",
        type=path_or_url,
        help="Write the transcripts into this folder, or to a URL such as s3://BUCKET/FOLDER, and keep what "
        "is done of them there, so that the same command goes on; several recordings need one. Without it "
        "one recording is printed, and nothing is kept.",
    )
    add_option(
        parser,
        "--format",
        default="csv",
        help="Write files of these formats: csv, jsonl, srt, vtt, textgrid and eaf, joined by commas.",
    )
    add_option(
        parser,
        "--times",
        choices=("words", "characters"),
        default="",
        help="Give the times and probabilities of words, or of words and characters, by the pool's acoustic "
        "model, which is fitted where there is none (default: only utterances have times).",
    )
    add_option(
        parser,
        "--cues",
        choices=("utterances", "words"),
        default="utterances",
        help="Show so much at once in srt and vtt; words need --times.",
    )


def run(chosen: argparse.Namespace) -> None:
    """Transcribe a clip without and with examples of a pool; of many, or a folder, write files."""
    from smile.transcription.batch_workers import Workers
    from smile.transcription.pipeline import transcribe
    from smile.transcription.result import as_dict
    from smile.transcription.times import with_times

    first = chosen.clip[0]
    several = isinstance(first, Url) or first.is_dir() or first.suffix.lower() == ".zip"
    many = len(chosen.clip) > 1 or several or chosen.out is not None
    lengths.checked(chosen.max_minutes)
    placement = placement_of(chosen)
    if not (many or placement.here):
        raise SmileError("--jobs and --cluster are for several recordings; leave them out, or add --out.")
    if chosen.cues == "words" and not chosen.times:
        raise SmileError("Cues of words need their times; add --times words.")
    added = _added(chosen.text, chosen.encoding)
    with temporary_folder() as work:
        found = _found(chosen, work) if many else []  # before anything takes long
        samples = None if many else read_chosen(first, chosen)
        chosen.pool, pool_at = fetched(chosen.pool)
        models = models_of(chosen)
        pool = open_for(models, chosen.pool)
        settings = _settings(chosen, pool)
        pool = replace(pool, added=added)
        prepare_pool(pool, models, settings)
        if chosen.times:
            fit_acoustic(pool, models.smile.within(settings.windows))
        if samples is None:
            given = Workers(
                with_lanes(placement, chosen.device), model_arguments(chosen), models, pool, pool_at
            )
            _transcribe_many(chosen, given, found, settings)
            return
    result = _last(transcribe(models, samples, pool, settings))
    result = with_times(result, models.smile, samples, pool, chosen.times)
    told = as_dict(result, chosen.reference)
    if chosen.json:
        print(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        _print(told, result)


def _settings(chosen: argparse.Namespace, pool: Pool) -> Settings:
    """Return the settings of a command; what it leaves open is as the pool has it, or else the default.

    Where that differs, and rests on an older check, it is said.
    """
    from smile.pools.setting import read_setting

    usual, own = settings_of(chosen, DEFAULTS), read_setting(chosen.pool)
    if own is None:
        return usual
    settings = settings_of(chosen, own.applied(DEFAULTS))
    if settings != usual and own.clips and not own.current(pool):
        how = "by an older SMILE" if own.measured_on(pool) else "of other examples than there are now"
        print(OLDER.format(how, chosen.pool), file=sys.stderr)
    return settings


def _added(text: Path | None, encoding: str) -> tuple[str, ...]:
    """Return the lines of a file as texts that the pool is to know beside its own.

    Raises:
        SmileError: they cannot be read, or there is an encoding and no file.
    """
    from smile.acoustic.model import lines_of

    if encoding and not text:
        raise SmileError("--encoding is that of the file that --text names; leave it out, or add --text.")
    return tuple(lines_of(text, encoding)) if text else ()


def _last(results: Iterator[Result]) -> Result:
    """Show how far a recording is transcribed, and return the last result."""
    with Bar("Transcribing", "s") as bar:
        for result in results:
            bar(*_reached(result))
    return result


def _reached(result: Result) -> tuple[int, int]:
    """Return up to where a recording is transcribed on both sides, and its length; in whole seconds."""
    length, begun = ceil(result.duration), result.vanilla.segments
    return (length if result.done else int(begun[-1].start) if begun else 0), length


def _print(told: dict[str, Any], result: Result) -> None:
    if result.warning:
        print(result.warning)
    for name, key in (("Whisper alone ", "vanilla"), (OTHER[result.settings.level], "smile")):
        side = told[key]
        rated = side.get("cer") is not None
        rates = f"  (CER {side['cer']:.1%}, WER {side['wer']:.1%})" if rated else ""
        print(f"{name}  {side['text']}{rates}")
        for start, end, word in _words(side):
            print(f"  {start:9.3f} {end:9.3f}  {word}")
    for _, examples in result.examples:
        for n in examples.neighbours:
            print(f"  example {n.rank} at {n.distance:.4f}: {n.utterance.text}")


def _words(side: dict[str, Any]) -> Iterator[tuple[float, float, str]]:
    """The words of a side that have times, and their characters."""
    for word in (word for segment in side["segments"] for word in segment.get("words", ())):
        yield word["start"], word["end"], word["text"]
        for character in word.get("characters", ()):
            yield character["start"], character["end"], f"  {character['text']}"


def _kinds(chosen: argparse.Namespace) -> list[str]:
    """Return the formats that several recordings are written in.

    Raises:
        SmileError: one is unknown, there is no folder for them, or an option is for one recording.
    """
    from smile.exporting import FORMATS

    kinds = [kind.strip().lower() for kind in chosen.format.split(",")]
    if unknown := [kind for kind in kinds if kind not in FORMATS]:
        raise SmileError(f'There is no format "{unknown[0]}"; choose from {", ".join(FORMATS)}.')
    if chosen.out is None:
        raise SmileError("Name a folder for the transcripts of several recordings with --out.")
    if chosen.json or chosen.reference:
        raise SmileError("--json and --reference are for one recording; leave them out.")
    return kinds


def _found(chosen: argparse.Namespace, work: Path) -> list[Recording]:
    """Return the recordings that are named; say what else lies there."""
    from smile.transcription.recordings import recordings_of

    _kinds(chosen)
    sources = recordings_of(chosen.clip, work, chosen.max_minutes, chosen.track)
    if sources.said:
        print(sources.said, file=sys.stderr)
    check_out(chosen.out, work)
    return sources.recordings


def _transcribe_many(
    chosen: argparse.Namespace, given: Workers, recordings: list[Recording], settings: Settings
) -> None:
    """Transcribe recordings, one after the other or by workers, and export them; goes on where it stopped."""
    from smile.transcription import batch
    from smile.transcription.batch_workers import run_by

    kinds, total = _kinds(chosen), len(recordings)
    output = batch.Output(kinds, chosen.times, chosen.cues)
    steps = written_to(chosen.out, lambda folder: run_by(given, recordings, settings, folder, output))
    failed = _followed(steps)
    if failed == total:
        raise SmileError("No recording could be transcribed.")
    print(f"{chosen.out}: {total - failed} of {total} recordings as {', '.join(kinds)}.")


def _followed(steps: Generator[Step, None, None]) -> int:
    """Show how far a batch is, and what goes wrong; return how many recordings have no transcript."""
    failed = 0
    with Bar("Transcribing", "recordings") as bar, closing(steps):
        for step in steps:
            bar(step.done, step.total)
            failed += bool(step.problem and step.transcript is None)
            for said in filter(None, (step.problem, step.warning)):
                print(f"{step.name}: {said}", file=sys.stderr)
    return failed
