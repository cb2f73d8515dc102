"""A pool taken away as a zip and opened again: the same utterances, the same sound."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from smile import corpora, importing
from smile.audio.io import read_audio
from smile.datatypes import Language, PoolError, SmileError, Utterance
from smile.pools import export as pools
from smile.pools.export import as_folder, as_superb
from smile.pools.indexing import build
from smile.pools.pool import Header, Pool, open_pool
from smile.pools.setting import PoolSetting, read_setting, write_setting
from smile.settings import Settings
from tests.support.linguists import staircase


def labels(utterances: tuple[Utterance, ...]) -> list[tuple[str, str, str, str]]:
    return [(u.id, u.text, u.language, u.speaker) for u in utterances]


@pytest.fixture
def pool(tmp_path: Path) -> Pool:
    clip = staircase(tmp_path / "c.flac", 2)
    rows = [("a_1", "one  two", "Ana B"), ("B.2", "ngá ɔ́", ""), ("ቃል 3", "a\tb", "x")]
    made = []
    for number, (name, text, speaker) in enumerate(rows):
        audio = tmp_path / f"{number}.flac"
        audio.write_bytes(clip.read_bytes())
        made.append(Utterance(name, audio, text, "mdw", speaker))
    built = build(made[:3], tmp_path / "mboshi", None, Header(Language("mdw", "Mboshi")), queries=made[1:2])
    write_setting(built.pool.folder, PoolSetting(5, 0.0))
    return open_pool(built.pool.folder)


def test_a_folder_comes_back_whole(pool: Pool, tmp_path: Path) -> None:
    (pool.folder / "tokens-base.npz").write_bytes(b"large")
    out = as_folder(pool, tmp_path / "out" / "p.zip")
    with zipfile.ZipFile(out) as archive:
        assert {name.split("/")[0] for name in archive.namelist()} == {"mdw"}
        assert not any("tokens" in name for name in archive.namelist())
    again = importing.opened(out, tmp_path / "work")
    reopened = open_pool(again)
    assert reopened.header == pool.header
    assert labels(reopened.utterances) == labels(pool.utterances)
    assert labels(reopened.queries) == labels(pool.queries)
    assert read_setting(again) == PoolSetting(5, 0.0)
    for ours, theirs in zip(pool.utterances, reopened.utterances, strict=True):
        assert ours.audio.read_bytes() == theirs.audio.read_bytes()
    imported = importing.read_source(out, tmp_path / "work2")
    assert imported.header == pool.header
    assert labels(imported.reading.utterances) == labels(pool.utterances)
    assert labels(imported.queries.utterances) == labels(pool.queries)


def test_an_ml_superb_folder_comes_back(pool: Pool, tmp_path: Path) -> None:
    out = as_superb(pool, tmp_path / "s.zip")
    reading = importing.read_source(out, tmp_path / "work").reading
    plain = [(i, " ".join(t.split()), c, s) for i, t, c, s in labels(pool.utterances)]
    assert labels(reading.utterances)[:2] == plain[:2]
    assert labels(reading.utterances)[2][1:] == plain[2][1:]
    assert not reading.rejected
    for ours, theirs in zip(pool.utterances, reading.utterances, strict=True):
        np.testing.assert_allclose(read_audio(theirs.audio), read_audio(ours.audio), atol=1e-4)
    with zipfile.ZipFile(out) as archive:
        archive.extractall(tmp_path / "plain")
    corpus = corpora.read_corpus(tmp_path / "plain" / "mdw", "10min_test")
    assert [u.text for u in corpus.utterances] == [u.text for u in pool.queries]


def test_a_language_that_is_no_folder_name(pool: Pool, tmp_path: Path) -> None:
    odd = replace(pool, header=replace(pool.header, language=Language("../mdw")))
    with pytest.raises(PoolError, match="name one by its code"):
        as_superb(odd, tmp_path / "s.zip")
    assert not list(tmp_path.glob("*.zip"))


@pytest.mark.parametrize("kind", pools.FORMATS)
def test_a_zip_that_cannot_be_made_leaves_nothing(pool: Pool, tmp_path: Path, kind: str) -> None:
    (tmp_path / "out").mkdir()
    gone = replace(pool, utterances=(replace(pool.utterances[0], audio=pool.folder / "audio" / "gone.wav"),))
    with pytest.raises(SmileError, match=r"gone|written"):
        pools.FORMATS[kind](gone, tmp_path / "out" / "z.zip")
    assert not list((tmp_path / "out").iterdir())


def test_a_setting_is_kept_and_applied(pool: Pool) -> None:
    setting = read_setting(pool.folder)
    assert setting is not None
    assert setting.applied(Settings()) == replace(Settings(), shots=5, knn=0.0)
    assert not setting.current(pool)
    (pool.folder / "setting.json").write_text('{"shots": 50, "knn": 0}')
    with pytest.raises(PoolError, match="damaged"):
        read_setting(pool.folder)
    (pool.folder / "setting.json").unlink()
    assert read_setting(pool.folder) is None
