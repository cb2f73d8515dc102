"""Grids and the conditions in them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from smile.datatypes import SmileError
from smile.evaluation.conditions import FACTS, GRIDS, SINCE, Condition, of_facts, read_grid, resolved
from smile.paths import PRECOMPUTED
from smile.settings import VERSIONS, Settings
from tests.support.made_conditions import changed, condition

OTHER: dict[str, Any] = {
    "characters": "hard",
    "level": "acoustic",
    "side": "vanilla",
    "sampler": "random",
    "divergence": "js",
    "windows": (30.0,),
    "language_token": "sw",
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
    for name, value in base.facts().items():
        other = not value if isinstance(value, bool) else f"{value}x" if isinstance(value, str) else None
        other = OTHER.get(name, value + 1 if other is None and name not in OTHER else other)
        assert changed(base, **{name: other}).hash != base.hash, name


def test_the_hash_is_that_of_sorted_json() -> None:
    import hashlib
    import json

    facts = {name: v for name, v in condition("a").facts().items() if SINCE.get(name, ...) != v}
    text = json.dumps(facts, sort_keys=True)
    assert condition("a").hash == hashlib.sha256(text.encode()).hexdigest()[:12]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('{ name = "a", shot = 1 }', "no setting"),
        ('{ name = "a", level_version = 1 }', "no setting"),
        ('{ name = "a", shots = 11 }', "0 to 10"),
        ('{ name = "a", shots = true }', "a whole number from 0 to 10"),
        ('{ name = "a", shots = "1" }', "a whole number from 0 to 10"),
        ('{ name = "a", divergence = "x" }', "one of kl"),
        ('{ name = "a", knn = 1.5 }', "knn is a number from 0 to 1"),
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
    assert read_grid(path) == (Condition("a", settings=Settings(knn=0.0, windows=(15, 30))),)


def test_a_grid_that_is_not_there() -> None:
    with pytest.raises(SmileError, match=r"one of .*main"):
        read_grid("nowhere")


def test_the_adapter_is_filled_in() -> None:
    given = condition("a", adapter="given")
    (filled,) = resolved([given], "0123456789ab", model="m", engine="lean")
    assert (filled.adapter, filled.model, filled.engine) == ("0123456789ab", "m", "lean")
    with pytest.raises(SmileError, match="--adapter"):
        resolved([given], "")


def test_settings_that_came_later_leave_older_hashes_as_they_were() -> None:
    manifest = json.loads((PRECOMPUTED / "manifest.json").read_text(encoding="utf-8"))
    for known, facts in manifest["conditions"].items():
        assert set(facts) <= {"name", "level_version", *FACTS}
        assert of_facts(facts).hash == known


@pytest.mark.parametrize(
    ("level", "known"),
    [("context", "f38235c4c207"), ("acoustic", "92c1cd3ffd9a"), ("combined", "8ec5ef28d5ef")],
)
def test_a_level_of_a_later_version_has_another_hash_and_older_rows_keep_theirs(
    level: Any, known: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for part in VERSIONS:
        monkeypatch.setitem(VERSIONS, part, 1)
    today = Condition("a", settings=Settings(level=level))
    facts = today.facts()
    assert (today.hash, "level_version" in facts) == (known, False)
    monkeypatch.setitem(VERSIONS, "acoustic", 2)
    assert (today.hash == known) == (level == "context")
    assert today.facts().get("level_version", 1) == (1 if level == "context" else 2)
    assert of_facts(facts).hash == known
    assert of_facts(today.facts()) == replace(today, name="")


def test_a_later_setting_counts_where_it_is_used() -> None:
    plain = condition("a")
    for name, value in (("total_seconds", 25.0), ("candidates", 4), ("characters", "soft"), ("clips", 30)):
        assert changed(plain, **{name: value}).hash != plain.hash
        assert plain.facts()[name] == SINCE[name]


def test_a_grid_has_defaults_that_whisper_alone_does_not_take(tmp_path: Path) -> None:
    grid = tmp_path / "g.toml"
    grid.write_text(
        'default = { knn = 0.5, shots = 2 }\ncondition = [{ name = "v", side = "vanilla", shots = 0 }, '
        '{ name = "a" }, { name = "b", shots = 1 }]'
    )
    alone, a, b = read_grid(grid)
    assert [(c.settings.knn, c.settings.shots) for c in (alone, a, b)] == [(0.0, 0), (0.5, 2), (0.5, 1)]


def test_decoding_kept_to_characters_differs_from_what_it_is_compared_with_in_nothing_else() -> None:
    conditions = {c.name: c for c in read_grid("characters")}
    for name in ("smile-1", "smile-3"):
        for mode in ("soft", "hard"):
            assert changed(conditions[f"{name}-{mode}"], name=name, characters="off") == conditions[name]


def test_a_language_of_ones_own_has_pools_of_a_dozen_to_a_hundred_examples() -> None:
    own = {c.name: c for c in read_grid("own") if c.side == "in-context"}
    sizes = {(c.clips, c.settings.shots, c.settings.characters) for c in own.values()}
    modes = {(3, "off"), (3, "soft"), (3, "hard"), (1, "off")}
    assert sizes == {(clips, *mode) for clips in (12, 30, 100) for mode in modes}
    whole = {c.name: c for c in read_grid("characters")}
    for one in own.values():
        name = one.name.replace(f"-{one.clips}clips", "")
        assert replace(one, name=name, clips=0) == whole[name]
