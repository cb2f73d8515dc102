"""Models as they travel to workers: by what `load_models` is to be asked for there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smile.util.workers.carried import Parcel
from smile.whisper.engines import precision_of
from smile.whisper.model import SHIPPED_ADAPTER, Models, load_models


@dataclass(frozen=True)
class CarriedModels:
    """What models are loaded from; an adapter other than the one that comes with SMILE travels along.

    Whisper itself comes with SMILE, or from the Hub; a folder has to be on every machine.
    """

    arguments: dict[str, Any]  # of load_models, but for an adapter that travels
    bfloat16: bool  # whether that is faster here: workers compute alike, whatever they would measure
    adapter: Parcel | None = None

    @classmethod
    def of(cls, arguments: dict[str, Any], one_machine: bool) -> CarriedModels:
        """Take what is to be loaded; on one machine files stay where they are.

        Raises:
            OSError: the adapter cannot be read.
        """
        from smile.whisper.engines.layers import multiplies_bfloat16

        faster, adapter = multiplies_bfloat16(), arguments.get("adapter")
        engine, device = arguments.get("engine", "lean"), arguments.get("device", "cpu")
        precision = precision_of(engine, arguments.get("precision", "auto"), device)
        arguments = {**arguments, "precision": precision}  # as here, whatever a worker's CPU has
        if one_machine or not isinstance(adapter, Path):
            return cls(arguments, faster)
        if adapter == SHIPPED_ADAPTER:
            return cls({**arguments, "adapter": "shipped"}, faster)
        folder = adapter.resolve()
        return cls(arguments, faster, Parcel.of(folder, [p for p in folder.iterdir() if p.is_file()]))

    def loaded(self) -> Models:
        """Return the models, which this process loads once."""
        from smile.whisper.engines.layers import settle_bfloat16

        settle_bfloat16(self.bfloat16)
        if self.adapter is None:
            return load_models(**self.arguments)
        return load_models(**{**self.arguments, "adapter": self.adapter.unpacked()})
