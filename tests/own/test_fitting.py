"""A visitor's own acoustic model: fitted where the setting wants one, fitted on after changes."""

from __future__ import annotations

import csv
import errno
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from smile.acoustic import building
from smile.acoustic.calibrating import calibration_path
from smile.acoustic.recipe import DEFAULTS, Recipe
from smile.acoustic.states import LayerStore, StatesId
from smile.acoustic.store import head_path
from smile.datatypes import Language, PoolError, SmileError
from smile.own import changes, fitting, growing
from smile.own.crossed import cross_models, cross_read_pool, forget_folds, missing_bytes
from smile.own.quota import FullError
from smile.own.workspace import STATES, Workspace
from smile.own.workspaces import Workspaces
from smile.pools.pool import open_pool
from smile.pools.setting import PoolSetting, write_setting
from smile.settings import VERSIONS
from smile.transcription.preparing import has_acoustic
from smile.util.timing import finished
from smile.whisper.model import Models, load_models
from tests.conftest import POOLS
from tests.support.tiny import tiny_whisper

DEMO = open_pool(POOLS / "gla")
COUNT = 4


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Models:
    return load_models(str(tiny_whisper(tmp_path_factory.mktemp("tiny"))), precision="float32")


@pytest.fixture
def workspace(tmp_path: Path, tiny: Models) -> Workspace:
    """A visitor with a few examples, whose pool is to be written by its acoustic model."""
    visitors = Workspaces(tmp_path / "visitors", hours=2)
    opened = visitors.open(visitors.new())
    opened.write(replace(opened.state(), language=Language("gla", "Scottish Gaelic")))
    with (tmp_path / "table.csv").open("w", newline="", encoding="utf-8") as file:
        rows = [(u.audio.name, u.text) for u in DEMO.utterances[:COUNT]]
        csv.writer(file).writerows([("file", "text"), *rows])
    files = [tmp_path / "table.csv", *(u.audio for u in DEMO.utterances[:COUNT])]
    pool = growing.from_files(opened, files, tiny).pool
    write_setting(pool.folder, PoolSetting(3, 0.0, level="acoustic"))
    return opened


@pytest.fixture
def fits(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bool]]:
    """The stages of fits that are made short here, and whether each went on from an older head."""
    told: list[tuple[str, bool]] = []
    real = building.build

    def build(pool: Any, model: Any, recipes: Any = None, older: Any = ()) -> Iterator[Any]:
        steps = real(pool, model, (Recipe(epochs=2),), older)
        while True:
            try:
                said = next(steps)
            except StopIteration as done:
                return done.value
            told.append((said.stage, bool(older)))
            yield said

    monkeypatch.setattr(building, "build", build)
    return told


def test_it_is_fitted_once_and_after_a_correction_from_there_on(
    workspace: Workspace, tiny: Models, fits: list[tuple[str, bool]]
) -> None:
    parts: list[int] = []
    fitting.fitted(workspace, tiny, lambda done, of: parts.append(done))
    first = workspace.pool()
    assert first is not None
    assert has_acoustic(first, tiny.smile)
    takes = COUNT * len(DEFAULTS.speeds)
    assert fits == [("encoding", False)] * takes + [("fitting", False)] * 2
    assert parts == sorted(parts)
    assert parts[-1] == 100
    fitting.fitted(workspace, tiny)
    assert len(fits) == takes + 2, "it is there"
    with workspace.change("a text corrected") as change:
        changes.reworded(first, first.utterances[0].id, "facal eile", change.out)
    fits.clear()
    fitting.fitted(workspace, tiny)
    second = workspace.pool()
    assert second is not None
    assert second.folder != first.folder
    assert has_acoustic(second, tiny.smile)
    assert {stage for stage, _ in fits} == {"fitting"}, "no recording is new"
    assert all(older for _, older in fits)


def test_heads_of_another_version_are_fitted_anew_and_from_none_of_them(
    workspace: Workspace, tiny: Models, fits: list[tuple[str, bool]], monkeypatch: pytest.MonkeyPatch
) -> None:
    fitting.fitted(workspace, tiny)
    fits.clear()
    monkeypatch.setitem(VERSIONS, "fit", VERSIONS["fit"] + 1)
    fitting.fitted(workspace, tiny)
    assert fits == [("fitting", False)] * 2, "what was encoded stays"
    pool = workspace.pool()
    assert pool is not None
    monkeypatch.setitem(VERSIONS, "fit", VERSIONS["fit"] + 1)
    with workspace.change("a text corrected") as change:
        changes.reworded(pool, pool.utterances[0].id, "facal eile", change.out)
    fits.clear()
    fitting.fitted(workspace, tiny)
    assert fits == [("fitting", False)] * 2


def test_states_of_clips_that_are_gone_are_removed(
    workspace: Workspace, tiny: Models, fits: list[tuple[str, bool]]
) -> None:
    fitting.fitted(workspace, tiny)
    pool = workspace.pool()
    assert pool is not None
    states = workspace.folder / STATES
    assert len(list(states.rglob("*.npy"))) == COUNT * len(DEFAULTS.speeds)
    with workspace.change("one removed") as change:
        changes.without(pool, [pool.utterances[0].id], change.out)
    fitting.fitted(workspace, tiny)
    assert len(list(states.rglob("*.npy"))) == (COUNT - 1) * len(DEFAULTS.speeds)


