"""Makes a pool: hears every clip, encodes it, and writes the folder when all are done.

An interrupted run goes on where it stopped; no clip is encoded twice.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from smile import corpora
from smile.corpora import Reading, Rejected
from smile.datatypes import AudioError, Language, PoolError, Progress, Utterance
from smile.pools.clip_encoder import Encode, Encoded, Encoder, remembering
from smile.pools.encoding_workers import EncodingWorkers
from smile.pools.pool import (
    CLIPS,
    EMBEDDINGS,
    HEADER,
    QUERIES,
    Header,
    Pool,
    open_pool,
    order_digest,
    read_header,
    write_pool,
)
from smile.text import languages
from smile.util.log import Log
from smile.util.names import identifier
from smile.util.storage import WorkFolder, work_folder
from smile.whisper.model import Models

AUDIO_FOLDER, QUERY_FOLDER = "audio", "queries"
OWN = (HEADER, CLIPS, QUERIES, EMBEDDINGS, AUDIO_FOLDER, QUERY_FOLDER)
PLAIN_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,79}")


@dataclass(frozen=True)
class Built:
    """A finished pool, and the rows of its source that could not be used."""

    pool: Pool
    rejected: tuple[Rejected, ...]


@dataclass(frozen=True)
class SideBySide:
    """Models, and workers that encode with the same; the pool is the one that this process would make."""

    models: Models | None
    workers: EncodingWorkers | None = None


def index(
    source: Path,
    out: Path,
    models: Models | SideBySide | None,
    *,
    split: str = "",
    code: str = "",
    progress: Progress | None = None,
) -> Built:
    """Make a pool of a language of anything that `corpora.open_corpus` opens; `out` may be the source itself.

    A pool hands on its header and queries. The language is `code` (ISO 639-3) or what the source says; of a
    source of several, `code` chooses.

    Raises:
        CorpusError: the source cannot be read.
        PoolError: as `build` does; or the source does not say its language.
    """
    with _work(out) as work:
        reading = _read_language(source, split, code)
        header, queries = _origin(Path(source), code, reading)
        return _build(work, reading, queries, header, models, progress)


def build(
    clips: Reading | Sequence[Utterance],
    out: Path,
    models: Models | SideBySide | None,
    header: Header,
    *,
    queries: Reading | Sequence[Utterance] = (),
    progress: Progress | None = None,
) -> Built:
    """Make a pool of utterances, their recordings copied into it; without models it is for listing.

    `header` says the language and where the clips come from; what the encoder says of itself is added.

    Recordings that cannot be used are rejected by line.

    Raises:
        PoolError: not one clip can be used, `out` cannot be written or is something else than a
            pool, or another process is making it.
    """
    examples, tries = (r if isinstance(r, Reading) else Reading.of(r) for r in (clips, queries))
    with _work(out) as work:
        return _build(work, examples, tries, header, models, progress)


def _read_language(source: Path, split: str, code: str) -> Reading:
    """The rows of the language asked for, where the source has it, else of the only one that it has."""
    corpus, code = corpora.open_corpus(source), languages.iso_code(code)
    return corpus.read(code if code and code in corpus.languages(split) else "", split)


class NoClipError(PoolError):
    """Says that not one of the clips for a pool can be used, and why the first one cannot."""

    def __init__(self, rejected: Sequence[Rejected], place: Callable[[int], str] = "line {}".format):
        self.rejected = tuple(rejected)
        super().__init__(_no_clip(self.rejected, place))


def _no_clip(rejected: Sequence[Rejected], place: Callable[[int], str]) -> str:
    if not rejected:
        return "There are no clips to make a pool of; add recordings and what is said in them."
    first, count = min(rejected, key=lambda row: row.line), len(rejected)
    said = "The only clip cannot be used." if count == 1 else f"None of the {count} clips can be used."
    return f"{said} {_capital(place(first.line))}: {first.reason}"


def _capital(text: str) -> str:
    """A place at the beginning of a sentence; a file's name stays as it is."""
    return f"L{text[1:]}" if text.startswith("line ") else text


@contextmanager
def _work(out: Path) -> Iterator[WorkFolder]:
    """The work folder of a pool that may be written."""
    try:
        with work_folder(Path(out), OWN) as work:
            if work.out.exists() and not _replaceable(work.out):
                raise PoolError(f"{out} exists and is not a pool; choose another folder.")
            yield work
    except OSError as error:
        reason = error.strerror or error
        raise PoolError(f"{error.filename or out} cannot be read or written ({reason}).") from error


def _replaceable(out: Path) -> bool:
    return out.is_dir() and ((out / HEADER).is_file() or not any(out.iterdir()))


def _origin(source: Path, code: str, reading: Reading) -> tuple[Header, Reading]:
    """The header of a pool to be made from this source, as far as it is known, and its queries."""
    if not (source / HEADER).is_file():
        return Header(language_of(source, code, reading), source=source.resolve().name), Reading.of(())
    header, queries = read_header(source), source / QUERIES
    if code and languages.iso_code(code) != header.language.code:
        header = replace(header, language=_named(code))
    return header, corpora.read_corpus(queries) if queries.is_file() else Reading.of(())


