"""The editor's callbacks: drafts, cuts by hand, and the HTML of its tools."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from smile.own import edited, transcripts
from smile.own.workspace import Workspace
from smile.own.workspaces import Workspaces
from smile.ui import Engine, Options, VisitorService
from smile.ui.own import correcting, drafting, editing
from smile.ui.own.arriving import arrived
from smile.ui.own.page import Page
from tests.conftest import POOLS
from tests.support.cut_by_hand import CUTS, NAME, TEXTS, corrected, transcribed
from tests.support.visitors import named

OPEN = {"name": NAME, "part": 0, "start": CUTS[0][0], "end": CUTS[0][1], "text": TEXTS[0]}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return Engine(Options(POOLS, tmp_path_factory.mktemp("cache"), read_ahead=False))


@pytest.fixture
def service(engine: Engine, tmp_path: Path) -> VisitorService:
    return VisitorService(engine, Workspaces(tmp_path / "visitors", 24))


@pytest.fixture
def key(service: VisitorService) -> str:
    made = named(service)
    transcribed(service.visitors.open(made).folder)
    return made


@pytest.fixture
def workspace(service: VisitorService, key: str) -> Workspace:
    return service.visitors.open(key)


def opened(service: VisitorService, key: str, number: int = 0) -> Page:
    return correcting.open_part(service, key, NAME, number)


def test_the_editor_shows_a_segment_with_a_second_around_it(service: VisitorService, key: str) -> None:
    page = opened(service, key, 1)
    (found,) = re.findall(r'data-wave="([^"]*)"', page.part_player)
    wave = json.loads(html.unescape(found))
    assert (wave["begins"], wave["segment"], wave["timed"]) == (0.5, [1.5, 2.5], False)
    assert wave["seconds"] == pytest.approx(3.0, abs=0.01)
    assert wave["segments"] == [[0.5, 1.4], [2.6, 3.5]], "its neighbours, as far as they are in sight"
    assert 100 < len(wave["peaks"]) <= 150
    assert page.part_player.count('class="wave-word"') == 3
    for way, arrow, to in (("previous", "ArrowUp", 0), ("next", "ArrowDown", 2)):
        begins = f'data-do="{way}" aria-keyshortcuts="Alt+{arrow}"'
        assert f'{begins} data-name="new.ogg" data-part="{to}"' in page.part_player


def test_the_first_and_the_last_segment_have_a_neighbour_each(service: VisitorService, key: str) -> None:
    first, last = opened(service, key, 0).part_player, opened(service, key, 2).part_player
    assert re.search(r'data-do="previous"[^>]* disabled>', first)
    assert re.search(r'data-do="next"[^>]* disabled>', last)
    assert re.search(r'data-do="merge"[^>]* disabled>', last)
    assert not re.search(r'data-do="(?:next|merge)"[^>]* disabled>', first)


def test_a_draft_is_saved_told_and_shown_when_it_is_opened(
    service: VisitorService, key: str, workspace: Workspace
) -> None:
    assert drafting.SAVED in drafting.saved(service, key, OPEN | {"text": "<i>ngá"})
    page = opened(service, key)
    assert (page.part_text, editing.YOURS in page.part_saved) == ("<i>ngá", True)
    assert "a draft of yours" in arrived(service, key).results
    assert re.findall(r'[\w-]+="&lt;i&gt;ngá"', page.part_player) == ['data-text="&lt;i&gt;ngá"']
    assert drafting.SAME in drafting.saved(service, key, OPEN)
    assert edited.edited(workspace).drafts == ()
    assert opened(service, key).part_text == TEXTS[0]


def test_a_draft_says_so_each_time(service: VisitorService, key: str) -> None:
    first, second = (drafting.saved(service, key, OPEN | {"text": "x"}) for _ in range(2))
    assert first != second, "the page shows it anew"


def test_a_draft_of_another_window_is_not_written_over(
    service: VisitorService, key: str, workspace: Workspace
) -> None:
    first, other = (OPEN | {"text": text, "seen": [TEXTS[0]]} for text in ("one", "two"))
    assert drafting.SAVED in drafting.saved(service, key, first)
    assert drafting.SAVED in drafting.saved(service, key, first), "sent again, as nobody had answered"
    for told in (
        drafting.saved(service, key, other),
        drafting.split(service, key, other | {"caret": 1}).stage,
    ):
        assert "Another window has written a draft here meanwhile" in told
    assert [draft.text for draft in edited.edited(workspace).drafts] == ["one"]
    assert drafting.SAVED in drafting.saved(service, key, other | {"seen": [TEXTS[0], "one"]})
    assert drafting.SAME in drafting.saved(service, key, OPEN | {"seen": ["two"]})
    assert "Another" in drafting.saved(service, key, OPEN | {"text": "three", "seen": []})


def test_what_is_among_the_examples_takes_no_draft(
    service: VisitorService, key: str, workspace: Workspace
) -> None:
    corrected(workspace, transcripts.part(workspace, NAME, 0))
    assert drafting.FIXED in drafting.saved(service, key, OPEN)
    cuts = editing.cutting(transcripts.part(workspace, NAME, 0), edited.Edited())
    assert len(re.findall(r'data-do="(?:split|merge|undo)"[^>]* disabled>', cuts)) == 3
    assert edited.edited(workspace).drafts == ()


def test_segments_are_split_and_merged_and_that_is_taken_back(
    service: VisitorService, key: str, workspace: Workspace
) -> None:
    page = drafting.split(service, key, OPEN | {"caret": 2, "at": None})
    assert "was split" in page.stage
    assert (page.part, page.part_text) == ([NAME, 0, 0.2, 0.45], "wa")
    assert "Take back the split" in page.part_player
    half = OPEN | {"end": 0.45, "text": "wa"}
    page = drafting.merge(service, key, half)
    assert (page.part, page.part_text) == ([NAME, 0, 0.2, 1.4], TEXTS[0])
    assert "Take back the merge" in page.part_player
    page = drafting.undo(service, key, OPEN)
    assert page.part == [NAME, 0, 0.2, 0.45]
    page = drafting.undo(service, key, half)
    assert page.part == [NAME, 0, 0.2, 1.4]
    assert re.search(r'data-do="undo"[^>]* disabled>', page.part_player)
    assert [part.smile for part in transcripts.parts(workspace)] == list(TEXTS)


@pytest.mark.parametrize("function", [drafting.split, drafting.merge, drafting.undo])
def test_what_is_written_is_kept_also_where_nothing_can_be_cut(
    service: VisitorService, key: str, function: Callable[..., Page]
) -> None:
    last = {"name": NAME, "part": 2, "start": CUTS[2][0], "end": CUTS[2][1], "text": "bisí DÍ"}
    assert "stage error" in function(service, key, last | {"caret": 0, "at": None}).stage
    assert opened(service, key, 2).part_text == "bisí DÍ"


def test_what_is_written_as_a_segment_is_split_is_there_as_that_is_taken_back(
    service: VisitorService, key: str
) -> None:
    drafting.split(service, key, OPEN | {"text": "WA áyaa", "caret": 2, "at": None})
    written = opened(service, key, 0)
    half = dict(zip(("name", "part", "start", "end"), written.part, strict=True)) | {"text": "WAA"}
    assert drafting.undo(service, key, half).part_text == "WAA áyaa"


@pytest.mark.parametrize("forged", [{"start": 0.0}, {"end": 2.0}, {"part": 7}, {"name": "../x"}, {"text": 3}])
def test_a_segment_that_is_not_there_is_left_alone(
    service: VisitorService, key: str, workspace: Workspace, forged: dict[str, object]
) -> None:
    for function in (drafting.split, drafting.merge, drafting.undo):
        assert "stage error" in function(service, key, OPEN | forged).stage
    assert "problem" in drafting.saved(service, key, OPEN | forged)
    assert edited.edited(workspace) == edited.Edited()


def test_the_palette_shows_marks_on_a_circle_and_escapes_all() -> None:
    made = str(editing.palette(("é", "“", "\u0301", "\u200c")))
    assert ">é</button>" in made
    assert 'data-insert="\u0301"' in made
    assert ">\u25cc\u0301</button>" in made
    assert 'aria-label="combining acute accent"' in made
    assert ">ZWNJ</button>" in made
    assert len(re.findall('tabindex="0"', made)) == 1
    assert editing.palette(()) == ""
    assert ">&lt;</button>" in str(editing.palette(("<",)))
