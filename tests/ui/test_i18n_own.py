"""What a check says of a language is French as it comes, with decimal commas."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

from smile.exporting import Span, TieredTranscript
from smile.own.check import conditions
from smile.own.checked import Line
from smile.own.transcripts import Item, Part
from smile.pools.setting import PoolSetting
from smile.settings import Level
from smile.transcription.recordings import Recording
from smile.ui.i18n import french
from smile.ui.i18n.markup import translated_html
from smile.ui.own import orthography, verdict, view
from smile.whisper.model import Models
from tests.support.visitors import DEMO

MEASURED = PoolSetting(3, 1.0, clips=12, cer=52.7, vanilla=75.6, low=50.9, high=55.6)


def english_left(html: str) -> list[str]:
    """The texts of a page that French has nothing for."""
    texts = [text.strip() for text in re.split("<[^>]*>", html)]
    return [text for text in texts if re.search("[A-Za-z]{2}", text) and french().missing(text)]


@pytest.mark.parametrize("helps", [True, False, None])
@pytest.mark.parametrize("level", get_args(Level))
def test_the_verdict_is_french(helps: bool | None, level: Level) -> None:
    for setting in (MEASURED, replace(MEASURED, low=None, high=None)):
        said = verdict.sentence(replace(setting, helps=helps, level=level), DEMO)
        assert english_left(said) == []
        (first, *_) = re.findall("<p[^>]*>(.*?)</p>", said)
        assert "52,7\u00a0% des caract\u00e8res" in str(french().text(first))


def test_what_is_said_of_characters_is_french() -> None:
    for texts in ((), ("\u00e1 a\u0301 \u014b", *("a b d e g i k l m o t u" for _ in range(99)))):
        said = orthography.letters([replace(DEMO.utterances[0], text=text) for text in texts])
        assert english_left(said) == []
    assert "a typing error?" in said
    assert "NFC" in said


def test_its_table_is_french(models: Models) -> None:
    names = [tried.name for tried in conditions(models.smile.info, acoustic=True)]
    lines = [Line(name, 52.7, 50.9, 55.6, -22.9) for name in names]
    assert english_left(verdict.table_html(lines)) == []
    assert [english_left(verdict.OLDER.format(why)) for why in (verdict.OTHERS, verdict.OLDER_SMILE)] == [
        [],
        [],
    ]
    assert english_left(verdict.BY_OLDER) == []
    assert french().text("3 shots, no kNN-LM") == "3 exemples, sans kNN-LM"
    assert french().text("\u221222.9 points") == "\u221222,9 points"


def test_where_a_transcript_stands_has_decimal_commas_and_its_name_stays() -> None:
    part = Part("talk 2.5.ogg", 0, 2, 0.25, 1.5, "wa", "wa", 0.5, 3)
    items = [
        Item(
            Recording(part.recording, Path(part.recording)),
            TieredTranscript("talk", 2.0, (("SMILE", (Span(0, 1, "wa"),)),)),
        )
    ]
    said = translated_html(view.transcripts(items, [part], first=[part]), french())
    assert said.count('<bdi translate="no">talk 2.5.ogg</bdi> <span>0,2–1,5 s</span>') == 2
