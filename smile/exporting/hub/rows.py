"""The files of measured rows on the Hub: parquet for the viewer, their settings, and a data set card."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smile.datatypes import SmileError
from smile.exporting.hub.cards import rows_card
from smile.util.opening import open_regular
from smile.util.storage import replacing, write_text

if TYPE_CHECKING:
    import pyarrow as pa

MAIN = "main"  # the configuration of the rows that lie in the folder itself
PACKED, MANIFEST = "results.parquet", "manifest.json"
COLUMNS: dict[str, tuple[str, str]] = {
    "id": ("string", "the test clip, by its name in its corpus"),
    "language": ("string", "ISO 639-3; several joined by + are a pool of several languages"),
    "split": ("string", "the corpus's split"),
    "condition": ("string", "short name of the settings"),
    "hash": ("string", "digest of the settings, the key of manifest.json"),
    "hypothesis": ("string", "what was written by the machine"),
    **{
        f"{normaliser}_{part}": ("int64", what.format(normaliser))
        for normaliser in ("plain", "ml_superb")
        for part, what in {
            "edits": "characters to be edited into the reference, normaliser `{}`",
            "length": "characters of the reference, normaliser `{}`",
            "word_edits": "words to be edited into the reference, normaliser `{}`",
            "words": "words of the reference, normaliser `{}`",
        }.items()
    },
    "normalisers": ("string", "names and versions of the normalisers"),
    "stopped": ("string", "why decoding stopped: end, loop, length or max_new_tokens"),
    "token": ("string", "language token in the prompt"),
    "guess": ("string", "Whisper's guess at the language"),
    "neighbours": ("list of string", "ids of the examples in the prompt, in the order chosen"),
    "distances": ("list of float64", "their distances"),
    "left_out": ("int64", "examples that were chosen and did not fit"),
    "error": ("string", "why there is no transcript; else empty"),
    "seconds": ("float64", "time that it took, as if it had been made alone"),
    "retrieval": ("float64", "seconds of it for ranking the pool"),
    "run": ("string", "which run of the evaluation it was timed in; times are compared within one"),
}


def stage_rows(out: Path, packed: Path) -> None:
    """Write packed rows, and those in the folders below, into a folder as the Hub's viewer reads them.

    Raises:
        SmileError: there are none, a file cannot be read, or it has a column that is none of COLUMNS, such
            as one of reference texts.
    """
    counts: dict[str, int] = {}
    languages: set[str] = set()
    for name, path in _parts(packed).items():
        table = _checked(path)
        (out / "data" / name).mkdir(parents=True)
        _write(table, out / "data" / name / "rows.parquet")
        shutil.copyfile(path.parent / MANIFEST, out / "data" / name / MANIFEST)
        counts[name] = table.num_rows
        languages |= _codes(table.column("language").unique().to_pylist())
    write_text(out / "README.md", rows_card(counts, sorted(languages), COLUMNS))


def _parts(packed: Path) -> Mapping[str, Path]:
    """Files of packed rows by the names of their configurations, that of the folder itself first."""
    found = sorted(packed.rglob(PACKED), key=lambda path: (len(path.parts), path))
    if not found:
        raise SmileError(f"{packed} holds no packed rows; make them with: smile results pack FOLDER")
    names = {"-".join(path.parent.relative_to(packed).parts) or MAIN: path for path in found}
    if len(names) < len(found):
        raise SmileError(f"Two folders of {packed} come to one name; rename one of them.")
    if lost := [path.parent for path in found if not (path.parent / MANIFEST).is_file()]:
        raise SmileError(f"{lost[0]} has no {MANIFEST}; pack its rows again with: smile results pack")
    return names


def _checked(path: Path) -> pa.Table:
    from pyarrow import ArrowException, parquet

    try:
        with open_regular(path) as file:
            table = parquet.read_table(file)
    except (ArrowException, OSError) as error:
        raise SmileError(f"{path} cannot be read; pack it again with: smile results pack") from error
    if strange := [name for name in table.column_names if name not in COLUMNS]:
        raise SmileError(f'{path} has a column "{strange[0]}", which is not published; pack the rows again.')
    return table


def _write(table: pa.Table, path: Path) -> None:
    """Write a table with the types of COLUMNS, in small groups of rows with an index of their pages."""
    import pyarrow as pa
    from pyarrow import parquet

    kinds: dict[str, Any] = {
        "string": pa.string(),
        "int64": pa.int64(),
        "float64": pa.float64(),
        "list of string": pa.list_(pa.string()),
        "list of float64": pa.list_(pa.float64()),
    }
    schema = pa.schema([(name, kinds[COLUMNS[name][0]]) for name in table.column_names])
    with replacing(path) as new:
        parquet.write_table(
            table.replace_schema_metadata().cast(schema),
            new,
            compression="zstd",
            row_group_size=5000,
            write_page_index=True,
        )


def _codes(languages: Iterable[str]) -> set[str]:
    """ISO 639-3 codes, those of joined languages apart."""
    return {code for language in languages for code in language.split("+")}
