"""Transcripts by a pool's acoustic model: of recordings, combined, in cross-validation and benchmark."""

from __future__ import annotations

import shutil
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from smile.acoustic import building
from smile.acoustic.crossing import cross_read
from smile.acoustic.head import Head
from smile.acoustic.model import (
    TRUST_OF_LITTLE,
    UNSEEN,
    AcousticModel,
    assembled,
    language_model,
    lines_of,
    open_acoustic,
    spoken,
)
from smile.acoustic.pretrained import LITTLE
from smile.acoustic.recipe import Recipe
from smile.acoustic.states import LayerStore, StatesId, layer_states
from smile.audio.io import read_audio
from smile.audio.vad import segments
from smile.bench.acoustic import Bench, run
from smile.datatypes import PoolError, SmileError, Speech, Utterance
from smile.decoding.knn.store import open_store, store_path
from smile.pools.pool import Pool, open_pool
from smile.settings import Level, Settings
from smile.text.scoring import score
from smile.transcription import joint
from smile.transcription.joint import CANDIDATES, STRANGE, can_judge, trust
from smile.transcription.pipeline import transcribe
from smile.transcription.preparing import needed, prepare, prepare_datastore
from smile.transcription.result import Result, as_dict
from smile.transcription.target import RetrievedExamples, Target
from smile.transcription.times import timed, with_times
from smile.util.timing import finished
from smile.whisper.model import Models, load_models
from tests.conftest import POOLS
from tests.support.clips import clips
from tests.support.tiny import tiny_whisper

COUNT = 12
SHORT = Settings(max_segment_seconds=4.0, level="acoustic")


@pytest.fixture(scope="module")
def pool(models: Models, tmp_path_factory: pytest.TempPathFactory) -> Pool:
    """A demo pool of a few clips, fitted to."""
    folder = tmp_path_factory.mktemp("pools") / "gla"
    shutil.copytree(POOLS / "gla", folder)
    whole = open_pool(folder)
    pool = replace(whole, utterances=whole.utterances[:COUNT])
    finished(building.build(pool, models.vanilla, (Recipe(epochs=40, batch=2),)))
    prepare_datastore(pool, models.smile)
    return pool


def test_a_recording_is_written_segment_by_segment(models: Models, pool: Pool) -> None:
    pause = np.zeros(24_000, np.float32)
    first, second = (read_audio(u.audio) for u in pool.utterances[:2])
    samples = np.concatenate([first, pause, second])
    *growing, last = transcribe(models, samples, pool, SHORT)
    assert {"Whisper alone", "By the acoustic model"} <= {result.stage for result in growing}
    assert last.done
    assert [s.start for s in last.smile.segments] == [
        p.start for p in segments(samples, max_segment_seconds=4.0)
    ]
    assert len(last.smile.segments) == len(last.vanilla.segments) > 1
    assert [examples for _, examples in last.examples] == [RetrievedExamples()] * len(last.smile.segments)
    assert all(0 < s.decoded.probability <= 1 for s in last.smile.segments)
    assert 0 < last.smile.probability <= 1
    wanted = " ".join(u.text for u in pool.utterances[:2])
    assert score(wanted, last.smile.text).cer < 0.5  # it was fitted to these
    assert last.smile.text[0].isupper()  # as all texts of the pool


def test_what_a_head_wrote_has_times_of_words_and_how_sure_they_are(models: Models, pool: Pool) -> None:
    samples = read_audio(pool.utterances[0].audio)
    plain = list(transcribe(models, samples, pool, SHORT))
    *growing, last = timed(iter_of(plain), models.smile, samples, lambda: pool)
    assert [result.done for result in growing].count(True) == 0
    assert growing[-1].stage == "Finding the words' times"
    assert last.done
    assert (last.smile.text, last.vanilla.text) == (plain[-1].smile.text, plain[-1].vanilla.text)
    words = last.smile.segments[0].words
    assert [word.text for word in words] == last.smile.text.split()
    assert all(word.confidence is not None for word in words)
    assert as_dict(last)["smile"]["segments"][0]["words"][0]["text"] == words[0].text


def test_without_a_head_or_a_pool_results_stay_as_they_are(models: Models, pool: Pool) -> None:
    samples = read_audio(pool.utterances[0].audio)
    plain = list(transcribe(models, samples, pool, replace(SHORT, level="context", shots=0, knn=0.0)))
    assert list(timed(iter_of(plain), models.smile, samples, lambda: pool)) == plain
    assert list(timed(iter_of(plain), models.smile, samples, lambda: None)) == plain


def iter_of(results: list[Result]) -> Generator[Result]:
    yield from results


