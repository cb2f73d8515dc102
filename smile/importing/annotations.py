"""The annotations of a recording: tiers of annotations with times, whatever program wrote them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from smile.corpora.reading import has_text
from smile.datatypes import CorpusError
from smile.importing.limits import Limits

# Labels of MFA, WebMAUS, Praat and others.
SILENCE = re.compile(r"sil|sp|spn|pau|silent|<[^<>]*>|\[[^\[\]]*\]|\{[^{}]*\}", re.IGNORECASE)
LISTED = 10  # tiers that a sentence names


class TierError(CorpusError):
    """An error for several tiers to cut at and none named; how to name one depends on who is asked."""

    def __init__(self, name: str, listing: str):
        super().__init__(name, listing)
        self.name, self.listing = name, listing

    def __str__(self) -> str:
        return self.saying("choose the tier to cut at")

    def saying(self, how: str) -> str:
        """Return the sentence that says `how` one is chosen."""
        return f"{self.name}: {how}; there are {self.listing}."


@dataclass(frozen=True)
class Annotation:
    """A stretch of a recording and what is said in it; times are seconds, None where it has none."""

    start: float | None
    end: float | None
    text: str
    fault: str = ""  # why there can be no clip of it

    @property
    def spoken(self) -> bool:
        """Return whether the text has a letter or a digit and is no label of silence."""
        return has_text(self.text) and not SILENCE.fullmatch(self.text)


@dataclass(frozen=True)
class Tier:
    """Annotations of one kind."""

    name: str
    annotations: tuple[Annotation, ...]
    speaker: str = ""
    language: str = ""  # ISO 639-3, where the file says it


@dataclass(frozen=True)
class Media:
    """A recording that an annotation file names; a time in the file is that much later in the recording."""

    names: tuple[str, ...]  # it may have one here and one elsewhere
    offset: float = 0.0  # seconds
    path: str = ""  # from the file's own folder, if it says so

    @property
    def name(self) -> str:
        """Return the name that it has here, empty where it has none."""
        return self.names[0] if self.names else ""


@dataclass(frozen=True)
class Annotated:
    """An annotation file."""

    path: Path
    tiers: tuple[Tier, ...]
    media: tuple[Media, ...] = ()
    bounds: tuple[float, float] | None = (
        None  # seconds from where to where the file's times go, if it says so
    )


@dataclass(frozen=True)
class TierCount:
    """A tier as it is offered: how many annotations have text, how many have none, and their length."""

    name: str
    filled: int
    empty: int
    seconds: float  # of those with text and times


def counts(files: Iterable[Annotated]) -> tuple[TierCount, ...]:
    """Return the tiers of one or more files, those of one name together, in the order of the files."""
    named: dict[str, list[Annotation]] = {}
    for file in files:
        for tier in file.tiers:
            named.setdefault(tier.name, []).extend(tier.annotations)
    return tuple(_count(name, annotations) for name, annotations in named.items())


def _count(name: str, annotations: Sequence[Annotation]) -> TierCount:
    filled = [a for a in annotations if a.spoken]
    timed = ((a.start, a.end) for a in filled)
    seconds = sum(max(0.0, end - start) for start, end in timed if start is not None and end is not None)
    return TierCount(name, len(filled), len(annotations) - len(filled), seconds)


def choose(files: Sequence[Annotated], wanted: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the tiers to cut at: those wanted, or the only one with text.

    Raises:
        TierError: there are several to choose from.
        CorpusError: a tier that no file has, or none with text.
    """
    by_name = {tier.name: tier for tier in counts(files)}
    offered = [tier for tier in by_name.values() if tier.filled]
    listing = ", ".join(f'"{tier.name}" ({tier.filled})' for tier in offered[:LISTED])
    listing += f" and {len(offered) - LISTED} more" if len(offered) > LISTED else ""
    name = files[0].path.name if len(files) == 1 else f"{len(files)} files"
    if not offered:
        raise CorpusError(f"{name}: no annotation that has a length has a text; nothing can be cut.")
    for tier in wanted:
        if tier not in by_name:
            raise CorpusError(f'{name}: there is no tier "{tier}"; choose one of {listing}.')
    if not wanted and len(offered) > 1:
        raise TierError(name, listing)
    return tuple(wanted) or (offered[0].name,)


def check_sizes(paths: Sequence[Path], limits: Limits) -> None:
    """Check that annotation files are not too large together.

    Raises:
        CorpusError: they are, or one is not there.
    """
    size = sum(map(_size, paths))
    if size > limits.annotation_bytes:
        what = paths[0].name if len(paths) == 1 else f"The {len(paths)} annotation files"
        raise CorpusError(
            f"{what} hold{'s' * (len(paths) == 1)} {size / 1e6:,.0f} MB; at most "
            f"{limits.annotation_bytes / 1e6:,.0f} MB of annotations are taken, so split them."
        )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise _unreadable(path, error) from error


def check_counts(path: Path, annotations: int, tiers: int, limits: Limits) -> None:
    """Raise CorpusError where annotations or tiers are more than may be."""
    if annotations > limits.annotations:
        raise CorpusError(
            f"{path.name} goes beyond the {limits.annotations:,} annotations of an import; split it."
        )
    if tiers > limits.tiers:
        raise CorpusError(
            f"{path.name} has more than {limits.tiers:,} tiers; delete those that no clip needs."
        )


def read_bytes(path: Path) -> bytes:
    """Return an annotation file's bytes.

    Raises:
        CorpusError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> CorpusError:
    return CorpusError(f"{path} cannot be read ({error.strerror}); check its name and rights.")
