"""A tiny Whisper, and a pool of a few real recordings."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from smile.pools.pool import Pool, open_pool
from smile.whisper.model import Model, load_models
from tests.conftest import POOLS
from tests.support.tiny import COUNT, tiny_whisper


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return load_models(str(tiny_whisper(tmp_path_factory.mktemp("tiny"))), precision="float32").vanilla


@pytest.fixture
def pool(tmp_path: Path) -> Pool:
    shutil.copytree(POOLS / "gle", tmp_path / "gle")
    whole = open_pool(tmp_path / "gle")
    return replace(whole, utterances=whole.utterances[:COUNT])
