"""What a pool's acoustic model reads beside Whisper alone: CER by language, on clips not fitted to.

For each language a head is fitted to the 10-minute pool of an ML-SUPERB folder, and the first clips of a
split are written greedily and by beam with the pool's character 6-gram. Settings are chosen on
`10min_dev`; `10min_test` is for figures.

    python -c "from smile.bench.acoustic import run, Bench; print(run(Bench('speech/mini'), ['mdw'], 30))"
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from rapidfuzz.distance import Levenshtein

from smile.acoustic.alphabet import ORIGINAL, Form
from smile.acoustic.beam import DEFAULTS as BEAM
from smile.acoustic.beam import BeamSettings
from smile.acoustic.building import ANEW, Begin, fit_to, together
from smile.acoustic.head import Head
from smile.acoustic.model import AcousticModel, assembled
from smile.acoustic.pretrained import suited
from smile.acoustic.recipe import DEFAULTS as RECIPE
from smile.acoustic.recipe import ENSEMBLE, Recipe
from smile.acoustic.states import READ_AT, LayerStore, StatesId
from smile.audio.io import read_audio
from smile.bench.report import markdown_table, memory, stamp
from smile.corpora import open_corpus
from smile.datatypes import SAMPLE_RATE, Samples, Speech, Utterance
from smile.text.scoring import score
from smile.transcription.options import ALONE
from smile.transcription.target import Target
from smile.util.timing import finished, seconds_of
from smile.whisper.model import Models, load_models

UNKNOWN = ("mdw", "sxb", "chr", "gla", "qtu")  # the languages of the probe
WRITTEN = Form(ORIGINAL)
Said = Callable[[str], None]


@dataclass(frozen=True)
class Bench:
    """What is measured, and how."""

    data: Path  # ML-SUPERB
    split: str = "10min_test"
    pool: str = "10min_train"
    clips: int = 0  # of the pool; 0: all
    recipe: Recipe = RECIPE
    beam: BeamSettings = BEAM
    work: Path | None = None  # where layer states stay between runs; None: they are thrown away
    alone: bool = True  # whether Whisper alone is measured too, which takes most of the time
    again: int = 0  # clips that come later: the fit is timed that goes on from a head without them


@dataclass
class Errors:
    """Edits and lengths added up over clips."""

    edits: int = 0
    length: int = 0
    word_edits: int = 0
    words: int = 0

    def add(self, reference: str, text: str, language: str) -> None:
        """Count a clip, by the normaliser `plain`."""
        counts = score(reference, text, language=language)
        self.edits, self.length = self.edits + counts.edits, self.length + counts.length
        self.word_edits, self.words = self.word_edits + counts.word_edits, self.words + counts.words

    def add_written(self, reference: str, text: str) -> None:
        """Count a clip's characters as they are written, capitals and punctuation with them."""
        wanted = WRITTEN(reference)
        self.edits += Levenshtein.distance(wanted, WRITTEN(text))
        self.length += len(wanted)

    @property
    def cer(self) -> float:
        """Return the character error rate, percent."""
        return 100 * self.edits / max(1, self.length)

    @property
    def wer(self) -> float:
        """Return the word error rate, percent."""
        return 100 * self.word_edits / max(1, self.words)


@dataclass
class Measured:
    """The figures of one language."""

    language: str
    pool: int  # clips fitted to
    clips: int = 0  # written
    levels: dict[str, Errors] = field(default_factory=dict)
    written: Errors = field(default_factory=Errors)  # of the beam's text, as it is written
    encoding: float = 0.0  # seconds, of the pool
    fitting: float = 0.0
    decoding: float = 0.0  # seconds of beam search a second of speech

    def add(self, level: str, utterance: Utterance, text: str) -> None:
        """Count what a level wrote for a clip."""
        self.levels.setdefault(level, Errors()).add(utterance.text, text, self.language)


def run(
    bench: Bench, languages: Sequence[str] = UNKNOWN, limit: int = 60, said: Said = lambda _: None
) -> str:
    """Measure every language on its first clips -> Markdown; `said` hears each row as it is done."""
    models, measured = load_models(adapter=None), list[Measured]()
    with tempfile.TemporaryDirectory() as folder:
        for language in languages:
            measured.append(measure(replace(bench, work=bench.work or Path(folder)), models, language, limit))
            said(", ".join(f"{name} {value}" for name, value in _row(measured[-1]).items()))
    head = f"{bench.split}, first {limit} clips, normaliser plain, seed {bench.recipe.seed}; {stamp()}"
    rows = [*map(_row, measured), _macro(measured)]
    return f"{head}\n\n{markdown_table(rows)}\n\nMost memory held: {memory():.2f} GB."


