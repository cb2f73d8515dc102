"""Puts into the wheel what lies beside the package, and the commit that it is built from.

In a wheel, assets and measured rows lie in the package, where `smile/paths.py` finds them. Of them only what
`package-data` in pyproject.toml names travels: no datastores that a checkout has made, and no experiments.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from smile.util.commit import commit  # noqa: E402

BESIDE = {"smile.assets": "assets", "smile.precomputed": "precomputed", "smile.docs": "docs"}


class Build(build_py):
    """Builds the package without leftovers of earlier builds, and writes down its commit."""

    def run(self) -> None:
        """Copy the files, unless the package is used where it lies."""
        package = Path(self.build_lib) / "smile"
        if not self.editable_mode:
            shutil.rmtree(package, ignore_errors=True)
        super().run()
        if not self.editable_mode and (name := commit()):
            (package / "commit").write_text(f"{name}\n", encoding="ascii")


setup(
    packages=[*find_packages(str(HERE), include=["smile", "smile.*"]), *BESIDE],
    package_dir=BESIDE,
    cmdclass={"build_py": Build},
)
