"""The files of an adapter on the Hub: its weights and config, how it was trained, and its model card."""

from __future__ import annotations

import shutil
from pathlib import Path

from smile.datatypes import SmileError
from smile.exporting.hub.cards import model_card
from smile.util.storage import write_text
from smile.whisper import weights
from smile.whisper.adapters import WEIGHTS, load

FILES = (WEIGHTS, "adapter_config.json")
MAY_BE = ("smile.json", "curves.png")


def stage_adapter(out: Path, folder: Path, repo: str, measured: str, paper: str) -> None:
    """Copy an adapter into a folder as it is, so that its digest stays, with a card that says what it is.

    `measured` is a Markdown table of its rows and `paper` one of the paper's figures.

    Raises:
        WeightsError: the folder holds no adapter that SMILE applies.
        SmileError: the adapter's config names no base model on the Hub.
    """
    adapter = load(folder)
    base = _base(adapter.config.get("base_model_name_or_path"), folder)
    for name in (*FILES, *(name for name in MAY_BE if (folder / name).is_file())):
        shutil.copyfile(folder / name, out / name)
    readme = folder / "README.md"
    notes = readme.read_text(encoding="utf-8") if readme.is_file() else ""
    write_text(out / "README.md", model_card(repo, base, adapter, measured, paper, notes))


def _base(name: object, folder: Path) -> str:
    """The base's name on the Hub; that of a folder on this machine is nobody else's business."""
    if not isinstance(name, str) or not weights.HUB_NAME.fullmatch(name) or name.startswith((".", "/")):
        raise SmileError(
            f"{folder / 'adapter_config.json'} names no model on the Hub as its base; "
            f"write its name there, such as {weights.DEFAULT}."
        )
    return name if "/" in name else f"openai/{name}"
