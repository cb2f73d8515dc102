"""Addresses of languages that no page sends: each opens nothing, and each language opens itself alone."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tests.security.client import Stranger
from tests.security.material import sound
from tests.security.served import Served, leaks

FORGED = (
    "{}.0",
    "{}.1",
    "{}.02",
    "{}.13",
    "{}.999",
    "{}.2\n",
    "{}.2 ",
    " {}.2",
    "{}.2.2",
    "{}.٢",
    "{}/2",
)
FORGED += ("{}.", ".2", "{}\0.2", "{}.2/../..", "{}" + ".2" * 10_000)
NUMBERS = (
    "0",
    "3",
    "02",
    "13",
    "999",
    "-1",
    "2\n",
    "٢",
    "x" * 100_000,
    "",
    None,
    2,
    10**400,
    math.nan,
    ["2"],
)
NUMBERS += ({"a": 1}, True)
THEIRS = "theirs.wav"  # a recording of the first language


@pytest.fixture(scope="module")
def owner(app: Served) -> Stranger:
    return Stranger(app.address)


@pytest.fixture(scope="module")
def key(owner: Stranger) -> str:
    """A visitor's key, which opens Mboshi with a recording, and Northern Kurdish without any."""
    key = owner.named("mdw")
    owner.bring(key, (THEIRS, sound()))
    assert f"{key}.2" in owner.run(owner.of("own-another", "click"), [key]).text
    owner.run(owner.of("own-search", "input"), ["kmr"])
    owner.run(owner.of("own-matches", "input"), [f"{key}.2", "kmr", "kmr"])
    return key


def test_each_address_opens_its_own_language(app: Served, owner: Stranger, key: str) -> None:
    first, second = (owner.run(owner.arrival, [one]).text for one in (key, f"{key}.2"))
    assert (THEIRS in first, THEIRS in second) == (True, False)
    assert ("is Mboshi" in first, "is Northern Kurdish" in second) == (True, True)
    for event in ("own-save-csv", "own-save-eaf", "own-pool-folder"):
        answer = owner.run(owner.of(event, "click"), [f"{key}.2"])
        assert THEIRS not in answer.text
        for file in answer.json()["data"] if answer.status_code == 200 else ():
            assert THEIRS.encode() not in owner.fetch(file["value"]["path"]).content
    before = app.prints(app.visitors)
    asked = owner.of("own-results", "pick")
    answer = owner.run(asked, [f"{key}.2"], event_data={"name": THEIRS, "part": 0}).text
    assert "stage error" in answer
    assert not leaks(app, answer)
    assert app.prints(app.visitors) == before


def test_a_forged_address_opens_nothing(app: Served, owner: Stranger, key: str) -> None:
    stranger, before, logged = Stranger(app.address), app.prints(app.visitors), len(app.log)
    for event in stranger.events:
        if "browserstate" not in event.kinds or event.queued or event.inputs[0] != stranger.arrival.inputs[0]:
            continue
        for forged in FORGED:
            answer = stranger.run(event, [forged.format(key), *stranger.usual(event)[1:]])
            assert answer.status_code in (200, 500), (event, forged)
            assert THEIRS not in answer.text, (event, forged)
            assert "Mboshi ·" not in answer.text, (event, forged)
            assert not leaks(app, answer.text), (event, forged)
    assert app.prints(app.visitors) == before
    assert "Traceback" not in app.log[logged:]
    assert key not in app.log


def test_a_forged_number_stays_with_the_language_that_is_open(app: Served, owner: Stranger, key: str) -> None:
    before, chosen = app.prints(app.visitors), owner.of("own-languages", "input")
    for number in NUMBERS:
        answer = owner.run(chosen, [f"{key}.2", number]).text
        assert THEIRS not in answer, number
        assert not leaks(app, answer), number
    assert app.prints(app.visitors) == before
    assert THEIRS in owner.run(chosen, [f"{key}.2", "1"]).text


@pytest.mark.parametrize("asked", ["", None, 7, [], {"a": 1}, "x" * 32, "x" * 32 + ".2", "../.."])
def test_who_has_no_key_begins_and_deletes_nothing(
    app: Served, stranger: Stranger, key: str, asked: Any
) -> None:
    before = app.prints(app.visitors)
    for name in ("own-another", "own-delete-this", "own-show-key"):
        answer = stranger.run(stranger.of(name, "click"), [asked]).text
        assert "stage error" in answer, name
        assert not leaks(app, answer), name
    assert app.prints(app.visitors) == before


def test_the_end_of_one_language_is_not_that_of_the_others(app: Served) -> None:
    leaver = Stranger(app.address)
    key = leaver.named("mdw")
    leaver.bring(key, (THEIRS, sound()))
    leaver.run(leaver.of("own-another", "click"), [key])
    folders = set(app.visitors.glob("*/state.json"))
    leaver.run(leaver.of("own-delete-this", "click"), [f"{key}.2"])
    assert len(folders - set(app.visitors.glob("*/state.json"))) == 1
    assert THEIRS in leaver.run(leaver.arrival, [f"{key}.2"]).text, "what is left is opened"
    leaver.run(leaver.of("own-another", "click"), [key])
    assert "all 2 languages" in leaver.run(leaver.of("own-really", "click"), [f"{key}.2"]).text
    assert len(folders - set(app.visitors.glob("*/state.json"))) == 2
