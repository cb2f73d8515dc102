"""The way of one clip from samples to transcript, whoever asks: states, language, examples, prompt, decoding.

A recording's segments are streamed along it; evaluation, comparison, checks and training drain it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Hashable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from typing import Any, TypeVar, cast

from smile.acoustic.model import AcousticModel, open_acoustic
from smile.acoustic.states import READ_AT, of_outputs, usual_layers
from smile.audio.io import read_audio
from smile.audio.speed import at_speed
from smile.datatypes import (
    SAMPLE_RATE,
    DecoderSession,
    DecodingResult,
    LanguageDetection,
    LayerStates,
    Matrix,
    Neighbour,
    Prompt,
    Samples,
    Shot,
    Speech,
    Vector,
)
from smile.decoding import prompt as prompts
from smile.decoding.control import control_of, vanilla_control
from smile.decoding.encoding import encoding_of
from smile.decoding.knn.teacher_forcing import ClipStates, read_text, read_texts
from smile.decoding.search import Control, decode
from smile.pools.pool import Pool
from smile.retrieval.samplers import Query
from smile.settings import Settings
from smile.transcription.examples import language_token, retrieve
from smile.transcription.joint import Read, joint_of
from smile.util.arrays import digest_of
from smile.util.timing import Stopwatch, timed
from smile.whisper.encoder import pooled, window_for
from smile.whisper.language_id import detect_language
from smile.whisper.model import Model, Models

T = TypeVar("T")
Heard = tuple[AcousticModel, tuple[Matrix, ...]]
NO_TOKEN = LanguageDetection("", 0.0, 0.0)  # of an acoustic model
read_example = lru_cache(maxsize=256)(read_audio)  # the clips of a pool become examples over and over


@dataclass(frozen=True)
class RetrievedExamples:
    """The examples of a target: neighbours in the order chosen; `left_out` did not fit the window."""

    neighbours: tuple[Neighbour, ...] = ()
    left_out: tuple[Neighbour, ...] = ()


@dataclass(frozen=True)
class Step:
    """What has been written for a target so far; the last one's decoding says why it stopped."""

    decoded: DecodingResult
    language: str  # the language token in the prompt
    detection: LanguageDetection
    examples: RetrievedExamples = field(default_factory=RetrievedExamples)


