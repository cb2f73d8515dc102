"""Changes to a pool: each makes a new folder that shares its recordings with the old one, which stays."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import numpy as np

from smile.corpora import Names
from smile.datatypes import Language, Matrix, PoolError, Utterance
from smile.pools.indexing import AUDIO_FOLDER, file_name
from smile.pools.pool import Header, Pool, open_pool, order_digest, write_pool
from smile.pools.setting import SETTING
from smile.text.normalisers import one_line
from smile.util.storage import rename_folder

UNFINISHED = "." + "[0-9a-f]" * 32 + ".part"  # fits the folders of pools that are being written
SAME = 1e-5  # two embeddings of one recording differ by less in every value


@dataclass(frozen=True)
class Joined:
    """A pool made of two, and the ids of clips of the second that the first had already."""

    pool: Pool
    known: tuple[str, ...] = ()


def joined(old: Pool | None, new: Pool, out: Path) -> Joined:
    """Write the clips of both pools, which have one encoder, into the folder `out` as one pool.

    A clip of the new pool with a recording and a text that the old one has is left out; one whose id is
    taken gets a number.

    Raises:
        PoolError: the encoders differ.
    """
    if old is None:
        return Joined(_written(new.header, new.utterances, new.embeddings, out, new.folder))
    if old.header.encoder != new.header.encoder:
        raise PoolError("The examples were indexed by another model; add them again.")
    fresh = unknown(old, new)
    named = list(_named([new.utterances[i] for i in fresh], {u.id for u in old.utterances}))
    guesses = Counter(old.header.guesses) + Counter(new.header.guesses)
    made = _written(
        replace(old.header, guesses=dict(guesses.most_common())),
        [*old.utterances, *named],
        np.concatenate([old.embeddings, new.embeddings[fresh]]),
        out,
        old.folder,
    )
    kept = set(fresh)
    return Joined(made, tuple(u.id for i, u in enumerate(new.utterances) if i not in kept))


def unknown(old: Pool, new: Pool) -> list[int]:
    """Return the indices of those clips of the new pool that the old one does not have."""
    return [i for i in range(len(new)) if not _has(old, new.utterances[i], new.embeddings[i])]


def without(pool: Pool, ids: Collection[str], out: Path) -> Pool:
    """Write a pool without some of its clips into the folder `out` and return it.

    Raises:
        PoolError: none would be left.
    """
    kept = [i for i, u in enumerate(pool.utterances) if u.id not in ids]
    if not kept:
        raise PoolError("A pool needs at least one example; add others before removing the last.")
    return _written(pool.header, [pool.utterances[i] for i in kept], pool.embeddings[kept], out, pool.folder)


def reworded(pool: Pool, name: str, text: str, out: Path) -> Pool:
    """Write a pool in which one clip has another text, in one line as all of them are, and return it.

    Raises:
        PoolError: the text is empty.
    """
    if not text.strip():
        raise PoolError("An example needs a text; write what is said in it, or remove it.")
    texts = [replace(u, text=one_line(text)) if u.id == name else u for u in pool.utterances]
    return _written(pool.header, texts, pool.embeddings, out, pool.folder)


def renamed(pool: Pool, language: Language, out: Path) -> Pool:
    """Write a pool whose clips are in another language and return it."""
    texts = [replace(u, language=language.code) for u in pool.utterances]
    return _written(replace(pool.header, language=language), texts, pool.embeddings, out, pool.folder)


def _has(pool: Pool, utterance: Utterance, embedding: Matrix) -> bool:
    alike = np.flatnonzero(np.abs(pool.embeddings - embedding).max(axis=1) < SAME)
    return any(pool.utterances[int(i)].text == utterance.text for i in alike)


def _named(utterances: Iterable[Utterance], taken: set[str]) -> Iterator[Utterance]:
    """The utterances with ids that are not taken."""
    names = Names(taken)
    for utterance in utterances:
        yield replace(utterance, id=names.take(utterance.id))


def _written(
    header: Header, utterances: Sequence[Utterance], embeddings: Matrix, out: Path, old: Path
) -> Pool:
    """A pool of these clips, whole as soon as it has its name; a setting of the old one goes along."""
    temporary = out.with_name(f".{uuid4().hex}.part")
    try:
        placed = [replace(u, audio=_linked(u, temporary / AUDIO_FOLDER)) for u in utterances]
        made = datetime.now(UTC).isoformat(timespec="seconds")
        write_pool(temporary, replace(header, order=order_digest(placed), created=made), placed, embeddings)
        if (old / SETTING).is_file():
            shutil.copyfile(old / SETTING, temporary / SETTING)
        rename_folder(temporary, out)
    except OSError as error:
        raise PoolError(f"The examples cannot be stored ({error.strerror}).") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return open_pool(out)


def _linked(utterance: Utterance, folder: Path) -> Path:
    """The recording in the folder too, without a copy where the disk can."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / file_name(utterance.id, utterance.audio.suffix)
    with suppress(OSError):
        os.link(utterance.audio, target)
        return target
    shutil.copyfile(utterance.audio, target)
    return target
