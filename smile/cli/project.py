"""`smile project`: the maps that the page shows."""

from __future__ import annotations

import argparse
from pathlib import Path

from smile.cli.parsers import Commands, add_command, add_option
from smile.cli.pools import A_POOL, pool_folder
from smile.cli.terminal import Bar


def add(commands: Commands) -> None:
    """Add the command and its options."""
    parser = add_command(commands, "project", run)
    add_option(
        parser,
        "pools",
        type=pool_folder,
        nargs="+",
        help=f"Lay out these pools, of a language each: {A_POOL}.",
    )
    add_option(
        parser, "--out", type=Path, default=Path("precomputed/maps"), help="Write the maps into this folder."
    )
    add_option(
        parser,
        "--name",
        default="demo",
        help="Give the map of all pools this name; those of one pool add its language's code.",
    )
    add_option(parser, "--seed", type=int, default=0, help="Begin UMAP with this seed.")


def run(chosen: argparse.Namespace) -> None:
    """Lay pools out as the maps that the page shows, each alone and all together."""
    from smile.maps.fit import project

    with Bar("Projecting", "maps") as bar:
        made = project(chosen.pools, chosen.out, chosen.name, chosen.seed, bar)
    print(*(entry.summary for entry in made), sep="\n")