def language_of(source: Path, code: str, reading: Reading) -> Language:
    """Return the language of a code, or the only one of a reading.

    Raises:
        PoolError: there is no code, and the reading has no language or several.
    """
    if code:
        return _named(code)
    codes = sorted({u.language for u in reading.utterances} - {""})
    if not codes:
        raise PoolError(f"{source} does not say its language; name it, such as: --language mdw")
    if len(codes) > 1:
        raise PoolError(f"{source} holds several languages ({', '.join(codes)}); name one with --language.")
    return _named(codes[0])


def _named(label: str) -> Language:
    return languages.language(languages.iso_code(label))


def _build(
    work: WorkFolder,
    clips: Reading,
    queries: Reading,
    header: Header,
    models: Models | SideBySide | None,
    progress: Progress | None,
) -> Built:
    given = models if isinstance(models, SideBySide) else SideBySide(models)
    encoder = Encoder(given.models)
    rejected, bad_queries = list(clips.rejected), list(queries.rejected)
    _refuse_loss(work.out, clips, [*rejected, *bad_queries])
    shutil.rmtree(work.new, ignore_errors=True)
    with closing(Log(work.part / "done.jsonl", encoder.settings)) as log:
        if given.workers:
            given.workers.encode([u.audio for u in clips.utterances], log, progress)
            progress = None
        encode = remembering(encoder, log)
        taken = _take(clips, work.new / AUDIO_FOLDER, encode, rejected, progress)
    tries = _take(queries, work.new / QUERY_FOLDER, Encoder(None), bad_queries)
    _refuse_loss(work.out, clips, [*rejected, *bad_queries])
    if not taken:
        work.clear()
        raise NoClipError(rejected)
    _write(work.new, header, taken, [query for query, _ in tries], encoder)
    work.publish()
    rejected.sort(key=lambda row: row.line)
    rejected += (replace(row, reason=f"Query: {row.reason}") for row in bad_queries)
    return Built(open_pool(work.out), tuple(rejected))


def _refuse_loss(out: Path, clips: Reading, rejected: Sequence[Rejected]) -> None:
    """A pool that is indexed in place must not lose rows: their recordings may be the only copies."""
    if rejected and any(u.audio.resolve().is_relative_to(out) for u in clips.utterances):
        first = rejected[0]
        raise PoolError(
            f"Indexing {out} in place would lose {len(rejected)} of its rows; correct them or choose "
            f"another folder with --out; line {first.line}: {first.reason}"
        )


def _take(
    reading: Reading,
    folder: Path,
    encode: Encode,
    rejected: list[Rejected],
    progress: Progress | None = None,
) -> list[tuple[Utterance, Encoded]]:
    """Encode recordings and copy the good ones into the folder; the others join `rejected`."""
    taken = []
    for number, (line, utterance) in enumerate(zip(reading.lines, reading.utterances, strict=True), start=1):
        try:
            encoded = _named_well(utterance, encode)
        except (AudioError, PoolError) as error:
            rejected.append(Rejected(line, str(error)))
        else:
            audio = _copy(utterance, folder)
            taken.append((replace(utterance, audio=audio, seconds=encoded.seconds), encoded))
        if progress:
            progress(number, len(reading.utterances))
    return taken


def _named_well(utterance: Utterance, encode: Encode) -> Encoded:
    """The recording encoded; a PoolError where its id cannot be one."""
    try:
        identifier(utterance.id)
    except ValueError as error:
        raise PoolError(str(error)) from error
    return encode(utterance.audio)


def _copy(utterance: Utterance, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / file_name(utterance.id, utterance.audio.suffix)
    shutil.copyfile(utterance.audio, target)
    return target


def file_name(name: str, suffix: str) -> str:
    """Return a file name safe on every system, one for each id: a digest marks what had to go."""
    suffix = suffix.lower() if re.fullmatch(r"\.[A-Za-z0-9]{1,8}", suffix) else ""
    if PLAIN_NAME.fullmatch(name) and not re.search(r"-[0-9a-f]{10}$", name):
        return name + suffix
    plain = re.sub(r"[^a-z0-9_-]+", "-", name.lower()).strip("-_")[:60]
    digest = hashlib.sha256(name.encode()).hexdigest()[:10]
    return f"{plain or 'clip'}-{digest}{suffix}"


def _write(
    folder: Path,
    header: Header,
    taken: Sequence[tuple[Utterance, Encoded]],
    queries: Sequence[Utterance],
    encoder: Encoder,
) -> None:
    utterances = [utterance for utterance, _ in taken]
    guesses = Counter(encoded.guess for _, encoded in taken if encoded.guess)
    info = encoder.model.info if encoder.model else None
    header = replace(
        header,
        encoder=info.encoder if info else None,
        precision=info.precision if info else "",
        windows=encoder.windows if info else (),
        guesses=dict(guesses.most_common()),
        order=order_digest(utterances),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    embeddings = np.stack([encoded.embedding for _, encoded in taken]) if info else None
    write_pool(folder, header, utterances, embeddings, queries)
