"""Copies in a datastore: written by name, read back whatever the file says, carried from pool to pool."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from smile.audio.io import read_audio
from smile.decoding.knn.copied import carried, groups_in, owners_of, with_groups
from smile.pools.pool import open_pool
from tests.conftest import POOLS

NAMES = ("a", "b", "c", "d", "e")


def test_groups_are_written_by_name() -> None:
    header = with_groups('{"format": 3}', ((0, 2), (1, 4)), NAMES)
    assert json.loads(header)["format"] == 3
    assert groups_in(header, NAMES) == ((0, 2), (1, 4))
    assert groups_in(header, ("c", "b", "a")) == ((2, 0),)
    assert groups_in('{"format": 3}', NAMES) is None


@given(st.recursive(st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.just({"a": 1})))
def test_a_header_that_says_anything_else_has_no_groups_or_good_ones(said: object) -> None:
    groups = groups_in(json.dumps({"copies": said}), NAMES) or ()
    assert all(0 <= i < len(NAMES) for group in groups for i in group)


def test_the_first_of_a_group_owns_the_keys_of_all() -> None:
    owners = owners_of(((1, 3),), np.array([0, 1, 2, 3, 3, 4]))
    assert owners.tolist() == [0, 1, 2, 1, 1, 4]


def test_groups_are_carried_and_new_clips_join_them(tmp_path_factory: pytest.TempPathFactory) -> None:
    whole, folder = open_pool(POOLS / "gla"), tmp_path_factory.mktemp("sounds")
    for name, index in (("again", 1), ("other", 2)):
        soundfile.write(folder / f"{name}.wav", read_audio(whole.utterances[index].audio) / 2, 16000)
    added = tuple(
        replace(whole.utterances[i], id=name, audio=folder / f"{name}.wav")
        for name, i in (("again", 1), ("other", 2))
    )
    new = replace(
        whole,
        utterances=(*whole.utterances[:3], *added),
        embeddings=whole.embeddings[[0, 1, 2, 1, 2]],
    )
    before, after = ("0", "1", "2", "x"), ("0", "1", "2", "again", "other")
    assert sorted(carried(((0, 1), (2, 3)), before, new, after)) == [(0, 1, 3), (2, 4)]
    assert carried(((0, 1),), after, new, after) == ((0, 1),)
