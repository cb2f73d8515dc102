"""The tables of an evaluation, as commands print them."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

LANGUAGE_COLUMNS = ("language", "condition", "clips", "rate", "low", "high", "mean", "empty", "loops",
                    "reduction", "significant")  # fmt: skip
SUMMARY_COLUMNS = ("condition", "languages", "macro", "reduction", "improved", "improved_significant",
                   "worsened", "worst", "worst_rate", "failed")  # fmt: skip


def print_tables(
    folder: Path, languages: Collection[str] = (), conditions: Collection[str] = (), legend: bool = False
) -> None:
    """Print the tables of rows, packed or not; of these languages and conditions (none named: of all).

    A `legend` says in words what each condition is.

    Raises:
        SmileError: there are no rows in the folder, or none of a language or condition.
    """
    from smile.results import labels, tables
    from smile.results.chosen import only
    from smile.results.packing import rows_in

    rows = rows_in(folder)
    meaning = rows.drop_duplicates("condition").set_index("condition")["hash"] if legend else None
    table = only(tables.by_language(rows), languages, conditions)
    print("\nCER in percent, normaliser plain; low and high bound the 95 % bootstrap interval; reduction is")
    print("how much lower the rate is than that of vanilla, Whisper alone, in percent of it.\n")
    print(tables.as_text(table, LANGUAGE_COLUMNS))
    print()
    print(tables.as_text(tables.summary(table), SUMMARY_COLUMNS))
    if meaning is not None:
        short = labels.conditions(rows)["short"]
        print()
        for name in table["condition"].drop_duplicates():
            print(f"{name}: {short[meaning[name]]}")
