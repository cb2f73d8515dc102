"""What a condition is called and how it is grouped, from its settings; its name in a grid says nothing here.

`labelled` gives rows a `condition`, such as "SMILE, 3 nearest, kNN-LM": the key of tables and files. Seeds of
a random sampler share one, so that `results.by_language` averages them. `short` is its name for people.
"""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real
from typing import Any

import pandas as pd

from smile.evaluation.conditions import SINCE
from smile.results.naming import PLAIN, label, side_of
from smile.results.packing import SETTINGS
from smile.results.parts import Parts, parts_of, short, usual_of
from smile.settings import DEFAULTS

VARIED = {
    "shots": (),
    "length": ("total_seconds",),
    "measure": ("divergence", "candidates"),
    "minutes": ("minutes",),
    "clips": ("clips", "level", "acoustic_share"),
}
FREE = (  # between figures' lines
    *("knn", "no_repeat", "language_token", "timestamps"),
    *("beam_size", "cut_loops", "length_limit"),
)
FEW = (1, 3)  # shots at which samplers and distances are compared


def conditions(rows: pd.DataFrame) -> pd.DataFrame:
    """Return a line for each hash of settings, in the order of reading.

    Its columns are the settings, `name`, `label`, and for people `short` and the `parts` that it is made of.
    """
    facts = rows.drop_duplicates("hash")[["hash", "condition", *SETTINGS]]
    facts = facts.rename(columns={"condition": "name"}).set_index("hash")
    if facts.empty:
        return facts.assign(label="", who="", known=False, parts="", short="")
    known = facts["side"].notna()
    unsaid = {**{n: v for n, v in SINCE.items() if n in SETTINGS}, **PLAIN}
    facts = facts.assign(**{n: facts[n].where(facts[n].notna(), value) for n, value in unsaid.items()})
    several = facts.loc[known, "model"].replace("", None).nunique() > 1
    usual = _commonest(facts.loc[known, "adapter"])
    facts = facts.assign(who=[side_of(line, several, usual) for line in facts.to_dict("records")])
    labels = [
        label(line) if known[key] else str(line["name"]) for key, line in facts.to_dict("index").items()
    ]
    facts = facts.assign(label=labels, known=known)
    facts = facts.assign(label=_told_apart(facts))
    facts = _named(facts)
    order = facts.apply(_order, axis=1)
    return facts.loc[order.sort_values(kind="stable").index]


