"""Models travel as what they are on the machine that sends them."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from smile.datatypes import EncoderId, RecognizerInfo, SmileError
from smile.whisper import carried, engines
from smile.whisper.carried import CarriedModels
from smile.whisper.model import SHIPPED_ADAPTER, Model, Models


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


INFO = RecognizerInfo("lean", "int8", EncoderId("whisper-base", "0" * 12), "shipped", "a" * 12)


def models(info: RecognizerInfo) -> Models:
    side = Model(SimpleNamespace(info=info), None)  # type: ignore[arg-type]
    return Models(side, side)


@pytest.mark.parametrize(
    "there",
    [
        replace(INFO, adapter="", adapter_hash=""),
        replace(INFO, encoder=EncoderId("whisper-base", "1" * 12)),
        replace(INFO, precision="float32"),
    ],
)
def test_a_worker_with_other_models_is_refused(
    monkeypatch: pytest.MonkeyPatch, there: RecognizerInfo
) -> None:
    sent = CarriedModels.of({"precision": "int8"}, False, models(INFO))
    monkeypatch.setattr(carried, "load_models", lambda **_: models(INFO))
    assert sent.loaded().smile.info == INFO
    monkeypatch.setattr(carried, "load_models", lambda **_: models(there))
    with pytest.raises(SmileError, match="install the same on all machines"):
        sent.loaded()


def test_a_worker_with_another_smile_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = CarriedModels.of({"precision": "int8"}, False, models(INFO))
    monkeypatch.setattr(carried, "load_models", lambda **_: models(INFO))
    monkeypatch.setattr("smile.__version__", "0.0.1")
    with pytest.raises(SmileError, match="has another SMILE"):
        sent.loaded()
