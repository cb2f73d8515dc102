"""The scripts that draw waveforms: given out by name, from their package, and nothing else of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from smile.ui import waves


@pytest.fixture
def client() -> TestClient:
    return TestClient(Starlette(routes=[Route(f"/{waves.WAVES}/{{name}}", waves.respond)]))


@pytest.mark.parametrize("name", waves.FILES)
def test_a_script_is_served_from_its_package(client: TestClient, name: str) -> None:
    answer = client.get(f"/{waves.WAVES}/{name}")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "WaveSurfer" in answer.text


@pytest.mark.parametrize(
    "name",
    ["__init__.py", "plugins", "minimap.min.js", "..%2F__init__.py", "wavesurfer.min.js%00", "x" * 5000],
)
def test_nothing_else_is(client: TestClient, name: str) -> None:
    assert client.get(f"/{waves.WAVES}/{name}").status_code == 404


def test_without_the_package_there_is_none(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waves, "find_spec", lambda _: None)
    answer = client.get(f"/{waves.WAVES}/wavesurfer.min.js")
    assert (answer.status_code, answer.text) == (404, waves.NOTHING)


def test_a_package_that_lacks_the_file_gives_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Spec:
        origin = str(tmp_path / "__init__.py")

    monkeypatch.setattr(waves, "find_spec", lambda _: Spec)
    assert waves.script("wavesurfer.min.js") is None
