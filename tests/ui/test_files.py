"""Files of visitors: what counts as an upload, what is removed, and what never is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from smile.datatypes import SmileError
from smile.ui import files
from tests.support.uploads import upload


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    (tmp_path / "uploads").mkdir()
    return (tmp_path / "uploads").resolve()


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A file of the server."""
    path = tmp_path / "served" / "clip.wav"
    path.parent.mkdir()
    path.write_bytes(b"RIFF")
    return path


def named(root: Path, outside: Path) -> Iterator[str | Path | None]:
    """What a forged request may name in place of an upload."""
    folder = root / ("upload-" + "0" * 32)
    folder.mkdir()
    (folder / "link.wav").symlink_to(outside)
    (root / "linked").symlink_to(outside.parent)
    os.mkfifo(folder / "pipe.wav")
    (folder / "folder.wav").mkdir()
    yield from (outside, outside.parent, root, folder, folder / "link.wav", folder / "pipe.wav")
    yield from (folder / "folder.wav", root / "linked" / "clip.wav", folder / "absent.wav", "", None)
    yield from ("clip.wav", "a\0b", "x" * 5000, f"{folder}/../../served/clip.wav", "/proc/self/environ")
    yield from (f"{folder}/../{folder.name}/../../served/clip.wav", "/dev/zero", "http://127.0.0.1/clip.wav")


def test_only_a_regular_file_among_the_uploads_is_one(root: Path, outside: Path) -> None:
    for path in named(root, outside):
        with pytest.raises(SmileError, match="choose it again"):
            files.uploaded(path)
    assert files.uploaded(upload(outside)).read_bytes() == b"RIFF"


def test_nothing_else_is_ever_removed(root: Path, outside: Path) -> None:
    everything = list(named(root, outside))
    before = sorted(root.rglob("*"))
    files.discard(everything)
    shared = Path(files.playable(outside))
    files.discard([shared])
    assert outside.read_bytes() == b"RIFF"
    assert shared.is_file(), "a recording of the page's own is everybody's"
    assert set(before) <= set(root.rglob("*"))


def test_an_upload_goes_with_its_folder_and_leaves_its_twin(root: Path, outside: Path) -> None:
    mine, others = upload(outside), upload(outside)
    assert mine != others
    with pytest.raises(ZeroDivisionError), files.discarding([mine]):
        raise ZeroDivisionError
    assert not Path(mine).parent.exists()
    assert Path(others).is_file()


def test_what_is_taken_is_a_copy(tmp_path: Path, outside: Path) -> None:
    mine = upload(outside)
    (copy, again) = files.taken([mine, mine], tmp_path / "work")
    copy.write_bytes(b"changed")
    assert (Path(mine).read_bytes(), again.read_bytes()) == (b"RIFF", b"RIFF")
    assert copy.name == again.name == "clip.wav"


def test_a_lent_copy_is_for_one_visitor(outside: Path) -> None:
    first, second = files.lent(outside), files.lent(outside)
    files.discard([first])
    assert not Path(first).exists()
    assert Path(second).read_bytes() == b"RIFF"


def test_what_a_killed_server_left_is_swept_when_it_is_old(root: Path, outside: Path) -> None:
    old, new, broken = Path(upload(outside)), Path(upload(outside)), root / "tmpab12cd34"
    broken.write_bytes(b"half")
    other = root / "tmp.of.somebody"
    other.write_bytes(b"")
    for path in (old.parent, broken, other):
        os.utime(path, (1, 1))
    assert files.sweep(3600) == 2
    assert [path.exists() for path in (old, broken, new, other)] == [False, False, True, True]


def test_what_others_remove_meanwhile_holds_up_no_sweep(root: Path) -> None:
    ended = Event()

    def come_and_go() -> None:
        while not ended.is_set():
            (root / "tmpab12cd34").write_bytes(b"half")
            (root / "tmpab12cd34").unlink(missing_ok=True)

    with ThreadPoolExecutor(2) as others:
        work = others.submit(come_and_go)
        try:
            assert sum(files.sweep(3600) for _ in range(3000)) == 0
        finally:
            ended.set()
    work.result()
