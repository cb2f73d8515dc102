"""Evaluates utterances on Ray: on a cluster of this machine's own, or on one that is there already.

A shard is an utterance with all its conditions, since they share its encoder states. A worker that is free
takes the next one; that of a worker which ends before it is done is done again, by another in its place.
"""

from __future__ import annotations

import logging
import os
import socket
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from smile.datatypes import SmileError
from smile.evaluation.evaluate import Made
from smile.evaluation.ray_guard import guarded, remove
from smile.evaluation.workers import Engines, Task, Work, done_alone
from smile.util.processes import handlers_kept

LOCAL = "local"  # the address of a cluster that is started here and ended with the work
AGAIN = 3  # times that a shard is tried after its worker has ended
PATIENCE = 10  # seconds for a cluster to answer
STORE = 100 * 1024**2  # bytes of shared memory; shards and rows are small
QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_enable_metrics_collection": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_worker_niceness": "0",  # as urgent as a run without Ray
}
ALONE = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}  # on every system: a node's address is 127.0.0.1
"""What Ray reads of the environment when it is imported."""


class Worker:
    """A process on Ray; it loads the models with its first shard and keeps them."""

    def __init__(self, arguments: dict[str, Any], folder: str):
        self._arguments, self._folder = arguments, folder

    def do(self, task: Task) -> list[Made]:
        """Return the rows of a shard.

        Raises:
            SmileError: this machine has not the folders that the shard names.
        """
        needed = [folder for folders in task.pools.values() for folder in folders]
        try:
            os.chdir(self._folder)  # which relative paths start from
            present = all(path.is_dir() for path in (task.utterance.audio.parent, *needed))
        except OSError:
            present = False
        if not present:
            raise SmileError(
                f"The worker on {socket.gethostname()} does not see the corpus and the pools; all machines "
                "of the cluster must have them, and this repository, under the same paths."
            )
        return done_alone(task, self._arguments)


@contextmanager
def workers_on_ray(engines: Engines) -> Iterator[Work]:
    """Start so many workers on a cluster, which ends with them where it is "local".

    Raises:
        SmileError: Ray is not installed, no cluster is there, or it is too small.
    """
    ray = _ray(engines.cluster.startswith((LOCAL, "127.0.0.1:")))  # "localhost:" too
    with _folder() as folder, guarded(folder) as tell:
        try:
            with handlers_kept():
                _join(ray, engines, folder)
            workers = _hired(ray, engines)
            tell()
            yield partial(_worked, ray, workers)
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
            'The engine ray needs the extra "ray", which is not installed; in the repository, run: '
            'pip install --editable ".[ray]"; without it, install the wheel again as "FILE.whl[ray]".'
        ) from error
    return ray


def _join(ray: Any, engines: Engines, folder: str) -> None:
    """Connect to a cluster; a local one listens to this machine alone and keeps its files in `folder`."""
    quiet = {"log_to_driver": False, "logging_level": logging.ERROR}
    if engines.cluster == LOCAL:
        ray.init(
            address=LOCAL,
            num_cpus=engines.jobs,
            include_dashboard=False,
            object_store_memory=STORE,
            _temp_dir=folder,
            **quiet,
        )
        return
    try:
        _knock(engines.cluster)
        ray.init(address=engines.cluster, **quiet)
    except Exception as error:  # Ray has several for a wrong address, a dead cluster, another version
        reason = str(error).strip().split("\n")[0].rstrip(".") or type(error).__name__
        raise SmileError(
            f"No cluster can be used at {engines.cluster}: {reason}. Check the address and its version "
            "of Ray; a cluster that asks for a token needs RAY_AUTH_MODE=token."
        ) from error


def _knock(address: str) -> None:
    """Make sure that somebody listens at "host:port": Ray itself tries for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if host and port.isdigit():
        socket.create_connection((host.strip("[]"), int(port)), timeout=PATIENCE).close()


def _hired(ray: Any, engines: Engines) -> list[Any]:
    there = int(ray.cluster_resources().get("CPU", 0))
    if there < engines.jobs:
        raise SmileError(
            f"The cluster has {there} CPUs and {engines.jobs} were asked for; choose fewer --jobs."
        )
    gpus = 1 if str(engines.model.get("device", "cpu")).startswith("cuda") else 0
    options = {"num_cpus": 1, "num_gpus": gpus, "max_restarts": -1, "max_task_retries": AGAIN}
    kind = ray.remote(Worker).options(**options)
    return [kind.remote(engines.model, str(Path.cwd())) for _ in range(engines.jobs)]


def _worked(ray: Any, workers: Sequence[Any], tasks: Sequence[Task]) -> Iterator[list[Made]]:
    """The rows of each task, as they come; whoever is done gets the next one."""
    todo = iter(tasks)
    running = {worker.do.remote(task): worker for worker, task in zip(workers, todo, strict=False)}
    while running:
        (ready,), _ = ray.wait(list(running), num_returns=1)
        worker = running.pop(ready)
        made = _got(ray, ready)
        for task in todo:
            running[worker.do.remote(task)] = worker
            break
        yield made


def _got(ray: Any, ready: Any) -> list[Made]:
    try:
        made: list[Made] = ray.get(ready)
    except ray.exceptions.RayTaskError as error:
        raise error.cause from None
    except ray.exceptions.RayError as error:
        raise SmileError(
            f"An utterance could not be done, its worker ended {AGAIN + 1} times; the same command goes on."
        ) from error
    return made
