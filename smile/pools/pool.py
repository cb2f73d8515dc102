"""A pool: labelled clips of one language in a folder, with the embeddings that retrieval compares.

The folder holds `pool.json` (the header), `clips.csv` (id, audio, text, speaker, seconds), `audio/`,
`embeddings.npy` (clips, d) and, where there are clips to try it on, `queries.csv` and `queries/`.
All paths are relative, so it may be moved.
"""

from __future__ import annotations

import csv
import hashlib
import json
import math
import os
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from io import StringIO, TextIOWrapper
from pathlib import Path
from typing import Any

import numpy as np

from smile.datatypes import DamagedError, EncoderId, Language, Matrix, PoolError, Utterance
from smile.util.arrays import read_array, write_array
from smile.util.fields import from_json
from smile.util.names import code, identifier, label
from smile.util.opening import open_regular
from smile.util.storage import read_json, write_json, write_text

FORMAT = 1
HEADER, CLIPS, QUERIES, EMBEDDINGS = "pool.json", "clips.csv", "queries.csv", "embeddings.npy"
COLUMNS = ("id", "audio", "text", "speaker", "seconds")


@dataclass(frozen=True)
class Header:
    """What `pool.json` says."""

    language: Language
    synthetic: bool = False  # spoken by a machine
    source: str = ""
    licence: str = ""
    encoder: EncoderId | None = None  # None where there are no embeddings yet
    precision: str = ""  # of the encoder's arithmetic
    width: int = 0  # d, values of an embedding; 0 where there are none, or an older SMILE did not say it
    windows: tuple[float, ...] = ()  # seconds; see smile.whisper.encoder
    guesses: Mapping[str, int] = field(default_factory=dict)  # Whisper's language guess: number of clips
    order: str = ""  # digest of the clips' ids in the order of the embeddings
    created: str = ""  # UTC, ISO 8601
    format: int = FORMAT


@dataclass(frozen=True, eq=False)
class Pool:
    """An open pool; row i of the embeddings belongs to utterance i."""

    folder: Path
    header: Header
    utterances: tuple[Utterance, ...]
    embeddings: Matrix  # (clips, d); (0, 0) where there are none yet
    queries: tuple[Utterance, ...] = ()  # clips to try the pool on, none of its examples
    stores: Path | None = None  # where datastores and heads are kept, if not in the folder itself
    states: Path | None = None  # where the layer states of its recordings are kept, if not there either
    added: tuple[str, ...] = ()  # texts without sound that a user gives, for the acoustic level's n-gram

    def __len__(self) -> int:
        return len(self.utterances)

    @property
    def language(self) -> Language:
        """Return the language spoken."""
        return self.header.language

    @property
    def minutes(self) -> float:
        """Return how much speech the examples hold, in minutes."""
        return sum(u.seconds for u in self.utterances) / 60.0


def open_pool(folder: Path, encoder: EncoderId | None = None) -> Pool:
    """Open a pool and check that it is whole.

    With `encoder`, its embeddings must come from that encoder; without, it may have none and is for
    listing.

    Raises:
        PoolError: the folder is no pool, something in it is missing or damaged, or its embeddings
            come from another encoder.
    """
    folder = Path(folder)
    header = read_header(folder)
    if encoder is not None and encoder != header.encoder:
        raise PoolError(_other_encoder(folder, header.encoder, encoder))
    utterances = _read_clips(folder, CLIPS, header.language.code)
    queries = _read_clips(folder, QUERIES, header.language.code) if (folder / QUERIES).exists() else ()
    embeddings = np.zeros((0, 0), np.float32)
    if header.encoder is not None:
        embeddings = _read_embeddings(folder, header, utterances)
    return Pool(folder, header, utterances, embeddings, queries)


def read_header(folder: Path) -> Header:
    """Read the header of a pool.

    Raises:
        PoolError: the folder is no pool, or of a format that this version does not know.
    """
    path = Path(folder) / HEADER
    if not path.is_file():
        raise PoolError(
            f"{folder} is not a pool, it has no {HEADER}; make one with: smile index SOURCE --out POOL"
        )
    try:
        fields = read_json(path)
        version = fields["format"]
        header = header_of(fields) if version == FORMAT else None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise PoolError(f"{path} is damaged; make the pool again from its source.") from error
    if header is None:
        raise PoolError(f"{folder} is a pool of format {version}, this SMILE reads {FORMAT}; update SMILE.")
    return _checked(header, path)


def _checked(header: Header, path: Path) -> Header:
    """The header, whose codes may name files and tokens."""
    try:
        for name in (header.language.code, *filter(None, (header.language.whisper, *header.guesses))):
            code(name)
        for text in (header.language.name, header.language.family, header.language.script):
            label(text)
    except ValueError as error:
        raise PoolError(f"{path}: {error}") from error
    if not all(0 < seconds < math.inf for seconds in header.windows):
        raise PoolError(f"{path} is damaged; make the pool again from its source.")
    return header


