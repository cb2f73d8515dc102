"""Grids and the conditions in them."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from smile.datatypes import SmileError
from smile.evaluation.conditions import GRIDS, Condition, read_grid, resolved
from smile.paths import PRECOMPUTED
from tests.made_conditions import condition

OTHER: dict[str, Any] = {
    "characters": "hard",
    "side": "vanilla",
    "sampler": "random",
    "divergence": "js",
    "prompt": "plain",
    "windows": (30.0,),
    "loops": False,
    "bounded": False,
}


def grid(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "grid.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", [path.stem for path in GRIDS.glob("*.toml")])
def test_the_grids_that_come_along_can_be_read(name: str) -> None:
    conditions = read_grid(name)
    assert conditions[0] == condition("vanilla", "vanilla", shots=0, cut_loops=False, length_limit=False)


def test_the_hash_follows_every_setting_but_the_name() -> None:
    base = condition("a")
    assert replace(base, name="b").hash == base.hash
    for field in fields(Condition)[1:]:
        value = getattr(base, field.name)
        other = (
            OTHER[field.name] if field.name in OTHER else f"{value}x" if field.type == "str" else value + 1
        )
        assert replace(base, **{field.name: other}).hash != base.hash, field.name


def test_the_hash_is_that_of_sorted_json() -> None:
    import hashlib
    import json

    settings = json.dumps(condition("a").settings(), sort_keys=True)
    assert condition("a").hash == hashlib.sha256(settings.encode()).hexdigest()[:12]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('{ name = "a", shot = 1 }', "no setting"),
        ('{ name = "a", shots = 11 }', "0 to 10"),
        ('{ name = "a", shots = true }', "wrong kind"),
        ('{ name = "a", shots = "1" }', "wrong kind"),
        ('{ name = "a", divergence = "x" }', "one of kl"),
        ('{ name = "a", knn = 1.5 }', "knn is 0 to 1"),
        ('{ name = "a", side = "vanilla", knn = 0.3 }', "vanilla"),
        ('{ name = "a", side = "vanilla", characters = "hard" }', "vanilla"),
        ('{ name = "a", characters = "harder" }', "one of off, soft, hard"),
        ('{ name = "a", clips = -1 }', "at least 0"),
        ('{ name = "a", clips = 1.5 }', "wrong kind"),
        ("{ shots = 1 }", "without a name"),
        ('{ name = "a" }, { name = "a", shots = 2 }', "same name"),
        ('{ name = "a" }, { name = "b" }', "same hash"),
        ("", "no conditions"),
        ("{", "not TOML"),
    ],
)
def test_bad_grids_are_refused_in_a_sentence(tmp_path: Path, line: str, says: str) -> None:
    with pytest.raises(SmileError, match=says):
        read_grid(grid(tmp_path, f"condition = [ {line} ]"))


def test_tables_are_read_too(tmp_path: Path) -> None:
    path = grid(tmp_path, '[[condition]]\nname = "a"\nknn = 0\nwindows = [15, 30]\n')
    assert read_grid(path) == (condition("a", knn=0.0, windows=(15, 30)),)


def test_a_grid_that_is_not_there() -> None:
    with pytest.raises(SmileError, match=r"one of .*main"):
        read_grid("nowhere")


def test_the_adapter_is_filled_in() -> None:
    given = condition("a", adapter="given")
    (found,) = resolved([given], "0123456789ab", model="m", engine="lean")
    assert (found.adapter, found.model, found.engine) == ("0123456789ab", "m", "lean")
    with pytest.raises(SmileError, match="--adapter"):
        resolved([given], "")


def test_settings_that_came_later_leave_older_hashes_as_they_were() -> None:
    manifest = json.loads((PRECOMPUTED / "manifest.json").read_text(encoding="utf-8"))
    names = {field.name for field in fields(Condition)}
    for known, settings in manifest["conditions"].items():
        assert set(settings) <= names
        again = condition(**{**settings, "windows": tuple(settings["windows"])})
        assert again.hash == known


def test_a_later_setting_counts_where_it_is_used() -> None:
    plain = condition("a")
    for name, value in (("total", 25.0), ("candidates", 4), ("characters", "soft"), ("clips", 30)):
        assert replace(plain, **{name: value}).hash != plain.hash
        assert name not in plain.settings()


def test_a_grid_has_defaults_that_whisper_alone_does_not_take(tmp_path: Path) -> None:
    grid = tmp_path / "g.toml"
    grid.write_text(
        'default = { knn = 0.5, shots = 2 }\ncondition = [{ name = "v", side = "vanilla", shots = 0 }, '
        '{ name = "a" }, { name = "b", shots = 1 }]'
    )
    alone, a, b = read_grid(grid)
    assert (alone.knn, a.knn, a.shots, b.knn, b.shots) == (0.0, 0.5, 2, 0.5, 1)


def test_decoding_kept_to_characters_differs_from_what_it_is_compared_with_in_nothing_else() -> None:
    found = {c.name: c for c in read_grid("characters")}
    for name in ("smile-1", "smile-3"):
        for mode in ("soft", "hard"):
            assert replace(found[f"{name}-{mode}"], name=name, characters="off") == found[name]


def test_a_language_of_ones_own_has_pools_of_a_dozen_to_a_hundred_examples() -> None:
    found = {c.name: c for c in read_grid("own") if c.side == "in-context"}
    sizes = {(c.clips, c.shots, c.characters) for c in found.values()}
    modes = {(3, "off"), (3, "soft"), (3, "hard"), (1, "off")}
    assert sizes == {(clips, *mode) for clips in (12, 30, 100) for mode in modes}
    whole = {c.name: c for c in read_grid("characters")}
    for condition in found.values():
        name = condition.name.replace(f"-{condition.clips}clips", "")
        assert replace(condition, name=name, clips=0) == whole[name]