def test_whisper_alone_is_the_same_beside_it(models: Models, pool: Pool) -> None:
    """Its encoder states come from the pass that also gives the layers."""
    samples = read_audio(pool.utterances[0].audio)
    *_, acoustic = transcribe(models, samples, pool, SHORT)
    *_, context = transcribe(models, samples, pool, replace(SHORT, level="context", shots=0, knn=0.0))
    assert acoustic.vanilla.text == context.vanilla.text


def test_silence_and_a_pool_without_a_head(models: Models, pool: Pool) -> None:
    *_, silent = transcribe(models, np.zeros(32_000, np.float32), pool, SHORT)
    assert (silent.done, silent.smile.text) == (True, "")
    with pytest.raises(PoolError, match="no acoustic model"):
        list(transcribe(models, read_audio(pool.utterances[0].audio), pool, replace(SHORT, windows=(30.0,))))
    with pytest.raises(PoolError, match="no acoustic model"):
        open_acoustic(pool, models.vanilla.within((30.0,)))


def test_combined_is_the_text_that_heads_and_decoder_find_likeliest(models: Models, pool: Pool) -> None:
    """As the slow way has it: each candidate scored alone, by the head, the n-gram and `teacher_forced`."""
    samples = read_audio(pool.utterances[0].audio)[:32_000]
    settings, target = Settings(level="combined", knn=0.0, shots=2), Target(models, Speech(0.0, 2.0, samples))
    acoustic = open_acoustic(pool, models.smile)
    heard = acoustic.logprobs(layer_states(models.smile, samples))
    *_, behind = target.in_context(settings, pool)
    own = acoustic.head.form(behind.decoded.text)
    texts, worth = acoustic.kept(heard, (own,))
    ranked = sorted(range(len(texts)), key=lambda i: -worth[i])[:CANDIDATES]
    tried = [texts[i] for i in dict.fromkeys([*ranked, texts.index(own)])]
    assert len(tried) > 3
    counts = trust(acoustic, open_store(pool, models.smile), pool)
    said = {t: float(target.teacher_forced(acoustic.spelt(t), settings, pool).logprob.sum()) for t in tried}
    chosen = set()
    for share in (0.0, 0.4, 1.0):
        told = replace(settings, acoustic_share=share)
        *steps, last = Target(models, Speech(0.0, 2.0, samples)).written(told, pool)
        heads = {t: share * counts * max(worth[texts.index(t)], -1e9) for t in tried}
        total = {t: heads[t] + (1 - share) * said[t] for t in tried}
        written = {behind.decoded.text if t == own else acoustic.spelt(t): t for t in tried}
        off = max(total.values()) - total[written[last.decoded.text]]
        assert off <= 1.5 * (1 - share) + 1e-3  # int8: nats that depend on what is computed together
        assert steps[-1].decoded.text == behind.decoded.text
        assert last.examples == behind.examples
        chosen.add(last.decoded.text)
    assert acoustic.written(*heard).text == last.decoded.text
    others = replace(pool, utterances=pool.utterances[1:], embeddings=pool.embeddings[1:COUNT])
    with pytest.raises(PoolError, match="other clips"):
        list(target.combined(settings, others))


def test_heads_of_little_speech_are_trusted_less(models: Models, pool: Pool) -> None:
    little = open_acoustic(pool, models.vanilla)
    assert 60 * pool.minutes < LITTLE
    assert little.trust == TRUST_OF_LITTLE < 1
    assert assembled((little.head,), ("a",), seconds=LITTLE).trust == 1


@pytest.mark.parametrize(
    ("level", "knn", "what"),
    [
        ("context", 0.0, ()),
        ("context", 1.0, ("datastore",)),
        ("acoustic", 1.0, ("acoustic",)),
        ("combined", 0.0, ("acoustic", "datastore")),
    ],
)
def test_what_a_level_needs_of_a_pool(level: Level, knn: float, what: tuple[str, ...]) -> None:
    """Combined, too, where the kNN-LM is off: the datastore tells how well the decoder knows the language."""
    assert needed(Settings(level=level, knn=knn)) == what


def test_heads_count_less_beside_a_decoder_that_knows_the_language(models: Models, pool: Pool) -> None:
    acoustic = open_acoustic(pool, models.smile)
    store, characters = open_store(pool, models.smile), sum(len(u.text) for u in pool.utterances)
    counted = [
        trust(acoustic, replace(store, nats=nats * characters), pool)
        for nats in (-1e-9, 0.1, 1, STRANGE, 2 * STRANGE)
    ]
    assert counted == sorted(counted)
    assert (counted[0], counted[-2], counted[-1]) == (0, acoustic.trust, acoustic.trust)
    assert counted[1] < acoustic.trust / 50
    assert store.nats > 0


