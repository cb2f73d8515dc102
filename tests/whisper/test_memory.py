"""What two models hold: the weights that they share once, and nothing of how these were read."""

from __future__ import annotations

import subprocess
import sys

from smile.whisper.engines.lean import LeanRecognizer
from smile.whisper.model import load_models

MOST = 700e6  # bytes; a float32 copy of Whisper base alone has 290 MB
HELD = """
import os
from pathlib import Path
from smile.whisper.model import load_models
models = load_models()
print(int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE"))
"""


def test_an_adapted_model_shares_what_its_adapter_leaves_as_it_is() -> None:
    models = load_models()
    vanilla, smile = models.vanilla.recognizer, models.smile.recognizer
    assert isinstance(vanilla, LeanRecognizer)
    assert isinstance(smile, LeanRecognizer)
    assert vanilla is not smile
    assert smile.embedding is vanilla.embedding
    assert smile.output is vanilla.output


def test_what_the_weights_were_made_of_is_given_back() -> None:
    held = subprocess.run([sys.executable, "-c", HELD], capture_output=True, text=True, check=True)
    assert int(held.stdout) < MOST
