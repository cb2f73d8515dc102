"""`smile results`: tables and findings of evaluations, and the file of them that the page reads."""

from __future__ import annotations

import argparse
from pathlib import Path

from smile.cli.parsers import CORPUS, Commands, add_command, add_option
from smile.cli.tables import print_tables
from smile.cli.terminal import names
from smile.datatypes import SmileError
from smile.paths import PRECOMPUTED

TAKEN = {
    "pack": ("languages", "conditions", "to"),
    "show": ("languages", "conditions"),
    "findings": (),
    "rescore": ("data",),
    "keystrokes": ("data", "languages", "conditions"),
}
"""What can be done with rows, and the options that each takes besides its folders."""


def add(commands: Commands) -> None:
    """Add the command and its options."""
    parser = add_command(commands, "results", run)
    add_option(
        parser,
        "what",
        choices=tuple(TAKEN),
        help="Pack rows into one file for the page, show tables, print findings as Markdown, score rows "
        "anew by the normalisers of today, or count the keystrokes that put their transcripts right.",
    )
    add_option(
        parser,
        "folders",
        type=Path,
        nargs="*",
        help="Read these folders, which evaluate has written or pack has (default: what comes with SMILE; "
        "pack and rescore need some).",
    )
    add_option(
        parser,
        "--data",
        type=Path,
        nargs="+",
        default=[],
        help=f"Take the references for rescore and keystrokes from these corpora, each {CORPUS}.",
    )
    only = "Pack, show or count only these"
    add_option(parser, "--languages", type=names, default=(), help=f"{only}: codes joined by commas.")
    add_option(parser, "--conditions", type=names, default=(), help=f"{only}: their names joined by commas.")
    add_option(
        parser, "--to", type=Path, help="Write what is packed into this folder (default: precomputed)."
    )


def run(chosen: argparse.Namespace) -> None:
    """Show evaluations, pack them for the page, print findings of packed ones, or score their rows anew.

    Raises:
        SmileError: no folders to pack or to score, none of rows, references that are not those of rows, or
            an option that is not for this.
    """
    _check_options(chosen)
    if chosen.what == "findings":
        _print_findings(*(chosen.folders[:1] or [PRECOMPUTED]))
    elif chosen.what == "show":
        for folder in chosen.folders or [PRECOMPUTED]:
            print_tables(folder, chosen.languages, chosen.conditions, legend=True)
    elif chosen.what == "keystrokes":
        for folder in chosen.folders or [PRECOMPUTED / "levels"]:
            _print_keystrokes(folder, chosen)
    elif chosen.what == "rescore":
        _rescore(chosen.folders, chosen.data)
    elif chosen.folders:
        _pack(chosen)
    else:
        raise SmileError("Name one or more folders that smile evaluate has written.")


def _check_options(chosen: argparse.Namespace) -> None:
    """Refuse an option that would change nothing of what is asked for."""
    for option in sorted(set().union(*TAKEN.values())):
        if getattr(chosen, option) and option not in TAKEN[chosen.what]:
            for_which = ", ".join(what for what, taken in TAKEN.items() if option in taken)
            raise SmileError(f"--{option} is for {for_which}; leave it out of smile results {chosen.what}.")


def _pack(chosen: argparse.Namespace) -> None:
    """Join evaluations into the parquet file that the page reads."""
    from smile.results.packing import pack

    to = chosen.to or Path("precomputed")
    rows = pack(chosen.folders, to, chosen.languages, chosen.conditions)
    print(f"{to}: {len(rows)} rows of {rows['language'].nunique()} languages.")


def _rescore(folders: list[Path], data: list[Path]) -> None:
    """Score older rows anew and print what changed; say which have no reference here."""
    from smile.corpora import open_corpus
    from smile.evaluation.rescoring import References
    from smile.results.rescoring import missing_of, rescore, table_of
    from smile.text.normalisers import STAMPS

    if not folders or not data:
        raise SmileError("Name folders of rows, and with --data the corpora that they were made of.")
    older = rescore(folders, References([open_corpus(source) for source in data]))
    table = table_of(older)
    if not table.empty:
        print(table.to_string(index=False, float_format=lambda value: f"{value:.3f}", na_rep=""))
    for told in (missing := missing_of(older)):
        print(told)
    print(f"{sum(one.changed is not None for one in older)} rows scored anew, by {STAMPS}.")
    if missing:
        print("Until the others are, too, these rows are not shown together; name their corpora with --data.")


def _print_keystrokes(folder: Path, chosen: argparse.Namespace) -> None:
    """Print how much work the transcripts of rows leave, a minute of speech."""
    from smile.corpora import open_corpus
    from smile.results.chosen import only
    from smile.results.keystrokes import TYPIST, keystrokes
    from smile.results.packing import rows_in

    if not chosen.data:
        raise SmileError("Name with --data the corpora that the rows were made of.")
    rows = only(rows_in(folder), chosen.languages, chosen.conditions)
    table = keystrokes(rows, [open_corpus(one) for one in chosen.data])
    print(f"A minute of speech; a key takes {TYPIST.key} s, a place to go to {TYPIST.place} s (assumed).\n")
    print(table.to_string(index=False, float_format=lambda value: f"{value:.1f}"))


def _print_findings(folder: Path) -> None:
    """Print what packed rows say of the open questions, as Markdown."""
    from smile.results.findings import as_markdown, findings
    from smile.results.packing import load

    rows = load(folder)
    if rows.empty:
        raise SmileError(f"{folder} holds no packed rows; make them with: smile results pack FOLDER")
    print(as_markdown(findings(rows)))
