"""Where what the package does not compute lies: assets, measured rows, tables. No other module knows."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
ROOT = PACKAGE.parent  # of the repository
DATA = PACKAGE / "data"
ASSETS = ROOT / "assets"
POOLS = ASSETS / "pools"
PRECOMPUTED = ROOT / "precomputed"
