"""The tab Transcribe: a clip in, both transcripts side by side, the examples below."""

from smile.ui.transcribe.keeping import Keeper
from smile.ui.transcribe.tab import transcribe_tab

__all__ = ["Keeper", "transcribe_tab"]
