"""How many cases are generated at a boundary, which is where something from outside comes in."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from smile.datatypes import SmileError

THOROUGH = "boundaries"  # the profile that `conftest.py` registers

Test = Callable[..., Any]
SENTENCE = re.compile(r"[^\n]+[.\"]")


def boundary(cases: int) -> Callable[[Test], Test]:
    """Return what makes a property one of a boundary: so many cases, or those of the thorough profile."""
    thorough = settings.get_current_profile_name() == THOROUGH
    chosen = settings(
        max_examples=settings().max_examples if thorough else cases,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    return lambda test: pytest.mark.boundary(chosen(test))


def assert_refused(error: SmileError) -> None:
    """See that a refusal is one sentence."""
    assert SENTENCE.fullmatch(str(error)), str(error)
