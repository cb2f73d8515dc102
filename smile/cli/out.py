"""Where a batch of transcripts is written: a folder of this machine, or a URL by way of one."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Generator
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from smile.datatypes import SmileError
from smile.util.remote_folder import RemoteFolder
from smile.util.urls import Url

if TYPE_CHECKING:
    from smile.transcription.batch import Step

    Steps = Generator[Step, None, None]


def check_out(out: Path | Url, work: Path) -> None:
    """Make sure that a batch can be written to a URL; `work` is a folder for what is tried.

    Raises:
        SmileError: it cannot be read or written.
    """
    from smile.transcription.batch import DONE

    if isinstance(out, Url):
        RemoteFolder(out, work).take(DONE)


def written_to(out: Path | Url, steps_in: Callable[[Path], Steps]) -> Steps:
    """Yield the steps of a batch that writes into a folder; for a URL into one that is put there.

    The log of what is done comes from there first, and is put there now and then; all files are as soon as
    the batch ends, however it does.

    Raises:
        SmileError: what `steps_in` raises, or the URL cannot be written: then the files stay here.
    """
    from smile.transcription.batch import DONE

    if isinstance(out, Path):
        yield from steps_in(out)
        return
    remote = RemoteFolder(out, Path(tempfile.mkdtemp(prefix="smile-out-")))
    try:
        remote.take(DONE)
    except SmileError:
        shutil.rmtree(remote.folder)  # and nothing of it is put there
        raise
    try:
        with closing(steps_in(remote.folder)) as steps:
            for step in steps:
                yield step
                with suppress(SmileError):  # the last time it is told
                    remote.put_now_and_then(DONE)
    finally:
        _put_all(remote)


def _put_all(remote: RemoteFolder) -> None:
    """Put all files but those of recordings at work, and remove the folder here."""
    from smile.transcription.batch import SEGMENTS

    names = [path.name for path in sorted(remote.folder.iterdir()) if path.is_file()]
    try:
        remote.put(*(n for n in names if not (n.startswith(f"{SEGMENTS}-") and n.endswith(".jsonl"))))
    except SmileError as error:
        raise SmileError(f"{error} What is done lies in {remote.folder}; copy it there by hand.") from error
    shutil.rmtree(remote.folder, ignore_errors=True)
