"""Who comes back to My language is told all that was left to be done."""

from __future__ import annotations

import pytest

from smile.own import checked, transcripts
from smile.ui import VisitorService
from smile.ui.i18n import french
from smile.ui.own.arriving import arrived
from tests.support.visitors import add_recordings, with_examples

BACK = "Welcome back: 3 examples of "


def said(service: VisitorService, key: str) -> str:
    return str(arrived(service, key).stage).partition(">")[2].removesuffix("</p>")


def test_recordings_that_wait_are_counted(idle: VisitorService) -> None:
    key = with_examples(idle, 0, 3)
    assert said(idle, key).endswith("are here. Add more, or transcribe recordings.")
    add_recordings(idle, key, 1)
    assert said(idle, key).endswith("are here. 1 recording waits to be transcribed; press Transcribe.")
    add_recordings(idle, key, 2)
    assert said(idle, key).endswith("are here. 2 recordings wait to be transcribed; press Transcribe.")


def test_a_check_and_transcripts_to_be_made_anew_are_told_beside_them(
    idle: VisitorService, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = with_examples(idle, 0, 3)
    add_recordings(idle, key, 1)
    monkeypatch.setattr(checked, "broken_off", lambda *_: True)
    for count, words in ((1, "1 recording was"), (4, "4 recordings were")):
        monkeypatch.setattr(transcripts, "outdated", lambda _, count=count: [None] * count)
        told = said(idle, key)
        assert told.startswith(BACK)
        assert "1 recording waits" in told
        assert "Their check was broken off" in told
        assert f"{words} transcribed with other examples or settings" in told
        assert french().missing(told) == []
