"""The options of a model and its engine, and the models that they name."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smile.cli.parsers import add_option
from smile.whisper.engines import ENGINES
from smile.whisper.weights import DEFAULT

if TYPE_CHECKING:
    from smile.whisper.model import Models

CPU = "cpu"


def add_model(parser: argparse.ArgumentParser, default: str = DEFAULT) -> None:
    """Add the option that names a Whisper."""
    add_option(parser, "--model", default=default, help="Load this Whisper: a name on the Hub, or a folder.")


def add_engine_name(
    parser: argparse.ArgumentParser, default: str = ENGINES[0], more: tuple[str, ...] = (), help: str = ""
) -> None:
    """Add the option of an engine; `more` engines than this machine's own are explained by `help`."""
    add_option(
        parser,
        "--engine",
        default=default,
        choices=(*ENGINES, *more),
        help=f"Run Whisper with this engine: lean, for CPUs, or hf, the reference in transformers{help}.",
    )


def add_device(parser: argparse.ArgumentParser, default: str = CPU) -> None:
    """Add the option of the device that the hf engine computes on."""
    sentence = "Run the hf engine on this device of torch, such as cuda."
    add_option(parser, "--device", default=default, help=sentence)


def add_adapter(parser: argparse.ArgumentParser, default: str | None = None) -> None:
    """Add the option of an adapter's folder."""
    add_option(
        parser,
        "--adapter",
        type=Path,
        default=default,
        help="Apply the adapter in this PEFT folder (default: the one that comes with SMILE, if any).",
    )


def add_engine(parser: argparse.ArgumentParser, more: tuple[str, ...] = (), help: str = "") -> None:
    """Add the options of a model, its engine and its adapter, which `models_of` reads."""
    add_model(parser)
    add_engine_name(parser, more=more, help=help)
    add_option(
        parser,
        "--precision",
        default="auto",
        help="Compute in this precision: float32, bfloat16, int8, or auto, which is int8 where the lean "
        "engine's CPU has it and else float32.",
    )
    add_device(parser)
    add_adapter(parser)


def model_arguments(chosen: argparse.Namespace) -> dict[str, Any]:
    """Return what the options of `add_engine` say as arguments of `load_models`."""
    from smile.whisper.model import shipped_adapter

    return {
        "model": chosen.model,
        "engine": chosen.engine,
        "precision": chosen.precision,
        "adapter": chosen.adapter or shipped_adapter(chosen.model),
        "device": chosen.device,
    }


def models_of(chosen: argparse.Namespace) -> Models:
    """Load the models that the options of `add_engine` name.

    Raises:
        SmileError: weights, adapter, engine or precision that cannot be used.
    """
    from smile.whisper.model import load_models

    return load_models(**model_arguments(chosen))


def add_stamps(parser: argparse.ArgumentParser) -> None:
    """Add the option of the folder that Debian's package fills."""
    from smile.corpora.stamps import FOLDER

    named = os.environ.get("SMILE_STAMPS")
    add_option(
        parser,
        "--stamps",
        type=lambda text: Path(text) if text else None,
        default=FOLDER if named is None else named,
        help="Offer people's voices of this folder, as Debian's package tuxpaint-stamps-default has it, "
        'where it is there; "" for none.',
    )
