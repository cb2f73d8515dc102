"""Files that travel arrive as they were, are written once, and are removed when their worker has ended."""

from __future__ import annotations

import hashlib
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from smile.util.workers import carried
from smile.util.workers.carried import PREFIX, Parcel, as_file, forget
from tests.conftest import ROOT
from tests.support.small_pools import contents


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of temporary files that is this test's own."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    forget()


def test_files_arrive_as_they_were_and_are_written_once(tmp_path: Path, place: Path) -> None:
    source = tmp_path / "mdw"
    (source / "audio").mkdir(parents=True)
    (source / "a.bin").write_bytes(b"\0\1")
    (source / "audio" / "ñ.wav").write_bytes(b"RIFF")
    (source / "other").write_bytes(b"not taken")
    parcel = Parcel.of(source, [source / "a.bin", source / "audio" / "ñ.wav"])
    arrived = pickle.loads(pickle.dumps(parcel))
    assert arrived.digest == parcel.digest
    folder = arrived.unpacked()
    assert folder.name == "mdw"
    assert contents(folder) == {"a.bin": b"\0\1", "audio/ñ.wav": b"RIFF"}
    (folder / "a.bin").write_bytes(b"")
    assert parcel.unpacked() == folder
    assert (folder / "a.bin").read_bytes() == b""
    forget()
    assert list(place.iterdir()) == []


def test_what_is_unpacked_is_read_through_once(monkeypatch: pytest.MonkeyPatch) -> None:
    parcel, digests = Parcel("a", (("x", b"1"), ("y", b"2"))), list[bytes]()
    real = hashlib.sha256
    monkeypatch.setattr(carried.hashlib, "sha256", lambda data=b"": digests.append(data) or real(data))
    assert parcel.unpacked() == parcel.unpacked()
    assert digests.count(b"1") == 1


def test_another_content_is_another_parcel() -> None:
    digests = {
        Parcel("a", files).digest
        for files in ((("x", b"1"),), (("x", b"2"),), (("y", b"1"),), (("x", b"1"), ("y", b"")))
    }
    assert len(digests | {Parcel("b", (("x", b"1"),)).digest}) == 5


def test_a_file_that_would_lie_elsewhere_is_refused(place: Path) -> None:
    with pytest.raises(ValueError, match=r"\.\./x"):
        Parcel("a", (("../x", b"1"),)).unpacked()
    assert not list(place.rglob("x"))


def test_a_file_has_its_name_while_the_block_lasts() -> None:
    with as_file("a/clip.wav", b"1") as path:
        assert (path.name, path.read_bytes()) == ("clip.wav", b"1")
    assert not path.exists()


def test_what_a_killed_worker_left_is_removed_by_the_next_one(place: Path) -> None:
    ask = (
        "import os, signal; from smile.util.workers.carried import Parcel\n"
        "print(Parcel('a', (('x', b'1'),)).unpacked(), flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    run = subprocess.run(
        [sys.executable, "-c", ask], cwd=ROOT, env={"TMPDIR": str(place)}, capture_output=True, text=True
    )
    assert Path(run.stdout.strip(), "x").is_file(), run.stderr
    mine = Parcel("b", (("y", b"1"),)).unpacked()
    assert not Path(run.stdout.strip()).exists()
    carried.sweep(place)  # one whose worker lives stays
    assert (mine / "y").is_file()
    assert [path.name.startswith(PREFIX) for path in place.iterdir()] == [True]
