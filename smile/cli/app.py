"""`smile app`: the page. Models and pools are made ready in the background, once it answers."""

from __future__ import annotations

import argparse
import atexit
import errno
import os
import signal
import socket
import sys
from multiprocessing import active_children
from pathlib import Path
from typing import TYPE_CHECKING

from smile.cli.models import CPU, add_adapter, add_device, add_engine_name, add_model, add_stamps
from smile.cli.parsers import Commands, add_command, add_option
from smile.cli.terminal import MB, megabytes
from smile.datatypes import SmileError
from smile.own.quota import Quota
from smile.own.workspaces import KEEP_HOURS, Workspaces
from smile.paths import CACHE, POOLS, PRECOMPUTED
from smile.whisper.engines import ENGINES, zero
from smile.whisper.weights import DEFAULT

if TYPE_CHECKING:
    from smile.ui import Options

TAKEN = (
    "Port {} is in use, perhaps by another SMILE: end that program, or take another port, such as --port {} "
    "(PORT= for make app)."
)


def add(commands: Commands) -> None:
    """Add the command and its options; what the command line leaves out comes from the environment."""
    parser, env = add_command(commands, "app", run), os.environ.get
    add_option(
        parser,
        "--host",
        default=env("GRADIO_SERVER_NAME", "127.0.0.1"),
        help="Serve at this address; 0.0.0.0 is all of this machine's.",
    )
    add_option(
        parser,
        "--port",
        type=int,
        default=env("PORT") or env("GRADIO_SERVER_PORT") or 7860,
        help="Serve at this port.",
    )
    add_option(
        parser,
        "--hosts",
        nargs="*",
        default=env("SMILE_HOSTS", "").replace(",", " ").split(),
        help="Answer under these names, such as smile.example.org or *.example.org, * for any "
        "(default: this machine's own, and addresses in numbers).",
    )
    add_option(
        parser,
        "--precomputed",
        type=Path,
        default=env("SMILE_PRECOMPUTED", PRECOMPUTED),
        help="Show the packed rows of this folder, and the maps in its maps/.",
    )
    add_model(parser, env("SMILE_MODEL", DEFAULT))
    add_engine_name(parser, env("SMILE_ENGINE", ENGINES[0]))
    add_device(parser, env("SMILE_DEVICE", CPU))
    add_adapter(parser, env("SMILE_ADAPTER"))
    _add_pools(parser)
    _add_visitors(parser)
    _add_limits(parser)


def _add_pools(parser: argparse.ArgumentParser) -> None:
    env = os.environ.get
    add_option(
        parser,
        "--corpora",
        type=Path,
        nargs="*",
        default=[Path(p) for p in env("SMILE_CORPORA", "").split(os.pathsep) if p],
        help="Offer the languages of these ML-SUPERB folders too (default: those that SMILE_CORPORA names).",
    )
    add_option(
        parser,
        "--cache",
        type=Path,
        default=env("SMILE_CACHE", CACHE / "pools"),
        help="Keep the pools of these corpora in this folder.",
    )
    add_option(
        parser,
        "--read-ahead",
        action=argparse.BooleanOptionalAction,
        default=env("SMILE_READ_AHEAD", "1") != "0",
        help="Make the datastores of the pools that come with SMILE while nobody uses the page.",
    )
    add_stamps(parser)


def _add_visitors(parser: argparse.ArgumentParser) -> None:
    env = os.environ.get
    add_option(
        parser,
        "--visitors",
        type=Path,
        default=env("SMILE_VISITORS", CACHE / "visitors"),
        help="Keep visitors' own pools in this folder.",
    )
    add_option(
        parser,
        "--most-visitors",
        type=int,
        default=env("SMILE_MOST_VISITORS") or Quota.visitors,
        help="Keep this number of visitors' folders at a time, one for each language.",
    )
    add_option(
        parser,
        "--keep-hours",
        type=float,
        default=env("SMILE_KEEP_HOURS") or KEEP_HOURS,
        help="Delete what a visitor keeps after this number of hours without use.",
    )


