"""`smile examples`: the examples of a pool whose texts do not fit their sound."""

from __future__ import annotations

import argparse
import json

from smile.cli.models import add_engine, models_of
from smile.cli.parsers import Commands, add_command, add_option
from smile.cli.pools import A_POOL, open_for, pool_folder
from smile.cli.terminal import Bar


def add(commands: Commands) -> None:
    """Add the command and its options."""
    parser = add_command(commands, "examples", run, goes_on=True)
    add_option(parser, "pool", type=pool_folder, help=f"Look at the examples of this pool: {A_POOL}.")
    add_option(
        parser, "--share", type=int, default=10, help="Print this percentage of the examples, the worst."
    )
    add_option(parser, "--json", action="store_true", help="Print all of them as JSON.")
    add_engine(parser)


def run(chosen: argparse.Namespace) -> None:
    """List the examples whose texts fit their sound worst, each judged by a head that has not seen it.

    What was found is kept beside the pool, so that the same takes no time again.

    Raises:
        SmileError: a pool that cannot be used, or models that cannot be loaded.
    """
    from smile.own.kept_misfits import as_dict, kept_misfits
    from smile.own.misfits import worst
    from smile.util.timing import finished, relayed

    models = models_of(chosen)
    steps = kept_misfits(open_for(models, chosen.pool), models.smile)
    with Bar("Examples", "steps") as bar:
        fits = finished(relayed(steps, lambda said: bar(said.done, said.of)))
    if chosen.json:
        print(json.dumps([as_dict(fit) for fit in fits], ensure_ascii=False, indent=2))
        return
    named = worst(fits, chosen.share)
    print(f"The {len(named)} of {len(fits)} examples whose texts fit their sound worst, the worst first:")
    for fit in named:
        print(f"{fit.misfit:8.2f}  {fit.utterance.id}  {fit.marked}")
