"""What the repository says of itself agrees with itself."""

from __future__ import annotations

import re
import subprocess

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
    from smile.weights import DEFAULT, HUB_FILES

    (preload,) = FRONT["preload_from_hub"]
    name, files = preload.split(" ")
    assert name == DEFAULT
    assert FRONT["models"] == [DEFAULT]
    assert set(files.split(",")) <= set(HUB_FILES)


def test_every_requirement_is_pinned() -> None:
    for file in ("requirements.txt", "requirements-ray.txt", "requirements-dev.txt", "constraints.txt"):
        lines = (ROOT / file).read_text().splitlines()
        names = [line for line in lines if not line.startswith("-r ")]
        assert names
        assert all(re.fullmatch(r"[\w.\[\]-]+==[\w.+]+", name) for name in names), file


def test_constraints_hold_the_requirements() -> None:
    locked = {
        name.lower().replace("_", "-"): version
        for name, version in (
            line.split("==") for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line
        )
    }
    for name, version in PINS.items():
        assert locked[name.lower().replace("_", "-")] == version


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
