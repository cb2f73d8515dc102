"""A datastore whose clips were read by workers is the one that a process writes by itself."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from smile.datatypes import AudioError
from smile.decoding.knn import store
from smile.decoding.knn.reading_workers import CLIPS, ClipsReader, ReadingTask, ReadingWorkers
from smile.decoding.knn.teacher_forcing import TeacherForcedPass
from smile.pools.carried import CarriedPool
from smile.pools.copies import copies
from smile.pools.indexing import index
from smile.pools.pool import Pool, open_pool
from smile.util.workers import Placement
from smile.whisper.carried import CarriedModels
from smile.whisper.model import Models, load_models
from tests.support.superb import superb
from tests.support.tiny import tiny_whisper


@pytest.fixture(scope="module")
def arguments(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Of `load_models`."""
    folder = tiny_whisper(tmp_path_factory.mktemp("model") / "tiny")
    return {"model": str(folder), "precision": "float32", "adapter": None}


@pytest.fixture(scope="module")
def models(arguments: dict[str, Any]) -> Models:
    return load_models(**arguments)


@pytest.fixture
def pool(models: Models, tmp_path: Path) -> Pool:
    superb(tmp_path / "corpus", train=6, test=1)
    return index(tmp_path / "corpus" / "gle", tmp_path / "pool", models).pool


def copied(pool: Pool, name: str) -> Pool:
    return open_pool(Path(shutil.copytree(pool.folder, pool.folder.with_name(name))))


def test_workers_read_the_same_datastore(pool: Pool, models: Models, arguments: dict[str, Any]) -> None:
    other, told = copied(pool, "other"), list[tuple[int, int]]()
    store.build(pool, models.smile, language="cy")
    by = ReadingWorkers(Placement(2), arguments, models)
    store.build(other, models.smile, language="cy", by=by, progress=lambda done, of: told.append((done, of)))
    paths = [store.store_path(each, models.smile) for each in (pool, other)]
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert store.present(other, models.smile)
    assert told == [(done, 6) for done in range(1, 7)]


def test_what_was_read_before_is_not_read_again(
    pool: Pool, models: Models, arguments: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = copied(pool, "other")
    store.build(pool, models.smile, language="cy")
    by, asked = ReadingWorkers(Placement(2), arguments, models), list[list[int]]()
    read = ReadingWorkers.read

    def broken(self: ReadingWorkers, *given: Any) -> Any:
        asked.append(list(given[-1]))
        for number, reading in enumerate(read(self, *given)):
            yield reading
            if number == 0 and len(asked) == 1:
                raise KeyboardInterrupt

    monkeypatch.setattr(ReadingWorkers, "read", broken)
    with pytest.raises(KeyboardInterrupt):
        store.build(other, models.smile, language="cy", by=by)
    store.build(other, models.smile, language="cy", by=by)
    assert [len(numbers) for numbers in asked] == [6, 5]
    assert (
        store.store_path(pool, models.smile).read_bytes()
        == store.store_path(other, models.smile).read_bytes()
    )


def test_a_worker_elsewhere_reads_the_pool_that_was_sent(
    pool: Pool, models: Models, arguments: dict[str, Any]
) -> None:
    groups, numbers = copies(pool), tuple(range(CLIPS))
    here = TeacherForcedPass(pool, models.smile, "cy", groups)
    wanted = [(number, here(number).to_json()) for number in numbers]
    carried = CarriedModels.of(arguments, False, models)
    reader = ClipsReader(carried, CarriedPool.of(pool), "cy", groups, models.smile.windows)
    shutil.rmtree(pool.folder)
    assert reader(ReadingTask(numbers)) == wanted


def test_a_clip_that_cannot_be_read_is_told(pool: Pool, models: Models, arguments: dict[str, Any]) -> None:
    pool.utterances[0].audio.write_bytes(b"no sound")
    by = ReadingWorkers(Placement(2), arguments, models)
    with pytest.raises(AudioError, match="cannot be decoded"):
        store.build(pool, models.smile, language="cy", by=by)
