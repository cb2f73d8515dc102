"""The settings of a transcription as components, as `Settings`, and as the query of an address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import gradio as gr

from smile.datatypes import MOST_BEAMS, MOST_SHOTS
from smile.retrieval.divergences import LABELS as MEASURES
from smile.retrieval.samplers import LABELS, SAMPLERS
from smile.settings import REFERENCE, WINDOWS, Settings
from smile.text.languages import languages
from smile.ui.sources import PoolChoice

DEFAULT = Settings()
SIDE_BY_SIDE = 190  # pixels that two controls in a row need each
SEEDS = range(2**31)
KNN_STEPS = (0.0, 0.25, 0.5, 0.75, 1.0)
PROMPTS = {"anchored": "Anchored in time", "plain": "Plain"}
CHARACTERS = {"off": "Any", "soft": "Prefer them", "hard": "Only them"}
WINDOW_CHOICES = {"short": WINDOWS, "full": REFERENCE}


class Choices(NamedTuple):
    """The settings by name: either their components or what a visitor chose."""

    shots: Any
    sampler: Any
    divergence: Any
    language: Any
    prompt: Any
    beams: Any
    seed: Any
    windows: Any
    bounded: Any
    knn: Any
    unlooped: Any
    characters: Any

    def settings(self) -> Settings:
        """The choices as the engine takes them."""
        return Settings(
            shots=int(self.shots),
            sampler=self.sampler,
            divergence=self.divergence,
            seed=int(self.seed),
            language=self.language,
            prompt=self.prompt,
            beams=int(self.beams),
            windows=WINDOW_CHOICES[self.windows],
            bounded=bool(self.bounded),
            knn=float(self.knn),
            unlooped=bool(self.unlooped),
            characters=self.characters,
        )


def whisper_languages() -> dict[str, str]:
    """Whisper's language codes and their English names, by name."""
    known: dict[str, str] = {}
    for language in languages().values():
        if language.whisper:
            known.setdefault(language.whisper, language.name)
    return dict(sorted(known.items(), key=lambda item: item[1]))


def allowed() -> dict[str, Sequence[Any]]:
    """What each setting may be; anything else in an address is passed over."""
    return {
        "shots": range(MOST_SHOTS + 1),
        "sampler": SAMPLERS,
        "divergence": tuple(MEASURES),
        "language": ("guess", "pool", *whisper_languages()),
        "prompt": tuple(PROMPTS),
        "beams": range(1, MOST_BEAMS + 1),
        "seed": SEEDS,
        "windows": tuple(WINDOW_CHOICES),
        "bounded": (True, False),
        "knn": KNN_STEPS,
        "unlooped": (True, False),
        "characters": tuple(CHARACTERS),
    }


def from_query(query: Mapping[str, str]) -> dict[str, Any]:
    """The valid settings in the query of an address."""
    found = {name: _parse(query[name], values) for name, values in allowed().items() if name in query}
    return {name: value for name, value in found.items() if value is not None}


def _parse(text: str, values: Sequence[Any]) -> Any:
    if isinstance(values, range):
        return int(text) if text.isdecimal() and int(text) in values else None
    return next((v for v in values if text.lower() in (str(v).lower(), _short(v))), None)


def _short(value: Any) -> str:
    """A number as JavaScript writes it: 1, not 1.0."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def pool_label(pool: PoolChoice) -> str:
    """A pool in one line: language, code, whether its voice is synthetic, number of examples, corpus."""
    parts = [
        f"{pool.language.name or pool.language.code} ({pool.language.code})",
        "synthetic voice" if pool.synthetic else "",
        f"{pool.examples} examples",
        pool.source,
    ]
    return " · ".join(filter(None, parts))


def pool_choices(pools: Iterable[PoolChoice]) -> list[tuple[str, str]]:
    """(label, key) of every pool, by name of language."""
    return sorted((pool_label(pool), pool.key) for pool in pools)


def main_choices() -> dict[str, gr.components.Component]:
    """The settings that a visitor tries first."""
    shots = gr.Slider(0, MOST_SHOTS, DEFAULT.shots, step=1, label="Examples in the prompt", elem_id="shots")
    with gr.Row():
        sampler = gr.Radio(
            [(label, name) for name, label in LABELS.items()],
            value=DEFAULT.sampler,
            label="Which examples",
            min_width=SIDE_BY_SIDE,
            elem_id="sampler",
        )
        divergence = gr.Dropdown(
            [(label, name) for name, label in MEASURES.items()],
            value=DEFAULT.divergence,
            label="Distance",
            min_width=SIDE_BY_SIDE,
            elem_id="divergence",
        )
    tokens = [(f"{name} ({code})", code) for code, name in whisper_languages().items()]
    language = gr.Dropdown(
        [("Whisper's guess", "guess"), ("The pool's", "pool"), *tokens],
        value=DEFAULT.language,
        label="Language token of the prompt",
        info="Whisper writes as it learned to for the language that its prompt names.",
        elem_id="language",
    )
    return {"shots": shots, "sampler": sampler, "divergence": divergence, "language": language}


def more_choices() -> dict[str, gr.components.Component]:
    """The settings that seldom change."""
    prompt = gr.Radio(
        [(label, name) for name, label in PROMPTS.items()],
        value=DEFAULT.prompt,
        label="Prompt format",
        elem_id="prompt",
    )
    windows = gr.Radio(
        [("Shortest that fits", "short"), ("Always 30 s", "full")],
        value="short",
        label="Audio window",
        elem_id="windows",
    )
    with gr.Row():
        beams = gr.Slider(1, MOST_BEAMS, DEFAULT.beams, step=1, label="Beams", elem_id="beams")
        seed = gr.Number(
            DEFAULT.seed, label="Seed of random examples", precision=0, minimum=0, elem_id="seed"
        )
    knn = gr.Slider(
        KNN_STEPS[0],
        KNN_STEPS[-1],
        DEFAULT.knn,
        step=KNN_STEPS[1],
        label="Spelling from the whole pool",
        info="Mixes in what the pool's texts went on with in the nearest places (token-level neighbours).",
        elem_id="knn",
    )
    bounded = gr.Checkbox(DEFAULT.bounded, label="Cut text longer than the examples' pace", elem_id="bounded")
    unlooped = gr.Checkbox(DEFAULT.unlooped, label="Keep loops from beginning", elem_id="unlooped")
    characters = gr.Radio(
        [(label, name) for name, label in CHARACTERS.items()],
        value=DEFAULT.characters,
        label="Characters of the pool",
        info="Whether the transcript may have others.",
        elem_id="characters",
        elem_classes="bar",
    )
    plain = {"prompt": prompt, "beams": beams, "seed": seed, "windows": windows}
    return {**plain, "bounded": bounded, "knn": knn, "unlooped": unlooped, "characters": characters}
