"""The wheel alone is whole: installed in a folder with a space, without a checkout, from another folder.

Nothing is downloaded. The new environment takes the packages that SMILE needs from the one that runs the
tests, by a path file; path files in it, such as that of an editable SMILE, do nothing there.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from email.parser import Parser
from pathlib import Path

import pytest

import smile
from smile.demo.measured import samples
from smile.pools.pool import read_header
from tests.conftest import POOLS, ROOT
from tests.security.client import Stranger, file
from tests.support.app import free_port, wait_until_served
from tests.support.git import git

BESIDE = ("assets/", "precomputed/", "docs/glossary.md")  # which lie in the package, in a wheel
STAYS = (
    "smile/assets/independent/",
    "smile/precomputed/own/learning.csv",
)  # nothing in the package reads them
MOST_BYTES = 22_000_000
TRANSCRIBE = ["--pool", "gla", "--shots", "1", "--knn", "0", "--json"]
IMPORT = """
import sys
from pathlib import Path
from smile.importing.isolated import read_apart
steps = read_apart([Path(sys.argv[1])], Path(sys.argv[2]))
try:
    while True:
        next(steps)
except StopIteration as done:
    print(len(done.value.reading.utterances))
"""


def tracked() -> list[str]:
    """The files that are the repository's, so that what else lies about does not matter."""
    listed = git(ROOT, "ls-files", "-z").split("\0")
    return [name for name in listed if name and (ROOT / name).is_file()]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clean copy of the repository, with traces of use that are nobody else's business."""
    folder = tmp_path_factory.mktemp("a checkout") / "of SMILE"
    for name in tracked():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "-m", "one")
    left = ("build/lib/smile/gone.py", "assets/pools/gla/tokens-base.npz", "assets/pools/gla/pool.part/x")
    for name in left:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def pip(*arguments: str | Path) -> None:
    """Run pip, which may ask nobody."""
    line = [sys.executable, "-m", "pip", "--quiet", *map(str, arguments), "--no-deps", "--no-index"]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def wheel(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    pip("wheel", checkout, "--no-build-isolation", "--wheel-dir", out)
    (made,) = out.glob("*.whl")
    return made


@dataclass(frozen=True)
class Installed:
    """An environment with the wheel, and a folder to be in that has nothing to do with either."""

    folder: Path
    elsewhere: Path

    @property
    def package(self) -> Path:
        """Where the package lies."""
        (found,) = self.folder.glob("lib/python*/site-packages/smile")
        return found

    @property
    def clip(self) -> Path:
        """A recording that comes along."""
        return sorted((self.package / "assets" / "pools" / "gla" / "queries").glob("*.ogg"))[0]

    @property
    def environment(self) -> dict[str, str]:
        """Nothing that could point to a checkout, and folders that are empty."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "SMILE", "GRADIO"))}
        own = {"HOME": str(self.elsewhere), "XDG_CACHE_HOME": str(self.elsewhere / "cache")}
        return {**kept, **own, "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}

    def run(self, program: str, *arguments: str | Path) -> str:
        """What a program of the environment prints."""
        line = [str(self.folder / "bin" / program), *map(str, arguments)]
        done = subprocess.run(
            line, cwd=self.elsewhere, env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("an environment") / "for SMILE"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    pip("--python", folder / "bin" / "python", "install", wheel)
    found = Installed(folder, tmp_path_factory.mktemp("elsewhere"))
    needed = dict.fromkeys(sysconfig.get_path(kind) for kind in ("purelib", "platlib"))
    (found.package.parent / "needed.pth").write_text("\n".join(needed), encoding="utf-8")
    return found


def test_what_travels_is_the_package_with_what_lies_beside_it(checkout: Path, wheel: Path) -> None:
    ours = [name for name in tracked() if name.startswith(("smile/", *BESIDE))]
    wanted = {f"smile/{name}" if name.startswith(BESIDE) else name for name in ours}
    wanted = {name for name in wanted if not name.startswith(STAYS)} | {"smile/commit"}
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
        commit = archive.read("smile/commit").decode().strip()
    assert names == wanted
    assert commit == git(checkout, "rev-parse", "HEAD")[:12]
    assert 10_000_000 < wheel.stat().st_size < MOST_BYTES


def test_the_metadata_are_those_of_the_repository(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        told = Parser().parsestr(archive.read(name).decode())
    asked = {line.partition(";")[0].strip() for line in told.get_all("Requires-Dist", [])}
    files = [ROOT / f"requirements{part}.txt" for part in ("", "-ray", "-s3")]
    assert asked == {line for file in files for line in file.read_text().splitlines() if "==" in line}
    assert (told["Version"], told["Requires-Python"]) == (smile.__version__, ">=3.11")
    assert told.get_all("Provides-Extra") == ["ray", "s3"]


def test_the_package_at_work_is_the_wheels(installed: Installed) -> None:
    ask = (
        "import smile, sys; from smile.util.commit import commit; print(smile.__file__, commit(), sep='\\n')"
    )
    file, commit = installed.run("python", "-c", ask).splitlines()
    assert Path(file) == installed.package / "__init__.py"
    assert len(commit) == 12
    assert installed.run("smile", "--version") == f"smile {smile.__version__}\n"


def test_that_the_check_can_fail(installed: Installed) -> None:
    style = installed.package / "assets" / "styles" / "page.css"
    style.rename(installed.elsewhere / "page.css")
    try:
        with pytest.raises(AssertionError, match=r"page\.css"):
            installed.run("python", "-c", "from smile.ui import prose; prose('styles/page.css')")
    finally:
        (installed.elsewhere / "page.css").rename(style)


def test_a_demo_recording_is_transcribed(installed: Installed) -> None:
    said = json.loads(installed.run("smile", "transcribe", installed.clip, *TRANSCRIBE))
    assert said["smile"]["text"]
    assert said["smile"]["text"] != said["vanilla"]["text"]
    assert said["neighbours"]
    assert all(nearest["id"].startswith("gla") for nearest in said["neighbours"])


def test_results_that_come_along_are_shown(installed: Installed) -> None:
    said = installed.run("smile", "results", "show")
    assert {"smile-3", "vanilla"} <= set(said.split())
    assert installed.run("smile", "results", "findings").startswith("### Do examples of the language help")


def test_uploads_are_read_by_a_process_of_their_own(installed: Installed, tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    installed.run("smile", "pool", "export", "gla", "--out", tmp_path / "gla.zip")
    assert int(installed.run("python", "-c", IMPORT, tmp_path / "gla.zip", tmp_path / "work")) > 10


@pytest.fixture(scope="module")
def page(installed: Installed) -> Iterator[str]:
    """The address of the page as `smile app` serves it."""
    port, log = free_port(), installed.elsewhere / "log"
    line = [str(installed.folder / "bin" / "smile"), "app", "--port", str(port), "--no-read-ahead"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            line, cwd=installed.elsewhere, env=installed.environment, stdout=output, stderr=output
        )
    try:
        wait_until_served(f"http://127.0.0.1:{port}/", process, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        assert process.wait(30) == 143
        assert "Traceback" not in log.read_text(encoding="utf-8")


@pytest.fixture
def stranger(page: str) -> Stranger:
    return Stranger(page)


def opened(stranger: Stranger, name: str) -> str:
    """What a tab shows when it is chosen."""
    tabs = (c for c in stranger.config["components"] if c["type"] == "tabitem")
    (tab,) = (c["id"] for c in tabs if c["props"].get("id") == name)
    (event,) = (
        stranger.event(one["id"])
        for one in stranger.config["dependencies"]
        if (tab, "select") in map(tuple, one["targets"]) and one["backend_fn"]
    )
    (*_, last) = stranger.do(event, stranger.usual(event))
    assert last["success"], last
    return json.dumps(last["output"], ensure_ascii=False)


def test_the_page_has_its_style_and_its_results(stranger: Stranger) -> None:
    assert "--wrong-fill" in stranger.http.get("/").text + stranger.http.get("/theme.css").text
    assert "Mboshi" in opened(stranger, "results")
    assert '"mdw"' in stranger.call("results", ["cer", "plain"])


def test_the_page_has_its_maps(stranger: Stranger) -> None:
    said = opened(stranger, "map")
    measured = {read_header(POOLS / sample.pool).language.name for sample in samples().samples}
    assert any(name in said for name in measured), "of a pool that is measured"


def test_the_page_plays_and_transcribes_its_own_recordings(stranger: Stranger, installed: Installed) -> None:
    assert '"gla"' in stranger.call("languages", [])
    clip = installed.clip.relative_to(installed.package / "assets" / "pools").as_posix()
    assert stranger.http.get(f"/smile/sound/0/{clip}").content == installed.clip.read_bytes()
    choices = stranger.run(stranger.of("pool", "input"), ["gla"]).json()["data"][0]["choices"]
    example = stranger.run(stranger.of("example", "input"), ["gla", choices[0][1]]).json()["data"][0]
    said = stranger.call("neighbours", [file(example["path"]), "gla", 2, "kl"])
    assert "event: complete" in said, said
    assert said.count('"distance"') == 2
