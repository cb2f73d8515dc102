"""Text while somebody speaks: the same as of the whole recording, whatever the chunks; bounded, always."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smile.acoustic.ctc import greedy
from smile.acoustic.head import Head
from smile.acoustic.live import GAP, LiveSettings, LiveText, LiveTranscriber
from smile.acoustic.stretches import all_logprobs
from smile.datatypes import SAMPLE_RATE, Samples
from smile.whisper.model import Model
from tests.support.tones import CHARACTERS, Ear, head, models, spoken

HEAD: Head = head()
SHORT = LiveSettings(windows=(3.0, 4.0), step=0.3, settled=0.6, context=1.0)
LONG = "abc def gab fed cab a bad cafe fade a deed a facade bee a cage egg bag beef"


def of_whole(samples: Samples, model: Model | None = None) -> str:
    """The greedy text of a recording by the windows that alignment reads."""
    model = model or models().smile
    return greedy(np.concatenate(list(all_logprobs(model, HEAD, samples))), HEAD.alphabet)


def written(live: LiveTranscriber, chunks: list[Samples]) -> list[LiveText]:
    """All that is written of chunks, a step whenever one is due, and at the end."""
    said = []
    for chunk in chunks:
        live.take(chunk)
        if live.due:
            said.append(live.step())
    return [*said, live.finish()]


def text_of(said: list[LiveText]) -> str:
    return "".join(one.added for one in said)


def cut(samples: Samples, size: int) -> list[Samples]:
    return [samples[at : at + size] for at in range(0, len(samples), size)]


def live_of(settings: LiveSettings = SHORT, late: int = 0) -> LiveTranscriber:
    return LiveTranscriber(models(late=late).smile, HEAD, settings)


def test_the_sound_of_a_text_is_read_as_that_text() -> None:
    assert of_whole(spoken(LONG)) == LONG
    assert of_whole(spoken("dad")) == "dad"


@pytest.mark.parametrize("size", [160, 1_000, 4_000, 8_001])
@pytest.mark.parametrize("settings", [SHORT, LiveSettings()])
def test_text_by_windows_is_that_of_the_whole(size: int, settings: LiveSettings) -> None:
    samples = spoken(LONG)
    assert text_of(written(live_of(settings), cut(samples, size))) == of_whole(samples)


@given(
    text=st.text(CHARACTERS, min_size=1, max_size=60),
    sizes=st.lists(st.integers(0, 20_000), min_size=1, max_size=8),
    pause=st.sampled_from([0.1, 0.13, 0.3]),
)
def test_nothing_is_lost_or_doubled_whatever_the_chunks(text: str, sizes: list[int], pause: float) -> None:
    samples, chunks, at = spoken(text, pause), list[Samples](), 0
    while at < len(samples):
        size = sizes[len(chunks) % len(sizes)] or (0 if any(sizes) and len(chunks) % 2 else 500)
        chunks.append(samples[at : at + size])
        at += size
    assert text_of(written(live_of(), chunks)) == text


@given(text=st.text(CHARACTERS, min_size=20, max_size=60), late=st.integers(1, 2))
def test_a_character_that_windows_put_elsewhere_is_written_once(text: str, late: int) -> None:
    said = text_of(written(live_of(late=late), cut(spoken(text, 0.16), 4_000)))
    assert said == text


@pytest.mark.parametrize("text", ["a b", "ab", " a", "a ", "a"])
def test_a_long_pause_parts_words_once(text: str) -> None:
    samples = np.concatenate([spoken(text), np.zeros(40_000, np.float32), spoken(text)])
    said = text_of(written(live_of(), cut(samples, 4_000)))
    assert said == (text + text if " " in (text[0], text[-1]) else f"{text} {text}")
    assert " ".join(of_whole(samples).split()) != said or " " in (text[0], text[-1])


def test_what_was_added_stays_and_the_rest_is_tentative() -> None:
    said = written(live_of(), cut(spoken(LONG), 4_000))
    committed = ""
    for one in said:
        committed += one.added
        shown = committed + one.tentative
        assert LONG.startswith(committed)
        assert LONG.startswith(shown.strip()[:-1])  # but for a tone that is cut in the middle
        assert len(one.tentative) < 20
    assert said[-1].tentative == ""
    assert len(said) > 10


def test_text_appears_before_it_is_settled() -> None:
    live = live_of()
    live.take(spoken("abc"))
    one = live.step()
    assert (one.added + one.tentative) == "abc"
    assert one.tentative.endswith("c")


def test_speech_without_any_pause_is_written_too() -> None:
    text = "abcdefg" * 20
    samples = np.concatenate([spoken(character, 0.0) for character in text])
    said = text_of(written(live_of(), cut(samples, 4_000)))
    assert said == of_whole(samples)


def test_a_step_that_takes_too_long_skips_to_the_newest_window_and_says_so() -> None:
    live, first, last = live_of(), spoken("abc"), spoken("def")
    live.take(first)
    assert live.step().skipped == 0
    live.take(np.concatenate([np.zeros(20 * SAMPLE_RATE, np.float32), last]))
    one = live.step()
    text = one.added + one.tentative
    assert text.startswith("abc" + GAP)
    assert text.endswith("def")
    assert 15 < one.skipped < 21
    assert live.finish().skipped == 0


def test_what_was_shown_is_not_lost_where_sound_is_skipped() -> None:
    live = live_of()
    live.take(spoken("abc"))
    live.step()
    for _ in range(100):
        live.take(np.zeros(5 * SAMPLE_RATE, np.float32))
    one = live.step()
    assert one.added.startswith("abc")
    assert one.added.count(GAP.strip()) == 1


def test_hours_take_no_more_memory_than_seconds_and_windows_stay_short() -> None:
    model = models().smile
    live, ear = LiveTranscriber(model, HEAD, SHORT), model.recognizer
    assert isinstance(ear, Ear)
    sound = spoken(LONG)
    sizes = set()
    for _ in range(40):
        for chunk in cut(sound, 16_000):
            live.take(chunk)
            if live.due:
                live.step()
        sizes.add(held(live))
    assert max(sizes) <= 2 * (SHORT.longest + 1) * SAMPLE_RATE * 4
    assert set(ear.windows) <= {150, 200}
    live.take(np.zeros(3600 * SAMPLE_RATE, np.float32))
    assert held(live) <= 2 * (SHORT.longest + 1) * SAMPLE_RATE * 4
    assert live.seconds > 3600


def held(live: LiveTranscriber) -> int:
    """Bytes of the arrays that it holds, with those which they are parts of."""
    arrays = [value for value in vars(live).values() if isinstance(value, np.ndarray)]
    return sum((array.base if array.base is not None else array).nbytes for array in arrays)


def test_silence_is_not_encoded_and_writes_nothing() -> None:
    model = models().smile
    live, ear = LiveTranscriber(model, HEAD, SHORT), model.recognizer
    said = written(live, cut(np.zeros(20 * SAMPLE_RATE, np.float32), 8_000))
    assert text_of(said) == ""
    assert isinstance(ear, Ear)
    assert ear.windows == []
    assert sum(one.skipped for one in said) == 0
    assert text_of(written(live, cut(spoken("cab"), 4_000))) == "cab"


def test_nothing_at_all_comes_to_nothing() -> None:
    live = live_of()
    live.take(np.zeros(0, np.float32))
    assert not live.due
    assert live.step() == LiveText("", "", 0.0)
    assert live.finish() == LiveText("", "", 0.0)


@pytest.mark.parametrize("strange", [np.nan, np.inf, -np.inf, 1e300, -5.0])
def test_values_that_are_no_sound_do_no_harm(strange: float) -> None:
    live = live_of()
    live.take(np.full(16_000, strange))
    live.step()
    live.take(np.zeros(80_000, np.float32))
    live.step()
    said = text_of(written(live, cut(spoken("bad face"), 4_000)))
    assert said.endswith("bad face")


@pytest.mark.parametrize("shape", [(2, 100), (100, 2), ()])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="shape"):
        live_of().take(np.zeros(shape, np.float32))


def test_a_quiet_microphone_is_raised() -> None:
    samples = spoken("bad face", level=2e-3) + np.float32(0.001)
    assert text_of(written(live_of(), cut(samples, 4_000))) == "bad face"
