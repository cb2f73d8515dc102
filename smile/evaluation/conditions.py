"""Conditions of an evaluation: full sets of settings, read from a grid and hashed.

A grid is a TOML file with an array of tables `condition`, one line each; what a line leaves out is as the
grid's table `default` has it, or else has the default below. Grids that come with the package are named
without a path, such as "main".
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal

from smile.datatypes import MOST_SHOTS, SmileError
from smile.paths import DATA
from smile.retrieval.divergences import LABELS
from smile.retrieval.samplers import SAMPLERS
from smile.settings import MODES, WINDOWS, Mode, Settings

GRIDS = DATA / "grids"
GIVEN = "given"  # in a grid: the adapter that the command names
SIDES = ("vanilla", "in-context")
ORACLE = "oracle"  # a sampler that looks at the reference: a ceiling, not a way to transcribe
PARTS = ("first", "second")  # a pool: of that language of a target in which clips of two are joined
LATER = ("total", "candidates", "characters", "clips")  # settings added after the first rows were made


@dataclass(frozen=True)
class Condition:
    """Everything that decides what is written for a clip. `name` is for people and is not hashed."""

    name: str
    side: Literal["vanilla", "in-context"] = "in-context"
    adapter: str = ""  # SHA-256 of the adapter in use, 12 hex digits; empty: untrained
    shots: int = 1
    sampler: Literal["nearest", "random", "draft", "mixed", "oracle"] = "nearest"
    divergence: str = "kl"
    seed: int = 0  # of the random sampler
    pool: str = ""  # whose pool is used: ISO 639-3, several joined by +, or PARTS; empty: the target's own
    minutes: float = 0.0  # of the pool that may be used; 0: all
    language: str = "guess"  # the language token: "guess", "pool" or a Whisper code
    prompt: Literal["anchored", "plain"] = "anchored"
    beams: int = 1  # 1 is greedy
    loops: bool = True  # cut loops
    bounded: bool = True  # bound the length by the pool's speaking rate
    knn: float = 0.0  # strength of token-level k-NN, see smile.decoding.knn.datastore; 0: off
    unlooped: bool = False  # keep loops from beginning
    total: float = 0.0  # seconds that examples and target should come to; 0: as the nearest clips have it
    candidates: int = 0  # examples of which the oracle takes the best: half the nearest, half random
    characters: Mode = "off"  # keep to those of the pool, see smile.decoding.constraints
    clips: int = 0  # of the pool that may be used; 0: all
    # What the command decides, filled in by `resolved`:
    model: str = ""  # such as "whisper-base/0123456789ab", with the fingerprint of its encoder
    engine: str = ""
    precision: str = ""
    windows: tuple[float, ...] = WINDOWS  # seconds that may be encoded
    pooling: str = "mean-own-frames"
    pool_split: str = ""

    @property
    def hash(self) -> str:
        """12 hex digits of the SHA-256 of the settings as sorted JSON."""
        return hashlib.sha256(json.dumps(self.settings(), sort_keys=True).encode()).hexdigest()[:12]

    def settings(self) -> dict[str, Any]:
        """Everything but the name, as plain values.

        A setting of LATER is left out where it is as it was before there was one, so that the hashes of
        older rows stay as they are.
        """
        values = {**asdict(self), "windows": list(self.windows)}
        defaults = {field.name: field.default for field in fields(self)}
        as_before = {"name"} | {name for name in LATER if values[name] == defaults[name]}
        return {name: value for name, value in values.items() if name not in as_before}

    def transcription(self) -> Settings:
        """The part of it that `transcribe` knows."""
        return Settings(
            shots=self.shots,
            sampler="nearest" if self.sampler == "oracle" else self.sampler,
            divergence=self.divergence,
            seed=self.seed,
            language=self.language,
            prompt=self.prompt,
            beams=self.beams,
            windows=self.windows,
            bounded=self.bounded,
            knn=self.knn,
            unlooped=self.unlooped,
            total=self.total,
            characters=self.characters,
        )


def read_grid(source: str | Path) -> tuple[Condition, ...]:
    """The conditions of a grid file, or of one that comes with the package, by name.

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
    """A line with the grid's defaults; Whisper alone takes none of them."""
    alone = not isinstance(row, dict) or row.get("side") == "vanilla"
    return row if alone else {**default, **row}


def distinct(conditions: Sequence[Condition]) -> tuple[Condition, ...]:
    """The conditions; SmileError where two have one name or the same settings."""
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
    name = row.get("name") if isinstance(row, dict) else None
    if not isinstance(name, str) or not name:
        raise SmileError(f'{grid} has a condition without a name; write {{ name = "...", ... }}.')
    where = f'{grid}, condition "{name}"'
    defaults: dict[str, Any] = {field.name: field.default for field in fields(Condition)[1:]}
    for key, value in row.items():
        if key == "name":
            continue
        if key not in defaults:
            raise SmileError(f'{where}: there is no setting "{key}".')
        wanted = type(defaults[key])
        whole = (int, float) if wanted is float else (list,) if wanted is tuple else (wanted,)
        if not isinstance(value, whole) or (isinstance(value, bool) and wanted is not bool):
            raise SmileError(f'{where}: the setting "{key}" has a value of the wrong kind.')
        row = {**row, key: wanted(value)}
    return _checked(Condition(**row), where)


def _checked(condition: Condition, where: str) -> Condition:
    choices = {
        "side": SIDES,
        "sampler": (*SAMPLERS, ORACLE),
        "divergence": tuple(LABELS),
        "prompt": ("anchored", "plain"),
        "characters": MODES,
    }
    for key, allowed in choices.items():
        if getattr(condition, key) not in allowed:
            raise SmileError(f"{where}: {key} is one of {', '.join(allowed)}.")
    if not 0 <= condition.shots <= MOST_SHOTS:
        raise SmileError(f"{where}: shots are 0 to {MOST_SHOTS}.")
    least = min(condition.minutes, condition.clips, condition.beams - 1)
    if not 0 <= condition.knn <= 1 or least < 0:
        raise SmileError(f"{where}: knn is 0 to 1, minutes and clips at least 0, beams at least 1.")
    if (condition.sampler == ORACLE) != bool(condition.candidates) or condition.total < 0:
        raise SmileError(f"{where}: the oracle, and nothing else, has candidates; total is at least 0.")
    if condition.sampler == ORACLE and (condition.shots, condition.candidates % 2) != (1, 0):
        raise SmileError(f"{where}: the oracle chooses 1 example of an even number of candidates.")
    helped = condition.adapter or condition.knn or condition.characters != "off"
    if condition.side == "vanilla" and helped:
        raise SmileError(f"{where}: vanilla Whisper has neither adapter nor knn, nor a pool's characters.")
    return condition


def resolved(conditions: Iterable[Condition], adapter: str, **fixed: Any) -> tuple[Condition, ...]:
    """The conditions as a command runs them: the adapter's digest and all that it decides filled in.

    Raises:
        SmileError: a condition wants an adapter and there is none.
    """
    found = []
    for condition in conditions:
        if condition.adapter == GIVEN and not adapter:
            raise SmileError(f'The condition "{condition.name}" needs an adapter; name one with --adapter.')
        digest = adapter if condition.adapter == GIVEN else condition.adapter
        if digest not in ("", adapter):
            raise SmileError(f'The condition "{condition.name}" needs the adapter {digest}, not {adapter}.')
        found.append(replace(condition, adapter=digest, **fixed))
    return distinct(found)
