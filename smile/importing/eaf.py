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
from xml.parsers.expat import errors

from smile.datatypes import CorpusError
from smile.importing.annotations import Annotated, Annotation, Media, Tier, check_counts, read_bytes
from smile.importing.limits import STRANGERS, Limits
from smile.text.languages import iso_code
from smile.text.normalisers import one_line

Element = ElementTree.Element
Times = tuple[float | None, float | None]
CODE = re.compile(r"[a-z]{3}")
NO_MEMORY = errors.codes[errors.XML_ERROR_NO_MEMORY]
TAGS = 10  # marks "<" of an annotation with its time slots; eight are usual


def read(path: Path, limits: Limits = STRANGERS) -> Annotated:
    """Read an eaf.

    Raises:
        CorpusError: it cannot be read, is no eaf, or has too many annotations or tiers.
    """
    root = _parsed(path, limits)
    tiers = root.findall("TIER")
    check_counts(path, len(root.findall("TIER/ANNOTATION")), len(tiers), limits)
    slots = {
        slot.get("TIME_SLOT_ID", ""): _seconds(slot.get("TIME_VALUE")) for slot in root.iter("TIME_SLOT")
    }
    times, parents = _times(root, slots)
    ends = _ends(parents)
    return Annotated(path, tuple(_tier(tier, times, ends) for tier in tiers), tuple(_media(root)))


class _Builder(ElementTree.TreeBuilder):
    def doctype(self, name: str, public: str | None, system: str | None) -> None:
        """Refuse a document type declaration before any entity is declared."""
        raise ValueError("a document type declaration")


def _parsed(path: Path, limits: Limits) -> Element:
    data = read_bytes(path)
    check_counts(path, data.count(b"<") // TAGS, 0, limits)  # before a tree is made of them
    try:
        root = ElementTree.fromstring(data, ElementTree.XMLParser(target=_Builder()))
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        if getattr(error, "code", None) == NO_MEMORY:
            raise MemoryError from error
        raise CorpusError(f"{path.name} is damaged or no ELAN file; save it again in ELAN.") from error
    if root.tag != "ANNOTATION_DOCUMENT":
        raise CorpusError(f"{path.name} is no ELAN file; its root is <{root.tag}>.")
    return root


def _seconds(milliseconds: str | None) -> float | None:
    return int(milliseconds) / 1000 if milliseconds and milliseconds.isdigit() else None


def _times(root: Element, slots: dict[str, float | None]) -> tuple[dict[str, Times], dict[str, str]]:
    """Of each annotation id, the times or the annotation that it refers to."""
    times, parents = {}, {}
    for a in root.iterfind("TIER/ANNOTATION/ALIGNABLE_ANNOTATION"):
        ends = slots.get(a.get("TIME_SLOT_REF1", "")), slots.get(a.get("TIME_SLOT_REF2", ""))
        times[a.get("ANNOTATION_ID", "")] = ends
    for a in root.iterfind("TIER/ANNOTATION/REF_ANNOTATION"):
        parents[a.get("ANNOTATION_ID", "")] = a.get("ANNOTATION_REF", "")
    return times, parents


def _tier(tier: Element, times: dict[str, Times], ends: dict[str, str]) -> Tier:
    """A tier; what stands under one aligned annotation is one annotation here."""
    texts: dict[str, list[str]] = {}
    annotations = tier.findall("ANNOTATION/ALIGNABLE_ANNOTATION") + tier.findall("ANNOTATION/REF_ANNOTATION")
    for a in annotations:
        name = a.get("ANNOTATION_ID", "")
        texts.setdefault(ends.get(name, name), []).append(a.findtext("ANNOTATION_VALUE") or "")
    nothing: Times = (None, None)
    found = (Annotation(*times.get(a, nothing), one_line(" ".join(t))) for a, t in texts.items())
    language = iso_code(tier.get("LANG_REF", ""))
    known = language if CODE.fullmatch(language) else ""
    return Tier(tier.get("TIER_ID", ""), tuple(found), one_line(tier.get("PARTICIPANT", "")), known)


def _ends(parents: dict[str, str]) -> dict[str, str]:
    """Of each annotation that refers to another, what its chain of references ends at.

    Whatever leads into a circle ends at the annotation where the circle was entered first, which has no
    times. Each reference is followed once.
    """
    ends: dict[str, str] = {}
    for annotation in parents:
        way, seen, at = [], set(), annotation
        while at in parents and at not in ends and at not in seen:
            way.append(at)
            seen.add(at)
            at = parents[at]
        end = ends.get(at, at)
        ends.update((name, end) for name in way)
    return ends


def _media(root: Element) -> Iterator[Media]:
    """The recordings that the file names, without their folders, which are those of another computer."""
    for media in root.iter("MEDIA_DESCRIPTOR"):
        offset = _seconds(media.get("TIME_ORIGIN")) or 0.0
        for key in ("RELATIVE_MEDIA_URL", "MEDIA_URL"):
            url = unquote(media.get(key, "").removeprefix("file:"))
            if name := PureWindowsPath(PurePosixPath(url).name).name:
                yield Media(name, offset)
