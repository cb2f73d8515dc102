"""Where the milliseconds of a transcription go: the parts of a clip's way, as Python's profiler sees them.

The profiler makes Python's own functions slower, so a part that is all Python (search, processors) takes
less than it looks; matrix products, which are most of it, are not touched. "Everything else" is what no part
has: prompts, tokens to text, snapshots for the page.

    smile bench stages --data ML_SUPERB --languages deu
"""

from __future__ import annotations

import cProfile
import pstats
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from smile.bench.asked import Asked
from smile.bench.report import markdown_table, stamp
from smile.datatypes import SAMPLE_RATE, Samples
from smile.pools.pool import Pool
from smile.settings import DEFAULTS, Settings
from smile.transcription.pipeline import transcribe
from smile.transcription.preparing import prepare
from smile.whisper.model import Models, load_models

ROUNDS = 5
PARTS: Mapping[str, tuple[str, str]] = {  # file and function that each part is
    "finding speech": ("audio/silero.py", "__call__"),
    "log-mel": ("audio/features.py", "log_mel"),
    "encoder": ("engines/lean.py", "__call__"),
    "keys and values of encoder states": ("engines/lean.py", "memories"),
    "decoder, vocabulary included": ("engines/lean.py", "step"),
    "masks, kNN-LM, choice of tokens": ("decoding/search.py", "advance"),
    "retrieval": ("transcription/examples.py", "retrieve"),
    "decoder's reading of the heads' texts": ("knn/teacher_forcing.py", "_judged"),
    "heads": ("acoustic/head.py", "__call__"),
    "prefix beam search": ("acoustic/beam.py", "search"),
    "texts scored by the heads": ("acoustic/ctc.py", "log_likelihoods"),
}
WAYS: Mapping[str, tuple[bool, Settings]] = {  # whether there is a pool
    "Whisper alone": (False, DEFAULTS),
    "both, 1 example": (True, replace(DEFAULTS, shots=1)),
    "both, 3 examples": (True, DEFAULTS),
    "alone and acoustic": (True, replace(DEFAULTS, level="acoustic")),
    "alone and combined": (True, replace(DEFAULTS, level="combined")),
}


def run(asked: Asked) -> str:
    """Profile a clip by every way -> Markdown, milliseconds a part."""
    models = load_models()
    clip = asked.clip()
    with tempfile.TemporaryDirectory() as work:
        pool = asked.pool(models, Path(work))
        columns = {way: spent(models, clip, pool if has else None, how) for way, (has, how) in WAYS.items()}
    seconds = len(clip) / SAMPLE_RATE
    head = f"A clip of {seconds:.1f} s, {asked.language}, milliseconds, mean of {ROUNDS}; {stamp()}"
    return f"{head}\n\n{markdown_table(rows(columns))}"


def spent(models: Models, clip: Samples, pool: Pool | None, settings: Settings) -> dict[str, float]:
    """Return the milliseconds of each part of a transcription, the rest and the whole."""
    if pool:
        prepare(pool, models.smile, settings)
    profile = cProfile.Profile()
    for number in range(ROUNDS + 1):
        if number == 1:
            profile.enable()
        for _ in transcribe(models, clip, pool, settings):
            pass
    profile.disable()
    return parted(pstats.Stats(profile), ROUNDS)


def parted(stats: pstats.Stats, times: int) -> dict[str, float]:
    """Return the milliseconds of each part, the rest and the whole of a profile of so many equal runs."""
    profiles = stats.stats  # type: ignore[attr-defined]  # typeshed leaves it out
    found = {
        part: sum(
            told[3] for (path, _, name), told in profiles.items() if path.endswith(file) and name == what
        )
        for part, (file, what) in PARTS.items()
    }
    whole = float(stats.total_tt)  # type: ignore[attr-defined]
    found |= {"everything else": whole - sum(found.values()), "whole": whole}
    return {part: 1000 * seconds / times for part, seconds in found.items()}


def rows(columns: Mapping[str, Mapping[str, float]]) -> Sequence[dict[str, object]]:
    """Return a row a part, with a column a way; a part that no way has is left out."""
    parts = next(iter(columns.values()))
    return [
        {"part": part, **{way: f"{each[part]:.0f}" if each[part] else "" for way, each in columns.items()}}
        for part in parts
        if any(each[part] for each in columns.values())
    ]
