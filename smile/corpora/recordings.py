"""The recordings of a folder, found by the names that tables and annotation files give them.

A text that is bound to another sound spoils a pool, so a name is taken only where it can mean one recording.
"""

from __future__ import annotations

import posixpath
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath, PureWindowsPath
from urllib.parse import unquote

from smile.audio.signatures import may_be_sound
from smile.audio.tracks import tracks_of
from smile.corpora.folders import Parts, agree

SHOWN = 100  # characters of a name in a sentence
LONGEST_PATH = 1_000  # characters of a recording's name with its folders
MISSING, ADD = 'There is no recording "', "add it."
ELSEWHERE = "which lies in another folder; add it, or correct its path."


@dataclass(frozen=True)
class Match:
    """A recording that was found for a name: where it was said to lie, and whether it lies just there."""

    path: Path
    name: str  # as a table or an annotation file has it
    folders: Parts  # in which it was said to lie, or the source's where none are said
    exact: bool
    lies: str = ""  # where it lies in the folder


class Recordings:
    """The recordings of a folder and, if `deep`, of those in it; case and Unicode's forms do not matter."""

    def __init__(self, folder: Path, deep: bool = True, given: Path | None = None):
        self.folder = folder
        self.given = given  # the recording of all that is annotated, where a person names it
        self._folders: dict[Path, Parts] = {}  # of each recording
        self._holding: set[Parts] = set()  # folders with recordings in them, or in folders in them
        self._at: dict[str, list[Path]] = defaultdict(list)  # by path, with its suffix and without
        self._named: dict[str, list[Path]] = defaultdict(list)  # by name, with its suffix and without
        self._others: set[str] = set()  # names of files that are no recordings
        for path in sorted(folder.rglob("*") if deep else folder.iterdir()):
            if may_be_sound(path):
                self._add(path)
            elif path.is_file():
                self._others.add(folded(path.name))

    def _add(self, path: Path) -> None:
        folders = self._folders[path] = tuple(map(folded, path.parent.relative_to(self.folder).parts))
        self._holding |= {folders[:depth] for depth in range(len(folders) + 1)}
        for known in dict.fromkeys((path, path.with_suffix(""))):
            self._at[folded(known.relative_to(self.folder).as_posix())].append(path)
            self._named[folded(known.name)].append(path)

    def find(self, name: str, source: Path | None = None) -> Match | str:
        """Return the recording of a name in a table or an annotation file, or why there is none.

        It is looked for where the source says. Where it does not lie there, its folders, as far as they are
        known here, must be those of the name, since paths of other computers lead nowhere here; a name
        without folders means one below the source's folder, if any recording lies there, or else in a folder
        that agrees with it. Its suffix may be missing; in addresses, %20 and the like stand for other
        characters.
        """
        said = name.strip()
        there = self._find(said, source)
        if isinstance(there, Match) or "%" not in said or len(said) > LONGEST_PATH:
            return there
        plain = self._find(unquote(said).replace("\0", ""), source)
        return replace(plain, name=said) if isinstance(plain, Match) else there

    def _find(self, said: str, source: Path | None) -> Match | str:
        if len(said) > LONGEST_PATH:
            return f'There is no recording "{said[:SHOWN]}..."; its name has {len(said):,} characters.'
        if not (parts := _parts(said)):
            return "The row names no recording."
        home = self.home(source)
        there = posixpath.normpath("/".join((*home, *parts)))
        if near := _best(self._at.get(there, []), said):
            return self._single(near, said, parts[:-1], exact=True)
        inner = tuple(part for part in posixpath.normpath("/".join(parts)).split("/") if part != "..")
        named = self._named.get(parts[-1], [])
        likely = _best([path for path in named if self._agrees(inner[:-1], path, home)], said)
        if named and not likely:
            return self._elsewhere(said, named)
        return self._single(likely, said, inner[:-1] or home, exact=False)

    def __contains__(self, name: str) -> bool:
        """Return whether any recording has a name, with its suffix or without."""
        return folded(name) in self._named

    def agrees(self, folders: Parts, path: Path) -> bool:
        """Return whether a recording may be that of what lies in some folders, given what all are called."""
        return agree(folders, self._folders[path], self._folders.values())

    def home(self, source: Path | None) -> Parts:
        """Return the source's folder, below the recordings' own."""
        if source is None or not source.is_relative_to(self.folder):
            return ()
        return tuple(map(folded, source.parent.relative_to(self.folder).parts))

    def _agrees(self, said: Parts, path: Path, home: Parts) -> bool:
        """Whether a recording may be meant by a name that was said to lie in these folders."""
        lies = self._folders[path]
        if not said:
            return lies[: len(home)] == home or (home not in self._holding and self.agrees(home, path))
        if not lies:
            return len(self._holding) == 1  # no recording lies in a folder here, as of files on the page
        return all(a == b for a, b in zip(reversed(said), reversed(lies), strict=False))

    def _single(self, paths: Sequence[Path], said: str, folders: Parts, exact: bool) -> Match | str:
        if len(paths) > 1:
            return f'Several recordings are called "{shown(said)}"; say which, with its folder and suffix.'
        if not paths and (_parts(said) or ("",))[-1] in self._others:
            return f'"{shown(said)}" is there, but holds no sound that can be read; save it as WAV or FLAC.'
        if not paths:
            return f'{MISSING}{shown(said)}"; {ADD}'
        return Match(paths[0], said, folders, exact, paths[0].relative_to(self.folder).as_posix())

    def _elsewhere(self, said: str, paths: Sequence[Path]) -> str:
        place = paths[0].relative_to(self.folder).as_posix()
        return f'There is no recording "{shown(said)}", only "{shown(place)}", {ELSEWHERE}'

    @property
    def only(self) -> Path | None:
        """Return the recording, where there is just one."""
        return next(iter(self._folders)) if len(self._folders) == 1 else None