def labelled(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with their label as `condition`, and what it was called as `name`."""
    labels = conditions(rows)["label"]
    return rows.assign(name=rows["condition"], condition=rows["hash"].map(labels))


def _commonest(adapters: pd.Series[str]) -> str:
    """The adapter of most conditions; empty where several have as many."""
    first = adapters[adapters != ""].mode()
    return str(first.iloc[0]) if len(first) == 1 else ""


def _told_apart(facts: pd.DataFrame) -> pd.Series[str]:
    """Labels, followed by the hash where several settings that are not seeds share one."""
    groups = facts.groupby("label")
    drawn = facts["sampler"].eq("random") | facts["clips"].gt(0) | facts["minutes"].gt(0)
    seeds = drawn & facts["known"] & (groups["seed"].transform("nunique") == groups["seed"].transform("size"))
    alone = groups["label"].transform("size") == 1
    return facts["label"].where(alone | seeds, facts["label"] + " " + facts.index.str[:4])


def _named(facts: pd.DataFrame) -> pd.DataFrame:
    """The conditions with their parts and short names; what labels tell by the hash, names do, too."""
    usual = usual_of(facts[facts["known"]])
    parts = [
        parts_of(line, usual) if line["known"] else Parts(str(line["label"]))
        for line in facts.to_dict("records")
    ]
    facts = facts.assign(
        parts=pd.Series(parts, index=facts.index, dtype=object), short=list(map(short, parts))
    )
    alone = facts.groupby("short")["label"].transform("nunique") == 1
    return facts.assign(short=facts["short"].where(alone, facts["short"] + " " + facts.index.str[:4]))


def names(facts: pd.DataFrame) -> dict[str, str]:
    """Return the short name of every label."""
    return dict(zip(facts["label"], facts["short"], strict=True))


def _order(line: pd.Series[Any]) -> tuple[Any, ...]:
    """Vanilla first, then as usual before unusual, and few examples before many."""
    unusual = tuple(_sortable(line[name]) for name in PLAIN if line[name] != PLAIN[name])
    random, trained = line["sampler"] == "random", bool(line["adapter"])
    if line["side"] == "vanilla":
        controlled = line["cut_loops"] and line["length_limit"]
        return 0, controlled, 0, len(unusual), unusual, random, 0, line["label"]
    if not line["known"]:
        return 2, 0, 0, 0, (), 0, 0, line["label"]
    return 1, 0, trained, len(unusual), unusual, random, int(line["shots"]), line["label"]


def _sortable(value: Any) -> tuple[float, str]:
    """Numbers by their size, before texts."""
    number = isinstance(value, Real) and not isinstance(value, bool)
    return (float(value), "") if number else (float("inf"), str(value))


def baseline(facts: pd.DataFrame) -> str:
    """Return the label that others are compared with: Whisper alone as it is, where it was measured."""
    return str(facts["label"].iloc[0]) if len(facts) else ""


def control(facts: pd.DataFrame) -> str:
    """Return Whisper alone with its loops cut and its length bounded, as the other side is, or `baseline`.

    Against Whisper as it is, most of the change comes from that control, which needs no examples.
    """
    alone = facts[facts["side"] == "vanilla"]
    controlled = alone[alone["cut_loops"].eq(True) & alone["length_limit"].eq(True)]["label"]
    return str(controlled.iloc[0]) if len(controlled) else baseline(facts)


def headline(facts: pd.DataFrame) -> str:
    """Return the condition with examples that is nearest to what the page does by itself.

    With an adapter if there is any, the commonest of several; the label is empty where none was measured.
    """
    inside = facts[facts["side"] == "in-context"]
    if inside.empty:
        return ""
    wanted = {
        n: getattr(DEFAULTS, n)
        for n in ("level", "shots", "sampler", "divergence", "knn", "no_repeat", "timestamps", "characters")
    }
    agreement = sum((inside[name] == value).astype(int) for name, value in wanted.items())
    usual = sum(
        (inside[name] == PLAIN[name]).astype(int) for name in ("pool", "minutes", "clips", "beam_size")
    )
    adapter = inside["adapter"].fillna("")
    trained, common = adapter.ne("").astype(int), adapter.eq(_commonest(adapter)).astype(int)
    return str(inside.loc[(20 * usual + 4 * agreement + 2 * trained + common).idxmax(), "label"])


def chosen(facts: pd.DataFrame, **settings: Any) -> pd.DataFrame:
    """Return the in-context conditions with these settings, and with the usual value of all others.

    A value of None lets the setting vary.
    """
    wanted = {name: value for name, value in {**PLAIN, **settings}.items() if value is not None}
    kept = facts[facts["side"] == "in-context"]
    for name, value in wanted.items():
        several = isinstance(value, Sequence) and not isinstance(value, str)
        kept = kept[kept[name].isin(value) if several else kept[name] == value]
    return kept


def matched_pairs(
    facts: pd.DataFrame, setting: str, one: Any, other: Any, also: Sequence[str] = ()
) -> list[tuple[str, str, pd.Series[Any]]]:
    """Return pairs of labels that differ in one setting (and seeds) only, and the first one's settings.

    Of conditions that differ in the version of their level alone it is the latest.
    `one` and `other` are values of the setting, or a test of them; `also` names settings that may differ too.
    """
    inside = facts[(facts["side"] == "in-context") & facts["known"]]
    inside = _latest(inside.assign(key=_keys(inside, {"level_version"})))
    inside = inside.assign(key=_keys(inside, {setting, "seed", "level_version", *also}))
    values = inside[setting]
    ours, theirs = (inside[values.map(v if callable(v) else v.__eq__).astype(bool)] for v in (one, other))
    by_key = theirs.drop_duplicates("key").set_index("key")["label"]
    pairs = ours[ours["key"].isin(by_key.index)].drop_duplicates("label")
    return [(str(line["label"]), str(by_key[line["key"]]), line) for _, line in pairs.iterrows()]


def _keys(facts: pd.DataFrame, left_out: set[str]) -> list[tuple[str, ...]]:
    """What tells conditions apart but for some settings."""
    return [tuple(str(line[n]) for n in SETTINGS if n not in left_out) for _, line in facts.iterrows()]


def _latest(facts: pd.DataFrame) -> pd.DataFrame:
    """Of conditions with the same key those whose level has the latest version, in their order."""
    latest = facts.groupby("key")["level_version"].transform("max")
    return facts[facts["level_version"] == latest]


def lines(facts: pd.DataFrame, x: str) -> pd.DataFrame:
    """Return the in-context conditions of a figure over "shots", "length", "measure", "minutes" or "clips".

    "length" is over shots too, with the seconds of examples and target held and as they come.

    `series` names a line, by the settings other than x; `x` is its place. Only series with two places or
    more are kept. Without examples there is nothing to choose, so such a condition begins every line.
    """
    points = chosen(facts, **dict.fromkeys((*FREE, *VARIED[x])))
    if x == "length":
        points, x = _held(points), "shots"
    elif x != "shots":
        points = points[points["shots"].isin(FEW) if x == "measure" else points["shots"] > 0]
    if x in ("minutes", "clips"):
        points = points[points["sampler"] == "nearest"]
    if x == "shots":
        points = _begun(points)
    points = points.assign(
        x=points["sampler"].where(points["sampler"] != "nearest", points["divergence"])
        if x == "measure"
        else points[x],
        series=[_series(parts, x) for parts in points["parts"]],
    ).drop_duplicates(["series", "x"])
    return points[points.groupby("series")["x"].transform("nunique") > 1] if len(points) else points


def _held(points: pd.DataFrame) -> pd.DataFrame:
    """Conditions with examples and target held at a length, and their like without."""
    points = points[(points["shots"] > 0) & (points["sampler"] == "nearest")]
    like = ["who", *(name for name in FREE if name not in VARIED["length"])]
    points = points.assign(like=[str(tuple(line)) for line in points[like].to_numpy()])
    held = set(points.loc[points["total_seconds"] > 0, "like"])
    return points[points["like"].isin(held)].drop(columns="like")


def relatives(facts: pd.DataFrame, like: str, trained: bool) -> pd.DataFrame:
    """Return conditions with or without an adapter that differ in shots, sampler and seed only.

    Of several such groups it is the one that has most settings in common with the condition `like`, and
    then the largest. `series` names it.
    """
    related = chosen(facts, **dict.fromkeys(FREE))
    related = related[(related["adapter"] != "") == trained]
    if related.empty:
        return related.assign(series="")
    related = related.assign(series=[_series(at["parts"], "") for at in related.to_dict("records")])
    scores = agreement(related, facts, like).groupby(related["series"]).max()
    sizes = related["series"].value_counts()
    best = max(sizes.index, key=lambda name: (scores[name], sizes[name]))
    return related[related["series"] == best]


def agreement(lines: pd.DataFrame, facts: pd.DataFrame, like: str) -> pd.Series[int]:
    """Count the settings that each line shares with a condition; with the usual ones where it is missing."""
    there = facts[facts["label"] == like]
    wanted = dict(there.iloc[0]) if len(there) else PLAIN
    names = [name for name in (*FREE, "adapter", "shots", "sampler") if name in wanted]
    return sum(((lines[n] == wanted[n]).astype(int) for n in names), pd.Series(0, index=lines.index))


def _begun(points: pd.DataFrame) -> pd.DataFrame:
    """The points, those without examples once for each sampler, as nothing is chosen there."""
    bare, rest = points[points["shots"] == 0], points[points["shots"] > 0]
    ways = [
        bare.assign(sampler=sampler, parts=[parts._replace(way=sampler) for parts in bare["parts"]])
        for sampler in ("nearest", "random")
    ]
    return pd.concat([rest, *ways])


def _series(parts: Parts, x: str) -> str:
    """A line's name: the parts that do not vary along it; without x those besides the examples."""
    many = parts.examples
    sized = parts._replace(examples=f"{many} {parts.way}".strip(), pool="")
    varied = {
        "shots": parts._replace(examples=parts.way),
        "measure": parts._replace(examples=f"{many} example{'s' * (many != '1')}"),
        "minutes": sized,
        "clips": sized,
    }
    return short(varied.get(x, parts._replace(examples=""))._replace(way=""))
