"""A small ML-SUPERB folder for tests, made of the demo pools' synthetic clips."""

from __future__ import annotations

import shutil
from pathlib import Path

from smile.corpora import read_corpus
from tests.conftest import POOLS


def superb(
    root: Path, codes: tuple[str, ...] = ("gle",), train: int = 6, test: int = 3, dev: int = 0
) -> Path:
    """Languages with so many examples, targets and clips to validate on, in ML-SUPERB's layout."""
    for code in codes:
        utterances = read_corpus(POOLS / code).utterances[: train + test + dev]
        wav = root / code / "wav"
        wav.mkdir(parents=True)
        for utterance in utterances:
            shutil.copy(utterance.audio, wav / f"{utterance.id}{utterance.audio.suffix}")
        test_to = train + test
        parts = {"train": utterances[:train], "test": utterances[train:test_to], "dev": utterances[test_to:]}
        for split, part in parts.items():
            lines = "".join(f"{u.id} x {u.text}\n" for u in part)
            (root / code / f"transcript_10min_{split}.txt").write_text(lines, encoding="utf-8")
    return root
