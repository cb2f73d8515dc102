"""What the tab Compare shows, as pure functions, and that every control reaches the engine."""

from __future__ import annotations

import csv
import io
import json
import re
from functools import partial
from pathlib import Path

import pytest

from smile.datatypes import Neighbour, SmileError, Utterance
from smile.evaluation.compare import ACOUSTIC, COMBINED, Cell, Grid, Place, Way
from smile.evaluation.compared import as_rows
from smile.settings import Settings
from smile.ui.compare import callbacks
from smile.ui.compare.callbacks import as_csv
from smile.ui.compare.detail import detail
from smile.ui.compare.table import STEPS, Compared, compare_html, shade
from smile.ui.parts.following import followed
from tests.support.fake_engine import TEXTS, FakeEngine
from tests.support.uploads import upload

KL, RANDOM = Way(), Way("random", seed=1)
NASTY = "<img src=x onerror=alert(1)>"
PLACES = tuple(Grid((0, 1, 3), (KL, RANDOM)).places())


def cells(*texts: str) -> tuple[Cell, ...]:
    neighbour = Neighbour(Utterance("u1", Path("u1.wav"), NASTY, "gla", "", 2.0), 0, 1, 0.25)
    return tuple(
        Cell(place, text, 0.5, 0.8, ((neighbour,),), left_out=2)
        for place, text in zip(PLACES, texts, strict=False)
    )


def test_the_grid_has_a_row_for_each_way_and_a_column_for_each_number() -> None:
    shown = compare_html(Compared(PLACES, cells("alone", "none"), "gla"))
    assert re.search("probability \\d+\u00a0%", shown), "a sign stays with its number"
    rows = re.findall(r'<th scope="row">(.*?)</th>', shown)
    assert rows == ["Whisper alone", "No examples", "KL(target ‖ example)", "Random, seed 1"]
    assert re.findall(r'<th scope="col">(.*?)</th>', shown) == ["Examples", "1", "3"]
    assert shown.count("waiting") == 4
    assert shown.count("data-cell") == 2
    assert "heat" not in shown


def test_the_acoustic_model_has_a_row_below_whisper_alone() -> None:
    grid = Grid((3,), (KL,), acoustic=True)
    assert grid.places() == [Place(None), ACOUSTIC, COMBINED, Place(3, KL)]
    assert [settings.level for settings in grid.settings()] == ["context", "acoustic", "combined"]
    written = tuple(Cell(place, text, 0.5, 0.5) for place, text in zip(grid.places(), "abcd", strict=True))
    compared = Compared(tuple(grid.places()), written, "gla", done=True)
    shown = compare_html(compared)
    assert shown.index("Whisper alone") < shown.index("The pool&#39;s acoustic model") < shown.index("KL(")
    assert "Examples and acoustic model combined" in shown
    assert "Examples in the prompt" not in detail(compared, 1, str)
    assert [row["level"] for row in as_rows(written)] == ["", "acoustic", "combined", "context"]


def test_whisper_controlled_has_a_row_below_whisper_alone() -> None:
    places = tuple(Grid((3,), (KL,), controlled=True).places())
    written = tuple(Cell(place, text, 0.5, 0.5) for place, text in zip(places, "abc", strict=True))
    compared = Compared(places, written, "gla", done=True)
    rows = re.findall(r'<th scope="row">(.*?)</th>', compare_html(compared))
    assert rows == ["Whisper alone", "Whisper alone, controlled", "KL(target ‖ example)"]
    assert "Against Whisper alone" in detail(compared, 1, str)


def test_smile_without_the_adapter_has_a_row_above_the_ways() -> None:
    places = tuple(Grid((1,), (KL,), untrained=True).places())
    written = tuple(Cell(place, text, 0.5, 0.5) for place, text in zip(places, "abc", strict=True))
    compared = Compared(places, written, "gla", done=True)
    shown = compare_html(compared)
    rows = re.findall(r'<th scope="row">(.*?)</th>', shown)
    untrained = "SMILE without the adapter<small>3 examples, KL(target ‖ example)</small>"
    assert rows == ["Whisper alone", untrained, "KL(target ‖ example)"]
    assert re.findall(r'<th scope="col">(.*?)</th>', shown) == ["Examples", "1"], "it is no way of its own"
    assert "Examples in the prompt" in detail(compared, 1, str)
    assert [row["adapter"] for row in as_rows(written)] == [False, False, True]
    assert [row["shots"] for row in as_rows(written)] == [0, 3, 1]


