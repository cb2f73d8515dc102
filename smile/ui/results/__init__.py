"""The tab Results: cached rows as tables, charts, utterances and findings."""

from smile.ui.results.tab import results_tab

__all__ = ["results_tab"]
