"""A pool travels whole to machines without its disk: its recordings, and what was made of it."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from smile.audio import io as audio
from smile.datatypes import Language, PoolError, Utterance
from smile.pools.carried import whole
from smile.pools.pool import Header, Pool, open_pool, write_pool
from smile.util.workers.carried import forget
from tests.support.small_pools import NOISE, contents


def pool_of(folder: Path, *names: str) -> Pool:
    clips = [Utterance(n, folder / "audio" / f"{n}.wav", "one", "mdw", seconds=1.0) for n in names]
    for clip in clips:
        clip.audio.parent.mkdir(parents=True, exist_ok=True)
        audio.write(clip.audio, NOISE)
    write_pool(folder, Header(Language("mdw")), clips, None)
    return open_pool(folder)


def arrived(folder: Path) -> Path:
    return open_pool(pickle.loads(pickle.dumps(whole(folder))).unpacked()).folder


def test_recordings_of_any_name_arrive_and_layer_states_do_not(tmp_path: Path) -> None:
    pool = pool_of(tmp_path / "mdw", "layers-1", "a")
    for name in ("layers-x/a.npy", "5clips/datastore.npz", "5clips/layers-x/a.npy", "head.part/x", ".lock"):
        (pool.folder / name).parent.mkdir(exist_ok=True)
        (pool.folder / name).write_bytes(b"made")
    there = set(contents(arrived(pool.folder)))
    assert there == {"pool.json", "clips.csv", "audio/layers-1.wav", "audio/a.wav", "5clips/datastore.npz"}
    forget()


def test_recordings_in_a_folder_that_is_a_link_arrive(tmp_path: Path) -> None:
    pool = pool_of(tmp_path / "mdw", "a", "b")
    (pool.folder / "audio").rename(tmp_path / "elsewhere")
    (pool.folder / "audio").symlink_to(tmp_path / "elsewhere")
    assert {"audio/a.wav", "audio/b.wav"} <= set(contents(arrived(pool.folder)))
    forget()


def test_a_pool_that_lacks_a_recording_is_told_before_it_leaves(tmp_path: Path) -> None:
    pool = pool_of(tmp_path / "mdw", "a", "b")
    pool.utterances[0].audio.unlink()
    with pytest.raises(PoolError, match="missing or empty"):
        whole(pool.folder)
