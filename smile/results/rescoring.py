"""Evaluations on disk scored anew, in folders of rows and packed: what changed, by language."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from smile.datatypes import SmileError
from smile.evaluation.rescoring import References, Rescored, is_older, older_lines, rescored
from smile.evaluation.rows import row_files
from smile.results.packing import MOST_BYTES, RESULTS, TOO_LARGE, read_packed
from smile.text.normalisers import NORMALISERS, stamped
from smile.util.storage import replacing, write_bytes

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


def rescore(folders: Sequence[Path], references: References) -> list[Rescored]:
    """Score the older rows of evaluations' folders, and of packed files in them, anew; return these rows.

    Only the fields that change are written anew, and only files that have older rows.

    Raises:
        SmileError: there are no rows, they are damaged, or a reference is not that of its row; then
            nothing is written.
    """
    opened = sorted({path for folder in folders for path in row_files(folder)})
    packed = sorted({path for folder in folders for path in folder.rglob(RESULTS)})
    if not opened and not packed:
        raise SmileError(f"{', '.join(map(str, folders))} holds no rows; name a folder of smile evaluate's.")
    lines = {path: older_lines(path, references) for path in opened}
    tables = {path: _older_table(path, references) for path in packed}
    for path, (older, data) in lines.items():
        if _some(older):
            write_bytes(path, data)
    for path, (older, table) in tables.items():
        if _some(older):
            _write(path, table)
    return [one for older, _ in (*lines.values(), *tables.values()) for one in older]


def _some(older: Iterable[Rescored]) -> bool:
    return any(one.changed for one in older)


def _older_table(path: Path, references: References) -> tuple[list[Rescored], pa.Table]:
    """The older rows of a packed file, scored anew, and its new table, of the same columns and types."""
    import pyarrow as pa
    from pyarrow import parquet

    read_packed(path)  # the columns are there, each of its kind
    with parquet.ParquetFile(path) as file:
        table = file.read()
    rows = table.to_pylist()
    older = {i: rescored(row, references) for i, row in enumerate(rows) if is_older(row)}
    for name in {name for one in older.values() for name in one.changed or ()}:
        values = table.column(name).to_pylist()
        for i, one in older.items():
            values[i] = (one.changed or {}).get(name, values[i])
        field = table.schema.field(name)
        table = table.set_column(table.schema.get_field_index(name), field, pa.array(values, field.type))
    return list(older.values()), table


def _write(path: Path, table: pa.Table) -> None:
    from pyarrow import parquet

    with replacing(path) as new:
        parquet.write_table(table, new, compression="zstd")
        if new.stat().st_size > MOST_BYTES:
            raise SmileError(TOO_LARGE)


def table_of(older: Sequence[Rescored]) -> pd.DataFrame:
    """Return a line for each language and normaliser that was raised: rows, edits and CER before and after.

    `moved` are the rows whose edits or length are others; CER is total edits over total length, in percent.
    """
    import pandas as pd

    lines = [line for one in older for line in _lines(one)]
    if not lines:
        return pd.DataFrame()
    sums = pd.DataFrame(lines).groupby(["language", "normaliser"], as_index=False).sum()
    for when in ("before", "after"):
        length = sums.pop(f"length_{when}")
        sums[f"CER_{when}"] = (100 * sums[f"edits_{when}"] / length).where(length > 0)
    return sums


def _lines(one: Rescored) -> Iterable[dict[str, object]]:
    """A line for each normaliser whose version is another."""
    row, new = one.row, one.changed
    for old in map(stamped, row["normalisers"].split()) if new else ():
        name, today = old.name, NORMALISERS[old.name].stamp
        if new and old.stamp != today:
            counts = [f"{name}_{what}" for what in ("edits", "length", "word_edits", "words")]
            yield {
                "language": row["language"],
                "normaliser": f"{old.stamp} to {today}",
                "rows": 1,
                "moved": int(any(row[field] != new[field] for field in counts)),
                "edits_before": int(row[counts[0]]),
                "edits_after": new[counts[0]],
                "length_before": int(row[counts[1]]),
                "length_after": new[counts[1]],
            }


def missing_of(older: Sequence[Rescored]) -> list[str]:
    """Return a sentence for each language with rows whose reference is not at hand, which names one."""
    names: dict[str, list[str]] = {}
    for one in older:
        if one.changed is None:
            names.setdefault(one.row["language"], []).append(one.row["id"])
    return [
        f"{language}: {len(ids)} rows of {len(set(ids))} utterances, such as {ids[0]}, stay as they are: "
        "their references are not at hand."
        for language, ids in sorted(names.items())
    ]
