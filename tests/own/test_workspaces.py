"""Visitors' own pools: isolation, growth, undo, transcripts; on clips of a demo pool."""

from __future__ import annotations

import csv
import io
import os
import shutil
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar
from zipfile import ZipFile

import numpy as np
import pytest
import soundfile

from smile.audio.io import read_audio
from smile.corpora import Reading
from smile.datatypes import SAMPLE_RATE, Language, PoolError, SmileError
from smile.decoding.knn import store as token_store
from smile.importing import Imported
from smile.importing.isolated import read_apart
from smile.own import asked, bringing, changes, cutting, growing, sequence, transcripts
from smile.own.made import Made, made_with
from smile.own.state import Correction
from smile.own.workspace import Workspace
from smile.own.workspaces import Workspaces
from smile.pools.pool import Pool, open_pool
from smile.settings import Settings
from smile.text.languages import language
from smile.transcription import batch
from smile.transcription.examples import pool_token
from smile.ui.own import curve
from smile.util.timing import finished
from smile.whisper.model import Models, load_models
from tests.conftest import POOLS
from tests.support.linguists import TEXTS, staircase, write_eaf, write_textgrid

DEMO = open_pool(POOLS / "gla")
T = TypeVar("T")
MBOSHI = Language("mdw", "Mboshi", "Bantu", "Latin")


@pytest.fixture
def visitors(tmp_path: Path) -> Workspaces:
    return Workspaces(tmp_path / "visitors", hours=2)


@pytest.fixture
def workspace(visitors: Workspaces) -> Workspace:
    """A visitor who has named a language."""
    opened = visitors.open(visitors.new())
    opened.write(replace(opened.state(), language=MBOSHI))
    return opened


@pytest.fixture(scope="module")
def exact() -> Models:
    return load_models(precision="float32", adapter=None)


def part_of(first: int, last: int) -> Pool:
    return replace(DEMO, utterances=DEMO.utterances[first:last], embeddings=DEMO.embeddings[first:last])


def grown(workspace: Workspace, first: int, last: int) -> Pool:
    """Clips of the demo pool become examples, their embeddings as they are."""
    with workspace.change(f"{last - first} examples added") as change:
        return changes.joined(workspace.pool(), part_of(first, last), change.out).pool


def write_zip(path: Path, count: int, extra: str = "") -> Path:
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(("file", "text"))
    with ZipFile(path, "w") as archive:
        for utterance in DEMO.utterances[:count]:
            archive.write(utterance.audio, utterance.audio.name)
            rows.writerow((utterance.audio.name, utterance.text))
        archive.writestr("table.csv", text.getvalue() + extra)
    return path


# whose it is


def test_two_visitors_see_nothing_of_each_other(visitors: Workspaces) -> None:
    one, two = visitors.new(), visitors.new()
    grown(visitors.open(one), 0, 3)
    grown(visitors.open(two), 3, 5)
    texts = [{u.text for u in visitors.open(key).pool().utterances} for key in (one, two)]  # type: ignore[union-attr]
    assert texts[0] == {u.text for u in DEMO.utterances[:3]}
    assert not texts[0] & texts[1]
    visitors.delete(one)
    assert not visitors.has(one)
    assert len(visitors.open(two).pool() or ()) == 2


def test_what_one_visitor_does_leaves_the_other_as_it_was(visitors: Workspaces) -> None:
    one, two = visitors.open(visitors.new()), visitors.open(visitors.new())
    grown(one, 0, 3)
    grown(two, 0, 3)
    before = {path: path.read_bytes() for path in sorted(one.folder.rglob("*")) if path.is_file()}
    with two.change("text") as change:
        changes.reworded(part_of(0, 2), DEMO.utterances[0].id, "rud eile", change.out)
    two.undo()
    two.undo()
    assert before == {path: path.read_bytes() for path in sorted(one.folder.rglob("*")) if path.is_file()}


def test_a_folder_does_not_give_its_key_away(visitors: Workspaces) -> None:
    key = visitors.new()
    names = [path.name for path in visitors.root.iterdir()]
    assert not any(name in key or key in name for name in names)
    for name in names:
        assert not visitors.has(name)