def _add_limits(parser: argparse.ArgumentParser) -> None:
    limits = (
        ("--visitor-mb", "SMILE_VISITOR_MB", Quota.each, "Let one visitor keep this number of megabytes"),
        ("--visitors-mb", "SMILE_VISITORS_MB", Quota.total, "Let all visitors keep this number of megabytes"),
        ("--free-mb", "SMILE_FREE_MB", Quota.free, "Leave this number of megabytes of the disk free"),
        ("--uploads-mb", "SMILE_UPLOADS_MB", Quota.uploads, "Let uploads of this number of megabytes wait"),
        ("--file-mb", "SMILE_FILE_MB", Quota.file, "Take files of at most this number of megabytes"),
    )
    for name, variable, size, help in limits:
        add_option(
            parser,
            name,
            type=megabytes,
            default=os.environ.get(variable) or size,
            help=f"{help} (default: {size / MB:g}).",
        )


def run(chosen: argparse.Namespace) -> None:
    """Serve the page until interrupted or terminated.

    Raises:
        SmileError: the address or a folder cannot be used.
    """
    ended: list[int] = []  # the code of a page that was terminated

    def terminate(*_: object) -> None:
        ended.append(128 + signal.SIGTERM)
        sys.exit(ended[0])

    atexit.register(_leave, ended)  # before what is loaded later, so that it runs last
    before = signal.signal(signal.SIGTERM, terminate)
    try:
        _serve(chosen)
    finally:
        signal.signal(signal.SIGTERM, before)


def _leave(ended: list[int]) -> None:
    """End the process with a code where there is one: Python aborts as it ends if threads compute past it."""
    if ended:
        for child in active_children():
            child.terminate()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(ended[0])


def _serve(chosen: argparse.Namespace) -> None:
    from smile.ui import Engine, VisitorService, build_app, look
    from smile.ui.files import keep_to_ourselves
    from smile.ui.parts.pools import default_pool

    _refuse_taken(chosen.host, chosen.port)
    keep_to_ourselves()
    options = _options(chosen)
    if _on_zero(chosen):
        _load_first(options)
    engine = Engine(options)
    visitors = Path(chosen.visitors).expanduser()
    service = VisitorService(engine, Workspaces(visitors, chosen.keep_hours, _quota(chosen)))
    try:
        service.begin()
        page = build_app(
            engine, results=chosen.precomputed, maps=chosen.precomputed / "maps", service=service
        )
        page.launch(
            hosts=chosen.hosts,
            server_name=chosen.host,
            server_port=chosen.port,
            max_file_size=service.visitors.quota.file,
            mcp_server=True,
            prevent_thread_lock=True,
            **look(),
        )
    except OSError as error:
        raise SmileError(str(error)) from error
    engine.begin(default_pool(engine))
    try:
        page.block_thread()
    finally:
        service.close()
        engine.close()


def _refuse_taken(host: str, port: int) -> None:
    """Raise a SmileError where another program serves at the port, before anything is loaded."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise SmileError(TAKEN.format(port, port + 1)) from error


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
        stamps=chosen.stamps,
        read_ahead=chosen.read_ahead and not _on_zero(chosen),  # the GPU is visitors', by the minute
    )


def _on_zero(chosen: argparse.Namespace) -> bool:
    """Whether the hf engine takes a GPU of ZeroGPU for each piece of work."""
    return chosen.engine == "hf" and chosen.device.startswith("cuda") and zero.present()


def _load_first(options: Options) -> None:
    """Load the models before the page is launched and in the main thread, as ZeroGPU's package asks for."""
    from smile.ui.sources import loaded

    zero.gpu()
    loaded(options)


def _quota(chosen: argparse.Namespace) -> Quota:
    """The quota; a file that waits counts among the uploads, so it may not be larger than these together."""
    return Quota(
        each=chosen.visitor_mb,
        total=chosen.visitors_mb,
        visitors=chosen.most_visitors,
        free=chosen.free_mb,
        uploads=chosen.uploads_mb,
        file=min(chosen.file_mb, chosen.uploads_mb),
    )
