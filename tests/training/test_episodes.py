"""Episodes: the loss lies on the right tokens, the window is kept, and an index always gives the same."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from smile.datatypes import SAMPLE_RATE
from smile.training.config import PAPER, TrainConfig
from smile.training.episodes import IGNORED, Episodes, at_speed, episode_tokens, noisy
from smile.whisper.encoder import SILENCE
from smile.whisper.tokenizer import Tokenizer
from tests.support.toy_training import clips

PLACES = [(0.0, 1.5), (1.5, 4.0)]


def test_an_episode_with_timestamps_is_golden(tokenizer: Tokenizer) -> None:
    v = tokenizer
    episode = episode_tokens(v, ["ja", "nein"], PLACES, "de", first=1)
    ja, nein = v.encode(" ja"), v.encode(" nein")
    t = v.timestamp
    head = [v.start, v.language("de"), v.transcribe]
    assert list(episode.tokens) == [*head, t(0), *ja, t(1.5), t(1.5), *nein]
    ignored = [IGNORED] * (len(head) + len(ja) + 2)
    assert list(episode.labels) == [*ignored, *nein, t(4.0)]


def test_each_text_is_learned_from_the_first_one_on(tokenizer: Tokenizer) -> None:
    v = tokenizer
    episode = episode_tokens(v, ["ja", "nein"], PLACES, "de", first=0)
    learned = [label for label in episode.labels if label != IGNORED]
    assert learned == [*v.encode(" ja"), v.timestamp(1.5), *v.encode(" nein"), v.timestamp(4.0)]


def test_an_episode_without_timestamps_ends_with_the_end_and_has_the_paper_s_prompt(
    tokenizer: Tokenizer,
) -> None:
    v = tokenizer
    episode = episode_tokens(v, ["ja", "nein"], PLACES, "de", first=1, timestamps=False)
    head = [v.start, v.language("de"), v.transcribe, v.no_timestamps]
    assert list(episode.tokens) == [*head, *v.encode(" ja"), *v.encode(" nein")]
    assert [label for label in episode.labels if label != IGNORED] == [*v.encode(" nein"), v.end]


@pytest.mark.parametrize("window", [10.0, 20.0])
def test_the_audio_fits_its_window_with_silence_after_it(tokenizer: Tokenizer, window: float) -> None:
    episodes = Episodes(clips(), tokenizer, TrainConfig())
    for index in range(60):
        audio = episodes.arrange(index, window)
        assert len(audio.samples) / SAMPLE_RATE <= window - SILENCE + 1e-6
        assert len(audio.sounds[-1]) > 0


def test_the_same_index_gives_the_same_episode_and_another_one_another(tokenizer: Tokenizer) -> None:
    drawn = [Episodes(clips(), tokenizer, TrainConfig()).arrange(i, 20.0) for i in (3, 3, 4)]
    assert np.array_equal(drawn[0].samples, drawn[1].samples)
    assert not np.array_equal(drawn[0].samples, drawn[2].samples)
    episodes = Episodes(clips(), tokenizer, TrainConfig())
    first, again = episodes.write(drawn[0], 7), episodes.write(drawn[1], 7)
    assert np.array_equal(first.tokens, again.tokens)


def test_the_paper_s_episode_has_one_example_of_the_target_s_language(tokenizer: Tokenizer) -> None:
    episodes = Episodes(clips(), tokenizer, PAPER)
    for index in range(30):
        audio = episodes.arrange(index, 30.0)
        assert len(audio.clips) == 2
        example, target = audio.clips
        assert example.language == target.language
        assert example.text != target.text
        episode = episodes.write(audio, index)
        learned = [label for label in episode.labels if label != IGNORED]
        assert learned == [*tokenizer.encode(" " + target.text), tokenizer.end]


def test_foreign_examples_are_never_learned(tokenizer: Tokenizer) -> None:
    config = replace(TrainConfig(), foreign=1.0, shots=(1, 1), symbol_remapping=1.0)
    episodes = Episodes(clips(), tokenizer, config)
    audio = next(a for a in (episodes.arrange(i, 30.0) for i in range(20)) if len(a.clips) == 2)
    example, target = audio.clips
    assert example.language != target.language
    learned = [label for label in episodes.write(audio, 0).labels if label != IGNORED]
    assert tokenizer.decode(learned).strip() == target.text


def test_speed_and_noise_change_length_and_level() -> None:
    wave = np.sin(np.arange(16000) / 8).astype(np.float32)
    assert len(at_speed(wave, 1.1)) == pytest.approx(16000 / 1.1, abs=2)
    noise = noisy(wave, 20.0, np.random.default_rng(0)) - wave
    assert 10 * np.log10((wave**2).mean() / (noise**2).mean()) == pytest.approx(20, abs=0.5)
