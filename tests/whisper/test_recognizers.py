"""Both engines against each other and against transformers' own generate, on real clips."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from ctypes import CDLL
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from smile.audio.features import log_mel
from smile.datatypes import SAMPLE_RATE, Prompt, Recognizer, Shot, SmileError
from smile.decoding import prompt as prompts
from smile.decoding.search import GREEDY, Control, decode
from smile.settings import WHOLE_WINDOW
from smile.whisper.encoder import encode, pooled
from smile.whisper.engines import GPU_LANES, _mkl, clips_at_a_time, compute_alone, load_recognizer
from smile.whisper.model import Models, load_models
from smile.whisper.tokenizer import Tokenizer
from smile.whisper.weights import Base
from tests.support.clips import Labelled, clips, words
from tests.support.made_models import mute

LANGUAGES = ("eng", "deu", "mdw", "chr", "ell")


@pytest.fixture(scope="module")
def twenty() -> list[Labelled]:
    return [clip for code in LANGUAGES for clip in clips(code, 4)]


def final(
    recognizer: Recognizer, prompt: Prompt, tokenizer: Tokenizer, control: Control = GREEDY
) -> tuple[int, ...]:
    session = recognizer.decoder(encode(recognizer, prompt.samples, WHOLE_WINDOW))
    return list(decode(session, prompt, tokenizer, control))[-1].tokens


def test_float32_states_are_those_of_transformers(
    lean32: Recognizer, hf: Recognizer, twenty: list[Labelled]
) -> None:
    for clip in twenty[::7]:
        for window in (10.0, 30.0):
            features = log_mel(clip.samples, window)
            assert np.abs(lean32.encode(features) - hf.encode(features)).max() < 1e-3


@pytest.mark.parametrize("layers", [(2, 3, 4, 5, 6), (6, 1)])
def test_outputs_of_layers_come_with_the_same_states(
    lean32: Recognizer, hf: Recognizer, models: Models, twenty: list[Labelled], layers: tuple[int, ...]
) -> None:
    """Both engines within 1e-3 of the outputs' spread; the states are bit for bit those of `encode`."""
    features = log_mel(twenty[8].samples, 10.0)
    outputs = {r.info.engine: r.encode_layers(features, layers) for r in (lean32, hf)}
    ours, theirs = outputs["lean"][1], outputs["hf"][1]
    assert ours.shape == (len(layers), 500, lean32.width)
    assert (np.abs(ours - theirs).max(axis=(1, 2)) < 1e-3 * theirs.std(axis=(1, 2))).all()
    for recognizer in (lean32, hf, models.vanilla.recognizer):
        states, _ = recognizer.encode_layers(features, layers)
        np.testing.assert_array_equal(states, recognizer.encode(features))


def test_a_layer_that_the_encoder_lacks_is_refused(lean32: Recognizer, hf: Recognizer) -> None:
    for recognizer in (lean32, hf):
        for layers in ((0,), (2, 7)):
            with pytest.raises(SmileError, match="layers 1 to 6"):
                recognizer.encode_layers(np.zeros((80, 200), np.float32), layers)


def test_float32_gives_the_same_tokens_on_twenty_clips(
    lean32: Recognizer, hf: Recognizer, tokenizer: Tokenizer, twenty: list[Labelled]
) -> None:
    assert len(twenty) >= 20
    for i, clip in enumerate(twenty):
        shots = [Shot(other.samples, other.text) for other in twenty[i - 1 : i]]
        prompt = prompts.build(mute(tokenizer), clip.samples, shots, language="en", timestamps=i % 2 == 0)
        prompt = replace(prompt, max_new_tokens=min(prompt.max_new_tokens, 60))
        assert final(lean32, prompt, tokenizer) == final(hf, prompt, tokenizer), clip.id


def test_beams_agree_too(
    lean32: Recognizer, hf: Recognizer, tokenizer: Tokenizer, twenty: list[Labelled]
) -> None:
    prompt = prompts.vanilla(mute(tokenizer), twenty[0].samples, "en")
    control = Control(beam_size=3)
    assert final(lean32, prompt, tokenizer, control) == final(hf, prompt, tokenizer, control)


def test_greedy_is_transformers_generate(
    hf: Recognizer, tokenizer: Tokenizer, twenty: list[Labelled]
) -> None:
    import torch

    for clip in twenty[:6]:
        prompt = prompts.vanilla(mute(tokenizer), clip.samples, "en")
        generated = hf.model.generate(
            input_features=torch.from_numpy(log_mel(clip.samples, 30.0))[None],
            decoder_input_ids=torch.tensor([prompt.tokens]),
            suppress_tokens=list(tokenizer.suppress),
            begin_suppress_tokens=list(tokenizer.suppress_first),
            max_new_tokens=60,
            do_sample=False,
            num_beams=1,
        )[0].tolist()
        text = tuple(t for t in generated if t < tokenizer.end)
        assert final(hf, replace(prompt, max_new_tokens=60), tokenizer, Control(stopping=())) == text


