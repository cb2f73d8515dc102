"""What the package offers by its own name, and the lines of the README that use it."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

import smile
from tests.conftest import ROOT


def test_every_public_name_is_there() -> None:
    assert set(smile.__all__) == set(smile.PLACES)
    for name in smile.__all__:
        assert getattr(smile, name).__doc__
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        smile.nothing  # noqa: B018


def test_the_lines_of_the_readme_work() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (lines,) = re.findall(r"```python\n(from smile import .*?)```", text, re.DOTALL)
    done = subprocess.run([sys.executable, "-c", lines], cwd=ROOT, capture_output=True, text=True, check=True)
    assert len(done.stdout.splitlines()) == 2
    assert all(line.strip() for line in done.stdout.splitlines())
