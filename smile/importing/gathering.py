"""Files from folders of their own, as uploads are, put side by side."""

from __future__ import annotations

import filecmp
import os
import shutil
import stat
from collections.abc import Collection, Sequence
from pathlib import Path

from smile.datatypes import CorpusError
from smile.importing.archive import check, names, unpack
from smile.importing.limits import STRANGERS, Limits

GATHERED = "gathered"  # in a work folder


def gather(
    files: Sequence[Path], work: Path, limits: Limits = STRANGERS, suffixes: Collection[str] = ()
) -> Path:
    """Put files from folders of their own, as uploads are, side by side in one; zips are unpacked there.

    Of zips only files with these suffixes are unpacked, or all. A file that is given twice counts once.
    Returns the folder, for `read_source`.

    Raises:
        CorpusError: two files that differ have one name, one is a link or a folder, or a zip cannot be
            unpacked; or the zips hold too much together.
    """
    for file in files:
        if not stat.S_ISREG(os.lstat(file).st_mode if os.path.lexists(file) else 0):
            raise CorpusError(f"{file.name} is no file that can be read; choose it again.")
    files = _single(files)
    check([file for file in files if file.suffix.lower() == ".zip"], limits)
    folder = work / GATHERED
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for file in files:
        zipped = file.suffix.lower() == ".zip"
        target = folder if zipped and len(files) == 1 else folder / (file.stem if zipped else file.name)
        if target != folder and target.exists():
            raise CorpusError(f'Two files are called "{file.name}"; rename one.')
        if zipped:
            unpack(file, target, limits, suffixes)
        else:
            _link(file, target)
    return folder


def _single(files: Sequence[Path]) -> list[Path]:
    """The files, each of those once that are alike in name and content."""
    single: list[Path] = []
    for file in files:
        namesakes = (other for other in single if other.name == file.name)
        if not any(filecmp.cmp(file, other, shallow=False) for other in namesakes):
            single.append(file)
    return single


def _link(file: Path, target: Path) -> None:
    try:
        os.link(file.resolve(), target)
    except OSError:
        shutil.copyfile(file, target)


def names_of(files: Sequence[Path], limits: Limits = STRANGERS) -> set[str]:
    """Return the names of files, and of those in zips among them.

    Raises:
        CorpusError: a zip cannot be read.
    """
    inside = (name for file in files if file.suffix.lower() == ".zip" for name in names(file, limits))
    return {*(file.name for file in files), *inside}
