"""The pool folder: what is written can be opened, and what is damaged cannot."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smile.datatypes import EncoderId, Language, PoolError, Utterance
from smile.pools.pool import Header, open_pool, order_digest, read_header, write_pool

ENCODER = EncoderId("whisper-base", "d01c3014881c")
MBOSHI = Language("mdw", "Mboshi", "Bantu", "Latin")
ROWS = np.arange(6, dtype=np.float32).reshape(2, 3)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


def clips(folder: Path, texts: list[str]) -> list[Utterance]:
    (folder / "audio").mkdir(parents=True, exist_ok=True)
    made = []
    for number, text in enumerate(texts):
        audio = folder / "audio" / f"{number}.wav"
        audio.write_bytes(b"sound")
        made.append(Utterance(f"clip {number}", audio, text, "mdw", "anna", 1.5 + number))
    return made


def header(utterances: list[Utterance]) -> Header:
    return Header(
        MBOSHI,
        synthetic=True,
        source="a test",
        licence="CC0-1.0",
        encoder=ENCODER,
        precision="float32",
        windows=(10.0, 30.0),
        guesses={"sw": 2},
        order=order_digest(utterances),
        created="2024-11-22T00:00:00+00:00",
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = clips(tmp_path / "mdw", ["one", "two"])
    write_pool(tmp_path / "mdw", header(made), made, ROWS)
    return tmp_path / "mdw"


def test_what_is_written_is_opened(folder: Path) -> None:
    pool = open_pool(folder, ENCODER)
    made = clips(folder, ["one", "two"])
    assert pool.utterances == tuple(made)
    assert pool.header == replace(header(made), width=3)
    assert pool.language == MBOSHI
    assert np.array_equal(pool.embeddings, ROWS)
    assert len(pool) == 2
    assert pool.minutes == pytest.approx(4.0 / 60)
    assert pool.queries == ()


def test_a_pool_may_be_moved(folder: Path, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere" / "renamed"
    moved.parent.mkdir()
    folder.rename(moved)
    assert [u.audio for u in open_pool(moved, ENCODER).utterances] == [
        moved / "audio" / "0.wav",
        moved / "audio" / "1.wav",
    ]


@given(st.lists(TEXT, min_size=1, max_size=5), st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_and_speaker_come_back(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], speaker: str
) -> None:
    folder = tmp_path_factory.mktemp("p")
    made = [replace(clip, speaker=speaker) for clip in clips(folder, texts)]
    write_pool(folder, replace(header(made), encoder=None), made, None, queries=made[:1])
    pool = open_pool(folder)
    assert pool.utterances == tuple(made)
    assert pool.queries == tuple(made[:1])


def test_another_encoder_is_refused_with_the_command_that_helps(folder: Path) -> None:
    other = EncoderId("whisper-tiny", "0123456789ab", adapter="fedcba987654")
    with pytest.raises(PoolError) as caught:
        open_pool(folder, other)
    message = str(caught.value)
    assert "whisper-base (weights d01c3014881c, pooling mean-own-frames)" in message
    assert "whisper-tiny (weights 0123456789ab, adapter fedcba987654, pooling mean-own-frames)" in message
    assert message.endswith(f"smile index {folder} --out {folder}")


@pytest.mark.parametrize(
    "change", [{"model": "x"}, {"weights": "x"}, {"adapter": "x"}, {"pooling": "x"}], ids=str
)
def test_every_part_of_the_encoder_counts(folder: Path, change: dict[str, str]) -> None:
    with pytest.raises(PoolError, match="index it again"):
        open_pool(folder, replace(ENCODER, **change))


def test_a_name_with_spaces_is_quoted_in_the_command(folder: Path, tmp_path: Path) -> None:
    spaced = folder.rename(tmp_path / "my pool")
    with pytest.raises(PoolError, match=rf"smile index '{spaced}' --out '{spaced}'"):
        open_pool(spaced, EncoderId("x", "y"))


def test_a_pool_without_embeddings_is_for_listing(folder: Path) -> None:
    made = clips(folder, ["one", "two"])
    write_pool(folder, replace(header(made), encoder=None), made, None)
    assert len(open_pool(folder)) == 2
    assert open_pool(folder).embeddings.shape == (0, 0)
    with pytest.raises(PoolError, match="has no embeddings yet; make them with: smile index"):
        open_pool(folder, ENCODER)


@pytest.mark.parametrize("keep", [0, 5, 60, 100, 130, -1])
def test_truncated_embeddings(folder: Path, keep: int) -> None:
    path = folder / "embeddings.npy"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(PoolError, match=r"embeddings\.npy is missing or damaged; index it again"):
        open_pool(folder)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (ROWS[:1], "does not fit 2 clips"),
        (ROWS.astype(np.float64), "holds float64"),
        (ROWS[0], "does not fit"),
        (np.array([[1, 2], [np.nan, 4]], np.float32), "not numbers"),
        (np.array([[1, 2], [np.inf, 4]], np.float32), "not numbers"),
    ],
)
def test_embeddings_that_do_not_fit(folder: Path, rows: np.ndarray, words: str) -> None:
    np.save(folder / "embeddings.npy", rows)
    with pytest.raises(PoolError, match=words):
        open_pool(folder)


def test_objects_in_place_of_numbers_are_not_unpickled(folder: Path) -> None:
    np.save(folder / "embeddings.npy", np.array([{}, {}]), allow_pickle=True)
    with pytest.raises(PoolError, match="missing or damaged"):
        open_pool(folder)


@pytest.mark.parametrize("name", ["pool.json", "clips.csv", "embeddings.npy", "audio/1.wav"])
@pytest.mark.parametrize("how", ["missing", "empty"])
def test_a_missing_or_empty_file_is_named(folder: Path, name: str, how: str) -> None:
    (folder / name).unlink()
    if how == "empty":
        (folder / name).touch()
    with pytest.raises(PoolError, match=name):
        open_pool(folder)


def test_rows_in_another_order_would_have_the_wrong_embeddings(folder: Path) -> None:
    path = folder / "clips.csv"
    head, first, second = path.read_text().splitlines()
    path.write_text("\n".join([head, second, first]))
    with pytest.raises(PoolError, match="no longer lists the clips that were indexed"):
        open_pool(folder)


def test_a_text_may_be_corrected_by_hand(folder: Path) -> None:
    path = folder / "clips.csv"
    path.write_text(path.read_text().replace("two", "deux"))
    assert [u.text for u in open_pool(folder, ENCODER).utterances] == ["one", "deux"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("audio/1.wav", "../mdw/audio/1.wav", "line 3 does not lie in the pool"),
        ("audio/1.wav", "audio/../../mdw/audio/1.wav", "line 3 does not lie in the pool"),
        ("2.5", "long", "missing or damaged"),
        ("2.5", "nan", "line 3 of the clips lacks"),
        ("2.5", "-1", "line 3 of the clips lacks"),
        ('"two"', '""', "line 3 of the clips lacks"),
        ("clip 1", "clip 0", "two with the same id"),
        ("text", "words", "missing or damaged"),
    ],
)
def test_damaged_clips(folder: Path, old: str, new: str, words: str) -> None:
    path = folder / "clips.csv"
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(PoolError, match=words):
        open_pool(folder)


def test_an_absolute_path_does_not_lie_in_the_pool(folder: Path) -> None:
    path = folder / "clips.csv"
    path.write_text(path.read_text().replace("audio/1.wav", str(folder / "audio" / "1.wav")))
    with pytest.raises(PoolError, match="does not lie in the pool"):
        open_pool(folder)


@pytest.mark.parametrize(
    "change",
    [{"encoder": {"model": "x"}}, {"language": "mdw"}, {"guesses": []}, {"windows": 3}, {"windows": ["x"]}],
    ids=str,
)
def test_a_damaged_header(folder: Path, change: dict[str, object]) -> None:
    path = folder / "pool.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(PoolError, match="is damaged"):
        read_header(folder)


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "{}"])
def test_a_header_that_is_none(folder: Path, text: str) -> None:
    (folder / "pool.json").write_text(text)
    with pytest.raises(PoolError, match=r"pool\.json"):
        read_header(folder)


def test_a_later_format(folder: Path) -> None:
    path = folder / "pool.json"
    path.write_text(json.dumps({"format": 2}))
    with pytest.raises(PoolError, match="format 2, this SMILE reads 1; update SMILE"):
        read_header(folder)


def test_a_folder_that_is_no_pool(folder: Path, tmp_path: Path) -> None:
    shutil.rmtree(folder)
    for place in (tmp_path, folder):
        with pytest.raises(PoolError, match="is not a pool"):
            open_pool(place)
