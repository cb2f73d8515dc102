"""Damaged files are named in one sentence, set aside and made again where they can be; the rest goes on."""

from __future__ import annotations

import io
import json
import logging
import os
import shutil
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smile.cli import main as cli
from smile.datatypes import (
    DamagedError,
    EncoderId,
    Language,
    PoolError,
    SmileError,
    WeightsError,
)
from smile.decoding.knn import store as token_store
from smile.evaluation import rows
from smile.evaluation.rows import Row, RowFile, Seconds
from smile.maps import store as maps
from smile.maps.placement import NEAR
from smile.pools.clip_encoder import Encoder, digest, remembering
from smile.pools.pool import Header, open_pool, read_header
from smile.pools.setting import PoolSetting, read_setting, write_setting
from smile.results import packing
from smile.retrieval import divergences
from smile.retrieval import learned as similarity
from smile.util.arrays import Arrays, read_array, write_arrays
from smile.util.log import Log
from smile.util.storage import read_json, set_aside
from smile.whisper import adapters
from smile.whisper.tensors import open_safetensors
from tests.support.made_conditions import condition
from tests.support.small_pools import (
    INFO,
    MODEL,
    WRONG,
    indexed,
    model,
    read_pool,
    small_map,
    small_pool,
)

LIES = [
    {"shape": (10**12, 512)}, {"shape": (-1, 3)}, {"shape": (2, -3)}, {"shape": ()}, {"shape": (2, 2)},
    {"descr": "|O"}, {"descr": ">f8"}, {"descr": "<f2"}, {"descr": "<U1000000000"}, {"shape": (2**62, 2**62)},
    {"shape": "x"}, {"descr": [("a", "<f4")]}, {"fortran_order": 3}, {"descr": "|V0"}, {"shape": (0, 10**15)},
]  # fmt: skip


def outcome(read: Callable[[], Any]) -> tuple[Any, str]:
    """What reading gives, or the sentence that refuses it."""
    try:
        return read(), ""
    except SmileError as error:
        return None, str(error)


def npy(header: dict[str, Any], data: bytes) -> bytes:
    """A .npy file with this header, true or not."""
    text = repr({"descr": "<f4", "fortran_order": False, "shape": (2, 3)} | header).encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + data