def settled(matches: Sequence[Match | str]) -> list[Match | str]:
    """Return the same, but for recordings that are said to lie in several folders.

    Such a one belongs to the rows that say where it lies, or, if none does, to none.
    """
    said: dict[Path, set[tuple[bool, Parts]]] = defaultdict(set)
    for match in matches:
        if isinstance(match, Match):
            said[match.path].add((match.exact, () if match.exact else match.folders))
    return [
        _claimed(match)
        if isinstance(match, Match) and len(said[match.path]) > 1 and not match.exact
        else match
        for match in matches
    ]


def missing(reasons: Iterable[str]) -> int:
    """Count the recordings that are not there, from the reasons why rows cannot be used."""
    return len({reason for reason in reasons if reason.startswith(MISSING) and reason.endswith(ADD)})


def notes_on(matches: Sequence[Match | str], track: int | None = None) -> tuple[str, ...]:
    """Return what to say of recordings that were found: where they lie, which of their tracks is read.

    Nothing is to be said of tracks where one was asked for.
    """
    found = [match for match in matches if isinstance(match, Match)]
    return (*_moved(found), *(_several_tracks(found) if track is None else ()))


def _moved(matches: Sequence[Match]) -> tuple[str, ...]:
    """A sentence on recordings that do not lie where they are said to, if there are any."""
    moved = {m.lies: m.name for m in matches if not m.exact and m.name}
    if not moved:
        return ()
    lies, name = next(iter(moved.items()))
    return (
        f"Recordings found by their names, as they do not lie just where they are said to: {len(moved)}, "
        f'such as "{shown(lies)}" for "{shown(name)}".',
    )


def _several_tracks(matches: Sequence[Match]) -> tuple[str, ...]:
    """A sentence on recordings of whose several audio tracks one is read, if there are any."""
    names = {match.path: match.lies or match.path.name for match in matches}
    several = [(name, tracks) for path, name in names.items() if (tracks := tracks_of(path)).count > 1]
    if not several:
        return ()
    name, tracks = several[0]
    return (
        f"Recordings with several audio tracks, of which the default one was used: {len(several)}, such as "
        f'"{shown(name)}", track {tracks.used} of {tracks.count}; for another, bring that track as a file.',
    )


def _claimed(match: Match) -> str:
    return (
        f'It is not clear that "{match.path.name}" is the recording "{shown(match.name)}", since others are '
        "called so in other folders; add the recordings in their folders."
    )


def _best(paths: Sequence[Path], said: str) -> list[Path]:
    """Those of the paths that are called just so, or in other letters, or, if none is, all of them."""
    name = unicodedata.normalize("NFC", PureWindowsPath(said).name)
    just = [path for path in paths if unicodedata.normalize("NFC", path.name) == name]
    return just or [path for path in paths if folded(path.name) == folded(name)] or list(paths)


def _parts(name: str) -> Parts:
    """The parts of a path of any system, folded, without what it begins with on its own computer."""
    parts = PurePosixPath(folded(name).replace("\\", "/")).parts
    return tuple(p for n, p in enumerate(parts) if p != "/" and not (n == 0 and p.endswith(":")))


def shown(name: str) -> str:
    """Return a name as a sentence has it: in one line, and cut where it is long."""
    name = " ".join(name.split())
    return name if len(name) <= SHOWN else f"{name[:SHOWN]}..."


def folded(name: str) -> str:
    """Return a name without case and in one form of Unicode, to be compared."""
    return unicodedata.normalize("NFC", name).casefold()
