"""Where a batch of transcripts is written: a folder of this machine, or a URL by way of one."""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from smile.datatypes import SmileError
from smile.util.remote_folder import RemoteFolder, TakenError
from smile.util.urls import Url
from smile.util.workers.carried import temporary_folder

if TYPE_CHECKING:
    from smile.transcription.batch import Step

    Steps = Generator[Step, None, None]


def check_out(out: Path | Url, work: Path) -> None:
    """Make sure that a batch can be written to a place; `work` is a folder for what is tried.

    Raises:
        SmileError: it cannot be read or written.
    """
    from smile.transcription.batch import DONE

    if isinstance(out, Url):
        RemoteFolder(out, work).take(DONE)
        return
    there = next((path for path in (out, *out.parents) if path.exists()), Path())
    if not there.is_dir():
        raise SmileError(f"{out} cannot be written, as {there} is no folder; name another with --out.")
    if not os.access(there, os.W_OK | os.X_OK):
        raise SmileError(f"{out} cannot be written: there is no right to; name another with --out.")


def written_to(out: Path | Url, steps_in: Callable[[Path], Steps]) -> Steps:
    """Yield the steps of a batch that writes into a folder; for a URL into one that is put there.

    The log of what is done comes from there first, and is put there now and then; all files are as soon as
    the batch ends, however it does.

    Raises:
        SmileError: what `steps_in` raises, another command writes there, or the URL cannot be written: then
            the files stay here.
    """
    if isinstance(out, Path):
        with _alone_in(out):
            yield from steps_in(out)
        return
    with temporary_folder() as folder:
        yield from _put_to(RemoteFolder(out, folder), steps_in)


def _put_to(remote: RemoteFolder, steps_in: Callable[[Path], Steps]) -> Steps:
    from smile.transcription.batch import DONE

    remote.take(DONE)
    try:
        with closing(steps_in(remote.folder)) as steps:
            for step in steps:
                yield step
                try:
                    remote.put_now_and_then(DONE)
                except TakenError:
                    raise
                except SmileError:  # the last time it is told
                    pass
    finally:
        _put_all(remote)


def _put_all(remote: RemoteFolder) -> None:
    """Put all files but those of recordings at work; what cannot be put stays here, and its place is told."""
    from smile.transcription.batch import DONE, SEGMENTS

    names = [path.name for path in sorted(remote.folder.iterdir()) if path.is_file()]
    others = [n for n in names if n != DONE and not (n.startswith(f"{SEGMENTS}-") and n.endswith(".jsonl"))]
    try:
        remote.check_alone()
        remote.put(DONE, *others)
    except BaseException as error:
        told = f"What is done lies in {_kept(remote.folder)}; copy it there by hand."
        if isinstance(error, SmileError):
            raise SmileError(f"{error} {told}") from error
        print(told, file=sys.stderr)  # interrupted once more
        raise


def _kept(folder: Path) -> Path:
    """Move the files of a folder that is to be removed into one that stays; return it."""
    kept = Path(tempfile.mkdtemp(prefix="smile-out-"))
    for path in folder.iterdir():
        shutil.move(path, kept)
    return kept


@contextmanager
def _alone_in(out: Path) -> Iterator[None]:
    """Hold a batch's folder while the block lasts, where its disk has locks; they end with their process.

    Raises:
        SmileError: another command writes there, or the folder cannot be written.
    """
    from smile.transcription.batch import DONE

    try:
        out.mkdir(parents=True, exist_ok=True)
        file = (out / DONE).open("ab")
    except OSError as error:
        raise SmileError(f"{out} cannot be written ({error.strerror}).") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SmileError(
                f"Another command is writing transcripts into {out}; wait until it is done, or name another "
                "folder with --out."
            ) from None
        except OSError:
            pass
        yield
