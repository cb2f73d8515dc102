"""`smile publish`: the Space, an adapter or measured rows on the Hub, shown before they are uploaded."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from smile.cli.parsers import Commands, add_command, add_option
from smile.paths import PRECOMPUTED
from smile.whisper.model import SHIPPED_ADAPTER

if TYPE_CHECKING:
    from smile.exporting.hub.target import Change, Held, Kind, Target

KINDS: dict[str, Kind] = {"space": "space", "adapter": "model", "rows": "dataset"}
SAID = {
    "new": "are new",
    "changed": "change",
    "same": "are there already",
    "stays": "are there and stay",
    "removed": "are removed",
}


def add(commands: Commands) -> None:
    """Add the command and its options."""
    parser = add_command(commands, "publish", run)
    add_option(
        parser, "what", choices=tuple(KINDS), help="Publish the page as a Space, an adapter, or the rows."
    )
    add_option(parser, "repo", metavar="REPO", help="Publish under this name on the Hub, OWNER/NAME.")
    add_option(parser, "--private", action="store_true", help="Make a new repository that only you can see.")
    add_option(
        parser, "--prune", action="store_true", help="Remove files of the repository that are not published."
    )
    add_option(
        parser, "--go", action="store_true", help="Upload; without it the command shows what it would do."
    )
    add_option(
        parser,
        "--adapter",
        type=Path,
        default=SHIPPED_ADAPTER,
        help="Publish the adapter in this PEFT folder.",
    )
    add_option(
        parser, "--precomputed", type=Path, default=PRECOMPUTED, help="Take the packed rows of this folder."
    )


def run(chosen: argparse.Namespace) -> None:
    """Show what would be put on the Hugging Face Hub, and with --go upload it.

    The token is that of HF_TOKEN or of `hf auth login`.

    Raises:
        SmileError: something cannot be published, or the Hub refuses.
    """
    from smile.exporting.hub.target import Held, Target, changes

    target = Target(chosen.repo, KINDS[chosen.what])
    with TemporaryDirectory(prefix="smile-publish-") as work:
        folder = Path(work)
        _stage(chosen, folder)
        there = _there(target, chosen.go)
        if there is None:
            _show(target, changes(folder, Held()), None)
            return
        _show(target, changes(folder, there, chosen.prune), there)
        if not chosen.go:
            _invite(chosen, there)
        else:
            _upload(chosen, target, folder, there)


def _stage(chosen: argparse.Namespace, folder: Path) -> None:
    """Put what is to be published into a folder."""
    from smile.exporting.hub.adapter import stage_adapter
    from smile.exporting.hub.rows import stage_rows
    from smile.exporting.hub.space import stage_space

    if chosen.what == "space":
        stage_space(folder)
    elif chosen.what == "rows":
        stage_rows(folder, chosen.precomputed)
    else:
        from smile.results.of_adapter import measured, reported
        from smile.whisper.adapters import load

        adapter = load(chosen.adapter)
        known = adapter.card.get("data", {}).get("minutes")
        figures = measured(chosen.precomputed, adapter.sha256, known)
        stage_adapter(folder, chosen.adapter, chosen.repo, figures, reported())


def _there(target: Target, go: bool) -> Held | None:
    """What the Hub holds; None, the reason printed, where it cannot be asked and nothing depends on it."""
    from smile.exporting.hub.target import UnreachableError, held

    try:
        return held(target)
    except UnreachableError as error:
        if go:
            raise
        print(f"What is there already is not known, so every file counts as new: {error}\n")
        return None


def _show(target: Target, changed: list[Change], there: Held | None) -> None:
    """Print the files with their sizes and what happens to each, and the sums."""
    for change in changed:
        size = f"{change.size:>12,}" if change.state not in ("stays", "removed") else " " * 12
        print(f"{change.state:<8}{size}  {change.name}")
    sums = Counter(change.state for change in changed)
    sizes = sum(change.size for change in changed if change.state in ("new", "changed"))
    state = "private" if there and there.private else "public" if there and there.exists else "not there yet"
    print(f"\n{target}{f' ({state})' if there else ''}: {sizes:,} bytes to upload.")
    print(", ".join(f"{count} {SAID[name]}" for name, count in sums.items()).capitalize() + ".")


def _invite(chosen: argparse.Namespace, there: Held) -> None:
    made = "" if there.exists else f" It would be made, {'private' if chosen.private else 'public'}."
    print(f"Nothing has been uploaded.{made} To do it, add: --go")


def _upload(chosen: argparse.Namespace, target: Target, folder: Path, there: Held) -> None:
    from smile.exporting.hub.target import upload

    print(f"Published: {upload(target, folder, there, private=chosen.private, prune=chosen.prune)}")
