"""The tab Transcribe: a clip in, both transcripts side by side, the examples below."""

from smile.ui.transcribe.broken_off import broken_off_key
from smile.ui.transcribe.keeping import Keeper
from smile.ui.transcribe.tab import transcribe_tab

__all__ = ["Keeper", "broken_off_key", "transcribe_tab"]
