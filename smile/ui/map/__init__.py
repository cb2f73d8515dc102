"""The tab Map: every example of a pool as a point, a clip among them, and why its neighbours are near."""

from smile.ui.map.atlas import Atlas
from smile.ui.map.tab import map_tab

__all__ = ["Atlas", "map_tab"]
