"""What a visitor's pool keeps: strangers' clips, decoded in another process and written anew."""

from __future__ import annotations

import errno
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from smile.audio import io
from smile.audio.io import read_audio
from smile.corpora import Reading, Rejected
from smile.datatypes import SAMPLE_RATE, PoolError, Samples, Utterance
from smile.importing import Imported
from smile.own import growing
from smile.own.quota import FullError
from smile.own.rewriting import rewritten
from smile.own.workspaces import Workspaces
from smile.pools.export import as_folder
from smile.text.languages import language
from smile.whisper.model import Models
from tests.support.sounds import FORMATS, encode, signal

ROOM = 10**9


def clips(folder: Path, *named: str, seconds: float = 2.0) -> Reading:
    """Clips in files of these kinds."""
    folder.mkdir(exist_ok=True)
    made = [encode(folder / f"{n}-{kind}", sound(seconds), 48_000, kind) for n, kind in enumerate(named)]
    return Reading.of([Utterance(path.name, path, f"text of {path.name}", "mdw") for path in made])


def sound(seconds: float) -> Samples:
    return signal(seconds, 48_000)


def test_the_same_sound_is_kept_whatever_it_came_in(tmp_path: Path, decoded_here: list[Path]) -> None:
    given = clips(tmp_path, *FORMATS)
    written = rewritten(given, tmp_path / "new", 30.0, ROOM)
    assert decoded_here == []
    assert (written.lines, written.rejected) == (given.lines, ())
    for old, new in zip(given.utterances, written.utterances, strict=True):
        assert (new.id, new.text, new.language) == (old.id, old.text, old.language)
        assert new.audio.read_bytes()[:4] == b"fLaC"
        assert old.audio.is_file()
        np.testing.assert_allclose(read_audio(new.audio), read_audio(old.audio), atol=0.51 / 2**15)


def test_sixteen_bits_stay_as_they_are(tmp_path: Path) -> None:
    """So that a pool that was taken away and is brought again has the same examples."""
    values = np.array([-1.0, 1.0, 0.75, -0.75, *np.arange(-(2**15), 2**15, 7) / 2**15], np.float32)
    once = np.clip(values, -1, 1 - 2**-15)
    for name in ("a.wav", "a.flac"):
        io.write(tmp_path / name, values)
        np.testing.assert_array_equal(read_audio(tmp_path / name), once)


def test_bad_clips_are_left_out_with_their_names(tmp_path: Path) -> None:
    given = clips(tmp_path, "pcm16.wav", "lame.mp3", "opus.webm")
    (tmp_path / "1-lame.mp3").write_bytes(b"no sound" * 99)
    given = Reading(given.utterances, (3, 5, 7), (Rejected(4, "The row has no text."),))
    said: list[tuple[int, int]] = []
    written = rewritten(given, tmp_path / "new", 30.0, ROOM, lambda *step: said.append(step))
    assert written.lines == (3, 7)
    assert [row.line for row in written.rejected] == [4, 5]
    assert written.rejected[1].reason.startswith("'1-lame.mp3' cannot be decoded")
    assert said == [(0, 3)] * 3


def test_a_clip_that_is_too_long_is_told_as_ever(tmp_path: Path) -> None:
    written = rewritten(clips(tmp_path, "pcm16.wav", seconds=2.5), tmp_path / "new", 2.0, ROOM)
    (row,) = written.rejected
    assert row.reason == '"0-pcm16.wav" is longer than the 2 s window; cut it first.'
    assert not list((tmp_path / "new").iterdir())


def test_clips_that_grow_beyond_the_room_are_refused(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, 30 * SAMPLE_RATE).astype(np.float32)
    small = encode(tmp_path / "small.webm", noise, SAMPLE_RATE, "opus.webm")
    given = Reading.of([Utterance("a", small, "x", "mdw")])
    assert small.stat().st_size < 400_000
    assert rewritten(given, tmp_path / "one", 31.0, 2_000_000).utterances
    with pytest.raises(FullError, match="more than there is room for"):
        rewritten(given, tmp_path / "two", 31.0, 100_000)


def test_a_disk_that_is_full_is_no_fault_of_the_clips(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    given = clips(tmp_path, "pcm16.wav")
    monkeypatch.setattr("soundfile.write", full)
    with pytest.raises(PoolError, match="cannot be stored now"):
        rewritten(given, tmp_path / "new", 30.0, ROOM)


def test_nothing_of_a_stranger_s_is_decoded_here(
    tmp_path: Path, models: Models, decoded_here: list[Path]
) -> None:
    visitors = Workspaces(tmp_path / "visitors", 2)
    workspace = visitors.open(visitors.new())
    workspace.write(replace(workspace.state(), language=language("mdw")))
    brought = Imported(clips(tmp_path / "x", "lame.mp3", "opus.webm"))
    added = growing.add_imported(workspace, brought, models)
    growing.typed(workspace, encode(tmp_path / "b.m4a", sound(3.0), 48_000, "aac.m4a"), "said", models)
    pool = growing.ready(workspace, models)
    assert pool
    assert (added.count, len(pool)) == (2, 3)
    assert {u.audio.suffix for u in pool.utterances} == {".flac"}
    assert decoded_here
    assert {path.suffix for path in decoded_here} == {".flac"}
    shutil.copy(as_folder(pool, tmp_path / "mine.zip"), tmp_path / "again.zip")
    again = growing.from_files(workspace, [tmp_path / "again.zip"], models)
    assert (again.count, [why for _, why in again.rejected]) == (0, [growing.KNOWN] * 3)
