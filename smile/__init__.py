"""Speech recognition that reads transcribed examples of a language: Whisper with in-context learning.

    from smile import Settings, load_models, open_pool, transcribe

Nothing heavy is imported before one of these is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from smile.pools.pool import open_pool
    from smile.settings import Settings
    from smile.transcription.lengths import read_whole as read
    from smile.transcription.pipeline import transcribe
    from smile.whisper.model import load_models

__version__ = "0.1.0"

PLACES = {
    "Settings": "smile.settings:Settings",
    "load_models": "smile.whisper.model:load_models",
    "open_pool": "smile.pools.pool:open_pool",
    "read": "smile.transcription.lengths:read_whole",
    "transcribe": "smile.transcription.pipeline:transcribe",
}

__all__ = ["Settings", "load_models", "open_pool", "read", "transcribe"]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for."""
    if name not in PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, _, attribute = PLACES[name].partition(":")
    return getattr(import_module(module), attribute)
