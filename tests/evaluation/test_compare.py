"""One recording under many settings: the same texts as each setting alone, in the order that tells most."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest

from smile.audio.io import read_audio
from smile.corpora import read_corpus
from smile.datatypes import SmileError
from smile.evaluation.compare import (
    ALONE,
    CONTROLLED,
    MOST_CELLS,
    UNTRAINED,
    Cell,
    Grid,
    Place,
    Way,
    compare,
    ways,
)
from smile.evaluation.compared import agreement, as_rows, consensus
from smile.pools.pool import Pool, open_pool
from smile.pools.subsets import drop
from smile.settings import Settings
from smile.text.characters import permitted
from smile.transcription import target
from smile.transcription.pipeline import transcribe
from smile.transcription.preparing import prepare
from smile.whisper.model import Models, load_models
from tests.conftest import POOLS

BASE = Settings(knn=0.0)
WAYS = ways(["kl", "cosine", "draft", "random"], seeds=2)


@pytest.fixture(scope="module")
def pool(models: Models) -> Pool:
    return open_pool(POOLS / "gle", models.smile.info.encoder)


@pytest.fixture(scope="module")
def samples():
    return read_audio(read_corpus(POOLS / "gle" / "queries.csv").utterances[0].audio)


def filled(steps: Iterable[Cell | None]) -> list[Cell]:
    return [cell for cell in steps if cell]


@pytest.fixture(scope="module")
def cells(models: Models, pool: Pool, samples) -> list[Cell]:
    return filled(compare(models, samples, pool, Grid((0, 1, 2), WAYS, BASE)))


def test_every_cell_is_filled_once_and_the_telling_ones_come_first(cells: list[Cell]) -> None:
    places = [cell.place for cell in cells]
    assert places[:2] == [Place(None), Place(0)]
    assert len(set(places)) == len(places) == 2 + 2 * 5
    order = [p.shots for p in Grid((5, 3, 1), WAYS).places()][1:]
    assert order == [3] * 5 + [1] * 5 + [5] * 5


@pytest.mark.parametrize(("shots", "way"), [(1, Way()), (2, Way(divergence="cosine")), (2, Way("draft"))])
def test_a_cell_is_what_the_page_writes(
    models: Models, pool: Pool, samples, cells: list[Cell], shots: int, way: Way
) -> None:
    settings = Settings(knn=0.0, shots=shots, sampler=way.sampler, divergence=way.divergence)  # type: ignore[arg-type]
    *_, result = transcribe(models, samples, pool, settings)
    cell = next(c for c in cells if c.place == Place(shots, way))
    assert cell.text == result.smile.text
    chosen = [n.utterance.id for _, retrieved in result.examples for n in retrieved.neighbours]
    assert [n.utterance.id for group in cell.neighbours for n in group] == chosen
    assert cell.probability == pytest.approx(result.smile.probability)


def test_whisper_alone_is_cut_as_the_first_cell_with_examples(
    models: Models, pool: Pool, samples, cells: list[Cell]
) -> None:
    first = next(cell.place for cell in cells if cell.place.shots)
    assert first.way
    settings = Settings(knn=0.0, shots=first.shots or 0, sampler=first.way.sampler)  # type: ignore[arg-type]
    *_, result = transcribe(models, samples, pool, replace(settings, divergence=first.way.divergence))
    assert cells[0].text == result.vanilla.text


def test_whisper_alone_is_written_once_more_with_its_length_limited(
    models: Models, pool: Pool, samples, monkeypatch
) -> None:
    slow = replace(pool.utterances[0], text="a", seconds=30.0)
    slowly = replace(pool, utterances=tuple(replace(slow, id=u.id) for u in pool.utterances))
    grid = Grid((0,), WAYS, BASE, controlled=True)
    alone, controlled, _ = filled(compare(models, samples, slowly, grid))
    assert (alone.place, controlled.place) == (ALONE, CONTROLLED)
    assert alone.text.startswith(controlled.text)
    assert len(controlled.text) < len(alone.text)
    assert controlled.stopped == ("length",)
    assert [row["controlled"] for row in as_rows([alone, controlled])] == [False, True]
    same, usual, _ = filled(compare(models, samples, pool, grid))
    assert same.text == usual.text, "speakers of the pool say as much in that time"


@pytest.fixture(scope="module")
def both() -> Models:
    """As the app loads them, with the adapter that ships."""
    return load_models()


@pytest.fixture(scope="module")
def read(both: Models, pool: Pool, tmp_path_factory: pytest.TempPathFactory) -> Pool:
    """A few clips of the pool, read by both models."""
    few = replace(drop(pool, *range(5, len(pool))), stores=tmp_path_factory.mktemp("stores"))
    for model in (both.vanilla, both.smile):
        prepare(few, model, Settings())
    return few


def test_smile_without_the_adapter_is_whisper_behind_the_same_examples(
    both: Models, read: Pool, samples
) -> None:
    grid = Grid((3,), (Way(),), Settings(), untrained=True)
    alone, bare, smile = filled(compare(both, samples, read, grid))
    *_, result = transcribe(both.untrained, samples, read, Settings(shots=3))
    assert bare.place == UNTRAINED
    assert bare.text == result.smile.text
    assert bare.probability == pytest.approx(result.smile.probability)
    assert bare.probability != pytest.approx(smile.probability), "the adapter took part"
    assert bare.neighbours == smile.neighbours
    *_, usual = transcribe(both, samples, read, Settings(shots=3))
    assert (alone.text, smile.text) == (usual.vanilla.text, usual.smile.text)


def test_a_pool_that_the_model_without_the_adapter_has_not_read_is_refused(
    both: Models, read: Pool, samples, tmp_path
) -> None:
    grid, unread = Grid((3,), (Way(),), Settings(), untrained=True), replace(read, stores=tmp_path)
    prepare(unread, both.smile, Settings())
    with pytest.raises(SmileError, match="has not been read by this model"):
        filled(compare(both, samples, unread, grid))
    header = replace(read.header, encoder=replace(both.smile.info.encoder, adapter="other"))
    with pytest.raises(SmileError, match="leave that row out"):
        filled(compare(both, samples, read, grid, replace(read, header=header)))


def test_without_an_adapter_there_is_none_to_leave_out(models: Models, pool: Pool, samples) -> None:
    with pytest.raises(SmileError, match="no adapter here"):
        filled(compare(models, samples, pool, Grid((0,), WAYS, BASE, untrained=True)))


def test_cells_keep_to_characters_as_the_page_does(
    models: Models, pool: Pool, samples, cells: list[Cell]
) -> None:
    hard = replace(BASE, characters="hard")
    (_, cell) = filled(compare(models, samples, pool, Grid((1,), (Way(),), hard)))
    *_, result = transcribe(models, samples, pool, replace(hard, shots=1))
    kept = permitted([u.text for u in pool.utterances])
    assert cell.text == result.smile.text
    assert set(cell.text) <= kept
    assert not set(next(c for c in cells if c.place == Place(1, Way())).text) <= kept


def test_the_clip_itself_is_encoded_once(models: Models, pool: Pool, samples, monkeypatch) -> None:
    heard = []
    engine = models.vanilla.recognizer
    real = engine.encode
    monkeypatch.setattr(engine, "encode", lambda features: (heard.append(1), real(features))[1])
    list(compare(models, samples, pool, Grid((0,), WAYS, BASE)))
    assert len(heard) == 1


def test_it_stops_when_nobody_looks(models: Models, pool: Pool, samples, monkeypatch) -> None:
    calls = []
    real = target.decode
    monkeypatch.setattr(target, "decode", lambda *a, **k: (calls.append(1), real(*a, **k))[1])
    running = compare(models, samples, pool, Grid((0, 1), WAYS, BASE))
    assert len(list(islice((cell for cell in running if cell), 2))) == 2
    running.close()
    assert len(calls) == 3, "by the first cell with examples it is known where Whisper alone is cut"


def test_bounds_are_said_in_a_sentence() -> None:
    with pytest.raises(SmileError, match=f"{MOST_CELLS} at most"):
        Grid(tuple(range(11)), ways(["kl", "js", "cosine", "random"], seeds=5)).places()
    with pytest.raises(SmileError, match="at least one way"):
        Grid((1,), ()).places()
    with pytest.raises(SmileError, match="at least one number"):
        Grid((), WAYS).places()


def test_silence_is_refused(models: Models, pool: Pool, samples) -> None:
    with pytest.raises(SmileError, match="No speech"):
        filled(compare(models, samples * 0, pool, Grid((0,), WAYS)))


def test_others_may_come_in_between_the_steps_of_a_cell(models: Models, pool: Pool, samples) -> None:
    twice = np.concatenate([samples, np.zeros(16_000, np.float32), samples])
    grid = Grid((0,), WAYS, replace(BASE, max_segment_seconds=len(samples) / 16_000))
    steps = list(compare(models, twice, pool, grid))
    first = next(i for i, cell in enumerate(steps) if cell)
    assert steps[:first].count(None) > len(twice) / 16_000 / 5 + 1
    assert steps[first + 1] is None


def written(*texts: str) -> list[Cell]:
    return [Cell(Place(None if i == 0 else i), text, 0.1, 0.5) for i, text in enumerate(texts)]


def test_the_consensus_agrees_best_with_the_others() -> None:
    cells = written("abcdef", "muntu wa", "muntu ya", "muntu wa", "zzzz")
    agreed = consensus(cells)
    assert agreed is cells[1]
    assert consensus(cells[:3]) is None
    alone_would_win = written("muntu", "muntu x", "muntu y", "muntu z")
    assert consensus(alone_would_win) is alone_would_win[1]


def test_smile_without_the_adapter_has_no_say_in_the_consensus() -> None:
    cells = written("alone", "muntu wa", "muntu ya", "muntu xx")
    others = [*cells, *(Cell(UNTRAINED, "muntu xx", 0.1, 0.5) for _ in range(3))]
    agreed = consensus(cells)
    assert agreed is not None
    assert consensus(others) is agreed
    assert np.isnan(agreement(others)[4:]).all()


def test_rows_say_all_that_there_is_to_say() -> None:
    cell = Cell(Place(2, Way("random", seed=1)), "Abc", 0.25, 0.5)
    (row,) = as_rows([cell], "abd", "gle")
    assert (row["side"], row["shots"], row["sampler"], row["seed"]) == ("in-context", 2, "random", 1)
    assert math.isclose(row["cer"], 1 / 3)
    assert "cer" not in as_rows([cell])[0]
