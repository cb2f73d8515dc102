"""The command line: a parser for each command, and `main`; what commands do is in `smile.cli.commands`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from smile import __version__
from smile.cli import commands as does
from smile.cli.options import add_settings
from smile.cli.terminal import pool_folder, several_shots, strengths, windows
from smile.datatypes import SmileError
from smile.paths import POOLS
from smile.settings import OPTIONS
from smile.util.processes import Terminated, ending

A_POOL = "folder, or the code of a pool that comes along, such as gla"


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Arguments -> the chosen command's, with `run` the function that does it."""
    parser = argparse.ArgumentParser(prog="smile", description="Speech recognition by transcribed examples.")
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for add in ADDED:
        add(commands)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; what the user can put right is one sentence on standard error and code 2.

    Interrupted (SIGINT) it gives 130, terminated (SIGTERM) 143, after everything that it began has ended.
    """
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
        return _told(
            f"{error.filename or 'A file'} cannot be read or written ({error.strerror or error}).", 2
        )
    except MemoryError:
        return _told("There is not enough memory for this; end other programs, or give it less at a time.", 2)
    except KeyboardInterrupt:
        return _told("Interrupted; the same command goes on where it stopped.", 130)
    except Terminated:
        return _told("Terminated; the same command goes on where it stopped.", 143)
    return 0


def _told(sentence: str, code: int) -> int:
    print(sentence, file=sys.stderr)
    return code


Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def _command(
    commands: Commands, name: str, run: Callable[[argparse.Namespace], None]
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=run.__doc__, description=run.__doc__)
    parser.set_defaults(run=run)
    return parser


def _engine_options(parser: argparse.ArgumentParser, more: Sequence[str] = (), help: str = "") -> None:
    from smile.whisper.engines import ENGINES
    from smile.whisper.weights import DEFAULT

    parser.add_argument("--model", default=DEFAULT, help="name or folder of a Whisper (%(default)s)")
    engines = (*ENGINES, *more)
    parser.add_argument("--engine", default=ENGINES[0], choices=engines, help=f"{help}(%(default)s)")
    parser.add_argument("--precision", default="auto", help="auto, float32, bfloat16 or int8 (%(default)s)")
    parser.add_argument("--device", default="cpu", help="for the hf engine, such as cuda (%(default)s)")
    parser.add_argument("--adapter", type=Path, help="a PEFT folder (the one that ships, if there is one)")


def _app(commands: Commands) -> None:
    from smile.cli.serving import add

    add(_command(commands, "app", does.app))


def _index(commands: Commands) -> None:
    parser = _command(commands, "index", does.index)
    parser.add_argument(
        "source",
        type=Path,
        help="ML-SUPERB folder, data set in parquet or on the hub, table, pool, zip, .eaf or .TextGrid",
    )
    parser.add_argument("--out", type=Path, required=True, help="folder of the pool; may be the source")
    parser.add_argument("--split", default="", help="(10min_train in ML-SUPERB's folders, else train)")
    parser.add_argument("--language", default="", help="ISO 639-3 code: which one, or where nothing says it")
    parser.add_argument(
        "--tier", action="append", default=[], help="of annotations to cut at; may be repeated"
    )
    parser.add_argument("--recording", type=Path, help="of an annotation file, where it is not beside it")
    parser.add_argument("--knn", action="store_true", help="read the clips for token-level neighbours too")
    _engine_options(parser)


def _train(commands: Commands) -> None:
    from smile.cli.training_options import add

    add(_command(commands, "train", does.train))


def _transcribe(commands: Commands) -> None:
    parser = _command(commands, "transcribe", does.transcribe)
    parser.add_argument("clip", type=Path, nargs="+", help="recordings, or folders with some")
    parser.add_argument("--pool", type=pool_folder, required=True, help=f"of the examples: {A_POOL}")
    add_settings(parser)
    parser.add_argument("--reference", help="what is said, to score both transcripts")
    parser.add_argument("--json", action="store_true", help="print everything as JSON")
    parser.add_argument("--out", type=Path, help="folder of the transcripts of many recordings")
    parser.add_argument(
        "--format", default="csv", help="csv, jsonl, srt, vtt, textgrid, eaf, joined by commas (%(default)s)"
    )
    _engine_options(parser)


def _check(commands: Commands) -> None:
    parser = _command(commands, "check", does.check)
    parser.add_argument("pool", type=pool_folder, help=A_POOL)
    parser.add_argument("--clips", type=int, default=20, help="that are left out in turn (%(default)s)")
    parser.add_argument(
        "--shots",
        dest="counts",
        type=several_shots,
        default=(1, 3, 5),
        help="Try these numbers of examples, joined by commas (default: 1,3,5).",
    )
    parser.add_argument("--seed", type=int, default=0, help="which clips (%(default)s)")
    _engine_options(parser)


def _pool(commands: Commands) -> None:
    parser = _command(commands, "pool", does.pool)
    parser.add_argument("what", choices=("export",))
    parser.add_argument("pool", type=pool_folder, help=A_POOL)
    parser.add_argument("--format", default="folder", choices=("folder", "superb"), help="(%(default)s)")
    parser.add_argument("--out", type=Path, required=True, help="the zip to write")


def _learn(commands: Commands) -> None:
    parser = _command(commands, "learn", does.learn)
    parser.add_argument("--data", type=Path, required=True, help="ML-SUPERB folder or the like")
    parser.add_argument("--languages", default="", help="ISO 639-3 codes joined by commas (all)")
    parser.add_argument("--examples", type=int, default=12, help="in the pool at first (%(default)s)")
    parser.add_argument("--clips", type=int, default=30, help="test clips corrected (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="which test clips (%(default)s)")
    add_settings(parser, [name for name in OPTIONS if name != "seed"])
    parser.add_argument("--out", type=Path, required=True, help="CSV file of the edits of each clip")
    _engine_options(parser)


def _similarity(commands: Commands) -> None:
    from smile.whisper.weights import DEFAULT

    parser = _command(commands, "similarity", does.similarity)
    parser.add_argument("--data", type=Path, required=True, help="an ML-SUPERB root")
    parser.add_argument("--work", type=Path, required=True, help="folder that keeps what a resume needs")
    parser.add_argument("--out", type=Path, default=Path("assets/similarity.npz"), help="(%(default)s)")
    parser.add_argument("--model", default=DEFAULT, help="name or folder of a Whisper (%(default)s)")


def _evaluate(commands: Commands) -> None:
    parser = _command(commands, "evaluate", does.evaluate)
    parser.add_argument(
        "--data", type=Path, required=True, help="ML-SUPERB folder, data set in parquet or on the hub, table"
    )
    parser.add_argument("--languages", default="", help="ISO 639-3 codes joined by commas (all)")
    parser.add_argument(
        "--grid",
        default="main",
        help="TOML files, or names of those that come along, joined by commas (%(default)s)",
    )
    parser.add_argument("--conditions", default="", help="names joined by commas (all of the grid)")
    parser.add_argument("--split", default="", help="of the targets (10min_test, in parquet dev, else test)")
    parser.add_argument("--pool-split", default="", help="of the examples (10min_train, else train)")
    parser.add_argument("--out", type=Path, required=True, help="folder of the rows")
    parser.add_argument("--limit", type=int, default=0, help="utterances of a language (all)")
    parser.add_argument("--seed", type=int, default=0, help="which utterances (%(default)s)")
    parser.add_argument("--jobs", type=int, default=1, help="workers of one thread each (%(default)s)")
    parser.add_argument(
        "--address", default="", help="of a Ray cluster; without it, one of this machine's own"
    )
    parser.add_argument("--windows", type=windows, default=(), help="seconds joined by commas, such as 30")
    parser.add_argument("--cache", type=Path, help="where pools are kept (OUT.pools)")
    parser.add_argument("--dry-run", action="store_true", help="count and estimate, and do nothing")
    _engine_options(parser, ("ray", "ray-hf"), "ray: lean, in workers on Ray; ray-hf: hf there ")


def _likelihood(commands: Commands) -> None:
    from smile.whisper.weights import DEFAULT

    parser = _command(commands, "likelihood", does.likelihood)
    parser.add_argument("--data", type=Path, required=True, help="whatever corpus evaluate takes")
    parser.add_argument("--languages", default="", help="ISO 639-3 codes joined by commas (all)")
    parser.add_argument("--split", default="", help="of the clips (10min_dev, else validation)")
    parser.add_argument("--limit", type=int, default=0, help="clips of a language (all)")
    parser.add_argument(
        "--shots",
        dest="counts",
        type=several_shots,
        default=(0, 1, 3),
        help="Try these numbers of examples, joined by commas (default: 0,1,3).",
    )
    parser.add_argument("--adapter", type=Path, nargs="+", default=[], help="PEFT folders to compare")
    parser.add_argument("--scale", type=strengths, default=(), help="shares of their change (each one's own)")
    parser.add_argument("--against-first", action="store_true", help="changes are to the first adapter's")
    add_settings(parser, ("timestamps",))
    parser.add_argument("--out", type=Path, required=True, help="CSV file of the rows")
    parser.add_argument("--cache", type=Path, help="where pools are kept (OUT.pools)")
    parser.add_argument("--model", default=DEFAULT, help="name or folder of a Whisper (%(default)s)")
    parser.add_argument("--precision", default="auto", help="auto, float32 or int8 (%(default)s)")


def _results(commands: Commands) -> None:
    parser = _command(commands, "results", does.results)
    parser.add_argument("what", choices=("pack", "show", "findings"))
    parser.add_argument(
        "folders",
        type=Path,
        nargs="*",
        help="that evaluate has written, or packed (those that come along)",
    )
    parser.add_argument("--to", type=Path, default=Path("precomputed"), help="of pack (%(default)s)")


def _project(commands: Commands) -> None:
    parser = _command(commands, "project", does.project)
    parser.add_argument("pools", type=pool_folder, nargs="+", help=f"of a language each: {A_POOL}")
    parser.add_argument("--out", type=Path, default=Path("precomputed/maps"), help="(%(default)s)")
    parser.add_argument("--name", default="demo", help="of the map of all; others add a code (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of UMAP (%(default)s)")


def _demo_pools(commands: Commands) -> None:
    parser = _command(commands, "demo-pools", does.demo_pools)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--languages", default="", help="ISO 639-3 codes joined by commas (all)")
    parser.add_argument("--embed-only", action="store_true", help="keep the clips, encode them anew")


def _bench(commands: Commands) -> None:
    parser = _command(commands, "bench", does.bench)
    parser.add_argument("what", choices=("engines", "latency", "context", "start", "map"))
    parser.add_argument("--data", type=Path, nargs="*", default=[POOLS / "gle"], help="clips")
    parser.add_argument("--split", default="10min_test", help="of an ML-SUPERB folder (%(default)s)")
    parser.add_argument("--limit", type=int, default=10, help="clips of each folder (%(default)s)")
    parser.add_argument("--points", type=int, default=20_000, help="of the map (%(default)s)")


ADDED = (
    _app,
    _index,
    _transcribe,
    _check,
    _pool,
    _train,
    _similarity,
    _learn,
    _evaluate,
    _likelihood,
    _results,
    _project,
    _demo_pools,
    _bench,
)

if __name__ == "__main__":
    sys.exit(main())
