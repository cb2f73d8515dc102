"""A check that is broken off goes on to the same result, and its table is kept and marked as older."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from smile.datatypes import EncoderId, PoolError, RecognizerInfo, Utterance
from smile.evaluation.conditions import Condition
from smile.evaluation.rescoring import counts
from smile.evaluation.rows import Row
from smile.own import check as loo
from smile.own.checked import broken_off, keep_table, kept_rows, lines_of, table
from smile.pools.pool import Pool, open_pool, order_digest
from smile.pools.setting import read_setting, write_setting
from smile.settings import VERSIONS, latest
from smile.text.normalisers import STAMPS
from smile.transcription.preparing import needed
from smile.ui.own.verdict import kept_html, sentence
from tests.conftest import POOLS

WHOLE = open_pool(POOLS / "gla")
POOL = replace(WHOLE, utterances=WHOLE.utterances[:6], embeddings=WHOLE.embeddings[:6])
INFO = RecognizerInfo("fake", "float32", EncoderId("fake", "0" * 12))
MODELS: Any = SimpleNamespace(smile=SimpleNamespace(info=INFO))
FITS: list[int] = []  # of heads to all but a part of the clips
TRIED = loo.conditions(INFO, shots=(1, 3), acoustic=True)


def row(utterance: Utterance, condition: Condition, error: str = "") -> Row:
    edits = (TRIED.index(condition) + len(utterance.text)) % 9
    counts: Any = {"plain_edits": edits, "plain_length": 10, "ml_superb_edits": edits, "ml_superb_length": 10}
    return Row(
        utterance.id, "gla", "", condition.name, condition.hash, **(counts if not error else {}), error=error
    )


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What was transcribed: clips and conditions; a fit of heads is one of all."""
    done: list[tuple[str, str]] = []

    def evaluate(
        models: Any, utterance: Utterance, tried: list[Condition], pools: Any, acoustic: Any
    ) -> Iterator[Any]:
        assert acoustic == "a head" or not any("acoustic" in needed(c.settings) for c in tried)
        for condition in tried:
            done.append((utterance.id, condition.name))
            yield row(utterance, condition), None

    def cross_models(pool: Pool, model: Any) -> Iterator[Any]:
        FITS.append(1)
        return lambda utterance: "a head"
        yield

    FITS.clear()
    monkeypatch.setattr(loo, "evaluate", evaluate)
    monkeypatch.setattr(loo, "cross_models", cross_models)
    monkeypatch.setattr(loo, "without", lambda *_: POOL)
    monkeypatch.setattr(loo, "prepare_datastore", lambda *_: None)
    return done


def checked(folder: Path, pool: Pool = POOL, stop: int = 10**6) -> loo.Check:
    """The last step of a check whose rows are kept in a folder, or that of so many transcripts."""
    with kept_rows(folder, pool, INFO) as kept:
        steps = loo.leave_one_out(MODELS, pool, TRIED, clips=4, kept=kept)
        for step in steps:
            if step.done >= stop:
                steps.close()
    return step


def test_a_check_that_was_broken_off_goes_on_to_the_same_result(
    made: list[tuple[str, str]], tmp_path: Path
) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    unbroken = checked(tmp_path / "one")
    all_of_it, made[:] = list(made), []
    assert unbroken.total == unbroken.done == 4 * len(TRIED)
    assert len(all_of_it) == 4 * len(TRIED)
    assert len(FITS) == 1, "heads are fitted once"
    for stop in (7, 13):
        checked(tmp_path / "two", stop=stop)
    again = checked(tmp_path / "two")
    assert sorted(made) == sorted(all_of_it), "nothing was done twice"
    assert (set(again.rows), again.rates.equals(unbroken.rates)) == (set(unbroken.rows), True)
    assert again.kept > 0
    made.clear()
    assert set(checked(tmp_path / "two").rows) == set(unbroken.rows)
    assert made == []


def test_other_texts_or_sounds_are_checked_anew(made: list[tuple[str, str]], tmp_path: Path) -> None:
    reworded = replace(POOL, utterances=(replace(POOL.utterances[0], text="x"), *POOL.utterances[1:]))
    other = replace(POOL, embeddings=POOL.embeddings + 1)
    for pool in (POOL, reworded, other):
        made.clear()
        checked(tmp_path, pool)
        assert len(made) == 4 * len(TRIED)
    assert len(list(tmp_path.glob("check-*.jsonl"))) == 1, "rows that nobody needs are removed"