def test_errors_colour_the_cells() -> None:
    shown = compare_html(Compared(PLACES, cells("abcd", "abxx", "zzzzzzzz"), "gla"), "abcd")
    assert re.findall(r"heat(\d)", shown) == ["0", str(STEPS // 2), str(STEPS - 1)]
    assert "0.0\u00a0%" in shown
    assert shade(0.0) == 0
    assert shade(5.0) == STEPS - 1


def test_what_is_written_is_escaped_everywhere() -> None:
    compared = Compared(PLACES, cells(*[NASTY] * 6), "gla")
    for shown in (compare_html(compared, NASTY), detail(compared, 3, str, NASTY)):
        assert "<img" not in shown
        assert "&lt;img" in shown


def test_an_opened_cell_shows_examples_and_what_differs_from_whisper_alone() -> None:
    compared = Compared(PLACES, cells("abc d", "abc", "abd d", "x"), "gla", synthetic=True)
    shown = detail(compared, 2, str)
    assert "3 examples, KL(target ‖ example)" in shown
    assert "synthetic voice" in shown
    assert "2 farther examples did not fit" in shown
    assert shown.count('class="col substitute"') == 1
    assert "Against Whisper alone" not in detail(compared, 0, str)
    assert detail(compared, None, str) == detail(compared, 9, str) == ""


def test_nothing_is_shown_of_nothing() -> None:
    assert compare_html(Compared()) == ""
    assert callbacks.saved(None, "", "csv") == callbacks.saved(Compared(PLACES), "", "csv")


def test_files_hold_every_cell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compared = Compared(PLACES, cells("abcd", "abxx", "é, ñ"), "gla")
    path = callbacks.saved(compared, "abcd", "json")["value"]
    content = json.loads(Path(path).read_text(encoding="utf-8"))
    assert [cell["text"] for cell in content["cells"]] == ["abcd", "abxx", "é, ñ"]
    assert content["cells"][1]["cer"] == 0.5
    text = Path(callbacks.saved(compared, "abcd", "csv")["value"]).read_text(encoding="utf-8")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["text"] for row in rows] == ["abcd", "abxx", "é, ñ"]
    assert rows[2]["neighbours"] == "u1"
    assert as_csv([{"neighbours": ["a", "b"]}]) == "neighbours\na b\n"


@pytest.fixture
def engine(tmp_path: Path) -> FakeEngine:
    return FakeEngine(tmp_path)


def asked(engine: FakeEngine, **changed: object) -> list[object]:
    audio = upload(engine.queries("gla")[0].audio)
    chosen = {
        "pool": "gla",
        "audio": audio,
        "shots": [0, 3],
        "ways": ["kl"],
        "seeds": 1,
        "knn": True,
        "acoustic": False,
        "controlled": False,
        "untrained": False,
    }
    return list({**chosen, **changed}.values())


@pytest.mark.parametrize(
    ("change", "grid"),
    [
        ({"shots": [1, 2]}, Grid((1, 2), (KL,))),
        ({"ways": ["js", "mixed"]}, Grid((0, 3), (Way(divergence="js"), Way("mixed")))),
        ({"acoustic": True}, Grid((0, 3), (KL,), acoustic=True)),
        ({"controlled": True}, Grid((0, 3), (KL,), controlled=True)),
        ({"untrained": True}, Grid((0, 3), (KL,), untrained=True)),
        ({"ways": ["random"], "seeds": 2}, Grid((0, 3), (Way("random"), Way("random", seed=1)))),
    ],
)
def test_every_control_reaches_the_engine(engine: FakeEngine, change: dict, grid: Grid) -> None:
    *_, last = callbacks.run(engine, "", *asked(engine, **change))
    assert last.compared.done
    assert engine.compared[-1][1:] == ("gla", grid)
    assert len(last.compared.cells) == len(grid.places())


@pytest.mark.parametrize("chosen", [True, False])
def test_a_pool_is_prepared_without_the_adapter_only_for_its_row(engine: FakeEngine, chosen: bool) -> None:
    list(callbacks.run(engine, "", *asked(engine, untrained=chosen)))
    callbacks.compare_json(
        engine, **dict(zip(callbacks.Asked._fields, asked(engine, untrained=chosen), strict=True))
    )
    usual, bare = Settings(shots=1), [Settings(shots=3)] if chosen else []
    assert engine.prepared == [("gla", (usual,), bare)] * 2


def test_the_rest_of_the_settings_too(engine: FakeEngine) -> None:
    list(callbacks.run(engine, "", *asked(engine, knn=False, pool="chr")))
    _, pool, grid = engine.compared[-1]
    assert (pool, grid.base.knn) == ("chr", 0.0)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"acoustic": "no"}, "true or false"),
        ({"controlled": 1}, "true or false"),
        ({"untrained": "yes"}, "true or false"),
        ({"knn": 1}, "true or false"),
        ({"audio": None}, "no recording"),
        ({"shots": []}, "at least one number"),
        ({"ways": []}, "one way"),
    ],
)
def test_bad_choices_are_one_sentence(engine: FakeEngine, change: dict, says: str) -> None:
    (view,) = callbacks.run(engine, "", *asked(engine, **change))
    assert says in view.stage
    assert 'class="stage error"' in view.stage


