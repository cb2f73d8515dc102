"""A pool's acoustic model on the command line: fitting it, and a recording's transcript by it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from smile.cli.terminal import Bar

if TYPE_CHECKING:
    from smile.datatypes import Samples
    from smile.pools.pool import Pool
    from smile.settings import Settings
    from smile.transcription.result import Transcript
    from smile.whisper.model import Models


def fit_acoustic(pool: Pool, models: Models) -> None:
    """Fit a pool's acoustic model and store it beside the pool; clips that it leaves out are named."""
    from smile.acoustic.building import build

    steps = build(pool, models.smile)
    with Bar("Acoustic model", "steps") as bar:
        while True:
            try:
                progress = next(steps)
            except StopIteration as done:
                fitted = done.value
                break
            bar(progress.done, progress.of)
    for clip in fitted.left_out:
        print(f"{clip.id}: {clip.reason}", file=sys.stderr)


def acoustic_transcript(
    pool: Pool, models: Models, samples: Samples, settings: Settings, text: Path | None = None
) -> Transcript:
    """Return the transcript of samples (n,) by a pool's acoustic model; `text` adds to its language model.

    Raises:
        PoolError: the pool has none for this model.
        SmileError: the text cannot be read.
    """
    from smile.transcription.acoustic import lines_of, open_acoustic, transcribe_acoustic

    model = models.smile.within(settings.windows)
    acoustic = open_acoustic(pool, model, added=lines_of(text) if text else ())
    *_, transcript = transcribe_acoustic(model, acoustic, samples, settings)
    return transcript
