"""The limits of one import: sizes, numbers, seconds and memory, all in one place."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from smile.corpora.sheets import TableLimits

TABLE = TableLimits(
    bytes=20_000_000, workbook_bytes=100_000_000, rows=20_000, columns=200, characters=20_000_000
)


@dataclass(frozen=True)
class Limits:
    """Limits of one import. The defaults are those of a stranger's on a Space with 2 cores and 16 GB.

    What is more is refused in one sentence, before any work where a directory or a file's size tells it.
    """

    archive_bytes: int = 2_000_000_000  # of all files of all zips together, unpacked
    entries: int = 5_000  # files and folders in all zips together
    depth: int = 20  # folders in folders in a zip
    table: TableLimits = TABLE
    annotation_bytes: int = 20_000_000  # of all annotation files together
    annotations: int = 100_000  # of all tiers and files, with a text or without
    tiers: int = 1_000  # of one annotation file
    clips: int = 5_000  # annotations with a text in the chosen tiers, to be cut out
    clip_seconds: float = 10 * 3600.0  # of those clips together
    sound_seconds: float = 48 * 3600.0  # of the recordings, each read to its last clip's end
    memory: int = 1_000_000_000  # bytes of address space of the worker process
    cpu_seconds: int = 600  # of the worker process
    wall_seconds: float = 1200.0  # from the worker's start to its end

    @classmethod
    def generous(cls) -> Limits:
        """Return the limits for one's own files, on the command line: they stop bombs and nothing else."""
        return cls(
            archive_bytes=100_000_000_000,
            entries=1_000_000,
            depth=50,
            table=TableLimits(),
            annotation_bytes=1_000_000_000,
            annotations=10_000_000,
            tiers=100_000,
            clips=1_000_000,
            clip_seconds=1000 * 3600.0,
            sound_seconds=10_000 * 3600.0,
        )

    def to_json(self) -> dict[str, Any]:
        """Return all fields as JSON has them."""
        return asdict(self)

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> Limits:
        """Return the limits that `to_json` described."""
        return cls(**{**fields, "table": TableLimits(**fields["table"])})


STRANGERS, GENEROUS = Limits(), Limits.generous()