def test_language_and_no_speech(models: Models, twenty: list[Labelled]) -> None:
    def opening(samples):
        return models.vanilla.detect_language(models.vanilla.encode(samples))

    english, german = opening(twenty[0].samples), opening(twenty[4].samples)
    assert (english.language, german.language) == ("en", "de")
    assert 0.5 < english.probability <= 1
    assert opening(np.zeros(SAMPLE_RATE * 3, np.float32)).no_speech_prob > english.no_speech_prob


def test_int8_embeddings_rank_as_float32_ones(
    models: Models, lean32: Recognizer, twenty: list[Labelled]
) -> None:
    def embed(recognizer):
        return [pooled(encode(recognizer, c.samples), len(c.samples) / SAMPLE_RATE) for c in twenty]

    fast, exact = embed(models.vanilla.recognizer), embed(lean32)
    for i, row in enumerate(fast):
        assert np.argmin([np.linalg.norm(row - other) for other in exact]) == i


@pytest.mark.parametrize("code", ["eng", "deu"])
def test_known_languages_are_transcribed_right(models: Models, code: str) -> None:
    """Under 15 % CER over 20 clips; demo speech, which no Whisper knows, only has to come out as text."""
    from smile.text.scoring import score

    labelled = clips(code, 20)
    heard = [words(models, clip.samples) for clip in labelled]
    scores = [score(clip.text, text) for clip, text in zip(labelled, heard, strict=True)]
    cer = sum(s.edits for s in scores) / sum(s.length for s in scores)
    assert cer < (0.15 if labelled[0].real else 1.5)


def test_a_states_length_of_its_own(models: Models, twenty: list[Labelled]) -> None:
    states = models.vanilla.encode(twenty[0].samples)
    for frames in (1, 77, len(states)):
        logits, hidden = models.vanilla.decoder(states[:frames]).step(np.array([[50258, 50259]]))
        assert (logits.shape, hidden.shape) == ((1, 51865), (1, 2, models.vanilla.recognizer.width))
        assert np.isfinite(logits).all()


def test_an_adapter_gives_the_same_tokens_in_both(
    base: Base, tokenizer: Tokenizer, twenty: list[Labelled], tmp_path: Path
) -> None:
    folder = random_adapter(base, tmp_path)
    ours, theirs = (
        load_recognizer(base, engine=engine, precision="float32", adapter=folder) for engine in ("lean", "hf")
    )
    assert ours.info.encoder == theirs.info.encoder
    assert ours.info.encoder.adapter
    plain = load_models(precision="float32", adapter=None).vanilla.recognizer
    prompt = replace(prompts.vanilla(mute(tokenizer), twenty[0].samples, "en"), max_new_tokens=30)
    tokens = final(ours, prompt, tokenizer)
    assert tokens == final(theirs, prompt, tokenizer)
    assert tokens != final(plain, prompt, tokenizer)


def random_adapter(base: Base, folder: Path) -> Path:
    """An AdaLoRA adapter with random weights, large enough to change the transcript."""
    import torch
    from peft import AdaLoraConfig, get_peft_model

    from smile.whisper.engines.hf import whisper

    torch.manual_seed(0)
    config = AdaLoraConfig(init_r=4, target_r=4, total_step=10, target_modules=["q_proj", "v_proj", "fc1"])
    model = get_peft_model(whisper(base.state(), base.config), config)
    for name, parameter in model.named_parameters():
        if "lora_E" in name:
            torch.nn.init.normal_(parameter, std=2.0)
    model.save_pretrained(folder)
    return folder


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"engine": "fast"}, "lean, hf"),
        ({"precision": "int4"}, "float32, bfloat16, int8"),
        ({"engine": "hf", "precision": "int8"}, "lean engine"),
        ({"device": "cuda"}, "CPU only"),
    ],
)
def test_what_an_engine_cannot_do_is_said(base: Base, options: dict[str, str], message: str) -> None:
    with pytest.raises(SmileError, match=message):
        load_recognizer(base, **options)


def test_a_thread_that_computes_alone_leaves_the_others_theirs() -> None:
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with ThreadPoolExecutor(1, initializer=compute_alone) as alone, ThreadPoolExecutor(1) as other:
            threads = [pool.submit(torch.get_num_threads).result() for pool in (alone, other)]
        assert (threads, torch.get_num_threads()) == ([1, 2], 2)
        assert (clips_at_a_time("cpu"), clips_at_a_time("cuda")) == (2, GPU_LANES)
    finally:
        torch.set_num_threads(before)


@pytest.mark.skipif(not _mkl(), reason="this torch has no MKL")
def test_nor_does_mkl_have_helpers_there() -> None:
    import torch

    mkl = CDLL(str(Path(torch.__file__).parent / "lib" / "libtorch_cpu.so")).MKL_Get_Max_Threads
    before, asked = torch.get_num_threads(), ThreadPoolExecutor(1, initializer=torch.get_num_threads)
    torch.set_num_threads(2)
    try:
        with ThreadPoolExecutor(1, initializer=compute_alone) as alone, asked as other:  # asked: MKL is told
            assert [pool.submit(mkl).result() for pool in (alone, other)] == [1, 2]
    finally:
        torch.set_num_threads(before)
