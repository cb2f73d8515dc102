"""Short names of conditions for people, made of the parts in which conditions differ: "SMILE · 3 nearest".

What most conditions have in common is unsaid in them; `legend` tells it, and what the parts mean. Labels
(`smile.results.labels`) stay the keys, in files and on the command line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from smile.evaluation.conditions import PARTS as JOINED_PARTS
from smile.results.naming import ALONE, CHOSEN, FITTED, PLAIN, TRAINED, UNTRAINED, measure
from smile.settings import DEFAULTS

BETWEEN = " · "
BARE = "untrained"  # with examples, and without an adapter
NONE = "no examples"
WHOLE, USUAL = "whole pool", "as usual"
CONTROLLED = f"{ALONE}, controlled"
DECODING = (
    *("timestamps", "knn", "no_repeat", "language_token", "beam_size"),
    *("total_seconds", "characters", "cut_loops", "length_limit"),
)
SPOKEN = {"cosine": "cosine", "learned": "learned distance", "euclidean": "Euclidean distance"}
WEIGHTS = (16, 8, 4, 2, 1)  # of the parts, when the nearest condition to a wish is looked for


class Parts(NamedTuple):
    """The parts of a name; empty where a condition has no such thing, as Whisper alone has no examples."""

    model: str
    examples: str = ""
    way: str = ""
    pool: str = ""
    decoding: str = ""


TITLES = Parts("Model", "Examples", "Chosen", "From", "Decoding")


def short(parts: Parts) -> str:
    """Return a name of its parts; the whole pool and what is as usual are unsaid."""
    shown = f"{parts.examples} {parts.way}" if parts.way else parts.examples
    pool, decoding = (
        "" if said == unsaid else said for said, unsaid in ((parts.pool, WHOLE), (parts.decoding, USUAL))
    )
    return BETWEEN.join(filter(None, (parts.model, shown, pool, decoding)))


def usual_of(facts: pd.DataFrame) -> dict[str, Any]:
    """Return the commonest value of each setting of decoding among conditions with examples.

    Of several as common, the page's own, else the first.
    """
    inside = facts[facts["side"].eq("in-context") & facts["level"].eq("context")]
    usual = {}
    for name in DECODING:
        counts = inside[name].value_counts(sort=False)
        most = [value for value, count in counts.items() if count == counts.max()]
        own = getattr(DEFAULTS, name)
        usual[name] = own if own in most or not most else most[0]
    return usual


def parts_of(settings: Mapping[str, Any], usual: Mapping[str, Any]) -> Parts:
    """Return the parts of a condition's name; `settings` has `who` it is for, `usual` what is unsaid."""
    who = str(settings["who"])
    if settings["side"] == "vanilla":
        return Parts(who, decoding=_decoding(settings, {**PLAIN, **_control(settings)}))
    if settings["level"] in FITTED:
        same = {name: settings[name] for name in DECODING}
        said = {name: PLAIN[name] for name in ("total_seconds", "characters")}
        return Parts(who, pool=_pool(settings), decoding=_decoding(settings, same | said))
    shots = int(settings["shots"] or 0)
    model = BARE + who.removeprefix(UNTRAINED) if who.startswith(UNTRAINED) else who
    way = _way(settings) if shots else ""
    return Parts(model, str(shots) if shots else NONE, way, _pool(settings), _decoding(settings, usual))


