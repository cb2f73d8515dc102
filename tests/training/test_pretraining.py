"""Pre-training a head on made-up languages: it learns, gives the same bits, and writes the letters of all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from smile.acoustic.alphabet import Alphabet
from smile.acoustic.head import SHAPES
from smile.acoustic.pretrained import read_pretrained
from smile.acoustic.recipe import Recipe
from smile.acoustic.states import LayerStore
from smile.cli.main import main
from smile.datatypes import CorpusError, Utterance
from smile.training.pretraining import Step, Taught, _language, pretrain
from smile.util.timing import finished
from tests.support.made_states import READS, made
from tests.support.superb import superb
from tests.support.tiny import tiny_whisper

RECIPE = Recipe(hidden=16, epochs=30, batch=2, layers=(1, 2), masks=0, dropout=0.0, rate=1e-2)
TEXTS = {"eng": ["ab a", "ba", "abab"], "rus": ["аб", "ба а", "бб аб"]}


@pytest.fixture
def clips(tmp_path: Path) -> dict[str, list[Utterance]]:
    """Clips whose recordings are a few bytes, with states that are made up."""
    every: dict[str, list[Utterance]] = {}
    for code, texts in TEXTS.items():
        store = LayerStore(tmp_path / "states" / code, READS)
        store.folder.mkdir(parents=True)
        for number, text in enumerate(texts):
            audio = tmp_path / f"{code}{number}.wav"
            audio.write_bytes(f"{code}{number}".encode())
            clip = Utterance(f"{code}{number}", audio, text, code)
            store.write(store._path(clip).name, made(text, number))
            every.setdefault(code, []).append(clip)
    return every


def languages(tmp_path: Path, clips: dict[str, list[Utterance]]) -> list[Taught]:
    return [
        _language(code, some, LayerStore(tmp_path / "states" / code, READS), RECIPE)
        for code, some in clips.items()
    ]


def test_it_learns_the_same_bits_again(tmp_path: Path, clips: dict[str, list[Utterance]]) -> None:
    taught = languages(tmp_path, clips)
    steps, said = pretrain(taught, RECIPE), list[Step]()
    try:
        while True:
            said.append(next(steps))
    except StopIteration as done:
        one = done.value
    assert [step.done for step in said] == list(range(1, 31))
    assert said[-1].loss is not None
    assert said[0].loss is not None
    assert said[-1].loss < 0.3 * said[0].loss
    again = finished(pretrain(taught, RECIPE))
    assert set(one.weights) == set(SHAPES)
    for name in SHAPES:
        np.testing.assert_array_equal(one.weights[name], again.weights[name])
    np.testing.assert_array_equal(one.weights["mix"], np.zeros(2))
    assert one.alphabet.characters == " abаб"
    assert (one.encoder, one.layers) == (READS.encoder.weights, READS.layers)
    other = finished(pretrain(taught, replace(RECIPE, seed=1)))
    assert not np.array_equal(other.weights["narrow.weight"], one.weights["narrow.weight"])


def test_clips_that_nothing_can_be_learned_from_are_left_out(
    tmp_path: Path, clips: dict[str, list[Utterance]]
) -> None:
    first, second, third = clips["eng"]
    odd = [replace(first, text="…"), replace(second, text="ab" * 60), third]
    (taught, _) = languages(tmp_path, {"eng": odd, "rus": clips["rus"]})
    assert [clip.id for clip in taught.clips] == [third.id]
    assert taught.alphabet == Alphabet.of(["ab" * 60, third.text])
    with pytest.raises(CorpusError, match="leave that language out"):
        languages(tmp_path, {"eng": odd[:2]})


def test_the_command_encodes_once_and_writes_what_can_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tiny_whisper(tmp_path / "tiny")
    corpus = superb(tmp_path / "corpus", ("gle", "gla"))
    line = ["pretrain", "--data", str(corpus), "--work", str(tmp_path / "work"), "--model", str(model)]
    written = [tmp_path / "once.npz", tmp_path / "again.npz"]
    for out in written:
        assert main([*line, "--languages", "gle,gla", "--out", str(out)]) == 0
        assert "nats a character at the end" in capsys.readouterr().out
    kept = list((tmp_path / "work").rglob("*.npy"))
    assert len(kept) == 2 * 6 * 3
    one, again = map(read_pretrained, written)
    for name in SHAPES:
        np.testing.assert_array_equal(one.weights[name], again.weights[name])
    assert one.layers == (1,)
    assert main([*line, "--languages", "gle,xxx", "--out", str(written[0])]) == 2
    assert "xxx" in capsys.readouterr().err
