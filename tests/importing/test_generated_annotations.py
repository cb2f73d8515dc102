"""Whatever pympi and praatio write: each clip has its text to the letter, and the sound of its own time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import example, given
from hypothesis import strategies as st

from smile import importing
from smile.audio.io import SHORTEST, read_audio
from smile.datatypes import CorpusError
from smile.importing.annotations import SILENCE
from smile.text.praat import spelt_out
from tests.support.boundaries import assert_refused, boundary
from tests.support.linguists import RATE, Spans, write_eaf, write_textgrid

SECONDS = 9  # of the recording
LETTERS = st.characters(
    categories=["L", "Mn", "Mc", "Nd", "P", "S"], include_characters="ŋʼ ", exclude_characters="\ufffd"
)
SIGNS = '" "" \' <p> &amp; ]]> xmin=0 = \\ ! 1.5 <exists> "IntervalTier" ngá nga\u0301 ǃXóõ ቃል 漢字 𞤆𞤵𞤤'
ODD = st.sampled_from([*SIGNS.split(" "), "\n", "\t", " \n ", "\u2028", "\u00a0", "item [1]:"])
TEXT = st.lists(st.text(LETTERS, max_size=5) | ODD, max_size=6).map("".join)
NAME = st.text(LETTERS, min_size=1, max_size=8).map(str.strip).filter(bool)


@dataclass(frozen=True)
class Case:
    """Tiers of an annotation file, and which of them are wanted."""

    tiers: Mapping[str, Spans]
    wanted: tuple[str, ...]
    kind: str
    encoding: str = "utf-8"
    begin: float = 0.0  # of a TextGrid's times
    whole: bool = True  # whether the recording is whole, or begins there


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Tiers that overlap each other, of times in milliseconds, with texts or none."""
    kind = draw(st.sampled_from(["eaf", "long_textgrid", "short_textgrid"]))
    begin = draw(st.just(0.0) | st.floats(2.0, 4.0)) if kind != "eaf" else 0.0
    tiers = {name: draw(spans(begin)) for name in draw(st.lists(NAME, min_size=1, max_size=3, unique=True))}
    wanted = draw(st.lists(st.sampled_from(list(tiers)), min_size=1, unique=True))
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
    whole = not begin or draw(st.booleans())
    return Case(tiers, tuple(wanted), kind, encoding, round(begin, 3), whole)


@st.composite
def spans(draw: st.DrawFn, begin: float) -> Spans:
    """Stretches one behind the other, some of them touching."""
    first = round(1000 * begin) + 1
    edges = sorted(draw(st.sets(st.integers(first, 1000 * SECONDS), min_size=2, max_size=7)))
    pairs = [(a / 1000, b / 1000) for a, b in pairwise(edges)]
    return [(a, b, draw(TEXT)) for a, b in pairs if draw(st.booleans())]


def written(folder: Path, case: Case) -> Path:
    """The annotation file beside its recording, which is noise that tells every moment apart."""
    noise = np.random.default_rng(1).uniform(-0.5, 0.5, round(SECONDS * RATE))
    first = 0 if case.whole else round(case.begin * RATE)
    soundfile.write(folder / "talk.wav", noise[first:], RATE, subtype="PCM_16")
    if case.kind == "eaf":
        return write_eaf(folder / "talk.eaf", "talk.wav", case.tiers)
    path = write_textgrid(folder / "talk.TextGrid", case.kind, case.tiers, SECONDS, case.begin)
    path.write_bytes(path.read_text(encoding="utf-8").encode(case.encoding))
    return path


def said(case: Case) -> list[tuple[int, int, str]]:
    """What has a text: samples from and to, and the text in one line, tier by tier."""
    shift = 0.0 if case.whole else case.begin
    found = []
    for name in (name for name in case.tiers if name in case.wanted):
        for start, end, text in case.tiers[name]:
            line = " ".join((text if case.kind == "eaf" else spelt_out(text)).split())  # \ng is ŋ in Praat
            if any(map(str.isalnum, line)) and not SILENCE.fullmatch(line):
                found.append((round((start - shift) * RATE), round((end - shift) * RATE), line))
    return found


@boundary(60)
@given(cases())
@example(Case({"t": [(0.002, 0.102, "as short as can be")]}, ("t",), "eaf"))
def test_clips_have_their_texts_to_the_letter_and_their_sound(
    tmp_path_factory: pytest.TempPathFactory, case: Case
) -> None:
    folder = tmp_path_factory.mktemp("t")
    path, wanted = written(folder, case), said(case)
    try:
        imported = importing.read_source(path, folder / "work", tiers=case.wanted)
    except CorpusError as error:
        assert_refused(error)
        if wanted:
            raise
        return
    clips = [each for each in wanted if each[1] - each[0] >= SHORTEST * RATE]
    assert [u.text for u in imported.reading.utterances] == [text for *_, text in clips]
    assert len(imported.reading.rejected) == len(wanted) - len(clips)
    whole = read_audio(folder / "talk.wav")
    for (first, last, _), u in zip(clips, imported.reading.utterances, strict=True):
        np.testing.assert_array_equal(read_audio(u.audio), whole[first:last])
