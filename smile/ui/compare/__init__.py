"""The tab Compare: one recording under many numbers of examples and ways to choose them."""

from smile.ui.compare.tab import compare_tab

__all__ = ["compare_tab"]
