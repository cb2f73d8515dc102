"""Rows of evaluations in and out: folders of row files -> a DataFrame -> `results.parquet` and back."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from smile.datatypes import DamagedError, SmileError
from smile.evaluation.conditions import FACTS, SINCE, of_facts
from smile.evaluation.rescoring import REMEDY
from smile.evaluation.rows import NAME, Row, RowFile, read_manifest, row_files
from smile.paths import PRECOMPUTED
from smile.results.chosen import only
from smile.results.timed import run_of_each
from smile.util.storage import replacing, write_json

if TYPE_CHECKING:
    import pandas as pd

RESULTS = "results.parquet"
UNSHOWN = ("engine", "precision", "pooling", "pool_split")
SETTINGS = (*(name for name in FACTS if name not in UNSHOWN), "level_version")
NEEDED = set(SETTINGS) - set(SINCE)  # of a condition in a manifest
MOST_BYTES = 20_000_000
TOO_LARGE = "The rows are larger than 20 MB; pack fewer evaluations."
TEXTS = ("id", "language", "split", "condition", "hash", "hypothesis", "normalisers", "stopped", "token",
         "guess", "error")  # fmt: skip
COLUMNS = (
    dict.fromkeys(TEXTS, "str")
    | {"left_out": "float", "neighbours": "list", "distances": "list"}
    | {
        f"{normaliser}_{what}": "float"
        for normaliser in ("plain", "ml_superb")
        for what in ("edits", "length", "word_edits", "words")
    }
)
"""What tables need, and of which kind; see `Row`."""
TIMES = {"seconds": "float", "retrieval": "float", "run": "str"}  # which may be missing
LOGGER = logging.getLogger(__name__)


def read_rows_of(folder: Path) -> pd.DataFrame:
    """Return the rows of one evaluation's folder with their seconds and the run that timed them.

    Raises:
        SmileError: the folder holds no rows, or rows scored by several versions of a normaliser.
    """
    import pandas as pd

    rows = []
    for path in row_files(folder):
        file = RowFile(folder, path.stem)
        for key in sorted(file.rows):
            seconds = file.seconds.get(key)
            timing = {name: getattr(seconds, name) for name in TIMES} if seconds else {"run": ""}
            rows.append({**asdict(file.rows[key]), **timing})
    if not rows:
        raise SmileError(f"{folder} holds no rows; make some with: smile evaluate --out {folder}")
    return one_form(pd.DataFrame(rows), folder)


def rows_in(folder: Path) -> pd.DataFrame:
    """Return the rows of a folder, packed or as an evaluation has written them, each with its settings.

    Raises:
        SmileError: as `load` and `read_rows_of` raise it, or the manifest is damaged.
    """
    if not any(folder.glob("*.jsonl")) and any(folder.rglob(RESULTS)):
        return load(folder)
    rows = told_apart(read_rows_of(folder))
    return with_settings(rows, _conditions(folder, "evaluate into another folder"))


def pack(
    folders: Sequence[Path], out: Path, languages: Collection[str] = (), conditions: Collection[str] = ()
) -> pd.DataFrame:
    """Join evaluations, as they were written or packed before, into `results.parquet` and `manifest.json`.

    Of all languages and conditions, or of those that are named (`smile.results.chosen.only`).

    Raises:
        SmileError: no rows, or none of a language or condition, two different rows of one utterance and
            condition, rows scored by several versions of a normaliser, a damaged file, or too much to keep.
    """
    import pandas as pd

    parts = [_as_written(folder) for folder in folders]
    rows = one_form(pd.concat(parts, ignore_index=True), *folders)
    rows = rows.sort_values(["language", "id", "hash"], ignore_index=True)
    keys = ["language", "id", "hash"]
    same = [*keys, "hypothesis", "error"]
    rows = rows.loc[~rows.duplicated(same)]
    rows = rows.loc[only(told_apart(rows), languages, conditions).index]
    if rows.duplicated(keys).any():
        row = rows[rows.duplicated(keys)].iloc[0]
        raise SmileError(f'There are two different rows of {row["id"]} under "{row["condition"]}".')
    manifest = _manifest(folders, parts, rows)
    out.mkdir(parents=True, exist_ok=True)
    with replacing(out / RESULTS) as new:
        rows.to_parquet(new, index=False, compression="zstd")
        if new.stat().st_size > MOST_BYTES:
            raise SmileError(TOO_LARGE)
        write_json(out / NAME, manifest, sort_keys=True)
    return rows


def _as_written(folder: Path) -> pd.DataFrame:
    """The rows of an evaluation, or of a packed one as it was before it was packed."""
    if row_files(folder) or not (folder / RESULTS).is_file():
        return read_rows_of(folder)
    rows, _ = _checked(folder / RESULTS)
    lists = [name for name, kind in COLUMNS.items() if kind == "list"]
    return rows.assign(**{name: [list(one) for one in rows[name]] for name in lists})


def _manifest(folders: Sequence[Path], parts: Sequence[pd.DataFrame], rows: pd.DataFrame) -> dict[str, Any]:
    """The manifests of evaluations as one: the conditions of the rows that are kept, and their runs.

    A run that was broken off before its first row is none, even where another evaluation has its languages.
    """
    joined: dict[str, Any] = {"conditions": {}, "runs": []}
    hashes, kept = set(rows["hash"]), set(rows["language"])
    for folder, part in zip(folders, parts, strict=True):
        manifest, languages = read_manifest(folder), kept & set(part["language"])
        joined["conditions"] |= {one: facts for one, facts in manifest["conditions"].items() if one in hashes}
        joined["runs"] += [run for run in manifest["runs"] if _made_rows(run, languages)]
    return joined


def _made_rows(run: Mapping[str, Any], languages: Collection[str]) -> bool:
    """Whether a run may have made rows of these languages; one that does not say its own may have."""
    corpora = run.get("corpora")
    return not isinstance(corpora, dict) or any(name in languages for name in corpora)


def load(folder: Path = PRECOMPUTED) -> pd.DataFrame:
    """Load the packed rows in a folder and the folders in it, each with its condition's settings.

    Empty where there are none. A file that cannot be read is told in the log and passed over.

    Raises:
        SmileError: there are files, and none can be read, or several versions of a normaliser have
            scored their rows.
    """
    import pandas as pd

    parts, damaged = [], []
    for path in sorted(folder.rglob(RESULTS)):
        try:
            parts.append(read_packed(path))
        except SmileError as error:
            damaged.append(error)
    if damaged and not parts:
        raise damaged[0]
    for told in damaged:
        LOGGER.warning("%s", told)
    if not parts:
        return pd.DataFrame(columns=[field.name for field in fields(Row)] + list(SETTINGS))
    rows = one_form(pd.concat(parts, ignore_index=True), folder)
    return told_apart(rows.drop_duplicates(["language", "id", "hash"], ignore_index=True))


def one_form(rows: pd.DataFrame, *folders: Path) -> pd.DataFrame:
    """Return rows that were scored by one version of each normaliser; those that failed were by none.

    Raises:
        SmileError: there are several, whose figures cannot be compared.
    """
    stamps = sorted(set(rows.loc[rows["error"] == "", "normalisers"]))
    if len(stamps) > 1:
        places = " ".join(map(str, folders))
        raise SmileError(
            f"{places}: rows scored by {' and by '.join(one or 'nothing' for one in stamps)} cannot be "
            f"compared; {REMEDY.format(places)}"
        )
    return rows


def told_apart(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows, a name that stands for several settings followed by the settings' hash."""
    hashes = rows.groupby("condition")["hash"].transform("nunique")
    names = rows["condition"].where(hashes == 1, rows["condition"] + " " + rows["hash"].str[:4])
    return rows.assign(condition=names)


