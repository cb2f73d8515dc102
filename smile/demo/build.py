"""Writes the demo pools: speaks the texts of each language, and describes the result in a README."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import count, islice
from pathlib import Path

from smile.datatypes import SAMPLE_RATE, Progress, Samples, SmileError, Utterance
from smile.demo import speak
from smile.demo.card import write_card
from smile.demo.sentences import cldr_version, texts
from smile.demo.voices import LANGUAGES, PITCHES, RATES, VARIANTS, DemoLanguage
from smile.pools.pool import Header, write_pool
from smile.text.languages import language as known_language
from smile.util.storage import rename_folder

EXAMPLES, QUERIES = 90, 12
SECONDS = (1.8, 6.5)  # shortest and longest clip
COMPRESSION = 0.95  # libsndfile's scale; about 20 kbit/s of Opus
LICENCE = (
    "Names: Unicode License v3 (Unicode-3.0), copyright Unicode, Inc. Speech: output of eSpeak NG, "
    "to which that program's GPL does not extend."
)


def build_all(
    out: Path, languages: Sequence[str] = tuple(LANGUAGES), progress: Progress = lambda done, total: None
) -> None:
    """Make the pools of these languages (ISO 639-3) anew under `out`, without embeddings.

    `progress` is told how many clips of how many are done. A pool appears when it is whole.

    Raises:
        SmileError: eSpeak NG or Babel is missing, or there is no demo pool of that language.
    """
    if unknown := [code for code in languages if code not in LANGUAGES]:
        raise SmileError(f"There is no demo pool of {unknown[0]!r}; choose from {', '.join(LANGUAGES)}.")
    total, done = len(languages) * (EXAMPLES + QUERIES), count(1)
    for code in languages:
        build_pool(LANGUAGES[code], out / code, lambda: progress(next(done), total))
    write_card(out)


def build_pool(language: DemoLanguage, folder: Path, clip_done: Callable[[], None]) -> None:
    """Make one pool, in a folder beside its place until it is whole."""
    unfinished = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(unfinished, ignore_errors=True)
    clips: list[Utterance] = []
    for text, speaker, samples in islice(spoken(language), EXAMPLES + QUERIES):
        clips.append(write_clip(unfinished, language.code, len(clips), text, speaker, samples))
        clip_done()
    write_pool(unfinished, header(language), clips[:EXAMPLES], None, clips[EXAMPLES:])
    shutil.rmtree(folder, ignore_errors=True)
    rename_folder(unfinished, folder)


def spoken(language: DemoLanguage) -> Iterator[tuple[str, str, Samples]]:
    """Yield text, variant and samples of one clip after another, without end; the variants take turns.

    A text that the voice cannot read, or whose clip is too short or too long, is passed over.
    """
    rng = random.Random(language.code)
    turn = 0
    for text in texts(language):
        if not speak.speaks(text, language.voice):
            continue
        variant = VARIANTS[turn % len(VARIANTS)]
        voice = f"{language.voice}+{variant}"
        samples = speak.speak(text, voice, rng.choice(RATES), rng.choice(PITCHES))
        if SECONDS[0] <= len(samples) / SAMPLE_RATE <= SECONDS[1]:
            turn += 1
            yield text, variant, samples


def write_clip(folder: Path, code: str, number: int, text: str, speaker: str, samples: Samples) -> Utterance:
    """Write one clip as Opus; the first ones are the examples."""
    import soundfile

    kind = "audio" if number < EXAMPLES else "queries"
    name = f"{code}-{number + 1:03d}"
    path = folder / kind / f"{name}.ogg"
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, SAMPLE_RATE, format="OGG", subtype="OPUS", compression_level=COMPRESSION)
    return Utterance(name, path, text, code, speaker, round(len(samples) / SAMPLE_RATE, 3))


def header(language: DemoLanguage) -> Header:
    """Return the header of a pool that has no embeddings yet."""
    return Header(
        language=known_language(language.code),
        synthetic=True,
        source=(
            f"Spoken by eSpeak NG {speak.version()}; texts from CLDR {cldr_version()} "
            f"via Babel {version('babel')}."
        ),
        licence=LICENCE,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )
