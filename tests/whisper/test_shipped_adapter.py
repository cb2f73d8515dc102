"""The adapter that ships: what it says of itself, both engines alike, and that it helps on fixed clips."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from smile.audio.io import read_audio
from smile.corpora import read_corpus
from smile.datatypes import SAMPLE_RATE, Language, Prompt, Shot, Speech, Utterance
from smile.decoding import prompt as prompts
from smile.decoding.search import decode
from smile.evaluation.evaluate import write
from smile.pools.pool import Header, Pool, open_pool
from smile.settings import WHOLE_WINDOW
from smile.text.normalisers import normalise
from smile.text.scoring import score
from smile.transcription.target import Target
from smile.whisper import adapters
from smile.whisper.model import Model, Models, load_models, shipped_adapter
from tests.conftest import POOLS, speech_folder
from tests.support.clips import Labelled, clips
from tests.support.made_conditions import condition

MOST_BYTES = 20_000_000


@pytest.fixture(scope="module")
def folder() -> Path:
    adapter = shipped_adapter()
    assert shipped_adapter("whisper-base") == shipped_adapter("openai/whisper-base") == adapter
    assert shipped_adapter("openai/whisper-tiny") is None
    assert adapter is not None
    return adapter


@pytest.fixture(scope="module")
def trained(folder: Path) -> Models:
    return load_models(adapter=folder)


def test_it_is_small_and_says_how_it_was_made(folder: Path) -> None:
    adapter = adapters.load(folder)
    assert (folder / adapters.WEIGHTS).stat().st_size < MOST_BYTES
    assert len(adapter.card["data"]["minutes"]) == 8
    assert all(8 <= minutes <= 10.1 for minutes in adapter.card["data"]["minutes"].values())
    assert adapter.card["commit"]
    assert len(adapter.card["data"]["sha256"]) == 64
    assert "8 languages" in adapter.trained_on
    assert not adapter.changes_encoder
    assert (folder / "README.md").is_file()


def test_both_engines_write_the_same_tokens(folder: Path) -> None:
    lean = load_models(precision="float32", adapter=folder)
    hf = load_models(engine="hf", precision="float32", adapter=folder)
    labelled = clips("mdw", 4)
    for i, clip in enumerate(labelled[1:], start=1):
        shots = [Shot(labelled[i - 1].samples, labelled[i - 1].text)]
        prompt = prompts.build(lean.smile, clip.samples, shots, language="sw")
        prompt = replace(prompt, max_new_tokens=40)

        def tokens(model: Model, prompt: Prompt = prompt) -> tuple[int, ...]:
            states = model.within(WHOLE_WINDOW).encode(prompt.samples)
            return list(decode(model.decoder(states), prompt, model.tokenizer))[-1].tokens

        assert tokens(lean.smile) == tokens(hf.smile)


def test_three_examples_with_it_beat_whisper_alone_on_fixed_clips(trained: Models) -> None:
    """On real Suba and Gaelic where they are at hand, else on two demo pools."""
    vanilla = condition("vanilla", "vanilla", shots=0)
    smile = condition("s-3", adapter="shipped", shots=3, language_token="pool", no_repeat=True)
    totals = {vanilla.name: [0, 0], smile.name: [0, 0]}
    for pool, targets in material(trained):
        for target in targets:
            speech = Speech(0.0, len(target.samples) / SAMPLE_RATE, target.samples)
            way = Target(trained, speech, target.id)
            for wanted in (vanilla, smile):
                text = write(way, wanted, pool, Utterance(target.id, target.path, target.text)).decoded.text
                counts = score(target.text, text)
                totals[wanted.name][0] += counts.edits
                totals[wanted.name][1] += counts.length
    cer = {name: edits / length for name, (edits, length) in totals.items()}
    assert cer["s-3"] < 0.9 * cer["vanilla"], cer


def material(models: Models) -> Iterator[tuple[Pool, list[Labelled]]]:
    """Pools with targets: thirty training clips and eight test clips of a language."""
    if speech_folder():
        for code in ("sxb", "gla"):
            yield small_pool(models, code), clips(code, 8)
        return
    for code in ("gle", "gla"):
        pool = open_pool(POOLS / code)
        yield pool, [Labelled(u.id, u.audio, u.text, read_audio(u.audio), False) for u in pool.queries[:8]]


def small_pool(models: Models, code: str) -> Pool:
    """The first training clips of a language of the real speech."""
    utterances, rows = [], []
    for clip in clips(code, 30, "10min_train"):
        seconds = len(clip.samples) / SAMPLE_RATE
        utterances.append(Utterance(clip.id, clip.path, clip.text, code, "", seconds))
        rows.append(models.smile.embed(clip.samples))
    header = Header(Language(code), encoder=models.smile.info.encoder)
    return Pool(Path(code), header, tuple(utterances), np.stack(rows))


def test_no_reference_text_is_in_the_folder(folder: Path) -> None:
    root = speech_folder()
    source = read_corpus(root / "eng", "10min_train") if root else read_corpus(POOLS / "gle")
    card = (folder / "README.md").read_text(encoding="utf-8") + (folder / "smile.json").read_text()
    long = [normalise(u.text) for u in source.utterances if len(u.text) > 25]
    assert long
    assert not any(text in normalise(card) for text in long)


def test_models_come_with_the_shipped_adapter_unless_told_otherwise() -> None:
    assert load_models().smile.info.adapter_hash
    assert not load_models(adapter=None).smile.info.adapter_hash
