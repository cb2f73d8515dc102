"""Whatever a zip holds: each file is unpacked as it is, in its place and nowhere else, or none is taken."""

from __future__ import annotations

import csv
import io
import unicodedata
import warnings
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from smile import importing
from smile.audio.io import read_audio
from smile.datatypes import CorpusError
from smile.importing import Limits
from smile.importing.archive import JUNK, LONGEST_NAME
from tests.support.boundaries import assert_refused, boundary
from tests.support.naming import WAYS

LIMITS = Limits(archive_bytes=20_000, entries=9, depth=5)
LINK, FILE = 0o120777 << 16, 0o100644 << 16
ODD = r"a A b.wav é ŋa.TXT .. . C: ~ -rf a%20b nul a. ж \ ..\x x\y .hidden __MACOSX Thumbs.db 漢字 🙂 a:b"
PARTS = st.sampled_from([*ODD.split(" "), "", "e\u0301", "x y", "a\x01b", "a\nb", "é" * 130]) | st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0/"), min_size=1, max_size=4
)
GOOD = st.sampled_from(
    ["a", "b", "B", "clip 1.wav", "é", "e\u0301\u0323", "ŋ.TXT", "-rf", "漢字", "🙂", "a%20b", "x\\y"]
)
SOUND = st.lists(GOOD, min_size=1, max_size=4).map("/".join)
NAMES = st.lists(PARTS, min_size=1, max_size=7).map("/".join).filter(bool)
CUT = st.sampled_from([0] * 9 + [1, 8, 21, 22, 23, 60])  # bytes


@dataclass(frozen=True)
class Entry:
    """A file, a folder where its name says so, or a link."""

    name: str
    data: bytes
    link: bool = False
    unsaid: bool = False  # UTF-8 that is not said to be it, as macOS writes it
    packed: bool = True

    @property
    def place(self) -> PurePosixPath:
        """Return where it belongs."""
        return PurePosixPath(unicodedata.normalize("NFC", self.name.replace("\\", "/")))


class _Unsaid(zipfile.ZipInfo):
    """An entry whose name is UTF-8 without the flag that says so."""

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802
        return self.filename.encode(), self.flag_bits


DATA = st.binary(max_size=20) | st.just(bytes(4_000))
GOOD_ENTRIES = st.builds(Entry, SOUND, DATA, st.just(False), st.booleans(), st.booleans())
ENTRIES = st.builds(Entry, NAMES, DATA | st.just(bytes(15_000)), st.booleans(), st.booleans(), st.booleans())
ZIPS = st.tuples(
    st.lists(GOOD_ENTRIES, min_size=1, max_size=8), st.just([]) | st.lists(ENTRIES, max_size=2)
).flatmap(lambda both: st.permutations([*both[0], *both[1]]))


def zipped(path: Path, entries: list[Entry], cut: int = 0) -> Path:
    """A zip of entries in this order, less so many bytes at its end."""
    with zipfile.ZipFile(path, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names that are there twice
        for entry in entries:
            info = (_Unsaid if entry.unsaid else zipfile.ZipInfo)(entry.name)
            info.external_attr = LINK if entry.link else FILE
            info.compress_type = zipfile.ZIP_DEFLATED if entry.packed else zipfile.ZIP_STORED
            archive.writestr(info, entry.data)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) - cut])
    return path


def left_out(entry: Entry) -> bool:
    """Whether nobody misses an entry: a folder, or what a system adds."""
    parts = entry.place.parts
    hidden = any(part in JUNK or part.startswith(".") for part in parts)
    return entry.name.endswith("/") or not parts or hidden


def faults(entries: list[Entry]) -> bool:
    """Whether there is a reason to refuse a zip."""
    kept = [entry for entry in entries if not left_out(entry)]
    places = [entry.place for entry in kept]
    apart = len(set(places)) == len(places) and not any(a in b.parents for a in places for b in places)
    sizes = (
        sum(len(entry.data) for entry in entries) <= LIMITS.archive_bytes and len(entries) <= LIMITS.entries
    )
    return not (apart and sizes) or any(map(_fault, entries))


