"""How many of the texts that are wrong are found: 5 % of a pool's are swapped in pairs or cut to their half.

They are judged as `smile examples` and *My language* judge them. Which are made wrong, and how, a seed says.
What the pools' folders hold of encoded clips is used; nothing is written into them.

    smile bench misfits --data ML_SUPERB --pools POOLS --languages sxb,mdw
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from smile.acoustic.states import StatesId
from smile.bench.pools import pool_of
from smile.bench.report import markdown_table, memory, stamp
from smile.datatypes import SmileError, Utterance
from smile.own.misfits import misfits, worst
from smile.pools.pool import Pool
from smile.retrieval.samplers import stable_shuffle
from smile.util.timing import finished
from smile.whisper.model import Models, load_models

WRONG = 5  # percent of a pool's texts
LANGUAGES = ("sxb", "mdw")
Kind = Literal["swapped", "cut"]
Said = Callable[[str], None]


@dataclass(frozen=True)
class Asked:
    """What is measured."""

    data: Path  # ML-SUPERB, of which pools are made where none are given
    pools: Path | None = None  # each under its language's code
    seed: int = 0


def run(asked: Asked, languages: Sequence[str], said: Said = lambda _: None) -> str:
    """Make texts of pools wrong and look for them -> Markdown; `said` hears each row as it is done.

    Raises:
        SmileError: there is no such pool, or it is too small for a text to be made wrong.
    """
    models, rows = load_models(), list[dict[str, object]]()
    for language in languages or LANGUAGES:
        with tempfile.TemporaryDirectory() as work:
            pool = pool_of(asked.data, models, language, Path(work), asked.pools)
            rows.append({"pool": language, **_measured(pool, models, asked.seed, Path(work) / "kept")})
        said(", ".join(f"{name} {value}" for name, value in rows[-1].items()))
    note = f"{WRONG} % of the texts made wrong, seed {asked.seed}; {stamp()}"
    return f"{note}\n\n{markdown_table(rows)}\n\nMost memory held: {memory():.2f} GB."


def _measured(pool: Pool, models: Models, seed: int, work: Path) -> dict[str, object]:
    texts, kinds = made_wrong(pool.utterances, seed)
    if not kinds:
        raise SmileError(f"{pool.folder} is too small for {WRONG} % of its texts to be made wrong.")
    changed = tuple(replace(u, text=texts.get(u.id, u.text)) for u in pool.utterances)
    wrong = replace(pool, utterances=changed, stores=work, states=work)
    _link_states(pool, StatesId.of(models.smile), work)
    fits = finished(misfits(wrong, models.smile))
    named = [fit.utterance.id for fit in worst(fits)]
    return {"clips": len(fits), "named": len(named), **found(kinds, named)}


def made_wrong(utterances: Sequence[Utterance], seed: int = 0) -> tuple[dict[str, str], dict[str, Kind]]:
    """Return the wrong texts of 5 % of the clips, and what was done to each, by the clips' ids.

    Half of them, rounded down to pairs, have each other's texts; the others the first half of their words,
    or of the characters of a single one. A text of one character, or one that a swap would not change, is
    passed over.
    """
    drawn = [utterances[i] for i in stable_shuffle(utterances, f"misfits/{seed}/")]
    count = round(len(drawn) * WRONG / 100)
    texts, kinds = dict[str, str](), dict[str, Kind]()
    waiting: Utterance | None = None
    for clip in drawn:
        if len(texts) < count // 4 * 2:
            if waiting is None:
                waiting = clip
            elif waiting.text.split() != clip.text.split():
                texts |= {waiting.id: clip.text, clip.id: waiting.text}
                kinds |= {waiting.id: "swapped", clip.id: "swapped"}
                waiting = None
        elif len(texts) < count and (half := first_half(clip.text)):
            texts[clip.id], kinds[clip.id] = half, "cut"
    return texts, kinds


def first_half(text: str) -> str:
    """Return the first half of the words of a text, or of the characters of a single one, rounded down."""
    words = text.split()
    return " ".join(words[: len(words) // 2]) if len(words) > 1 else text.strip()[: len(text.strip()) // 2]


def found(kinds: Mapping[str, Kind], named: Sequence[str]) -> dict[str, object]:
    """Return how many of the wrong texts are among those that are named, all and by what was done."""
    columns: dict[str, object] = {}
    for what, kind in (("wrong texts", None), ("swapped", "swapped"), ("cut", "cut")):
        of = {clip for clip, done in kinds.items() if kind in (None, done)}
        columns[f"{what}, found"] = f"{len(of.intersection(named))} of {len(of)}"
    return columns


def _link_states(pool: Pool, reads: StatesId, work: Path) -> None:
    """Let a work folder have what a pool has of encoded clips, without its checkpoints."""
    source = (pool.states or pool.folder) / f"layers-{reads.name}"
    target = work / source.name
    target.mkdir(parents=True)
    for path in (*source.glob("*.npy"), *source.glob("header.json")):
        (target / path.name).symlink_to(path.resolve())