def test_only_the_newest_versions_keep_their_heads(
    workspace: Workspace, tiny: Models, fits: list[tuple[str, bool]]
) -> None:
    for text in ("aon", "dhà", "trì"):
        fitting.fitted(workspace, tiny)
        pool = workspace.pool()
        assert pool is not None
        with workspace.change(text) as change:
            changes.reworded(pool, pool.utterances[0].id, text, change.out)
    name = head_path(pool, StatesId.of(tiny.smile)).name
    kept = [(workspace.folder / "pools" / v.folder / name).is_file() for v in workspace.state().versions]
    assert kept == [False, False, True, False]


def test_a_setting_that_wants_none_has_none(
    workspace: Workspace, tiny: Models, fits: list[tuple[str, bool]]
) -> None:
    pool = workspace.pool()
    assert pool is not None
    assert fitting.wanted(pool)
    write_setting(pool.folder, PoolSetting(3, 0.0))
    assert not fitting.wanted(pool)
    assert not fitting.wanted(None)
    fitting.fitted(workspace, tiny)
    assert fits == []


def test_without_room_a_sentence_says_so(workspace: Workspace, tiny: Models) -> None:
    workspace.room = lambda: 1000  # type: ignore[method-assign]
    with pytest.raises(FullError, match="no room for what an acoustic model"):
        fitting.fitted(workspace, tiny)


@pytest.mark.parametrize("stage", range(COUNT + 2))
def test_a_folder_that_is_deleted_while_it_is_fitted_stays_deleted(
    workspace: Workspace, tiny: Models, fits: list[tuple[str, bool]], stage: int
) -> None:
    def progress(done: int, of: int) -> None:
        if len(fits) == stage + 1:
            shutil.rmtree(workspace.folder)

    with suppress(SmileError):
        fitting.fitted(workspace, tiny, progress)
    assert not workspace.folder.exists()


def test_a_check_on_a_full_disk_says_so_of_the_acoustic_model_alone(
    workspace: Workspace, tiny: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    pool = workspace.pool(tiny.smile.info.encoder)
    assert pool is not None
    monkeypatch.setattr("smile.acoustic.states.write_array", full)
    model_of = finished(cross_models(pool, tiny.smile))
    with pytest.raises(PoolError, match=r"cannot be kept \(No space left on device\)"):
        model_of(pool.utterances[0])


QUICK = Recipe(epochs=1, hidden=8)


def test_words_that_are_kept_are_not_read_again(workspace: Workspace, tiny: Models) -> None:
    pool = workspace.pool(tiny.smile.info.encoder)
    assert pool is not None

    def stages(recipe: Recipe) -> set[str]:
        return {said.stage for said in cross_read_pool(pool, tiny.smile, recipe)}

    assert stages(QUICK) == {"encoding", "fitting", "writing"}
    assert stages(QUICK) == set(), "fits are kept, too"
    assert stages(replace(QUICK, epochs=2)) == {"fitting", "writing"}
    path = calibration_path(pool, StatesId.of(tiny.smile))
    path.unlink()
    assert stages(replace(QUICK, epochs=2)) == {"writing"}
    assert path.is_file()


def test_a_check_goes_on_without_room_for_its_checkpoints(
    workspace: Workspace, tiny: Models, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    pool = workspace.pool(tiny.smile.info.encoder)
    assert pool is not None
    monkeypatch.setattr("smile.acoustic.fit.write_arrays", full)
    model_of = finished(cross_models(pool, tiny.smile, replace(QUICK, epochs=2)))
    assert model_of(pool.utterances[0]).head
    said = [record.getMessage() for record in caplog.records]
    assert sum("goes on without its checkpoint (No space left" in line for line in said) == COUNT


def test_folds_of_other_clips_are_removed_and_those_to_come_have_their_size_told(
    workspace: Workspace, tiny: Models
) -> None:
    recipe = Recipe(epochs=1)
    pool, model = workspace.pool(tiny.smile.info.encoder), tiny.smile
    assert pool is not None
    folder = LayerStore.of(pool, StatesId.of(model)).folder
    told = missing_bytes(pool, model, recipe)
    finished(cross_read_pool(pool, model, recipe))
    before = set(folder.glob("fold-*.npz"))
    assert len(before) == COUNT
    assert sum(path.stat().st_size for path in before) == pytest.approx(told, rel=0.02)
    assert missing_bytes(pool, model, recipe) == 0
    with workspace.change("a text corrected") as change:
        changes.reworded(pool, pool.utterances[0].id, "facal eile", change.out)
    pool = workspace.pool(tiny.smile.info.encoder)
    assert pool is not None
    assert missing_bytes(pool, model, recipe) > 0
    forget_folds(pool, model, recipe)
    assert len(set(folder.glob("fold-*.npz"))) == 1, "one was not fitted to the text that changed"
    finished(cross_read_pool(pool, model, recipe))
    assert len(set(folder.glob("fold-*.npz")) & before) == 1
    assert len(list(folder.glob("fold-*.npz"))) == COUNT


def test_a_check_asks_for_the_room_of_its_folds(workspace: Workspace, tiny: Models) -> None:
    pool = workspace.pool(tiny.smile.info.encoder)
    assert pool is not None
    states = LayerStore.of(pool, StatesId.of(tiny.smile)).missing_bytes(pool.utterances)
    workspace.room = lambda: states  # type: ignore[method-assign]
    fitting.room(workspace, pool, tiny.smile)
    with pytest.raises(FullError, match="no room for what an acoustic model"):
        fitting.room(workspace, pool, tiny.smile, check=True)
    workspace.room = lambda: states + missing_bytes(pool, tiny.smile)  # type: ignore[method-assign]
    fitting.room(workspace, pool, tiny.smile, check=True)