@pytest.mark.parametrize("key", ["", None, "../../etc", "x" * 32, "a" * 500, "é" * 32])
def test_who_has_no_key_is_told_so(visitors: Workspaces, key: str | None) -> None:
    assert not visitors.has(key)
    visitors.delete(key)
    with pytest.raises(PoolError, match="no longer here"):
        visitors.open(key)


@pytest.mark.parametrize(
    "damage", [b"", b"{", b"null", b'{"versions": 3}', b'{"language": {}, "versions": [], "made": "x"}']
)
def test_a_damaged_state_is_set_aside_and_made_again_from_the_pools(
    visitors: Workspaces, damage: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    key = visitors.new()
    workspace = visitors.open(key)
    for count in (2, 3):
        with workspace.change(f"{count} examples added") as change:
            changes.without(DEMO, [u.id for u in DEMO.utterances[count:]], change.out)
    (workspace.folder / "pools" / "0003").mkdir()
    (workspace.folder / "state.json").write_bytes(damage)
    state = visitors.open(key).state()
    assert [version.folder for version in state.versions] == ["0001", "0002"]
    assert (state.language, state.made) == (DEMO.language, 2)
    assert len(workspace.pool() or ()) == 3
    assert (workspace.folder / "state.json.damaged").read_bytes() == damage
    assert "was damaged" in caplog.text
    with workspace.change("one more") as change:
        changes.without(DEMO, [u.id for u in DEMO.utterances[1:]], change.out)
    assert len(workspace.pool() or ()) == 1


def test_only_what_is_not_used_is_deleted(visitors: Workspaces, tmp_path: Path) -> None:
    old, new = visitors.new(), visitors.new()
    lent, forgotten = tmp_path / "download.zip", list[Path]()
    visitors.forget = forgotten.extend
    folder = visitors.open(old)
    assert folder.lend(lent) == []
    now = folder.folder.stat().st_mtime
    assert visitors.sweep(now + 3600 * 1.9) == 0
    os.utime(folder.folder, (now - 3600, now - 3600))
    assert visitors.sweep(now + 3600 * 1.5) == 1
    assert (visitors.has(old), visitors.has(new), forgotten) == (False, True, [lent])


def test_a_folder_that_cannot_be_deleted_does_not_keep_the_others(
    visitors: Workspaces, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        visitors.new()
    rename, met = os.rename, []

    def stubborn(folder: Path, gone: Path) -> None:
        met.append(folder)
        if len(met) == 1:
            raise PermissionError(folder)
        rename(folder, gone)

    monkeypatch.setattr(os, "rename", stubborn)
    visitors.sweep(os.stat(visitors.root).st_mtime + 3600 * 3)
    assert [folder for folder in met if folder.exists()] == met[:1]
    assert len(met) == 3


def test_a_folder_is_for_its_owner_alone(visitors: Workspaces) -> None:
    visitors.new()
    (folder,) = visitors.root.iterdir()
    assert folder.stat().st_mode & 0o077 == 0


def test_a_deleted_folder_takes_nothing_more(visitors: Workspaces) -> None:
    key = visitors.new()
    folder = visitors.open(key)
    visitors.delete(key)
    with pytest.raises(PoolError, match="no longer here"):
        grown(folder, 0, 2)
    with pytest.raises(PoolError, match="no longer here"):
        folder.touch()
    assert list(visitors.root.iterdir()) == []


# changes


def test_undo_goes_back_step_by_step_and_names_are_never_used_again(workspace: Workspace) -> None:
    grown(workspace, 0, 3)
    grown(workspace, 3, 5)
    last = workspace.state().versions[-1].folder
    assert workspace.undo().what == "2 examples added"
    assert len(workspace.pool() or ()) == 3
    assert not (workspace.folder / "pools" / last).exists()
    grown(workspace, 5, 6)
    assert workspace.state().versions[-1].folder not in {last}
    workspace.undo()
    workspace.undo()
    assert workspace.pool() is None
    with pytest.raises(PoolError, match="nothing to take back"):
        workspace.undo()


def corrected(workspace: Workspace, number: int, said: str) -> None:
    """A demo clip becomes an example as if its transcript had been corrected."""
    clip = DEMO.utterances[number]
    with workspace.change("corrected", Correction("talk.wav", number, clip.text, said, "?", 3)) as change:
        changes.joined(workspace.pool(), part_of(number, number + 1), change.out)


def test_undo_brings_back_pool_corrections_curve_and_language(workspace: Workspace) -> None:
    grown(workspace, 0, 3)
    corrected(workspace, 3, "mar")
    corrected(workspace, 4, "thuirt")
    before, two = workspace.state(), curve.points(workspace.state().corrections)
    corrected(workspace, 5, "mi")
    with workspace.lock, workspace.change("language set") as change:
        workspace.write(replace(workspace.state(), language=DEMO.language))
        changes.renamed(workspace.pool() or DEMO, replace(DEMO.language, name="Gàidhlig"), change.out)
    assert len(curve.points(workspace.state().corrections)) == 3
    workspace.undo()
    workspace.undo()
    after = workspace.state()
    assert (after.versions, after.corrections) == (before.versions, before.corrections)
    assert curve.points(after.corrections) == two
    assert [u.text for u in (workspace.pool() or DEMO).utterances] == [u.text for u in DEMO.utterances[:5]]


def test_undo_takes_the_name_of_the_language_back_too(workspace: Workspace) -> None:
    workspace.write(replace(workspace.state(), language=DEMO.language))
    pool = grown(workspace, 0, 2)
    with workspace.change("language set to Mboshi") as change:
        changes.renamed(pool, MBOSHI, change.out)
    workspace.write(replace(workspace.state(), language=MBOSHI))
    workspace.undo()
    assert workspace.state().language == DEMO.language
    workspace.undo()
    assert workspace.state().language == DEMO.language


def half_done(workspace: Workspace, error: type[BaseException]) -> None:
    with workspace.change("nothing") as change:
        (change.out / "audio").mkdir(parents=True)
        raise error


@pytest.mark.parametrize("error", [PoolError, KeyboardInterrupt, GeneratorExit])
def test_a_change_that_fails_changes_nothing(workspace: Workspace, error: type[BaseException]) -> None:
    old = grown(workspace, 0, 3)
    before, files = workspace.state(), sorted(workspace.folder.rglob("*"))
    with pytest.raises(error):
        half_done(workspace, error)
    assert workspace.state() == before
    assert sorted(workspace.folder.rglob("*")) == files
    assert [u.text for u in (workspace.pool() or DEMO).utterances] == [u.text for u in old.utterances]
    assert len(grown(workspace, 3, 4)) == 4


def test_what_a_killed_server_left_half_done_is_in_nobodys_way(workspace: Workspace) -> None:
    grown(workspace, 0, 3)
    (workspace.folder / "pools" / "0002" / "audio").mkdir(parents=True)
    assert len(grown(workspace, 3, 4)) == 4


def test_a_pool_of_another_encoder_is_refused(workspace: Workspace) -> None:
    old = grown(workspace, 0, 2)
    encoder = replace(old.header.encoder, weights="0" * 12)  # type: ignore[type-var]
    other = replace(part_of(2, 3), header=replace(DEMO.header, encoder=encoder))
    with pytest.raises(PoolError, match="another model"), workspace.change("more") as change:
        changes.joined(old, other, change.out)
    assert [v.what for v in workspace.state().versions] == ["2 examples added"]


def test_examples_of_another_model_are_told_what_to_do_on_the_page(workspace: Workspace) -> None:
    grown(workspace, 0, 2)
    encoder = DEMO.header.encoder
    assert encoder is not None
    with pytest.raises(PoolError, match="another model than the one at work here") as caught:
        workspace.pool(replace(encoder, weights="0" * 12))
    assert "smile index" not in str(caught.value)
    assert len(workspace.pool() or ()) == 2


def test_clips_share_their_recordings_and_known_ones_are_told(workspace: Workspace) -> None:
    first = grown(workspace, 0, 3)
    with workspace.change("more") as change:
        joined = changes.joined(first, part_of(1, 5), change.out)
    assert joined.known == tuple(u.id for u in DEMO.utterances[1:3])
    assert [u.text for u in joined.pool.utterances] == [u.text for u in DEMO.utterances[:5]]
    assert os.path.samefile(first.utterances[0].audio, joined.pool.utterances[0].audio)
    assert joined.pool.header.guesses == {code: 2 * n for code, n in DEMO.header.guesses.items()}


def test_an_id_that_is_taken_gets_a_number(workspace: Workspace) -> None:
    first = grown(workspace, 0, 2)
    other = part_of(2, 3)
    other = replace(other, utterances=(replace(other.utterances[0], id=first.utterances[0].id),))
    with workspace.change("more") as change:
        pool = changes.joined(first, other, change.out).pool
    assert pool.utterances[2].id == f"{first.utterances[0].id}-2"


def test_ids_are_numbered_one_after_the_other(workspace: Workspace) -> None:
    pool, name = grown(workspace, 0, 1), DEMO.utterances[0].id
    for number in range(1, 4):
        one = part_of(number, number + 1)
        one = replace(one, utterances=(replace(one.utterances[0], id=name),))
        with workspace.change("more") as change:
            pool = changes.joined(pool, one, change.out).pool
    assert [u.id for u in pool.utterances] == [name, f"{name}-2", f"{name}-3", f"{name}-4"]
    assert [u.audio.read_bytes() for u in pool.utterances] == [
        u.audio.read_bytes() for u in DEMO.utterances[:4]
    ]


def test_one_recording_with_another_text_is_another_example(workspace: Workspace) -> None:
    first, clip = grown(workspace, 0, 2), DEMO.utterances[1]
    other = replace(part_of(1, 2), utterances=(replace(clip, text=f"{clip.text} a-rithist"),))
    assert changes.unknown(first, other) == [0]
    assert changes.unknown(first, part_of(0, 3)) == [2]


def test_texts_change_clips_go_and_the_language_is_renamed(workspace: Workspace) -> None:
    pool = grown(workspace, 0, 3)
    name = pool.utterances[1].id
    with workspace.change("text") as change:
        pool = changes.reworded(pool, name, " ngá ", change.out)
    with workspace.change("removed") as change:
        pool = changes.without(pool, [pool.utterances[0].id], change.out)
    with workspace.change("renamed") as change:
        pool = changes.renamed(pool, MBOSHI, change.out)
    assert (pool.utterances[0].text, len(pool), pool.language) == ("ngá", 2, MBOSHI)
    np.testing.assert_array_equal(pool.embeddings, DEMO.embeddings[1:3])
    with pytest.raises(PoolError, match="needs a text"):
        changes.reworded(pool, name, " ", workspace.folder / "x")
    with pytest.raises(PoolError, match="at least one"):
        changes.without(pool, [u.id for u in pool.utterances], workspace.folder / "x")


# where examples come from


def test_files_with_bad_rows(workspace: Workspace, models: Models, tmp_path: Path) -> None:
    source = write_zip(tmp_path / "mine.zip", 3, "missing.wav,nobody\n")
    added = growing.from_files(workspace, [source], models)
    assert (added.count, len(added.pool), added.pool.language) == (3, 3, MBOSHI)
    ((where, why),) = added.rejected
    assert "5" in where
    assert "missing.wav" in why
    with pytest.raises(SmileError):
        growing.from_files(workspace, [write_zip(tmp_path / "again.zip", 0, "gone.wav,a\n")], models)
    for rows, said in (("a.wav,a\nb.wav,b\na.wav,c\n", "2 recordings"), ("a.wav,a\n", "1 recording")):
        with pytest.raises(SmileError, match=f"^{said} that .* missing; choose the table .* all their"):
            growing.from_files(workspace, [write_zip(tmp_path / "gone.zip", 0, rows)], models)
    assert len(workspace.pool() or ()) == 3
    assert not list(workspace.folder.glob(".import-*"))


@pytest.mark.parametrize(("code", "says"), [("gla", 1), ("mdw", 0), ("", 0)])
def test_clips_of_another_language_are_said_to_be(
    workspace: Workspace, models: Models, code: str, says: int
) -> None:
    clips = tuple(replace(u, language=code) for u in DEMO.utterances[:4])
    pool_s = replace(DEMO.header, language=language(code)) if code else None
    for imported in (Imported(Reading.of(clips[:2])), Imported(Reading.of(clips[2:]), header=pool_s)):
        told = [
            note for note in growing.add_imported(workspace, imported, models).notes if "Take back" in note
        ]
        assert len(told) == says
        assert all("(gla), and your language is Mboshi" in note for note in told)


def test_why_nothing_can_be_used_is_said_where_it_stands(
    workspace: Workspace, models: Models, tmp_path: Path
) -> None:
    sound = staircase(tmp_path / "talk.wav", 9)
    late = [(20.0, 21.0, "a"), (30.0, 31.0, "b")]
    grid = write_textgrid(tmp_path / "talk.TextGrid", tiers={"t": late})
    with pytest.raises(SmileError) as caught:
        growing.from_files(workspace, [sound, grid], models)
    said = "None of the 2 clips can be used. talk.TextGrid, annotation at 20.00 s: "
    assert str(caught.value).startswith(said)


def test_annotations_of_a_tier(workspace: Workspace, models: Models, tmp_path: Path) -> None:
    sound = staircase(tmp_path / "talk.wav", 9)
    write_eaf(tmp_path / "talk.eaf", sound.name)
    added = growing.from_files(workspace, [sound, tmp_path / "talk.eaf"], models, ["utterance"])
    assert (added.count, added.empty) == (3, 1)


def test_what_was_read_apart_is_added_without_being_read_again(
    workspace: Workspace, models: Models, tmp_path: Path
) -> None:
    sound = staircase(tmp_path / "talk.wav", 9)
    files = [sound, write_eaf(tmp_path / "talk.eaf", sound.name)]
    with TemporaryDirectory(dir=workspace.folder, prefix=".import-") as work:
        steps = read_apart(files, Path(work) / "read", tiers=["utterance"])
        imported = yield_from(steps)
        added = growing.add_imported(workspace, imported, models)
    assert (added.count, added.empty) == (3, 1)
    pool = workspace.pool()
    assert pool is not None
    assert [u.text for u in pool.utterances] == TEXTS
    assert all(u.audio.is_file() for u in pool.utterances)
    assert not list(workspace.folder.glob(".import-*"))


def yield_from(steps: Generator[str, None, T]) -> T:
    while True:
        try:
            assert next(steps)
        except StopIteration as done:
            return done.value


def test_annotations_on_two_tiers_need_one_that_is_named(
    workspace: Workspace, models: Models, tmp_path: Path
) -> None:
    sound = staircase(tmp_path / "talk.wav", 9)
    files = [sound, write_eaf(tmp_path / "talk.eaf", sound.name)]
    with pytest.raises(SmileError, match=r"utterance.*gloss"):
        growing.from_files(workspace, files, models)
    assert workspace.pool() is None
    added = growing.from_files(workspace, files, models, ["gloss"])
    assert [u.text for u in added.pool.utterances] == ["I go"]


def test_a_change_made_while_files_are_read_is_kept(
    workspace: Workspace, models: Models, tmp_path: Path
) -> None:
    pool = grown(workspace, 10, 12)

    def meanwhile(done: int, _: int) -> None:
        if done == 1:
            with workspace.change("text") as change:
                changes.reworded(pool, pool.utterances[0].id, "rud eile", change.out)

    growing.from_files(workspace, [write_zip(tmp_path / "mine.zip", 2)], models, progress=meanwhile)
    texts = [u.text for u in (workspace.pool() or DEMO).utterances]
    assert texts == ["rud eile", *(DEMO.utterances[i].text for i in (11, 0, 1))]


def test_a_change_taken_back_while_files_are_read_stays_so(
    workspace: Workspace, models: Models, tmp_path: Path
) -> None:
    grown(workspace, 10, 12)

    def meanwhile(done: int, _: int) -> None:
        if done == 1:
            workspace.undo()

    growing.from_files(workspace, [write_zip(tmp_path / "mine.zip", 2)], models, progress=meanwhile)
    assert [u.text for u in (workspace.pool() or DEMO).utterances] == [u.text for u in DEMO.utterances[:2]]


def test_files_that_were_there_already_make_no_version(
    workspace: Workspace, models: Models, tmp_path: Path
) -> None:
    source = write_zip(tmp_path / "mine.zip", 2)
    growing.from_files(workspace, [source], models)
    again = growing.from_files(workspace, [source], models)
    assert (again.count, len(again.pool), len(workspace.state().versions)) == (0, 2, 1)
    assert [why for _, why in again.rejected] == [growing.KNOWN] * 2


def test_a_recording_that_is_there_under_another_name_is_told(
    workspace: Workspace, models: Models, tmp_path: Path
) -> None:
    growing.from_files(workspace, [write_zip(tmp_path / "mine.zip", 2)], models)
    pool = workspace.pool()
    assert pool is not None
    first = pool.utterances[0]
    soundfile.write(tmp_path / "again.ogg", read_audio(first.audio) / 2, SAMPLE_RATE)
    added = growing.typed(workspace, tmp_path / "again.ogg", first.text, models)
    name = added.pool.utterances[-1].id
    assert added.count == 1
    assert added.notes == (f'"{first.id}" and "{name}" are the same recording; remove one of them.',)
    assert growing.typed(workspace, DEMO.utterances[5].audio, "others", models).notes == ()


def test_a_language_is_needed_unless_a_pool_brings_it(
    visitors: Workspaces, models: Models, tmp_path: Path
) -> None:
    nobody = visitors.open(visitors.new())
    with pytest.raises(PoolError, match="Name your language"):
        growing.from_files(nobody, [write_zip(tmp_path / "mine.zip", 2)], models)
    changes.joined(None, part_of(0, 3), tmp_path / "gla")
    shutil.make_archive(str(tmp_path / "pool"), "zip", tmp_path, "gla")
    added = growing.from_files(nobody, [tmp_path / "pool.zip"], models)
    assert added.count == 3
    assert nobody.state().language == DEMO.language


def test_typed_and_its_faults(workspace: Workspace, models: Models) -> None:
    clip = DEMO.utterances[0]
    assert growing.typed(workspace, clip.audio, "two\nlines", models).pool.utterances[0].text == "two lines"
    with pytest.raises(PoolError, match="Write what is said"):
        growing.typed(workspace, clip.audio, "  ", models)
    with pytest.raises(PoolError, match="already"):
        growing.typed(workspace, clip.audio, "two lines", models)
    assert len(workspace.state().versions) == 1


def test_a_grown_datastore_is_as_if_it_were_read_at_once(workspace: Workspace, exact: Models) -> None:
    grown(workspace, 0, 5)
    growing.ready(workspace, exact)
    pool = grown(workspace, 5, 6)
    growing.ready(workspace, exact)
    at_once = replace(pool, stores=workspace.folder / "fresh")
    token_store.build(at_once, exact.smile, language=pool_token(pool))
    ours, theirs = (token_store.open_store(p, exact.smile) for p in (pool, at_once))
    np.testing.assert_array_equal(ours.keys, theirs.keys)
    np.testing.assert_array_equal(ours.tokens, theirs.tokens)
    assert ours.weight == theirs.weight


def as_if_read_at_once(pool: Pool, models: Models, folder: Path) -> None:
    """The datastore that has grown equals one that is made of nothing."""
    fresh = replace(pool, stores=folder)
    token_store.build(fresh, models.smile, language=pool_token(pool))
    with (
        np.load(token_store.store_path(pool, models.smile)) as ours,
        np.load(token_store.store_path(fresh, models.smile)) as theirs,
    ):
        assert ours.files == theirs.files
        for name in ours.files:
            np.testing.assert_array_equal(ours[name], theirs[name])


def test_a_datastore_follows_texts_and_removals(workspace: Workspace, exact: Models) -> None:
    pool = grown(workspace, 0, 5)
    growing.ready(workspace, exact)
    with workspace.change("text") as change:
        changes.reworded(pool, pool.utterances[1].id, "rud eile", change.out)
    with workspace.change("removed") as change:
        pool = changes.without(workspace.pool() or pool, [pool.utterances[3].id], change.out)
    growing.ready(workspace, exact)
    as_if_read_at_once(pool, exact, workspace.folder / "fresh")


def test_a_datastore_follows_a_better_recording_of_the_same_text(workspace: Workspace, exact: Models) -> None:
    pool = grown(workspace, 0, 2)  # each is read behind the other, whatever they sound like
    growing.ready(workspace, exact)
    last, other = pool.utterances[1], DEMO.utterances[7]
    with workspace.change("removed") as change:
        changes.without(pool, [last.id], change.out)
    better = replace(part_of(7, 8), utterances=(replace(other, id=last.id, text=last.text),))
    with workspace.change("again") as change:
        pool = changes.joined(workspace.pool(), better, change.out).pool
    growing.ready(workspace, exact)
    as_if_read_at_once(pool, exact, workspace.folder / "fresh")


def test_only_the_newest_versions_keep_their_datastores(workspace: Workspace, models: Models) -> None:
    for number in range(4):
        grown(workspace, number, number + 1)
        for version in workspace.state().versions[-1:]:
            (workspace.folder / "pools" / version.folder / "tokens-base.npz").write_bytes(b"")
    kept = sorted(path.parent.name for path in workspace.folder.glob("pools/*/tokens-*"))
    assert kept == ["0003", "0004"]


# transcripts and corrections


@pytest.fixture
def recorded(workspace: Workspace) -> Workspace:
    """A visitor with two recordings to transcribe."""
    grown(workspace, 0, 4)
    for utterance in DEMO.queries[:2]:
        shutil.copyfile(utterance.audio, workspace.recordings / utterance.audio.name)
    return workspace


def transcribed(workspace: Workspace, models: Models, most: int = 100) -> int:
    """Transcribe what waits, at most so many recordings; gives how many."""
    pool = growing.ready(workspace, models)
    made, done = made_with(workspace, pool, asked.settings(workspace, pool)), 0
    waiting = transcripts.waiting(workspace)
    whole = Settings(shots=1, split_short=False)  # a recording stays one part, however short its text is
    steps = batch.run(models, waiting, pool, whole, workspace.folder / "batch")
    for step in steps:
        if step.transcript:
            transcripts.keep(workspace, step, made)
            done += 1
            if done == most:
                steps.close()
                break
    return done


def test_a_batch_goes_on_and_what_is_corrected_is_learnt(recorded: Workspace, models: Models) -> None:
    assert transcribed(recorded, models, most=1) == 1
    again = Workspace(recorded.folder)
    assert len(transcripts.waiting(again)) == 1
    assert transcribed(again, models) == 1
    assert transcripts.waiting(again) == []

    first, second = transcripts.parts(again)[:2]
    assert (first.stale, first.corrected, first.examples) == (False, None, 4)
    with again.work() as work:
        clip = finished(cutting.cutting(again, first, work / "clip.wav"))
        assert growing.corrected(again, first, clip, "mar a thuirt mi", models).count == 1
    first, second = transcripts.parts(again)[:2]
    assert (first.corrected, first.text, second.stale) == ("mar a thuirt mi", "mar a thuirt mi", True)
    assert [r.name for r in transcripts.outdated(again)] == [second.recording]
    tiers = transcripts.exported(again)[0].tiers
    assert (tiers[0][0], tiers[0][1][0].text) == ("Corrected", "mar a thuirt mi")
    assert tiers[0][1][0].confidence is None

    assert again.undo().correction is not None
    assert [p.corrected for p in transcripts.parts(again)] == [None, None]
    assert [p.stale for p in transcripts.parts(again)] == [False, False]
    transcripts.forget(again, first.recording)
    assert [p.recording for p in transcripts.parts(again)] == [second.recording]
    with pytest.raises(PoolError, match="no longer there"):
        transcripts.part(again, first.recording, 0)


def test_no_recording_gets_the_name_of_one_that_was_corrected(recorded: Workspace) -> None:
    name = recorded.recordings / "talk.wav"
    shutil.copyfile(DEMO.queries[0].audio, name)
    assert "talk.wav" in bringing.taken(recorded)
    corrected(recorded, 5, "mar")
    transcripts.forget(recorded, "talk.wav")
    assert "talk.wav" in bringing.taken(recorded)
    recorded.undo()
    assert "talk.wav" not in bringing.taken(recorded)


def test_a_transcript_of_a_recording_that_is_gone_is_not_kept(recorded: Workspace) -> None:
    name = DEMO.queries[0].audio.name
    transcripts.keep(recorded, batch.Step(1, 1, name, problem="no sound"), Made("0001", 4))
    assert [r.name for r in transcripts.waiting(recorded)] == [DEMO.queries[1].audio.name]
    transcripts.forget(recorded, name)
    transcripts.keep(recorded, batch.Step(1, 1, name, problem="no sound"), Made("0001", 4))
    shutil.copyfile(DEMO.queries[0].audio, recorded.recordings / name)
    assert len(transcripts.waiting(recorded)) == 2


def test_a_sequence_grows_by_one_clip_at_a_time(models: Models, tmp_path: Path) -> None:
    clips = list(sequence.sequence(models, DEMO, DEMO.queries[:2], tmp_path, 3, Settings(shots=1)))
    assert [(h.number, h.examples) for h in clips] == [(1, 3), (2, 4)]
    assert clips[0].fixed == clips[0].growing
    sizes = [
        len(open_pool(sorted(path.glob("*/pools/*"))[-1]))
        for path in (tmp_path / "fixed", tmp_path / "growing")
    ]
    assert sizes == [3, 5]
    sequence.write(clips, tmp_path / "out" / "learning.csv")
    rows = list(csv.DictReader((tmp_path / "out" / "learning.csv").open(encoding="utf-8")))
    assert [int(row["growing"]) for row in rows] == [h.growing for h in clips]
    cer = 100 * sum(h.vanilla for h in clips) / sum(h.length for h in clips)
    assert f"{cer:.1f}" in sequence.as_text(clips)
    with pytest.raises(PoolError, match="fewer than"):
        next(sequence.sequence(models, part_of(0, 2), DEMO.queries, tmp_path, 3))


def test_work_that_outlives_its_visitor_leaves_nothing_and_says_so(visitors: Workspaces) -> None:
    key = visitors.new()
    workspace = visitors.open(key)

    def outlive() -> None:
        with workspace.work() as work:
            visitors.delete(key)
            (work / "clips").mkdir(parents=True)
            raise OSError("the file is gone")

    with pytest.raises(PoolError, match="no longer here"):
        outlive()
    assert not workspace.folder.exists()
    visitors.claim()


def test_a_folder_that_such_work_left_is_tidied_at_the_next_start(visitors: Workspaces) -> None:
    left = visitors.root / ("0a" * 16)
    (left / "pools").mkdir(parents=True)
    (left / ".work-00").mkdir()
    visitors.claim()
    assert not left.exists()


@pytest.mark.parametrize("name", ["embeddings.npy", "clips.csv", "pool.json"])
def test_a_damaged_version_is_passed_over(visitors: Workspaces, name: str) -> None:
    workspace = visitors.open(visitors.new())
    for count in (2, 3):
        with workspace.change(f"{count} examples") as change:
            changes.without(DEMO, [u.id for u in DEMO.utterances[count:]], change.out)
    (workspace.folder / "pools" / "0002" / name).write_bytes(b"\0")
    assert len(workspace.pool() or ()) == 2
    with workspace.change("one example") as change:
        changes.without(workspace.pool() or DEMO, [DEMO.utterances[1].id], change.out)
    assert len(workspace.pool() or ()) == 1
    workspace.undo()
    assert len(workspace.pool() or ()) == 2
    (workspace.folder / "pools" / "0001" / name).write_bytes(b"\0")
    with pytest.raises(PoolError, match="import them again"):
        workspace.pool()


def test_taking_away_needs_no_room(visitors: Workspaces) -> None:
    workspace = visitors.open(visitors.new())
    with workspace.change("3 examples") as change:
        changes.without(DEMO, [u.id for u in DEMO.utterances[3:]], change.out)

    def none() -> int:
        raise PoolError("full")

    workspace.room = none
    with workspace.change("one removed", adding=False) as change:
        changes.without(DEMO, [u.id for u in DEMO.utterances[2:]], change.out)
    with workspace.work(adding=False):
        pass
    with pytest.raises(PoolError, match="full"), workspace.work():
        pass
    assert len(workspace.pool() or ()) == 2
