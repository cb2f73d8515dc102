"""ELAN's annotation format (.eaf), as its schema has it: tiers of annotations that refer to time slots.

Annotations that refer to others have those' times; several under one are its parts, and joined in the order
of their links. A document type declaration, which no eaf has and entity bombs need, is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath
from urllib.parse import unquote
from xml.etree import ElementTree
from xml.parsers.expat import errors

from smile.corpora.encodings import in_utf8, is_utf8
from smile.corpora.letters import DAMAGED, codec, unreadable
from smile.datatypes import CorpusError
from smile.importing import dependents
from smile.importing.annotations import Annotated, Annotation, Media, Tier, check_counts, read_bytes
from smile.importing.dependents import Order
from smile.importing.limits import STRANGERS, Limits
from smile.text.languages import iso_code
from smile.text.normalisers import one_line

Element = ElementTree.Element
Times = tuple[float | None, float | None]
CODE = re.compile(r"[a-z]{3}")
DECLARED = re.compile(rb"""\s*<\?xml[^>]*?encoding\s*=\s*["']([\w.:-]+)["']""")  # by the file itself
NO_MEMORY = errors.codes[errors.XML_ERROR_NO_MEMORY]
SHOWN = 20  # characters of a number in a sentence
UNCLEAR = "The order of its parts is not clear; set it right in ELAN, or cut at the tier that they belong to."
TAGS = 10  # marks "<" of an annotation with its time slots; eight are usual


def read_eaf(path: Path, limits: Limits = STRANGERS, encoding: str = "") -> Annotated:
    """Read an eaf; `encoding` is that of one that says UTF-8 and is not, where a person names it.

    Raises:
        CorpusError: it cannot be read, is no eaf, has too many annotations or tiers, or characters that are
            in another encoding than it says.
    """
    root = _parsed(path, limits, encoding)
    tiers = root.findall("TIER")
    check_counts(path, len(root.findall("TIER/ANNOTATION")), len(tiers), limits)
    _check_units(path, root)
    slots = {
        slot.get("TIME_SLOT_ID", ""): _seconds(slot.get("TIME_VALUE")) for slot in root.iter("TIME_SLOT")
    }
    order, ends = dependents.ordered(root), dependents.ends(root)
    times = _times(root, slots)
    return Annotated(
        path, tuple(_tier(tier, times, ends, order) for tier in tiers), tuple(_media(path, root))
    )


def _check_units(path: Path, root: Element) -> None:
    units = {header.get("TIME_UNITS") for header in root.iter("HEADER")} - {None, "", "milliseconds"}
    if units:
        raise CorpusError(
            f"{path.name} counts time in {units.pop()}; save it again in ELAN, in milliseconds."
        )


class _Builder(ElementTree.TreeBuilder):
    def doctype(self, name: str, public: str | None, system: str | None) -> None:
        """Refuse a document type declaration before any entity is declared."""
        raise ValueError("a document type declaration")


def _parsed(path: Path, limits: Limits, encoding: str) -> Element:
    data = _in_utf8(path, read_bytes(path), encoding)
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


def _in_utf8(path: Path, data: bytes, encoding: str) -> bytes:
    """The bytes of a file; where it says that they are UTF-8 and they are not, in the encoding named.

    Raises:
        CorpusError: none is named, or it is another one.
    """
    if not says_utf8(data):
        return data
    data = in_utf8(data, encoding)
    if not is_utf8(data) or (encoding and DAMAGED in data):
        raise CorpusError(f"{path.name}: {unreadable(data.splitlines(), encoding=encoding)}")
    return data


def says_utf8(data: bytes) -> bool:
    """Return whether an eaf says that it is in UTF-8, or nothing, which says the same."""
    declared = DECLARED.match(data)
    return codec(data) == "utf-8-sig" and not (declared and declared[1].lower() not in (b"utf-8", b"utf8"))


def _seconds(milliseconds: str | None) -> float | None:
    return int(milliseconds) / 1000 if milliseconds and milliseconds.isdecimal() else None


def _times(root: Element, slots: dict[str, float | None]) -> dict[str, Times]:
    """Of each annotation id, the times, if it has any of its own."""
    return {
        a.get("ANNOTATION_ID", ""): (
            slots.get(a.get("TIME_SLOT_REF1", "")),
            slots.get(a.get("TIME_SLOT_REF2", "")),
        )
        for a in root.iterfind("TIER/ANNOTATION/ALIGNABLE_ANNOTATION")
    }


def _tier(tier: Element, times: dict[str, Times], ends: dict[str, str], order: Order) -> Tier:
    """A tier; what stands under one aligned annotation is one annotation here."""
    parts: dict[str, list[Element]] = {}
    annotations = tier.findall("ANNOTATION/ALIGNABLE_ANNOTATION") + tier.findall("ANNOTATION/REF_ANNOTATION")
    for a in annotations:
        name = a.get("ANNOTATION_ID", "")
        parts.setdefault(ends.get(name, name), []).append(a)
    nothing: Times = (None, None)
    joined = tuple(_joined(times.get(a, nothing), under, order) for a, under in parts.items())
    language = iso_code(tier.get("LANG_REF", ""))
    known = language if CODE.fullmatch(language) else ""
    return Tier(tier.get("TIER_ID", ""), joined, one_line(tier.get("PARTICIPANT", "")), known)


def _joined(times: Times, parts: list[Element], order: Order) -> Annotation:
    names = {id(part): part.get("ANNOTATION_ID", "") for part in parts}
    parts = sorted(parts, key=lambda part: order.places.get(names[id(part)], 0))
    text = one_line(" ".join(part.findtext("ANNOTATION_VALUE") or "" for part in parts))
    unclear = len(parts) > 1 and not order.unclear.isdisjoint(names.values())
    return Annotation(*times, text, UNCLEAR if unclear else "")


def _media(path: Path, root: Element) -> Iterator[Media]:
    """The recordings that the file names; absolute paths are those of another computer."""
    for media in root.iter("MEDIA_DESCRIPTOR"):
        urls = [_url(media.get(key, "")) for key in ("RELATIVE_MEDIA_URL", "MEDIA_URL")]
        names = [PureWindowsPath(PurePosixPath(url).name).name for url in urls]
        origin = _origin(path, media.get("TIME_ORIGIN", ""))
        yield Media(tuple(dict.fromkeys(filter(None, names))), origin, urls[0])


def _url(url: str) -> str:
    return unquote(url.removeprefix("file:"))


def _origin(path: Path, milliseconds: str) -> float:
    try:
        return int(milliseconds or "0") / 1000
    except ValueError as error:
        raise CorpusError(
            f'{path.name} has a TIME_ORIGIN "{milliseconds[:SHOWN]}", which is no number of milliseconds; '
            "save it again in ELAN."
        ) from error
