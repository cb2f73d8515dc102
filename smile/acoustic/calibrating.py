"""What a pool's own clips say of how sure a word is: words that were read by heads which had not seen them.

They lie beside the pool as `confidence-<encoder>-<texts>.npz`, what speaks for each and whether it was right,
and belong to the same clips and encoder as the pool's heads; another's are not used. Where there are none the
default calibration stands in, which was fitted to clips of other languages.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from smile.acoustic.confidence import Calibration, blank_calibration
from smile.acoustic.crossing import CrossRead
from smile.acoustic.evidence import NAMES, right, weighed
from smile.acoustic.model import AcousticModel
from smile.acoustic.recipe import DEFAULTS as RECIPE
from smile.acoustic.recipe import FittingProgress, Recipe
from smile.acoustic.states import StatesId
from smile.acoustic.store import OtherHeadError, compare_headers, form_of, head_path, header_of
from smile.datatypes import DamagedError, Matrix, PoolError, Utterance
from smile.pools.kept import make_folder
from smile.pools.pool import Pool
from smile.settings import later
from smile.util.arrays import Arrays, write_arrays
from smile.util.fields import from_json
from smile.util.storage import set_aside

OWN = "calibrated on {} words of the pool's own clips"
DEFAULT = "default calibration, fitted to clips of {} ({} words)"
FEWEST = 20  # words, below which a pool's own say nothing


@dataclass(frozen=True)
class Default:
    """The calibration of pools that have none of their own.

    Attributes:
        calibration: it.
        made_by: the command, or how else.
        date: of its making, ISO 8601.
    """

    calibration: Calibration
    made_by: str
    date: str


@dataclass(frozen=True, eq=False)
class Words:
    """Words of known rightness."""

    numbers: NDArray[np.float64]  # what speaks for each (words, features)
    right: NDArray[np.bool_]  # (words,)
    recipe: str = ""  # of the heads that wrote them, as JSON, where they were kept

    def __len__(self) -> int:
        return len(self.right)

    @classmethod
    def joined(cls, each: Iterable[Words]) -> Words:
        """Return all words of several."""
        parts = [NO_WORDS, *each]
        return cls(np.concatenate([p.numbers for p in parts]), np.concatenate([p.right for p in parts]))


NO_WORDS = Words(np.empty((0, len(NAMES))), np.zeros(0, bool))


def words_of(model: AcousticModel, logprobs: Sequence[Matrix], text: str, reference: str) -> Words:
    """Return the words of a text whose reference is known; those that the heads cannot write are left out."""
    found = weighed(model, logprobs, text)
    truths = right(text, reference, model.head.form)
    known = [(word.evidence.numbers(), truths[word.number]) for word in found if word.evidence]
    numbers = np.array([numbers for numbers, _ in known]).reshape(-1, len(NAMES))
    return Words(numbers, np.array([truth for _, truth in known], bool))


def crossed_words(clips: Sequence[CrossRead]) -> Generator[FittingProgress, None, Words]:
    """Return the words that heads write for clips which they have not seen; yields after each clip.

    Clips whose states are gone are passed over.
    """
    found: list[Words] = []
    for done, clip in enumerate(clips, 1):
        try:
            heard = clip.heard
        except PoolError:
            continue
        text = clip.model.written(*heard).text
        found.append(words_of(clip.model, heard[:1], text, clip.utterance.text))
        yield FittingProgress("writing", done, len(clips))
    return Words.joined(found)


def calibration_path(pool: Pool, reads: StatesId, normaliser: str = RECIPE.normaliser) -> Path:
    """Return where the words of known rightness of a pool lie."""
    heads = head_path(pool, reads, normaliser)
    return heads.with_name(heads.name.replace("acoustic-", "confidence-", 1))


def write_words(pool: Pool, reads: StatesId, words: Words, recipe: Recipe = RECIPE) -> None:
    """Keep words that heads fitted by a recipe have read without the clips which they are of.

    Raises:
        PoolError: the pool was deleted meanwhile.
        OSError: they cannot be written.
    """
    path = calibration_path(pool, reads, recipe.normaliser)
    make_folder(pool, path.parent)
    header = {**_header(reads, pool, recipe.normaliser), "recipe": recipe.to_json()}
    arrays = {"numbers": words.numbers.astype(np.float32), "right": words.right}
    write_arrays(path, {"header": np.array(json.dumps(header)), **arrays})


def calibration_of(pool: Pool, reads: StatesId, normaliser: str = RECIPE.normaliser) -> Calibration:
    """Return the calibration of a pool's acoustic model: its own, or the default; it says which.

    What is damaged is set aside, and what was fitted to other clips or another encoder is not used.
    """
    given, words = default().calibration, own_words(pool, reads, normaliser)
    return adapted(given, words) if words and len(words) >= FEWEST else given


def own_words(pool: Pool, reads: StatesId, normaliser: str = RECIPE.normaliser) -> Words | None:
    """Return the words of known rightness of a pool as it is; None where there are none."""
    path = calibration_path(pool, reads, normaliser)
    if not path.is_file():
        return None
    try:
        return _opened(path, path.stat().st_mtime_ns, json.dumps(_header(reads, pool, normaliser)))
    except DamagedError:
        set_aside(path)
    except (OtherHeadError, OSError):
        pass
    return None


def has_words(pool: Pool, reads: StatesId, recipe: Recipe = RECIPE) -> bool:
    """Return whether the words are kept that heads fitted by a recipe read of a pool as it is."""
    words = own_words(pool, reads, recipe.normaliser)
    return words is not None and words.recipe == _told(recipe.to_json())


def adapted(given: Calibration, words: Words) -> Calibration:
    """Return a calibration fitted to words of a pool's own clips, from a given one on."""
    return given.fitted(words.numbers, words.right, OWN.format(f"{len(words):,}"))


def fitted_default(words: Words, languages: Sequence[str]) -> Calibration:
    """Return a default calibration, fitted to words of languages."""
    told = DEFAULT.format(", ".join(languages), f"{len(words):,}")
    return blank_calibration(words.numbers).fitted(words.numbers, words.right, told)


@lru_cache(maxsize=1)
def default() -> Default:
    """Return the calibration for pools that have none of their own."""
    return from_json(Default, files("smile.acoustic").joinpath("confidence.json").read_bytes())


def _header(reads: StatesId, pool: Pool, normaliser: str) -> dict[str, object]:
    utterances: Sequence[Utterance] = pool.utterances
    made = header_of(reads, form_of(pool, normaliser), utterances)
    return {**made, "names": [*NAMES], **later("acoustic")}


@lru_cache(maxsize=16)
def _opened(path: Path, changed: int, wanted: str) -> Words:
    """Return words as they were when their file last `changed`."""
    with Arrays(path) as stored:
        try:
            header, asked = json.loads(stored.text("header")), json.loads(wanted)
            compare_headers(header, asked)
            if header.get("names") != asked["names"]:
                raise OtherHeadError("other evidence")
            if header.get("acoustic", 1) != asked.get("acoustic", 1):
                raise OtherHeadError("words that another version of SMILE has written")
            numbers, truths = stored["numbers"].astype(np.float64), stored["right"]
        except (LookupError, ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
            raise DamagedError(path) from error
    if numbers.shape != (len(truths), len(NAMES)) or truths.dtype != bool or not np.isfinite(numbers).all():
        raise DamagedError(path)
    return Words(numbers, truths, _told(header.get("recipe")))


def _told(recipe: object) -> str:
    return json.dumps(recipe, sort_keys=True)
