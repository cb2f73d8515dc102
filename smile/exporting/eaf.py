"""Transcripts as ELAN's annotation format (.eaf 3.0), with the recording linked by its name."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import quote
from xml.etree import ElementTree

from smile.exporting.transcripts import PlacedTier, TieredTranscript, placed

SCHEMA = "http://www.mpi.nl/tools/elan/EAFv3.0.xsd"
INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
TYPE, PART = "transcription", "part"  # linguistic types: of utterances, of words and characters in them
NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Element = ElementTree.Element


def as_eaf(transcript: TieredTranscript) -> str:
    """Return the text of an .eaf: its tiers as tiers of aligned annotations, words in a tier below.

    Words lie within their utterance and characters within their word (ELAN's Included In). The recording
    is referred to as a file beside it.
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
    tiers = placed(transcript)
    slots = _slots(order, tiers)
    _tiers(root, tiers, slots)
    _types(root, any(tier.parent for tier in tiers))
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _header(root: Element, recording: str) -> None:
    header = ElementTree.SubElement(root, "HEADER", {"MEDIA_FILE": "", "TIME_UNITS": "milliseconds"})
    mime, url = mimetypes.guess_type(recording)[0] or "audio/x-wav", f"./{quote(recording)}"
    media = {"MEDIA_URL": url, "MIME_TYPE": mime, "RELATIVE_MEDIA_URL": url}
    ElementTree.SubElement(header, "MEDIA_DESCRIPTOR", media)


def _types(root: Element, parts: bool) -> None:
    """Write the linguistic types, and the constraint of words and characters where there are some."""
    same = {"TIME_ALIGNABLE": "true", "GRAPHIC_REFERENCES": "false"}
    ElementTree.SubElement(root, "LINGUISTIC_TYPE", {"LINGUISTIC_TYPE_ID": TYPE, **same})
    if parts:
        kind = {"CONSTRAINTS": "Included_In", "LINGUISTIC_TYPE_ID": PART, **same}
        ElementTree.SubElement(root, "LINGUISTIC_TYPE", kind)
        said = "Time alignable annotations within the parent annotation's time interval, gaps are allowed"
        ElementTree.SubElement(root, "CONSTRAINT", {"DESCRIPTION": said, "STEREOTYPE": "Included_In"})


def _slots(order: Element, tiers: Sequence[PlacedTier]) -> dict[int, str]:
    """Write a time slot for every millisecond at which something begins or ends -> its id."""
    spans = [span for tier in tiers for span in tier.spans]
    times = sorted({_milliseconds(t) for span in spans for t in (span.start, span.end)})
    slots = {time: f"ts{number}" for number, time in enumerate(times, start=1)}
    for time, name in slots.items():
        ElementTree.SubElement(order, "TIME_SLOT", {"TIME_SLOT_ID": name, "TIME_VALUE": str(time)})
    return slots


def _tiers(root: Element, tiers: Sequence[PlacedTier], slots: dict[int, str]) -> None:
    number = 0
    for placed_tier in tiers:
        parent = {"PARENT_REF": _plain(placed_tier.parent)} if placed_tier.parent else {}
        kind = {"LINGUISTIC_TYPE_REF": PART if parent else TYPE}
        tier = ElementTree.SubElement(root, "TIER", {**kind, **parent, "TIER_ID": _plain(placed_tier.name)})
        for span in placed_tier.spans:
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
