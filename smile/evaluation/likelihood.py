"""How well models foresee what was said: bits per character of a reference, behind examples.

Nothing is decoded. The reference is fed to the decoder and what the model said of each of its tokens is
summed up (teacher forcing), so a clip's figure does not turn on one early token as its CER does, and a
hundred clips tell two trainings apart that CER does not.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from smile.audio.io import read_audio
from smile.datatypes import SAMPLE_RATE, Speech, Utterance
from smile.pools.pool import Pool
from smile.settings import Settings
from smile.transcription.target import Target
from smile.whisper.model import Models

SURE = 1.96  # standard errors on either side that 95 % of the differences lie within


@dataclass(frozen=True)
class Tried:
    """A model that is asked: its adapter, and the share of the learned change that is applied."""

    adapter: str
    scale: float
    models: Models


@dataclass(frozen=True)
class Foreseen:
    """What a model said of a clip's reference."""

    adapter: str
    scale: float
    shots: int
    language: str
    id: str
    bits: float
    characters: int


def foreseen(
    utterance: Utterance, wanted: Sequence[tuple[Tried, int]], pools: Mapping[str, Pool], settings: Settings
) -> Iterator[Foreseen]:
    """Yield a clip's rows, for each model and number of nearest examples, with the pool's language token.

    `pools` by the digest of the adapter's encoder, empty for the base's. Encoder states are made once for
    all models with the same encoder.

    Raises:
        AudioError: its recording or that of an example cannot be read.
    """
    samples = read_audio(utterance.audio)
    speech = Speech(0.0, len(samples) / SAMPLE_RATE, samples)
    first = Target(wanted[0][0].models, speech, utterance.id) if wanted else None
    for tried, shots in wanted:
        assert first
        pool, told = pools[tried.models.smile.info.encoder.adapter], replace(settings, shots=shots)
        said = first.under(tried.models).teacher_forced(utterance.text, told, pool)
        bits, characters = -float(said.logprob.sum()) / math.log(2), len(utterance.text.strip())
        yield Foreseen(tried.adapter, tried.scale, shots, utterance.language, utterance.id, bits, characters)


def likelihood_table(rows: pd.DataFrame, against: str = "") -> pd.DataFrame:
    """Return bits per character by language and their mean, a line for each model and number of examples.

    `change` is the mean's difference, in percent, to that of the first model with as many examples on the
    same clips, or to that of the adapter `against` with as much of its change; `sure` is the half width of
    its 95 % interval (normal approximation over paired clips).
    """
    first = rows.iloc[0]
    lines = []
    for (adapter, scale, shots), group in rows.groupby(["adapter", "scale", "shots"], sort=False):
        rates = _rates(group)
        base = [against, scale, shots] if against else [first["adapter"], first["scale"], shots]
        of_base = (rows[["adapter", "scale", "shots"]] == base).all(axis=1)
        both = group.merge(rows[of_base], on=["language", "id"], suffixes=("", "_base"))
        change, sure = _change(both)
        line = {"adapter": adapter, "scale": scale, "shots": shots, "clips": len(group)}
        lines.append({**line, "macro": rates.mean(), "change": change, "sure": sure, **rates})
    names = list(rows["adapter"].unique())
    lines.sort(key=lambda line: (names.index(line["adapter"]), line["scale"], line["shots"]))
    return pd.DataFrame(lines)


def _rates(group: pd.DataFrame) -> pd.Series:
    totals = group.groupby("language", sort=False)[["bits", "characters"]].sum()
    return totals["bits"] / totals["characters"]


def _change(both: pd.DataFrame) -> tuple[float, float]:
    """Change of the macro average over paired clips, and what it may be off by, both in percent."""
    if both.empty:
        return math.nan, math.nan
    steps, spreads, before = [], [], []
    for _, clips in both.groupby("language"):
        total, off = clips["characters"].sum(), clips["bits"] - clips["bits_base"]
        steps.append(off.sum() / total)
        spreads.append(off.std() * math.sqrt(len(clips)) / total)
        before.append(clips["bits_base"].sum() / total)
    scale = 100 / sum(before)
    return scale * sum(steps), scale * SURE * math.hypot(*spreads)
