"""What a visitor has done with a language: its name, the versions of its pool, and corrections."""

from __future__ import annotations

from dataclasses import dataclass

from smile.datatypes import Language
from smile.settings import Mode


@dataclass(frozen=True)
class Correction:
    """A transcript that a person has corrected, and what it was before."""

    recording: str
    part: int  # of the recording's lines
    text: str  # as the person wrote it
    smile: str
    vanilla: str
    examples: int  # that the pool had when it was transcribed
    start: float | None = None  # of the line in the recording, s; None where that was not kept
    end: float | None = None
    given: bool = False  # whether the text existed already, so that no model's errors are told by it


@dataclass(frozen=True)
class Version:
    """A state of the pool: its folder, what made it, and the correction that did, if one did."""

    folder: str
    what: str  # for a person, such as "12 examples added"
    correction: Correction | None = None


@dataclass(frozen=True)
class State:
    """What a visitor has done."""

    language: Language | None = None
    versions: tuple[Version, ...] = ()
    characters: Mode = "off"  # see smile.transcription.result.Settings
    made: int = 0  # versions ever, so that no folder gets a name again

    @property
    def corrections(self) -> tuple[Correction, ...]:
        """Return all corrections that still hold, in the order in which they were made."""
        return tuple(v.correction for v in self.versions if v.correction)
