"""The folder of what the app makes of pools, and what is said where it cannot be written."""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path
from tempfile import mkdtemp

LOG = logging.getLogger(__name__)
AGAIN = 300.0  # seconds after which it is tried again to keep a pool's tokens
UNKEPT = (
    "The kNN-LM and the acoustic model of this pool are left out: the server cannot keep what they need ({})."
)


class Unkept:
    """Pools whose token datastores could not be kept, and why; after a while it is tried again."""

    def __init__(self) -> None:
        self._why: dict[str, tuple[float, str]] = {}

    def note(self, key: str, error: OSError) -> None:
        """Remember why a pool's datastore could not be written."""
        LOG.warning("The tokens of %s cannot be kept: %s", key, error)
        why = UNKEPT.format(error.strerror or type(error).__name__)
        self._why[key] = time.monotonic() + AGAIN, why

    def why(self, key: str | None) -> str:
        """Return the reason, for a person; empty where there is a datastore, or may be one."""
        until, why = self._why.get(key or "", (0.0, ""))
        return why if time.monotonic() < until else ""


def writable(folder: Path) -> Path:
    """Return the folder, or a temporary one where it cannot be written, or not be made."""
    there = next((place for place in (folder, *folder.absolute().parents) if place.exists()), folder)
    if there.is_dir() and os.access(there, os.W_OK | os.X_OK):
        return folder
    LOG.warning("%s cannot be written; pools are kept only until the app ends.", folder)
    return Path(mkdtemp(prefix="smile-cache-"))
