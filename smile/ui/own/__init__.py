"""The tab My language: a visitor's own examples, and the best transcripts that can be had with them."""

from smile.ui.own.service import VisitorService
from smile.ui.own.tab import own_tab, remembered

__all__ = ["VisitorService", "own_tab", "remembered"]