def test_what_went_wrong_is_tried_again(
    made: list[tuple[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(utterance: Utterance) -> Any:
        raise PoolError("The disk is full.")

    monkeypatch.setattr(loo, "cross_models", lambda pool, model: iter_of(fails))
    failed = [r for r in checked(tmp_path).rows if r.error]
    assert [r.error for r in failed] == ["The disk is full."] * 8
    assert {r.condition for r in failed} == {loo.ACOUSTIC, loo.COMBINED}
    monkeypatch.setattr(loo, "cross_models", lambda pool, model: iter_of(lambda utterance: "a head"))
    made.clear()
    assert not any(r.error for r in checked(tmp_path).rows)
    assert {name for _, name in made} == {loo.ACOUSTIC, loo.COMBINED}


def iter_of(value: Any) -> Any:
    """A generator that returns a value at once."""
    return value
    yield


def test_a_check_that_has_begun_and_not_ended_is_broken_off(
    made: list[tuple[str, str]], tmp_path: Path
) -> None:
    grown = replace(POOL, utterances=WHOLE.utterances[:7], embeddings=WHOLE.embeddings[:7])
    assert not broken_off(tmp_path, POOL)
    checked(tmp_path, stop=7)
    assert (broken_off(tmp_path, POOL), broken_off(tmp_path, grown)) == (True, False)
    keep_table(tmp_path, POOL, checked(tmp_path).rates)
    assert not broken_off(tmp_path, POOL)
    checked(tmp_path, grown, stop=3)
    assert (broken_off(tmp_path, POOL), broken_off(tmp_path, grown)) == (False, True)


def test_a_check_needs_no_folder(made: list[tuple[str, str]], tmp_path: Path) -> None:
    assert checked(tmp_path / "gone").done == 4 * len(TRIED)


def test_the_table_stays_and_says_when_it_is_older(made: list[tuple[str, str]], tmp_path: Path) -> None:
    assert kept_html(table(tmp_path), POOL) == ""
    rates = checked(tmp_path).rates
    keep_table(tmp_path, POOL, rates)
    kept = table(tmp_path)
    assert kept
    assert kept.lines == lines_of(rates)
    assert [line.rate for line in kept.lines] == sorted(line.rate for line in kept.lines)
    assert "earlier check" not in kept_html(kept, POOL)
    grown = replace(POOL, utterances=WHOLE.utterances[:7], embeddings=WHOLE.embeddings[:7])
    assert "earlier check" in kept_html(kept, grown)
    assert all(f'">{name}</th>' in kept_html(kept, grown) for name in ("Whisper alone", "3 shots"))
    for damage in (b"{", b'{"pool": 3}', b"\xff"):
        (tmp_path / "check.json").write_bytes(damage)
        assert table(tmp_path) is None


def test_one_clip_is_refused_before_anything_is_kept(tmp_path: Path) -> None:
    one = replace(POOL, utterances=POOL.utterances[:1], embeddings=POOL.embeddings[:1])
    with pytest.raises(PoolError, match="just one clip"):
        checked(tmp_path, one)


def test_kept_rows_of_an_older_normaliser_are_scored_anew(tmp_path: Path) -> None:
    clip, other = (replace(u, text="ma˥ ta") for u in POOL.utterances[:2])
    known, unknown, *_ = TRIED
    old = "plain/1 ml_superb/1"
    with kept_rows(tmp_path, POOL, INFO) as kept:
        for one, stamps in ((known, old), (unknown, "plain/0")):
            scored: Any = counts(clip.text, "ma ta", "gla", old)
            names = clip.id, "gla", "", one.name, one.hash
            kept.add(Row(*names, "ma ta", **scored, normalisers=stamps))
        made_of = replace(other, text="ma ta ta")  # the row of this clip is of another text
        kept.add(Row(other.id, "gla", "", known.name, known.hash, "ma ta", **scored, normalisers=old))
    with kept_rows(tmp_path, POOL, INFO) as kept:
        today = kept.get(clip, known)
        assert today is not None
        assert (today.normalisers, today.plain_edits, today.plain_length) == (STAMPS, 1, 6)
        assert kept.get(clip, unknown) is None
        assert kept.get(made_of, known) is None


def test_sentence_and_table_know_the_same_changes(tmp_path: Path, made: list[tuple[str, str]]) -> None:
    step = checked(tmp_path)
    setting = loo.best(step, TRIED, POOL, INFO)
    keep_table(tmp_path, POOL, step.rates)
    first, *others = POOL.utterances
    reworded = replace(POOL, utterances=(replace(first, text=f"{first.text} a"), *others))
    fewer = replace(POOL, utterances=POOL.utterances[:5], embeddings=POOL.embeddings[:5])
    for pool, same in ((POOL, True), (reworded, False), (fewer, False)):
        kept = table(tmp_path)
        assert kept
        assert (setting.current(pool), kept.current(pool)) == (same, same)
        assert ("have changed since" not in sentence(setting, pool)) == same
    older = replace(setting, pool="", order=order_digest(POOL.utterances))
    assert older.current(POOL), "a setting of before goes by the ids of its clips"


@pytest.mark.parametrize("part", VERSIONS)
def test_a_check_of_levels_of_an_older_version_is_told_as_older(
    part: str, tmp_path: Path, made: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    step = checked(tmp_path)
    setting = loo.best(step, TRIED, POOL, INFO)
    keep_table(tmp_path, POOL, step.rates)
    kept = table(tmp_path)
    assert kept
    assert (kept.levels, setting.levels) == (latest(), latest())
    assert "older SMILE" not in kept_html(kept, POOL) + sentence(setting, POOL)
    monkeypatch.setitem(VERSIONS, part, VERSIONS[part] + 1)
    assert not kept.current(POOL)
    assert not setting.current(POOL)
    assert "From an earlier check, by an older SMILE:" in kept_html(kept, POOL)
    assert "This check was made by an older SMILE" in sentence(setting, POOL)
    assert "have changed since" not in sentence(setting, POOL), "the examples have not"


def test_rows_of_levels_of_an_older_version_are_made_anew_and_no_others(
    tmp_path: Path, made: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    checked(tmp_path)
    for part, names in (("fit", {loo.ACOUSTIC, loo.COMBINED}), ("combined", {loo.COMBINED})):
        made.clear()
        monkeypatch.setitem(VERSIONS, part, VERSIONS[part] + 1)
        checked(tmp_path)
        assert len(made) == 4 * len(names)
        assert {name for _, name in made} == names


def test_a_table_and_a_setting_of_before_are_of_the_first_version(
    tmp_path: Path, made: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for part in VERSIONS:
        monkeypatch.setitem(VERSIONS, part, 1)
    step = checked(tmp_path)
    keep_table(tmp_path, POOL, step.rates)
    write_setting(tmp_path, loo.best(step, TRIED, POOL, INFO))
    for name in ("check.json", "setting.json"):
        said = json.loads((tmp_path / name).read_text())
        assert said.pop("levels") == 1
        (tmp_path / name).write_text(json.dumps(said))
    kept, setting = table(tmp_path), read_setting(tmp_path)
    assert kept
    assert setting
    assert (kept.current(POOL), setting.current(POOL)) == (True, True)


def test_a_check_under_way_tells_no_interval_of_one_clip_and_compares_the_same_clips(
    made: list[tuple[str, str]], tmp_path: Path
) -> None:
    first, rest = TRIED[1].name, [c.name for c in TRIED[2:]]
    one = {line.name: line for line in lines_of(checked(tmp_path, stop=len(TRIED)).rates)}
    assert {(line.low, line.high) for line in one.values()} == {(None, None)}
    assert all(line.change is not None for line in one.values())
    two = {line.name: line for line in lines_of(checked(tmp_path, stop=len(TRIED) + 2).rates)}
    assert two[first].change is not None
    assert (two[first].low is None, two[loo.VANILLA].low is None) == (False, False)
    assert {two[name].change for name in rest} == {None}, "these have one clip, and Whisper alone has two"
    assert {two[name].low for name in rest} == {None}


def test_a_clip_that_failed_leaves_a_setting_without_a_difference() -> None:
    here, other = POOL.utterances[:2]
    alone, shots = TRIED[0], TRIED[1]
    rows = (row(here, alone), row(other, alone), row(here, shots), row(other, shots, error="Out of memory."))
    lines = {line.name: line for line in lines_of(loo.Check(4, 4, rows).rates)}
    assert (lines[shots.name].change, lines[alone.name].change) == (None, 0.0)