def test_where_no_datastore_could_be_kept_combined_goes_without(models: Models, pool: Pool) -> None:
    samples, path = read_audio(pool.utterances[0].audio)[:32_000], store_path(pool, models.smile)
    aside, settings = path.with_suffix(".aside"), replace(SHORT, level="combined")
    path.rename(aside)
    try:
        *_, result = transcribe(models, samples, pool, replace(settings, knn=0.0))
        assert result.smile.text
        assert can_judge(open_acoustic(pool, models.smile), models.smile, pool)
        with pytest.raises(PoolError, match="--knn"):
            list(transcribe(models, samples, pool, settings))
    finally:
        aside.rename(path)


def test_heads_do_not_say_how_sure_words_of_a_decoder_are_that_knows_better(
    models: Models, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = read_audio(pool.utterances[0].audio)[:32_000]
    *_, result = transcribe(models, samples, pool, replace(SHORT, level="combined"))
    *_, by_heads = transcribe(models, samples, pool, SHORT)
    known = replace(open_store(pool, models.smile), nats=1.0)
    said = {}
    for name, store in (("strange", open_store(pool, models.smile)), ("known", known)):
        monkeypatch.setattr(joint, "open_store", lambda *_, store=store: store)
        made = [with_times(one, models.smile, samples, pool, "words") for one in (result, by_heads)]
        said[name] = [(bool(one.calibration), one.smile.segments[0].confidence is not None) for one in made]
        assert all(one.smile.segments[0].words for one in made)
    assert said == {"strange": [(True, True)] * 2, "known": [(False, False), (True, True)]}


def test_characters_that_heads_cannot_write_cost_what_the_language_model_says(
    models: Models, pool: Pool
) -> None:
    """So what the decoder writes in letters that a small pool lacks can still be chosen."""
    acoustic, clip = open_acoustic(pool, models.vanilla), pool.utterances[0]
    heard = acoustic.logprobs(layer_states(models.vanilla, read_audio(clip.audio)))
    known = acoustic.head.form(clip.text)
    strange = known + "ж"
    texts, worth = acoustic.kept(heard, (known, strange))
    plain, dearer = (worth[texts.index(text)] for text in (known, strange))
    assert np.isfinite(dearer)
    more = acoustic.lm.score(strange) - acoustic.lm.score(known)
    unseen = sum(w not in acoustic.words for w in strange.split()) - sum(
        w not in acoustic.words for w in known.split()
    )
    expected = plain + acoustic.beam.weight * more + acoustic.beam.bonus - UNSEEN * unseen
    assert dearer == pytest.approx(expected, abs=1e-4)


def test_an_acoustic_model_that_is_given_takes_the_place_of_the_pools(models: Models, pool: Pool) -> None:
    samples, mute = read_audio(pool.utterances[0].audio), open_acoustic(pool, models.smile)
    weights = {**mute.head.weights, "output.bias": mute.head.weights["output.bias"] - 100.0}
    weights["output.bias"][0] = 100.0
    silent = replace(mute, head=replace(mute.head, weights=weights), others=())
    *_, last = Target(models, Speech(0.0, 2.0, samples), acoustic=silent).acoustic(SHORT, pool)
    assert last.decoded.text == ""


def test_a_pool_is_made_ready_once(tmp_path: Path) -> None:
    models = load_models(str(tiny_whisper(tmp_path / "tiny")), precision="float32")
    shutil.copytree(POOLS / "gle", tmp_path / "gle")
    whole = open_pool(tmp_path / "gle")
    pool = replace(whole, utterances=whole.utterances[:2], embeddings=whole.embeddings[:2, :16])
    settings, said = replace(SHORT, knn=1.0), list[int]()
    prepare(pool, models.smile, settings, lambda done, total: said.append(done))
    assert said == sorted(said)
    assert said[-1] == 100
    assert not list(pool.folder.glob("tokens-*")), "a level without a prompt looks nothing up"
    prepare(pool, models.smile, settings, lambda *_: pytest.fail("it is there"))
    *_, last = transcribe(models, read_audio(pool.utterances[0].audio), pool, settings)
    assert last.done


def test_a_text_is_scored_in_the_heads_form(models: Models, pool: Pool) -> None:
    acoustic, clip = open_acoustic(pool, models.vanilla), pool.utterances[0]
    logprobs = acoustic.head(layer_states(models.vanilla, read_audio(clip.audio)))
    right = acoustic.score(logprobs, clip.text)
    assert right == acoustic.score(logprobs, clip.text.upper() + "!")
    assert right > acoustic.score(logprobs, pool.utterances[1].text)
    assert acoustic.score(logprobs, clip.text + " 日本") == -np.inf


def test_texts_that_a_user_adds_are_in_the_language_model(
    models: Models, pool: Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = tmp_path / "words.txt"
    words.write_bytes("\ufeffOilthigh\r\n\r\nMinnseachadh\n".encode())
    assert lines_of(words) == ["Oilthigh", "Minnseachadh"]
    without = open_acoustic(pool, models.vanilla)
    added = open_acoustic(replace(pool, added=tuple(lines_of(words))), models.vanilla)
    assert added.lm.score("oilthigh") > without.lm.score("oilthigh") + 5
    words.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SmileError, match="UTF-8"):
        lines_of(words)
    monkeypatch.setattr("smile.acoustic.model.MOST_CHARACTERS", 10)
    with pytest.raises(SmileError, match="more than 10 characters"):
        language_model(["a longer text"], without.head.form)


def test_every_clip_is_read_by_a_head_of_others(models: Models, pool: Pool, tmp_path: Path) -> None:
    reads = StatesId.of(models.vanilla)
    store, form = LayerStore.of(pool, reads), open_acoustic(pool, models.vanilla).head.form
    steps = cross_read(pool.utterances, store, form, Recipe(epochs=2), folds=3)
    said = []
    while True:
        try:
            said.append(next(steps).done)
        except StopIteration as done:
            crossed = done.value
            break
    assert said == [1, 2, 3, 4, 5, 6]
    assert sorted(c.utterance.id for c in crossed) == sorted(u.id for u in pool.utterances)
    for clip in crossed:
        assert clip.utterance not in clip.fold
        assert len(clip.fold) == 8
        own, faster = clip.heard
        assert own.shape[1] == len(clip.model.head.alphabet)
        assert np.array_equal(own, clip.logprobs)
        assert len(faster) < len(own)  # at 1.1 times its speed
    gone = replace(crossed[0], store=LayerStore(tmp_path, reads))
    with pytest.raises(PoolError, match="no layer states"):
        assert gone.heard
    with pytest.raises(PoolError, match="two clips"):
        next(cross_read(pool.utterances[:1], store, form, Recipe(epochs=2)))


def test_copies_are_in_one_fold(models: Models, pool: Pool) -> None:
    store, form = (
        LayerStore.of(pool, StatesId.of(models.vanilla)),
        open_acoustic(pool, models.vanilla).head.form,
    )
    copies = ((0, 5, 7, 8), (2, 3))
    crossed = finished(cross_read(pool.utterances, store, form, Recipe(epochs=1), 3, copies))
    assert sorted(c.utterance.id for c in crossed) == sorted(u.id for u in pool.utterances)
    for clip in crossed:
        index = pool.utterances.index(clip.utterance)
        group = next((g for g in copies if index in g), (index,))
        assert not {pool.utterances[i] for i in group} & {*clip.fold}
    everyone = (tuple(range(len(pool))),)
    with pytest.raises(PoolError, match="one and the same recording"):
        next(cross_read(pool.utterances, store, form, Recipe(epochs=1), 3, everyone))


def test_real_clips_are_read_better_than_by_whisper_alone(tmp_path: Path, speech: Path | None) -> None:
    """30 clips of Mboshi come to 37 % CER on dev clips, the whole pool to 25; Whisper alone has over 70."""
    if speech is None:
        pytest.skip("There is no real speech here.")
    bench = Bench(speech, clips=30, recipe=Recipe(epochs=40), work=tmp_path)
    said: list[str] = []
    text = run(bench, ["mdw"], 8, said.append)
    assert len(said) == 1
    row = next(line for line in text.splitlines() if line.startswith("| mdw"))
    _, _, pool, count, greedy, _, beam, alone, *_ = (cell.strip() for cell in row.split("|"))
    assert (pool, count) == ("30", "8")
    assert float(beam) < min(60, float(alone))
    assert float(greedy) < 75
    assert "commit" in text


def test_a_head_on_disk_and_one_in_memory_write_the_same(models: Models, pool: Pool) -> None:
    acoustic = open_acoustic(pool, models.vanilla)
    assert isinstance(acoustic.head, Head)
    clip = clips("gla", 1)[0]
    decoded = AcousticModel(acoustic.head, None).decode(layer_states(models.vanilla, clip.samples))
    assert decoded.stopped == "end"
    assert len(decoded.logprobs) == len(decoded.text)


def test_texts_that_no_clip_has_room_for_are_no_texts_to_learn_from() -> None:
    made = [Utterance("a", Path("a.flac"), "x" * 5000, seconds=0.1), Utterance("b", Path("b.flac"), "aon")]
    assert spoken(made) == ("aon",)
    assert spoken([replace(made[0], text="aon dhà trì")]) == ("aon dhà trì",)
