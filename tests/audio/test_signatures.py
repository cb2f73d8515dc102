"""What may be sound is told by its beginning: every container that is decoded, and no text or picture."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smile.audio.io import read_audio
from smile.audio.signatures import begins_as_sound, may_be_sound
from tests.support.sounds import CODECS, FORMATS, contained, encode, signal

OTHER = {
    "text": b"file,text\nc1.wav,a b\n",
    "utf-16": "file,text".encode("utf-16"),
    "utf-8 with a mark": b"\xef\xbb\xbffile,text",
    "picture": b"\x89PNG\r\n\x1a\n" + bytes(400),
    "photograph": b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(400),
    "heic": b"\x00\x00\x00\x18ftypheic" + bytes(400),
    "webp": b"RIFF\x10\x00\x00\x00WEBPVP8 " + bytes(400),
    "zip": b"PK\x03\x04" + bytes(400),
    "pdf": b"%PDF-1.7",
    "nothing": b"",
    "zeros": bytes(400),
}


@pytest.mark.parametrize("container", CODECS)
def test_every_container_is_known_under_any_name(tmp_path: Path, container: str) -> None:
    path = contained(tmp_path / "recording.x", container)
    assert len(read_audio(path)) > 12_000, "it is decoded"
    assert may_be_sound(path)


@pytest.mark.parametrize("kind", FORMATS)
def test_what_browsers_and_phones_record_is_known(tmp_path: Path, kind: str) -> None:
    path = encode(tmp_path / kind, signal(rate=48_000), 48_000, kind)
    assert may_be_sound(path.rename(tmp_path / "recording"))


@pytest.mark.parametrize("name", OTHER)
def test_other_files_are_not_sound(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_bytes(OTHER[name])
    assert not may_be_sound(tmp_path / "file")


def test_a_damaged_recording_is_one_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "bad.WAV").write_bytes(b"no sound")
    assert may_be_sound(tmp_path / "bad.WAV"), "so that it is told, not passed over"


def test_what_is_no_file_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "queue.wav")
    assert not may_be_sound(tmp_path / "queue.wav")
    assert not may_be_sound(tmp_path)


@given(st.binary(max_size=400))
def test_any_beginning_has_an_answer(head: bytes) -> None:
    assert begins_as_sound(head) in (True, False)
