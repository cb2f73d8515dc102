"""`smile index`: a pool of labelled clips, of a corpus, of a zip, or of annotated recordings."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from smile.cli.acoustic import fit_acoustic
from smile.cli.models import add_engine, model_arguments, models_of
from smile.cli.parsers import Commands, add_command, add_option
from smile.cli.recordings import add_track
from smile.cli.terminal import Bar, add_encoding, columns
from smile.cli.workers import add_workers, placement_of
from smile.datatypes import SmileError

if TYPE_CHECKING:
    from smile.importing import Imported
    from smile.pools.indexing import Built, SideBySide


def add(commands: Commands) -> None:
    """Add the command and its options."""
    parser = add_command(commands, "index", run, goes_on=True)
    add_option(
        parser,
        "source",
        type=Path,
        help="Read the clips from here: an ML-SUPERB folder, a data set in parquet or on the Hub, a table, a "
        "pool, a zip of these, or an .eaf or .TextGrid file.",
    )
    add_option(
        parser,
        "--out",
        type=Path,
        required=True,
        help="Write the pool into this folder; it may be the source.",
    )
    add_option(
        parser,
        "--split",
        default="",
        help="Read this split (default: 10min_train in an ML-SUPERB folder, else train).",
    )
    add_option(
        parser,
        "--language",
        default="",
        help="Take the clips of this language, an ISO 639-3 code; a source that names no language needs it "
        "(default: the source's only one).",
    )
    _add_hints(parser)
    add_option(
        parser,
        "--knn",
        action="store_true",
        help="Make the datastore for kNN-LM as well, which is else made when it is first used.",
    )
    add_option(
        parser,
        "--acoustic",
        action="store_true",
        help="Fit the pool's own acoustic model as well, in a few minutes for ten minutes of speech.",
    )
    add_workers(parser, "some clips, or a head of the acoustic model,")
    add_engine(parser)


def _add_hints(parser: argparse.ArgumentParser) -> None:
    """Add what a source may not say itself."""
    add_option(
        parser,
        "--tier",
        action="append",
        default=[],
        help="Cut recordings at the annotations of this tier; the option may be given several times "
        "(default: the only tier).",
    )
    add_option(
        parser,
        "--columns",
        type=columns,
        metavar="audio=NAME,text=NAME",
        help="Take recordings and texts from these columns of a table, and perhaps start=NAME,end=NAME, the "
        "seconds where each clip begins and ends. Instead of a name its place from 1 may stand; "
        "first=LINE says where the first clip is (default: the columns that are understood by their names).",
    )
    add_encoding(parser, "tables and annotations that are")
    add_option(
        parser,
        "--recording",
        type=Path,
        help="Cut this recording of an annotation file (default: the one beside it).",
    )
    add_track(parser)


def run(chosen: argparse.Namespace) -> None:
    """Make a pool of labelled clips; goes on where it was interrupted."""
    from smile import importing
    from smile.acoustic.states_workers import StatesWorkers
    from smile.decoding.knn.reading_workers import ReadingWorkers
    from smile.pools.copies import told
    from smile.pools.encoding_workers import EncodingWorkers
    from smile.pools.indexing import SideBySide
    from smile.transcription.preparing import prepare_datastore

    placement = placement_of(chosen)
    models = models_of(chosen)
    given = SideBySide(
        models, None if placement.here else EncodingWorkers(placement, model_arguments(chosen), models)
    )
    hinted = chosen.tier or chosen.recording or chosen.columns or chosen.encoding
    imported = hinted or chosen.track is not None or importing.takes(chosen.source)
    built = (_build_imported if imported else _build)(chosen, given)
    if chosen.knn:
        with Bar("Reading") as bar:
            by = ReadingWorkers(placement, model_arguments(chosen), models)  # here, a thread a core reads
            prepare_datastore(built.pool, models.smile, bar, None if placement.one_machine else by)
    if chosen.acoustic:
        states = StatesWorkers(placement, model_arguments(chosen), models)
        fit_acoustic(built.pool, models.smile, encoding=states)
    pool = built.pool
    for sentence in told(pool):
        print(sentence, file=sys.stderr)
    print(
        f"{chosen.out}: {len(pool)} examples of {pool.language.name}, {pool.minutes:.1f} minutes; "
        f"{len(built.rejected)} rows left out."
    )


def _build(chosen: argparse.Namespace, models: SideBySide) -> Built:
    """Make a pool of a corpus; rows that cannot be used are named on standard error."""
    from smile.corpora import open_corpus
    from smile.corpora.tabular import Tabular
    from smile.pools import indexing

    with Bar("Indexing") as bar:
        built = indexing.index(
            chosen.source,
            chosen.out,
            models,
            split=chosen.split,
            code=chosen.language,
            progress=bar,
        )
    if isinstance(corpus := open_corpus(chosen.source), Tabular):
        for note in corpus.left_out(chosen.split):
            print(note, file=sys.stderr)
    for row in built.rejected:
        print(f"line {row.line}: {row.reason}", file=sys.stderr)
    return built


def _build_imported(chosen: argparse.Namespace, models: SideBySide) -> Built:
    """Make a pool of a zip or of annotated recordings; what cannot be used is named on standard error."""
    from smile.pools import indexing
    from smile.pools.pool import Header

    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".smile-import-", dir=chosen.out.parent) as work:
        with Bar("Cutting") as bar:
            imported = _imported(chosen, Path(work), bar)
        header = imported.header
        code = chosen.language or (header.language.code if header else "")
        with Bar("Indexing") as bar:
            language = indexing.language_of(chosen.source, code, imported.reading)
            known = header or Header(language, source=chosen.source.name)
            origin = Header(language, known.synthetic, known.source, known.licence)
            try:
                built = indexing.build(
                    imported.reading, chosen.out, models, origin, queries=imported.queries, progress=bar
                )
            except indexing.NoClipError as error:
                raise indexing.NoClipError(error.rejected, imported.place) from error
    _print_rejected(imported, built)
    return built


def _imported(chosen: argparse.Namespace, work: Path, bar: Bar) -> Imported:
    """Read and cut what is imported; which tier or columns are meant is said by an option."""
    from smile import importing

    hints = importing.Hints(
        chosen.recording, chosen.split, chosen.language, chosen.columns, chosen.encoding, chosen.track
    )
    try:
        return importing.read_source(
            chosen.source, work, tiers=chosen.tier, hints=hints, progress=bar, limits=importing.GENEROUS
        )
    except importing.TierError as error:
        raise SmileError(error.saying("choose a tier with --tier")) from error
    except importing.BesideError as error:
        how = "leave one of them out, or name a tier to cut at the annotations with --tier"
        raise SmileError(error.saying(how)) from error
    except importing.ColumnsError as error:
        raise SmileError(error.saying("choose them with --columns audio=NAME,text=NAME")) from error


def _print_rejected(imported: Imported, built: Built) -> None:
    for note in imported.notes:
        print(note, file=sys.stderr)
    for row in built.rejected:
        print(f"{imported.place(row.line)}: {row.reason}", file=sys.stderr)
    if imported.empty:
        print(
            f"{imported.empty} annotations without a text, or of silence, were passed over.", file=sys.stderr
        )
