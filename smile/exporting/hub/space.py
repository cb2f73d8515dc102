"""The files of a Space: what git knows of the product, and a header that a Space can start from."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

from smile.datatypes import SmileError
from smile.paths import CHECKOUT

FILES = ("app.py", "README.md", "LICENSE", "packages.txt", "requirements.txt")
FOLDERS = ("assets/", "docs/", "precomputed/", "smile/")
NEEDED = ("title", "sdk", "sdk_version", "python_version", "app_file", "license")
COLOURS = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}
LONGEST = 60  # characters of a short description


def stage_space(out: Path, checkout: Path | None = CHECKOUT) -> None:
    """Copy what makes a Space into a folder: committed files of the product, and nothing beside them.

    Raises:
        SmileError: this is no checkout, a file has changes that are not committed, or README.md's header
            is not a Space's.
    """
    if checkout is None or not (checkout / ".git").exists():
        raise SmileError("A Space is made of a checkout; clone the repository, and run this in it.")
    if changed := _git(checkout, "diff", "--name-only", "-z", "HEAD", "--", *FILES, *FOLDERS):
        raise SmileError(f"{changed[0]} has changes that are not committed; commit or undo them first.")
    check_header((checkout / "README.md").read_text(encoding="utf-8"), checkout)
    for name in _git(checkout, "ls-files", "-z", "--", *FILES, *FOLDERS):
        path = checkout / name
        if path.is_symlink() or not path.is_file():
            raise SmileError(f"{name} is no regular file; only such are published.")
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, out / name)


def check_header(readme: str, checkout: Path) -> None:
    """Check the header (YAML) of a Space's README.

    Raises:
        SmileError: it is missing, or a value is not what a Space takes.
    """
    header = _header(readme)
    if missing := [name for name in NEEDED if not isinstance(header.get(name), str)]:
        raise SmileError(f"README.md's header has no text for {missing[0]}; a Space needs it.")
    pinned = re.search(r"^gradio==(\S+)$", (checkout / "requirements.txt").read_text(), flags=re.MULTILINE)
    wrong = {
        "sdk": header["sdk"] != "gradio",
        "sdk_version": not pinned or header["sdk_version"] != pinned[1],
        "app_file": header["app_file"] not in FILES or not (checkout / header["app_file"]).is_file(),
        "python_version": not re.fullmatch(r"3\.\d+(\.\d+)?", header["python_version"]),
        "colorFrom": header.get("colorFrom", "red") not in COLOURS,
        "colorTo": header.get("colorTo", "red") not in COLOURS,
        "short_description": len(str(header.get("short_description", ""))) > LONGEST,
    }
    if bad := [name for name, is_wrong in wrong.items() if is_wrong]:
        raise SmileError(f"README.md's header has a {bad[0]} that a Space does not take: {header[bad[0]]}")


def _header(readme: str) -> dict[str, Any]:
    import yaml

    found = re.match(r"---\n(.*?)\n---\n", readme, flags=re.DOTALL)
    try:
        header = yaml.safe_load(found[1]) if found else None
    except yaml.YAMLError as error:
        raise SmileError("README.md's header is no YAML; mend it.") from error
    if not isinstance(header, dict):
        raise SmileError("README.md does not begin with a Space's header between two lines of ---.")
    return header


def _git(checkout: Path, *arguments: str) -> list[str]:
    try:
        done = subprocess.run(["git", *arguments], cwd=checkout, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise SmileError(
            "Git cannot say which files are the product's; install it, and try again."
        ) from error
    return [name for name in done.stdout.split("\0") if name]
