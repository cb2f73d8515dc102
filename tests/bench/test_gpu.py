"""What is timed on a GPU is done both ways; without a GPU there is a sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from smile.bench import gpu
from smile.bench.asked import Asked
from smile.whisper import weights
from smile.whisper.engines import load_recognizer
from smile.whisper.engines.batched import BatchedRecognizer
from smile.whisper.engines.hf import HfRecognizer
from smile.whisper.model import Model, Models
from smile.whisper.tokenizer import Tokenizer
from tests.support.superb import superb
from tests.support.tiny import tiny_whisper


def test_without_a_gpu_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu, "gpu_name", str)
    assert gpu.run(Asked(tmp_path, "gle"), 3) == gpu.NONE


def test_each_work_is_done_both_ways(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = weights.find(str(tiny_whisper(tmp_path / "tiny", max_target_positions=448, encoder_layers=6)))
    recognizer, stepped, sizes = load_recognizer(base, engine="hf"), BatchedRecognizer.stepped, Counter[int]()
    assert isinstance(recognizer, HfRecognizer)

    def seen(self: BatchedRecognizer, some: Sequence[object]) -> object:
        sizes[len(some)] += 1
        return stepped(self, some)  # type: ignore[arg-type]

    monkeypatch.setattr(BatchedRecognizer, "stepped", seen)
    model = Model(BatchedRecognizer(recognizer), Tokenizer.of(base))
    corpus = superb(tmp_path / "corpus", train=4, test=3)
    printed = gpu.measured(Asked(corpus, "gle"), 3, Models(model, model))
    rows = [line.split(" | ") for line in printed.splitlines()[4:]]
    assert [row[0] for row in rows] == [
        "| reading a datastore",
        "| both transcripts",
        "| fitting a head, 4 epochs",
    ]
    assert all(float(row[1]) > 0 < float(row[3]) for row in rows)
    assert max(sizes) > 1
