"""`smile check`: leave one out on a pool's own clips."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from smile.cli.acoustic import fit_acoustic, read_pool
from smile.cli.models import add_engine, models_of
from smile.cli.parsers import Commands, add_command, add_option
from smile.cli.pools import A_POOL, is_installed, open_for, pool_folder
from smile.cli.terminal import Bar, several_shots
from smile.datatypes import SmileError

if TYPE_CHECKING:
    from smile.pools.setting import PoolSetting

COLUMNS = ("condition", "rate", "low", "high", "reduction", "reduction_low", "reduction_high")
CHANCE = " Another setting had {:.1f} %, which may be chance."


def add(commands: Commands) -> None:
    """Add the command and its options."""
    parser = add_command(commands, "check", run, goes_on=True)
    add_option(parser, "pool", type=pool_folder, help=f"Check this pool: {A_POOL}.")
    add_option(
        parser, "--clips", type=int, default=20, help="Leave out this number of the pool's clips, in turn."
    )
    add_option(
        parser,
        "--shots",
        dest="counts",
        type=several_shots,
        default=(1, 3, 5),
        help="Try these numbers of examples, joined by commas (default: 1,3,5).",
    )
    add_option(
        parser,
        "--no-acoustic",
        action="store_true",
        help="Leave out the pool's acoustic model, which is fitted several times for the check.",
    )
    add_option(parser, "--seed", type=int, default=0, help="Choose the clips by this seed.")
    add_engine(parser)


def run(chosen: argparse.Namespace) -> None:
    """Ask a pool's own clips whether examples help, and which setting helps most; it becomes the pool's.

    Rows are kept in the pool's folder until then, so that the same command goes on where it stopped.

    Raises:
        SmileError: a pool that cannot be used or written to, or models that cannot be loaded.
    """
    from smile.own import check
    from smile.own.checked import forget_rows, kept_rows
    from smile.own.crossed import forget_folds
    from smile.pools.copies import said_of_check, told
    from smile.pools.setting import write_setting
    from smile.results import tables

    if is_installed(chosen.pool):
        raise SmileError(
            f"{chosen.pool} is a part of the installed package, which is not written to; "
            "copy it, and check the copy."
        )
    models = models_of(chosen)
    pool = open_for(models, chosen.pool)
    read_pool(pool, models.smile)
    tried = check.conditions(models.smile.info, chosen.counts, acoustic=not chosen.no_acoustic)
    progress = check.Check(0, 0)
    with kept_rows(chosen.pool, pool, models.smile.info) as kept, Bar("Checking", "transcripts") as bar:
        for progress in check.leave_one_out(models, pool, tried, chosen.clips, chosen.seed, kept):
            if progress.fitted is None:
                bar(progress.done, progress.total)
            else:
                bar(round(100 * progress.fitted), 100)
    setting = check.best(progress, tried, pool, models.smile.info)
    write_setting(chosen.pool, setting)
    forget_rows(chosen.pool)
    forget_folds(pool, models.smile)
    print(f"CER in percent on {setting.clips} clips of {pool.language.name}, each left out of its pool;")
    print("low and high bound the 95 % bootstrap interval, reduction is relative to Whisper alone.\n")
    print(tables.as_text(progress.rates, COLUMNS))
    print(f"\n{_sentence(setting)}")
    for sentence in filter(None, (said_of_check(setting.same_text), *told(pool, texts=False))):
        print(sentence)
    if setting.level != "context":
        fit_acoustic(pool, models.smile)


def _sentence(setting: PoolSetting) -> str:
    """Return what a check has come to, and what is the pool's default now."""
    interpolated = "with" if setting.knn else "without"
    subject, s, now = {
        "context": ("Examples", "", f"{setting.shots} shots {interpolated} kNN-LM are now the default."),
        "acoustic": ("The pool's acoustic model", "s", "It is now the default."),
        "combined": ("Examples and the pool's acoustic model, combined,", "", "They are now the default."),
    }[setting.level]
    verdict = {
        True: f"{subject} help{s}.",
        False: f"{subject} harm{s}.",
        None: f"Whether {subject[0].lower()}{subject[1:]} help{s} is not clear.",
    }
    chance = "" if setting.lowest is None else CHANCE.format(setting.lowest)
    return f"{verdict[setting.helps]} {now}{chance}"
