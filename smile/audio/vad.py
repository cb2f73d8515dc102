"""Where a recording holds speech, and where to cut it so that every piece fits a window.

Silero's voice-activity model gives a probability of speech every 32 ms; cuts are made at pauses.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smile.audio.silero import CHUNK, Detector
from smile.datatypes import SAMPLE_RATE, Samples, Speech
from smile.util.timing import finished

NO_SPEECH = "No speech was heard in the recording; speak up, or come nearer to the microphone."
STEP = 128  # chunks between two yields: an eighth of a second on a slow core
WAIT = 0.1  # seconds between two yields while the loudness of hours is taken

Probabilities = NDArray[np.float32]  # (chunks,)
Mask = NDArray[np.bool_]  # (chunks,)
Span = tuple[int, int]  # first chunk, and the one after the last


@dataclass(frozen=True)
class VadSettings:
    """What counts as speech and as a pause; all times in seconds."""

    threshold: float = 0.5  # probability from which a chunk is speech; Silero's own default
    speech: float = 0.1  # a shorter run of speech is taken for a noise
    pause: float = 0.2  # a shorter gap is not a pause
    silence: float = 3.0  # a gap as long as this is left out of a recording that must be cut
    edge: float = 1.0  # silence at either end of a piece that is kept; more is trimmed
    margin: float = 0.3  # silence that trimming leaves
    shortest: float = 3.0  # a pause nearer than this to either end is not cut at
    piece: float = 0.6  # a piece that is cut off at its longest pause has at least this much
    lateness: float = 0.5  # a pause at the end of the window counts as this much longer than at its start
    level: float = 0.5  # a quieter recording is amplified to this (99.9th percentile) before it is judged


DEFAULTS = VadSettings()


def segments(
    samples: Samples, max_segment_seconds: float = 15.0, settings: VadSettings = DEFAULTS
) -> list[Speech]:
    """Cut samples (n,) into pieces of speech no longer than so many seconds; [] where there is no speech.

    Speech that fits is one piece: the whole recording, less long silence at its ends. Longer speech is
    cut at its longest pauses, late ones first, or where speech is least probable if there is none.
    Raises ValueError if `max_segment_seconds` is under a second.
    """
    _check(max_segment_seconds)
    return _cut_up(samples, speech_probabilities(samples, settings.level), max_segment_seconds, settings)


def segments_in_steps(
    samples: Samples, max_segment_seconds: float = 15.0, settings: VadSettings = DEFAULTS
) -> Generator[None, None, list[Speech]]:
    """Return what `segments` does; yields between steps, so that others' work may come in between."""
    _check(max_segment_seconds)
    probabilities = yield from _probabilities(samples, settings.level)
    return _cut_up(samples, probabilities, max_segment_seconds, settings)


