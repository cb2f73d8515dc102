"""Independent encoding: alike in both engines and in training; an example is encoded once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from smile.audio.io import read_audio
from smile.datatypes import (
    SAMPLE_RATE,
    DecoderSession,
    EncoderId,
    RecognizerInfo,
    Samples,
    Shot,
    SmileError,
)
from smile.decoding import prompt as prompts
from smile.decoding.encoding import ENCODINGS, EncoderStates, encoder_states, encoding_of, trimmed
from smile.decoding.knn import store as token_store
from smile.pools.pool import Pool, open_pool
from smile.retrieval.samplers import Query
from smile.settings import Settings
from smile.training.apart import run_apart
from smile.training.batches import packed
from smile.training.config import INDEPENDENT
from smile.training.episodes import Episodes, EpisodeTokens
from smile.transcription.examples import retrieve
from smile.transcription.pipeline import transcribe
from smile.whisper import adapters
from smile.whisper.encoder import SILENCE, encode
from smile.whisper.engines.hf import HfRecognizer
from smile.whisper.engines.lean import LeanRecognizer
from smile.whisper.model import Model, Models, load_models
from smile.whisper.tokenizer import Tokenizer
from tests.conftest import POOLS, ROOT
from tests.support.made_models import mute
from tests.support.toy_training import clips, tiny_whisper

INFO = RecognizerInfo("lean", "float32", EncoderId("toy", "0" * 12), encoding="independent")
TEXTS = ("ja", "nein danke", "vielleicht")


@pytest.fixture(scope="module")
def toy() -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    return tiny_whisper(layers=2)  # what is heard reaches other tokens in the second layer


def sounds() -> list[Samples]:
    generator = np.random.default_rng(3)
    return [generator.normal(0, 0.1, round(s * SAMPLE_RATE)).astype(np.float32) for s in (1.5, 2.51, 4.0)]


def prompt(tokenizer: Tokenizer, **options: Any) -> prompts.Prompt:
    """Two examples, the nearest first, and a target."""
    near, far, target = sounds()
    shots = [Shot(near, TEXTS[0]), Shot(far, TEXTS[1])]
    model = mute(tokenizer, "independent")
    return prompts.build(model, target, shots, language="de", **options)


def begun(model: Model, asked: prompts.Prompt) -> tuple[DecoderSession, int]:
    """A session that attends to a prompt's target, and how many of its tokens it has been fed."""
    return encoding_of(model.info).prefill(model, asked, model.encode(asked.samples))


def test_the_prompt_is_golden(tokenizer: Tokenizer) -> None:
    v, built = tokenizer, prompt(tokenizer)
    t, near, far = v.timestamp, v.encode(" ja"), v.encode(" nein danke")
    head = [v.start, v.language("de"), v.transcribe]
    assert list(built.tokens) == [*head, t(0), *far, t(2.52), t(0), *near, t(1.5), t(0)]
    assert [part.tokens for part in built.examples] == [len(head) + len(far) + 2, len(near) + 2]
    assert (built.fitting, built.start) == ((1, 0), 0.0)
    assert np.array_equal(built.samples, sounds()[2])
    assert np.array_equal(built.examples[1].samples, sounds()[0])


def test_examples_take_no_seconds_of_the_window_but_places_of_the_decoder(tokenizer: Tokenizer) -> None:
    minute = np.zeros(20 * SAMPLE_RATE, np.float32)
    shots = [Shot(minute, "ja nein vielleicht")] * 5
    for model, kept in (
        (mute(tokenizer), ()),
        (mute(tokenizer, "independent"), (4, 3, 2, 1, 0)),
        (mute(tokenizer, "independent", 238), (0,)),
    ):
        assert prompts.build(model, minute, shots, language="de").fitting == kept


def test_without_timestamps_it_is_refused_in_a_sentence(tokenizer: Tokenizer) -> None:
    with pytest.raises(SmileError, match="needs the prompt with timestamps"):
        prompt(tokenizer, timestamps=False)


def test_both_engines_and_training_hear_the_same(
    toy: tuple[dict[str, np.ndarray], dict[str, Any]], tokenizer: Tokenizer
) -> None:
    state, config = toy
    hf = HfRecognizer(state, config, replace(INFO, engine="hf"))
    asked, answer = prompt(tokenizer), tokenizer.encode(" vielleicht")
    hidden = []
    for recognizer in (hf, LeanRecognizer(state, config, INFO)):
        session, fed = begun(Model(recognizer, tokenizer), asked)
        _, states = session.step(np.array([[*asked.tokens[fed:], *answer]]))
        hidden.append(states[0])
    np.testing.assert_allclose(*hidden, atol=2e-5)

    owners = np.repeat([0, 1, 2], [*(part.tokens for part in asked.examples), 1 + len(answer)])
    tokens = np.array([*asked.tokens, *answer])
    episode = EpisodeTokens(tokens, tokens, owners)
    states = [trimmed(encode(hf, s), s) for s in (*(part.samples for part in asked.examples), asked.samples)]
    batch = packed([tuple(states)] * 2, [episode] * 2)
    assert batch.layout is not None
    with torch.inference_mode():
        trained = run_apart(hf.model.model.decoder, batch.tokens, batch.sound, batch.layout).numpy()
    for episode in np.split(trained, 2):
        np.testing.assert_allclose(episode[-len(hidden[0]) :], hidden[0], atol=2e-5)


