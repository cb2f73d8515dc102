"""ELAN's annotation format (.eaf), as its schema has it: tiers of annotations that refer to time slots.

Annotations that refer to others have those' times; several under one are its parts, and joined. A
document type declaration, which no eaf has and entity bombs need, is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath
from urllib.parse import unquote
from xml.etree import ElementTree

from smile.datatypes import CorpusError
from smile.importing.annotations import Annotated, Annotation, Media, Tier, read_bytes
from smile.languages import iso_code
from smile.text import one_line

Element = ElementTree.Element
Times = tuple[float | None, float | None]
CODE = re.compile(r"[a-z]{3}")


def read(path: Path) -> Annotated:
    """Read an eaf.

    Raises:
        CorpusError: it cannot be read, or is no eaf.
    """
    root = _parsed(path)
    slots = {
        slot.get("TIME_SLOT_ID", ""): _seconds(slot.get("TIME_VALUE")) for slot in root.iter("TIME_SLOT")
    }
    times, parents = _times(root, slots)
    tiers = (_tier(tier, times, parents) for tier in root.iter("TIER"))
    return Annotated(path, tuple(tiers), tuple(_media(root)))


class _Builder(ElementTree.TreeBuilder):
    def doctype(self, name: str, public: str | None, system: str | None) -> None:
        """Called before any entity is declared."""
        raise ValueError("a document type declaration")


def _parsed(path: Path) -> Element:
    try:
        root = ElementTree.fromstring(read_bytes(path), ElementTree.XMLParser(target=_Builder()))
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        if isinstance(error, CorpusError):
            raise
        raise CorpusError(f"{path.name} is damaged or no ELAN file; save it again in ELAN.") from error
    if root.tag != "ANNOTATION_DOCUMENT":
        raise CorpusError(f"{path.name} is no ELAN file; its root is <{root.tag}>.")
    return root


def _seconds(milliseconds: str | None) -> float | None:
    return int(milliseconds) / 1000 if milliseconds and milliseconds.isdigit() else None


def _times(root: Element, slots: dict[str, float | None]) -> tuple[dict[str, Times], dict[str, str]]:
    """Of each annotation id, the times or the annotation that it refers to."""
    times, parents = {}, {}
    for a in root.iter("ALIGNABLE_ANNOTATION"):
        ends = slots.get(a.get("TIME_SLOT_REF1", "")), slots.get(a.get("TIME_SLOT_REF2", ""))
        times[a.get("ANNOTATION_ID", "")] = ends
    for a in root.iter("REF_ANNOTATION"):
        parents[a.get("ANNOTATION_ID", "")] = a.get("ANNOTATION_REF", "")
    return times, parents


def _tier(tier: Element, times: dict[str, Times], parents: dict[str, str]) -> Tier:
    """A tier; what stands under one aligned annotation is one annotation here."""
    texts: dict[str, list[str]] = {}
    for a in [*tier.iter("ALIGNABLE_ANNOTATION"), *tier.iter("REF_ANNOTATION")]:
        aligned = _aligned(a.get("ANNOTATION_ID", ""), parents)
        texts.setdefault(aligned, []).append(a.findtext("ANNOTATION_VALUE") or "")
    nothing: Times = (None, None)
    found = (Annotation(*times.get(a, nothing), one_line(" ".join(t))) for a, t in texts.items())
    language = iso_code(tier.get("LANG_REF", ""))
    known = language if CODE.fullmatch(language) else ""
    return Tier(tier.get("TIER_ID", ""), tuple(found), one_line(tier.get("PARTICIPANT", "")), known)


def _aligned(annotation: str, parents: dict[str, str]) -> str:
    """The annotation at the end of a chain of references; that of a circle is none."""
    seen = set()
    while annotation in parents and annotation not in seen:
        seen.add(annotation)
        annotation = parents[annotation]
    return annotation


def _media(root: Element) -> Iterator[Media]:
    """The recordings that the file names, without their folders, which are those of another computer."""
    for media in root.iter("MEDIA_DESCRIPTOR"):
        offset = _seconds(media.get("TIME_ORIGIN")) or 0.0
        for key in ("RELATIVE_MEDIA_URL", "MEDIA_URL"):
            url = unquote(media.get(key, "").removeprefix("file:"))
            if name := PureWindowsPath(PurePosixPath(url).name).name:
                yield Media(name, offset)
