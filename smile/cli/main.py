"""The command line: its parser, made of a module for each command, and `main`, which runs the one chosen."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from smile import __version__
from smile.cli import (
    align,
    app,
    bench,
    check,
    demo_pools,
    evaluate,
    examples,
    index,
    learn,
    likelihood,
    pool,
    pretrain,
    project,
    publish,
    real_speech,
    results,
    similarity,
    train,
    transcribe,
)
from smile.cli.parsers import add_help, add_option
from smile.datatypes import SmileError
from smile.util.advice import of_a_file
from smile.util.processes import Terminated, ending
from smile.util.threads import settle

COMMANDS = (
    app,
    index,
    transcribe,
    align,
    check,
    examples,
    pool,
    train,
    similarity,
    pretrain,
    learn,
    evaluate,
    likelihood,
    results,
    project,
    publish,
    demo_pools,
    real_speech,
    bench,
)  # in the order of the help


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    description = "Speech recognition by transcribed examples."
    parser = argparse.ArgumentParser(prog="smile", description=description, add_help=False)
    add_help(parser)
    version = f"%(prog)s {__version__}"
    add_option(parser, "--version", action="version", version=version, help="Print the version and exit.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add(commands)
    return parser


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the values of a command's options, with `run`, the function that does it."""
    return build_parser().parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; what the user can put right is one sentence on standard error and code 2.

    Interrupted (SIGINT) it gives 130, terminated (SIGTERM) 143, after everything that it began has ended.
    """
    settle()
    chosen = parse(arguments)
    try:
        with ending():
            chosen.run(chosen)
    except SmileError as error:
        return _told(str(error), 2)
    except BrokenPipeError:  # whoever read the output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is left is for nobody
        return 1
    except OSError as error:
        return _told(of_a_file(error), 2)
    except MemoryError:
        return _told("There is not enough memory for this; end other programs, or give it less at a time.", 2)
    except KeyboardInterrupt:
        return _told(f"Interrupted{_going_on(chosen)}.", 130)
    except Terminated:
        return _told(f"Terminated{_going_on(chosen)}.", 143)
    return 0


def _going_on(chosen: argparse.Namespace) -> str:
    kept = chosen.goes_on and getattr(chosen, "out", True)  # without `--out` there is nothing to go on with
    return "; the same command goes on where it stopped" if kept else ""


def _told(sentence: str, code: int) -> int:
    print(sentence, file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