def test_an_example_of_another_sound_changes_what_the_target_hears(
    toy: tuple[dict[str, np.ndarray], dict[str, Any]], tokenizer: Tokenizer
) -> None:
    model, asked = Model(LeanRecognizer(*toy, INFO), tokenizer), prompt(tokenizer)
    other = replace(asked, examples=(asked.examples[0], replace(asked.examples[1], samples=sounds()[1])))
    logits = []
    for each in (asked, other):
        session, fed = begun(model, each)
        logits.append(session.step(np.array([each.tokens[fed:]]))[0])
    assert np.abs(logits[0] - logits[1]).max() > 1e-3


def test_states_are_made_once_and_the_oldest_are_forgotten(
    toy: tuple[dict[str, np.ndarray], dict[str, Any]],
    tokenizer: Tokenizer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    recognizer, encoded = LeanRecognizer(*toy, INFO), []
    original = recognizer.encode
    monkeypatch.setattr(recognizer, "encode", lambda features: encoded.append(1) or original(features))
    memory = EncoderStates(Model(recognizer, tokenizer, (10.0,)), size=2)
    first, second, third = sounds()
    for sound, made in ((first, 1), (second, 2), (first, 2), (third, 3), (first, 3), (second, 4)):
        states = memory(sound)
        assert len(encoded) == made
        assert len(states) == round((len(sound) / SAMPLE_RATE + SILENCE) * 50)
    whole = trimmed(original_states(recognizer, second), second)
    np.testing.assert_allclose(memory(second), whole, atol=2e-3)


def original_states(recognizer: LeanRecognizer, sound: Samples) -> np.ndarray:
    return encode(recognizer, sound, (10.0,))


def test_an_episode_is_as_long_as_the_decoder_and_every_token_has_its_clip(tokenizer: Tokenizer) -> None:
    long = [replace(clip, text=" ".join([clip.text] * 12)) for clip in clips()]
    episodes = Episodes(
        long, tokenizer, replace(INDEPENDENT, shots=(8, 8), foreign=0.0, symbol_remapping=0.0)
    )
    for index in range(10):
        audio = episodes.arrange(index, episodes.window(0))
        assert len(audio.clips) == 9
        episode = episodes.write(audio, index)
        assert len(episode.tokens) == len(episode.owners) <= 448
        assert episode.owners[-1] == 8
        assert set(np.diff(episode.owners)) <= {0, 1}
        last = episode.tokens[episode.owners == 8]
        assert tokenizer.decode([int(t) for t in last[1:]]).strip() == audio.clips[-1].text


@pytest.fixture(scope="module")
def apart() -> Models:
    """The adapter that was trained with examples encoded independently."""
    return load_models(adapter=ROOT / "assets" / "independent", precision="float32")


@pytest.fixture(scope="module")
def pool(apart: Models, tmp_path_factory: pytest.TempPathFactory) -> Pool:
    whole = open_pool(POOLS / "gle", apart.smile.info.encoder)
    stores = tmp_path_factory.mktemp("tokens")
    return replace(whole, utterances=whole.utterances[:12], embeddings=whole.embeddings[:12], stores=stores)


def test_the_adapter_says_how_it_was_made(apart: Models) -> None:
    adapter = adapters.load(ROOT / "assets" / "independent")
    began = adapters.load(ROOT / "assets" / "adapter")
    assert apart.smile.info.encoding == "independent"
    assert adapter.card["config"]["encoding"] == "independent"
    assert adapter.card["begun"][0]["sha256"] == began.sha256
    assert not adapter.changes_encoder


def test_an_example_is_encoded_once_and_the_target_never_again(
    apart: Models, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded: list[str] = []
    for name in ("vanilla", "smile"):
        engine = getattr(apart, name).recognizer
        original = engine.encode
        monkeypatch.setattr(engine, "encode", lambda x, n=name, o=original: encoded.append(n) or o(x))
    encoder_states(apart.smile).forget()
    clip, settings = read_audio(pool.queries[0].audio), Settings(shots=10, knn=0.0)
    for expected in (["vanilla", *["smile"] * 10], ["vanilla"]):
        encoded.clear()
        *_, result = transcribe(apart, clip, pool, settings)
        assert encoded == expected
    ((_, chosen),) = result.examples
    assert (len(chosen.neighbours), chosen.left_out) == (10, ())
    assert sum(n.utterance.seconds for n in chosen.neighbours) + len(clip) / SAMPLE_RATE > 30
    assert result.smile.text


def test_a_target_as_long_as_the_window_has_examples_only_where_they_are_heard_apart(pool: Pool) -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, round(29.9 * SAMPLE_RATE)).astype(np.float32)
    seconds = len(noise) / SAMPLE_RATE
    query = Query(np.random.default_rng(1).normal(0, 1, pool.embeddings.shape[1]).astype(np.float32), "a")
    retrieved = [retrieve(pool, query, seconds, Settings(shots=3), way) for way in ENCODINGS.values()]
    assert [len(some) for some in retrieved] == [0, 3]


def test_a_pool_is_read_as_it_will_be_heard(apart: Models, pool: Pool) -> None:
    token_store.build(pool, apart.smile, language="cy")
    store = token_store.open_store(pool, apart.smile)
    reader = token_store.TeacherForcedPass(pool, apart.smile, "cy")
    shots = [Shot(read_audio(u.audio), u.text) for u in reader.before(0)]
    asked = prompts.build(apart.smile, read_audio(pool.utterances[0].audio), shots, language="cy")
    session, fed = begun(apart.smile, asked)
    _, hidden = session.step(np.array([asked.tokens[fed:]]))
    np.testing.assert_allclose(store.keys[store.clips == 0][0], hidden[0, -1], atol=0.05, rtol=1e-2)
