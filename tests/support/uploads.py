"""Files as gradio has them once a visitor has uploaded them."""

from __future__ import annotations

import secrets
import shutil
from pathlib import Path

from gradio.utils import get_upload_folder


def upload(file: Path) -> str:
    """Return the path of a copy of a file in a folder of its own among the uploads."""
    folder = Path(get_upload_folder()) / f"upload-{secrets.token_hex(16)}"
    folder.mkdir(parents=True)
    return str(shutil.copyfile(file, folder / file.name))
