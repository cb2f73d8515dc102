"""What the tests share: real speech where it is at hand, the base weights, engines loaded once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from smile.audio import io
from smile.datatypes import Recognizer
from smile.whisper import weights
from smile.whisper.model import Models, load_models
from smile.whisper.tokenizer import Tokenizer

ROOT = Path(__file__).parent.parent
POOLS = ROOT / "assets" / "pools"

# How long an example takes is the machine's matter: no test fails because another process has the processor.
settings.register_profile("smile", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("boundaries", settings.get_profile("smile"), max_examples=1000, print_blob=True)
settings.load_profile(os.environ.get("SMILE_PROFILE", "smile"))
# With these pytest's summary has whole messages, thousands of lines among which what failed is lost.
for name in ("CI", "BUILD_NUMBER"):
    os.environ.pop(name, None)
os.environ["SMILE_STAMPS"] = ""  # people's voices that this machine may have change no test

HEAVY = {"models", "lean32", "hf", "exact", "trained", "apart", "served_app", "app", "running", "server"}
# Files whose tests begin processes, train, or read real models, whatever fixtures they name.
LONG = {
    "acoustic/test_fit",
    "acoustic/test_store",
    "audio/test_isolated",
    "audio/test_segments",
    "bench/test_bench",
    "cli/test_acoustic",
    "cli/test_app_ends",
    "cli/test_pool_commands",
    "cli/test_publish",
    "corpora/test_kinds",
    "demo/test_demo",
    "evaluation/test_children",
    "evaluation/test_cluster",
    "evaluation/test_evaluate",
    "evaluation/test_likelihood",
    "importing/test_isolated",
    "maps/test_maps",
    "maps/test_projection",
    "own/test_damage",
    "own/test_quota",
    "own/test_rewriting",
    "own/test_workspaces",
    "test_docker",
    "test_project",
    "test_public",
    "test_wheel",
    "training/test_loop",
    "training/test_processes",
    "training/test_softmax",
    "transcription/test_acoustic",
    "transcription/test_options",
    "transcription/test_remote",
    "ui/test_apart",
    "ui/test_engine",
    "ui/test_own",
    "ui/test_serving",
    "util/test_confined",
    "util/test_damage",
    "util/test_durability",
    "whisper/test_packages",
    "whisper/test_recognizers",
    "whisper/test_shipped_adapter",
    "whisper/test_zero",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a browser or a model, so that all else can be run by itself in under two minutes."""
    for item in items:
        place = item.path.relative_to(ROOT / "tests").with_suffix("")
        if place.parts[0] == "browser":
            item.add_marker("browser")
        heavy = HEAVY & set(getattr(item, "fixturenames", ()))
        if heavy or place.parts[0] in ("browser", "security") or place.as_posix() in LONG:
            item.add_marker("model")


def speech_folder() -> Path | None:
    """Real speech in ML-SUPERB's layout: $SMILE_TEST_SPEECH, or shared/speech/mini beside the repository."""
    folder = Path(os.environ.get("SMILE_TEST_SPEECH", ROOT.parent / "shared" / "speech" / "mini"))
    return folder if folder.is_dir() else None


@pytest.fixture
def decoded_here(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that are decoded in this process."""
    paths, stream = [], io.stream

    def seen(path: Path, most: int | None = None, track: int | None = None) -> object:
        paths.append(path)
        return stream(path, most, track)

    monkeypatch.setattr(io, "stream", seen)
    return paths


@pytest.fixture(scope="session")
def speech() -> Path | None:
    return speech_folder()


@pytest.fixture(scope="session")
def base() -> weights.Base:
    return weights.find()


@pytest.fixture(scope="session")
def tokenizer(base: weights.Base) -> Tokenizer:
    return Tokenizer.of(base)


@pytest.fixture(scope="session")
def models() -> Models:
    """The serving engine as the app loads it, without an adapter."""
    return load_models(adapter=None)


@pytest.fixture(scope="session")
def lean32() -> Recognizer:
    return load_models(precision="float32", adapter=None).vanilla.recognizer


@pytest.fixture(scope="session")
def hf() -> Recognizer:
    return load_models(engine="hf", precision="float32", adapter=None).vanilla.recognizer
