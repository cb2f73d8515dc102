"""Arrays that stay on the disk: the same values as when they are read, and no header is believed."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smile.datatypes import DamagedError
from smile.util.arrays import Arrays, write_arrays


@pytest.mark.parametrize("shape", [(5, 4), (7,), (0, 3), (1, 1)])
@pytest.mark.parametrize("kind", ["<f2", "<f4", "<i8"])
def test_a_mapped_array_is_the_one_that_is_read(tmp_path: Path, shape: tuple[int, ...], kind: str) -> None:
    path = tmp_path / "some.npz"
    array = np.arange(np.prod(shape)).reshape(shape).astype(kind)
    write_arrays(path, {"before": np.arange(3), "array": array, "fortran": np.asfortranarray(array)})
    with Arrays(path) as stored:
        for name in ("array", "fortran"):
            mapped = stored.mapped(name)
            np.testing.assert_array_equal(mapped, stored[name])
            assert stored.shape(name) == shape
            assert mapped.dtype == kind
    np.testing.assert_array_equal(mapped, array)


def test_it_stays_what_it_was_when_another_file_takes_the_name(tmp_path: Path) -> None:
    path = tmp_path / "some.npz"
    write_arrays(path, {"a": np.ones(1000)})
    with Arrays(path) as stored:
        mapped, before = stored.mapped("a"), stored.checksum("a")
    write_arrays(path, {"a": np.zeros(1000)})
    with Arrays(path) as stored:
        assert stored.checksum("a") != before
    assert mapped.sum() == 1000


def test_it_may_not_be_changed(tmp_path: Path) -> None:
    write_arrays(tmp_path / "some.npz", {"a": np.ones(3)})
    with Arrays(tmp_path / "some.npz") as stored, pytest.raises(ValueError, match="read-only"):
        stored.mapped("a")[0] = 2


def test_what_is_compressed_cannot_be_mapped(tmp_path: Path) -> None:
    write_arrays(tmp_path / "some.npz", {"a": np.ones(300)}, compressed=True)
    with Arrays(tmp_path / "some.npz") as stored, pytest.raises(DamagedError):
        stored.mapped("a")


@given(cut=st.integers(1, 400), at=st.integers(0, 600), value=st.integers(0, 255))
def test_damage_is_told_or_leaves_the_shape(
    tmp_path_factory: pytest.TempPathFactory, cut: int, at: int, value: int
) -> None:
    path = tmp_path_factory.mktemp("damaged") / "some.npz"
    write_arrays(path, {"a": np.arange(50, dtype="<f4")})
    data = bytearray(path.read_bytes())
    data[at % len(data)] = value
    for changed in (bytes(data), bytes(data[:-cut])):
        path.write_bytes(changed)
        try:
            with Arrays(path) as stored:
                assert stored.mapped("a").nbytes <= len(changed)
        except DamagedError:
            continue


def test_a_header_that_asks_for_more_than_the_file_has_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "some.npz"
    write_arrays(path, {"a": np.arange(50, dtype="<f4")})
    data = bytearray(path.read_bytes())
    directory = data.rindex(b"PK\x01\x02")
    data[directory + 20 : directory + 28] = struct.pack("<II", 1 << 20, 1 << 20)
    path.write_bytes(bytes(data))
    with pytest.raises(DamagedError), Arrays(path) as stored:
        stored.mapped("a")
