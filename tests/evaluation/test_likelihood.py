"""Bits per character: what they are the sum of, what a scale of 0 is, and a command that goes on."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from smile.audio.io import read_audio
from smile.cli import main as cli
from smile.datatypes import Shot, Utterance
from smile.decoding import prompt as prompts
from smile.evaluation.likelihood import Tried, foreseen, likelihood_table
from smile.pools.pool import Pool, open_pool
from smile.settings import Settings
from smile.transcription.examples import pool_token
from smile.whisper.logits import log_softmax
from smile.whisper.model import SHIPPED_ADAPTER, Models, load_models
from tests.conftest import POOLS
from tests.support.superb import superb


@pytest.fixture(scope="module")
def exact() -> Models:
    return load_models(precision="float32", adapter=None)


@pytest.fixture(scope="module")
def pool() -> Pool:
    return open_pool(POOLS / "gle")


def stepwise(models: Models, target: Utterance, shots: list[Shot], language: str) -> float:
    """Bits of a text, its tokens fed one by one."""
    tokenizer, model = models.vanilla.tokenizer, models.smile
    prompt = prompts.build(model, read_audio(target.audio), shots, language=language)
    session = model.decoder(model.encode(prompt.samples))
    logits, _ = session.step(np.array([prompt.tokens]))
    nats = 0.0
    for token in tokenizer.encode(" " + target.text):
        nats -= float(log_softmax(logits[0])[token])
        logits, _ = session.step(np.array([[token]]))
    nats -= float(np.logaddexp.reduce(log_softmax(logits[0])[tokenizer.end :]))
    return nats / math.log(2)


def test_bits_are_those_of_the_text_and_its_end(exact: Models, pool: Pool) -> None:
    clip = pool.queries[0]
    alone, behind = foreseen(clip, [(Tried("u", 0.0, exact), k) for k in (0, 1)], {"": pool}, Settings())
    assert alone.characters == len(clip.text)
    assert alone.bits == pytest.approx(stepwise(exact, clip, [], pool_token(pool)), rel=1e-3)
    assert behind.bits < alone.bits  # an example of the same voice helps


def test_states_are_made_once_for_all_models(
    exact: Models, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []
    engine = exact.smile.recognizer
    real = engine.encode
    monkeypatch.setattr(engine, "encode", lambda features: made.append(1) or real(features))
    tried = [Tried("a", 0.0, exact), Tried("b", 0.0, exact)]
    first, second = foreseen(pool.queries[0], [(t, 1) for t in tried], {"": pool}, Settings())
    assert first.bits == second.bits
    assert len(made) == 2  # the target for retrieval, and behind its example


def rows(adapter: str, bits: dict[str, list[float]]) -> list[dict]:
    return [
        {
            "adapter": adapter,
            "scale": 1.0,
            "shots": 1,
            "language": code,
            "id": str(i),
            "bits": b,
            "characters": 10,
        }
        for code, clips in bits.items()
        for i, b in enumerate(clips)
    ]


def test_change_is_of_the_macro_average_over_paired_clips() -> None:
    before = rows("none", {"mdw": [40.0, 20.0], "sxb": [10.0, 30.0]})
    after = rows("a", {"mdw": [30.0, 20.0], "sxb": [10.0, 20.0]})
    first, second = likelihood_table(pd.DataFrame(before + after)).to_dict("records")
    assert (first["mdw"], first["sxb"], first["macro"], first["change"]) == (3.0, 2.0, 2.5, 0.0)
    assert (second["mdw"], second["sxb"], second["macro"]) == (2.5, 1.5, 2.0)
    assert second["change"] == pytest.approx(-20.0)
    deviation = np.std([-10.0, 0.0], ddof=1) * math.sqrt(2) / 20 / 2.5 / 2
    assert second["sure"] == pytest.approx(100 * 1.96 * math.hypot(deviation, deviation))


def test_change_may_be_against_an_adapter_with_as_much_of_its_change() -> None:
    none, a, b = (rows(name, {"mdw": bits}) for name, bits in [("none", [9.0]), ("a", [8.0]), ("b", [4.0])])
    half = [{**row, "scale": 0.5, "bits": 2 * row["bits"]} for row in [*a, *b]]
    made = likelihood_table(pd.DataFrame([{**row, "scale": 0.0} for row in none] + a + b + half), "a")
    assert made.set_index(["adapter", "scale"])["change"].dropna().to_dict() == {
        ("a", 0.5): 0.0,
        ("a", 1.0): 0.0,
        ("b", 0.5): -50.0,
        ("b", 1.0): -50.0,
    }


def test_the_command_goes_on_and_a_share_of_nothing_is_the_untrained_model(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root, out = superb(tmp_path / "corpus"), tmp_path / "rows.csv"
    common = ["likelihood", "--data", str(root), "--split", "10min_test", "--out", str(out)]
    common += ["--adapter", str(SHIPPED_ADAPTER), "--scale", "0", "--limit"]
    assert cli.main([*common, "1", "--shots", "1"]) == 0
    first = pd.read_csv(out)
    assert cli.main([*common, "2", "--shots", "0,1"]) == 0
    everything = pd.read_csv(out)
    pd.testing.assert_frame_equal(everything.iloc[: len(first)], first)
    assert len(first) == 2
    assert len(everything) == 8
    assert not everything.duplicated(["adapter", "shots", "id"]).any()
    untrained, nothing = (part["bits"].to_numpy() for _, part in everything.groupby("adapter", sort=False))
    np.testing.assert_allclose(untrained, nothing, rtol=1e-6)
    assert "Bits per character" in capsys.readouterr().out


def test_an_adapter_that_applies_nothing_cannot_be_scaled(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root, adapter = superb(tmp_path / "corpus"), tmp_path / "none"
    shutil.copytree(SHIPPED_ADAPTER, adapter)
    card = json.loads((adapter / "smile.json").read_text())
    card["config"]["scale"] = 0.0
    (adapter / "smile.json").write_text(json.dumps(card))
    command = ["likelihood", "--data", str(root), "--split", "10min_test", "--adapter", str(adapter)]
    assert cli.main([*command, "--out", str(tmp_path / "rows.csv")]) == 2
    assert "applies nothing of its change" in capsys.readouterr().err


def test_another_file_is_not_taken_for_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root, out = superb(tmp_path / "corpus"), tmp_path / "notes.csv"
    out.write_text("a,b\n1,2\n")
    assert cli.main(["likelihood", "--data", str(root), "--split", "10min_test", "--out", str(out)]) == 2
    assert "give --out another name" in capsys.readouterr().err
    assert out.read_text() == "a,b\n1,2\n"
