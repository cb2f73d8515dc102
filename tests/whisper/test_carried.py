"""Models travel as what they are on the machine that sends them."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from smile.whisper import carried, engines
from smile.whisper.carried import CarriedModels
from smile.whisper.model import SHIPPED_ADAPTER


def test_the_precision_is_that_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for works, precision in ((True, "int8"), (False, "float32")):
        monkeypatch.setattr("smile.whisper.engines.lean.int8_works", lambda works=works: works)
        assert CarriedModels.of({"precision": "auto"}, True).arguments["precision"] == precision
        assert CarriedModels.of({"precision": "bfloat16"}, True).arguments["precision"] == "bfloat16"
    assert engines.precision_of("hf", "auto", "cpu") == "float32"


def test_an_adapter_travels_unless_it_comes_with_smile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    adapter = tmp_path / "mine"
    adapter.mkdir()
    (adapter / "adapter_config.json").write_text("{}")
    assert CarriedModels.of({"adapter": SHIPPED_ADAPTER}, False).arguments["adapter"] == "shipped"
    assert CarriedModels.of({"adapter": adapter}, True).adapter is None
    sent = pickle.dumps(CarriedModels.of({"adapter": adapter}, False))
    (adapter / "adapter_config.json").unlink()
    loaded: list[Path] = []
    monkeypatch.setattr(carried, "load_models", lambda **given: loaded.append(given["adapter"]))
    pickle.loads(sent).loaded()
    assert loaded[0].name == "mine"
    assert (loaded[0] / "adapter_config.json").read_text() == "{}"
