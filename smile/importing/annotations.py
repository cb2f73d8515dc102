"""What is annotated in a recording: tiers of annotations with times, whatever program wrote them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from smile.datatypes import CorpusError

LARGEST = 50_000_000  # bytes of an annotation file


@dataclass(frozen=True)
class Annotation:
    """A stretch of a recording and what is said in it; times are seconds, None where it has none."""

    start: float | None
    end: float | None
    text: str


@dataclass(frozen=True)
class Tier:
    """Annotations of one kind, in the order of the file."""

    name: str
    annotations: tuple[Annotation, ...]
    speaker: str = ""
    language: str = ""  # ISO 639-3, where the file says it


@dataclass(frozen=True)
class Media:
    """A recording that an annotation file names; a time in the file is that much later in the recording."""

    name: str
    offset: float = 0.0  # seconds


@dataclass(frozen=True)
class Annotated:
    """An annotation file."""

    path: Path
    tiers: tuple[Tier, ...]
    media: tuple[Media, ...] = ()


@dataclass(frozen=True)
class TierCount:
    """A tier as it is offered: how many annotations have text, how many have none, and their length."""

    name: str
    filled: int
    empty: int
    seconds: float  # of those with text and times


def counts(files: Iterable[Annotated]) -> tuple[TierCount, ...]:
    """The tiers of one or more files, those of one name together, in the order of the files."""
    named: dict[str, list[Annotation]] = {}
    for file in files:
        for tier in file.tiers:
            named.setdefault(tier.name, []).extend(tier.annotations)
    return tuple(_count(name, annotations) for name, annotations in named.items())


def _count(name: str, annotations: Sequence[Annotation]) -> TierCount:
    filled = [a for a in annotations if a.text]
    timed = ((a.start, a.end) for a in filled)
    seconds = sum(end - start for start, end in timed if start is not None and end is not None)
    return TierCount(name, len(filled), len(annotations) - len(filled), seconds)


def choose(files: Sequence[Annotated], wanted: Sequence[str]) -> tuple[str, ...]:
    """The names of the tiers to cut at: those wanted, or the only one with text.

    Raises:
        CorpusError: a tier that no file has, several to choose from, or none with text.
    """
    found = {tier.name: tier for tier in counts(files)}
    offered = [tier for tier in found.values() if tier.filled]
    listing = ", ".join(f'"{tier.name}" ({tier.filled})' for tier in offered)
    name = files[0].path.name if len(files) == 1 else f"{len(files)} files"
    if not offered:
        raise CorpusError(f"{name}: no annotation that has a length has a text; nothing can be cut.")
    for tier in wanted:
        if tier not in found:
            raise CorpusError(f'{name}: there is no tier "{tier}"; choose one of {listing}.')
    if not wanted and len(offered) > 1:
        raise CorpusError(f"{name}: choose a tier with --tier; there are {listing}.")
    return tuple(wanted) or (offered[0].name,)


def read_bytes(path: Path) -> bytes:
    """An annotation file's bytes.

    Raises:
        CorpusError: it cannot be read or is too large.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise CorpusError(f"{path.name} is too large for an annotation file; split it.")
        return path.read_bytes()
    except OSError as error:
        raise CorpusError(f"{path} cannot be read ({error.strerror}); check its name and rights.") from error
