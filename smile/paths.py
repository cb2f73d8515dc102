"""Where what the package does not compute lies: assets, measured rows, tables. No other module knows."""

from __future__ import annotations

import os
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
INSTALLED = (PACKAGE / "assets").is_dir()
"""Whether this is a wheel's copy, into which `setup.py` has put assets and measured rows."""
CHECKOUT = None if INSTALLED else PACKAGE.parent  # of the repository
ROOT = CHECKOUT or PACKAGE
GRIDS = PACKAGE / "evaluation" / "grids"
LANGUAGES = PACKAGE / "text" / "languages.csv"
COMMIT = PACKAGE / "commit"  # written by `setup.py`
ASSETS = ROOT / "assets"
POOLS = ASSETS / "pools"
GLOSSARY = ROOT / "docs" / "glossary.md"
PRECOMPUTED = ROOT / "precomputed"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "smile"