def measure(bench: Bench, models: Models, language: str, limit: int) -> Measured:
    """Fit a head to a language's pool and write the first clips of the split at each level."""
    corpus = open_corpus(bench.data)
    pool = corpus.read(language, bench.pool).utterances[: bench.clips or None]
    clips = corpus.read(language, bench.split).utterances[:limit]
    reads = StatesId.of(models.vanilla, bench.recipe.layers)
    store = LayerStore((bench.work or Path(".")) / language / f"layers-{reads.name}", reads)
    measured = Measured(language, len(pool))
    measured.encoding = seconds_of(lambda: list(store.encode(models.vanilla, pool, bench.recipe.speeds)))
    list(store.encode(models.vanilla, clips, READ_AT))
    heads, measured.fitting = _fitted(bench, pool, store, Form(bench.recipe.normaliser, language))
    texts = tuple(utterance.text for utterance in pool)
    acoustic = replace(assembled(tuple(heads), texts), beam=bench.beam)
    _decode(measured, acoustic, store, clips)
    for utterance, text in _alone(models, clips if bench.alone else ()):
        measured.add("Whisper alone", utterance, text)
    return measured


def _fitted(
    bench: Bench, pool: Sequence[Utterance], store: LayerStore, form: Form
) -> tuple[list[Head], float]:
    """Return heads, and the seconds that their fits took: of all clips, or of what came later."""
    recipes = [bench.recipe, *(ENSEMBLE[1:] if bench.recipe == ENSEMBLE[0] else ())]
    recipes = [*suited(recipes, store, pool)]
    begins = [ANEW] * len(recipes)
    if bench.again:
        older = finished(together([fit_to(pool[: -bench.again], store, form, each) for each in recipes]))
        begins = [Begin(older=fitted.head) for fitted in older]
        recipes = [recipe.again(len(pool)) for recipe in recipes]
    began = time.perf_counter()
    pairs = zip(recipes, begins, strict=True)
    fitted = finished(together([fit_to(pool, store, form, recipe, begin) for recipe, begin in pairs]))
    return [each.head for each in fitted], time.perf_counter() - began


def _decode(
    measured: Measured, acoustic: AcousticModel, store: LayerStore, clips: Sequence[Utterance]
) -> None:
    """Write clips greedily and by beam."""
    plain, seconds, frames = AcousticModel(acoustic.head), 0.0, 0
    one = replace(acoustic, others=())
    for utterance in clips:
        logprobs = acoustic.heard(store.states_of(utterance, speed) for speed in READ_AT)
        measured.add("greedy", utterance, plain.text(logprobs[0]))
        measured.add("one head, 6-gram", utterance, one.text(logprobs[0]))
        began = time.perf_counter()
        text = acoustic.text(*logprobs)
        seconds, frames = seconds + time.perf_counter() - began, frames + len(logprobs[0])
        measured.add("all heads, 6-gram", utterance, text)
        measured.written.add_written(utterance.text, acoustic.spelt(text))
    measured.clips, measured.decoding = len(clips), 50 * seconds / max(1, frames)


def _alone(models: Models, clips: Sequence[Utterance]) -> Iterator[tuple[Utterance, str]]:
    for utterance in clips:
        samples: Samples = read_audio(utterance.audio)
        speech = Speech(0.0, len(samples) / SAMPLE_RATE, samples)
        *_, last = Target(models, speech, utterance.id).vanilla(ALONE)
        yield utterance, last.decoded.text


def _row(measured: Measured) -> dict[str, object]:
    rates = {f"{name}, CER %": f"{errors.cer:.1f}" for name, errors in measured.levels.items()}
    return {
        "language": measured.language,
        "pool, clips": measured.pool,
        "clips": measured.clips,
        **rates,
        "all heads, WER %": f"{measured.levels['all heads, 6-gram'].wer:.1f}",
        "as written, CER %": f"{measured.written.cer:.1f}",
        "encode pool, s": f"{measured.encoding:.0f}",
        "fit, s": f"{measured.fitting:.0f}",
        "search, ms a second": f"{1000 * measured.decoding:.1f}",
    }


def _macro(measured: Sequence[Measured]) -> dict[str, object]:
    """Return the mean over languages, as the last row of the table."""

    def mean(values: Iterator[float]) -> str:
        return f"{sum(values) / len(measured):.1f}"

    row: dict[str, object] = dict.fromkeys(_row(measured[0]), "–")
    for name in measured[0].levels:
        row[f"{name}, CER %"] = mean(m.levels[name].cer for m in measured)
    row["as written, CER %"] = mean(m.written.cer for m in measured)
    row["all heads, WER %"] = mean(m.levels["all heads, 6-gram"].wer for m in measured)
    return {**row, "language": "macro", "clips": sum(m.clips for m in measured)}
