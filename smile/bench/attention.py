"""Known edges of clips by Whisper's own cross-attention on a given text, beside a pool's acoustic model.

Both get the same windows, of as many whole clips as fit into Whisper's, and their text. The cross-attention
is read as faster-whisper reads it for words (CTranslate2's `Whisper.align`: alignment heads, a median filter
of 7, dynamic time warping), without its corrections by the times of segments, which a given text has none of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import numpy as np

from smile.audio.io import read_audio
from smile.bench.engines import ct2_folder
from smile.bench.known import PAUSE, Joined, cut_to_sound, joined, told
from smile.datatypes import SAMPLE_RATE, Samples, SmileError, Utterance
from smile.text.languages import language
from smile.whisper.engines import clips_at_a_time

LONGEST = 29.0  # seconds of a window, of Whisper's 30
PER_SECOND = 50  # places that an edge by cross-attention can have
Times = Sequence[tuple[float, float]]  # of each text, in seconds
Aligner = Callable[[Samples, Sequence[str]], Times]
"""Gives the times of texts that are said one after the other in samples (n,)."""


def rows(code: str, clips: Sequence[Utterance], ours: Aligner) -> Iterator[dict[str, object]]:
    """Yield a row for each way of joining clips of a language that Whisper knows; none for others."""
    if not (known := language(code).whisper):
        return
    with cross_attention(known) as whispers:
        for pause in (PAUSE, 0.0):
            windows = list(windowed(clips, pause))
            row: dict[str, object] = {"language": code, "silence between clips, s": f"{pause:g}"}
            row["edges"] = sum(2 * len(texts) - 2 for _, texts in windows)
            for name, aligner in (("acoustic model", ours), ("Whisper's cross-attention", whispers)):
                row[name] = told(errors(windows, aligner))
            yield row


def windowed(clips: Sequence[Utterance], pause: float) -> Iterator[tuple[Joined, list[str]]]:
    """Yield clips in their order, joined to windows of at most `LONGEST` seconds, with their texts."""
    window: list[Utterance] = []
    length = pause
    for clip in clips:
        seconds = len(cut_to_sound(read_audio(clip.audio))) / SAMPLE_RATE + pause
        if window and length + seconds > LONGEST:
            yield joined(window, pause), [one.text for one in window]
            window, length = [], pause
        window.append(clip)
        length += seconds
    if window:
        yield joined(window, pause), [one.text for one in window]


def errors(windows: Sequence[tuple[Joined, list[str]]], aligner: Aligner) -> np.ndarray:
    """Return by how much, in seconds, edges are off (edges,).

    The first and the last edge of each window are left out: a path of dynamic time warping begins and ends
    where the window does. So is a text without times.
    """
    off = []
    for sound, texts in windows:
        found = np.array(aligner(sound.samples, texts)) - np.array(sound.times)
        off.append(found.ravel()[1:-1])
    each = np.concatenate(off)
    return each[np.isfinite(each)]


@contextmanager
def cross_attention(code: str) -> Iterator[Aligner]:
    """Give the aligner of faster-whisper on the same weights, in a language that Whisper knows.

    Raises:
        SmileError: faster-whisper is not installed.
    """
    try:
        from faster_whisper import WhisperModel
        from faster_whisper.tokenizer import Tokenizer
    except ImportError as error:
        raise SmileError("This benchmark needs faster-whisper: pip install faster-whisper") from error
    with ct2_folder() as folder:
        threads = clips_at_a_time("cpu")
        model = WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=threads)
        tokenizer = Tokenizer(model.hf_tokenizer, multilingual=True, task="transcribe", language=code)
        yield lambda samples, texts: _times(model, tokenizer, samples, texts)


def _times(model: Any, tokenizer: Any, samples: Samples, texts: Sequence[str]) -> Times:
    """When texts are said in samples (n,) of at most a window, by cross-attention."""
    from faster_whisper.audio import pad_or_trim

    features = model.feature_extractor(samples)
    frames = min(features.shape[-1], model.feature_extractor.nb_max_frames)
    encoded = model.encode(pad_or_trim(features))
    tokens = [tokenizer.encode(" " + text) for text in texts]
    flat = [token for text in tokens for token in text]
    (found,) = model.model.align(encoded, tokenizer.sot_sequence, [flat], frames, median_filter_width=7)
    return edges(found.alignments, [len(text) for text in tokens])


def edges(path: Sequence[tuple[int, int]], lengths: Sequence[int]) -> Times:
    """Return when texts of so many tokens begin and end, of a path of (token, place) pairs.

    A token begins at its first place, and ends where the next one begins, as in OpenAI's and
    faster-whisper's code; the last token of the path is the end of the text.
    """
    tokens, places = (np.array(column) for column in zip(*path, strict=True))
    first = np.pad(np.diff(tokens), (1, 0), constant_values=1).astype(bool)
    begins = places[first] / PER_SECOND
    bounds = np.pad(np.cumsum(lengths), (1, 0))
    return [(float(begins[start]), float(begins[end])) for start, end in pairwise(bounds)]
