"""What the page and its files say of a provisional text, while there is one and where no other came."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from gradio_client import Client

from smile.acoustic.recipe import FittingProgress
from smile.datatypes import PoolError
from smile.settings import Settings
from smile.transcription.preparing import share
from smile.ui import build_app
from smile.ui.caching import UNKEPT
from smile.ui.i18n import french
from smile.ui.i18n.markup import texts
from smile.ui.scheduler import Watched
from smile.ui.transcribe import callbacks, heard, view
from smile.ui.transcribe.broken_off import shown_of
from smile.ui.transcribe.view import Finished, Unfinished, View
from tests.support.fake_engine import DEFAULTS, HEARD, TEXTS, FakeEngine, keeper, tone
from tests.support.launched import launched
from tests.support.uploads import upload

TEXT = "Diluain an tres la"
DONE, STILL = "the final text was not written", "as soon as the pool is ready"


@pytest.fixture
def engine(tmp_path: Path) -> FakeEngine:
    engine = FakeEngine(tmp_path)
    engine.unread, engine.provisional = 3, TEXT
    return engine


def begun(engine: FakeEngine, **choices: Any) -> Iterator[View]:
    clip = upload(engine.queries("gla")[1].audio)
    return callbacks.run(keeper(engine), clip, "gla", **{**DEFAULTS, **choices})


def waiting(engine: FakeEngine, **choices: Any) -> tuple[Iterator[View], View, Unfinished]:
    """A run that waits for its pool, the page as it is then, and what is noted of it."""
    steps = begun(engine, **choices)
    noted = next(steps).outcome
    return steps, next(p for p in steps if "Reading the examples" in str(p.stage)), noted


def saved(outcome: view.Outcome, reference: str = "") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        Path(callbacks.download(outcome, reference)["value"]).read_text(encoding="utf-8")
    )
    return found


@pytest.mark.parametrize("level", ["context", "acoustic", "combined"])
def test_it_is_said_to_be_provisional_before_its_words_and_no_longer_seems_to_grow(
    engine: FakeEngine, level: str
) -> None:
    _, page, _ = waiting(engine, level=level)
    assert page.smile.index(STILL) < page.smile.index('<p class="transcript"') < page.smile.rindex(TEXT)
    assert "With examples (SMILE)" in page.smile, "what wrote it, not what was asked for"
    assert "caret" not in page.smile
    assert DONE not in page.smile


def test_the_final_text_leaves_nothing_of_it(engine: FakeEngine) -> None:
    *_, last = begun(engine)
    for text in (str(last.outcome), callbacks.settle(last.outcome, "").smile, str(saved(last.outcome))):
        assert TEXT not in text
        assert "rovisional:" not in text
        assert "Provisional" not in text
    assert last.outcome.result.smile.text == TEXTS["gla"][0]
    assert "provisional" not in saved(last.outcome)


def ended(engine: FakeEngine, how: str, **choices: Any) -> tuple[View, view.Outcome]:
    """The page after a run that a cancel or an error ended while its pool was made ready; its outcome."""
    steps, _, noted = waiting(engine, **choices)
    outcome: view.Outcome = noted
    if how == "cancelled":
        callbacks.cancel(noted)
        steps.close()  # type: ignore[attr-defined]
    else:
        engine.failing = {
            "failed": PoolError("The pool was deleted meanwhile."),
            "broken": OSError(28, "full"),
        }[how]
        outcome = list(steps)[-1].outcome
    page = callbacks.settle(outcome, "mar sin")
    return page, page.outcome


@pytest.mark.parametrize("how", ["cancelled", "failed", "broken"])
@pytest.mark.parametrize("level", ["context", "acoustic"])
def test_what_ends_before_the_final_text_says_that_there_is_none(
    engine: FakeEngine, how: str, level: str
) -> None:
    page, outcome = ended(engine, how, level=level)
    assert page.smile.count(DONE) == 1
    assert STILL not in page.smile
    assert TEXT in page.smile
    assert HEARD in page.vanilla
    assert "CER" not in page.smile
    assert page.stop["visible"] is False
    file = saved(outcome, "mar sin")
    assert (file["done"], file["provisional"], file["reference"]) == (False, True, None)
    assert DONE in file["problem"]
    assert STILL not in file["problem"]
    assert file["settings"]["level"] == "context", "what wrote it"
    assert heard.heard(outcome, "any.wav") == ""
    assert callbacks.rescore(outcome, "mar sin") == View()
    assert engine.running == 0


def test_a_long_recording_keeps_none_of_it_for_the_run_that_goes_on(tmp_path: Path) -> None:
    engine = FakeEngine(tmp_path, lines=2)
    engine.unread, engine.provisional = 3, TEXT
    held = keeper(engine)
    clip = upload(tone(tmp_path / "long.wav", 20, 300))
    steps = callbacks.run(held, clip, "gla", **DEFAULTS)
    key = ""
    for page in steps:
        key = page.key if isinstance(page.key, str) else key
        if STILL in str(page.smile):
            break
    steps.close()  # type: ignore[attr-defined]
    line = shown_of(held, key)
    assert "stopped at 0:00 of" in line.text
    assert not any(
        TEXT.encode() in file.read_bytes() for file in held.visitors.open(key).folder.rglob("*.json*")
    )


def test_programs_get_the_final_text_and_wait_for_no_other(engine: FakeEngine) -> None:
    asked = list[bool]()
    transcribe = engine.transcribe

    def noting(*args: Any, provisional: bool = True) -> Any:
        asked.append(provisional)
        return transcribe(*args, provisional=provisional)

    engine.transcribe = noting  # type: ignore[method-assign]
    clip = upload(engine.queries("gla")[1].audio)
    answer = callbacks.transcribe_json(engine, clip, None, "gla", **DEFAULTS)  # type: ignore[arg-type]
    assert asked == [False]
    assert (answer["smile"]["text"], answer["done"]) == (TEXTS["gla"][0], True)
    assert "provisional" not in answer


def test_no_program_can_ask_for_it_by_name(engine: FakeEngine) -> None:
    with launched(build_app(engine)) as page:
        client = Client(page.local_url, verbose=False)
        names = client.view_api(return_format="dict", print_info=False)["named_endpoints"]["/transcribe"]
        assert "provisional" not in {one["parameter_name"] for one in names["parameters"]}
        with pytest.raises(TypeError, match="provisional"):
            client.predict(provisional=True, api_name="/transcribe")


def test_all_that_is_said_while_a_pool_is_made_ready_is_said_in_french(engine: FakeEngine) -> None:
    _, page, _ = waiting(engine)
    broken, _ = ended(engine, "cancelled", level="combined")
    clips, part = Watched(90), Watched(90, share=True)
    clips(12, 90), part(round(100 * share(FittingProgress("encoding", 9, 90))), 100)
    lines = [f"{what} Irish: {done}" for what in ("Indexing", "Reading the examples of") for done in (clips,)]
    lines += [f"Fitting the acoustic model of Irish: {done}" for done in (part, Watched(90))]
    said = [*texts(page.smile), *texts(page.stage), *texts(broken.smile), *lines]
    said += ["Finding the words' times", UNKEPT.format("No space left on device")]
    said = [text for text in said if re.search("[A-Za-z]{2}", text) and text not in (TEXT, HEARD)]
    assert len(said) > 12
    assert not {text: french().missing(text) for text in said if french().missing(text)}
    assert "Irlandais" in str(french().text(lines[0]))


def test_a_result_keeps_what_else_was_said_of_it(engine: FakeEngine) -> None:
    _, _, noted = waiting(engine)
    assert isinstance(noted.written, Finished)
    result = replace(noted.written.result, problem="It was begun anew.", settings=Settings())
    page = view.stopped("Cancelled.", written=replace(noted.written, result=result))
    assert "It was begun anew." in page.smile
    assert page.outcome.result.problem == " ".join((view.NOT_FINAL, "It was begun anew.", view.UNFINISHED))
