"""A check whether examples help a language, and which setting helps most, on the pool's own clips.

Each clip is transcribed with all the others as its pool, as if it had never been there: it is left out of
the examples, of the token datastore and the contexts that this was read in, and of all that is fitted on
them, and so are its copies, clips of other names with the same sound, which count as one. (Only Whisper's
guess at the language is counted over the whole pool.)
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from smile.acoustic.pretrained import LITTLE, pretrained_for
from smile.acoustic.recipe import DEFAULTS as RECIPE
from smile.acoustic.states import StatesId
from smile.datatypes import PoolError, RecognizerInfo, SmileError
from smile.decoding.knn import store as token_store
from smile.evaluation.conditions import Condition
from smile.evaluation.evaluate import evaluate, failed_row, pool_key
from smile.evaluation.rows import Row
from smile.own.checked import KeptRows
from smile.own.crossed import ModelOf, cross_models
from smile.pools.copies import copies, group_of, same_texts
from smile.pools.pool import Pool
from smile.pools.setting import PoolSetting, pool_digest
from smile.pools.subsets import drop
from smile.results.pairs import paired
from smile.results.tables import by_language, sampled
from smile.retrieval.samplers import stable_shuffle
from smile.settings import DEFAULTS, latest
from smile.transcription.examples import pool_token
from smile.transcription.options import ALONE
from smile.transcription.preparing import needed, prepare_datastore, share
from smile.util.timing import relayed
from smile.whisper.model import Models

BY_HEAD, BY_BOTH = replace(DEFAULTS, level="acoustic"), replace(DEFAULTS, level="combined")
CLIPS = 20  # that are left out in turn, unless the caller says otherwise
SHOTS = (1, 3, 5)
VANILLA = "vanilla"
ACOUSTIC, COMBINED = "acoustic model", "combined"


@dataclass(frozen=True)
class Check:
    """The progress of a check; the rows hold no reference text."""

    done: int  # transcripts
    total: int
    rows: tuple[Row, ...] = ()
    kept: int = 0  # of these, from a check that was broken off
    fitted: float | None = None  # share of the fitting that comes before them, while it lasts
    left: tuple[str, ...] = ()  # conditions of the transcripts that are still to be made
    untried: str = ""  # why levels with an acoustic model are not among the conditions

    @property
    def rates(self) -> pd.DataFrame:
        """Return a line for each setting, as `results.by_language` has it: `rate` is CER in percent.

        `same_clips` is whether it was measured on those that Whisper alone was measured on.
        """
        if not self.rows:
            return pd.DataFrame()
        lines = by_language(self._table)
        alone = self._measured(VANILLA)
        return lines.assign(same_clips=[self._measured(name) == alone for name in lines["condition"]])

    def surely_better(self, condition: str, than: str) -> bool:
        """Return whether a condition has fewer errors than another, and the 95 % interval says so, too."""
        found = paired(sampled(self._table).values(), condition, than)
        return found is not None and found.count(better=True, significant=True) > 0

    @property
    def _table(self) -> pd.DataFrame:
        return pd.DataFrame([asdict(row) for row in self.rows])

    def _measured(self, condition: str) -> set[str]:
        """The clips that a condition has transcribed."""
        return {row.id for row in self.rows if row.condition == condition and not row.error}


def conditions(
    info: RecognizerInfo,
    shots: Sequence[int] = SHOTS,
    knn: Sequence[float] = (1.0, 0.0),
    acoustic: bool = False,
) -> tuple[Condition, ...]:
    """Return what is tried: Whisper alone, the page's way with so many examples and strengths of the kNN-LM.

    With `acoustic` also by a head, and both combined.
    """
    tried = [Condition(VANILLA, "vanilla", replace(ALONE, length_limit=False))]
    for strength in knn:
        for k in shots:
            name = f"{k} shots" if k != 1 else "1 shot"
            tried.append(
                Condition(
                    name if strength else f"{name}, no kNN-LM",
                    settings=replace(DEFAULTS, shots=k, knn=strength),
                    adapter=info.adapter_hash,
                )
            )
    levels = {ACOUSTIC: BY_HEAD, COMBINED: BY_BOTH} if acoustic else {}
    tried += [Condition(name, settings=by, adapter=info.adapter_hash) for name, by in levels.items()]
    return tuple(tried)


def leave_one_out(
    models: Models,
    pool: Pool,
    tried: Sequence[Condition],
    clips: int = CLIPS,
    seed: int = 0,
    kept: KeptRows | None = None,
) -> Generator[Check, None, None]:
    """Transcribe a sample of a pool's clips, each with the others as its pool, under each condition.

    Yields after every transcript that is not `kept` of an earlier check, and at the end; all conditions of a
    clip come before the next clip, so that what has been done when the iterator is closed can be compared.
    The token datastore is made first where it is missing and a condition needs it; heads of an acoustic
    model are fitted first, each to the pool without a quarter of it (cross-validation), and a clip is read
    by one that never heard it.

    Raises:
        PoolError: the pool has just one clip, or copies of just one.
    """
    if len(pool) < 2:
        raise PoolError(f"{pool.folder} has just one clip; add some, so that one can be left out.")
    chosen = sample(pool, clips, seed)
    if len(group_of(copies(pool), chosen[0])) == len(pool):
        raise PoolError(f"{pool.folder} has just one recording, under {len(pool)} names; add others.")
    kept, rows = KeptRows() if kept is None else kept, list[Row]()
    if tokens := any("datastore" in needed(condition.settings) for condition in tried):
        prepare_datastore(pool, models.smile)
    progress = Check(0, len(chosen) * len(tried))
    yield progress
    wanted = {index: [c for c in tried if kept.get(pool.utterances[index], c) is None] for index in chosen}
    model_of = None
    if any(_is_fitted(c) for missing in wanted.values() for c in missing):
        steps = relayed(cross_models(pool, models.smile), share)
        model_of = yield from relayed(steps, lambda done: replace(progress, fitted=done))
    left_out = _LeftOut(models, pool, tokens, model_of)
    left = [condition.name for missing in wanted.values() for condition in missing]
    for index, missing in wanted.items():
        utterance = pool.utterances[index]
        rows += (row for condition in tried if (row := kept.get(utterance, condition)))
        progress = replace(progress, kept=progress.kept + len(tried) - len(missing))
        for row in left_out.rows(index, missing):
            rows.append(kept.add(row))
            left.remove(row.condition)
            progress = replace(progress, done=len(rows), rows=tuple(rows), left=tuple(left))
            yield progress
    if progress.done < len(rows):
        yield replace(progress, done=len(rows), rows=tuple(rows))


@dataclass(frozen=True, eq=False)
class _LeftOut:
    """Transcribes clips of a pool, each with the others as its pool."""

    models: Models
    pool: Pool
    tokens: bool  # whether a condition looks up tokens
    model_of: ModelOf | None  # gives the acoustic model that never heard a clip

    def rows(self, index: int, tried: Sequence[Condition]) -> Iterator[Row]:
        """Yield the rows of a clip."""
        utterance, acoustic = self.pool.utterances[index], None
        if self.model_of and any(map(_is_fitted, tried)):
            try:
                acoustic = self.model_of(utterance)
            except SmileError as error:
                yield from (failed_row(utterance, c, "", error) for c in tried if _is_fitted(c))
                tried = [c for c in tried if not _is_fitted(c)]
        if not tried:
            return
        with TemporaryDirectory() as folder:
            others = without(self.models, self.pool, index, Path(folder), self.tokens)
            pools = {pool_key(condition, utterance.language): others for condition in tried}
            for row, _ in evaluate(self.models, utterance, tried, pools, acoustic=acoustic):
                yield row


def _is_fitted(condition: Condition) -> bool:
    """Whether a condition needs an acoustic model."""
    return "acoustic" in needed(condition.settings)


def sample(pool: Pool, clips: int, seed: int = 0) -> list[int]:
    """Return indices of at most so many clips, in the pool's order; the same for the same ids and seed.

    Of copies of one recording there is one.
    """
    groups, shuffled = copies(pool), stable_shuffle(pool.utterances, f"{seed}/")
    once = {group_of(groups, i): i for i in reversed(shuffled)}
    return sorted([i for i in shuffled if once[group_of(groups, i)] == i][: max(1, clips)])


def without(models: Models, pool: Pool, index: int, stores: Path, tokens: bool) -> Pool:
    """Return the pool less one clip and its copies; with `tokens` its datastore too, made in `stores`."""
    left = group_of(copies(pool), index)
    if tokens:
        language = pool_token(pool)
        return token_store.without(pool, left, models.smile, language=language, stores=stores)
    return drop(pool, *left)


def best(check: Check, tried: Sequence[Condition], pool: Pool, info: RecognizerInfo) -> PoolSetting:
    """Return the setting with the lowest CER, of equals the first, as the pool's own.

    Where it may be lower by chance than that of both levels combined, these are taken, which in most
    languages do better than either (docs/acoustic.md), unless heads of little speech began from nothing. It
    is chosen on the clips that its CER is measured on, so new clips may do a little worse.

    Raises:
        PoolError: no clip could be transcribed under any setting with examples.
    """
    lines = check.rates
    rates = {} if lines.empty else dict(zip(lines["condition"], lines["rate"], strict=True))
    measured = [c for c in tried if c.side != "vanilla" and np.isfinite(rates.get(c.name, np.nan))]
    if not measured:
        first = next((row.error for row in check.rows if row.error), "there are no transcripts")
        raise PoolError(f"The check of {pool.folder} came to no result: {first}")
    lowest = min(measured, key=lambda c: rates[c.name])
    chosen = _usual(check, measured, lowest) if _heard_enough(pool, info) else lowest
    line = lines[lines["condition"] == chosen.name].iloc[0]
    vanilla = rates.get(VANILLA, np.nan)
    ids = {row.id for row in check.rows}
    said = {pool.utterances[i].id for i in same_texts(pool, copies(pool))}
    return PoolSetting(
        shots=chosen.settings.shots,
        knn=chosen.settings.knn,
        recognizer=" ".join(filter(None, (info.encoder.model, info.precision, info.adapter_hash))),
        pool=pool_digest(pool),
        levels=latest(),
        clips=len(ids),
        same_text=len(ids & said),
        cer=round(float(line["rate"]), 2),
        vanilla=round(float(vanilla), 2) if np.isfinite(vanilla) else None,
        level=chosen.settings.level,
        low=round(float(line["low"]), 2),
        high=round(float(line["high"]), 2),
        helps=bool(line["better"]) if line.get("significant", False) else None,
        lowest=None if chosen is lowest else round(float(rates[lowest.name]), 2),
    )


def _heard_enough(pool: Pool, info: RecognizerInfo) -> bool:
    """Whether heads of a pool are likely to hear: they begin pre-trained, or have enough speech."""
    reads = StatesId(info.encoder, info.precision, ())
    return 60 * pool.minutes >= LITTLE or pretrained_for(reads, RECIPE) is not None


def _usual(check: Check, measured: Sequence[Condition], lowest: Condition) -> Condition:
    """Both levels combined, or the setting with the lowest CER where it is surely lower than theirs."""
    combined = next((c for c in measured if c.name == COMBINED), lowest)
    sure = combined is lowest or check.surely_better(lowest.name, COMBINED)
    return lowest if sure else combined
