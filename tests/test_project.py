"""What the repository says of itself agrees with itself."""

from __future__ import annotations

import re
import subprocess
import tomllib

import yaml

from tests.conftest import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
FRONT = yaml.safe_load(README.split("---")[1])
PINS = dict(line.split("==") for line in (ROOT / "requirements.txt").read_text().splitlines() if "==" in line)


def test_front_matter_is_a_spaces() -> None:
    assert set(FRONT) >= {"title", "sdk", "sdk_version", "python_version", "app_file", "models", "license"}
    assert (FRONT["sdk"], FRONT["app_file"], FRONT["license"]) == ("gradio", "app.py", "apache-2.0")
    assert FRONT["sdk_version"] == PINS["gradio"]
    assert (ROOT / FRONT["app_file"]).is_file()


def test_what_is_preloaded_is_what_the_app_loads() -> None:
    from smile.whisper.published import REVISION
    from smile.whisper.weights import DEFAULT, HUB_FILES

    (preload,) = FRONT["preload_from_hub"]
    name, files, revision = preload.split(" ")
    assert (name, revision) == (DEFAULT, REVISION)
    assert FRONT["models"] == [DEFAULT]
    assert set(files.split(",")) <= set(HUB_FILES)


def test_every_requirement_is_pinned() -> None:
    for file in ("requirements.txt", "requirements-ray.txt", "requirements-s3.txt", "requirements-dev.txt"):
        lines = (ROOT / file).read_text().splitlines()
        names = [line for line in lines if not line.startswith("-r ")]
        assert names
        assert all(re.fullmatch(r"[\w.\[\]-]+==[\w.+]+", name) for name in names), file


def locked(file: str) -> dict[str, tuple[str, list[str]]]:
    """The version and the hashes of each package of a lock."""
    found: dict[str, tuple[str, list[str]]] = {}
    entry = r"^([\w.-]+)==([\w.+]+)(?: ; [^\\\n]+)? \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)"
    text = (ROOT / file).read_text()
    assert re.sub(entry, "", text, flags=re.MULTILINE).strip() == "", file
    for name, version, hashes in re.findall(entry, text, flags=re.MULTILINE):
        found[name] = version, re.findall("[0-9a-f]{64}", hashes)
    return found


def pins(file: str) -> dict[str, str]:
    lines = (ROOT / file).read_text().splitlines()
    return {n.lower(): v for n, v in (line.split("==") for line in lines if "==" in line)}


def test_locks_hold_the_requirements_and_each_other_with_hashes() -> None:
    app, dev, torch, cpu = (locked(f"constraints{part}.txt") for part in ("", "-dev", "-torch", "-cpu"))
    every = [file.name for file in ROOT.glob("requirements*.txt")]
    for lock, files in ((app, ["requirements.txt"]), (dev, every)):
        for name, version in (pin for file in files for pin in pins(file).items()):
            assert {**lock, **torch}[name][0] == version, name
    assert app.items() <= dev.items()
    assert not torch.keys() & dev.keys()
    assert all(n.startswith(("cuda-", "nvidia-")) or n in ("torch", "triton") for n in torch)
    ((version, hashes),) = cpu.values()
    assert (version, len(hashes)) == (torch["torch"][0], 1)
    assert hashes[0] not in torch["torch"][1]


def test_the_build_is_locked_too() -> None:
    build = tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]["requires"]
    app = locked("constraints.txt")
    assert build == [f"setuptools=={app['setuptools'][0]}"]


def test_installations_ask_for_hashes_and_name_no_place() -> None:
    makefile = (ROOT / "Makefile").read_text()
    installs = re.findall(r"\$\((LOCKED|INSTALL)\) (\S+)", makefile)
    assert "LOCKED := $(INSTALL) --require-hashes -r\n" in makefile
    assert sorted(what for kind, what in installs if kind == "LOCKED") == sorted(
        file.name for file in ROOT.glob("constraints*.txt")
    )
    assert [what for kind, what in installs if kind == "INSTALL"] == [
        "--require-hashes",
        "--no-build-isolation",
    ]
    for file in ROOT.glob("constraints*.txt"):
        assert not re.search(r"^\s*-(?!-hash)|://", file.read_text(), flags=re.MULTILINE), file


def test_the_readme_begins_with_the_two_commands() -> None:
    first = README.split("---", 2)[2][:1500]
    assert "make app" in first
    assert "make test" in first


def test_nothing_committed_names_a_machine() -> None:
    listed = subprocess.run(["git", "ls-files", "*.py", "*.md", "*.txt", "*.toml", "*.yml", "Makefile"],
                            cwd=ROOT, capture_output=True, text=True, check=True)  # fmt: skip
    home = re.compile(r"(?<![\w.])/(home|root|work)/\w")
    for name in listed.stdout.split():
        assert not home.search((ROOT / name).read_text(encoding="utf-8")), name
