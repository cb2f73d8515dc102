"""What `smile app` and app.py do: serve the page. Models and pools are made ready once it answers."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from smile.datatypes import SmileError
from smile.paths import CACHE, POOLS, PRECOMPUTED

if TYPE_CHECKING:
    from smile.own.quota import Quota
    from smile.ui import Options

MOST_BYTES = "50mb"  # of an upload
MB = 1_000_000


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options; what the command line leaves out comes from the environment."""
    from smile.whisper.engines import ENGINES
    from smile.whisper.weights import DEFAULT

    env = os.environ.get
    parser.add_argument("--host", default=env("GRADIO_SERVER_NAME", "127.0.0.1"))
    parser.add_argument("--port", type=int, default=env("PORT") or env("GRADIO_SERVER_PORT") or 7860)
    parser.add_argument("--model", default=env("SMILE_MODEL", DEFAULT), help="a name or folder of Whisper")
    parser.add_argument("--engine", default=env("SMILE_ENGINE", ENGINES[0]), choices=ENGINES)
    parser.add_argument(
        "--device", default=env("SMILE_DEVICE", "cpu"), help="for the hf engine, such as cuda"
    )
    parser.add_argument("--adapter", type=Path, default=env("SMILE_ADAPTER"), help="a PEFT folder")
    parser.add_argument(
        "--corpora",
        type=Path,
        nargs="*",
        default=[Path(p) for p in env("SMILE_CORPORA", "").split(os.pathsep) if p],
        help="ML-SUPERB folders whose languages are offered too",
    )
    parser.add_argument(
        "--cache", type=Path, default=env("SMILE_CACHE", CACHE / "pools"), help="where their pools go"
    )
    parser.add_argument(
        "--read-ahead",
        action=argparse.BooleanOptionalAction,
        default=env("SMILE_READ_AHEAD", "1") != "0",
        help="read the pools that come with the app while nobody uses it",
    )
    parser.add_argument(
        "--precomputed",
        type=Path,
        default=env("SMILE_PRECOMPUTED", PRECOMPUTED),
        help="packed rows, and maps in maps/, that the page shows (what comes along)",
    )
    parser.add_argument(
        "--hosts",
        nargs="*",
        default=env("SMILE_HOSTS", "").replace(",", " ").split(),
        help="names under which the server answers, such as smile.example.org or *.example.org, * for any "
        "(this machine's own, and addresses in numbers)",
    )
    _visitors(parser)


def _visitors(parser: argparse.ArgumentParser) -> None:
    from smile.own.quota import Quota
    from smile.own.workspaces import KEEP_HOURS

    env = os.environ.get
    parser.add_argument(
        "--visitors",
        type=Path,
        default=env("SMILE_VISITORS", CACHE / "visitors"),
        help="where visitors' own pools are kept",
    )
    parser.add_argument(
        "--visitor-mb",
        type=megabytes,
        default=env("SMILE_VISITOR_MB") or Quota.each,
        help=f"megabytes that one visitor may keep ({Quota.each / MB:g})",
    )
    parser.add_argument(
        "--visitors-mb",
        type=megabytes,
        default=env("SMILE_VISITORS_MB") or Quota.total,
        help=f"megabytes that all visitors may keep together ({Quota.total / MB:g})",
    )
    parser.add_argument(
        "--most-visitors",
        type=int,
        default=env("SMILE_MOST_VISITORS") or Quota.visitors,
        help="visitors who may keep examples at a time (%(default)s)",
    )
    parser.add_argument(
        "--free-mb",
        type=megabytes,
        default=env("SMILE_FREE_MB") or Quota.free,
        help=f"megabytes of the disk that stay free ({Quota.free / MB:g})",
    )
    parser.add_argument(
        "--uploads-mb",
        type=megabytes,
        default=env("SMILE_UPLOADS_MB") or Quota.uploads,
        help=f"megabytes of uploads that may wait to be used ({Quota.uploads / MB:g})",
    )
    parser.add_argument(
        "--keep-hours",
        type=float,
        default=env("SMILE_KEEP_HOURS") or KEEP_HOURS,
        help="after so many hours without use they are deleted",
    )


def megabytes(text: str) -> int:
    """Return a number of megabytes in bytes."""
    size = float(text)
    if not 0 <= size < 1e9:
        raise ValueError(text)
    return round(MB * size)


def run(chosen: argparse.Namespace) -> None:
    """Serve until interrupted or terminated.

    Raises:
        SmileError: the address or a folder cannot be used.
    """
    from smile.own.workspaces import Workspaces
    from smile.ui import Desk, Engine, build_app, look
    from smile.ui.files import keep_to_ourselves

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    keep_to_ourselves()
    engine = Engine(_options(chosen))
    visitors = Path(chosen.visitors).expanduser()
    desk = Desk(engine, Workspaces(visitors, chosen.keep_hours, _quota(chosen)))
    try:
        desk.begin()
        page = build_app(engine, results=chosen.precomputed, maps=chosen.precomputed / "maps", desk=desk)
        page.launch(
            hosts=chosen.hosts,
            server_name=chosen.host,
            server_port=chosen.port,
            max_file_size=MOST_BYTES,
            mcp_server=True,
            prevent_thread_lock=True,
            **look(),
        )
    except OSError as error:
        raise SmileError(str(error)) from error
    engine.begin()
    try:
        page.block_thread()
    finally:
        desk.close()
        engine.close()


def _options(chosen: argparse.Namespace) -> Options:
    from smile.ui import Options
    from smile.whisper.model import shipped_adapter

    return Options(
        pools=POOLS,
        cache=Path(chosen.cache).expanduser(),
        corpora=tuple(chosen.corpora),
        model=chosen.model,
        engine=chosen.engine,
        device=chosen.device,
        adapter=Path(chosen.adapter) if chosen.adapter else shipped_adapter(chosen.model),
        read_ahead=chosen.read_ahead,
    )


def _quota(chosen: argparse.Namespace) -> Quota:
    from smile.own.quota import Quota

    return Quota(
        chosen.visitor_mb, chosen.visitors_mb, chosen.most_visitors, chosen.free_mb, chosen.uploads_mb
    )