def _control(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Cutting and bounding, which Whisper alone says by its first part."""
    return {name: settings[name] for name in ("cut_loops", "length_limit")}


def _way(settings: Mapping[str, Any]) -> str:
    sampler, divergence = str(settings["sampler"]), str(settings["divergence"])
    way = "best by reference" if sampler == "oracle" else CHOSEN.get(sampler, sampler)
    by = "" if divergence == PLAIN["divergence"] else f" by {SPOKEN.get(divergence) or measure(divergence)}"
    of = f" of {settings['candidates']:g}" if settings["candidates"] else ""
    return f"{way}{by}{of}"


def _pool(settings: Mapping[str, Any]) -> str:
    pool = str(settings["pool"] or "")
    words = [
        f"pool of {'the ' if pool in JOINED_PARTS else ''}{pool}" if pool else "",
        f"pool of {settings['minutes']:g} min" if settings["minutes"] else "",
        f"pool of {settings['clips']:g} clips" if settings["clips"] else "",
    ]
    return ", ".join(filter(None, words)) or WHOLE


def _decoding(settings: Mapping[str, Any], usual: Mapping[str, Any]) -> str:
    words = [_word(name, settings[name]) for name in DECODING if settings[name] != usual[name]]
    return ", ".join(words) or USUAL


def _word(name: str, value: Any) -> str:
    """A setting of decoding in words, whatever its value."""
    return WORDS[name](value)


def _knn(value: float) -> str:
    return "no kNN-LM" if not value else "kNN-LM" if value == DEFAULTS.knn else f"kNN-LM {value:g}"


CHARACTERS = {"soft": "pool's characters preferred", "hard": "pool's characters only"}
WORDS: dict[str, Callable[[Any], str]] = {
    "timestamps": lambda value: "timestamps" if value else "no timestamps",
    "knn": _knn,
    "no_repeat": lambda value: "loops prevented" if value else "loops not prevented",
    "language_token": "token {}".format,
    "beam_size": "beam size {}".format,
    "total_seconds": lambda value: f"{value:g} s in all" if value else "any length",
    "characters": lambda value: CHARACTERS.get(value, "all characters"),
    "cut_loops": lambda value: "loops cut" if value else "loops left",
    "length_limit": lambda value: "length limited" if value else "length not limited",
}


def legend(facts: pd.DataFrame) -> list[tuple[str, str]]:
    """Return what the parts in the names of these conditions mean, and what is unsaid in them."""
    models, ways = ({getattr(parts, name) for parts in facts["parts"]} for name in ("model", "way"))
    other = f"{TRAINED} ("
    usual = ", ".join(_word(name, value) for name, value in usual_of(facts).items())
    known = [
        (ALONE, "Whisper without examples; loops and length as they come", ALONE in models),
        (CONTROLLED, "its loops cut and its length bounded, as with examples", CONTROLLED in models),
        (BARE, "Whisper as it came, with examples", any(m.startswith(BARE) for m in models)),
        (TRAINED, "with the adapter that was trained to use examples", TRAINED in models),
        (f"{other}…)", "another adapter, by its hash", any(m.startswith(other) for m in models)),
        ("nearest", "examples nearest by KL, or by the distance that is named", "nearest" in ways),
        ("random", "examples drawn by chance; the mean over seeds", "random" in ways),
        ("best by reference", "chosen by the errors that they lead to: a bound, not a way to do it",
         any(way.startswith("best") for way in ways)),
        ("pool of …", "examples from so much of the pool, or from another language's", True),
        ("unsaid", f"examples from the whole pool; {usual}", True),
    ]  # fmt: skip
    return [(name, meaning) for name, meaning, there in known if there]


def wished(wish: Sequence[str | None], before: Parts) -> list[int]:
    """Return the numbers of the parts that are wished to be other than in the condition that is shown.

    What the condition has not is out of sight, and what stands there is of one before it.
    """
    shown = [True, *(bool(part) for part in before[1:])]
    return [i for i, part in enumerate(wish) if part and shown[i] and part != before[i]]


def nearest_to(facts: pd.DataFrame, wish: Sequence[str | None], label: str, home: str) -> str:
    """Return the label of the measured condition nearest to parts that are wished for.

    Args:
        facts: of the conditions, with `label` and `parts`.
        wish: a value for each part, None or empty for any.
        label: the condition before the wish; what differs from its parts is what was wished for.
        home: the condition whose parts are taken where nothing is wished.
    """
    by_label = dict(zip(facts["label"], facts["parts"], strict=True))
    before, usual = (by_label.get(name) or Parts("") for name in (label, home))
    changed = wished(wish, before)
    if not changed or not by_label:
        return label
    wanted = [part or own for part, own in zip(wish, usual, strict=True)]

    def agreement(parts: Parts) -> tuple[int, int]:
        same = [mine == theirs for mine, theirs in zip(parts, wanted, strict=True)]
        score = sum(weight for weight, alike in zip(WEIGHTS, same, strict=True) if alike)
        return sum(same[i] for i in changed), score

    best = max(by_label, key=lambda name: agreement(by_label[name]))
    return best if agreement(by_label[best])[0] else label
