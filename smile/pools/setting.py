"""The setting that serves a pool best, beside its header: measured by leave-one-out, or chosen by hand."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from smile.datatypes import MOST_SHOTS, PoolError
from smile.pools.pool import Pool, order_digest
from smile.settings import LEVELS, Level, Settings, latest
from smile.util.fields import from_json
from smile.util.storage import set_aside, write_json

SETTING = "setting.json"


@dataclass(frozen=True)
class PoolSetting:
    """What differs from the defaults when a pool is used, and what it rests on."""

    shots: int
    knn: float  # strength of token-level neighbours
    recognizer: str = ""  # with which it was measured: model, precision and adapter
    order: str = ""  # digest of the clips' ids that the pool had then, in settings of before there was `pool`
    clips: int = 0  # that were left out in turn; 0: chosen by hand
    cer: float | None = None  # percent, of the setting
    vanilla: float | None = None  # percent, of Whisper alone on the same clips
    helps: bool | None = None  # whether it lowers the CER; None where that is not clear
    level: Level = "context"
    low: float | None = None  # bounds of the 95 % interval of `cer`
    high: float | None = None
    same_text: int = 0  # of the clips left out, those with the very text of another
    pool: str = ""  # `pool_digest` of the pool then
    levels: int = 1  # version of the levels that were tried, as `latest` has it
    lowest: float | None = None  # percent, of another setting that had fewer errors, which may be chance

    def applied(self, settings: Settings) -> Settings:
        """Return settings with this one's level, shots and strength of the kNN-LM."""
        chosen = {name: getattr(self, name) for name in ("shots", "knn", "level")}
        return replace(settings, **chosen)

    def current(self, pool: Pool) -> bool:
        """Return whether it was measured on this pool as it is, and on the levels of today."""
        return self.levels == latest() and self.measured_on(pool)

    def measured_on(self, pool: Pool) -> bool:
        """Return whether the pool is still the one that it was measured on, to the letter of its texts."""
        if self.pool:
            return self.pool == pool_digest(pool)
        return self.order == order_digest(pool.utterances)


def pool_digest(pool: Pool) -> str:
    """Return 16 hex digits that tell pools apart which may give a check other rows: clips, texts, sounds."""
    header, clips = pool.header, [[u.id, u.text, u.language] for u in pool.utterances]
    said = [clips, header.language.code, dict(header.guesses), list(pool.added)]
    digest = hashlib.sha256(json.dumps(said, sort_keys=True).encode())
    digest.update(pool.embeddings.tobytes())
    return digest.hexdigest()[:16]


def read_setting(folder: Path) -> PoolSetting | None:
    """Read a pool's setting; None where it has none.

    Raises:
        PoolError: it is damaged.
    """
    path = folder / SETTING
    if not path.is_file():
        return None
    try:
        setting = from_json(PoolSetting, path.read_bytes(), "ignore")
        rates = (setting.cer, setting.vanilla, setting.low, setting.high, setting.lowest)
        if (
            not 0 <= setting.shots <= MOST_SHOTS
            or not 0 <= setting.knn <= 1
            or setting.level not in LEVELS
            or not all(math.isfinite(rate) for rate in rates if rate is not None)
        ):
            raise ValueError(setting)
    except (OSError, ValueError) as error:
        raise PoolError(f"{path} is damaged; remove it, or make it again with: smile check POOL") from error
    return setting


def whole_setting(folder: Path) -> PoolSetting | None:
    """Read the setting of a pool that the app looks after; set a damaged one aside and return None."""
    try:
        return read_setting(folder)
    except PoolError:
        set_aside(folder / SETTING)
        return None


def write_setting(folder: Path, setting: PoolSetting) -> None:
    """Make a setting the pool's own; it appears when it is whole."""
    try:
        write_json(folder / SETTING, asdict(setting))
    except OSError as error:
        raise PoolError(f"{folder / SETTING} cannot be written ({error.strerror}).") from error
