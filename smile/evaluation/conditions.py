"""Conditions of an evaluation: settings and what stands beside them, read from a grid and hashed.

A grid is a TOML file with an array of tables `condition`, one line each; what a line leaves out is as the
grid's table `default` has it, or else as the page does it. Grids that come with the package are named
without a path, such as "main".
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal

from smile.datatypes import SmileError
from smile.paths import GRIDS
from smile.settings import DEFAULTS, MAX_SEGMENT_SECONDS, OPTIONS, Settings, version_of
from smile.transcription.options import ALONE, checked, from_json, identity
from smile.util.fields import from_fields

GIVEN = "given"  # in a grid: the adapter that the command names
SIDES = ("vanilla", "in-context")
ORACLE = "oracle"  # a sampler that looks at the reference: a ceiling, not a way to transcribe
PARTS = ("first", "second")  # a pool: of that language of a target in which clips of two are joined
SINCE: dict[str, Any] = {  # what older rows stand for, whose hashes stay as they are
    "candidates": 0,
    "clips": 0,
    "max_segment_seconds": MAX_SEGMENT_SECONDS,
    "level_version": 1,
    **{name: option.since for name, option in OPTIONS.items() if option.since is not None},
}


@dataclass(frozen=True)
class Condition:
    """Everything that decides what is written for a clip. `name` is for people and is not hashed."""

    name: str
    side: Literal["vanilla", "in-context"] = "in-context"
    settings: Settings = DEFAULTS
    adapter: str = ""  # SHA-256 of the adapter in use, 12 hex digits; empty: untrained
    pool: str = ""  # whose pool is used: ISO 639-3, several joined by +, or PARTS; empty: the target's own
    minutes: float = 0.0  # of the pool that may be used, drawn by the settings' seed; 0: all
    clips: int = 0  # of the pool that may be used, drawn likewise; 0: all
    candidates: int = 0  # examples of which the oracle takes the best: half the nearest, half random
    # What the command decides, filled in by `resolved`:
    model: str = ""  # such as "whisper-base/0123456789ab", with the fingerprint of its encoder
    engine: str = ""
    precision: str = ""
    pooling: str = "mean-own-frames"
    pool_split: str = ""
    level_version: int = 0  # of what makes its level; 0: today's

    @property
    def hash(self) -> str:
        """Return 12 hex digits of the SHA-256 of the facts as sorted JSON."""
        return hash_of(self.facts())

    @property
    def uses_pool(self) -> bool:
        """Return whether anything of a pool's clips goes into a transcript."""
        settings = self.settings
        return bool(settings.shots or settings.knn) or settings.level != "context"

    def facts(self) -> dict[str, Any]:
        """Return everything but the name, as one object of plain values."""
        own = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in APART}
        return {**own, **identity(self.settings, self.level_version)}


APART = ("name", "settings", "level_version")  # what is no fact by its own name, or for people
FACTS = tuple(Condition("").facts())


def hash_of(facts: Mapping[str, Any]) -> str:
    """Return 12 hex digits that tell facts apart, without those that are as SINCE has them."""
    counted = {name: v for name, v in facts.items() if name not in SINCE or v != SINCE[name]}
    return hashlib.sha256(json.dumps(counted, sort_keys=True).encode()).hexdigest()[:12]


def of_facts(facts: Mapping[str, Any]) -> Condition:
    """Return the condition of facts as `Condition.facts` gives them; unknown ones are left out.

    Raises:
        ValueError: a fact of another kind.
    """
    chosen = from_fields(Settings, {name: v for name, v in facts.items() if name in OPTIONS}, "ignore")
    own = {name: value for name, value in facts.items() if name not in OPTIONS}
    found = from_fields(Condition, {"name": "", "level_version": 1, **own}, "ignore")
    today = found.level_version == version_of(chosen.level)
    return replace(found, settings=chosen, level_version=0 if today else found.level_version)


def read_grid(source: str | Path) -> tuple[Condition, ...]:
    """Return the conditions of a grid file, or of one that comes with the package, by name.

    Raises:
        SmileError: no such file, no TOML, an unknown setting or value, or two conditions alike.
    """
    path = Path(source)
    if not path.suffix and not path.is_file():
        path = GRIDS / f"{source}.toml"
    if not path.is_file():
        known = ", ".join(sorted(grid.stem for grid in GRIDS.glob("*.toml")))
        raise SmileError(f'There is no grid "{source}"; name a TOML file or one of {known}.')
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SmileError(f"{path.name} is not TOML: {error}.") from error
    rows, default = content.get("condition"), content.get("default", {})
    if not isinstance(rows, list) or not rows:
        raise SmileError(f"{path.name} has no conditions; add lines to an array named condition.")
    if not isinstance(default, dict):
        raise SmileError(f"{path.name}: default is a table of settings.")
    return distinct([_condition(_completed(row, default), path.name) for row in rows])


