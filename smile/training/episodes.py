"""Meta-ICL episodes: which clips follow each other, what is written under them, and what is to be learned.

An episode is a prompt as `smile.decoding.prompt` builds it with the answer written in: examples and target of
one language in one stretch of audio. Its labels are the tokens to be predicted, elsewhere IGNORED.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from smile.datatypes import SAMPLE_RATE, Samples
from smile.decoding.encoding import ENCODINGS
from smile.decoding.prompt import CONTEXT, HEAD, fitting, head, timed, untimed, whole_states
from smile.retrieval.divergences import distances
from smile.training import orthography
from smile.training.config import TrainConfig
from smile.whisper.encoder import SILENCE
from smile.whisper.tokenizer import Tokenizer

IGNORED = -100  # the label of a token that is not in the loss
QUIETEST, LOUDEST = 10.0, 40.0  # dB between speech and the noise that is added to it
TAKES = 2  # sounds of a clip encoded independently, faster or slower, with noise or without
NEAREST = 8  # near examples are drawn from so many nearest


@dataclass(frozen=True)
class TrainClip:
    """A training utterance in memory."""

    id: str
    samples: Samples
    text: str
    language: str  # ISO 639-3
    whisper: str  # Whisper's language code
    embedding: NDArray[np.float32]  # (d,)

    @property
    def seconds(self) -> float:
        """Return the clip's length in seconds."""
        return len(self.samples) / SAMPLE_RATE


@dataclass(frozen=True)
class EpisodeAudio:
    """The clips of an episode in the order of the audio, the target last, as they sound in it."""

    clips: tuple[TrainClip, ...]
    sounds: tuple[Samples, ...]  # whole encoder states each
    foreign: bool  # whether the examples are of another language
    encoding: str = "concatenated"  # see `smile.decoding.encoding`

    @property
    def samples(self) -> Samples:
        """Return the samples of all clips, one after the other."""
        return np.concatenate(self.sounds)

    @property
    def places(self) -> list[tuple[float, float]]:
        """Return where each clip starts and ends, in seconds."""
        return ENCODINGS[self.encoding].spans([len(s) / SAMPLE_RATE for s in self.sounds])


@dataclass(frozen=True)
class EpisodeTokens:
    """Tokens to be read, the labels of what follows each of them, and whose they are; all (tokens,)."""

    tokens: NDArray[np.int64]
    labels: NDArray[np.int64]
    owners: NDArray[np.int64]  # numbers of clips; the head belongs to the first