def bad_bytes(good: bytes) -> list[bytes]:
    """A file cut short, filled up, and filled with something else."""
    flipped = bytearray(good)
    flipped[len(good) // 2] ^= 0xFF
    return [b"", good[:1], good[: len(good) // 2], good[:-1], good + b"\0" * 9, b"\xff" * 99,
            b"PK\x03\x04" * 30,
            bytes(len(good)), bytes(flipped)]  # fmt: skip


@pytest.mark.parametrize("lie", LIES, ids=str)
def test_a_header_of_embeddings_that_lies_is_refused_before_anything_is_allocated(
    lie: dict[str, Any], tmp_path: Path
) -> None:
    folder = indexed(tmp_path / "pool").folder
    (folder / "embeddings.npy").write_bytes(npy(lie, np.eye(2, 3, dtype=np.float32).tobytes()))
    tracemalloc.start()
    with pytest.raises(PoolError, match=r"embeddings\.npy .*index it again with"):
        open_pool(folder)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10_000_000


def test_embeddings_in_the_other_order_are_read_as_they_are_meant(tmp_path: Path) -> None:
    folder = indexed(tmp_path / "pool").folder
    wanted = np.arange(6, dtype=np.float32).reshape(2, 3)
    np.save(folder / "embeddings.npy", np.asfortranarray(wanted))
    np.testing.assert_array_equal(open_pool(folder).embeddings, wanted)


def test_bytes_left_over_are_damage(tmp_path: Path) -> None:
    (tmp_path / "a.npy").write_bytes(npy({}, bytes(24)))
    assert read_array(tmp_path / "a.npy").shape == (2, 3)
    (tmp_path / "a.npy").write_bytes(npy({}, bytes(25)))
    with pytest.raises(DamagedError):
        read_array(tmp_path / "a.npy")


@given(st.data())
@settings(max_examples=150)
def test_arrays_with_any_byte_changed_are_read_or_damaged(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("a") / "a.npz"
    write_arrays(path, {"a": np.arange(8), "b": np.array("text")}, compressed=data.draw(st.booleans()))
    raw = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(raw[: data.draw(st.integers(0, len(raw)))] if data.draw(st.booleans()) else raw)
    with suppress(DamagedError), Arrays(path) as stored:
        assert stored["a"].tolist() == list(range(8))
        assert stored.text("b") == "text"


@pytest.mark.parametrize("lie", LIES, ids=str)
def test_a_header_inside_an_archive_that_lies(lie: dict[str, Any], tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", npy(lie, np.eye(2, 3, dtype=np.float32).tobytes()))
    with Arrays(tmp_path / "a.npz") as stored, pytest.raises(DamagedError):
        stored["a"]


def test_an_array_that_is_missing_and_one_of_objects(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", a=np.array([{}], dtype=object))
    with Arrays(tmp_path / "a.npz") as stored:
        for name in ("a", "b"):
            with pytest.raises(DamagedError):
                stored[name]


@pytest.mark.parametrize("number", range(9))
def test_a_damaged_datastore_is_told_set_aside_and_made_again(
    number: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pool = read_pool(tmp_path / "pool")
    path = token_store.store_path(pool, MODEL)
    good = path.read_bytes()
    assert token_store.present(pool, MODEL)
    assert len(token_store.open_store(pool, MODEL).tokens) == 6
    path.write_bytes(bad_bytes(good)[number])
    os.utime(path, (1, number + 1))
    if number == 4:  # bytes after the archive's end harm nothing
        assert token_store.present(pool, MODEL)
        return
    assert not token_store.present(pool, MODEL)
    assert not path.exists()
    assert path.with_name(f"{path.name}.damaged").read_bytes() == bad_bytes(good)[number]
    (record,) = caplog.records
    assert f"{path} was damaged and is made again" in record.getMessage()
    with pytest.raises(PoolError, match="has not been read by this model; read it with"):
        token_store.open_store(pool, MODEL)
    read_pool(tmp_path / "again")
    shutil.copy(tmp_path / "again" / path.name, path)
    assert len(token_store.open_store(pool, MODEL).tokens) == 6


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("keys", np.ones((5, 4), np.float16)),
        ("keys", np.full((6, 4), np.nan, np.float16)),
        ("keys", np.ones(6, np.float16)),
        ("tokens", np.full(6, -1, np.int32)),
        ("tokens", np.ones(6)),
        ("top", np.ones((6, 1), np.float32)),
        ("lengths", np.array([-1, 7])),
        ("lengths", np.array([10**12, 1])),
        ("lengths", np.array([3])),
        ("clips", np.zeros((2, 2), "U4")),
        ("header", np.array("{")),
        ("header", np.array("[]")),
        ("header", np.zeros(3)),
    ],
)
def test_parts_of_a_datastore_that_do_not_fit(name: str, array: np.ndarray, tmp_path: Path) -> None:
    pool = read_pool(tmp_path / "pool")
    path = token_store.store_path(pool, MODEL)
    with Arrays(path) as stored:
        arrays = {n: stored[n] for n in (*token_store.PARTS, "header", "clips", "lengths")}
    write_arrays(path, arrays | {name: array})
    with pytest.raises(PoolError, match="has not been read by this model"):
        token_store.open_store(pool, MODEL)
    assert path.with_name(f"{path.name}.damaged").exists()


def test_the_datastore_of_another_recognizer_is_not_set_aside(tmp_path: Path) -> None:
    pool = read_pool(tmp_path / "pool")
    assert not token_store.present(pool, model(replace(INFO, precision="int8")))
    assert token_store.present(pool, MODEL)


@pytest.mark.parametrize("number", range(9))
def test_a_damaged_map_is_told(number: int, tmp_path: Path) -> None:
    made = small_map()
    maps.save([made], tmp_path)
    path = tmp_path / "demo.npz"
    path.write_bytes(bad_bytes(path.read_bytes())[number])
    loaded, refused = outcome(lambda: maps.load(maps.entries(tmp_path)["demo"], tmp_path))
    assert "make it again with: smile project" in refused or not refused
    assert refused or (loaded.ids == made.ids and number == 4)


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("near", np.full((2, NEAR), 9, np.int32)),
        ("near", np.zeros((2, NEAR))),
        ("seconds", np.array(["a", "b"])),
        ("seconds", np.array([1.0, np.nan])),
        ("js-2", np.zeros((2, 3), np.float32)),
        ("ids", np.zeros(2)),
        ("kl", np.zeros(2)),
    ],
)
def test_arrays_of_a_map_that_do_not_fit(name: str, array: np.ndarray, tmp_path: Path) -> None:
    made = small_map()
    maps.save([made], tmp_path)
    arrays = {
        "ids": np.array(made.ids),
        "seconds": made.seconds,
        "near": made.near,
        "kl": made.kl,
        **made.layouts,
    }
    write_arrays(tmp_path / "demo.npz", arrays | {name: array})
    with pytest.raises(SmileError, match="make it again with: smile project"):
        maps.load(made.entry, tmp_path)


@pytest.mark.parametrize("wrong", WRONG, ids=repr)
@pytest.mark.parametrize("field", ["members", "encoder", "figures", "settings", "commit", "date"])
def test_a_map_that_the_manifest_tells_wrongly_leaves_the_others(
    field: str, wrong: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    maps.save([small_map(), replace(small_map(), entry=replace(small_map().entry, name="good"))], tmp_path)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    manifest["demo"][field] = wrong
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    entries = maps.entries(tmp_path)
    assert "good" in entries
    assert ("demo" in entries) != any("'demo' is damaged" in r.getMessage() for r in caplog.records)
    assert "demo" not in entries or field in ("settings", "commit", "date")


def test_a_manifest_cannot_name_a_map_elsewhere(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    maps.save([small_map(), replace(small_map(), entry=replace(small_map().entry, name="good"))], tmp_path)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    manifest["../../demo"] = manifest.pop("demo")
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    assert maps.entries(tmp_path).keys() == {"good"}


def packed(folder: Path, name: str, language: str) -> Path:
    """An evaluation of one utterance, packed."""
    file = RowFile(folder / "raw" / name, language)
    file.path.parent.mkdir(parents=True)
    row = Row("a", language, "test", "vanilla", "0", plain_edits=1, plain_length=2)
    file.add([(replace(row, stopped="end"), Seconds("a", "0", 1.0))])
    file.write()
    rows.write_lines(file.path.parent / "x", [])
    packing.pack([file.path.parent], folder / "packed" / name)
    return folder / "packed" / name / packing.RESULTS


def parquet(**columns: Any) -> bytes:
    out = io.BytesIO()
    pd.DataFrame(columns).to_parquet(out)
    return out.getvalue()


@pytest.mark.parametrize("number", range(12))
def test_a_bad_parquet_among_good_ones(number: int, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    packed(tmp_path, "good", "mdw")
    path = packed(tmp_path, "bad", "sxb")
    frame = pd.read_parquet(path)
    others = [
        parquet(a=[1]),
        parquet(language=[1], id=[2], hash=[3]),
        frame.assign(hypothesis=3).to_parquet(),
    ]
    bad = [*bad_bytes(path.read_bytes()), *others][number]
    path.write_bytes(bad)
    loaded = packing.load(tmp_path / "packed")
    if set(loaded["language"]) == {"mdw"}:
        assert str(path) in caplog.text
        assert caplog.text.count("\n") == 1
        assert "pack it again" in caplog.text
        shutil.rmtree(tmp_path / "packed" / "good")
        with pytest.raises(SmileError, match="pack it again with: smile results pack"):
            packing.load(tmp_path / "packed")
    else:
        assert number in (4, 8)  # bytes that parquet does not look at
        assert loaded["hypothesis"].tolist() == ["", ""]


@pytest.mark.parametrize("wrong", [None, 3, "x", [1], float("nan"), float("inf"), -1, True], ids=repr)
@pytest.mark.parametrize("column", packing.COLUMNS | packing.TIMES)
def test_every_column_of_packed_rows(column: str, wrong: Any, tmp_path: Path) -> None:
    path = packed(tmp_path, "bad", "sxb")
    frame = pd.read_parquet(path)
    frame.assign(**{column: [wrong] * len(frame)}).to_parquet(path)
    loaded, refused = outcome(lambda: packing.load(tmp_path / "packed"))
    if refused:
        assert f"has no column {column}, or one of another kind; pack it again" in refused
        return
    kind = (packing.COLUMNS | packing.TIMES)[column]
    assert kind != "list" or (column, wrong) == ("distances", [1])
    assert kind != "str" or wrong == "x"
    assert kind != "float" or wrong in (None, 3) or np.isnan(loaded[column]).all()


@pytest.mark.parametrize("wrong", [w for w in WRONG if w != 3], ids=repr)
@pytest.mark.parametrize("field", ["shots", "seed", "beam_size", "knn", "minutes", "side"])
def test_settings_of_packed_rows(field: str, wrong: Any, tmp_path: Path) -> None:
    path = packed(tmp_path, "bad", "sxb").with_name("manifest.json")
    usual = condition("usual").facts()
    for told in ({**usual, field: wrong}, {k: v for k, v in usual.items() if k != field}):
        path.write_text(json.dumps({"conditions": {"0": told}, "runs": []}))
        _, refused = outcome(lambda: packing.load(tmp_path / "packed"))
        assert refused or told.get(field) == 1.5 or "side" not in told
        assert "manifest.json is damaged; pack it again" in refused or not refused


@pytest.mark.parametrize(
    "text", ["", "{", "[" * 100_000, '{"conditions": {"0": 3}, "runs": []}', "\xff", "null"]
)
def test_a_bad_manifest_beside_good_ones(text: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    packed(tmp_path, "good", "mdw")
    path = packed(tmp_path, "bad", "sxb").with_name("manifest.json")
    path.write_bytes(text.encode("latin-1"))
    assert set(packing.load(tmp_path / "packed")["language"]) == {"mdw"}
    assert f"{path} is damaged" in caplog.text


@pytest.mark.parametrize("wrong", WRONG, ids=repr)
@pytest.mark.parametrize("field", [f for f in Header.__dataclass_fields__ if f != "format"])
def test_every_field_of_a_pools_header(field: str, wrong: Any, tmp_path: Path) -> None:
    folder = indexed(tmp_path / "pool").folder
    fields = json.loads((folder / "pool.json").read_text())
    (folder / "pool.json").write_text(json.dumps(fields | {field: wrong}))
    header, refused = outcome(lambda: read_header(folder))
    assert refused.count("\n") == 0
    assert refused or json.loads(json.dumps(asdict(header)))[field] == wrong


@pytest.mark.parametrize("wrong", WRONG, ids=repr)
@pytest.mark.parametrize(
    ("outer", "field"),
    [(kind.__name__, f) for kind in (Language, EncoderId) for f in kind.__dataclass_fields__],
)
def test_every_field_of_language_and_encoder(outer: str, field: str, wrong: Any, tmp_path: Path) -> None:
    folder = indexed(tmp_path / "pool").folder
    fields = json.loads((folder / "pool.json").read_text())
    fields["language" if outer == "Language" else "encoder"][field] = wrong
    (folder / "pool.json").write_text(json.dumps(fields))
    if isinstance(wrong, str):
        return
    with pytest.raises(PoolError, match=r"pool\.json is damaged; make the pool again"):
        read_header(folder)


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xfe", b"[" * 100_000, b"9" * 5000, b'{"format": 1}', b"nul\0l", b"{}"]
)
def test_a_header_of_other_bytes(data: bytes, tmp_path: Path) -> None:
    folder = indexed(tmp_path / "pool").folder
    (folder / "pool.json").write_bytes(data)
    with pytest.raises(PoolError, match=r"pool\.json is damaged"):
        read_header(folder)


@pytest.mark.parametrize(
    "line",
    ['"c","audio/a.wav","' + "x" * 200_000 + '","",1', '"c","audio/a\0.wav","one","",1', '"c"',
     '"c","audio/a.wav"',
     '"c","audio/a.wav","one","","inf"', '"c","audio/a.wav","one","",""', '"c\0","audio/a.wav","one","",1',
     '"c',
     '"c","","one","",1', '"c","audio","one","",1', '"c","audio/../../x","one","",1', '\xff\xff\xff'],
)  # fmt: skip
def test_rows_of_clips(line: str, tmp_path: Path) -> None:
    folder = indexed(tmp_path / "pool").folder
    with (folder / "clips.csv").open("ab") as file:
        file.write(line.encode("latin-1") + b"\n")
    with pytest.raises(PoolError) as caught:
        open_pool(folder)
    assert str(caught.value).count("\n") == 0
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("wrong", WRONG, ids=repr)
@pytest.mark.parametrize("field", PoolSetting.__dataclass_fields__)
def test_every_field_of_a_setting(field: str, wrong: Any, tmp_path: Path) -> None:
    write_setting(tmp_path, PoolSetting(3, 0.25))
    path = tmp_path / "setting.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {field: wrong}))
    setting, refused = outcome(lambda: read_setting(tmp_path))
    if refused:
        assert "is damaged; remove it, or make it again with: smile check POOL" in refused
    else:
        assert asdict(setting)[field] == wrong


@pytest.mark.parametrize("wrong", WRONG, ids=repr)
@pytest.mark.parametrize("field", Row.__dataclass_fields__)
def test_every_field_of_a_row(field: str, wrong: Any, tmp_path: Path) -> None:
    row = json.loads(json.dumps(asdict(Row("a", "mdw", "test", "vanilla", "0"))))
    (tmp_path / "mdw.jsonl").write_text(json.dumps(row | {field: wrong}) + "\n")
    loaded, refused = outcome(lambda: rows.read_rows(tmp_path / "mdw.jsonl"))
    if refused:
        assert "remove it, or evaluate into another folder" in refused
    else:
        assert json.loads(json.dumps(asdict(loaded[0])))[field] == wrong


def test_a_line_of_a_log_that_is_damaged_is_done_again_and_the_others_are_not(tmp_path: Path) -> None:
    path = tmp_path / "done.jsonl"
    log = Log(path, {})
    for key in "abc":
        log.add(key, {"found": key})
    log.close()
    data = path.read_bytes()
    for place in range(data.index(b'["b"') - 9, data.index(b'["c"') - 10):
        path.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        again = Log(path, {})
        assert [again.get(key) for key in "abc"] == [{"found": "a"}, None, {"found": "c"}]
        again.close()


def test_what_a_log_holds_of_another_kind_is_encoded_again(tmp_path: Path) -> None:
    pool = small_pool(tmp_path / "pool")
    encoder = Encoder(None)
    log = Log(tmp_path / "done.jsonl", encoder.settings)
    clip = pool.utterances[0].audio
    wanted = remembering(encoder, log)(clip)
    for wrong in WRONG[1:]:
        log.add(digest(clip), wrong)
        again = remembering(encoder, log)(clip)
        assert again.seconds == wanted.seconds
    log.close()


@pytest.mark.parametrize("number", range(9))
def test_a_damaged_learned_distance(number: int, tmp_path: Path) -> None:
    path = tmp_path / "similarity.npz"
    write_arrays(path, {"mean": np.zeros(3, np.float32), "projection": np.eye(3, 2, dtype=np.float16)})
    path.write_bytes(bad_bytes(path.read_bytes())[number])
    ones = np.ones((2, 3), np.float32)
    _, refused = outcome(lambda: similarity.learned(ones, ones, path))
    assert refused or number == 4  # bytes after the archive's end
    assert "is damaged; make it again with: smile similarity" in refused or not refused


@pytest.mark.parametrize(
    "entry",
    [
        {"shape": [2, 3]}, {"shape": [-2, -2]}, {"shape": "x"}, {"shape": None}, {"shape": [10**12]},
        {"data_offsets": [0]}, {"data_offsets": [8, 0]}, {"data_offsets": [-8, 16]}, {"data_offsets": "ab"},
        {"dtype": 3}, {"dtype": None}, {"dtype": "F64"}, {"shape": [2.0, 2.0]},
    ],
    ids=str,
)  # fmt: skip
def test_tensors_whose_header_lies(entry: dict[str, Any], tmp_path: Path) -> None:
    header = json.dumps({"a": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]} | entry}).encode()
    (tmp_path / "a.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + bytes(16))
    with pytest.raises(WeightsError):
        open_safetensors(tmp_path / "a.safetensors").read_float32()


def adapter(folder: Path, **change: Any) -> Path:
    from safetensors.numpy import save_file

    folder.mkdir()
    name = "base_model.model.model.decoder.layers.0.fc1.lora_{}.weight"
    tensors = {name.format("A"): np.ones((2, 4), np.float32), name.format("B"): np.ones((3, 2), np.float32)}
    save_file(tensors, folder / adapters.WEIGHTS)
    config = {"peft_type": "LORA", "lora_alpha": 4, "r": 2, "alpha_pattern": {}, "use_rslora": False}
    (folder / "adapter_config.json").write_text(json.dumps(config | change))
    return folder


@pytest.mark.parametrize("wrong", [*WRONG, {"(": 1}, {"fc1": "x"}], ids=repr)
@pytest.mark.parametrize("field", ["peft_type", "lora_alpha", "alpha_pattern", "use_rslora", "bias"])
def test_every_field_of_an_adapters_config(field: str, wrong: Any, tmp_path: Path) -> None:
    loaded, refused = outcome(lambda: adapters.load(adapter(tmp_path / "a", **{field: wrong})))
    assert refused.count("\n") == 0
    assert refused or all(np.isfinite(update.delta()).all() for update in loaded.updates.values())


@pytest.mark.parametrize("wrong", WRONG, ids=repr)
@pytest.mark.parametrize("field", ["config", "data", "begun"])
def test_a_damaged_card_of_an_adapter(field: str, wrong: Any, tmp_path: Path) -> None:
    folder = adapter(tmp_path / "a")
    (folder / "smile.json").write_text(json.dumps({field: wrong}))
    loaded, refused = outcome(lambda: adapters.load(folder))
    assert "smile.json is damaged" in refused or not refused
    assert refused or (loaded.scale, loaded.trained_on, loaded.encoding) == (1.0, "", "concatenated")


def test_weights_of_an_adapter_that_are_not_numbers(tmp_path: Path) -> None:
    folder = adapter(tmp_path / "a")
    path = folder / adapters.WEIGHTS
    path.write_bytes(path.read_bytes()[:-4] + struct.pack("<f", float("nan")))
    with pytest.raises(WeightsError, match="values that are not numbers"):
        adapters.load(folder)


def test_what_is_set_aside_is_told_and_only_the_last_is_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for text in ("one", "two"):
        (tmp_path / "a.npz").write_text(text)
        set_aside(tmp_path / "a.npz")
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("a.npz.damaged", "two")]
    assert [r.levelno for r in caplog.records] == [logging.WARNING] * 2
    set_aside(tmp_path / "none")
    assert "cannot be set aside" in caplog.records[-1].getMessage()


@pytest.mark.parametrize("data", [b"", b"{", b"\xff", b"[" * 100_000, b"9" * 5000])
def test_json_of_other_bytes(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(data)
    with pytest.raises(DamagedError, match=r"a\.json is damaged"):
        read_json(tmp_path / "a.json")


@pytest.mark.parametrize("kind", ["folder", "superb"])
@pytest.mark.parametrize("width", [0, 2, 4])
def test_embeddings_of_another_width_are_not_taken_away(
    width: int, kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, out = indexed(tmp_path / "pool").folder, tmp_path / "out.zip"
    assert read_header(folder).width == 3
    np.save(folder / "embeddings.npy", np.ones((2, width), np.float32))
    assert cli.main(["pool", "export", str(folder), "--format", kind, "--out", str(out)]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert f"is {width} values wide, which is not its encoder's width; index it again with" in said
    assert not out.exists()


def test_embeddings_of_two_widths_are_not_compared() -> None:
    for name in (*divergences.DIVERGENCES, divergences.LEARNED):
        with pytest.raises(SmileError, match="embeddings have 4 values and not 3"):
            divergences.distances(name, np.ones((1, 3), np.float32), np.ones((2, 4), np.float32))


@pytest.mark.parametrize("name", ["pool.json", "clips.csv", "embeddings.npy"])
def test_a_command_says_one_sentence(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = indexed(tmp_path / "pool").folder
    (folder / name).write_bytes(b"\xff\0" * 50)
    assert cli.main(["pool", "export", str(folder), "--out", str(tmp_path / "out.zip")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "out.zip").exists()
