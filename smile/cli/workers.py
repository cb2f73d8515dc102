"""The options of how many workers do something, and where."""

from __future__ import annotations

import argparse

from smile.cli.parsers import add_option
from smile.datatypes import SmileError
from smile.util.workers import LOCAL, Placement


def add_workers(parser: argparse.ArgumentParser, what: str) -> None:
    """Add the options that `placement_of` reads; `what` says what a worker takes, as "a recording"."""
    add_option(
        parser,
        "--jobs",
        type=int,
        default=1,
        help=f"Work in this number of workers, of a thread each; each takes {what} at a time.",
    )
    add_cluster(parser)


def add_cluster(parser: argparse.ArgumentParser) -> None:
    """Add the option of the cluster that workers are on."""
    add_option(
        parser,
        "--cluster",
        default="",
        metavar="ADDRESS|local",
        help="Let the workers be on Ray: on the cluster at this address, HOST:PORT, or with local on one of "
        "this machine's own, which ends with the command (default: processes of this machine).",
    )


def placement_of(chosen: argparse.Namespace) -> Placement:
    """Return where the options put the workers.

    Raises:
        SmileError: there is not one worker, or nobody listens at the cluster's address.
    """
    from smile.util.workers.on_ray import check_address

    if chosen.jobs < 1:
        raise SmileError("Choose at least one job.")
    if chosen.cluster not in ("", LOCAL):
        check_address(chosen.cluster)  # before anything takes long
    return Placement(chosen.jobs, chosen.cluster, int(chosen.device.startswith("cuda")))
