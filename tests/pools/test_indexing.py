"""Making pools, with a recognizer of a few lines in place of Whisper."""

from __future__ import annotations

import csv
import os
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smile import corpora
from smile.audio import io as audio
from smile.audio.features import log_mel
from smile.datatypes import (
    CorpusError,
    EncoderId,
    Language,
    Matrix,
    PoolError,
    Utterance,
)
from smile.pools.indexing import build, file_name, index
from smile.pools.pool import Header, open_pool
from smile.util.storage import work_folder
from tests.support.fake_recognizer import Fake, models

MBOSHI = Language("mdw", "Mboshi", "Bantu", "Latin")


def sound(path: Path, seconds: float, seed: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed).normal(0, 0.1, round(seconds * audio.SAMPLE_RATE))
    audio.write(path, noise.astype(np.float32))
    return path


def corpus(folder: Path, count: int = 5) -> Path:
    """A folder with a table of clips of 0.5, 0.6, ... seconds."""
    rows = [["file", "text", "speaker"]]
    for number in range(count):
        clip = sound(folder / "clips" / f"Clip {number}.wav", 0.5 + number / 10, number)
        rows.append([str(clip.relative_to(folder)), f'Text, "{number}"', "anna"])
    with (folder / "table.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return folder


def snapshot(folder: Path) -> dict[str, bytes]:
    """Every file of a pool; the time at which it was made is left out."""
    files = {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    header = files["pool.json"].decode().splitlines()
    files["pool.json"] = "".join(line for line in header if '"created"' not in line).encode()
    return files


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return corpus(tmp_path / "source")


def test_a_pool_of_a_table(source: Path, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    recognizer = Fake()
    built = index(
        source,
        tmp_path / "pool",
        models(recognizer),
        code="mdw",
        progress=lambda done, total: seen.append((done, total)),
    )
    pool = open_pool(tmp_path / "pool", recognizer.info.encoder)
    assert built.rejected == ()
    assert built.pool.utterances == pool.utterances
    assert [u.text for u in pool.utterances] == [f'Text, "{i}"' for i in range(5)]
    assert [u.seconds for u in pool.utterances] == [0.5, 0.6, 0.7, 0.8, 0.9]
    assert pool.header.guesses == {"sw": 5}
    assert pool.language == MBOSHI
    assert seen == [(i, 5) for i in range(1, 6)]
    assert not (tmp_path / "pool.part").exists()


def test_an_embedding_is_the_mean_over_the_clips_own_frames(source: Path, tmp_path: Path) -> None:
    pool = index(source, tmp_path / "pool", models(Fake()), code="mdw").pool
    for utterance, row in zip(pool.utterances, pool.embeddings, strict=True):
        states = Fake().encode(log_mel(audio.read_audio(utterance.audio), 10.0))
        assert np.allclose(row, states[: round(utterance.seconds * 50)].mean(axis=0), atol=1e-6)


def test_recordings_are_copied_byte_for_byte(source: Path, tmp_path: Path) -> None:
    pool = index(source, tmp_path / "pool", models(Fake()), code="mdw").pool
    for number, utterance in enumerate(pool.utterances):
        assert utterance.audio.read_bytes() == (source / "clips" / f"Clip {number}.wav").read_bytes()


@pytest.mark.parametrize("stop_at", [1, 3, 5])
def test_an_interrupted_run_goes_on_where_it_stopped(source: Path, tmp_path: Path, stop_at: int) -> None:
    index(source, tmp_path / "straight", models(Fake()), code="mdw")
    first, second = Fake(stop_at=stop_at), Fake()
    with pytest.raises(KeyboardInterrupt):
        index(source, tmp_path / "pool", models(first), code="mdw")
    assert not (tmp_path / "pool").exists()
    index(source, tmp_path / "pool", models(second), code="mdw")
    assert first.calls - 1 + second.calls == 5
    assert snapshot(tmp_path / "pool") == snapshot(tmp_path / "straight")


def test_a_killed_run_goes_on_where_it_stopped(source: Path, tmp_path: Path) -> None:
    class Killed(Fake):
        def encode(self, features: Matrix) -> Matrix:
            if self.calls == 3:
                os.kill(os.getpid(), signal.SIGKILL)
            return super().encode(features)

    if (child := os.fork()) == 0:
        try:
            index(source, tmp_path / "pool", models(Killed()), code="mdw")
        finally:
            os._exit(1)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    recognizer = Fake()
    index(source, tmp_path / "pool", models(recognizer), code="mdw")
    assert recognizer.calls == 2
    index(source, tmp_path / "straight", models(Fake()), code="mdw")
    assert snapshot(tmp_path / "pool") == snapshot(tmp_path / "straight")


def test_another_encoder_does_not_go_on_with_the_work_of_the_first(source: Path, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        index(source, tmp_path / "pool", models(Fake(stop_at=4)), code="mdw")
    other = Fake("other")
    index(source, tmp_path / "pool", models(other), code="mdw")
    assert other.calls == 5


def test_corrected_rows_are_all_that_is_encoded_after_an_interruption(source: Path, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        index(source, tmp_path / "pool", models(Fake(stop_at=5)), code="mdw")
    sound(source / "clips" / "Clip 0.wav", 2.0, seed=9)
    table = source / "table.csv"
    table.write_text(table.read_text().replace("Text", "Words"))
    recognizer = Fake()
    pool = index(source, tmp_path / "pool", models(recognizer), code="mdw").pool
    assert recognizer.calls == 2
    assert [u.text for u in pool.utterances] == [f'Words, "{i}"' for i in range(5)]
    assert pool.utterances[0].seconds == 2.0


def test_a_pool_is_indexed_again_in_place(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "pool"
    reading = corpora.read_corpus(source)
    queries = [Utterance("a query", sound(tmp_path / "q.flac", 0.7), "Who?")]
    language = replace(MBOSHI, script="IPA")
    header = Header(language, synthetic=True, licence="CC0-1.0")
    before = build(reading, out, models(Fake()), header, queries=queries).pool
    (out / "notes.txt").write_text("mine")
    files = snapshot(out)
    with pytest.raises(KeyboardInterrupt):
        index(out, out, models(Fake("other", stop_at=3)))
    assert snapshot(out) == files
    after = index(out, out, models(Fake("other"))).pool
    assert after.utterances == before.utterances
    assert after.queries == before.queries
    assert (after.header.synthetic, after.header.licence) == (True, "CC0-1.0")
    assert after.header.language == language
    assert after.header.encoder == EncoderId("other", "0123456789ab")
    unchanged = [name for name, data in snapshot(out).items() if files[name] == data]
    assert sorted(set(files) - set(unchanged)) == ["pool.json"]
    assert sorted(snapshot(out)) == sorted(files)


def test_the_command_that_a_refused_pool_names_helps(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "my pool"
    index(source, out, models(Fake()), code="mdw")
    other = Fake("other")
    with pytest.raises(PoolError) as caught:
        open_pool(out, other.info.encoder)
    assert str(caught.value).endswith(f"smile index '{out}' --out '{out}'")
    index(out, out, models(other))
    assert len(open_pool(out, other.info.encoder)) == 5


def test_an_older_pool_of_another_source_is_replaced(source: Path, tmp_path: Path) -> None:
    index(source, tmp_path / "pool", models(Fake()), code="mdw")
    pool = index(corpus(tmp_path / "small", 2), tmp_path / "pool", models(Fake()), code="sxb").pool
    assert pool.language.code == "sxb"
    assert len(list((tmp_path / "pool" / "audio").iterdir())) == len(pool) == 2


def test_bad_recordings_are_rejected_by_line(source: Path, tmp_path: Path) -> None:
    sound(source / "clips" / "Clip 1.wav", 30.5)
    (source / "clips" / "Clip 2.wav").write_bytes(b"no sound at all")
    (source / "clips" / "Clip 3.wav").unlink()
    seen: list[int] = []
    heard = models(Fake())
    built = index(source, tmp_path / "pool", heard, code="mdw", progress=lambda done, _: seen.append(done))
    assert [u.text for u in built.pool.utterances] == ['Text, "0"', 'Text, "4"']
    assert [row.line for row in built.rejected] == [3, 4, 5]
    assert built.rejected[0].reason == '"Clip 1.wav" is longer than the 30 s window; cut it first.'
    assert all("Clip" in row.reason for row in built.rejected)
    assert len(list((tmp_path / "pool" / "audio").iterdir())) == 2
    assert seen == [1, 2, 3, 4]


def test_thirty_seconds_are_not_too_long(tmp_path: Path) -> None:
    clip = Utterance("a", sound(tmp_path / "a.wav", 30.0), "Long")
    assert build([clip], tmp_path / "pool", models(Fake()), Header(MBOSHI)).pool.utterances[0].seconds == 30.0


def test_states_that_are_not_numbers_are_rejected(source: Path, tmp_path: Path) -> None:
    class Overflowing(Fake):
        def encode(self, features: Matrix) -> Matrix:
            return super().encode(features) * (np.inf if self.calls == 2 else 1)

    with np.errstate(invalid="ignore"):
        built = index(source, tmp_path / "pool", models(Overflowing()), code="mdw")
    assert [row.line for row in built.rejected] == [3]


def test_nothing_good_makes_no_pool(tmp_path: Path) -> None:
    bad = tmp_path / "a.wav"
    bad.write_bytes(b"no sound at all")
    with pytest.raises(PoolError, match=r"^The only clip cannot be used. Line 1: 'a.wav' cannot be decoded"):
        build([Utterance("a", bad, "Words")], tmp_path / "pool", models(Fake()), Header(MBOSHI))
    with pytest.raises(PoolError, match=r"^There are no clips to make a pool of; add recordings"):
        build([], tmp_path / "pool", models(Fake()), Header(MBOSHI))
    assert [p.name for p in tmp_path.iterdir()] == ["a.wav"]


@pytest.mark.parametrize("damage", ["audio", "row"])
def test_in_place_no_recording_is_lost(source: Path, tmp_path: Path, damage: str) -> None:
    out = tmp_path / "pool"
    first = index(source, out, models(Fake()), code="mdw").pool.utterances[0]
    if damage == "audio":
        first.audio.write_bytes(b"no sound at all")
    else:
        clips = out / "clips.csv"
        clips.write_text(clips.read_text().replace(first.id, "Clip 1"))
    files = snapshot(out)
    with pytest.raises(PoolError, match=r"in place would lose 1 of its rows; .* line [23]: "):
        index(out, out, models(Fake("other")))
    assert snapshot(out) == files
    assert len(index(out, tmp_path / "copy", models(Fake("other"))).pool) == 4


def test_the_language_comes_from_the_source(source: Path, tmp_path: Path) -> None:
    with pytest.raises(PoolError, match="does not say its language; name it, such as: --language mdw"):
        index(source, tmp_path / "pool", models(Fake()))
    table = source / "table.csv"
    text = table.read_text()
    table.write_text(text.replace("speaker", "language").replace("anna", "org_jpn"))
    assert index(source, tmp_path / "pool", models(Fake())).pool.language.whisper == "ja"
    table.write_text(text.replace("speaker", "language").replace("anna", "sxb", 3).replace("anna", "mdw"))
    with pytest.raises(PoolError, match=r"several languages \(mdw, sxb\)"):
        index(source, tmp_path / "pool", models(Fake()))


def test_an_ml_superb_folder_becomes_a_pool(tmp_path: Path) -> None:
    folder = tmp_path / "LAD" / "sxb"
    for name in "ab":
        sound(folder / "wav" / f"{name}.flac", 0.5, ord(name))
    (folder / "transcript_10min_dev.txt").write_text("a sxb One\nb sxb Two\n")
    pool = index(folder, tmp_path / "pool", models(Fake()), split="10min_dev").pool
    assert pool.language.name == "Suba"
    assert [(u.id, u.text) for u in pool.utterances] == [("a", "One"), ("b", "Two")]


def test_real_clips_become_a_pool(speech: Path | None, tmp_path: Path) -> None:
    source = speech / "mdw" if speech else corpus(tmp_path / "source")
    reading = corpora.Reading.of(corpora.read_corpus(source).utterances[:12])
    pool = build(reading, tmp_path / "pool", models(Fake()), Header(MBOSHI)).pool
    assert [u.text for u in pool.utterances] == [u.text for u in reading.utterances]
    assert len({row.tobytes() for row in pool.embeddings}) == len(pool)


def test_without_a_recognizer_a_pool_is_for_listing(source: Path, tmp_path: Path) -> None:
    pool = index(source, tmp_path / "pool", None, code="mdw").pool
    assert pool.header.encoder is None
    assert pool.minutes == pytest.approx(3.5 / 60)
    with pytest.raises(PoolError, match="has no embeddings yet"):
        open_pool(tmp_path / "pool", Fake().info.encoder)
    assert index(pool.folder, pool.folder, models(Fake())).pool.embeddings.shape == (5, 8)


def test_bad_queries_are_told_apart(source: Path, tmp_path: Path) -> None:
    bad = tmp_path / "q.wav"
    bad.write_bytes(b"no sound at all")
    queries = [Utterance("q", bad, "Who?"), Utterance("r", sound(tmp_path / "r.wav", 1.0), "Why?")]
    built = build(
        corpora.read_corpus(source), tmp_path / "pool", models(Fake()), Header(MBOSHI), queries=queries
    )
    assert [u.id for u in built.pool.queries] == ["r"]
    assert [(row.line, row.reason.split()[0]) for row in built.rejected] == [(1, "Query:")]


def test_utterances_with_the_same_id_are_not_both_taken(tmp_path: Path) -> None:
    clips = [Utterance("a", sound(tmp_path / f"{i}.wav", 0.5, i), f"Text {i}") for i in range(2)]
    built = build(clips, tmp_path / "pool", models(Fake()), Header(MBOSHI))
    assert [u.text for u in built.pool.utterances] == ["Text 0"]
    assert [row.line for row in built.rejected] == [2]


@pytest.mark.parametrize("there", ["file", "folder"])
def test_what_is_no_pool_is_not_replaced(source: Path, tmp_path: Path, there: str) -> None:
    out = tmp_path / "pool"
    if there == "file":
        out.write_text("mine")
    else:
        sound(out / "a.wav", 0.5)
    with pytest.raises(PoolError, match="exists and is not a pool; choose another folder"):
        index(source, out, models(Fake()), code="mdw")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["pool", "source"]


def test_an_empty_folder_becomes_a_pool(source: Path, tmp_path: Path) -> None:
    (tmp_path / "pool").mkdir()
    assert len(index(source, tmp_path / "pool", models(Fake()), code="mdw").pool) == 5


def test_two_processes_do_not_make_the_same_pool(source: Path, tmp_path: Path) -> None:
    with (
        work_folder(tmp_path / "pool", ()),
        pytest.raises(PoolError, match="Another process"),
    ):
        index(source, tmp_path / "pool", models(Fake()), code="mdw")


def test_a_place_that_cannot_be_written(source: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(PoolError, match="cannot be read or written"):
        index(source, tmp_path / "file" / "pool", models(Fake()), code="mdw")


def test_a_source_that_is_none_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(CorpusError):
        index(tmp_path / "nowhere", tmp_path / "pool", models(Fake()))
    assert not list(tmp_path.iterdir())


@given(st.lists(st.text(), unique=True, max_size=20))
def test_file_names_are_safe_and_one_for_each_id(names: list[str]) -> None:
    made = [file_name(name, ".WAV") for name in names]
    assert len({name.casefold() for name in made}) == len(names)
    assert all(name.isascii() and name == Path(name).name and len(name) < 90 for name in made)
    assert all(name.endswith(".wav") and name[0].isalnum() for name in made)


@pytest.mark.parametrize(
    ("name", "made"),
    [("gle-001", "gle-001.ogg"), ("../../up", "up-29b1894910.ogg"), ("", "clip-e3b0c44298.ogg")],
)
def test_file_names(name: str, made: str) -> None:
    assert file_name(name, ".ogg") == made
