"""Labels, comparisons of pairs, and the answers to the paper's open questions, from rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from smile.cli import main as cli
from smile.evaluation.conditions import read_grid, resolved
from smile.results import labels
from smile.results import tables as results
from smile.results.evidence import TRAINING, Evidence
from smile.results.findings import NOT_MEASURED, QUESTIONS, as_markdown, findings
from smile.results.pairs import paired
from smile.results.tables import sampled
from smile.results.wording import change
from tests.support.made_conditions import condition
from tests.support.measured import ADAPTER, FITTED, KNN, packed

VANILLA = condition("vanilla", side="vanilla", shots=0, cut_loops=False, length_limit=False)
ONE = condition("u-1", shots=1)


@pytest.fixture(scope="module")
def rows(tmp_path_factory) -> pd.DataFrame:
    return packed(tmp_path_factory.mktemp("measured"))


def answers(rows: pd.DataFrame) -> dict[str, str]:
    return {finding.question: f"{finding.figure} {finding.answer}".strip() for finding in findings(rows)}


# Labels


def test_a_label_comes_from_the_settings(rows):
    facts = labels.conditions(rows).set_index("name")["label"]
    assert facts["vanilla"] == "Whisper alone"
    assert facts["vanilla-controlled"] == "Whisper alone, controlled"
    assert facts["u-0"] == "In-context, no examples"
    assert facts["smile-3-nearest"] == "SMILE, 3 nearest"
    assert facts["u-1-cosine"] == "In-context, 1 nearest, Cosine"
    assert facts["u-3-2min"] == "In-context, 3 nearest, 2 min pool"
    assert facts["k-1"] == "In-context, 1 nearest, kNN-LM, loops prevented"
    assert facts["w-1"] == "In-context, 1 nearest, pool of chr"


def test_pools_of_so_many_clips_and_decoding_kept_to_their_characters_are_named(tmp_path):
    grids = {c.hash: c for name in ("own", "characters") for c in read_grid(name)}
    rows = packed(tmp_path, resolved(grids.values(), ADAPTER), languages=["chr"], clips=3)
    facts = labels.conditions(rows)
    usual, names = "kNN-LM, loops prevented, token pool", facts.set_index("name")["label"]
    assert names["smile-1-30clips"] == f"SMILE, 1 nearest, 30 clips pool, {usual}"
    assert names["smile-3-soft"] == f"SMILE, 3 nearest, {usual}, pool's characters preferred"
    assert names["smile-3-12clips-hard"] == (
        f"SMILE, 3 nearest, 12 clips pool, {usual}, pool's characters only"
    )
    assert names.is_unique
    assert labels.headline(facts) == names["smile-3"], "the page's own way, with the whole pool"
    pairs = {(a, b) for a, b, _ in labels.matched_pairs(facts, "characters", "hard", "off")}
    assert (names["smile-3-100clips-hard"], names["smile-3-100clips"]) in pairs
    assert len(pairs) == 5


def test_seeds_share_a_label_and_are_averaged(rows):
    seeds = rows[rows["condition"].isin([f"u-1-random-{seed}" for seed in range(3)])]
    apart = results.by_language(seeds)
    together = results.by_language(labels.labelled(seeds))
    assert set(together["condition"]) == {"In-context, 1 random"}
    pd.testing.assert_series_equal(
        together.set_index("language")["rate"], apart.groupby("language")["rate"].mean()
    )
    assert (together["clips"] == apart["clips"].max()).all()


def test_settings_that_a_label_does_not_tell_are_told_by_the_hash(rows):
    other = rows[rows["condition"] == "u-1-nearest"].assign(hash="ffff00000000")
    both = labels.conditions(pd.concat([rows, other]))["label"]
    assert both["ffff00000000"] == "In-context, 1 nearest ffff"
    assert both.is_unique or both[both.duplicated()].str.contains("random").all()


def test_rows_without_a_manifest_keep_their_names(rows):
    bare = rows.assign(**dict.fromkeys(["side", "shots", "sampler", "divergence", "seed"]))
    assert set(labels.labelled(bare)["condition"]) == set(rows["condition"])


def test_two_models_are_told_apart(rows):
    other = rows[rows["condition"] == "u-1-nearest"].assign(hash="0" * 12, model="whisper-small/1")
    names = labels.conditions(pd.concat([rows, other]))["label"]
    assert names["0" * 12] == "In-context (whisper-small), 1 nearest"


def test_two_adapters_are_told_apart_in_labels_and_series(rows):
    trained = rows[rows["condition"].str.startswith("smile-") & (rows["sampler"] == "nearest")]
    other = trained.assign(hash="x" + trained["hash"].str[1:], adapter="fedcba987654")
    facts = labels.conditions(pd.concat([rows, other]))
    assert {"SMILE, 1 nearest", "SMILE (fedc), 1 nearest"} <= set(facts["label"])  # most are without a name
    series = set(labels.lines(facts, "shots")["series"])
    assert {"SMILE · nearest", "SMILE (fedc) · nearest", "untrained · nearest"} <= series
    alike = labels.conditions(pd.concat([trained, other]))
    assert {"SMILE (0123), 1 nearest", "SMILE (fedc), 1 nearest"} <= set(alike["label"])


def test_each_adapter_is_compared_with_none_by_itself(rows):
    trained = rows[rows["condition"].str.startswith("smile-") & (rows["sampler"] == "nearest")]
    other = trained.assign(hash="x" + trained["hash"].str[1:], adapter="fedcba987654")
    told = answers(pd.concat([rows, other]))["Does meta-training help?"]
    assert "With the adapter against without it, " in told
    another = told.index("Another adapter, fedc, against without it, ")
    assert "SMILE (fedc) · " not in told[:another]
    assert told.count("Yes.") == 1, "one answer to one question"


def test_of_several_adapters_the_headline_is_the_commonest_ones(rows):
    plain = rows[rows["knn"] == 0]
    other = plain[plain["condition"] == "smile-3-nearest"]
    other = other.assign(hash="y" + other["hash"].str[1:], adapter="0edcba987654")
    facts = labels.conditions(pd.concat([other, plain]))
    assert "SMILE (0edc), 3 nearest" in set(facts["label"])
    assert labels.headline(facts) == "SMILE, 3 nearest"


def test_the_baseline_is_whisper_alone_and_the_headline_what_the_page_does(rows):
    facts = labels.conditions(rows)
    assert labels.baseline(facts) == "Whisper alone"
    assert labels.headline(facts) == "In-context, 1 nearest, kNN-LM, loops prevented"
    assert labels.headline(facts[facts["knn"] == 0]) == "SMILE, 3 nearest"


@pytest.mark.parametrize(
    ("x", "series", "places"),
    [
        ("shots", "SMILE · random", [0, 1, 2, 3, 5, 10]),
        (
            "measure",
            "untrained · 3 examples",
            ["cosine", "euclidean", "js", "kl", "kl-reverse", "mixed", "random"],
        ),
        ("length", "untrained · nearest", [1, 2, 3, 5, 10]),
        ("length", "untrained · nearest · 25 s in all", [1, 3, 10]),
        ("minutes", "untrained · 1 nearest", [0, 1, 2, 5]),
    ],
)
def test_series_vary_one_setting(rows, x, series, places):
    drawn = labels.lines(labels.conditions(rows), x)
    assert sorted(drawn.loc[drawn["series"] == series, "x"]) == places


def test_levels_are_lines_over_the_clips_of_the_pool(tmp_path):
    made = [
        condition(f"{level}-{clips}", level=level, clips=clips)
        for level in ("context", "acoustic", "combined")
        for clips in (5, 30, 0)
    ]
    facts = labels.conditions(packed(tmp_path, (VANILLA, *made), languages=["chr"], clips=3))
    drawn = labels.lines(facts, "clips")
    places = {series: sorted(line["x"]) for series, line in drawn.groupby("series")}
    assert len(places) == 3
    assert all(line == [0, 5, 30] for line in places.values())
    assert not any("pool of" in series for series in places)


def test_twins_differ_in_one_setting(rows):
    facts = labels.conditions(rows)
    pairs = {(ours, theirs) for ours, theirs, _ in labels.matched_pairs(facts, "adapter", bool, "")}
    assert ("SMILE, 1 nearest", "In-context, 1 nearest") in pairs
    assert all(ours.replace("SMILE", "In-context") == theirs for ours, theirs in pairs)
    assert labels.matched_pairs(facts, "knn", bool, 0.0) == []
    ((ours, theirs, _),) = labels.matched_pairs(facts, "knn", bool, 0.0, also=("no_repeat",))
    assert (ours, theirs) == ("In-context, 1 nearest, kNN-LM, loops prevented", "In-context, 1 nearest")


def test_versions_of_a_level_are_told_apart_and_the_latest_is_compared(tmp_path):
    versions = [replace(one, level_version=version) for one in FITTED for version in (1, 2)]
    facts = labels.conditions(packed(tmp_path, (VANILLA, *versions), languages=["chr"], clips=3))
    named = {(line["level"], line["level_version"]): line["label"] for line in facts.to_dict("records")}
    assert named["acoustic", 1] == "Acoustic model"
    assert named["acoustic", 2] == "Acoustic model (version 2)"
    assert ("version 2" in named["combined", 2], "version" in named["combined", 1]) == (True, False)
    assert facts["short"].is_unique
    pairs = labels.matched_pairs(facts, "level", "combined", "acoustic")
    assert [pair[:2] for pair in pairs] == [(named["combined", 2], named["acoustic", 2])]


def test_relatives_share_the_settings_of_a_condition_where_they_can(rows):
    token = rows[rows["condition"].isin(["u-1-nearest", "u-3-nearest"])]
    token = token.assign(hash="f" + token["hash"].str[1:], language_token="pool", no_repeat=True)
    facts = labels.conditions(pd.concat([rows, token]))
    near = labels.relatives(facts, "In-context, 1 nearest, loops prevented, token pool", trained=False)
    assert set(near["series"]) == {"untrained · loops prevented, token pool"}
    assert sorted(near["shots"]) == [1, 3]
    near = labels.relatives(facts, "In-context, 1 nearest, loops prevented, token pool", trained=True)
    assert set(near["series"]) == {"SMILE"}
    assert labels.relatives(facts[facts["adapter"] == ""], "SMILE, 1 nearest", trained=True).empty
    series = set(labels.lines(facts, "shots")["series"])
    assert "untrained · nearest · loops prevented, token pool" in series, (
        "figures draw it as a line of its own"
    )


def test_comparisons_nearest_to_what_the_page_does_come_first(rows):
    first, _ = Evidence.of(rows[rows["knn"] == 0]).matched_pairs("adapter", bool, "")[0]
    assert first["label"] == "SMILE, 3 nearest"


# Pairs


def test_a_pair_agrees_with_the_tables(rows):
    rows = labels.labelled(rows)
    ours, theirs = "SMILE, 3 nearest", "Whisper alone"
    pair = paired(sampled(rows).values(), ours, theirs)
    table = results.by_language(rows, baseline=theirs)
    line = results.summary(table, baseline=theirs).set_index("condition").loc[ours]
    assert (pair.after, pair.reduction) == pytest.approx((line["macro"], line["reduction"]))
    assert (pair.count(True), pair.count(True, True)) == (line["improved"], line["improved_significant"])
    assert pair.low < pair.reduction < pair.high


def test_a_pair_is_clear_only_where_there_is_a_difference(rows):
    rows = labels.labelled(rows)
    known = sampled(rows).values()
    assert paired(known, "SMILE, 3 nearest", "Whisper alone").clear
    assert paired(known, "In-context, 1 nearest, Cosine", "In-context, 1 nearest").clear is False
    assert paired(known, "Whisper alone", "Whisper alone") is None
    assert paired(known, "nothing", "Whisper alone") is None


# Findings


def test_every_question_has_an_answer_with_its_figure(rows):
    told = answers(rows)
    assert list(told) == list(QUESTIONS)
    assert told["Do examples of the language help Whisper?"].startswith("−")
    assert "5 of 5 languages" in told["Do examples of the language help Whisper?"]
    assert "best at 3" in told["How many examples are best?"]
    assert "SMILE · 1 nearest: " in told["Does meta-training help?"]
    assert "Yes." in told["Does it have to be the language's own pool?"]
    assert "Yes." in told["Do token-level neighbours help?"]
    assert "Hellenic" in told["Which language families gain?"]
    assert "Ranking the pool is 0.1 %" in told["What does retrieval cost?"]
    assert "held at about 25 s" in told["And with the length of the audio held fixed?"]
    assert "The best of 8 examples" in told["How good could retrieval become?"]
    assert "Yes." in told["Does the spelling of Whisper's own draft find better ones?"]


def test_what_is_fitted_to_the_pool_is_told_against_the_level_below(tmp_path):
    told = answers(
        packed(tmp_path, resolved((KNN, *(replace(one, level_version=1) for one in FITTED)), ADAPTER))
    )
    alone, both = (
        told["Does an acoustic model fitted to the pool read better?"],
        told["And together with the decoder?"],
    )
    assert alone.startswith("−")
    assert "Yes. Acoustic model: macro" in alone
    assert "of untrained · 1 nearest" in alone
    assert "No: the error rate rises. Combined" in both
    assert "of Acoustic model (+" in both


def test_what_helps_is_told_against_the_controlled_side_and_the_other_is_named(rows):
    told = answers(rows)
    evidence = Evidence.of(rows)
    assert evidence.control == "Whisper alone, controlled"
    first = told["Do examples of the language help Whisper?"]
    other = told["And against Whisper as it is, which may loop?"]
    assert first.startswith(change(evidence.pair(evidence.headline, evidence.control).reduction))
    assert other.startswith(change(evidence.pair(evidence.headline, evidence.baseline).reduction))
    assert "of Whisper alone, controlled (" in first
    assert "of Whisper alone (" in other
    assert "against Whisper alone, controlled" in told["Which language families gain?"]


def test_where_it_does_not_help_it_says_so(rows):
    told = answers(rows)
    assert "No other distance is clearly better" in told["Is another distance better than KL?"]
    assert "Not as well: the error rate rises" in told["Does a pool of less than 10 minutes do?"]
    swapped = rows.assign(hash=rows["hash"])
    vanilla, ours = (rows["condition"] == name for name in ("vanilla", "u-1-nearest"))
    columns = ["condition", "hash"]
    swapped = rows[vanilla | ours].copy()
    swapped["plain_edits"] = np.where(vanilla[vanilla | ours], 5, 6)
    assert "No: the error rate rises." in answers(swapped)["Do examples of the language help Whisper?"]
    swapped["plain_edits"] = 5
    assert "Not measurably" in answers(swapped)["Do examples of the language help Whisper?"]
    assert swapped[columns].notna().all().all()


def test_what_was_not_measured_is_said_to_be_so(rows):
    told = answers(rows[rows["condition"] == "vanilla"])
    assert set(told.values()) == {NOT_MEASURED}
    told = answers(rows[rows["condition"].isin(["vanilla", "u-1-nearest"])])
    assert told["Does meta-training help?"] == NOT_MEASURED
    assert told["Do examples of the language help Whisper?"] != NOT_MEASURED
    assert told["Does it work where speakers switch between languages?"] == NOT_MEASURED
    assert set(answers(rows.iloc[:0]).values()) == {NOT_MEASURED}


def test_training_languages_are_left_out(rows):
    assert "eng" in TRAINING
    assert "eng" not in Evidence.of(rows).sampled
    assert "eng" in set(rows["language"])


def test_joined_targets_are_told_apart_and_answered_by_themselves(rows, tmp_path):
    parts = [replace(ONE, name=name, pool=name) for name in ("first", "second")]
    chosen = [replace(c, model="whisper-base/0") for c in (VANILLA, ONE, *parts)]
    joined = packed(tmp_path, chosen, languages=("chr+ell", "sxb+cat"))
    told = answers(pd.concat([rows, joined]))
    switched = told["Does it work where speakers switch between languages?"]
    assert "2 of 2 languages" in switched
    assert "The pool of one language against those of both, 2 comparisons" in switched
    asked = "Do examples of the language help Whisper?"
    assert told[asked] == answers(rows)[asked]


def test_the_command_prints_markdown(tmp_path, capsys):
    packed(tmp_path, (VANILLA, ONE), clips=4)
    assert cli.main(["results", "findings", str(tmp_path / "packed")]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("### Do examples of the language help Whisper?\n\n**")
    assert printed.count("###") == len(QUESTIONS)
    assert as_markdown(findings(packed(tmp_path / "again", (VANILLA, ONE), clips=4))) in printed


def test_the_command_says_what_to_run_first(tmp_path, capsys):
    assert cli.main(["results", "findings", str(tmp_path)]) == 2
    assert "smile results pack" in capsys.readouterr().err
    assert cli.main(["results", "pack"]) == 2
    assert "smile evaluate" in capsys.readouterr().err
