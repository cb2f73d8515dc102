"""How many examples, which, out of what pool, and at what cost."""

from __future__ import annotations

from smile.results import labels
from smile.results.evidence import Evidence
from smile.results.findings.told import Answer, Verdicts, listed, on, rates_of, told, verdict
from smile.results.naming import measure
from smile.results.timed import in_one_run
from smile.results.wording import change, percent


def shots(evidence: Evidence) -> Answer | None:
    rates = rates_of(evidence, labels.lines(evidence.facts, "shots").query("sampler == 'nearest'"))
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


def nearest(evidence: Evidence) -> Answer | None:
    pairs = evidence.matched_pairs("sampler", "nearest", "random")
    pairs = [(line, pair) for line, pair in pairs if line["divergence"] == "kl"]
    return listed(pairs, "The nearest examples", "random ones", evidence)


def measures(evidence: Evidence) -> Answer | None:
    pairs = evidence.matched_pairs("divergence", lambda name: name != "kl", "kl")
    pairs = [(line, pair) for line, pair in pairs if line["sampler"] == "nearest" and line["shots"]]
    if not pairs:
        return None
    shown = "; ".join(f"{line['short']} {change(pair.reduction)}" for line, pair in pairs)
    better = [line["divergence"] for line, pair in pairs if pair.clear and pair.reduction > 0]
    names = ", ".join(dict.fromkeys(map(measure, better)))
    opening = f"Sometimes: {names}." if better else "No other distance is clearly better than KL."
    best = max(pair.reduction for _, pair in pairs)
    where = on([pair for _, pair in pairs], evidence)
    return f"{opening} Against KL{where}: {shown}.", f"{change(best)} at best"


def pools(evidence: Evidence) -> Answer | None:
    pairs = evidence.matched_pairs("minutes", lambda minutes: minutes > 0, 0.0)
    pairs = sorted(pairs, key=lambda pair: pair[0]["minutes"])
    return listed(pairs, "A smaller pool", "all of it", evidence, SMALLER)


SMALLER = Verdicts(
    better="Yes, and better than all of it.",
    worse="Not as well: the error rate rises with less.",
    unclear="Yes: no clear difference to all of it.",
)
ONE_POOL = Verdicts(
    better="One language's pool alone does better there.",
    worse="One language's pool alone does worse there.",
    unclear="One language's pool alone makes no clear difference there.",
)


def overhead(evidence: Evidence) -> Answer | None:
    """Tell the share of ranking, and the seconds where one run timed both sides on one machine."""
    if "seconds" not in evidence.rows or not evidence.headline:
        return None
    sums = evidence.rows[evidence.rows["condition"] == evidence.headline][["seconds", "retrieval"]].sum()
    if not sums["seconds"] > 0:
        return None
    share = 100 * sums["retrieval"] / sums["seconds"]
    answer = f"Ranking the pool is {share:.2g} % of a clip's time with {evidence.name(evidence.headline)}."
    timed = in_one_run(evidence.rows, [evidence.headline, evidence.control])
    if timed is None:
        return answer, f"{share:.2g}\u00a0%"
    ours, alone = (timed.means["seconds"][name] for name in (evidence.headline, evidence.control))
    than = (
        f"A clip takes {ours:.2f} s, and {alone:.2f} s with {evidence.name(evidence.control)} ({timed.run})."
    )
    return f"{answer} {than}", f"{share:.2g}\u00a0%"


def wrong_pool(evidence: Evidence) -> Answer | None:
    pairs = evidence.matched_pairs("pool", "", bool)
    return listed(pairs, "The language's own pool", "another language's", evidence)


def length(evidence: Evidence) -> Answer | None:
    """Tell whether it is the number of examples that counts, or the length of the prompt."""
    rates = rates_of(evidence, labels.lines(evidence.facts, "length").query("total_seconds > 0"))
    if len(rates) < 2:
        return None
    few, most = rates["x"].idxmin(), rates["x"].idxmax()
    pair = evidence.pair(str(most), str(few))
    seen = ", ".join(f"{int(line.x)}: {percent(line.rate)}" for line in rates.itertuples())
    seconds = evidence.facts.set_index("label").loc[str(most), "total_seconds"]
    opening = "No clear difference."
    if pair and pair.clear:
        more = pair.reduction > 0
        opening = "More and shorter examples are better." if more else "Fewer and longer ones are better."
    held = f"With examples and target held at about {seconds:g} s, macro average by number of examples"
    where = on([pair] if pair else [], evidence)
    return f"{opening} {held}{where}: {seen}.", f"best at {int(rates.loc[rates['rate'].idxmin(), 'x'])}"


def drafts(evidence: Evidence) -> Answer | None:
    """Tell whether the text of Whisper's own draft finds better examples than the sound does."""
    pairs = evidence.matched_pairs("sampler", lambda name: name in ("draft", "mixed"), "nearest")
    return listed(pairs, "Examples that are spelt like Whisper's draft", "the nearest by sound", evidence)


def oracle(evidence: Evidence) -> Answer | None:
    """Tell how much better the best example is than the nearest: the room that is left to retrieval."""
    pairs = evidence.matched_pairs("sampler", "oracle", "nearest", ("candidates",))
    if not pairs:
        return None
    shown = "; ".join(
        f"{line['short']}: {percent(pair.after)} against {percent(pair.before)} of the nearest"
        for line, pair in pairs
    )
    tried = int(pairs[0][0]["candidates"])
    what = (
        f"The best of {tried} examples (half the nearest, half random), chosen by CER against the reference"
    )
    caution = (
        "Some of it is luck: the best of several transcripts is better than any fixed one by chance alone."
    )
    where = on([pair for _, pair in pairs], evidence)
    return f"{what}{where}: {shown}. {caution}", f"{change(pairs[0][1].reduction)} at best"


def switched(evidence: Evidence) -> Answer | None:
    """Tell what examples do for targets that join clips of two languages, with the pool of one or of both."""
    both = evidence.switched
    if both is None or (pair := both.pair(both.headline, both.control)) is None:
        return None
    answer = f"{verdict(pair)} {told(pair, both.headline, both.control, both)}"
    pools = listed(
        both.matched_pairs("pool", bool, ""), "The pool of one language", "those of both", both, ONE_POOL
    )
    return f"{answer} {pools[0] if pools else ''}".strip(), change(pair.reduction)
