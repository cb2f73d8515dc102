"""A measure of orders of correcting: the CER of other clips after so many corrections in each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace

from smile.audio.io import read_audio
from smile.datatypes import PoolError, Utterance
from smile.own.order import Draft, ranked
from smile.pools.pool import Pool
from smile.pools.subsets import chosen
from smile.retrieval.samplers import stable_shuffle
from smile.settings import Settings
from smile.text.scoring import score
from smile.transcription.pipeline import transcribe
from smile.transcription.preparing import prepare
from smile.transcription.result import Result
from smile.whisper.model import Models

FEW = "The pool of {} has {} clips; {} to begin with and {} to correct are too many: ask for fewer."


@dataclass(frozen=True)
class Plan:
    """What is compared: orders, after how many corrections, from a pool of so many `examples`."""

    orders: tuple[str, ...]
    examples: int = 12
    waiting: int = 60  # clips among which the order chooses
    steps: tuple[int, ...] = (10, 20, 30)
    seed: int = 0
    settings: Settings = Settings()

    def transcripts(self, targets: int) -> int:
        """Return how many transcripts a language takes at most, with so many targets."""
        return self.waiting + targets * (1 + len(self.orders) * len(self.steps))


@dataclass(frozen=True)
class OrderEdits:
    """The edits of all targets, transcribed with a pool that so many corrections have joined in an order."""

    language: str
    order: str  # empty before any correction
    corrected: int
    clips: int
    length: int  # of the references, in characters
    edits: int


def measure(
    models: Models, pool: Pool, targets: Sequence[Utterance], plan: Plan
) -> Iterator[OrderEdits | None]:
    """Yield a row for the pool as it begins and for each order and step, and None after each transcript.

    Raises:
        PoolError: the pool has too few clips for the plan.
    """
    shuffled = stable_shuffle(pool.utterances, f"{plan.seed}/")[: plan.examples + plan.waiting]
    first, others = shuffled[: plan.examples], shuffled[plan.examples :]
    if len(others) < max(plan.steps):
        raise PoolError(FEW.format(pool.language.name, len(pool), plan.examples, max(plan.steps)))
    begun = chosen(pool, first, f"begun-{plan.seed}")
    yield from _scored(models, begun, targets, plan, ("", 0))
    drafts: list[Draft] = []
    for index in others:
        drafts.append(
            _draft(pool.utterances[index], _transcribed(models, begun, pool.utterances[index], plan))
        )
        yield None
    known = " ".join(utterance.text for utterance in begun.utterances)
    numbers = {pool.utterances[index].id: index for index in others}
    for order in plan.orders:
        sequence = [numbers[draft.id] for draft in ranked(drafts, known, order, plan.seed)]
        for step in plan.steps:
            grown = chosen(pool, [*first, *sequence[:step]], f"{order}-{step}-{plan.seed}")
            yield from _scored(models, grown, targets, plan, (order, step))


def _scored(
    models: Models, pool: Pool, targets: Sequence[Utterance], plan: Plan, at: tuple[str, int]
) -> Iterator[OrderEdits | None]:
    prepare(pool, models.smile, plan.settings)
    length = edits = 0
    for target in targets:
        text = _transcribed(models, pool, target, plan).smile.text
        scored = score(target.text, text, language=target.language)
        length, edits = length + scored.length, edits + scored.edits
        yield None
    yield OrderEdits(pool.language.code, *at, len(targets), length, edits)


def _transcribed(models: Models, pool: Pool, clip: Utterance, plan: Plan) -> Result:
    *_, result = transcribe(models, read_audio(clip.audio), pool, plan.settings)
    return result


def _draft(clip: Utterance, result: Result) -> Draft:
    distances = [n.distance for _, examples in result.examples for n in examples.neighbours]
    return Draft(clip.id, result.smile.text, result.smile.probability, min(distances, default=0.0))


def as_csv(rows: Sequence[OrderEdits]) -> str:
    """Return rows as a table of comma-separated values."""
    import pandas as pd

    return str(pd.DataFrame([asdict(row) for row in rows]).to_csv(index=False, lineterminator="\n"))


def as_text(rows: Sequence[OrderEdits]) -> str:
    """Return the CER in percent by order and number of corrections, of each language and their mean."""
    import pandas as pd

    orders = list(dict.fromkeys(row.order for row in rows if row.order))
    spread = [replace(row, order=order) for row in rows for order in ([row.order] if row.order else orders)]
    table = pd.DataFrame([asdict(row) for row in spread])
    table["cer"] = 100 * table["edits"] / table["length"]
    means = table.groupby(["order", "corrected"], sort=False)["cer"].mean().reset_index()
    shown = pd.concat([table, means.assign(language="macro")])
    wide = shown.pivot_table(index=["language", "corrected"], columns="order", values="cer", sort=False)
    return str(wide[orders].round(1).to_string())
