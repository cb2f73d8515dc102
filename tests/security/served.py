"""The app in a process of its own: its address, its files, its memory, and what it wrote to its log."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from tests.conftest import POOLS, ROOT
from tests.support.app import free_port, wait_until_served

COPIED = ("chr", "gla", "kir")  # demo pools
START = (
    "import app, pathlib, sys; from smile import ui; from smile.cli import app as command; "
    "command.POOLS = pathlib.Path(sys.argv.pop(1)); {}app.main()"
)
IDLE = "ui.Engine.begin = lambda self, first: None; "  # loads no models before somebody asks for them
MB = 1_000_000


@dataclass(frozen=True)
class Served:
    """The app at work."""

    address: str
    folder: Path
    process: subprocess.Popen[bytes]

    @property
    def pools(self) -> Path:
        """The pools that come with it."""
        return self.folder / "pools"

    @property
    def visitors(self) -> Path:
        """Where it keeps visitors' examples."""
        return self.folder / "visitors"

    @property
    def uploads(self) -> Path:
        """Where it keeps uploads."""
        return self.folder / "uploads"

    @property
    def log(self) -> str:
        """All that it has written."""
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")

    @property
    def rss(self) -> float:
        """Its memory in megabytes."""
        return psutil.Process(self.process.pid).memory_info().rss / MB

    def alive(self) -> bool:
        """Whether it still answers."""
        return httpx.get(f"{self.address}/config", trust_env=False, timeout=60).status_code == 200

    def prints(self, *folders: Path) -> dict[str, str]:
        """A fingerprint of each file below some folders, by path; of a link where it leads to."""
        files = (path for folder in folders for path in sorted(folder.rglob("*")))
        return {str(path.relative_to(self.folder)): _print(path) for path in files}


def _print(path: Path) -> str:
    if path.is_symlink():
        return f"link to {path.readlink()}"
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"


@contextmanager
def serve(
    folder: Path, *options: str, idle: bool = False, before: str = "", **variables: str
) -> Iterator[Served]:
    """Serve the app over copies of demo pools below a folder, until the block ends.

    Args:
        folder: where all that it keeps goes.
        options: of its command line.
        idle: loads no models before somebody asks for them.
        before: what Python does before it starts.
        variables: of its environment.
    """
    for name in COPIED:
        if not (folder / "pools" / name).exists():
            shutil.copytree(POOLS / name, folder / "pools" / name)
    port, log = free_port(), folder / "log"
    environment = {**os.environ, "SMILE_READ_AHEAD": "0", "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
    environment |= {"GRADIO_TEMP_DIR": str(folder / "uploads"), "SMILE_VISITORS": str(folder / "visitors")}
    environment |= {"SMILE_CACHE": str(folder / "cache"), "PORT": str(port), **variables}
    start = START.format((IDLE if idle else "") + before)
    command = [sys.executable, "-c", start, str(folder / "pools"), *options]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
    try:
        wait_until_served(f"http://127.0.0.1:{port}/", process, log)
        yield Served(f"http://127.0.0.1:{port}", folder, process)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def leaks(served: Served, answer: str, sent: str = "") -> list[str]:
    """What an answer tells of the server: folders, and places in its code; what was sent may come back."""
    folders = (served.pools, served.visitors, served.folder / "cache", ROOT, Path.home())
    told = answer.replace(sent, "") if sent else answer
    return [word for word in (*map(str, folders), "Traceback", '.py\\", line') if word in told]
