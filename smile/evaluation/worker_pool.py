"""Who does the tasks of an evaluation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from smile.evaluation.workers import Engines, Work, in_processes, work_here
from smile.whisper.model import Models


@contextmanager
def worker_pool(models: Models, engines: Engines) -> Iterator[Work]:
    """Give who does tasks: this process, several, or workers on Ray; they keep their models until the end.

    Raises:
        SmileError: Ray is not there; or, from the work, a worker has ended before it was done.
    """
    if engines.cluster:
        from smile.evaluation.ray_workers import workers_on_ray

        with workers_on_ray(engines) as work:
            yield work
    elif engines.jobs > 1:
        with in_processes(engines) as work:
            yield work
    else:
        yield partial(work_here, models)
