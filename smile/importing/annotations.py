"""The annotations of a recording: tiers of annotations with times, whatever program wrote them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from smile.corpora.reading import has_text
from smile.corpora.recordings import shown
from smile.datatypes import CorpusError
from smile.importing.limits import Limits

# Labels of MFA, WebMAUS, Praat and others.
SILENCE = re.compile(r"sil|sp|spn|silent|<[^<>]*>|\[[^\[\]]*\]|\{[^{}]*\}", re.IGNORECASE)
NO_WORD = re.compile(r"<?(?:sil|sp|spn|p:)>?", re.IGNORECASE)  # of them, those that no language has as a word
PAUSE = "pau"  # Festival's label, and a word of Portuguese and others
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


class BesideError(CorpusError):
    """An error for a table beside annotations; how to say which is meant depends on who is asked."""

    def __init__(self, table: str, annotated: str):
        super().__init__(table, annotated)
        self.table, self.annotated = table, annotated

    def __str__(self) -> str:
        return self.saying("leave one of them out, or choose a tier to cut at the annotations")

    def saying(self, how: str) -> str:
        """Return the sentence that says `how` one is chosen."""
        return f"There is a table ({self.table}), and there are annotations ({self.annotated}); {how}."


@dataclass(frozen=True)
class Annotation:
    """A stretch of a recording and what is said in it; times are seconds, None where it has none."""

    start: float | None
    end: float | None
    text: str
    fault: str = ""  # why there can be no clip of it


@dataclass(frozen=True)
class Tier:
    """Annotations of one kind."""

    name: str
    annotations: tuple[Annotation, ...]
    speaker: str = ""
    language: str = ""  # ISO 639-3, where the file says it

    def spoken(self, annotation: Annotation) -> bool:
        """Return whether an annotation of it has a letter or a digit and is no label of silence."""
        if annotation.text == PAUSE and self._has_pauses:
            return False
        return has_text(annotation.text) and not SILENCE.fullmatch(annotation.text)

    @cached_property
    def _has_pauses(self) -> bool:
        """Whether PAUSE is a label here: there are others of its kind, or all begins and ends with it."""
        labels = [annotation.text for annotation in self.annotations if annotation.text]
        framed = len(labels) > 2 and labels[0] == labels[-1] == PAUSE
        return framed or any(map(NO_WORD.fullmatch, labels))


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
    named: dict[str, list[Tier]] = {}
    for file in files:
        for tier in file.tiers:
            named.setdefault(tier.name, []).append(tier)
    return tuple(_count(name, tiers) for name, tiers in named.items())


def _count(name: str, tiers: Sequence[Tier]) -> TierCount:
    filled = [a for tier in tiers for a in tier.annotations if tier.spoken(a)]
    timed = ((a.start, a.end) for a in filled)
    seconds = sum(max(0.0, end - start) for start, end in timed if start is not None and end is not None)
    total = sum(len(tier.annotations) for tier in tiers)
    return TierCount(name, len(filled), total - len(filled), seconds)


def choose(files: Sequence[Annotated], wanted: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the tiers to cut at: those wanted, or the only one with text.

    Raises:
        TierError: there are several to choose from.
        CorpusError: a tier that no file has, or none with text.
    """
    by_name = {tier.name: tier for tier in counts(files)}
    offered = [tier for tier in by_name.values() if tier.filled]
    listing = ", ".join(f'"{shown(tier.name)}" ({tier.filled})' for tier in offered[:LISTED])
    listing += f" and {len(offered) - LISTED} more" if len(offered) > LISTED else ""
    name = files[0].path.name if len(files) == 1 else f"{len(files)} files"
    if not offered:
        raise CorpusError(f"{name}: no annotation that has a length has a text; nothing can be cut.")
    for tier in wanted:
        if tier not in by_name:
            raise CorpusError(f'{name}: there is no tier "{shown(tier)}"; choose one of {listing}.')
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
