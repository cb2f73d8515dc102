"""A page that is served while a test lasts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from smile.ui import look
from smile.ui.serving import Dashboard


@contextmanager
def launched(page: Dashboard, **options: Any) -> Iterator[Dashboard]:
    """Serve a page at a port of its own, and close it."""
    page.launch(prevent_thread_lock=True, quiet=True, server_name="127.0.0.1", **look(), **options)
    try:
        yield page
    finally:
        page.close()
