"""What the rows say of the paper's open questions: a short answer to each, with its figure.

`findings` is a pure function of rows as `packing.load` gives them. A question without rows is "not
measured yet"; where something does not help, the answer says so. Training languages are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from smile import labels, paper
from smile.evidence import Evidence
from smile.labels import change, percent
from smile.languages import language
from smile.pairs import Paired
from smile.results import CER, Metric

NOT_MEASURED = "Not measured yet."


@dataclass(frozen=True)
class Finding:
    """A question, its answer in a few sentences, and the figure that the answer rests on."""

    question: str
    answer: str = NOT_MEASURED
    figure: str = ""


Answer = tuple[str, str]  # the sentences, the figure


def findings(rows: pd.DataFrame, metric: Metric = CER) -> list[Finding]:
    """An answer to every question, in the order of reading."""
    return answered(Evidence.of(rows, metric))


def answered(evidence: Evidence) -> list[Finding]:
    """The same of what has been made of rows."""
    answers = {question: ask(evidence) if len(evidence.rows) else None for question, ask in QUESTIONS.items()}
    return [Finding(question, *(answer or ())) for question, answer in answers.items()]


def as_markdown(found: Iterable[Finding]) -> str:
    """The findings as a document."""
    return "\n".join(
        f"### {one.question}\n\n{f'**{one.figure}** ' if one.figure else ''}{one.answer}\n" for one in found
    )


def _examples(evidence: Evidence) -> Answer | None:
    condition, baseline = evidence.headline, evidence.baseline
    if (pair := evidence.pair(condition, baseline)) is None:
        return None
    answer = f"{verdict(pair)} {told(pair, condition, baseline, evidence)}"
    theirs = f"The paper states {paper.REDUCTION} % lower, on {paper.LANGUAGES} other languages."
    return f"{answer} {theirs}", change(pair.reduction)


def _control(evidence: Evidence) -> Answer | None:
    """How much of it comes from cutting loops and bounding the length, which needs no examples."""
    alone = evidence.facts[evidence.facts["side"] == "vanilla"]
    controlled = alone[alone["loops"].astype(bool) & alone["bounded"].astype(bool)]["label"]
    pairs = [(name, evidence.pair(evidence.headline, name)) for name in controlled.head(1)]
    for name, pair in pairs:
        if pair and name != evidence.baseline:
            return f"{verdict(pair)} {told(pair, evidence.headline, name, evidence)}", change(pair.reduction)
    return None


def _training(evidence: Evidence) -> Answer | None:
    pairs = evidence.twins("adapter", bool, "")
    return _listed(pairs, "With the adapter", "without it", evidence)


def _shots(evidence: Evidence) -> Answer | None:
    rates = _rates(evidence, labels.lines(evidence.facts, "shots").query("sampler == 'nearest'"))
    if len(rates) < 2:
        return None
    best, worst = rates["rate"].idxmin(), rates["rate"].idxmax()
    seen = ", ".join(f"{int(line.x)}: {percent(line.rate)}" for line in rates.itertuples())
    where = f"{rates['series'].iloc[0]}, macro average by number of examples: {seen}."
    pair = evidence.pair(str(best), str(worst))
    clear = "" if pair and pair.clear else " The best and the worst are within the interval of each other."
    left = evidence.rows.groupby("condition")["left_out"].mean().reindex(rates.index)
    most = left.idxmax() if left.notna().any() else best
    room = f" At {int(rates.loc[most, 'x'])} examples, {left[most]:.1f} on average did not fit into 30 s."
    return f"{where}{clear}{room if left[most] > 0.05 else ''}", f"best at {int(rates.loc[best, 'x'])}"


def _nearest(evidence: Evidence) -> Answer | None:
    pairs = evidence.twins("sampler", "nearest", "random")
    pairs = [(line, pair) for line, pair in pairs if line["divergence"] == "kl"]
    return _listed(pairs, "The nearest examples", "random ones", evidence)


def _measures(evidence: Evidence) -> Answer | None:
    pairs = evidence.twins("divergence", lambda name: name != "kl", "kl")
    pairs = [(line, pair) for line, pair in pairs if line["sampler"] == "nearest" and line["shots"]]
    if not pairs:
        return None
    shown = "; ".join(f"{line['label']} {change(pair.reduction)}" for line, pair in pairs)
    better = [line["divergence"] for line, pair in pairs if pair.clear and pair.reduction > 0]
    names = ", ".join(dict.fromkeys(map(labels.measure, better)))
    opening = f"Sometimes: {names}." if better else "No other distance is clearly better than KL."
    best = max(pair.reduction for _, pair in pairs)
    return f"{opening} Against KL: {shown}.", f"{change(best)} at best"


def _pools(evidence: Evidence) -> Answer | None:
    pairs = evidence.twins("minutes", lambda minutes: minutes > 0, 0.0)
    pairs = sorted(pairs, key=lambda found: found[0]["minutes"])
    return _listed(pairs, "A smaller pool", "all of it", evidence)


def _overhead(evidence: Evidence) -> Answer | None:
    if "seconds" not in evidence.rows or not evidence.headline:
        return None
    seconds = evidence.rows.groupby("condition")[["seconds", "retrieval"]].mean()
    ours, alone = (seconds.reindex([name]).iloc[0] for name in (evidence.headline, evidence.baseline))
    if not ours["seconds"] > 0:
        return None
    share = 100 * ours["retrieval"] / ours["seconds"]
    times = f"A clip takes {ours['seconds']:.2f} s with {evidence.headline}"
    than = f", and {alone['seconds']:.2f} s with {evidence.baseline}" if alone["seconds"] > 0 else ""
    return f"{times}{than}. Ranking the pool is {share:.2g} % of the time.", f"{share:.2g}\u00a0%"


def _families(evidence: Evidence) -> Answer | None:
    """The change by family, the largest gain first."""
    codes = pd.Series(sorted(evidence.rows["language"].unique()))
    families = codes.map(lambda code: language(code).family or "family not known")
    pairs = {
        str(name): evidence.pair(evidence.headline, evidence.baseline, tuple(members))
        for name, members in codes.groupby(families)
    }
    found = sorted(((n, p) for n, p in pairs.items() if p), key=lambda item: -item[1].reduction)
    if not found:
        return None
    shown = "; ".join(
        f"{name} ({p.languages}) {change(p.reduction)}{'' if p.clear else ', not clear'}" for name, p in found
    )
    helped = sum(p.clear and p.reduction > 0 for _, p in found)
    opening = f"{helped} of {len(found)} families gain clearly." if helped else "None gains clearly."
    subject = f"{evidence.headline} against {evidence.baseline}, languages in brackets"
    return f"{opening} {subject}: {shown}.", f"{change(found[0][1].reduction)} in {found[0][0]}"


def _known(evidence: Evidence) -> Answer | None:
    codes = sorted(evidence.rows["language"].unique())
    groups = [tuple(c for c in codes if bool(language(c).whisper) == known) for known in (False, True)]
    unknown, known = (
        evidence.pair(evidence.headline, evidence.baseline, group) if group else None for group in groups
    )
    if unknown is None or known is None:
        return None
    apart = unknown.low > known.high or known.low > unknown.high
    opening = "There is no clear difference." if not apart else "Yes." if unknown.low > known.high else "No."
    shown = (
        f"{name} ({p.languages} languages) {change(p.reduction)}, {bounds(p)}"
        for name, p in (("Unknown to Whisper", unknown), ("known", known))
    )
    return f"{opening} {'; '.join(shown)}.", f"{change(unknown.reduction)} and {change(known.reduction)}"


def _wrong_pool(evidence: Evidence) -> Answer | None:
    pairs = evidence.twins("pool", "", bool)
    return _listed(pairs, "The language's own pool", "another language's", evidence)


def _tokens(evidence: Evidence) -> Answer | None:
    """Alone where that was measured, else together with keeping loops from beginning."""
    for also, name in (((), ""), (("unlooped",), ", with loops kept from beginning,")):
        if pairs := evidence.twins("knn", bool, 0.0, also):
            return _listed(pairs, f"Token-level neighbours{name}", "none", evidence)
    return None


def _loops(evidence: Evidence) -> Answer | None:
    pairs = evidence.twins("unlooped", True, False)
    return _listed(pairs, "Keeping loops from beginning", "cutting them", evidence)


def _unmeasured(_: Evidence) -> Answer | None:
    """A question for which `smile evaluate` has no conditions yet."""
    return None


QUESTIONS: dict[str, Callable[[Evidence], Answer | None]] = {
    "Do examples of the language help Whisper?": _examples,
    "Do they still, against Whisper with its loops cut and its length bounded?": _control,
    "Does meta-training help?": _training,
    "How many examples are best?": _shots,
    "And with the length of the audio held fixed?": _unmeasured,
    "Are the nearest examples better than random ones?": _nearest,
    "Is another distance better than KL?": _measures,
    "Does a pool of less than 10 minutes do?": _pools,
    "What does retrieval cost?": _overhead,
    "Which language families gain?": _families,
    "Do languages that Whisper does not know gain more?": _known,
    "Does it have to be the language's own pool?": _wrong_pool,
    "Do token-level neighbours help?": _tokens,
    "Does it help to keep loops from beginning?": _loops,
    "Does it work where speakers switch between languages?": _unmeasured,
}


def verdict(pair: Paired) -> str:
    """Whether it helps."""
    if not pair.clear:
        return "It does not help measurably: the change is within its interval."
    return "Yes." if pair.reduction > 0 else "No, it does harm."


def told(pair: Paired, condition: str, baseline: str, evidence: Evidence) -> str:
    """A comparison in two sentences."""
    unit = evidence.metric.unit.upper()
    return (
        f"{condition}: macro average {unit} {percent(pair.after)}, against {percent(pair.before)} of "
        f"{baseline} ({change(pair.reduction)}, {bounds(pair)}). "
        f"Lower in {pair.count(True)} of {pair.languages} languages, {pair.count(True, True)} of them beyond "
        f"the interval; higher beyond it in {pair.count(False, True)}."
    )


def bounds(pair: Paired) -> str:
    """The interval of the change."""
    return f"95 % interval {change(pair.high)} to {change(pair.low)}"


def _listed(
    pairs: list[tuple[pd.Series[Any], Paired]],
    ours: str,
    theirs: str,
    evidence: Evidence,
) -> Answer | None:
    """Several comparisons of the same kind, and what they say together."""
    if not pairs:
        return None
    better = sum(pair.clear and pair.reduction > 0 for _, pair in pairs)
    worse = sum(pair.clear and pair.reduction < 0 for _, pair in pairs)
    unclear = len(pairs) - better - worse
    unit = evidence.metric.unit.upper()
    counts = f"clearly lower {unit} in {better}, clearly higher in {worse}, no clear change in {unclear}"
    of = f"{len(pairs)} comparison{'s' * (len(pairs) != 1)}"
    shown = "; ".join(
        f"{line['label']}: {percent(pair.after)} against {percent(pair.before)}" for line, pair in pairs[:4]
    )
    opening = _together(better, worse, unclear)
    nearest = pairs[0][1]  # to what the page does
    return f"{opening} {ours} against {theirs}, {of}: {counts}. {shown}.", change(nearest.reduction)


def _together(better: int, worse: int, unclear: int) -> str:
    if better and not worse:
        return "Yes." if better >= unclear else "Sometimes."
    if worse and not better:
        return "No, it does harm." if worse >= unclear else "It does not help, and sometimes does harm."
    return "It depends." if better else "It does not help measurably."


def _rates(evidence: Evidence, lines: pd.DataFrame) -> pd.DataFrame:
    """Macro averages of the series that the page is nearest to, by label in the order of x."""
    if lines.empty:
        return lines
    mine = lines[lines["label"] == evidence.headline]["series"]
    name = mine.iloc[0] if len(mine) else lines["series"].iloc[0]
    lines = lines[lines["series"] == name].sort_values("x").set_index("label")
    pairs = {label: evidence.pair(str(label), evidence.baseline) for label in lines.index}
    rates = {label: pair.after for label, pair in pairs.items() if pair}
    return lines.assign(rate=pd.Series(rates, dtype=float)).dropna(subset=["rate"])