class Episodes:
    """Draws episodes; the same index always gives the same episode, so that training can be resumed."""

    def __init__(self, clips: Sequence[TrainClip], tokenizer: Tokenizer, config: TrainConfig):
        self._tokenizer, self._config = tokenizer, config
        self._languages = sorted({clip.language for clip in clips})
        self._clips = {lang: [c for c in clips if c.language == lang] for lang in self._languages}
        self._embeddings = {
            lang: np.stack([c.embedding for c in group]) for lang, group in self._clips.items()
        }

    def window(self, batch: int) -> float:
        """Return the window of a batch's audio, in seconds; inf where encoded independently."""
        if self._config.encoding == "independent":
            return math.inf
        return float(self._generator(0, batch).choice(self._config.windows))

    def arrange(self, index: int, window: float) -> EpisodeAudio:
        """Arrange the audio of an episode, within a window with silence at its end."""
        generator, config = self._generator(1, index), self._config
        language = str(generator.choice(self._languages))
        longest = (window - SILENCE) * (1 - self._config.speed) - 0.02
        pool = [clip for clip in self._clips[language] if clip.seconds <= longest]
        target = pool[int(generator.integers(len(pool)))]
        foreign = len(self._languages) > 1 and bool(generator.random() < config.foreign)
        examples = self._examples(target, foreign, generator)
        chosen, sounds = [target], [self._sound(target, generator)]
        room = window - SILENCE - len(sounds[0]) / SAMPLE_RATE
        for clip in examples:
            sound = self._sound(clip, generator)
            room -= len(sound) / SAMPLE_RATE
            if room < 0:
                break
            chosen.append(clip)
            sounds.append(sound)
        return EpisodeAudio(tuple(reversed(chosen)), tuple(reversed(sounds)), foreign, config.encoding)

    def write(self, audio: EpisodeAudio, index: int) -> EpisodeTokens:
        """Write an episode's tokens and labels, in an orthography and with a language token of its own."""
        generator, config = self._generator(2, index), self._config
        texts = [clip.text for clip in audio.clips]
        remapped = not audio.foreign and generator.random() < config.symbol_remapping
        if remapped and len(texts) > 1:
            orthography_ = orthography.draw(texts, generator)
            texts = [orthography_(text) or text for text in texts]
        skipped = self._too_many(texts) if audio.encoding == "independent" else 0
        texts, places = texts[skipped:], audio.places[skipped:]
        first = int(remapped or audio.foreign)  # without a like example there is nothing to learn
        if config.loss == "target":
            first = len(texts) - 1
        code = audio.clips[-1].whisper
        if generator.random() < config.random_language:
            code = str(generator.choice(list(self._tokenizer.languages)))
        tokens = episode_tokens(self._tokenizer, texts, places, code, first, timestamps=config.timestamps)
        return replace(tokens, owners=tokens.owners + skipped)

    def _too_many(self, texts: Sequence[str]) -> int:
        """How many of the first texts have no room in the decoder's positions."""
        lengths = [len(self._tokenizer.encode(" " + text.strip())) + 2 for text in reversed(texts)]
        kept = fitting([0.0] * len(texts), lengths, 0.0, CONTEXT - HEAD)
        return len(texts) - max(kept, 1)

    def _examples(self, target: TrainClip, foreign: bool, generator: np.random.Generator) -> list[TrainClip]:
        least, most = self._config.shots
        count = int(generator.integers(least, most + 1))
        language = target.language
        if foreign:
            language = str(generator.choice([other for other in self._languages if other != language]))
        pool = self._clips[language]
        order = generator.permutation(len(pool))
        if generator.random() < self._config.near:
            row = distances("kl", target.embedding[None], self._embeddings[language])[0]
            near = np.argsort(row, kind="stable")[: max(NEAREST, 2 * count)]
            order = generator.permutation(near)
        others = [pool[i] for i in order if pool[i].id != target.id and pool[i].text != target.text]
        return others[:count]

    def _sound(self, clip: TrainClip, generator: np.random.Generator) -> Samples:
        samples = clip.samples
        if self._config.encoding == "independent":  # a clip has few sounds, whose states are then made once
            take = int(generator.integers(TAKES))
            generator = self._generator(3, zlib.crc32(clip.id.encode()), take)
        if self._config.speed:
            samples = at_speed(samples, 1 + self._config.speed * generator.uniform(-1, 1))
        if generator.random() < self._config.noise:
            samples = noisy(samples, generator.uniform(QUIETEST, LOUDEST), generator)
        return whole_states(samples)

    def _generator(self, purpose: int, *index: int) -> np.random.Generator:
        return np.random.default_rng((self._config.seed, purpose, *index))


def episode_tokens(
    tokenizer: Tokenizer,
    texts: Sequence[str],
    places: Sequence[tuple[float, float]],
    language: str,
    first: int,
    *,
    timestamps: bool = True,
) -> EpisodeTokens:
    """Return the tokens of an in-context prompt and its answer, with labels on the texts from `first` on.

    `places` are the clips' starts and ends, in seconds. With timestamps a text is learned with the timestamp
    that closes it; a plain one with <|endoftext|> after the last.
    """
    pieces = [tokenizer.encode(" " + text.strip()) for text in texts]
    if timestamps:
        sequence = [*head(tokenizer, language), *timed(tokenizer, pieces, places)]
        lengths = [len(piece) + 2 for piece in pieces]  # with both timestamps, the first of them given
        starts = [start + 1 for start in accumulate(lengths, initial=HEAD)][:-1]
        learned = [slice(s, s + len(p) + 1) for s, p in zip(starts, pieces, strict=True)]
    else:
        sequence = [*head(tokenizer, language), *untimed(tokenizer, pieces), tokenizer.end]
        lengths = [len(piece) for piece in pieces]
        starts = list(accumulate(lengths, initial=HEAD + 1))[:-1]
        learned = [slice(s, s + len(p)) for s, p in zip(starts, pieces, strict=True)]
        learned[-1] = slice(starts[-1], len(sequence))
    following = np.full(len(sequence), IGNORED, dtype=np.int64)
    for span in learned[first:]:
        following[span] = sequence[span]
    tokens, owners = np.array(sequence, dtype=np.int64), np.repeat(np.arange(len(pieces)), lengths)
    owners = np.pad(owners, (len(tokens) - len(owners), 0))
    return EpisodeTokens(tokens[:-1][:CONTEXT], following[1:][:CONTEXT], owners[:-1][:CONTEXT])


def at_speed(samples: Samples, factor: float) -> Samples:
    """Return samples played `factor` times as fast, pitch and all, by linear interpolation."""
    places = np.arange(0, len(samples) - 1, factor)
    return np.interp(places, np.arange(len(samples)), samples).astype(np.float32)


def noisy(samples: Samples, decibels: float, generator: np.random.Generator) -> Samples:
    """Return samples with white noise, `decibels` below them."""
    level = float(np.sqrt(np.mean(samples**2))) * 10 ** (-decibels / 20)
    return samples + generator.normal(0, level, len(samples)).astype(np.float32)