class Target:
    """A clip, and what has been made of it so far; what several settings have in common is made once.

    On `key`, its name, random draws depend. An acoustic model that is given takes the place of the pool's.
    """

    def __init__(self, models: Models, speech: Speech, key: str = "", acoustic: AcousticModel | None = None):
        self.speech, self._models, self._key, self._given = speech, models, key, acoustic
        self.seconds = self.retrieval_seconds = 0.0  # that the transcript at hand would have taken alone
        self._made: dict[Hashable, tuple[Any, float]] = {}
        self._sessions: dict[Model, DecoderSession] = {}  # begun to hear the language, and not gone on with

    def under(self, models: Models) -> Target:
        """Return the same clip under other models; encoder states that they have in common stay made."""
        other = Target(models, self.speech, self._key, self._given)
        other._made = self._made
        return other

    def vanilla(self, settings: Settings, pool: Pool | None = None) -> Iterator[Step]:
        """Write by Whisper alone; a pool limits the length by its speaking rate."""
        self.seconds = self.retrieval_seconds = 0.0
        if settings.level != "context":
            model = self._model(settings, False)
            self._layer_states(model, usual_layers(model.recognizer.depth))
        yield from self._vanilla(settings, pool)

    def in_context(self, settings: Settings, pool: Pool, adapted: bool = True) -> Iterator[Step]:
        """Write behind the examples that the settings choose of a pool, with the adapter or without it.

        Raises:
            SmileError: the settings cannot be used with this model and pool.
        """
        self.seconds = self.retrieval_seconds = 0.0
        yield from self._behind(self._retrieve(settings, pool, adapted), settings, pool, adapted)

    def acoustic(self, settings: Settings, pool: Pool, adapted: bool = True) -> Iterator[Step]:
        """Write by the acoustic model that is fitted to a pool, which has no examples and no language token.

        Raises:
            PoolError: the pool has none for this encoder and these windows, or one of other clips.
        """
        self.seconds = self.retrieval_seconds = 0.0
        acoustic, heard = self._heard(settings, pool, adapted)
        yield Step(self._once(("acoustic", acoustic), lambda: acoustic.written(*heard)), "", NO_TOKEN)

    def combined(self, settings: Settings, pool: Pool, adapted: bool = True) -> Iterator[Step]:
        """Write behind examples, then the text that heads and decoder find likeliest. Raises as they do."""
        self.seconds = self.retrieval_seconds = 0.0
        acoustic, heard = self._heard(settings, pool, adapted)
        neighbours = self._retrieve(settings, pool, adapted)
        step, read = yield from self._behind(neighbours, settings, pool, adapted)
        joint, watch = joint_of(acoustic, heard, self._model(settings, adapted), settings, pool), Stopwatch()
        with watch:
            chosen = joint.chosen(step.decoded, read)
        self.seconds += watch.seconds
        yield replace(step, decoded=chosen)

    def written(self, settings: Settings, pool: Pool, adapted: bool = True) -> Iterator[Step]:
        """Write at the level that the settings name; raises as that level does."""
        ways = {"context": self.in_context, "acoustic": self.acoustic, "combined": self.combined}
        return ways[settings.level](settings, pool, adapted)

    def behind(
        self, neighbours: Sequence[Neighbour], settings: Settings, pool: Pool | None, adapted: bool = True
    ) -> Iterator[Step]:
        """Write behind examples that have been found already; raises as `in_context` does."""
        self.seconds = self.retrieval_seconds = 0.0
        yield from self._behind(neighbours, settings, pool, adapted)

    def retrieve(self, settings: Settings, pool: Pool, adapted: bool = True) -> tuple[Neighbour, ...]:
        """Return the examples that the settings choose of a pool."""
        self.seconds = self.retrieval_seconds = 0.0
        return self._retrieve(settings, pool, adapted)

    def embedding(self, settings: Settings, adapted: bool = True) -> Vector:
        """Return what retrieval compares (d,)."""
        return pooled(self._states(self._model(settings, adapted), self.speech.samples), self.speech.seconds)

    def teacher_forced(self, text: str, settings: Settings, pool: Pool) -> ClipStates:
        """Return what the model says of each token of a text behind the examples, by teacher forcing."""
        neighbours = self._retrieve(settings, pool, True)
        model = self._model(settings, True)
        prompt, _ = self._prompt(model, neighbours, settings, pool)
        return read_text(model, prompt, self._states(model, prompt.samples), text)

    def _model(self, settings: Settings, adapted: bool) -> Model:
        """Return the model of a side, in the settings' windows."""
        return (self._models.smile if adapted else self._models.vanilla).within(settings.windows)

    def _heard(self, settings: Settings, pool: Pool, adapted: bool) -> Heard:
        """Return the acoustic model of a pool, and what its heads make of the clip at each speed."""
        model = self._model(settings, adapted)
        acoustic = self._given or open_acoustic(pool, model)
        readings = [self._layer_states(model, acoustic.head.reads.layers, speed) for speed in READ_AT]
        return acoustic, self._once(("heard", acoustic), lambda: acoustic.heard(readings))

    def _vanilla(self, settings: Settings, pool: Pool | None) -> Iterator[Step]:
        model, speech = self._model(settings, False), self.speech
        states = self._states(model, speech.samples)
        detection = self._detect(settings)
        prompt = prompts.vanilla(model, speech.samples, detection.language)
        control = vanilla_control(model, settings, speech.seconds, pool)
        steps = self._decoded("vanilla", model, prompt, control, lambda: (self._session(model, states), 1))
        for decoded in steps:
            yield Step(decoded, detection.language, detection)

    def _retrieve(self, settings: Settings, pool: Pool, adapted: bool) -> tuple[Neighbour, ...]:
        if not settings.shots:
            return ()
        draft, model = self._draft(settings), self._model(settings, adapted)
        query, watch = Query(self.embedding(settings, adapted), self._key, draft), Stopwatch()
        with watch:
            neighbours = retrieve(pool, query, self.speech.seconds, settings, encoding_of(model.info))
        self.retrieval_seconds += watch.seconds
        self.seconds += watch.seconds
        return neighbours

    def _draft(self, settings: Settings) -> str:
        """Return Whisper's own transcript, where examples are chosen by it."""
        if settings.sampler not in ("draft", "mixed"):
            return ""
        *_, last = self._vanilla(settings, None)
        return last.decoded.text

    def _behind(
        self, neighbours: Sequence[Neighbour], settings: Settings, pool: Pool | None, adapted: bool
    ) -> Generator[Step, None, tuple[Step, Read]]:
        """Write behind examples; returns the last step, and what reads other texts in its place."""
        model, detection = self._model(settings, adapted), self._detect(settings)
        prompt, language = self._prompt(model, neighbours, settings, pool)
        states = self._states(model, prompt.samples)
        control = control_of(model, settings, self.speech.seconds, pool)
        examples = RetrievedExamples(
            tuple(n for i, n in enumerate(neighbours) if i in prompt.fitting),
            tuple(n for i, n in enumerate(neighbours) if i not in prompt.fitting),
        )
        start = partial(encoding_of(model.info).prefill, model, prompt, states)
        for decoded in self._decoded("in-context", model, prompt, control, start):
            step = Step(decoded, language, detection, examples)
            yield step
        return step, partial(read_texts, model, prompt, states)

    def _prompt(
        self, model: Model, neighbours: Sequence[Neighbour], settings: Settings, pool: Pool | None
    ) -> tuple[Prompt, str]:
        """Return the prompt behind examples, and the language that it names."""
        language, watch = language_token(settings.language_token, pool, self._detect(settings)), Stopwatch()
        with watch:
            shots = [Shot(read_example(n.utterance.audio), n.utterance.text) for n in neighbours]
            prompt = prompts.build(
                model, self.speech.samples, shots, language=language, timestamps=settings.timestamps
            )
        self.seconds += watch.seconds
        return prompt, language

    def _detect(self, settings: Settings) -> LanguageDetection:
        """Return which language Whisper alone hears; its session is kept to go on with."""
        model = self._model(settings, False)
        states = self._states(model, self.speech.samples)

        def work() -> LanguageDetection:
            session = model.decoder(states)
            self._sessions[model] = session
            return detect_language(session, model.tokenizer)

        return self._once(("language", model), work)

    def _session(self, model: Model, states: Matrix) -> DecoderSession:
        """Return a session that has been fed the start token."""
        if model in self._sessions:
            return self._sessions.pop(model)
        session = model.decoder(states)
        detect_language(session, model.tokenizer)
        return session

    def _states(self, model: Model, samples: Samples) -> Matrix:
        """Return encoder states; silence that fills up the last 20 ms changes none, so makes no other key."""
        return self._once(self._states_key(model, samples), lambda: model.encode(samples))

    def _states_key(self, model: Model, samples: Samples) -> Hashable:
        window = window_for(len(samples) / SAMPLE_RATE, model.windows)
        return "states", model.info.encoder, digest_of(prompts.whole_states(samples)), window

    def _layer_states(self, model: Model, layers: tuple[int, ...], speed: float = 1.0) -> LayerStates:
        """Return what a head reads of the clip at a speed; its encoder states come in the same pass."""
        samples = at_speed(self.speech.samples, speed)

        def work() -> LayerStates:
            states, outputs = model.encode_layers(samples, layers)
            self._made.setdefault(self._states_key(model, samples), (states, 0.0))
            return of_outputs(outputs, len(samples) / SAMPLE_RATE)

        return self._once(("layers", model.info.encoder, layers, model.windows, speed), work)

    def _decoded(
        self,
        side: str,
        model: Model,
        prompt: Prompt,
        control: Control,
        start: Callable[[], tuple[DecoderSession, int]],
    ) -> Iterator[DecodingResult]:
        """Decode a prompt, once for all settings that come to it with the same control."""
        sounds = tuple(digest_of(s) for s in (prompt.samples, *(e.samples for e in prompt.examples)))
        told = replace(prompt, samples=None, examples=())  # type: ignore[arg-type]  # sounds stand for both
        key = (side, model, told, sounds, control)
        if key in self._made:
            decoded, seconds = self._made[key]
            self.seconds += seconds
            yield decoded
            return
        watch = Stopwatch()
        with watch:
            session, fed = start()
        for decoded in timed(decode(session, prompt, model.tokenizer, control, fed), watch):
            yield decoded
        self._made[key] = decoded, watch.seconds
        self.seconds += watch.seconds

    def _once(self, key: Hashable, work: Callable[[], T]) -> T:
        """Do a piece of work where nobody has; its time counts for everything that needs it."""
        if key not in self._made:
            before, watch = self.seconds, Stopwatch()
            with watch:
                made = work()
            self._made[key] = made, watch.seconds
            self.seconds = before
        made, seconds = self._made[key]
        self.seconds += seconds
        return cast(T, made)
