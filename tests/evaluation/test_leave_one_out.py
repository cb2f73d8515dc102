"""Leave-one-out: against a slow reference that builds every subset pool by hand, on the real engine."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from smile.acoustic.recipe import Recipe
from smile.audio.io import read_audio
from smile.cli.main import main
from smile.datatypes import SAMPLE_RATE, PoolError, Speech
from smile.decoding.knn import store as token_store
from smile.decoding.knn.teacher_forcing import TeacherForcedPass
from smile.evaluation.conditions import Condition
from smile.evaluation.evaluate import write
from smile.evaluation.rows import Row
from smile.own import check as loo
from smile.own import crossed
from smile.pools import indexing
from smile.pools.copies import copies
from smile.pools.pool import Pool, open_pool, order_digest, write_pool
from smile.pools.setting import read_setting, write_setting
from smile.settings import Settings
from smile.text.scoring import score
from smile.transcription.preparing import prepare_datastore
from smile.transcription.target import Target
from smile.ui.own.verdict import sentence
from smile.whisper.model import Models
from tests.conftest import POOLS

COUNT = 6


@pytest.fixture(scope="module")
def pool(models: Models, tmp_path_factory: pytest.TempPathFactory) -> Pool:
    """The first clips of a demo pool, as a pool on disk."""
    folder = tmp_path_factory.mktemp("pools") / "gle"
    shutil.copytree(POOLS / "gle", folder)
    whole = open_pool(folder)
    header = replace(whole.header, order=order_digest(whole.utterances[:COUNT]))
    write_pool(folder, header, whole.utterances[:COUNT], whole.embeddings[:COUNT])
    opened = open_pool(folder, models.smile.info.encoder)
    prepare_datastore(opened, models.smile)
    return opened


@pytest.fixture(scope="module")
def tried(models: Models) -> tuple[Condition, ...]:
    return loo.conditions(models.smile.info, shots=(1, 2))


@pytest.fixture(scope="module")
def steps(models: Models, pool: Pool, tried: tuple[Condition, ...]) -> list[loo.Check]:
    return list(loo.leave_one_out(models, pool, tried, clips=2))


def by_hand(pool: Pool, left_out: str, folder: Path, models: Models) -> Pool:
    """A pool made anew of the other clips' files, and read from the first to the last."""
    few = []
    for utterance in pool.utterances:
        if utterance.id != left_out:
            audio = folder / "audio" / utterance.audio.name
            audio.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(utterance.audio, audio)
            few.append(replace(utterance, audio=audio))
    kept = [i for i, u in enumerate(pool.utterances) if u.id != left_out]
    write_pool(folder, replace(pool.header, order=order_digest(few)), few, pool.embeddings[kept])
    small = open_pool(folder, models.smile.info.encoder)
    prepare_datastore(small, models.smile)
    return small


def test_the_same_transcripts_as_of_pools_made_by_hand(
    models: Models, pool: Pool, tried: tuple[Condition, ...], steps: list[loo.Check], tmp_path: Path
) -> None:
    wanted = {}
    for utterance in (pool.utterances[i] for i in loo.sample(pool, 2)):
        small = by_hand(pool, utterance.id, tmp_path / utterance.id, models)
        samples = read_audio(utterance.audio)
        target = Target(models, Speech(0.0, len(samples) / SAMPLE_RATE, samples), utterance.id)
        for condition in tried:
            written = write(target, condition, small, utterance)
            wanted[utterance.id, condition.name] = written.decoded.text
    texts = {(row.id, row.condition): row.hypothesis for row in steps[-1].rows}
    assert texts == wanted
    assert len(set(texts.values())) > 2


def test_a_clip_leaves_no_trace_in_the_datastore(pool: Pool, models: Models, tmp_path: Path) -> None:
    """Bit by bit the datastore of a pool that never had it; the whole pool's keys are other ones."""
    index = loo.sample(pool, 1)[0]
    others = loo.without(models, pool, index, tmp_path / "stores", tokens=True)
    slow = by_hand(pool, pool.utterances[index].id, tmp_path / "slow", models)
    model = models.smile
    ours, theirs = (token_store.open_store(p, model) for p in (others, slow))
    np.testing.assert_array_equal(ours.keys, theirs.keys)
    np.testing.assert_array_equal(ours.tokens, theirs.tokens)
    assert ours.weight == theirs.weight
    whole = token_store.open_store(pool, model)
    assert (whole.keys[whole.clips != index] != ours.keys).any()
    assert pool.utterances[index] not in others.utterances


def test_no_clip_is_its_own_example(steps: list[loo.Check]) -> None:
    assert not any(row.id in row.neighbours for row in steps[-1].rows)
    assert all(
        len(row.neighbours) + row.left_out == 2 for row in steps[-1].rows if "2 shots" in row.condition
    )