def at_longest_pause(speech: Speech, settings: VadSettings = DEFAULTS) -> tuple[Speech, Speech] | None:
    """Cut a piece of speech in two at its longest pause, the last of equals; None where it has none."""
    heard = _speech(speech_probabilities(speech.samples, settings.level), settings)
    start, end = _trim(heard, (0, len(heard)), settings)
    least = _chunks(settings.piece)
    pauses = [
        (last - first, (first + last) // 2)
        for first, last in _runs(~heard)
        if last - first >= _chunks(settings.pause) and start + least <= (first + last) // 2 <= end - least
    ]
    if not pauses:
        return None
    _, cut = max(pauses)
    spans = _trim(heard, (start, cut), settings), _trim(heard, (cut, end), settings)
    one, other = (_segment(speech.samples, span, speech.start) for span in spans)
    return one, other


def _check(max_segment_seconds: float) -> None:
    if max_segment_seconds < 1.0:
        raise ValueError(
            f"max_segment_seconds is {max_segment_seconds} s; a piece of speech needs at least 1 s."
        )


def _cut_up(
    samples: Samples, probabilities: Probabilities, max_segment_seconds: float, settings: VadSettings
) -> list[Speech]:
    speech = _speech(probabilities, settings)
    whole = _trim(speech, (0, len(speech)), settings)
    if _length(whole, len(samples)) <= max_segment_seconds * SAMPLE_RATE:
        spans = [whole]
    else:
        stretches = _stretches(speech, whole, settings)
        spans = [
            s for t in stretches for s in _pieces(probabilities, speech, t, max_segment_seconds, settings)
        ]
    return [_segment(samples, span) for span in spans if span[0] < span[1]]


def speech_probabilities(samples: Samples, level: float = DEFAULTS.level) -> Probabilities:
    """Return Silero's probability of speech in every 32 ms of samples (n,) -> (ceil(n / 512),).

    Uses a detector of its own, so calls may run side by side.
    """
    return finished(_probabilities(samples, level))


def _probabilities(samples: Samples, level: float) -> Generator[None, None, Probabilities]:
    """Return what `speech_probabilities` does; yields between steps of at most STEP chunks."""
    detector = Detector()
    probabilities = np.zeros(-(-len(samples) // CHUNK), np.float32)
    with ThreadPoolExecutor(1) as helper:
        job = helper.submit(_amplification, samples, level)
        while wait([job], timeout=WAIT).not_done:
            yield
    mean, gain = job.result()
    for first in range(0, len(probabilities), STEP):
        if first:
            yield
        piece = samples[first * CHUNK : (first + STEP) * CHUNK]
        chunks = np.zeros((-(-len(piece) // CHUNK), CHUNK), np.float32)
        chunks.ravel()[: len(piece)] = np.clip((piece - mean) * gain, -1.0, 1.0)
        probabilities[first : first + STEP] = detector(chunks)
    return probabilities


def _amplification(samples: Samples, level: float) -> tuple[float, float]:
    """The offset of samples, and the gain that raises quiet ones to `level`: Silero misses faint speech."""
    if not len(samples):
        return 0.0, 1.0
    mean = samples.mean()
    loudness = samples - mean
    np.abs(loudness, out=loudness)
    loud = max(float(np.quantile(loudness, 0.999, overwrite_input=True)), 1e-5)
    return mean, max(1.0, level / loud)


def _speech(probabilities: Probabilities, settings: VadSettings) -> Mask:
    """Chunks that belong to a long enough run of probable speech."""
    speech = np.zeros(len(probabilities), np.bool_)
    for first, last in _runs(probabilities >= settings.threshold):
        speech[first:last] = last - first >= _chunks(settings.speech)
    return speech


def _runs(mask: Mask) -> list[Span]:
    """The runs of True in a mask, in order."""
    edges = np.flatnonzero(np.diff(mask, prepend=False, append=False)).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))


def _trim(speech: Mask, span: Span, settings: VadSettings) -> Span:
    """A span less long silence at its ends; an empty one where it has no speech."""
    start, end = span
    inside = start + np.flatnonzero(speech[start:end])
    if not len(inside):
        return start, start
    first, last = int(inside[0]), int(inside[-1]) + 1
    edge, margin = _chunks(settings.edge), _chunks(settings.margin)
    return first - margin if first - start > edge else start, last + margin if end - last > edge else end


def _stretches(speech: Mask, span: Span, settings: VadSettings) -> list[Span]:
    """What lies between the long silences inside a span, with a margin."""
    start, end = span
    margin = _chunks(settings.margin)
    edges = [start]
    for first, last in _runs(~speech):
        if start < first and last < end and last - first >= _chunks(settings.silence):
            edges += [first + margin, last - margin]
    return list(zip(edges[::2], [*edges[1::2], end], strict=True))


def _pieces(
    probabilities: Probabilities, speech: Mask, span: Span, max_segment_seconds: float, settings: VadSettings
) -> Iterator[Span]:
    """Cut a span until no piece is over `max_segment_seconds` seconds."""
    limit = int(max_segment_seconds * SAMPLE_RATE) // CHUNK
    span = _trim(speech, span, settings)
    while span[1] - span[0] > limit:
        cut = _cut(probabilities, speech, span, limit, settings)
        yield _trim(speech, (span[0], cut), settings)
        span = _trim(speech, (cut, span[1]), settings)
    yield span


def _cut(probabilities: Probabilities, speech: Mask, span: Span, limit: int, settings: VadSettings) -> int:
    """The chunk before which to cut a span that is longer than `limit` chunks."""
    start, end = span
    least = max(1, min(_chunks(settings.shortest), limit // 2))
    earliest, latest = start + least, min(start + limit, end - least)

    def worth(pause: Span) -> float:
        lateness = (min(pause[1], latest) - start) / limit
        return pause[1] - pause[0] + _chunks(settings.lateness) * lateness

    gaps = [gap for gap in _runs(~speech) if gap[0] < latest and gap[1] > earliest]
    pauses = [gap for gap in gaps if gap[1] - gap[0] >= _chunks(settings.pause)]
    if not pauses:
        window = probabilities[earliest : latest + 1]
        return latest - int(np.argmin(window[::-1]))  # the last of equals
    first, last = max(pauses, key=worth)
    return min(max((first + last) // 2, earliest), latest)


def _segment(samples: Samples, span: Span, offset: float = 0.0) -> Speech:
    """A span of chunks as a segment with times in seconds, of samples that begin at an offset.

    Times are whole samples over their rate, so that a place has one time, whatever it is counted from.
    """
    start, end, first = span[0] * CHUNK, min(span[1] * CHUNK, len(samples)), round(offset * SAMPLE_RATE)
    return Speech((first + start) / SAMPLE_RATE, (first + end) / SAMPLE_RATE, samples[start:end])


def _length(span: Span, n: int) -> int:
    """Samples in a span of a recording of n samples, whose last chunk may be cut short."""
    return min(span[1] * CHUNK, n) - span[0] * CHUNK


def _chunks(seconds: float) -> int:
    return round(seconds * SAMPLE_RATE / CHUNK)