def _completed(row: Any, default: dict[str, Any]) -> Any:
    """Return a line with the grid's defaults; Whisper alone takes none of them."""
    alone = not isinstance(row, dict) or row.get("side") == "vanilla"
    return row if alone else {**default, **row}


def distinct(conditions: Sequence[Condition]) -> tuple[Condition, ...]:
    """Return the conditions.

    Raises:
        SmileError: two have one name or the same settings.
    """
    for what in ("name", "hash"):
        seen: dict[str, str] = {}
        for condition in conditions:
            value = getattr(condition, what)
            if value in seen:
                raise SmileError(
                    f'The conditions "{seen[value]}" and "{condition.name}" have the same {what}; drop one.'
                )
            seen[value] = condition.name
    return tuple(conditions)


def _condition(row: Any, grid: str) -> Condition:
    """Return a line of a grid as a condition."""
    name = row.get("name") if isinstance(row, dict) else None
    if not isinstance(name, str) or not name:
        raise SmileError(f'{grid} has a condition without a name; write {{ name = "...", ... }}.')
    where = f'{grid}, condition "{name}": '
    alone = row.get("side") == "vanilla"
    try:
        chosen = {key: value for key, value in row.items() if key in OPTIONS}
        settings = from_json(chosen, ALONE if alone else DEFAULTS)
        own = {key: _typed(key, value) for key, value in row.items() if key not in OPTIONS}
        return _checked(Condition(**{**own, "settings": settings}))
    except SmileError as error:
        raise SmileError(f"{where}{error}") from error


def _typed(key: str, value: Any) -> Any:
    """Return the value of what stands beside the settings, as its type."""
    defaults: dict[str, Any] = {f.name: f.default for f in fields(Condition) if f.name not in APART[1:]}
    if key not in defaults:
        raise SmileError(f'there is no setting "{key}".')
    wanted = str if key == "name" else type(defaults[key])
    kinds = (int, float) if wanted is float else (wanted,)
    if not isinstance(value, kinds) or isinstance(value, bool):
        raise SmileError(f'the setting "{key}" has a value of the wrong kind.')
    return wanted(value)


def _checked(condition: Condition) -> Condition:
    settings, oracle = condition.settings, condition.settings.sampler == ORACLE
    checked(replace(settings, sampler=DEFAULTS.sampler) if oracle else settings)
    if condition.side not in SIDES:
        raise SmileError(f"side is one of {', '.join(SIDES)}.")
    if min(condition.minutes, condition.clips, condition.candidates) < 0:
        raise SmileError("minutes, clips and candidates are at least 0.")
    if oracle != bool(condition.candidates):
        raise SmileError("the oracle, and nothing else, has candidates.")
    if oracle and (settings.shots, condition.candidates % 2) != (1, 0):
        raise SmileError("the oracle chooses 1 example of an even number of candidates.")
    helped = condition.adapter or settings.knn or settings.characters != "off" or settings.level != "context"
    if condition.side == "vanilla" and helped:
        raise SmileError("vanilla Whisper has neither adapter nor knn, nor a pool's characters or level.")
    return condition


def resolved(
    conditions: Iterable[Condition], adapter: str, windows: tuple[float, ...] = (), **fixed: Any
) -> tuple[Condition, ...]:
    """Return the conditions as a command runs them: the adapter's digest and all that it decides filled in.

    Raises:
        SmileError: a condition wants an adapter and there is none.
    """
    filled = []
    for condition in conditions:
        if condition.adapter == GIVEN and not adapter:
            raise SmileError(f'The condition "{condition.name}" needs an adapter; name one with --adapter.')
        digest = adapter if condition.adapter == GIVEN else condition.adapter
        if digest not in ("", adapter):
            raise SmileError(f'The condition "{condition.name}" needs the adapter {digest}, not {adapter}.')
        settings = replace(condition.settings, windows=windows) if windows else condition.settings
        filled.append(replace(condition, adapter=digest, settings=settings, **fixed))
    return distinct(filled)
