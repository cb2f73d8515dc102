"""Models as they travel to workers: by what `load_models` is to be asked for there."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import smile
from smile.datatypes import SmileError
from smile.util.workers import Placement
from smile.util.workers.carried import Parcel
from smile.whisper.engines import precision_of
from smile.whisper.model import SHIPPED_ADAPTER, Models, load_models


@dataclass(frozen=True, eq=False)
class Held:
    """Models that threads of this process share."""

    models: Models

    def loaded(self) -> Models:
        """Return the models."""
        return self.models


@dataclass(frozen=True)
class CarriedModels:
    """What models are loaded from; an adapter other than the one that comes with SMILE travels along.

    Whisper itself comes with SMILE, or from the Hub; a folder has to be on every machine.
    """

    arguments: dict[str, Any]  # of load_models, but for an adapter that travels
    bfloat16: bool  # whether that is faster here: workers compute alike, whatever their CPU
    adapter: Parcel | None = None
    wanted: tuple[Any, ...] = ()  # what tells the models here from others; empty where none are loaded here

    @classmethod
    def of(cls, arguments: dict[str, Any], one_machine: bool, models: Models | None = None) -> CarriedModels:
        """Take what is to be loaded, as `models` here are; on one machine files stay where they are.

        Raises:
            OSError: the adapter cannot be read.
        """
        from smile.whisper.engines.layers import multiplies_bfloat16

        faster, adapter = multiplies_bfloat16(), arguments.get("adapter")
        engine, device = arguments.get("engine", "lean"), arguments.get("device", "cpu")
        precision = precision_of(engine, arguments.get("precision", "auto"), device)
        arguments = {**arguments, "precision": precision}  # as here, whatever a worker's CPU has
        wanted = _told(models) if models else ()
        if one_machine or not isinstance(adapter, Path):
            return cls(arguments, faster, wanted=wanted)
        if adapter == SHIPPED_ADAPTER:
            return cls({**arguments, "adapter": "shipped"}, faster, wanted=wanted)
        folder = adapter.resolve()
        carried = Parcel.of(folder, [p for p in folder.iterdir() if p.is_file()])
        return cls(arguments, faster, carried, wanted)

    def loaded(self) -> Models:
        """Return the models, which this process loads once.

        Raises:
            SmileError: this machine's SMILE, Whisper or adapter is another one than the command's.
        """
        from smile.whisper.engines.layers import settle_bfloat16

        settle_bfloat16(self.bfloat16)
        carried = {"adapter": self.adapter.unpacked()} if self.adapter else {}
        models = load_models(**self.arguments | carried)
        if self.wanted and _told(models) != self.wanted:
            raise SmileError(
                f"The worker on {socket.gethostname()} has another SMILE, Whisper or adapter than this "
                "command; install the same on all machines of the cluster."
            )
        return models


@dataclass(frozen=True, eq=False)
class ModelWorkers:
    """Who works, with which models."""

    placement: Placement
    arguments: dict[str, Any]  # of load_models
    models: Models | None = None  # as they are loaded here

    def carried(self) -> CarriedModels:
        """Return the models as they travel to the workers.

        Raises:
            OSError: the adapter cannot be read.
        """
        return CarriedModels.of(self.arguments, self.placement.one_machine, self.models)


def _told(models: Models) -> tuple[Any, ...]:
    """What tells models apart: the version of SMILE, and of each side weights, adapter and precision."""
    sides = (models.vanilla.info, models.smile.info)
    return (smile.__version__, *((info.encoder, info.adapter_hash, info.precision) for info in sides))
