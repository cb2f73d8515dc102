"""What a condition is called, from its settings: in words, with what is as usual left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from smile.evaluation.conditions import PARTS
from smile.retrieval.divergences import LABELS
from smile.settings import DEFAULTS

ALONE = "Whisper alone"
UNTRAINED, TRAINED, COMBINED = "In-context", "SMILE", "Combined"
FITTED = {"acoustic": "Acoustic model"}  # by level: something is fitted to the pool, and no example is shown
UNUSED = (
    "divergence",
    "timestamps",
    "knn",
    "no_repeat",
    "language_token",
    "beam_size",
)  # at those levels
WAYS = {
    "random": "Random",
    "draft": "Like the draft",
    "mixed": "KL and draft",
    "oracle": "Oracle, by the reference",
}
CHOSEN = {"draft": "like the draft", "mixed": "near and like the draft", "oracle": "by an oracle"}
PLAIN: dict[str, Any] = {  # what a label leaves unsaid, and a figure holds fixed
    "divergence": "kl",
    "pool": "",
    "minutes": 0.0,
    "timestamps": True,
    "knn": 0.0,
    "no_repeat": False,
    "language_token": "guess",
    "beam_size": 1,
    "cut_loops": True,
    "length_limit": True,
    "total_seconds": 0.0,
    "candidates": 0,
    "characters": "off",
    "clips": 0,
    "level": "context",
}


def label(settings: Mapping[str, Any]) -> str:
    """Return a set of settings, and `who` they are for, in words; what is as usual is left out."""
    parts = [settings["who"], examples_of(settings), *extras_of(settings)]
    return ", ".join(filter(None, parts))


def side_of(settings: Mapping[str, Any], several: bool, usual: str) -> str:
    """Return which side it is, its model where there are several, an adapter that is not the usual."""
    names = [str(settings["model"]).split("/")[0]] if several else []
    if settings["adapter"] not in ("", usual):
        names.append(str(settings["adapter"])[:4])
    if settings["level_version"] > 1:
        names.append(f"version {settings['level_version']:g}")
    which = f" ({', '.join(names)})" if names else ""
    if settings["side"] == "vanilla":
        controlled = settings["cut_loops"] and settings["length_limit"]
        return f"{ALONE}{which}{', controlled' if controlled else ''}"
    if settings["level"] in FITTED:
        return f"{FITTED[settings['level']]}{which}"
    if settings["level"] == "combined":
        return f"{COMBINED}{which}"
    return f"{TRAINED if settings['adapter'] else UNTRAINED}{which}"


def examples_of(settings: Mapping[str, Any]) -> str:
    """Return how many examples there are, and how they are chosen; empty where a level has none."""
    shots = int(settings["shots"] or 0)
    if settings["side"] == "vanilla" or settings["level"] in FITTED:
        return ""
    sampler = str(settings["sampler"])
    return f"{shots} {CHOSEN.get(sampler, sampler)}" if shots else "no examples"


def extras_of(settings: Mapping[str, Any]) -> list[str]:
    """Return what is not as usual, in words."""
    words_of = {
        "divergence": measure(settings["divergence"]) if settings["shots"] else "",
        "pool": f"pool of {'the ' if settings['pool'] in PARTS else ''}{settings['pool']}",
        "minutes": f"{settings['minutes']:g} min pool",
        "clips": f"{settings['clips']:g} clips pool",
        "timestamps": "prompt without timestamps",
        "knn": "kNN-LM" if settings["knn"] == DEFAULTS.knn else f"kNN-LM {settings['knn']:g}",
        "no_repeat": "loops prevented",
        "language_token": f"token {settings['language_token']}",
        "beam_size": f"beam size {settings['beam_size']}",
        "total_seconds": f"{settings['total_seconds']:g} s in all",
        "candidates": f"of {settings['candidates']:g}",
        "characters": {"soft": "pool's characters preferred", "hard": "pool's characters only"}.get(
            settings["characters"], ""
        ),
    }
    if fitted := settings["level"] in FITTED:
        words_of = {name: text for name, text in words_of.items() if name not in UNUSED}
    words = [text for name, text in words_of.items() if settings[name] != PLAIN[name]]
    if settings["side"] != "vanilla" and not fitted:
        words += [
            "" if settings["cut_loops"] else "loops left",
            "" if settings["length_limit"] else "length not limited",
        ]
    return [word for word in words if word]


def measure(name: str) -> str:
    """Return a divergence, or another way to choose examples, in words."""
    return WAYS.get(name) or LABELS.get(name, name)
