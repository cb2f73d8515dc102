"""The house's rules, held in fresh interpreters: who may import what, and how long a thing may be."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

HEAVY = ("torch", "transformers", "peft", "umap", "numba", "gradio", "ray", "pyarrow")
SOURCES = sorted((ROOT / "smile").rglob("*.py"))
ROOMS = [
    ("datatypes", "names", "fields", "commit", "timing", "languages", "language_search", "terminal"),
    ("paper", "sheets", "processes", "guard"),
    ("characters", "token_bytes", "machine", "workfolder"),
    ("arrays", "audio", "text", "similarity", "tensors", "ct2", "packages", "tables", "orthography"),
    ("published",),
    ("divergence",),
    ("projection",),
    ("scoring", "drafts", "adapters", "weights", "segments", "vocabulary"),
    ("steering",),
    ("spelling",),
    ("prompt", "decoding", "embedding", "corpora", "samplers", "recognizers", "datastore"),
    ("pool", "joined", "clip_encoder", "models", "transcription", "maps", "context"),
    ("pool_setting",),
    ("indexing", "subpools", "token_reading", "episodes", "training", "conditions", "rows"),
    ("token_store",),
    ("control",),
    ("transcribe",),
    ("importing", "exporting"),
    ("batch",),
    ("demo", "evaluate", "packing", "results", "pairs", "labels", "evidence", "findings", "changes"),
    ("leave_one_out", "workers", "cluster", "compare", "own"),
    ("runs",),
    ("manifest", "likelihood", "likelihood_command"),
    ("evaluation", "projection_fit"),
    ("ui", "bench", "pool_commands", "commands"),
    ("cli",),
]
LEVEL = {room: level for level, rooms in enumerate(ROOMS) for room in rooms}


def loaded_by(code: str) -> set[str]:
    """Which heavy packages a fresh interpreter has loaded after running code."""
    ask = f"{code}\nimport sys; print(*[m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, cwd=ROOT, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("code", "allowed"),
    [
        ("import smile", set()),
        ("import smile.cli", set()),
        ("import smile.transcribe, smile.indexing, smile.models, smile.evaluation", set()),
        ("import smile.ui, app", {"gradio", "pyarrow"}),
        ("import smile.projection, smile.maps, smile.projection_fit", set()),
        ("import smile.recognizers", set()),
        ("import smile.recognizers.lean", {"torch"}),
    ],
)
def test_heavy_packages_are_loaded_only_where_they_are_used(code: str, allowed: set[str]) -> None:
    assert loaded_by(code) <= allowed


def test_that_the_check_can_fail() -> None:
    assert loaded_by("import torch") == {"torch"}


def imports(path: Path) -> set[str]:
    """Full names of the modules that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def room(path: Path) -> str:
    return path.relative_to(ROOT / "smile").parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_go_one_way(path: Path) -> None:
    if room(path) == "__init__":
        return
    level = LEVEL[room(path)]
    for name in imports(path):
        parts = name.split(".")
        if parts[0] == "smile" and len(parts) > 1 and parts[1] in LEVEL and parts[1] != room(path):
            assert LEVEL[parts[1]] <= level, f"{room(path)} imports {parts[1]}"


@pytest.mark.parametrize(
    ("package", "rooms"),
    [
        ("torch", {"recognizers", "training"}),
        ("gradio", {"ui"}),
        ("umap", {"projection_fit"}),
        ("ray", {"cluster"}),
    ],
)
def test_a_package_stays_in_its_room(package: str, rooms: set[str]) -> None:
    users = {room(path) for path in SOURCES if any(n.split(".")[0] == package for n in imports(path))}
    assert users == rooms


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_files_and_functions_are_short(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= 300
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 60, node.name
