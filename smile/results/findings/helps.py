"""Whether examples help at all, what part of it is training or control, and whom."""

from __future__ import annotations

import pandas as pd

from smile.results import paper
from smile.results.evidence import Evidence
from smile.results.findings.told import HELPS, Answer, bounds, listed, told, verdict
from smile.results.wording import change
from smile.text.languages import language


def examples(evidence: Evidence) -> Answer | None:
    """Tell what examples do against Whisper whose loops are controlled, so that only they differ."""
    condition, baseline = evidence.headline, evidence.control
    if (pair := evidence.pair(condition, baseline)) is None:
        return None
    answer = f"{verdict(pair)} {told(pair, condition, baseline, evidence)}"
    theirs = f"The paper states {paper.REDUCTION} % lower, on {paper.LANGUAGES} other languages."
    return f"{answer} {theirs}", change(pair.reduction)


def uncontrolled(evidence: Evidence) -> Answer | None:
    """Tell the change against Whisper as it is, most of which cutting loops and bounding the length makes."""
    if evidence.control == evidence.baseline:
        return None
    if (pair := evidence.pair(evidence.headline, evidence.baseline)) is None:
        return None
    what = "Part of this is loops, which nothing stops there, and not the examples."
    return f"{told(pair, evidence.headline, evidence.baseline, evidence)} {what}", change(pair.reduction)


def training(evidence: Evidence) -> Answer | None:
    """Tell what each adapter does by itself, that of most conditions first."""
    adapters = evidence.facts.loc[evidence.facts["known"], "adapter"].replace("", None).value_counts()
    answers: list[Answer] = []
    for number, adapter in enumerate(adapters.index):
        which = "With the adapter" if number == 0 else f"Another adapter, {adapter[:4]},"
        pairs = evidence.matched_pairs("adapter", adapter, "")
        if answer := listed(pairs, which, "without it", evidence, None if answers else HELPS):
            answers.append(answer)
    return (" ".join(text for text, _ in answers), answers[0][1]) if answers else None


def families(evidence: Evidence) -> Answer | None:
    """Tell the change by family, the largest gain first."""
    codes = pd.Series(sorted(evidence.rows["language"].unique()))
    families = codes.map(lambda code: language(code).family or "family not known")
    pairs = {
        str(name): evidence.pair(evidence.headline, evidence.control, tuple(members))
        for name, members in codes.groupby(families)
    }
    gains = sorted(((n, p) for n, p in pairs.items() if p), key=lambda item: -item[1].reduction)
    if not gains:
        return None
    shown = "; ".join(
        f"{name} ({p.languages}) {change(p.reduction)}{'' if p.clear else ', not clear'}" for name, p in gains
    )
    helped = sum(p.clear and p.reduction > 0 for _, p in gains)
    opening = f"{helped} of {len(gains)} families gain clearly." if helped else "None gains clearly."
    subject = (
        f"{evidence.name(evidence.headline)} against {evidence.name(evidence.control)}, languages in brackets"
    )
    return f"{opening} {subject}: {shown}.", f"{change(gains[0][1].reduction)} in {gains[0][0]}"


def known(evidence: Evidence) -> Answer | None:
    codes = sorted(evidence.rows["language"].unique())
    groups = [tuple(c for c in codes if bool(language(c).whisper) == knows) for knows in (False, True)]
    unknown, weak = (
        evidence.pair(evidence.headline, evidence.control, group) if group else None for group in groups
    )
    if unknown is None or weak is None:
        return None
    apart = unknown.low > weak.high or weak.low > unknown.high
    opening = "Not clearly." if not apart else "Yes." if unknown.low > weak.high else "No."
    shown = (
        f"{name} ({p.languages} languages) {change(p.reduction)}, {bounds(p)}"
        for name, p in (("Unknown to Whisper", unknown), ("known", weak))
    )
    return f"{opening} {'; '.join(shown)}.", f"{change(unknown.reduction)} and {change(weak.reduction)}"


def tokens(evidence: Evidence) -> Answer | None:
    """Tell what the kNN-LM does alone where that was measured, else while loops are kept from beginning."""
    for also, name in (((), ""), (("no_repeat",), ", with loops kept from beginning,")):
        if pairs := evidence.matched_pairs("knn", bool, 0.0, also):
            return listed(pairs, f"The kNN-LM{name}", "none", evidence)
    return None


def loops(evidence: Evidence) -> Answer | None:
    pairs = evidence.matched_pairs("no_repeat", True, False)
    return listed(pairs, "Keeping loops from beginning", "cutting them", evidence)
