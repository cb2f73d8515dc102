"""The house's rules, held in fresh interpreters: who may import what, and how long a thing may be."""

from __future__ import annotations

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.conftest import ROOT

HEAVY = (
    "torch",
    "transformers",
    "peft",
    "umap",
    "numba",
    "gradio",
    "ray",
    "pyarrow",
    "faiss",
    "s3fs",
    "botocore",
)
SOURCES = sorted((ROOT / "smile").rglob("*.py"))
ROOMS = [
    ("datatypes", "paths"),
    ("settings", "util"),
    ("audio", "text"),
    ("corpora", "lm", "retrieval", "whisper"),
    ("exporting", "pools"),
    ("decoding", "acoustic", "importing", "demo", "maps"),
    ("transcription",),
    ("training",),
    ("evaluation",),
    ("results",),
    ("own",),
    ("ui",),
    ("bench",),
    ("cli",),
]
TABS = ("transcribe", "compare", "own", "map", "results")
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
        ("import smile.cli.main", set()),
        ("import smile.transcription.pipeline, smile.pools.indexing, smile.whisper.model", set()),
        ("import smile.cli.evaluate, smile.cli.likelihood", set()),
        ("import smile.bench.acoustic, smile.acoustic.crossing", set()),
        ("import smile.ui, app", {"gradio", "pyarrow"}),
        ("import smile.maps.placement, smile.maps.store, smile.maps.fit", set()),
        ("import smile.whisper.engines", set()),
        ("import smile.whisper.engines.lean", {"torch"}),
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


def test_every_room_has_its_place() -> None:
    rooms = {room(path) for path in SOURCES} - {"__init__"}
    assert rooms == set(LEVEL)
    assert len({*rooms, "__init__", "data"}) <= 27


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_go_one_way(path: Path) -> None:
    here = room(path)
    for name in imports(path) if here != "__init__" else ():
        package, _, rest = name.partition(".")
        there = rest.partition(".")[0]
        if package == "smile" and there in LEVEL and there != here:
            assert LEVEL[there] < LEVEL[here], f"{here} imports {there}"


def tab(path: Path) -> str:
    """Return the folder of the tab that a file belongs to; empty where it belongs to none."""
    parts = path.relative_to(ROOT / "smile").parts
    return parts[1] if parts[0] == "ui" and parts[1] in TABS else ""


def tabs_imported(path: Path) -> set[str]:
    """Return the tabs that a file imports from."""
    names = {name for name in imports(path) if name.startswith("smile.ui.")}
    return {name.split(".")[2] for name in names} & set(TABS)


@pytest.mark.parametrize("path", [p for p in SOURCES if tab(p)], ids=lambda p: str(p.relative_to(ROOT)))
def test_no_tab_imports_another(path: Path) -> None:
    assert tabs_imported(path) <= {tab(path)}


@pytest.mark.parametrize(
    "path", sorted((ROOT / "smile" / "ui" / "parts").glob("*.py")), ids=lambda p: str(p.relative_to(ROOT))
)
def test_what_tabs_share_imports_no_tab(path: Path) -> None:
    assert not tabs_imported(path)


def test_modules_of_a_tab_import_each_other_one_way() -> None:
    for name in TABS:
        files = {f"smile.ui.{name}.{p.stem}": p for p in (ROOT / "smile" / "ui" / name).glob("[!_]*.py")}
        graph = {module: imports(path) & files.keys() for module, path in files.items()}
        assert list(TopologicalSorter(graph).static_order()), name


@pytest.mark.parametrize(
    ("package", "rooms"),
    [
        ("torch", {"whisper", "training", "acoustic"}),
        ("gradio", {"ui"}),
        ("umap", {"maps"}),
        ("ray", {"util"}),
        ("fsspec", {"util"}),
    ],
)
def test_a_package_stays_in_its_room(package: str, rooms: set[str]) -> None:
    users = {room(path) for path in SOURCES if any(n.split(".")[0] == package for n in imports(path))}
    assert users == rooms


def test_urls_are_followed_for_commands_alone() -> None:
    """A server that fetches what it is told could be sent into its own network."""
    readers = {"smile.util.urls", "smile.util.objects", "smile.transcription.remote", "fsspec"}
    readers |= {"smile.util.remote_folder"}
    users = {str(path.relative_to(ROOT / "smile")) for path in SOURCES if imports(path) & readers}
    assert users == {
        "util/urls.py",
        "util/objects.py",
        "util/remote_folder.py",
        "pools/fetched.py",
        "cli/pools.py",
        "cli/out.py",
        "transcription/remote.py",
        "transcription/recordings.py",  # reads one where it is given a Url, which is made by
        "cli/places.py",
        "cli/transcribe.py",
        "transcription/batch.py",  # fetches a Recording that was found so
        "transcription/batch_workers.py",
    }


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_files_and_functions_are_short(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= 300
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 60, node.name


def test_the_pages_scripts_and_styles_are_short_and_all_are_loaded() -> None:
    from smile.ui.assets import SCRIPTS, WITHIN, styles

    scripts, sheets = (sorted((ROOT / "assets").rglob(f"*.{kind}")) for kind in ("js", "css"))
    assert [path.stem for path in scripts] == sorted(SCRIPTS + WITHIN)
    assert sheets == sorted(styles())
    for path in (*scripts, *sheets):
        assert path.read_text(encoding="utf-8").count("\n") <= 300, path


def test_no_test_imports_another() -> None:
    """What several need lies in `tests/support`, or in the conftest, page and client of their folder."""
    for path in (ROOT / "tests").rglob("*.py"):
        assert not [name for name in imports(path) if ".test_" in name], path


def test_no_test_fails_because_the_machine_is_busy() -> None:
    """Hypothesis measures no time: the profile that all tests share says so, and none says otherwise."""
    assert settings().deadline is None
    assert HealthCheck.too_slow in settings().suppress_health_check
    said = [
        path for path in (ROOT / "tests").rglob("*.py") if "deadline=" in path.read_text(encoding="utf-8")
    ]
    assert set(said) == {ROOT / "tests" / "conftest.py", Path(__file__)}
