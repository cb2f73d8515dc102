"""Marks what does not hold yet; a test so marked fails as soon as it does."""

from __future__ import annotations

import pytest


def hole(why: str) -> pytest.MarkDecorator:
    """Return the mark of a test that is known to fail, and why."""
    return pytest.mark.xfail(strict=True, reason=why)
