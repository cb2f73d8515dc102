"""Models as they travel to workers: by what `load_models` is to be asked for there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smile.util.workers.carried import Parcel
from smile.whisper.model import SHIPPED_ADAPTER, Models, load_models


@dataclass(frozen=True)
class CarriedModels:
    """What models are loaded from; an adapter other than the one that comes with SMILE travels along.

    Whisper itself comes with SMILE, or from the Hub; a folder has to be on every machine.
    """

    arguments: dict[str, Any]  # of load_models, but for an adapter that travels
    adapter: Parcel | None = None

    @classmethod
    def of(cls, arguments: dict[str, Any], one_machine: bool) -> CarriedModels:
        """Take what is to be loaded; on one machine files stay where they are.

        Raises:
            OSError: the adapter cannot be read.
        """
        adapter = arguments.get("adapter")
        if one_machine or not isinstance(adapter, Path):
            return cls(arguments)
        if adapter == SHIPPED_ADAPTER:
            return cls({**arguments, "adapter": "shipped"})
        folder = adapter.resolve()
        return cls(arguments, Parcel.of(folder, [path for path in folder.iterdir() if path.is_file()]))

    def loaded(self) -> Models:
        """Return the models, which this process loads once."""
        if self.adapter is None:
            return load_models(**self.arguments)
        return load_models(**{**self.arguments, "adapter": self.adapter.unpacked()})