def test_it_tells_how_far_it_is_and_can_be_stopped(
    models: Models, pool: Pool, tried: tuple[Condition, ...], steps: list[loo.Check]
) -> None:
    assert [step.done for step in steps] == list(range(11))
    assert {step.total for step in steps} == {10}
    assert [len(step.rows) for step in steps] == list(range(11))
    work = loo.leave_one_out(models, pool, tried, clips=2)
    for step in work:
        if step.done == 1:
            break
    work.close()
    assert step.rows == steps[1].rows
    assert list(work) == []


def test_rates_are_those_of_the_transcripts(pool: Pool, steps: list[loo.Check]) -> None:
    texts = {u.id: u.text for u in pool.utterances}
    for line in steps[-1].rates.to_dict("records"):
        rows = [row for row in steps[-1].rows if row.condition == line["condition"]]
        scores = [score(texts[row.id], row.hypothesis, language="gle") for row in rows]
        rate = 100 * sum(s.edits for s in scores) / sum(s.length for s in scores)
        assert line["rate"] == pytest.approx(rate)
        assert line["low"] <= rate <= line["high"]


@pytest.fixture(scope="module")
def doubled(models: Models, tmp_path_factory: pytest.TempPathFactory) -> Pool:
    """Three clips of a demo pool under two names each, the second one Vorbis and softer."""
    folder, few = tmp_path_factory.mktemp("doubled"), open_pool(POOLS / "gle").utterances[:3]
    again = []
    for number, utterance in enumerate(few):
        again.append(replace(utterance, id=f"again-{number}", audio=folder / f"{number}.ogg"))
        samples = read_audio(utterance.audio) / 2
        soundfile.write(again[-1].audio, samples, SAMPLE_RATE, format="OGG", subtype="VORBIS")
    header = open_pool(POOLS / "gle").header
    pool = indexing.build([*few, *again], folder / "pool", models, header).pool
    prepare_datastore(pool, models.smile)
    return pool


def test_copies_are_left_out_together_and_count_once(models: Models, doubled: Pool, tmp_path: Path) -> None:
    tried = loo.conditions(models.smile.info, shots=(2,))
    *_, last = loo.leave_one_out(models, doubled, tried, clips=9)
    assert (last.done, last.total) == (9, 9)
    number = {u.id: i % 3 for i, u in enumerate(doubled.utterances)}
    assert sorted({number[row.id] for row in last.rows}) == [0, 1, 2]
    shown = [row for row in last.rows if row.neighbours]
    assert len(shown) == 6
    assert not any(number[row.id] == number[name] for row in shown for name in row.neighbours)
    others = loo.without(models, doubled, 4, tmp_path, tokens=True)
    assert [number[u.id] for u in others.utterances] == [0, 2, 0, 2]
    assert {*token_store.open_store(others, models.smile).clips.tolist()} == {0, 1}


def test_copies_are_not_read_behind_each_other(models: Models, doubled: Pool, tmp_path: Path) -> None:
    """Bit by bit what was read of the others, once a copy has gone, is what a pool without it would give."""
    whole = token_store.open_store(doubled, models.smile)
    assert {*whole.clips.tolist()} == {0, 1, 2}
    language = loo.pool_token(doubled)
    reader = TeacherForcedPass(doubled, models.smile, language, copies(doubled))
    number = {u.id: i % 3 for i, u in enumerate(doubled.utterances)}
    for index in range(len(doubled)):
        before = reader.before(index)
        assert before
        assert index % 3 not in {number[u.id] for u in before}
    slow = by_hand(doubled, doubled.utterances[4].id, tmp_path / "slow", models)
    fast = token_store.without(doubled, (4,), models.smile, language=language, stores=tmp_path / "fast")
    ours, theirs = (token_store.open_store(p, models.smile) for p in (fast, slow))
    np.testing.assert_array_equal(ours.keys, theirs.keys)
    np.testing.assert_array_equal(ours.clips, theirs.clips)
    assert ours.weight == theirs.weight


def test_a_datastore_from_before_copies_were_known_stays_valid(
    models: Models, doubled: Pool, tmp_path: Path
) -> None:
    """What was read there behind a copy is read again; what is left is as in a pool made anew."""
    old, language = replace(doubled, stores=tmp_path / "old"), loo.pool_token(doubled)
    (tmp_path / "old").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(token_store, "copies", lambda pool: ())
        patch.setattr(token_store, "with_groups", lambda header, groups, names: header)
        token_store.build(old, models.smile, language=language)
    assert {*token_store.open_store(old, models.smile).clips.tolist()} == {0, 1, 2, 3, 4, 5}
    slow = by_hand(doubled, doubled.utterances[4].id, tmp_path / "slow", models)
    fast = token_store.without(old, (4,), models.smile, language=language, stores=tmp_path / "fast")
    ours, theirs = (token_store.open_store(p, models.smile) for p in (fast, slow))
    np.testing.assert_array_equal(ours.keys, theirs.keys)
    np.testing.assert_array_equal(ours.clips, theirs.clips)


