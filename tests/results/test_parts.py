"""Short names of conditions: made of the parts in which they differ, one for each label."""

from __future__ import annotations

import pandas as pd
import pytest

from smile.results import labels, packing
from smile.results.naming import side_of
from smile.results.parts import USUAL, WHOLE, legend, parts_of, short, usual_of
from tests.support.measured import packed


@pytest.fixture(scope="module")
def facts(tmp_path_factory):
    return labels.conditions(packed(tmp_path_factory.mktemp("measured"), clips=2))


def test_names_say_what_differs_and_leave_the_usual_unsaid(facts):
    names = facts.set_index("name")["short"]
    assert names["vanilla-controlled"] == "Whisper alone, controlled"
    assert names["u-0"] == "untrained · no examples"
    assert names["smile-3-nearest"] == "SMILE · 3 nearest"
    assert names["u-1-cosine"] == "untrained · 1 nearest by cosine"
    assert names["u-3-2min"] == "untrained · 3 nearest · pool of 2 min"
    assert names["k-1"] == "untrained · 1 nearest · kNN-LM, loops prevented"
    assert names["w-1"] == "untrained · 1 nearest · pool of chr"
    assert names["u-1-oracle"] == "untrained · 1 best by reference of 8"


def test_every_label_has_a_name_of_its_own_and_stays_the_key(facts):
    pairs = facts[["label", "short"]].drop_duplicates()
    assert pairs["label"].is_unique
    assert pairs["short"].is_unique
    assert set(facts.loc[facts["name"].str.startswith("u-1-random"), "short"]) == {"untrained · 1 random"}


def test_of_what_comes_along_the_pages_own_way_has_the_shortest_name():
    facts = labels.conditions(packing.load())
    names = labels.names(facts)
    assert names[labels.headline(facts)] == "SMILE · 3 nearest"
    assert len(set(names.values())) == len(names)
    assert max(map(len, names.values())) < 110
    assert "kNN-LM" in dict(legend(facts))["unsaid"]


def test_the_usual_is_what_most_have_in_common(facts):
    assert usual_of(facts)["knn"] == 0.0
    only = facts[facts["name"].isin(["vanilla", "k-1"])]
    assert usual_of(only)["knn"] == 1.0
    assert usual_of(facts[facts["side"] == "vanilla"])["knn"] == 1.0, (
        "the page's own, where nothing was measured"
    )


def test_names_are_made_of_their_parts(facts):
    assert [short(parts) for parts in facts["parts"]] == facts["short"].tolist()
    assert {parts.pool for parts in facts["parts"]} >= {WHOLE, "pool of 2 min", "pool of chr"}
    assert {parts.decoding for parts in facts["parts"]} >= {USUAL, "25 s in all"}


def test_settings_that_names_do_not_tell_are_told_by_the_hash(tmp_path):
    rows = packed(tmp_path, clips=2)
    other = rows[rows["condition"] == "u-1-nearest"].assign(hash="ffff00000000", windows="30")
    names = labels.conditions(pd.concat([rows, other])).set_index("label")["short"]
    assert names["In-context, 1 nearest ffff"] == "untrained · 1 nearest ffff"


def test_the_legend_explains_the_parts_that_there_are(facts):
    told = dict(legend(facts))
    assert {"untrained", "SMILE", "random", "unsaid"} <= set(told)
    assert "SMILE (…)" not in told
    assert legend(facts.iloc[:0])


@pytest.mark.parametrize(
    ("level", "name"),
    [("context", "SMILE · 3 nearest"), ("combined", "Combined · 3 nearest"), ("acoustic", "Acoustic model")],
)
def test_each_level_has_a_name_of_its_own(facts, level, name):
    like = facts[facts["name"].eq("smile-3-nearest")].iloc[0].to_dict() | {"level": level}
    who = side_of(like, several=False, usual=like["adapter"])
    assert short(parts_of(like | {"who": who}, usual_of(facts))) == name
