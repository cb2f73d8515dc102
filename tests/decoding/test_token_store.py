"""A pool's token datastore: the states are those of decoding, and it belongs to one recognizer."""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from smile.audio.io import read_audio
from smile.datatypes import AudioError, PoolError, Shot
from smile.decoding import prompt as prompts
from smile.decoding.knn import store as token_store
from smile.decoding.knn.teacher_forcing import CONTEXT_SHOTS, TeacherForcedPass
from smile.pools.pool import Pool, open_pool
from smile.retrieval.divergences import distances
from smile.retrieval.samplers import nearest
from smile.settings import Settings
from smile.transcription.pipeline import transcribe
from smile.util.storage import work_folder
from smile.whisper.logits import log_softmax
from smile.whisper.model import Model, Models, load_models
from tests.conftest import POOLS

COUNT = 6


@pytest.fixture(scope="module")
def exact() -> Models:
    return load_models(precision="float32", adapter=None)


@pytest.fixture(scope="module")
def pool(exact: Models, tmp_path_factory: pytest.TempPathFactory) -> Pool:
    """The first clips of a demo pool, read."""
    folder = tmp_path_factory.mktemp("pools") / "gle"
    shutil.copytree(POOLS / "gle", folder)
    whole = open_pool(folder, exact.smile.info.encoder)
    small = replace(whole, utterances=whole.utterances[:COUNT], embeddings=whole.embeddings[:COUNT])
    seen: list[tuple[int, int]] = []
    token_store.build(
        small,
        exact.smile,
        language="ga" if "ga" in exact.smile.tokenizer.languages else "cy",
        progress=lambda done, total: seen.append((done, total)),
    )
    assert seen[-1] == (COUNT, COUNT)
    return small


def like(model: Model, **change: str) -> Model:
    """A model whose engine says something else of itself."""
    engine: Any = type("Engine", (), {"info": replace(model.info, **change)})()
    return replace(model, recognizer=engine)


def part_of(pool: Pool, first: int, last: int) -> Pool:
    return replace(pool, utterances=pool.utterances[first:last], embeddings=pool.embeddings[first:last])


def test_keys_are_the_states_before_each_token(pool: Pool, exact: Models) -> None:
    store = token_store.open_store(pool, exact.smile)
    clip = pool.utterances[0]
    row = distances("kl", pool.embeddings[:1], pool.embeddings[1:])[0]
    others = [pool.utterances[1 + int(i)] for i in nearest(row, CONTEXT_SHOTS)]
    shots = [Shot(read_audio(other.audio), other.text) for other in others]
    prompt = prompts.build(exact.smile, read_audio(clip.audio), shots, language="cy")
    session = exact.smile.decoder(exact.smile.encode(prompt.samples))
    logits, hidden = session.step(np.array([prompt.tokens]))
    tokens, end, nats = store.tokens[store.clips == 0], exact.smile.tokenizer.end, 0.0
    assert exact.smile.tokenizer.decode(tokens).strip() == clip.text
    assert tokens[-1] == end
    for key, token in zip(store.keys[store.clips == 0], tokens, strict=True):
        np.testing.assert_allclose(key, hidden[0, -1], atol=0.05, rtol=1e-2)
        logprobs = log_softmax(logits[0])
        nats -= np.logaddexp.reduce(logprobs[end:]) if token == end else logprobs[token]
        logits, hidden = session.step(np.array([[token]]))
    assert token_store.open_store(part_of(pool, 0, 1), exact.smile).nats == pytest.approx(nats, rel=1e-3)


def test_the_adaptive_weight_is_fitted_on_the_clips_asked_for(pool: Pool, exact: Models) -> None:
    model = exact.smile
    whole = token_store.open_store(pool, model)
    part = token_store.open_store(part_of(pool, 2, COUNT), model)
    assert part.weight is not None
    assert whole.weight != part.weight
    assert len(part.keys) == (whole.clips >= 2).sum()
    assert (part.tokens == whole.tokens[whole.clips >= 2]).all()
    assert token_store.open_store(part_of(pool, 0, 1), model).weight is None


@pytest.mark.parametrize("change", [{"precision": "int8"}, {"adapter_hash": "0123456789ab"}])
def test_another_recognizer_is_refused_with_the_command(
    pool: Pool, exact: Models, change: dict[str, str]
) -> None:
    other = like(exact.smile, **change)
    assert not token_store.present(pool, other)
    assert token_store.present(pool, exact.smile)
    with pytest.raises(PoolError, match="--knn"):
        token_store.open_store(pool, other)


def test_other_windows_have_a_datastore_of_their_own(pool: Pool, exact: Models, tmp_path: Path) -> None:
    whole = exact.smile.within((30.0,))
    assert not token_store.present(pool, whole)
    with pytest.raises(PoolError, match="--knn"):
        token_store.open_store(pool, whole)
    assert token_store.store_path(pool, whole).name == "tokens-base-30.npz"
    moved = replace(pool, stores=tmp_path)
    shutil.copy(token_store.store_path(pool, exact.smile), token_store.store_path(moved, whole))
    assert not token_store.present(moved, whole), "the header says its windows, whatever its name"


def test_a_corrected_text_has_to_be_read_again(pool: Pool, exact: Models) -> None:
    first, *others = pool.utterances
    corrected = replace(pool, utterances=(replace(first, text="rud eile"), *others))
    assert not token_store.present(corrected, exact.smile)
    with pytest.raises(PoolError, match="--knn"):
        token_store.open_store(corrected, exact.smile)


