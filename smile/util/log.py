"""Logs of finished pieces of work, so that long work goes on where it was broken off."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from smile.util.opening import read_bytes


class Log:
    """An append-only file of finished pieces of work, each a JSON object by its key.

    Every line begins with a checksum of the rest; one that is damaged is forgotten, the others count.

    Args:
        path: the file; what it holds is forgotten where it was written under other `settings`.
        settings: whatever the work depends on, as JSON.
    """

    def __init__(self, path: Path, settings: dict[str, Any]):
        self._settings = json.dumps({"settings": settings}, sort_keys=True)
        self._done, whole = self._load(path)
        self._file = path.open("ab")
        self._file.truncate(whole)
        if not whole:
            self._append(self._settings)

    def _load(self, path: Path) -> tuple[dict[str, Any], int]:
        """What was done, and the bytes in whole lines: a process that is killed may tear the last one."""
        data = read_bytes(path) if path.exists() else b""
        whole = data[: data.rfind(b"\n") + 1]
        lines = [_checked(line) for line in whole.split(b"\n")]
        if lines[0] != self._settings:
            return {}, 0
        return dict(json.loads(line) for line in lines[1:] if line is not None), len(whole)

    def get(self, key: str) -> Any:
        """Return what was logged under a key; None where the work is still to be done."""
        return self._done.get(key)

    def add(self, key: str, work: Any) -> None:
        """Write down a finished piece of work."""
        self._done[key] = work
        self._append(json.dumps([key, work]))

    def _append(self, line: str) -> None:
        self._file.write(_summed(line) + b"\n")
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


@contextmanager
def kept_log(base: Path, facts: dict[str, Any]) -> Iterator[Log | None]:
    """Give the log of work that depends on some facts, `<base>-<their digest>.jsonl`.

    Those of other facts are removed: whoever still writes to one writes to no other. None where the folder
    cannot be written.
    """
    path = _named(base, facts)
    try:
        forget_logs(base, path)
        log = Log(path, facts)
    except OSError:
        yield None
        return
    with closing(log):
        yield log


def _named(base: Path, facts: dict[str, Any]) -> Path:
    """The path of the log of a name and some facts."""
    told = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]
    return base.with_name(f"{base.name}-{told}.jsonl")


def outdated(base: Path, facts: dict[str, Any]) -> bool:
    """Return whether there is a log of a name, and it is of other facts, so that the work begins anew."""
    logs = list(base.parent.glob(f"{base.name}-*.jsonl"))
    return bool(logs) and _named(base, facts) not in logs


def forget_logs(base: Path, but: Path | None = None) -> None:
    """Remove the logs that `kept_log` gives of a name, all `but` one."""
    for path in base.parent.glob(f"{base.name}-*.jsonl"):
        if path != but:
            path.unlink(missing_ok=True)


def entries(base: Path) -> dict[str, Any]:
    """Return what is in the log of a name, whatever it depends on; nothing where there is none to read."""
    found: dict[str, Any] = {}
    for path in base.parent.glob(f"{base.name}-*.jsonl"):
        try:
            lines = read_bytes(path).split(b"\n")[1:]
        except (OSError, ValueError):
            continue
        found |= dict(json.loads(whole) for line in lines if (whole := _checked(line)) is not None)
    return found


def facts_of(base: Path) -> dict[str, Any]:
    """Return what the log of a name depends on; nothing where there is none to read."""
    for path in base.parent.glob(f"{base.name}-*.jsonl"):
        try:
            first = _checked(read_bytes(path).split(b"\n")[0])
        except (OSError, ValueError):
            continue
        if first is not None:
            return dict(json.loads(first)["settings"])
    return {}


def _summed(line: str) -> bytes:
    """A line with its checksum before it."""
    data = line.encode("ascii")
    return b"%08x %s" % (zlib.crc32(data), data)


def _checked(line: bytes) -> str | None:
    """A line without its checksum; None where that is another one."""
    data = line[9:]
    return data.decode("ascii") if line[:9] == b"%08x " % zlib.crc32(data) else None
