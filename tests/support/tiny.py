"""A Whisper of random weights that is small enough for tests of processes; what it writes makes no sense."""

from __future__ import annotations

import shutil
from pathlib import Path

from smile.acoustic.recipe import Recipe
from smile.whisper import packages, weights

SIZES = {
    "d_model": 16,
    "encoder_layers": 1,
    "decoder_layers": 1,
    "encoder_attention_heads": 2,
    "decoder_attention_heads": 2,
    "encoder_ffn_dim": 16,
    "decoder_ffn_dim": 16,
    "max_source_positions": 1500,
    "max_target_positions": 128,
}
COUNT = 5  # clips that a tiny head is fitted on
RECIPE = Recipe(hidden=8, epochs=3, layers=(1,), batch=2)


def tiny_whisper(folder: Path, **sizes: int) -> Path:
    """The folder, with a model and Whisper's tokenizer in it; sizes are in place of the usual ones."""
    import torch
    from transformers import WhisperConfig, WhisperForConditionalGeneration

    torch.manual_seed(3)
    model = WhisperForConditionalGeneration(WhisperConfig(**SIZES | sizes, **weights.TOKENS))
    model.generation_config.suppress_tokens = [1, 2]
    model.generation_config.begin_suppress_tokens = [220, 50257]
    model.save_pretrained(folder)
    shutil.copy(packages.load(packages.installed()).tokenizer, folder)
    return folder
