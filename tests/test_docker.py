"""The image: what it holds, and its steps, run in a clean folder as far as they do not change this machine.

pip only checks here that every pinned package is there; nothing is installed, and users are not made; the
paths of the image lie below the folder. All else is run as a build and a start would.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.support.app import free_port, wait_until_served
from tests.support.dockerfile import Instruction, copied, instructions, variables
from tests.support.git import git

STEPS = instructions((ROOT / "Dockerfile").read_text(encoding="utf-8"))
IGNORE = (ROOT / ".dockerignore").read_text(encoding="utf-8")
LEFT = (
    ".env",
    ".venv/bin/python",
    "assets/pools/gla/tokens-base.npz",
    "assets/pools/gla/pool.part/x",
    "smile/__pycache__/x.pyc",
    "visitors/voice.ogg",
)


def only(name: str) -> Instruction:
    (found,) = (one for one in STEPS if one.name == name)
    return found


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clean copy of the repository, with traces of use."""
    folder = tmp_path_factory.mktemp("context")
    names = [name for name in git(ROOT, "ls-files", "-z").split("\0") if name and (ROOT / name).is_file()]
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    for name in LEFT:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


@dataclass(frozen=True)
class Image:
    """The folder that stands for the image's root, and a folder of commands that do no harm."""

    root: Path
    commands: Path

    def here(self, text: str) -> str:
        """Return text with the image's paths below the folder."""
        return text.replace("/data", f"{self.root}/data")

    def environment(self, **more: str) -> dict[str, str]:
        """Return what ENV and ARG say, and nothing of SMILE's from this machine."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "SMILE", "GRADIO"))}
        said = {name: self.here(value) for name, value in variables(STEPS).items()}
        path = f"{self.commands}{os.pathsep}{os.environ['PATH']}"
        home = {"HOME": str(self.root / "home"), "XDG_CACHE_HOME": str(self.root / "home" / ".cache")}
        return {**kept, **said, **home, "PATH": path, "OMP_NUM_THREADS": "1", **more}

    def run(self, *line: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the image's folder."""
        place, env = self.root / "app", self.environment(**more)
        return subprocess.run(line, cwd=place, env=env, capture_output=True, text=True, check=False)


def command(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    (folder / name).chmod(0o755)


@pytest.fixture(scope="module")
def image(context: Path, tmp_path_factory: pytest.TempPathFactory) -> Image:
    """The image after its steps."""
    made = Image(tmp_path_factory.mktemp("image"), tmp_path_factory.mktemp("commands"))
    (made.root / "app").mkdir()
    (made.root / "home").mkdir()
    command(made.commands, "python", f'exec "{sys.executable}" "$@"')
    log = made.commands / "log"
    command(made.commands, "pip", f'echo pip "$@" >> "{log}"; [ "$1" = check ] || '
            f'exec "{sys.executable}" -m pip "$@" --dry-run --no-index --quiet')  # fmt: skip
    for name in ("useradd", "chown", "apt-get", "rm"):
        command(made.commands, name, f'echo {name} "$@" >> "{log}"')
    seen = list(copied(context, IGNORE))
    for step in STEPS:
        if step.name == "COPY":
            copy(step, context, made.root / "app", seen)
        elif step.name == "RUN":
            done = made.run("sh", "-ec", made.here(step.value), TORCH="constraints-cpu.txt")
            assert done.returncode == 0, done.stderr
    return made


def copy(step: Instruction, context: Path, to: Path, seen: list[str]) -> None:
    """Copy what is named and may be seen; an AssertionError where a file that is named may not."""
    *sources, last = step.words
    assert last == "./"
    names = seen if sources == ["."] else sources
    assert set(names) <= set(seen)
    for name in names:
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(context / name, to / name)


def test_the_image_holds_the_product_and_nothing_that_use_has_left(context: Path) -> None:
    seen = set(copied(context, IGNORE))
    tops = {name.partition("/")[0] for name in seen}
    assert tops == {
        "LICENSE", "README.md", "app.py", "assets", "constraints-cpu.txt", "constraints-torch.txt",
        "constraints.txt", "docs", "packages.txt", "precomputed", "requirements.txt", "smile",
    }  # fmt: skip
    assert not seen & set(LEFT)
    wanted = {f for f in git(ROOT, "ls-files", "smile", "assets", "precomputed").splitlines() if '"' not in f}
    assert wanted <= seen


def test_that_the_check_can_fail(context: Path) -> None:
    assert set(LEFT) <= set(copied(context, ""))
    assert "assets/pools/gla/tokens-base.npz" in copied(context, IGNORE.replace("**/tokens-*.npz", ""))


def test_it_does_not_run_as_root_and_keeps_its_data_in_a_volume() -> None:
    names = [one.name for one in STEPS]
    assert only("USER").words not in (["root"], ["0"])
    assert names.index("USER") < names.index("CMD")
    assert "RUN" not in names[names.index("USER") :]
    said = variables(STEPS)
    (volume,) = only("VOLUME").words
    for name in ("SMILE_VISITORS", "SMILE_CACHE"):
        assert Path(said[name]).is_relative_to(volume)
    assert only("EXPOSE").value == said["PORT"] == "7860"
    version = next(line for line in (ROOT / "README.md").read_text().splitlines() if "python_version" in line)
    assert only("FROM").value == f"python:{version.split(chr(34))[1]}-slim"


def test_its_steps_can_be_run(image: Image) -> None:
    log = (image.commands / "log").read_text().splitlines()
    assert [line.split()[0] for line in log] == [
        *("apt-get", "apt-get", "rm", "pip", "pip", "useradd", "chown")
    ]
    packages = (ROOT / "packages.txt").read_text(encoding="utf-8").split()
    fonts = [name for name in packages if name.startswith("fonts-")]
    assert fonts
    assert log[1].split()[-len(fonts) :] == fonts
    assert "--require-hashes" in log[3]
    user = only("USER").value
    assert log[5].split()[-1] == user
    assert log[6] == f"chown {user}:{user} {image.root}/data"
    where = image.run("python", "-c", "import smile, sys; print(smile.__file__)")
    assert where.stdout.strip() == str(image.root / "app" / "smile" / "__init__.py")


def healthy(image: Image, port: int) -> bool:
    _, _, check = only("HEALTHCHECK").value.partition("CMD ")
    return image.run(*Instruction("CMD", check).words, PORT=str(port)).returncode == 0


@pytest.fixture
def started(image: Image) -> Iterator[int]:
    """The port of the page, as the image's command serves it."""
    port, log = free_port(), image.commands / "served"
    more = {"PORT": str(port), "GRADIO_SERVER_NAME": "127.0.0.1", "SMILE_READ_AHEAD": "0"}
    assert not healthy(image, port)
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(image.commands / only("CMD").words[0]), *only("CMD").words[1:]],
            cwd=image.root / "app",
            env=image.environment(**more),
            stdout=output,
            stderr=output,
        )
    try:
        wait_until_served(f"http://127.0.0.1:{port}/", process, log)
        yield port
    finally:
        process.terminate()
        assert process.wait(30) == 143
        assert "Traceback" not in log.read_text(encoding="utf-8")


def test_it_serves_and_is_healthy(image: Image, started: int) -> None:
    assert healthy(image, started)
    assert {path.name for path in (image.root / "data").iterdir()} >= {"visitors"}
