"""A pool as one file to take away: the folder itself, or an ML-SUPERB v1 folder, as a zip."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

from smile.audio.io import read_audio, write
from smile.corpora import Names
from smile.datatypes import Language, PoolError, SmileError, Utterance
from smile.pools.indexing import file_name
from smile.pools.pool import CLIPS, EMBEDDINGS, HEADER, QUERIES, Pool
from smile.pools.setting import SETTING
from smile.text.language_search import UNLISTED
from smile.text.normalisers import one_line
from smile.util.storage import replacing

EXAMPLES, TARGETS = "10min_train", "10min_test"  # splits
LONGEST = 40  # characters of a folder's name
PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


def as_folder(pool: Pool, out: Path) -> Path:
    """Zip the pool's folder, which `smile` and the page open again; token datastores stay behind.

    In the zip the folder is called after the language.

    Raises:
        SmileError: the zip cannot be written.
    """
    name = _called(pool.language)
    with _zip(out) as archive:
        for entry in (HEADER, CLIPS, QUERIES, EMBEDDINGS, SETTING):
            if (pool.folder / entry).is_file():
                archive.write(pool.folder / entry, f"{name}/{entry}", ZIP_DEFLATED)
        for utterance in (*pool.utterances, *pool.queries):
            path = utterance.audio.relative_to(pool.folder).as_posix()
            archive.write(utterance.audio, f"{name}/{path}", ZIP_STORED)
    return out


def _called(language: Language) -> str:
    """What a folder of a language is called: its code, or its name where ISO 639-3 does not list it."""
    said = language.name if language.code == UNLISTED else language.code
    return "-".join(re.findall(r"[^\W_]+", said))[:LONGEST] or "pool"


def as_superb(pool: Pool, out: Path) -> Path:
    """Zip the pool as an ML-SUPERB v1 folder: 16 kHz WAV, examples as 10min_train, queries as 10min_test.

    Ids that are no plain file names, or are taken, are changed; a text is one line there.

    Raises:
        PoolError: the pool does not know its language's code, after which the folder is called.
        SmileError: a recording cannot be read, or the zip not written.
    """
    code = pool.language.code
    if not PLAIN.fullmatch(code):
        raise PoolError(
            f'The pool\'s language is called "{code}", as no such folder can be; name one by its code.'
        )
    splits = {EXAMPLES: _named(pool.utterances, ())}
    if pool.queries:
        splits[TARGETS] = _named(pool.queries, splits[EXAMPLES])
    clips = [clip for named in splits.values() for clip in named.items()]
    speakers = [f"{name} {one_line(u.speaker)}\n" for name, u in clips if u.speaker]
    with _zip(out) as archive, TemporaryDirectory() as folder:
        for split, named in splits.items():
            rows = "".join(f"{name}\t{code}\t{one_line(u.text)}\n" for name, u in named.items())
            archive.writestr(f"{code}/transcript_{split}.txt", rows, ZIP_DEFLATED)
        for name, u in clips:
            wav = Path(folder) / "clip.wav"
            write(wav, read_audio(u.audio))
            archive.write(wav, f"{code}/wav/{name}.wav", ZIP_DEFLATED)
        if speakers:
            archive.writestr(f"{code}/utt2spk", "".join(speakers), ZIP_DEFLATED)
    return out


FORMATS: dict[str, Callable[[Pool, Path], Path]] = {"folder": as_folder, "superb": as_superb}


def _named(utterances: Iterable[Utterance], taken: Collection[str]) -> dict[str, Utterance]:
    """Utterances by names that are plain and not taken."""
    named: dict[str, Utterance] = {}
    names = Names(taken)
    for utterance in utterances:
        plain = utterance.id if PLAIN.fullmatch(utterance.id) else file_name(utterance.id, "")
        named[names.take(plain)] = utterance
    return named


@contextmanager
def _zip(out: Path) -> Iterator[ZipFile]:
    """A zip that gets its name when it is whole."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with replacing(out) as temporary, ZipFile(temporary, "w") as archive:
            yield archive
    except OSError as error:
        raise SmileError(f"{out} cannot be written ({error.strerror}).") from error
