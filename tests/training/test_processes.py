"""On two processes, as torchrun starts them, training comes to what it comes to on one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from smile.whisper.tokenizer import Tokenizer
from tests.conftest import ROOT
from tests.support.toy_training import Trainee, tiny_whisper
from tests.support.two_processes import CONFIGS, STEPS

LAUNCH = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]


@pytest.mark.parametrize("name", sorted(CONFIGS))
def test_two_processes_learn_what_one_does(tmp_path: Path, tokenizer: Tokenizer, name: str) -> None:
    alone = Trainee(tiny_whisper(), tokenizer, CONFIGS[name], tmp_path / "alone")
    alone.learn(STEPS)
    one = alone.values()
    ask = [*LAUNCH, "-m", "tests.support.two_processes", str(tmp_path), name]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(ask, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    processes, two = torch.load(tmp_path / "learned.pt", weights_only=True)
    assert processes == 2
    assert any(value.abs().max() > 1e-3 for key, value in one.items() if "lora_B" in key)
    for key, value in one.items():
        torch.testing.assert_close(two[key], value, rtol=1e-3, atol=1e-4)