def read_packed(path: Path) -> pd.DataFrame:
    """Return the rows of one packed file, each with its condition's settings and the run that timed it.

    Raises:
        SmileError: the file or its manifest is damaged.
    """
    rows, conditions = _checked(path)
    rows = rows.assign(run=run_of_each(rows, read_manifest(path.parent)))
    return with_settings(rows, conditions)


def _checked(path: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The rows of a packed file as they are, and the settings of its conditions by their hash."""
    import pandas as pd

    again = "pack it again with: smile results pack"
    try:
        if not path.is_file():  # a queue would be waited for without end
            raise DamagedError(path)
        rows = pd.read_parquet(path)
    except Exception as error:  # pyarrow has errors of a dozen families for bytes that are not parquet
        raise SmileError(f"{path} cannot be read; {again}") from error
    wanted = COLUMNS | {name: kind for name, kind in TIMES.items() if name in rows}
    if wrong := [column for column, kind in wanted.items() if not _is(kind, rows, column)]:
        raise SmileError(f"{path} has no column {wrong[0]}, or one of another kind; {again}")
    return rows, _conditions(path.parent, again)


def _conditions(folder: Path, again: str) -> dict[str, Any]:
    """The settings of packed rows by their hash, each of its own kind; what is not told is unknown."""
    conditions: dict[str, Any] = read_manifest(folder)["conditions"]
    for settings in conditions.values():
        try:
            if "side" in settings and not settings.keys() >= NEEDED:
                raise ValueError(settings.keys())
            of_facts(settings)
            if not all(0 <= value < 2**63 for value in settings.values() if isinstance(value, int | float)):
                raise ValueError(settings)
        except ValueError as error:
            raise SmileError(f"{folder / NAME} is damaged; {again}") from error
    return conditions


def _is(kind: str, rows: pd.DataFrame, column: str) -> bool:
    """Whether there is a column of texts ("str"), of lists, or of numbers that count or measure something."""
    from pandas.api.types import infer_dtype, is_bool_dtype, is_numeric_dtype

    if column not in rows:
        return False
    values = rows[column]
    if kind == "list":
        lists = values.tolist()
        return all(isinstance(v, np.ndarray) and v.ndim == 1 for v in lists) and _listed(column, lists)
    if values.isna().all():
        return kind == "float"
    if kind == "str":
        return infer_dtype(values, skipna=False) == "string" and not values.isna().any()
    numeric = is_numeric_dtype(values) and not is_bool_dtype(values)
    return numeric and bool((values.isna() | ((values >= 0) & (values < np.inf))).all())


def _listed(column: str, lists: list[NDArray[Any]]) -> bool:
    """Whether lists have texts, or finite numbers, and nothing else."""
    from pandas.api.types import infer_dtype

    values = np.concatenate([one for one in lists if one.size] or [np.zeros(0)])
    if not values.size:
        return True
    if column == "neighbours":
        return infer_dtype(values, skipna=False) == "string"
    return values.dtype.kind in "iuf" and bool(np.isfinite(values).all())


def with_settings(rows: pd.DataFrame, conditions: dict[str, Any]) -> pd.DataFrame:
    """Return rows with a column for each setting that tables and figures ask for."""
    import pandas as pd

    hashes = pd.Index(rows["hash"].unique())
    known = {
        name: pd.Series(
            [_plain(conditions.get(h, {}).get(name)) for h in hashes], dtype=object
        ).infer_objects()
        for name in SETTINGS
    }
    at = hashes.get_indexer(rows["hash"])
    return rows.assign(**{name: known[name].to_numpy()[at] for name in SETTINGS})


def _plain(value: Any) -> Any:
    """Return a value as a table can hold it: a list as a tuple."""
    return tuple(value) if isinstance(value, list) else value
