"""What the tests share: real speech where it is at hand, the base weights, engines loaded once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from smile.datatypes import Recognizer
from smile.whisper import weights
from smile.whisper.model import Models, load_models
from smile.whisper.tokenizer import Vocabulary

ROOT = Path(__file__).parent.parent
POOLS = ROOT / "assets" / "pools"


def speech_folder() -> Path | None:
    """Real speech in ML-SUPERB's layout: $SMILE_TEST_SPEECH, or shared/speech/mini beside the repository."""
    folder = Path(os.environ.get("SMILE_TEST_SPEECH", ROOT.parent / "shared" / "speech" / "mini"))
    return folder if folder.is_dir() else None


@pytest.fixture(scope="session")
def speech() -> Path | None:
    return speech_folder()


@pytest.fixture(scope="session")
def base() -> weights.Base:
    return weights.find()


@pytest.fixture(scope="session")
def vocabulary(base: weights.Base) -> Vocabulary:
    return Vocabulary.of(base)


@pytest.fixture(scope="session")
def models() -> Models:
    """The serving engine as the app loads it, without an adapter."""
    return load_models()


@pytest.fixture(scope="session")
def lean32() -> Recognizer:
    return load_models(precision="float32").vanilla.recognizer


@pytest.fixture(scope="session")
def hf() -> Recognizer:
    return load_models(engine="hf", precision="float32").vanilla.recognizer