def header_of(fields: Any) -> Header:
    """Make a header from its fields, as `asdict` gives them; raise a ValueError where some are wrong."""
    return from_json(Header, json.dumps(fields), "ignore")


def write_pool(
    folder: Path,
    header: Header,
    utterances: Sequence[Utterance],
    embeddings: Matrix | None,
    queries: Sequence[Utterance] = (),
) -> None:
    """Write everything but the audio, which lies inside the folder already; the header comes last."""
    _write_clips(folder / CLIPS, utterances)
    if queries:
        _write_clips(folder / QUERIES, queries)
    if embeddings is not None:
        write_array(folder / EMBEDDINGS, embeddings.astype(np.float32))
    width = 0 if embeddings is None else embeddings.shape[1]
    write_json(folder / HEADER, asdict(replace(header, width=width)))


def order_digest(utterances: Iterable[Utterance]) -> str:
    """Return the first 12 hex digits of the SHA-256 of the ids, in order."""
    return hashlib.sha256("\n".join(u.id for u in utterances).encode()).hexdigest()[:12]


def rebuild_command(folder: Path) -> str:
    """Return the command that makes a pool's embeddings anew, in place."""
    name = shlex.quote(str(folder))
    return f"smile index {name} --out {name}"


def _other_encoder(folder: Path, indexed: EncoderId | None, wanted: EncoderId) -> str:
    if indexed is None:
        return f"The pool {folder} has no embeddings yet; make them with: {rebuild_command(folder)}"
    return (
        f"The pool {folder} was indexed with {_described(indexed)} and not with {_described(wanted)}; "
        f"index it again with: {rebuild_command(folder)}"
    )


def _described(encoder: EncoderId) -> str:
    adapter = f", adapter {encoder.adapter}" if encoder.adapter else ""
    return f"{encoder.model} (weights {encoder.weights}{adapter}, pooling {encoder.pooling})"


def _read_embeddings(folder: Path, header: Header, utterances: Sequence[Utterance]) -> Matrix:
    """The embeddings (clips, d), checked against the clips."""
    path, again = folder / EMBEDDINGS, f"index it again with: {rebuild_command(folder)}"
    try:
        rows: Matrix = read_array(path)
    except (OSError, DamagedError) as error:
        raise PoolError(f"{path} is missing or damaged; {again}") from error
    if rows.dtype != np.float32 or rows.ndim != 2 or len(rows) != len(utterances):
        raise PoolError(
            f"{path} holds {rows.dtype} {rows.shape}, which does not fit {len(utterances)} clips; {again}"
        )
    if not np.isfinite(rows).all():
        raise PoolError(f"{path} holds values that are not numbers; {again}")
    if not rows.shape[1] or header.width not in (0, rows.shape[1]):
        raise PoolError(f"{path} is {rows.shape[1]} values wide, which is not its encoder's width; {again}")
    if header.order != order_digest(utterances):
        raise PoolError(f"{folder / CLIPS} no longer lists the clips that were indexed; {again}")
    return rows


def _write_clips(path: Path, utterances: Sequence[Utterance]) -> None:
    text = StringIO(newline="")
    rows = csv.writer(text, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
    rows.writerow(COLUMNS)
    for u in utterances:
        audio = u.audio.relative_to(path.parent).as_posix()
        rows.writerow((u.id, audio, u.text, u.speaker, u.seconds))
    write_text(path, text.getvalue())


def _read_clips(folder: Path, name: str, language: str) -> tuple[Utterance, ...]:
    """The clips of a table; it is the pool's own, so one bad row means that it is damaged."""
    path = folder / name
    try:
        with TextIOWrapper(open_regular(path), encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file, strict=True)
            clips = tuple(_read_clip(folder, row, rows.line_num, language) for row in rows)
    except PoolError:
        raise
    except (OSError, ValueError, TypeError, KeyError, csv.Error) as error:
        raise PoolError(f"{path} is missing or damaged; make the pool again from its source.") from error
    if not clips or len({clip.id for clip in clips}) < len(clips):
        raise PoolError(f"{path} has no rows, or two with the same id; correct it.")
    return clips


def _read_clip(folder: Path, row: dict[str, str], line: int, language: str) -> Utterance:
    if not all(isinstance(row[column], str) for column in COLUMNS):
        raise ValueError(row)
    name, audio = row["audio"], folder / row["audio"]
    if os.path.isabs(name) or os.path.normpath(name).split(os.sep)[0] == os.pardir:
        raise PoolError(f"{folder}: the recording in line {line} does not lie in the pool; remove the line.")
    if not audio.is_file() or audio.stat().st_size == 0:
        raise PoolError(f"{audio} is missing or empty; put the recording back.")
    seconds = float(row["seconds"])
    if not row["text"] or not math.isfinite(seconds) or seconds <= 0:
        raise PoolError(f"{folder}: line {line} of the clips lacks a text or a length; correct it.")
    try:
        identifier(row["id"])
    except ValueError as error:
        raise PoolError(f"{folder}, line {line} of the clips: {error}") from error
    return Utterance(row["id"], audio, row["text"], language, row["speaker"], seconds)
