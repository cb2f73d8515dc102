"""Serves the page; a Space starts here. Model and pools are made ready in the background, once it answers."""

from __future__ import annotations

import argparse
import sys

from smile.cli.serving import add, run
from smile.datatypes import SmileError


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Return what the command line says; what it leaves out comes from the environment."""
    parser = argparse.ArgumentParser(description=__doc__)
    add(parser)
    return parser.parse_args(arguments)


def main() -> None:
    """Serve until interrupted or terminated."""
    try:
        run(parse())
    except SmileError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
