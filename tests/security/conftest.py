"""The app itself in a process of its own, over copies of what it must not harm."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.security.client import Stranger
from tests.security.served import Served, serve


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The app as `python app.py` serves it, but that its models are loaded when somebody asks for them."""
    with serve(tmp_path_factory.mktemp("app"), idle=True, SMILE_FILE_MB="50") as served:
        yield served


@pytest.fixture
def stranger(app: Served) -> Stranger:
    """Somebody who has not been here before."""
    return Stranger(app.address)


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """Serves the app another time, with options and variables of the environment."""
    with ExitStack() as stack:
        yield lambda *options, **more: stack.enter_context(serve(tmp_path, *options, **more))
