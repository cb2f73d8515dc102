"""Whether a file may hold sound, by its first bytes or its suffix; what decodes it has the last word."""

from __future__ import annotations

from pathlib import Path

from smile.audio.formats import AUDIO_SUFFIXES

HEAD = 189 * 2  # bytes that are looked at: two packets of an MPEG transport stream
PACKET = 188  # bytes of such a packet
STARTS = (
    *(b"fLaC", b"OggS", b"caff", b".snd", b"ID3", b"#!AMR", b"wvpk", b"TTA1", b"TTA2", b"MAC ", b"FLV\x01"),
    *(b"riff\x2e\x91\xcf\x11", b"\x0b\x77", b"\x00\x00\x01\xba", b"\x1a\x45\xdf\xa3"),
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",  # ASF, as of WMA
)
FORMS = (b"WAVE", b"AVI ", b"AIFF", b"AIFC")  # in RIFF and in IFF, which hold pictures and notes as well
PICTURES = (b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"avif", b"avis", b"crx ", b"jp2 ", b"jpx ")


def may_be_sound(path: Path) -> bool:
    """Return whether a regular file ends as a recording does, or begins as one that can be decoded."""
    if not path.is_file():
        return False
    return path.suffix.lower() in AUDIO_SUFFIXES or begins_as_sound(_head(path))


def begins_as_sound(head: bytes) -> bool:
    """Return whether a file that begins so is in a container of `formats.CONTAINERS`."""
    if head[:4] in (b"RIFF", b"RF64", b"RIFX", b"FORM"):
        return head[8:12] in FORMS
    if head[4:8] == b"ftyp":
        return head[8:12] not in PICTURES
    transport = head[:1] == head[PACKET : PACKET + 1] == b"\x47"
    return head.startswith(STARTS) or transport or _mpeg(head[:4])


def _mpeg(head: bytes) -> bool:
    """Whether these are the four bytes that begin a frame of MP3 or AAC, none of which is reserved."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return False
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    if layer == 0:
        return head[1] & 0xF0 == 0xF0 and head[2] >> 2 & 15 < 13  # ADTS
    return version != 1 and layer != 3 and 0 < head[2] >> 4 < 15 and head[2] >> 2 & 3 != 3


def _head(path: Path) -> bytes:
    """The first bytes of a file; none where it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(HEAD)
    except OSError:
        return b""