def test_an_error_keeps_what_was_written_and_says_so(engine: FakeEngine) -> None:
    running = callbacks.run(engine, "", *asked(engine))
    seen = [next(running) for _ in range(3)]
    engine.error = RuntimeError("secret")
    seen += list(running)
    assert "secret" not in str(seen[-1].stage)
    (kept,) = [v.compared for v in seen if isinstance(v.compared, Compared)][-1:]
    assert len(kept.cells) == 1
    assert callbacks.settle(kept).start["interactive"]


def test_the_plan_is_said_beforehand(engine: FakeEngine) -> None:
    assert "3 cells, about 3 s" in callbacks.planned(*asked(engine))
    assert "60 at most" in callbacks.planned(
        *asked(engine, shots=list(range(11)), ways=["kl", "js", "random"], seeds=5)
    )


@pytest.mark.parametrize(
    ("pool", "own", "audio", "follows"),
    [
        ("chr", False, None, True),
        ("chr", True, None, False),
        ("chr", False, "brought.wav", False),
        ("no-such-pool", False, None, False),
        (None, False, None, False),
    ],
)
def test_the_pool_of_transcribe_is_taken_unless_there_is_a_choice_here(
    engine: FakeEngine, pool: str | None, own: bool, audio: str | None, follows: bool
) -> None:
    chosen, example = followed(partial(callbacks.taken, engine), 2, pool, own, audio)
    assert (isinstance(chosen, str) and chosen == pool) == follows
    if follows:
        assert [label for label, _ in example["choices"]] == list(TEXTS["chr"])
        assert example["value"] is None


def test_a_cancelled_comparison_says_so_and_offers_its_files() -> None:
    view = callbacks.settle(Compared(PLACES, cells("a")))
    assert "Cancelled" in view.stage
    assert view.files["visible"]
    assert not callbacks.settle(None).files["visible"]


def test_the_endpoint_gives_rows_and_errors(engine: FakeEngine) -> None:
    comparison = callbacks.compare_json(
        engine, TEXTS["gla"][0], **dict(zip(callbacks.Asked._fields, asked(engine), strict=True))
    )
    assert [cell["shots"] for cell in comparison["cells"]] == [0, 0, 3]
    assert all("cer" in cell for cell in comparison["cells"])
    with pytest.raises(SmileError, match="no recording"):
        callbacks.compare_json(
            engine, **dict(zip(callbacks.Asked._fields, asked(engine, audio=None), strict=True))
        )
    engine.error = SmileError("Say it again.")
    with pytest.raises(SmileError, match="Say it again"):
        callbacks.compare_json(engine, "", **dict(zip(callbacks.Asked._fields, asked(engine), strict=True)))


def test_places_are_told_apart() -> None:
    assert len(set(PLACES)) == len(PLACES)
    assert Place(3, KL) != Place(3, RANDOM)