def test_copies_of_one_clip_are_too_few(models: Models, doubled: Pool) -> None:
    one = replace(doubled, utterances=doubled.utterances[::3], embeddings=doubled.embeddings[::3])
    with pytest.raises(PoolError, match="just one recording, under 2 names"):
        next(loo.leave_one_out(models, one, loo.conditions(models.smile.info)))


def test_clips_with_the_text_of_another_are_counted(models: Models, pool: Pool) -> None:
    info, texts = models.smile.info, [u.text for u in pool.utterances]
    utterances = [
        replace(u, text=texts[i // 2 * 2] if i < 4 else u.text) for i, u in enumerate(pool.utterances)
    ]
    alike = replace(pool, utterances=tuple(utterances))
    tried = loo.conditions(info, shots=(1,))
    rows = tuple(replace(row(0, c, 1), id=utterances[i].id) for i in (0, 1, 2, 5) for c in tried)
    assert loo.best(loo.Check(12, 12, rows), tried, alike, info).same_text == 3
    assert loo.best(loo.Check(12, 12, rows), tried, pool, info).same_text == 0


def row(clip: int, condition: Condition, edits: int, error: str = "") -> Row:
    counts = {} if error else {"plain_edits": edits, "plain_length": 10}
    return Row(f"c{clip}", "gle", "", condition.name, condition.hash, "x", error=error, **counts)


def test_the_best_setting_is_the_one_with_the_lowest_rate(models: Models, pool: Pool) -> None:
    info = models.smile.info
    tried = loo.conditions(info)
    edits = {"vanilla": 8, "3 shots": 2, "5 shots": 2}
    rows = tuple(row(n, c, edits.get(c.name, 5) - n % 2) for n in range(12) for c in tried)
    setting = loo.best(loo.Check(84, 84, rows), tried, pool, info)
    assert (setting.shots, setting.knn, setting.clips) == (3, 1.0, 12)
    assert (setting.cer, setting.vanilla, setting.helps) == (15.0, 75.0, True)
    assert setting.current(pool)
    assert not setting.current(replace(pool, utterances=pool.utterances[1:]))
    few = tuple(r for r in rows if r.id in ("c0", "c1"))
    assert loo.best(loo.Check(14, 14, few), tried, pool, info).helps is None
    harmed = tuple(row(n, c, 1 if c.name == "vanilla" else 5 + n % 2) for n in range(12) for c in tried)
    assert loo.best(loo.Check(84, 84, harmed), tried, pool, info).helps is False
    failed = tuple(row(0, c, 0, "The clip is gone.") for c in tried)
    with pytest.raises(PoolError, match="The clip is gone"):
        loo.best(loo.Check(7, 7, failed), tried, pool, info)


def test_one_clip_is_too_few(models: Models, pool: Pool, tried: tuple[Condition, ...]) -> None:
    one = replace(pool, utterances=pool.utterances[:1], embeddings=pool.embeddings[:1])
    with pytest.raises(PoolError, match="just one clip"):
        next(loo.leave_one_out(models, one, tried))


def test_a_sample_is_a_part_of_a_larger_one(pool: Pool) -> None:
    samples = [set(loo.sample(pool, n)) for n in range(1, COUNT + 3)]
    assert [len(s) for s in samples] == [1, 2, 3, 4, 5, 6, 6, 6]
    assert all(a <= b for a, b in pairwise(samples))
    assert len({tuple(loo.sample(pool, 2, seed)) for seed in range(9)}) > 1


def test_the_command_prints_the_table_and_keeps_the_best(
    pool: Pool, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", str(pool.folder), "--clips", "1", "--shots", "1", "--no-acoustic"]) == 0
    said = capsys.readouterr().out
    assert "vanilla" in said
    assert "1 shot, no kNN-LM" in said
    setting = read_setting(pool.folder)
    assert setting is not None
    assert (setting.shots, setting.clips, setting.helps) == (1, 1, None)
    assert not list(pool.folder.glob("check-*")), "rows are kept no longer than until the end"


def test_the_command_goes_on_where_it_was_interrupted(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    evaluate, written = loo.evaluate, list[str]()

    def interrupted(*given: Any, **named: Any) -> Iterator[Any]:
        for row, more in evaluate(*given, **named):
            if len(written) == 2:
                raise KeyboardInterrupt
            written.append(row.condition)
            yield row, more

    command = ["check", str(pool.folder), "--clips", "1", "--shots", "1", "--no-acoustic"]
    monkeypatch.setattr(loo, "evaluate", interrupted)
    assert main(command) == 130
    first, again = list(written), list[str]()
    assert len(list(pool.folder.glob("check-*"))) == 1
    monkeypatch.setattr(loo, "evaluate", lambda *given, **named: counted(evaluate(*given, **named), again))
    assert main(command) == 0
    assert again, "there was something left"
    assert not set(first) & set(again)


def counted(rows: Iterator[Any], conditions: list[str]) -> Iterator[Any]:
    """Rows as they are, and their conditions."""
    for row, more in rows:
        conditions.append(row.condition)
        yield row, more


def test_the_acoustic_level_is_checked_on_clips_that_its_heads_never_heard(
    models: Models, pool: Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loo, "cross_models", partial(crossed.cross_models, recipe=Recipe(epochs=3)))
    tried = loo.conditions(models.smile.info, shots=(1,), knn=(0.0,), acoustic=True)
    assert [c.settings.level for c in tried] == ["context", "context", "acoustic", "combined"]
    *steps, last = loo.leave_one_out(models, pool, tried, clips=2)
    fitted = [step.fitted for step in steps if step.fitted is not None]
    assert fitted == sorted(fitted)
    assert (fitted[-1], last.done, last.total) == (1.0, 8, 8)
    rows = [row for row in last.rows if row.condition == loo.ACOUSTIC]
    assert [row.id for row in rows] == [pool.utterances[i].id for i in loo.sample(pool, 2)]
    assert not any(row.error or row.neighbours or row.token for row in rows)
    both = [row for row in last.rows if row.condition == loo.COMBINED]
    assert not any(row.error for row in both)
    assert all(len(row.neighbours) == 3 and row.id not in row.neighbours for row in both)
    assert {"acoustic model", "combined"} <= set(last.rates["condition"])


def test_a_pool_that_no_head_can_be_fitted_to_says_so_in_its_rows(models: Models, pool: Pool) -> None:
    empty = replace(pool, utterances=tuple(replace(u, text="?!") for u in pool.utterances))
    tried = loo.conditions(models.smile.info, shots=(), acoustic=True)
    *_, last = loo.leave_one_out(models, empty, tried, clips=1)
    errors = [row.error for row in last.rows if row.condition in (loo.ACOUSTIC, loo.COMBINED)]
    assert len(errors) == 2
    assert all(error.startswith("No clip can be used") for error in errors)


def test_the_level_that_does_best_becomes_the_pools(models: Models, pool: Pool) -> None:
    tried = loo.conditions(models.smile.info, shots=(1,), knn=(1.0,), acoustic=True)
    edits = dict(zip((c.name for c in tried), (9, 5, 2, 3), strict=True))
    rows = [row(clip, c, edits[c.name]) for clip in range(12) for c in tried]
    setting = loo.best(loo.Check(48, 48, tuple(rows)), tried, pool, models.smile.info)
    assert (setting.level, setting.cer, setting.vanilla, setting.helps) == ("acoustic", 20.0, 90.0, True)
    assert setting.low <= setting.cer <= setting.high
    assert setting.applied(Settings()) == Settings(level="acoustic")
    write_setting(pool.folder, setting)
    assert read_setting(pool.folder) == setting


@pytest.mark.parametrize(("better", "level"), [((1,), "combined"), (tuple(range(11)), "context")])
def test_what_may_be_better_by_chance_is_told_and_not_taken(
    models: Models, pool: Pool, better: tuple[int, ...], level: str
) -> None:
    """One shot has two edits fewer than both combined: in one clip of twelve, or in eleven."""
    tried = loo.conditions(models.smile.info, shots=(1,), knn=(1.0,), acoustic=True)
    edits = dict(zip((c.name for c in tried), (9, 4, 7, 4), strict=True))
    rows = [
        row(clip, c, edits[c.name] - 2 * (c.name == "1 shot" and clip in better))
        for clip in range(12)
        for c in tried
    ]
    setting = loo.best(loo.Check(48, 48, tuple(rows)), tried, pool, models.smile.info)
    assert setting.level == level
    told = sentence(setting, pool)
    if level == "combined":
        assert (setting.cer, setting.lowest) == (40.0, 38.33)
        assert "Another setting had 38.3 % on these clips, which may be chance" in told
    else:
        assert setting.lowest is None
        assert "Another setting" not in told
    other = replace(models.smile.info, encoder=replace(models.smile.info.encoder, weights="another"))
    assert loo.best(loo.Check(48, 48, tuple(rows)), tried, pool, other).level == "context"
