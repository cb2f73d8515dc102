"""A Ray cluster of two nodes on this machine, one CPU each, begun by `ray start` and asking for a token."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from smile.bench.start import free_port
from tests.conftest import ROOT
from tests.support.waiting import until

RAY = [sys.executable, "-m", "ray.scripts.scripts", "start", "--num-cpus", "1", "--block"]
MEMORY = ["--object-store-memory", str(100 * 1024**2)]
STARTED = "Ray runtime started."
AWAY = "127.0.0.2"  # another address of this machine, by which Ray tells the second node from the first


@dataclass(frozen=True)
class TwoNodes:
    """Where the cluster is, what a command needs in its environment to use it, and its second node."""

    address: str
    environment: dict[str, str]
    second: psutil.Process

    def workers_away(self) -> list[psutil.Process]:
        """Return the workers of SMILE's on the second node."""
        found = []
        for process in self.second.children(recursive=True):
            with suppress(psutil.Error):
                if process.name().startswith("ray::Worker"):
                    found.append(process)
        return found

    def kill_second(self) -> None:
        """End the second node and all its processes at once, as when its machine loses power."""
        _kill(self.second)

    def killed_in(self, run: subprocess.Popen[str], begun: Callable[[], bool]) -> str:
        """Kill the second node, with its one worker, once a command has `begun`; return its errors.

        The command has to end well.
        """
        until(lambda: run.poll() is not None or begun())
        assert run.poll() is None, run.communicate()
        away = self.workers_away()
        self.kill_second()
        error = run.communicate(timeout=120)[1]
        assert len(away) == 1
        assert run.returncode == 0, error
        return error


@contextmanager
def two_nodes() -> Iterator[TwoNodes]:
    """Give the cluster, which ends with the block with all its processes."""
    port = free_port()
    with ExitStack() as stack:
        folder = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="ray", ignore_cleanup_errors=True))
        )
        environment = {
            **{
                name: value for name, value in os.environ.items() if not name.startswith("RAY_")
            },  # of other tests
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN": secrets.token_hex(32),
            "RAY_USAGE_STATS_ENABLED": "0",
            "RAY_enable_metrics_collection": "0",
            "PYTHONPATH": str(ROOT),
            "TMPDIR": str(folder),
        }
        head = ["--head", "--port", str(port), "--include-dashboard", "false", "--temp-dir", str(folder)]
        ports = ["--min-worker-port", "0", "--max-worker-port", "0"]
        stack.enter_context(_node([*head, *ports], environment, folder / "head"))
        address = f"127.0.0.1:{port}"
        away = ["--address", address, "--node-ip-address", AWAY, *ports]
        second = stack.enter_context(_node(away, environment, folder / "second"))
        yield TwoNodes(address, environment, second)


@contextmanager
def _node(options: list[str], environment: dict[str, str], told: Path) -> Iterator[psutil.Process]:
    with told.open("w") as out:
        run = subprocess.Popen(
            [*RAY, *MEMORY, *options],
            cwd=told.parent,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    node = psutil.Process(run.pid)
    try:
        until(lambda: STARTED in told.read_text() or run.poll() is not None)
        assert run.poll() is None, told.read_text()
        yield node
    finally:
        _kill(node)
        run.wait()


def _kill(node: psutil.Process) -> None:
    with suppress(psutil.NoSuchProcess):
        for process in [node, *node.children(recursive=True)]:
            with suppress(psutil.NoSuchProcess):
                process.kill()
