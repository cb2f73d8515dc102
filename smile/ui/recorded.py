"""The recordings and references of measured utterances, where their corpus is on this server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smile.datatypes import Utterance
from smile.ui.sounds import Address, Sounds

if TYPE_CHECKING:
    from smile.ui.engine import Engine


class Recordings:
    """Test recordings by language and id; rows hold neither their texts nor their sound."""

    def __init__(self, engine: Engine | None = None):
        self._engine = engine

    def find(self, code: str, name: str) -> Utterance | None:
        """Return an utterance by its ISO 639-3 code and id; None where it is not at hand."""
        if self._engine is None:
            return None
        keys = (pool.key for pool in self._engine.pools() if pool.language.code == code)
        return next(filter(None, (self._engine.recording(key, name) for key in keys)), None)

    @property
    def address(self) -> Address:
        """Return where the page plays a recording from."""
        return Sounds(self._engine.audio_folders() if self._engine else ()).address
