"""`smile pool export`: a pool as a zip."""

from __future__ import annotations

import argparse
from pathlib import Path

from smile.cli.parsers import Commands, add_command, add_option
from smile.cli.pools import A_POOL, pool_folder
from smile.datatypes import SmileError


def add(commands: Commands) -> None:
    """Add the command and its options."""
    parser = add_command(commands, "pool", run)
    add_option(parser, "what", choices=("export",), help="Say what to do: export makes a zip.")
    add_option(parser, "pool", type=pool_folder, help=f"Take this pool: {A_POOL}.")
    add_option(
        parser,
        "--format",
        default="folder",
        choices=("folder", "superb"),
        help="Put the pool's own folder into the zip, or one in ML-SUPERB's layout.",
    )
    add_option(
        parser, "--out", type=Path, required=True, help="Write this file, whose name is to end in .zip."
    )


def run(chosen: argparse.Namespace) -> None:
    """Take a pool away as a zip: its own folder, or one in ML-SUPERB's layout.

    Raises:
        SmileError: a pool that cannot be used, or another file than a zip.
    """
    from smile.pools.export import FORMATS
    from smile.pools.pool import open_pool

    if chosen.out.suffix.lower() != ".zip":
        raise SmileError(f"{chosen.out} is to be a zip; name a file that ends in .zip.")
    pool = open_pool(chosen.pool)
    made = FORMATS[chosen.format](pool, chosen.out)
    print(f"{made}: {len(pool)} examples of {pool.language.name}.")
