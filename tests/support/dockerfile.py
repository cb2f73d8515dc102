"""A Dockerfile's instructions, and what of a folder its build may copy."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

KNOWN = {"ARG", "CMD", "COPY", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "RUN", "USER", "VOLUME", "WORKDIR"}


@dataclass(frozen=True)
class Instruction:
    """One instruction, its lines joined."""

    name: str
    value: str

    @property
    def words(self) -> list[str]:
        """Return the value's words; of the JSON form its items."""
        return json.loads(self.value) if self.value.startswith("[") else self.value.split()


def instructions(text: str) -> list[Instruction]:
    """Return a Dockerfile's instructions; an AssertionError for one that a build would not know."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    found = [Instruction(*line.strip().split(maxsplit=1)) for line in joined.splitlines()]
    assert {one.name for one in found} <= KNOWN
    assert found[0].name == "FROM"
    return found


def variables(steps: list[Instruction]) -> dict[str, str]:
    """Return the values of ENV, and the defaults of ARG."""
    pairs = (pair for one in steps if one.name in ("ARG", "ENV") for pair in one.value.split())
    return dict(pair.split("=", 1) for pair in pairs if "=" in pair)


def copied(context: Path, ignore: str) -> Iterator[str]:
    """Yield the files of a folder that a build sees; of patterns that match a name, the last one counts."""
    rules = [line for line in ignore.splitlines() if line and not line.startswith("#")]
    matchers = [(not rule.startswith("!"), _matcher(rule.removeprefix("!"))) for rule in rules]
    for path in sorted(context.rglob("*")):
        name = path.relative_to(context).as_posix()
        if path.is_file() and not _ignored(name, matchers):
            yield name


def _ignored(name: str, matchers: list[tuple[bool, re.Pattern[str]]]) -> bool:
    last = [ignored for ignored, matcher in matchers if matcher.fullmatch(name)]
    return bool(last) and last[-1]


def _matcher(rule: str) -> re.Pattern[str]:
    """As Docker does: a pattern matches a path or a folder above it, from the root of the context."""
    parts = {"**/": "(?:.*/)?", "*": "[^/]*"}
    pattern = re.sub(r"\*\*/|\*|[^*]+", lambda m: parts.get(m[0]) or re.escape(m[0]), rule)
    return re.compile(f"{pattern}(?:/.*)?")
