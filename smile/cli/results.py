"""`smile results`: tables and findings of evaluations, and the file of them that the page reads."""

from __future__ import annotations

import argparse
from pathlib import Path

from smile.cli.parsers import Commands, add_command, add_option
from smile.cli.tables import print_tables
from smile.datatypes import SmileError
from smile.paths import PRECOMPUTED


def add(commands: Commands) -> None:
    """Add the command and its options."""
    parser = add_command(commands, "results", run)
    add_option(
        parser,
        "what",
        choices=("pack", "show", "findings"),
        help="Pack rows into one file for the page, show tables, or print findings as Markdown.",
    )
    add_option(
        parser,
        "folders",
        type=Path,
        nargs="*",
        help="Read these folders, which evaluate has written or pack has (default: what comes with SMILE; "
        "pack needs some).",
    )
    add_option(
        parser, "--to", type=Path, default=Path("precomputed"), help="Write what is packed into this folder."
    )


def run(chosen: argparse.Namespace) -> None:
    """Show evaluations as tables, pack them for the page, or print what packed ones say of open questions.

    Raises:
        SmileError: no folders to pack, or none of rows.
    """
    if chosen.what == "findings":
        _print_findings(*(chosen.folders[:1] or [PRECOMPUTED]))
    elif chosen.what == "show":
        for folder in chosen.folders or [PRECOMPUTED]:
            print_tables(folder)
    elif chosen.folders:
        _pack(chosen.folders, chosen.to)
    else:
        raise SmileError("Name one or more folders that smile evaluate has written.")


def _pack(folders: list[Path], to: Path) -> None:
    """Join evaluations into the parquet file that the page reads."""
    from smile.results.packing import pack

    rows = pack(folders, to)
    print(f"{to}: {len(rows)} rows of {rows['language'].nunique()} languages.")


def _print_findings(folder: Path) -> None:
    """Print what packed rows say of the open questions, as Markdown."""
    from smile.results.findings import as_markdown, findings
    from smile.results.packing import load

    rows = load(folder)
    if rows.empty:
        raise SmileError(f"{folder} holds no packed rows; make them with: smile results pack FOLDER")
    print(as_markdown(findings(rows)))
