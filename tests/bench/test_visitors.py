"""The benchmark of many visitors: every client gets its own clip's transcripts, and memory is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from smile.bench import visitors
from smile.corpora import open_corpus
from smile.datatypes import SmileError
from tests.support.superb import superb


def test_clients_of_a_real_app_get_what_each_would_get_alone(tmp_path: Path) -> None:
    clips = open_corpus(superb(tmp_path)).read("gle", "10min_test").utterances
    with visitors.serving() as app:
        _, each = visitors.one_by_one(app, clips, "gle")
        _, all_, page = visitors.at_once(app, clips, "gle")
        row = visitors.memory(app, clips[0], visitors.Asked(tmp_path, "gle", requests=2))
    assert all_ == each
    assert len(set(each)) == len(clips)
    assert page
    assert row["requests"] == 2


def test_more_clients_than_clips_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SmileError, match="ask for so many clients at most"):
        visitors.run(visitors.Asked(superb(tmp_path), "gle", clients=4))