def test_it_may_lie_outside_the_pool(pool: Pool, exact: Models, tmp_path: Path) -> None:
    elsewhere = replace(pool, stores=tmp_path / "kept")
    assert not token_store.present(elsewhere, exact.smile)
    token_store.build(elsewhere, exact.smile, language="cy")
    assert token_store.present(elsewhere, exact.smile)
    assert list((tmp_path / "kept").glob("tokens-base.npz"))


def test_a_clip_that_was_read_is_written_as_its_text(pool: Pool, exact: Models) -> None:
    """Its own keys are all but at distance zero, so the neighbours know every token."""
    clip = pool.utterances[1]
    settings = Settings(shots=1, knn=1.0)
    others = replace(pool, utterances=pool.utterances, embeddings=pool.embeddings)
    *_, with_knn = transcribe(exact, read_audio(clip.audio), others, settings)
    *_, without = transcribe(exact, read_audio(clip.audio), others, replace(settings, knn=0.0))
    known = set(clip.text.lower().split())
    right = [len(known & set(r.smile.text.lower().split())) for r in (with_knn, without)]
    assert right[0] >= right[1]


def unread(pool: Pool, folder: Path) -> Pool:
    """The same pool with its datastore elsewhere."""
    return replace(pool, stores=folder)


def stored(pool: Pool, exact: Models) -> dict[str, list[object]]:
    with np.load(token_store.store_path(pool, exact.smile)) as file:
        return {name: file[name].tolist() for name in file.files}


def test_clips_read_side_by_side_give_the_same_datastore(pool: Pool, exact: Models, tmp_path: Path) -> None:
    for threads in (1, 3):
        fresh = unread(pool, tmp_path / str(threads))
        token_store.build(fresh, exact.smile, language="cy", threads=threads)
        assert stored(fresh, exact) == stored(pool, exact)


def test_an_interrupted_reading_goes_on_after_its_last_clip(
    pool: Pool, exact: Models, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh, seen = unread(pool, tmp_path), []

    def interrupt(done: int, total: int) -> None:
        if done == 4:
            raise KeyboardInterrupt

    def build(progress: token_store.Progress) -> None:
        token_store.build(fresh, exact.smile, language="cy", progress=progress, threads=1)

    with pytest.raises(KeyboardInterrupt):
        build(interrupt)
    assert not token_store.present(fresh, exact.smile)
    call = TeacherForcedPass.__call__
    monkeypatch.setattr(
        TeacherForcedPass, "__call__", lambda self, number: seen.append(number) or call(self, number)
    )
    told: list[int] = []
    build(lambda done, total: told.append(done))
    assert seen == [4, 5]
    assert told == [5, 6]
    assert stored(fresh, exact) == stored(pool, exact)
    assert [p.name for p in tmp_path.iterdir()] == ["tokens-base.npz"]


@pytest.mark.parametrize("threads", [1, 2])
def test_no_more_clips_are_begun_than_one_beside_those_at_work(
    threads: int, pool: Pool, exact: Models, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the process could not end before all of them were read."""
    fresh, begun = unread(pool, tmp_path), list[int]()
    states = TeacherForcedPass(pool, exact.smile, "cy")(0)
    monkeypatch.setattr(TeacherForcedPass, "__call__", lambda _, number: begun.append(number) or states)

    def interrupt(done: int, total: int) -> None:
        time.sleep(0.1)  # in which the threads begin what they may
        assert len(begun) <= done + threads
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        token_store.build(fresh, exact.smile, language="cy", progress=interrupt, threads=threads)
    assert len(begun) <= 2 + threads


def test_what_was_read_with_another_token_is_read_again(pool: Pool, exact: Models, tmp_path: Path) -> None:
    small = replace(part_of(pool, 0, 2), stores=tmp_path)

    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        token_store.build(small, exact.smile, language="cy", progress=interrupt)
    seen: list[int] = []
    token_store.build(small, exact.smile, language="fi", progress=lambda done, total: seen.append(done))
    assert seen == [1, 2]


def test_two_do_not_read_a_pool_at_once(pool: Pool, exact: Models, tmp_path: Path) -> None:
    fresh = unread(pool, tmp_path)
    with (
        work_folder(token_store.store_path(fresh, exact.smile), ()),
        pytest.raises(PoolError, match="wait until it is done"),
    ):
        token_store.build(fresh, exact.smile, language="cy")


def test_a_pool_that_was_read_anew_is_opened_anew(pool: Pool, exact: Models, tmp_path: Path) -> None:
    """Also where another process has read it."""
    fresh, model = unread(pool, tmp_path), exact.smile
    path = token_store.store_path(fresh, model)
    shutil.copy(token_store.store_path(pool, model), path)
    first = token_store.open_store(fresh, model)
    with np.load(path) as file:
        np.savez(path, **{**file, "keys": file["keys"] + 1})
    os.utime(path, ns=(1, 1))
    np.testing.assert_allclose(token_store.open_store(fresh, model).keys, first.keys + 1, atol=0.1)


def test_a_clip_that_cannot_be_read_leaves_no_datastore(pool: Pool, exact: Models, tmp_path: Path) -> None:
    clips = tuple(replace(u, audio=tmp_path / "gone.ogg") for u in pool.utterances)
    fresh = replace(unread(pool, tmp_path), utterances=clips)
    with pytest.raises(AudioError, match="gone"):
        token_store.build(fresh, exact.smile, language="cy")
    assert not token_store.present(fresh, exact.smile)
