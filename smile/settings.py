"""The settings of a transcription: everything that changes a transcript, each said once with all its facts.

Command line, grids, page, address, rows and endpoints are made from `OPTIONS`; the words of open vocabularies
and the checks are in `smile.transcription.options`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_args

from smile.datatypes import MOST_BEAMS, MOST_SHOTS, SmileError

WINDOWS = (10.0, 15.0, 20.0, 30.0)  # seconds; the shortest that holds the audio is encoded
WHOLE_WINDOW = (30.0,)  # Whisper as it was trained: always 30 s
Mode = Literal["off", "soft", "hard"]  # of decoding: as it comes, preferring characters, writing no others
MODES: tuple[Mode, ...] = get_args(Mode)
Level = Literal["context", "acoustic", "combined"]  # by what a transcript beside Whisper alone is written
LEVELS: tuple[Level, ...] = get_args(Level)
ACOUSTIC_SHARE = 0.6  # chosen on dev clips of five languages: docs/acoustic-tried.md
MAX_SEGMENT_SECONDS = 15.0  # leaves half the window to the examples


@dataclass(frozen=True)
class Option:
    """What every surface needs to know of a setting beside its name, type and default."""

    label: str  # above its control
    help: str  # one sentence: what it does, and in which unit
    choices: Mapping[Any, str] | None = None  # its values in words; None: any within the bounds
    vocabulary: str = ""  # names the values where a room above knows them
    least: float = 0.0
    most: float = float("inf")
    step: float | None = None  # of a slider
    info: str = ""  # below its control
    since: Any = None  # what rows made before the setting existed stand for; None: all rows have it


def _option(default: Any, label: str, help: str, **more: Any) -> Any:
    """Return a field with its default and what is known of it."""
    return field(default=default, metadata={"option": Option(label, help, **more)})


@dataclass(frozen=True)
class Settings:
    """Everything that changes a transcript, with its default. All of it is logged with a result."""

    shots: int = _option(
        3,
        "Examples in the prompt",
        "Put this number of transcribed examples in front of the recording.",
        most=MOST_SHOTS,
        step=1,
    )
    sampler: str = _option(
        "nearest", "Which examples", "Choose the examples in this way.", vocabulary="sampler"
    )
    divergence: str = _option(
        "kl", "Distance", "Rank the pool by this distance between embeddings.", vocabulary="divergence"
    )
    seed: int = _option(
        0, "Seed of random examples", "Draw random examples by this seed.", most=2**31 - 1, step=1
    )
    language_token: str = _option(
        "pool",
        "Language token of the prompt",
        'Put this language token into the prompt: "guess" (Whisper\'s own), "pool" or a Whisper code.',
        vocabulary="language_token",
        info="Whisper writes as it learned to for the language that its prompt names.",
    )
    timestamps: bool = _option(
        True,
        "Timestamps in the prompt",
        "Mark where each example begins and ends with Whisper's timestamp tokens.",
    )
    beam_size: int = _option(
        1, "Beam size", "Search with this number of beams; 1 is greedy.", least=1, most=MOST_BEAMS, step=1
    )
    windows: tuple[float, ...] = _option(
        WINDOWS,
        "Audio window",
        "Encode the shortest of these windows, in seconds, that holds the audio; 30 is Whisper's own.",
        choices={WINDOWS: "Shortest that fits", WHOLE_WINDOW: "Always 30 s"},
        least=1,
        most=30,
    )
    max_segment_seconds: float = _option(
        MAX_SEGMENT_SECONDS,
        "Longest segment (s)",
        "Cut longer speech at pauses, so that no segment has more than this number of seconds.",
        least=2,
        most=28,
        step=1,
    )
    split_short: bool = _option(
        True,
        "Cut again where the text is short",
        "Cut a segment at its longest pause where its text with examples is shorter than the pool's pace.",
        info="A decoder may take a pause for the end; what follows is then written as a segment of its own.",
        since=True,
    )
    length_limit: bool = _option(
        True,
        "Cut text longer than the examples' pace",
        "Cut text with examples that is longer than the pool's speaking rate allows.",
    )
    knn: float = _option(
        1.0,
        "Spelling from the whole pool",
        "Interpolate with a kNN-LM over the pool at this strength, 0 (off) to 1.",
        most=1,
        step=0.25,
        info="Mixes in what the pool's texts went on with in the nearest places (kNN-LM).",
    )
    total_seconds: float = _option(
        0.0,
        "Examples and target together (s)",
        "Choose examples that come to about this number of seconds with the target; 0: as they come.",
        most=30,
        step=1,
        since=0.0,
    )
    no_repeat: bool = _option(
        True, "Keep loops from beginning", "Keep loops from beginning in text with examples."
    )
    characters: Mode = _option(
        "off",
        "Characters of the pool",
        "Prefer the characters of the pool (soft), write no others (hard), or write any (off).",
        choices={"off": "Any", "soft": "Prefer them", "hard": "Only them"},
        info="Whether the transcript may have others.",
        since="off",
    )
    cut_loops: bool = _option(True, "Cut loops", "Cut text where it has begun to repeat itself.")
    level: Level = _option(
        "context",
        "Written by",
        "Write with examples in the prompt (context), by the pool's own acoustic model (acoustic), or both "
        "(combined: the text that both find likeliest).",
        choices={
            "context": "Examples in context (SMILE)",
            "acoustic": "The pool's acoustic model",
            "combined": "Both combined",
        },
        info="The acoustic model is fitted to the pool in a few minutes, when it is first used.",
        since="context",
    )

    acoustic_share: float = _option(
        ACOUSTIC_SHARE,
        "Weight of the acoustic model, combined",
        "Weigh the acoustic model so much and the decoder the rest, 0 to 1, where both are combined "
        "(the acoustic model less where the decoder knows the language).",
        most=1,
        step=0.1,
        info="Counts where both are combined, less in languages that the decoder knows, which has the rest.",
        since=ACOUSTIC_SHARE,
    )

    def __post_init__(self) -> None:
        if self.level not in LEVELS:
            raise SmileError(f"The setting level is one of {', '.join(LEVELS)}.")
        if self.characters not in MODES:
            raise SmileError(f"The setting characters is one of {', '.join(MODES)}.")


OPTIONS: dict[str, Option] = {entry.name: entry.metadata["option"] for entry in fields(Settings)}
DEFAULTS = Settings()

VERSIONS = {"fit": 4, "acoustic": 2, "combined": 3}
"""Of what makes a level: raised where it fits or decodes otherwise under the same settings."""
MADE_BY: dict[Level, tuple[str, ...]] = {
    "context": (),
    "acoustic": ("fit", "acoustic"),
    "combined": ("fit", "acoustic", "combined"),
}


def version_of(level: Level) -> int:
    """Return the version of all that makes a level, which rises with each of its parts."""
    return 1 + sum(VERSIONS[part] - 1 for part in MADE_BY[level])


def latest() -> int:
    """Return the version of all levels together."""
    return max(map(version_of, LEVELS))


def later(*parts: str) -> dict[str, int]:
    """Return the versions of parts as facts of what is kept; first ones say nothing."""
    return {part: VERSIONS[part] for part in parts if VERSIONS[part] > 1}
