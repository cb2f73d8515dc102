"""Callbacks as tools for programs: gradio names a tool, and says what it does, after its function."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any


def tool(name: str, function: Callable[..., Any], *bound: Any) -> Callable[..., Any]:
    """Return a function with its first arguments bound, under a name, with its own description."""
    made: Any = partial(function, *bound)
    made.__name__, made.__doc__ = name, function.__doc__
    return made
