"""ELAN's annotations that have no times of their own: what they refer to, and their order among each other.

A word refers to its sentence (ANNOTATION_REF) and to the word before it (PREVIOUS_ANNOTATION); in the file
they may stand in any order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element


@dataclass(frozen=True)
class Order:
    """The order of annotations that refer to others, through all tiers."""

    places: dict[str, int]  # annotation id -> its place
    unclear: frozenset[str]  # ids of those whose links do not say their order, and of what refers to them


@dataclass(frozen=True)
class _Part:
    name: str
    parent: str
    previous: str
    tier: int


Families = dict[str, dict[int, list[_Part]]]  # annotation id -> its parts, by tier


def ordered(root: Element) -> Order:
    """Return the order of an eaf's dependent annotations: parts after their parent, as they are linked.

    Parts of which none names the one before it are in the order of the file.
    """
    families: Families = defaultdict(lambda: defaultdict(list))
    for part in _parts(root):
        families[part.parent][part.tier].append(part)
    places: dict[str, int] = {}
    unclear: set[str] = set()
    waiting = _outermost(families)
    while waiting:
        name = waiting.pop()
        if name in places:
            continue
        places[name] = len(places)
        children = []
        for parts in families.get(name, {}).values():
            line, clear = _line(parts)
            children += line
            if not clear or name in unclear:
                unclear.update(line)
        waiting += reversed(children)
    return Order(places, frozenset(unclear))


def _outermost(families: Families) -> list[str]:
    """The annotations that others refer to and that refer to none, the last one first."""
    inner = {part.name for family in families.values() for parts in family.values() for part in parts}
    return [parent for parent in reversed(families) if parent not in inner]


def ends(root: Element) -> dict[str, str]:
    """Return of each annotation that refers to another what its chain of references ends at.

    Whatever leads into a circle ends at the annotation where the circle was entered first, which has no
    times. Each reference is followed once.
    """
    parents = {part.name: part.parent for part in _parts(root)}
    ends_of: dict[str, str] = {}
    for annotation in parents:
        way, seen, at = [], set(), annotation
        while at in parents and at not in ends_of and at not in seen:
            way.append(at)
            seen.add(at)
            at = parents[at]
        end = ends_of.get(at, at)
        ends_of.update((name, end) for name in way)
    return ends_of


def _parts(root: Element) -> Iterator[_Part]:
    for number, tier in enumerate(root.iterfind("TIER")):
        for a in tier.iterfind("ANNOTATION/REF_ANNOTATION"):
            name, parent = a.get("ANNOTATION_ID", ""), a.get("ANNOTATION_REF", "")
            yield _Part(name, parent, a.get("PREVIOUS_ANNOTATION", ""), number)


def _line(parts: Sequence[_Part]) -> tuple[list[str], bool]:
    """The ids of one annotation's parts in a tier, in their order, and whether their links say it."""
    names = [part.name for part in parts]
    if not any(part.previous for part in parts):
        return names, True
    inner = set(names)
    following = {part.previous if part.previous in inner else "": part.name for part in parts}
    line: list[str] = []
    at = following.get("")
    while at is not None and len(line) < len(parts):
        line.append(at)
        at = following.get(at)
    return (line, True) if sorted(line) == sorted(names) else (names, False)
