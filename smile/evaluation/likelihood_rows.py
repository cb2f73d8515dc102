"""The CSV file that `smile likelihood` goes on with: what has been measured of each clip."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from io import StringIO
from pathlib import Path

import pandas as pd

from smile.datatypes import SmileError, Utterance
from smile.evaluation.likelihood import Foreseen, Tried
from smile.util.storage import write_text

KEY = ("adapter", "scale", "shots", "language", "id")


class LikelihoodRows:
    """The rows of a file; what is added stays there also after an interruption."""

    def __init__(self, path: Path):
        self._path = path
        try:
            self._rows = pd.read_csv(path).to_dict("records") if path.is_file() else []
            self._there = {tuple(row[name] for name in KEY) for row in self._rows}
        except (ValueError, KeyError) as error:
            raise SmileError(f"{path} is not a file of this command's; give --out another name.") from error

    def has(self, tried: Tried, shots: int, clip: Utterance) -> bool:
        """Return whether a row is there."""
        return (tried.adapter, tried.scale, shots, clip.language, clip.id) in self._there

    def add(self, made: Iterator[Foreseen]) -> None:
        """Add the rows of a clip."""
        self._rows.extend(asdict(row) for row in made)

    @contextmanager
    def saved(self) -> Iterator[None]:
        """Write the file at the end, however that comes."""
        try:
            yield
        finally:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            text = StringIO()
            self.frame().to_csv(text, index=False, lineterminator="\n")
            write_text(self._path, text.getvalue())

    def frame(self) -> pd.DataFrame:
        """Return all rows."""
        return pd.DataFrame(self._rows)
