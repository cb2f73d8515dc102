"""Serves the page, as `smile app` does; a Space starts here."""

from __future__ import annotations

import argparse
import sys

from smile.cli import main as cli
from smile.datatypes import SmileError
from smile.util.threads import settle


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Return what the command line says; what it leaves out comes from the environment."""
    return cli.parse(["app", *(sys.argv[1:] if arguments is None else arguments)])


def main() -> None:
    """Serve until interrupted or terminated."""
    settle()
    chosen = parse()
    try:
        chosen.run(chosen)
    except SmileError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
