"""Maps on disk, made by UMAP: the same seed gives the same map, a bad file is one sentence."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from smile.cli.main import main
from smile.datatypes import PoolError, SmileError
from smile.maps import store as maps
from smile.maps.fit import fitted, planned, project
from smile.maps.store import LAYOUTS, entries, load, save
from smile.pools.pool import open_pool, order_digest
from smile.retrieval.divergences import kl
from tests.conftest import POOLS

CODES = ("chr", "gla")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("maps")
    project([POOLS / code for code in CODES], folder, "try")
    return folder


def test_every_pool_gets_a_map_and_all_get_one(made):
    made_maps = entries(made)
    assert set(made_maps) == {"try", "try-chr", "try-gla"}
    assert [member.language for member in made_maps["try"].members] == list(CODES)
    assert made_maps["try"].clips == sum(len(open_pool(POOLS / code)) for code in CODES)
    assert set(made_maps["try"].figures) == set(LAYOUTS)
    assert made_maps["try-chr"].figures["js-2"].silhouette is None
    assert made_maps["try"].commit
    assert not list(made.glob("*.tmp"))


def test_the_same_seed_gives_the_same_map(made):
    again = fitted(planned([open_pool(POOLS / "gla")], "try")[0], 0)
    kept = load(entries(made)["try-gla"], made)
    for name in LAYOUTS:
        assert np.array_equal(again.layouts[name], kept.layouts[name]), name
    other = fitted(planned([open_pool(POOLS / "gla")], "try")[0], 1)
    assert not np.array_equal(other.layouts["js-2"], kept.layouts["js-2"])


def test_points_are_the_clips_and_their_nearest_by_kl(made):
    kept = load(entries(made)["try"], made)
    pools = [open_pool(POOLS / code) for code in CODES]
    assert kept.ids == tuple(u.id for pool in pools for u in pool.utterances)
    assert [member.order for member in kept.entry.members] == [order_digest(p.utterances) for p in pools]
    assert list(np.bincount(kept.member)) == [len(pool) for pool in pools]
    embeddings = np.concatenate([pool.embeddings for pool in pools])
    row = kl(embeddings[:1], embeddings)[0]
    row[0] = np.inf
    assert list(kept.near[0]) == list(np.argsort(row)[:10])
    assert kept.kl[0] == pytest.approx(np.sort(row)[:10], rel=1e-5)


def test_no_text_is_kept(made):
    texts = [u.text for code in CODES for u in open_pool(POOLS / code).utterances]
    with np.load(made / "try.npz") as arrays:
        assert set(arrays) == {"ids", "seconds", "near", "kl", *LAYOUTS}
    manifest = (made / maps.MANIFEST).read_text(encoding="utf-8")
    assert not any(text in manifest for text in texts)


def test_maps_of_another_run_stay(made, tmp_path):
    shutil.copytree(made, tmp_path / "maps")
    save([load(entries(made)["try-gla"], made)], tmp_path / "maps")
    assert set(entries(tmp_path / "maps")) == {"try", "try-chr", "try-gla"}


def test_without_a_manifest_there_are_no_maps(tmp_path):
    assert entries(tmp_path) == {}


@pytest.mark.parametrize("text", ["{", "[]", '{"x": {"members": 1}}', '{"x": {}}'])
def test_a_damaged_manifest_is_one_sentence(tmp_path, text):
    (tmp_path / maps.MANIFEST).write_text(text, encoding="utf-8")
    with pytest.raises(SmileError, match="damaged; make it again with: smile project"):
        entries(tmp_path)


def test_a_damaged_map_is_one_sentence(made, tmp_path):
    entry = entries(made)["try-gla"]
    with pytest.raises(SmileError, match=r"try-gla\.npz is missing or damaged"):
        load(entry, tmp_path)
    (tmp_path / "try-gla.npz").write_bytes((made / "try-gla.npz").read_bytes()[:500])
    with pytest.raises(SmileError, match="missing or damaged"):
        load(entry, tmp_path)
    shutil.copyfile(made / "try-chr.npz", tmp_path / "try-gla.npz")
    manifest = json.loads((made / maps.MANIFEST).read_text(encoding="utf-8"))
    manifest["try-gla"]["members"][0]["clips"] = 3
    (tmp_path / maps.MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(SmileError, match="the manifest says 3"):
        load(entries(tmp_path)["try-gla"], tmp_path)


def test_pools_that_do_not_go_together_are_refused(tmp_path):
    pool = open_pool(POOLS / "gla")
    with pytest.raises(SmileError, match="of one language"):
        planned([pool, pool], "try")
    with pytest.raises(SmileError, match="no name for a map"):
        save([fitted(planned([pool], "../x")[0], 0)], tmp_path)
    shutil.copytree(POOLS / "gla", tmp_path / "gla")
    header = json.loads((tmp_path / "gla" / "pool.json").read_text(encoding="utf-8"))
    header["encoder"] = None
    (tmp_path / "gla" / "pool.json").write_text(json.dumps(header), encoding="utf-8")
    with pytest.raises(PoolError, match="smile index"):
        planned([open_pool(tmp_path / "gla")], "try")


def test_the_command(tmp_path, capsys):
    assert main(["project", str(POOLS / "gla"), "--out", str(tmp_path), "--name", "x"]) == 0
    assert "x-gla: 90 clips; in 2-D trustworthiness 0.9" in capsys.readouterr().out
    assert main(["project", "nowhere", "--out", str(tmp_path)]) == 2
    assert "nowhere is not a pool" in capsys.readouterr().err
