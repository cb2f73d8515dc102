"""The tables of an evaluation, as commands print them."""

from __future__ import annotations

from pathlib import Path

LANGUAGE_COLUMNS = ("language", "condition", "clips", "rate", "low", "high", "mean", "empty", "loops",
                    "reduction", "significant")  # fmt: skip
SUMMARY_COLUMNS = ("condition", "languages", "macro", "reduction", "improved", "improved_significant",
                   "worsened", "worst", "worst_rate", "failed")  # fmt: skip


def print_tables(folder: Path) -> None:
    """Print the tables of an evaluation's rows, or of packed ones.

    Raises:
        SmileError: there are neither in the folder.
    """
    from smile.results import tables
    from smile.results.packing import RESULTS, load, read_rows_of, told_apart

    packed = not any(folder.glob("*.jsonl")) and any(folder.rglob(RESULTS))
    rows = load(folder) if packed else told_apart(read_rows_of(folder))
    table = tables.by_language(rows)
    print("\nCER in percent, normaliser plain; low and high bound the 95 % bootstrap interval; reduction is")
    print("how much lower the rate is than that of vanilla, Whisper alone, in percent of it.\n")
    print(tables.as_text(table, LANGUAGE_COLUMNS))
    print()
    print(tables.as_text(tables.summary(table), SUMMARY_COLUMNS))