def _fault(entry: Entry) -> bool:
    name, parts = PurePosixPath(entry.name), entry.place.parts
    long = any(len(part.encode()) > LONGEST_NAME for part in (*name.parts, *parts))
    if long or len(name.parts) > LIMITS.depth:
        return True
    leaves = bool(parts) and (parts[0] == "/" or ".." in parts or ":" in parts[0])
    controls = any(unicodedata.category(character) == "Cc" for character in entry.name)
    wrong = leaves or entry.link or (controls and not left_out(entry))
    return not (entry.name.endswith("/") or any(part in JUNK for part in parts)) and wrong


@boundary(200)
@given(ZIPS, CUT)
def test_a_zip_is_unpacked_to_the_byte_or_refused(
    tmp_path_factory: pytest.TempPathFactory, entries: list[Entry], cut: int
) -> None:
    folder = tmp_path_factory.mktemp("z")
    archive = zipped(folder / "z.zip", entries, cut)
    work = folder / "work" / "x"
    try:
        importing.unpack(archive, work, LIMITS)
    except CorpusError as error:
        assert_refused(error)
        if not cut and not faults(entries):
            raise
    else:
        assert not faults(entries)
        wanted = {work / entry.place: entry.data for entry in entries if not left_out(entry)}
        assert {path: path.read_bytes() for path in work.rglob("*") if path.is_file()} == wanted
    for path in folder.rglob("*"):
        assert not path.is_symlink()
        assert path in (archive, work, work.parent) or path.is_relative_to(work)


STEMS = st.sampled_from(["a", "A", "é1", "e\u03011", "my clip", "a%20b", "ŋ", "x.1", "漢", "2"])
CLIPS = st.builds("{}{}.wav".format, st.sampled_from(["", "x/", "y/", "x/z/", "Ü b/"]), STEMS)


@boundary(60)
@given(
    st.lists(CLIPS, min_size=1, max_size=5, unique_by=lambda name: unicodedata.normalize("NFC", name)),
    st.sampled_from(["", "corpus/", "corpus/data/"]),
    st.lists(st.sampled_from(sorted(WAYS)), min_size=5, max_size=5),
    st.sampled_from(["t.csv", "t.tsv"]),
)
def test_each_text_of_a_zip_is_that_of_its_own_recording(
    tmp_path_factory: pytest.TempPathFactory, clips: list[str], top: str, ways: list[str], table: str
) -> None:
    folder = tmp_path_factory.mktemp("z")
    sounds = {name: noise(number) for number, name in enumerate(clips)}
    out = io.StringIO(newline="")
    rows = csv.writer(out, delimiter="\t" if table.endswith("tsv") else ",")
    named = [WAYS[way](name) for way, name in zip(ways, clips, strict=False)]
    rows.writerows([["file", "text"], *([name, f"text {n}"] for n, name in enumerate(named))])
    entries = [Entry(f"{top}{name}", data, unsaid=True) for name, data in sounds.items()]
    path = zipped(folder / "z.zip", [*entries, Entry(f"{top}{table}", out.getvalue().encode())])
    try:
        reading = importing.read_source(path, folder / "w").reading
    except CorpusError as error:
        assert_refused(error)
        return
    for row in reading.rejected:
        assert_refused(CorpusError(row.reason))
    for u in reading.utterances:
        number = int(u.text.removeprefix("text "))
        np.testing.assert_array_equal(read_audio(u.audio), read_audio(folder_of(folder, number)))


def noise(seed: int) -> bytes:
    """A recording that is like no other."""
    file = io.BytesIO()
    soundfile.write(
        file, np.random.default_rng(seed).uniform(-0.5, 0.5, 2_000), 16_000, "PCM_16", format="WAV"
    )
    return file.getvalue()


def folder_of(folder: Path, number: int) -> Path:
    """A file of that recording."""
    path = folder / f"{number}.wav"
    path.write_bytes(noise(number))
    return path
