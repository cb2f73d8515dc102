"""Transcripts as ELAN's annotation format (.eaf 3.0), with the recording linked by its name."""

from __future__ import annotations

import mimetypes
import re
from datetime import UTC, datetime
from urllib.parse import quote
from xml.etree import ElementTree

from smile.exporting.transcripts import TieredTranscript, apart

SCHEMA = "http://www.mpi.nl/tools/elan/EAFv3.0.xsd"
INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
TYPE = "transcription"
NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Element = ElementTree.Element


def as_eaf(transcript: TieredTranscript) -> str:
    """Return the text of an .eaf: its tiers as tiers of aligned annotations.

    The recording is referred to as a file beside it.
    """
    root = ElementTree.Element(
        "ANNOTATION_DOCUMENT",
        {
            "AUTHOR": "SMILE",
            "DATE": datetime.now(UTC).isoformat(timespec="seconds"),
            "FORMAT": "3.0",
            "VERSION": "3.0",
            "xmlns:xsi": INSTANCE,
            "xsi:noNamespaceSchemaLocation": SCHEMA,
        },
    )
    _header(root, transcript.recording)
    order = ElementTree.SubElement(root, "TIME_ORDER")
    slots = _slots(order, transcript)
    _tiers(root, transcript, slots)
    kind = {"LINGUISTIC_TYPE_ID": TYPE, "TIME_ALIGNABLE": "true", "GRAPHIC_REFERENCES": "false"}
    ElementTree.SubElement(root, "LINGUISTIC_TYPE", kind)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _header(root: Element, recording: str) -> None:
    header = ElementTree.SubElement(root, "HEADER", {"MEDIA_FILE": "", "TIME_UNITS": "milliseconds"})
    mime, url = mimetypes.guess_type(recording)[0] or "audio/x-wav", f"./{quote(recording)}"
    media = {"MEDIA_URL": url, "MIME_TYPE": mime, "RELATIVE_MEDIA_URL": url}
    ElementTree.SubElement(header, "MEDIA_DESCRIPTOR", media)


def _slots(order: Element, transcript: TieredTranscript) -> dict[int, str]:
    """Write a time slot for every millisecond at which something begins or ends -> its id."""
    spans = [span for _, tier in transcript.tiers for span in apart(tier, transcript.seconds)]
    times = sorted({_milliseconds(t) for span in spans for t in (span.start, span.end)})
    slots = {time: f"ts{number}" for number, time in enumerate(times, start=1)}
    for time, name in slots.items():
        ElementTree.SubElement(order, "TIME_SLOT", {"TIME_SLOT_ID": name, "TIME_VALUE": str(time)})
    return slots


def _tiers(root: Element, transcript: TieredTranscript, slots: dict[int, str]) -> None:
    number = 0
    for name, spans in transcript.tiers:
        fields = {"LINGUISTIC_TYPE_REF": TYPE, "TIER_ID": _plain(name)}
        tier = ElementTree.SubElement(root, "TIER", fields)
        for span in apart(spans, transcript.seconds):
            start, end = _milliseconds(span.start), _milliseconds(span.end)
            if start == end:
                continue
            number += 1
            outer = ElementTree.SubElement(tier, "ANNOTATION")
            fields = {
                "ANNOTATION_ID": f"a{number}",
                "TIME_SLOT_REF1": slots[start],
                "TIME_SLOT_REF2": slots[end],
            }
            inner = ElementTree.SubElement(outer, "ALIGNABLE_ANNOTATION", fields)
            ElementTree.SubElement(inner, "ANNOTATION_VALUE").text = _plain(span.text)


def _milliseconds(seconds: float) -> int:
    return round(1000 * seconds)


def _plain(text: str) -> str:
    """A text without the characters that XML cannot hold."""
    return NOT_XML.sub("", text)
