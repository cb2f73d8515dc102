"""A toy training in as many processes as are started; run by `test_training_processes`."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import torch

from smile.whisper import weights
from smile.whisper.tokenizer import Tokenizer
from tests.support.toy_training import TOY, Trainee, tiny_whisper

STEPS = 10
CONFIGS = {
    "lora": replace(TOY, steps=STEPS, batch=4, dropout=0.0),
    "adalora": replace(
        TOY, steps=STEPS, batch=4, dropout=0.0, method="adalora", layers="all", timestamps=False
    ),
}


def main(folder: Path, name: str) -> None:
    """Train; the main process writes what was learned, and how many they were."""
    torch.set_num_threads(1)
    tokenizer = Tokenizer.of(weights.find(weights.DEFAULT))
    trainee = Trainee(tiny_whisper(), tokenizer, CONFIGS[name], folder / "run")
    trainee.learn(STEPS)
    if trainee.accelerator.is_main_process:
        torch.save((trainee.accelerator.num_processes, trainee.values()), folder / "learned.pt")
    trainee.accelerator.end_training()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
