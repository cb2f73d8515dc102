"""What an adapter was measured at, and what the paper reports, as Markdown tables for a model card."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from smile.results import paper

if TYPE_CHECKING:
    import pandas as pd

ALONE = "vanilla-controlled"
CONDITIONS = {
    ALONE: "Whisper alone, loops cut",
    "smile-1": "1 nearest example",
    "smile-3": "3 nearest",
    "smile-5": "5 nearest",
}
UNMEASURED = "No rows of this adapter come with SMILE; measure it with `smile evaluate`."
ABOUT = (
    "CER in percent with 95 % bootstrap intervals, normaliser `plain`, by `smile evaluate` on test clips of "
    "languages that the adapter never saw; examples with the kNN-LM. The rows come with SMILE."
)


def measured(folder: Path, digest: str, trained_on: Mapping[str, float] | None = None) -> str:
    """Return a table of the CER of an adapter by language, made of packed rows with just this adapter.

    Languages that it was `trained_on` are left out. Where there are no rows, it is a sentence that says so.

    Raises:
        SmileError: the rows cannot be read.
    """
    from smile.results.packing import load
    from smile.results.tables import by_language

    rows = load(folder)
    own = rows["adapter"].fillna("").astype(str) == digest[:12]
    rows = _named(rows[own | (rows["condition"] == ALONE)])
    rows = _on_the_same_clips(rows[~rows["language"].isin(list(trained_on or ()))])
    if rows.empty:
        return UNMEASURED
    return f"{ABOUT}\n\n{_table(by_language(rows, baseline=ALONE))}"


def _named(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of CONDITIONS, without the hash that tells adapters apart; mixed ones are left out."""
    names = rows["condition"].str.partition(" ")[0]
    one = rows["hash"].groupby(names).transform("nunique") == 1
    return rows.assign(condition=names)[names.isin(list(CONDITIONS)) & one]


def _on_the_same_clips(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of clips that every condition has, as long as there is one with examples."""
    wanted = rows["condition"].nunique()
    shared = rows.groupby(["language", "id"])["condition"].transform("nunique") == wanted
    return rows[shared] if wanted > 1 else rows[:0]


def _table(rates: pd.DataFrame) -> str:
    """A line for each language, all of which have the same conditions, and their macro average."""
    names = [name for name in CONDITIONS if name in set(rates["condition"])]
    lines = [f"| language | clips | {' | '.join(CONDITIONS[name] for name in names)} |"]
    lines.append(f"|---{'|---' * (len(names) + 1)}|")
    for language, group in rates.groupby("language", sort=True):
        cells = group.set_index("condition").loc[names]
        shown = [f"{c.rate:.1f} ({c.low:.1f} to {c.high:.1f})" for c in cells.itertuples()]
        lines.append(f"| {language} | {int(cells['clips'].iloc[0])} | {' | '.join(shown)} |")
    macro = rates.groupby("condition")["rate"].mean()
    lines.append(f"| **macro average** | | {' | '.join(f'{macro[name]:.1f}' for name in names)} |")
    return "\n".join(lines)


def reported() -> str:
    """Return the paper's figures as a table."""
    rows = {
        "Whisper without examples": paper.ALONE,
        **{f"{n} random example": value for n, value in paper.RANDOM.items()},
        **{f"{n} nearest example{'s' * (n > 1)}": value for n, value in paper.NEAREST.items()},
    }
    body = "\n".join(f"| {name} | {value:.2f} |" for name, value in rows.items())
    return (
        f"| the paper's CER, ML-SUPERB, {paper.LANGUAGES} languages | % |\n|---|---|\n{body}\n\n"
        f"The paper states {paper.IMPROVED} of {paper.LANGUAGES} languages improved and a relative "
        f"reduction of {paper.REDUCTION} %."
    )
