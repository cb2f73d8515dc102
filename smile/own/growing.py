"""How examples come into a visitor's pool: from files, from the page, from a corrected transcript."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from smile import importing
from smile.corpora import Reading
from smile.corpora.reading import LONGEST_TEXT
from smile.corpora.recordings import missing
from smile.datatypes import Language, PoolError, Progress, Utterance
from smile.decoding.knn import store as token_store
from smile.importing import Imported
from smile.own import changes
from smile.own.rewriting import rewritten
from smile.own.state import Correction
from smile.own.transcripts import Part
from smile.own.workspace import POOLS, Workspace
from smile.pools import indexing
from smile.pools.copies import told
from smile.pools.pool import Header, Pool, open_pool
from smile.text.languages import language as known
from smile.text.normalisers import one_line
from smile.transcription.examples import pool_token
from smile.transcription.preparing import prepare_datastore
from smile.whisper.model import Models

MOST_EXAMPLES = 2000  # in one visitor's pool
NO_LANGUAGE = "Name your language first: write its name or code, and choose it."
KNOWN = "It is among the examples already."
TOO_LONG = "The text has {:,} characters; that of one example may have {:,}."
OTHERS = "The files say that they are of {}, and your language is {}; press “Take back” if that is wrong."
ONE_MISSING = (
    "1 recording that is named is missing; choose the table or annotations and all their recordings "
    "together, or a zip."
)
MISSING = (
    "{} recordings that are named are missing; choose the table or annotations and all their recordings "
    "together, or a zip."
)
NO_TEXT = "Write what is said in the recording, so that it can be an example."


@dataclass(frozen=True)
class Added:
    """What an import brought: the pool as it is now, and what could not be used, with its place."""

    pool: Pool
    count: int
    rejected: tuple[tuple[str, str], ...] = ()  # where, why
    empty: int = 0  # annotations without a text
    notes: tuple[str, ...] = ()  # what an import took or left out without being asked


def from_files(
    workspace: Workspace,
    files: Sequence[Path],
    models: Models,
    tiers: Sequence[str] = (),
    progress: Progress | None = None,
) -> Added:
    """Add the clips of uploaded files: a table with recordings, a zip, ELAN or Praat files, a pool.

    Reads them in this process, within a stranger's limits; a server reads them apart, as `add_imported` says.

    Raises:
        SmileError: nothing in them can be used; the pool stays as it was.
    """
    with workspace.work() as work:
        named = workspace.state().language
        hints = importing.Hints(language=named.code if named else "")
        imported = importing.read_source(importing.gather(files, work), work, tiers=tiers, hints=hints)
        return add_imported(workspace, imported, models, progress)


def add_imported(
    workspace: Workspace, imported: Imported, models: Models, progress: Progress | None = None
) -> Added:
    """Add what `importing.isolated.read_apart` has read; this is the part that needs models.

    Its clips lie in the folder that was given there, which the caller holds open until this returns.

    Raises:
        SmileError: no clip can be used; the pool stays as it was.
    """
    with workspace.work() as work:
        return _add(workspace, imported, models, work / "pool", progress)


def typed(workspace: Workspace, audio: Path, text: str, models: Models) -> Added:
    """Add one recording with what a person has typed.

    Raises:
        SmileError: the text is empty, or the recording cannot be used.
    """
    name = f"recorded-{workspace.state().made + 1:04d}"
    return _one(workspace, Utterance(name, audio, said(text)), models)


def corrected(workspace: Workspace, part: Part, clip: Path, text: str, models: Models) -> Added:
    """Add a part of a recording, which was cut to `clip`, with the text that a person made of its transcript.

    Raises:
        SmileError: the text is empty, or the part is an example already.
    """
    before = part.smile, part.vanilla, part.examples, part.start, part.end
    correction = Correction(part.recording, part.number, said(text), *before, given=part.given)
    stem = Path(part.recording).stem
    name = f"{stem}-{part.number + 1}" if part.of > 1 else stem
    return _one(workspace, Utterance(name, clip, correction.text), models, correction)


def said(text: str) -> str:
    """Return a text in one line.

    Raises:
        PoolError: there is none, or too much for one example.
    """
    if not (line := one_line(text)):
        raise PoolError(NO_TEXT)
    if len(line) > LONGEST_TEXT:
        raise PoolError(TOO_LONG.format(len(line), LONGEST_TEXT))
    return line


def _one(
    workspace: Workspace, utterance: Utterance, models: Models, correction: Correction | None = None
) -> Added:
    """Add one clip, which must be new."""
    with workspace.work() as work:
        imported = Imported(Reading.of((utterance,)))
        added = _add(workspace, imported, models, work / "pool", correction=correction)
    if added.count == 0:
        raise PoolError(KNOWN)
    return added


def ready(workspace: Workspace, models: Models, progress: Progress | None = None) -> Pool | None:
    """Return the pool with its token datastore, which takes over what an older version's has.

    Raises:
        AudioError: a clip cannot be read.
    """
    pool, model = workspace.pool(models.smile.info.encoder), models.smile
    if pool is None or token_store.present(pool, model):
        return pool
    language = pool_token(pool)
    for older in older_pools(workspace, models):
        if token_store.present(older, model) and pool_token(older) == language:
            token_store.update(older, pool, model, language=language, progress=progress)
            return pool
    prepare_datastore(pool, model, progress)
    return pool


def older_pools(workspace: Workspace, models: Models) -> list[Pool]:
    """Return the pool as it was, newest first; what is damaged is passed over."""
    pools: list[Pool] = []
    for version in workspace.state().versions[-2::-1][:2]:
        with suppress(PoolError):
            pools.append(open_pool(workspace.folder / POOLS / version.folder, models.smile.info.encoder))
    return pools


def _add(
    workspace: Workspace,
    imported: Imported,
    models: Models,
    out: Path,
    progress: Progress | None = None,
    correction: Correction | None = None,
) -> Added:
    language, encoder = _language(workspace, imported), models.smile.info.encoder
    if len(imported.reading.utterances) + len(workspace.pool(encoder) or ()) > MOST_EXAMPLES:
        raise PoolError(f"A pool holds at most {MOST_EXAMPLES} examples here; add fewer.")
    longest, room = max(models.smile.windows), workspace.room()
    clips = rewritten(imported.reading, out.with_name("clips"), longest, room, progress)
    try:
        built = indexing.build(clips, out, models, Header(language), progress=progress)
    except indexing.NoClipError as error:
        raise PoolError(_nothing(imported, error)) from error
    rejected = [(imported.place(row.line), row.reason) for row in built.rejected]
    with workspace.lock:
        old = workspace.pool(encoder)  # as it is by now
        if old and not changes.unknown(old, built.pool):
            rejected += [(u.id, KNOWN) for u in built.pool.utterances]
            return Added(old, 0, tuple(rejected), imported.empty, imported.notes)
        state = workspace.state()
        workspace.write(replace(state, language=state.language or language))
        with workspace.change("", correction) as change:
            joined = changes.joined(old, built.pool, change.out)
            count = len(joined.pool) - len(old or ())
            change.what = _what(count, correction)
    rejected += [(name, KNOWN) for name in joined.known]
    fresh = {u.id for u in joined.pool.utterances[len(old or ()) :]}
    notes = (*imported.notes, *_other_languages(language, imported), *told(joined.pool, fresh))
    return Added(joined.pool, count, tuple(rejected), imported.empty, notes)


def _other_languages(language: Language, imported: Imported) -> Iterator[str]:
    """A sentence on clips that are said to be of other languages than the visitor's."""
    others = {u.language for u in imported.reading.utterances} - {"", language.code}
    if imported.header:
        others = {imported.header.language.code} - {language.code}
    if others:
        names = ", ".join(f"{known(code).name} ({code})" for code in sorted(others)[:3])
        more = f" and {len(others) - 3} more" if len(others) > 3 else ""
        yield OTHERS.format(names + more, language.name)


def _nothing(imported: Imported, error: indexing.NoClipError) -> str:
    """Why nothing of an import can be used, and what to do where its recordings were not chosen with it."""
    if not (count := missing(row.reason for row in error.rejected)):
        return str(indexing.NoClipError(error.rejected, imported.place))
    return ONE_MISSING if count == 1 else MISSING.format(count)


def _what(count: int, correction: Correction | None) -> str:
    if correction:
        return f"{correction.recording} corrected"
    return "1 example added" if count == 1 else f"{count} examples added"


def _language(workspace: Workspace, imported: Imported) -> Language:
    """The language that the visitor has named; a pool that is opened again brings its own."""
    state = workspace.state()
    if state.language:
        return state.language
    if not imported.header:
        raise PoolError(NO_LANGUAGE)
    return imported.header.language
