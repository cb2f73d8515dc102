"""Rows of evaluations in and out: folders of row files -> a DataFrame -> `results.parquet` and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smile.datatypes import SmileError
from smile.rows import NAME, Row, RowFile, read_manifest
from smile.workfolder import replacing, write_json

if TYPE_CHECKING:
    import pandas as pd

RESULTS = "results.parquet"
PRECOMPUTED = Path(__file__).resolve().parent.parent / "precomputed"
SETTINGS = ("side", "adapter", "shots", "sampler", "divergence", "seed", "pool", "minutes", "prompt", "knn",
            "unlooped", "language_token", "beams", "loops", "bounded", "total", "candidates",
            "characters", "clips",
            "model")  # fmt: skip
MOST_BYTES = 20_000_000


def read_rows_of(folder: Path) -> pd.DataFrame:
    """The rows of one evaluation's folder with their seconds.

    Raises:
        SmileError: the folder holds no rows.
    """
    import pandas as pd

    found = []
    for path in sorted(folder.glob("*.jsonl")):
        if path.name.endswith(".seconds.jsonl"):
            continue
        file = RowFile(folder, path.stem)
        for key in sorted(file.rows):
            seconds = file.seconds.get(key)
            timing = {"seconds": seconds.seconds, "retrieval": seconds.retrieval} if seconds else {}
            found.append({**asdict(file.rows[key]), **timing})
    if not found:
        raise SmileError(f"{folder} holds no rows; make some with: smile evaluate --out {folder}")
    return pd.DataFrame(found)


def pack(folders: Sequence[Path], out: Path) -> pd.DataFrame:
    """Join evaluations into `results.parquet` and `manifest.json`.

    Raises:
        SmileError: no rows, two different rows of one utterance and condition, or too much to keep.
    """
    import pandas as pd

    rows = pd.concat([read_rows_of(folder) for folder in folders], ignore_index=True)
    rows = rows.sort_values(["language", "id", "hash"], ignore_index=True)
    keys = ["language", "id", "hash"]
    same = [*keys, "hypothesis", "error"]
    rows = rows.loc[~rows.duplicated(same)]
    if rows.duplicated(keys).any():
        row = rows[rows.duplicated(keys)].iloc[0]
        raise SmileError(f'There are two different rows of {row["id"]} under "{row["condition"]}".')
    out.mkdir(parents=True, exist_ok=True)
    with replacing(out / RESULTS) as new:
        rows.to_parquet(new, index=False, compression="zstd")
        if new.stat().st_size > MOST_BYTES:
            raise SmileError("The rows are larger than 20 MB; pack fewer evaluations.")
        write_json(out / NAME, _manifest(folders), sort_keys=True)
    return rows


def _manifest(folders: Sequence[Path]) -> dict[str, Any]:
    """The manifests of evaluations as one."""
    manifests = [read_manifest(folder) for folder in folders]
    joined: dict[str, Any] = {"conditions": {}, "runs": [run for m in manifests for run in m["runs"]]}
    for manifest in manifests:
        joined["conditions"] |= manifest["conditions"]
    return joined


def load(folder: Path = PRECOMPUTED) -> pd.DataFrame:
    """The packed rows in a folder and the folders in it, each with its condition's settings.

    Empty where there are none.

    Raises:
        SmileError: a file that cannot be read.
    """
    import pandas as pd

    parts = [_packed(path) for path in sorted(folder.rglob(RESULTS))]
    if not parts:
        return pd.DataFrame(columns=[field.name for field in fields(Row)] + list(SETTINGS))
    rows = pd.concat(parts, ignore_index=True)
    return told_apart(rows.drop_duplicates(["language", "id", "hash"], ignore_index=True))


def told_apart(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows in which a name that stands for several settings is followed by the settings' hash."""
    hashes = rows.groupby("condition")["hash"].transform("nunique")
    names = rows["condition"].where(hashes == 1, rows["condition"] + " " + rows["hash"].str[:4])
    return rows.assign(condition=names)


def _packed(path: Path) -> pd.DataFrame:
    import pandas as pd

    try:
        rows = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise SmileError(f"{path} cannot be read; pack it again with: smile results pack") from error
    return with_settings(rows, read_manifest(path.parent)["conditions"])


def with_settings(rows: pd.DataFrame, conditions: dict[str, Any]) -> pd.DataFrame:
    """Rows with a column for each setting that tables and figures ask for.

    The setting `language` is the column `language_token`, since the rows' own is the utterance's.
    """
    import pandas as pd

    source = {name: name for name in SETTINGS} | {"language_token": "language"}
    hashes = pd.Index(rows["hash"].unique())
    known = {
        name: pd.Series(
            [conditions.get(h, {}).get(source[name]) for h in hashes], dtype=object
        ).infer_objects()
        for name in SETTINGS
    }
    at = hashes.get_indexer(rows["hash"])
    return rows.assign(**{name: known[name].to_numpy()[at] for name in SETTINGS})
