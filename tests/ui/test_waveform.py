"""A recording by segments and words as HTML: escaped, its words with times, its keys told."""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from smile.datatypes import SAMPLE_RATE, Span
from smile.ui.own.editing import ADD
from smile.ui.parts import waveform
from smile.ui.parts.waveform import LISTENING, Line, Wave, figure, spread

NASTY = "<script>alert('x')</script> \"&"
WORDS = (Span(1.0, 1.4, "ná", 0.93), Span(1.5, 1.9, NASTY, 0.31), Span(1.9, 2.0, "kwé", 0.6))
WAVE = Wave(
    "a.wav",
    0.5,
    2.5,
    (0, 100, 3),
    "data:audio/flac;base64,AA==",
    (1.0, 2.0),
    ((2.2, 3.0),),
    (Line(1.0, 2.0, WORDS),),
)


def told(made: str, name: str) -> Any:
    (found,) = re.findall(rf'data-{name}="([^"]*)"', made)
    return json.loads(html.unescape(found))


def test_what_the_script_needs_stands_in_the_figure() -> None:
    made = str(figure(WAVE))
    assert told(made, "wave") == {
        "begins": 0.5,
        "seconds": 2.5,
        "peaks": [0, 100, 3],
        "segment": [1.0, 2.0],
        "segments": [[2.2, 3.0]],
        "timed": True,
    }
    assert told(made, "keys") == {command.code: command.name for command in LISTENING}
    assert all(command.what in made for command in LISTENING), "the keys are told"
    assert '<audio controls preload="auto" src="data:audio/flac;base64,AA==">' in made


def test_a_command_with_another_key_held_is_told_and_left_to_its_own_script() -> None:
    made = str(figure(replace(WAVE, commands=(*LISTENING, ADD))))
    assert '<dt><kbd class="mod-enter">Ctrl</kbd> <kbd>Enter</kbd></dt>' in made
    assert '<dt><kbd class="mod">Alt</kbd> <kbd>P</kbd></dt>' in made
    assert told(made, "keys") == {command.code: command.name for command in LISTENING}


def test_words_are_buttons_with_times_and_shades_and_one_of_them_is_tabbed_to() -> None:
    made = str(figure(WAVE))
    assert re.findall(r'data-start="([\d.]+)" data-end="([\d.]+)" [^>]*tabindex="(-?\d)"', made) == [
        ("1.000", "1.400", "0"),
        ("1.500", "1.900", "-1"),
        ("1.900", "2.000", "-1"),
    ]
    assert 'class="wave-word word doubt"' in made
    assert 'class="wave-word word fair"' in made
    assert "(31 % sure)" in made
    assert "have no times" not in made
    assert "have no times" in figure(replace(WAVE, timed=False))


@pytest.mark.parametrize("field", ["caption", "source"])
def test_nothing_is_written_unescaped(field: str) -> None:
    made = str(figure(replace(WAVE, **{field: NASTY}, more={"name": NASTY})))
    assert "<script" not in made
    assert made.count("&lt;script&gt;") == 3


def test_words_without_times_are_spread_by_their_length() -> None:
    spans = spread(" ab  abcd ab", 10.0, 18.0)
    assert [(s.text, s.start, s.end) for s in spans] == [
        ("ab", 10.0, 12.0),
        ("abcd", 12.0, 16.0),
        ("ab", 16.0, 18.0),
    ]
    assert spread("  ", 0, 1) == ()


def test_the_sound_stands_in_its_address() -> None:
    samples = np.sin(np.arange(SAMPLE_RATE, dtype=np.float32))
    assert waveform.sound(samples).startswith("data:audio/flac;base64,ZkxhQ")
    seconds, outline = waveform.seen(samples)
    assert seconds == 1.0
    assert max(outline) == 100
