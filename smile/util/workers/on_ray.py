"""Workers on Ray: on a cluster of this machine's own, or on one that is there already.

A worker that is free takes the next task; that of a worker which ends before it is done, with its machine or
alone, is done again by another. Where there is room a new worker takes the place of one that has ended.
"""

from __future__ import annotations

import logging
import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from smile.datatypes import SmileError
from smile.util.processes import handlers_kept
from smile.util.workers import LOCAL, Do, Placement, Work
from smile.util.workers.carried import forget
from smile.util.workers.ray_guard import guarded, remove
from smile.util.workers.ray_tasks import Crew

PATIENCE = 10  # seconds for a cluster to answer
STORE = 100 * 1024**2  # bytes of shared memory; tasks and results on one machine are small
QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_enable_metrics_collection": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_worker_niceness": "0",  # as urgent as a run without Ray
}
ALONE = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}  # on every system: a node's address is 127.0.0.1
"""What Ray reads of the environment when it is imported."""


class Worker:
    """A process on Ray; what it loads with its first task it keeps."""

    def __init__(self, do: Do):
        self._do = do

    def ready(self) -> None:
        """Return as soon as the worker is there."""

    def do(self, task: Any) -> Any:
        """Return the result of a task."""
        return self._do(task)

    def end(self) -> None:
        """Remove what was carried here."""
        forget()


@contextmanager
def on_ray(placement: Placement, do: Do) -> Iterator[Work]:
    """Start so many workers on a cluster, which ends with them where it is "local".

    Raises:
        SmileError: Ray is not installed, no cluster is there, or it is too small.
    """
    ray = _ray(placement.cluster.startswith((LOCAL, "127.0.0.1:")))  # "localhost:" too
    with _folder() as folder, guarded(folder) as tell:
        try:
            with handlers_kept():
                _join(ray, placement, folder)
            crew = _hired(ray, placement, do)
            tell()
            yield crew.work
            crew.end()
        finally:
            ray.shutdown()


@contextmanager
def _folder() -> Iterator[str]:
    """A folder for Ray's files."""
    folder = tempfile.mkdtemp(prefix="ray-")
    try:
        yield folder
    finally:
        remove(Path(folder))


def _ray(alone: bool) -> Any:
    os.environ.update({**QUIET, **ALONE} if alone else QUIET)
    try:
        import ray
    except ImportError as error:
        raise SmileError(
            'Workers on a cluster need the extra "ray", which is not installed; in the repository, run: '
            'pip install --editable ".[ray]"; without it, install the wheel again as "FILE.whl[ray]".'
        ) from error
    return ray


def _join(ray: Any, placement: Placement, folder: str) -> None:
    """Connect to a cluster; a local one listens to this machine alone and keeps its files in `folder`."""
    quiet = {"log_to_driver": False, "logging_level": logging.ERROR}
    if placement.cluster == LOCAL:
        ray.init(
            address=LOCAL,
            num_cpus=placement.jobs,
            include_dashboard=False,
            object_store_memory=STORE,
            _temp_dir=folder,
            **quiet,
        )
        return
    check_address(placement.cluster)
    try:
        ray.init(address=placement.cluster, **quiet)
    except Exception as error:  # Ray has several for a wrong address, a dead cluster, another version
        raise _unusable(placement.cluster, error) from error


def check_address(address: str) -> None:
    """Make sure that somebody listens at "host:port": Ray itself tries for minutes.

    Raises:
        SmileError: it is no such address, or nobody does.
    """
    if address == "auto":  # Ray's own word for the cluster that runs on this machine
        return
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not (host and port.isdigit()):
        raise SmileError(f'"{address}" is no address of a cluster; write HOST:PORT, or "{LOCAL}".')
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=PATIENCE).close()
    except (OSError, OverflowError) as error:
        raise _unusable(address, error) from error


def _unusable(address: str, error: Exception) -> SmileError:
    reason = str(error).strip().split("\n")[0].rstrip(".") or type(error).__name__
    return SmileError(
        f"No cluster can be used at {address}: {reason}. Check the address and its version "
        "of Ray; a cluster that asks for a token needs RAY_AUTH_MODE=token."
    )


def _hired(ray: Any, placement: Placement, do: Do) -> Crew:
    there = int(ray.cluster_resources().get("CPU", 0))
    if there < placement.jobs:
        raise SmileError(
            f"The cluster has {there} CPUs and {placement.jobs} were asked for; choose fewer --jobs."
        )
    kind = ray.remote(Worker).options(num_cpus=1, num_gpus=placement.gpus)
    given = ray.put(do)  # once, however many workers there are
    return Crew(ray, lambda: kind.remote(given), placement.jobs)
