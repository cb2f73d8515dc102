"""The life of an upload: it is one visitor's, and ends with what it was for."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest

from tests.security.client import API, Event, Stranger, file
from tests.security.material import examples, sound, spoken
from tests.security.served import Served

GONE = (403, 404)
OWN = re.compile(r"upload-[0-9a-f]{32}")


def said(messages: list[dict[str, Any]]) -> str:
    """All that the server has said."""
    return str(messages)


def test_the_same_file_of_two_visitors_is_two(app: Served) -> None:
    one, other = Stranger(app.address), Stranger(app.address)
    mine, theirs = one.upload("same.wav", sound()), other.upload("same.wav", sound())
    assert mine != theirs
    assert OWN.search(mine)
    bring = one.of("own-recordings", "upload")
    assert "1 recording added" in said(one.do(bring, ["", [file(mine)]]))
    assert one.fetch(mine).status_code in GONE
    assert other.fetch(theirs).content == sound()
    assert "1 recording added" in said(other.do(bring, ["", [file(theirs)]]))


def test_two_files_of_one_request_lie_apart(stranger: Stranger) -> None:
    first, second = stranger.uploads(("a.wav", sound()), ("a.wav", sound()))
    assert first.rpartition("/")[0] != second.rpartition("/")[0]


def test_files_of_an_import_that_fails_stay_until_they_are_tried_again(
    stranger: Stranger,
) -> None:
    (table,), key = stranger.uploads(("b.csv", b"file,text\na.wav,x\n")), stranger.named()
    answer = stranger.do(stranger.adding, stranger.examples(key, table))
    assert "stage error" in said(answer)
    assert stranger.fetch(table).status_code not in GONE
    (clip,) = stranger.uploads(("a.wav", sound()))
    stranger.do(stranger.adding, stranger.examples(key, table, clip))
    assert [stranger.fetch(path).status_code in GONE for path in (table, clip)] == [True, True]


@pytest.mark.parametrize("elem_id", ["own-add-clip", "own-add-recorded", "own-recordings"])
def test_sound_that_is_none_leaves_no_upload(stranger: Stranger, elem_id: str) -> None:
    bad = stranger.upload("a.wav", b"no sound")
    event = stranger.of(elem_id, "upload" if elem_id == "own-recordings" else "click")
    answer: Any = file(bad) if event.kinds[1] == "audio" else [file(bad)]
    message = asked(stranger, event, ["", answer, "text"][: len(event.inputs)])
    assert "stage" in message
    assert stranger.fetch(bad).status_code in GONE


def asked(stranger: Stranger, event: Event, data: list[Any]) -> str:
    """What an event comes to."""
    return said(stranger.do(event, data)) if event.queued else stranger.run(event, data).text


def test_an_import_that_succeeds_leaves_no_upload_and_delete_leaves_nothing(
    app: Served, stranger: Stranger
) -> None:
    before = app.prints(app.pools)
    zipped = stranger.upload("examples.zip", examples(2))
    key = stranger.named()
    messages = stranger.do(stranger.adding, stranger.examples(key, zipped))
    assert "2 examples added" in said(messages), said(messages)[-2000:]
    assert stranger.fetch(zipped).status_code in GONE
    unused = stranger.uploads(("later.wav", sound()), ("later.zip", examples(1)), ("r.wav", sound()))
    clip, files, recorded = (file(path) for path in unused)
    lent = downloads(stranger, key)
    assert len(lent) == 2
    folders = list(app.visitors.glob("[0-9a-f]*"))
    answer = stranger.run(stranger.of("own-really", "click"), [key, "", [files], clip, None, recorded])
    assert "Everything of yours was deleted" in answer.text
    assert [stranger.fetch(path).status_code in GONE for path in unused] == [True] * 3
    assert [stranger.fetch(path).status_code in GONE for path in lent] == [True] * 2
    assert len(list(app.visitors.glob("[0-9a-f]*"))) == len(folders) - 1
    assert app.prints(app.pools) == before


def downloads(stranger: Stranger, key: str) -> list[str]:
    """The addresses of a visitor's pool as files."""
    events = [stranger.of(name, "click") for name in ("own-pool-folder", "own-pool-superb")]
    paths = [stranger.run(event, [key]).json()["data"][0]["value"]["path"] for event in events]
    assert all(stranger.fetch(path).content.startswith(b"PK") for path in paths)
    return paths


def test_an_import_that_is_cancelled_leaves_no_upload(app: Served) -> None:
    held, waiting = Stranger(app.address), Stranger(app.address)
    event = held.adding
    for one in (held, waiting):
        path = one.upload("examples.zip", examples(40))
        key = one.named()
        asked = one.join(event, one.examples(key, path)).json()["event_id"]
        one.listen(until=("process_generating",))
        cancel = {"session_hash": one.session, "fn_index": event.index, "event_id": asked}
        assert one.http.post(f"{API}/cancel", json=cancel).status_code == 200
        assert eventually(lambda one=one, path=path: one.fetch(path).status_code in GONE)
        assert "No examples yet" in one.run(one.arrival, [key]).text, "it was cut short"
    assert eventually(lambda: not list(app.visitors.glob("*/.work-*")))


@pytest.mark.parametrize("how", ["cancel", "leave"])
def test_an_event_that_never_begins_leaves_no_upload(app: Served, how: str) -> None:
    held, waiting = Stranger(app.address), Stranger(app.address)
    event, keys = held.adding, (held.named(), waiting.named())
    for _ in range(5):  # four at a time, so that the last one waits
        path = held.upload("examples.zip", examples(1))
        held.join(event, held.examples(keys[0], path)).raise_for_status()
    path = waiting.upload("later.wav", sound())
    asked = waiting.join(event, waiting.examples(keys[1], path)).json()["event_id"]
    assert waiting.fetch(path).status_code == 200
    if how == "cancel":
        cancel = {"session_hash": waiting.session, "fn_index": event.index, "event_id": asked}
        assert waiting.http.post(f"{API}/cancel", json=cancel).status_code == 200
        assert waiting.fetch(path).status_code in GONE
    else:
        waiting.listen(until=("estimation",))
        assert eventually(lambda: waiting.fetch(path).status_code in GONE)
    held.listen(until=("estimation", "process_starts", "process_generating"))  # and leave, too


def test_a_refused_event_that_would_use_its_upload_up_leaves_none(stranger: Stranger) -> None:
    long = "x" * 30_000
    path = stranger.upload("a.wav", sound())
    answer = stranger.do(stranger.of("own-add-clip", "click"), ["", file(path), long])
    assert "at most 20,000 are taken" in said(answer)
    assert stranger.fetch(path).status_code in GONE
    path = stranger.upload("a.wav", sound())
    assert "at most 20,000 are taken" in stranger.call("neighbours", [file(path), long, 1, "kl"])
    assert stranger.fetch(path).status_code in GONE


def test_what_the_page_still_shows_stays_after_a_refusal(stranger: Stranger) -> None:
    path = stranger.upload("a.wav", sound())
    event = next(e for e in stranger.events if e.name == "run" and "audio" in e.kinds)
    data = [
        file(path) if kind == "audio" else v
        for kind, v in zip(event.kinds, stranger.usual(event), strict=True)
    ]
    index = next(i for i, kind in enumerate(event.kinds) if kind in ("radio", "dropdown"))
    data[index] = "x" * 30_000
    assert "at most 20,000 are taken" in said(stranger.do(event, data))
    assert stranger.fetch(path).status_code == 200


def eventually(holds: Callable[[], bool], times: int = 300) -> bool:
    """Whether something comes to hold while the server goes on."""
    return any(holds() or time.sleep(0.1) for _ in range(times))


def picked(stranger: Stranger, elem_id: str) -> Iterator[str]:
    """The paths of recordings of a pool that a click puts into the page."""
    event, offer = stranger.of(elem_id, "input"), stranger.of(elem_id.replace("example", "pool"), "input")
    for pool in ("gla", "chr"):
        _, name = stranger.run(offer, [pool]).json()["data"][0]["choices"][0]
        yield stranger.run(event, [pool, name]).json()["data"][0]["path"]


@pytest.mark.parametrize("elem_id", ["example", "compare-example"])
def test_the_pages_own_clip_stays_for_everybody(app: Served, stranger: Stranger, elem_id: str) -> None:
    served = Stranger(app.address)
    for path in picked(stranger, elem_id):
        content = served.fetch(path).content
        assert len(content) > 1000
        for use in ("own-add-clip", "own-add-recorded", "own-recordings", "own-add-files", "own-really"):
            event = stranger.of(use, "upload" if use == "own-recordings" else "click")
            data = [
                {"audio": file(path), "file": [file(path)], "textbox": "", "checkboxgroup": []}.get(kind, "")
                for kind in event.kinds
            ]
            asked(stranger, event, data)
            assert served.fetch(path).content == content, use
        assert path in list(picked(served, elem_id)), "and it is offered to the next one"


def test_a_visitors_own_recordings_have_no_address(app: Served, stranger: Stranger) -> None:
    name, data = spoken()
    stranger.do(stranger.of("own-recordings", "upload"), ["", [file(stranger.upload(name, data))]])
    kept = [path for path in app.visitors.rglob("*") if path.is_file()]
    assert kept
    for path in kept:
        assert stranger.fetch(str(path)).status_code == 403
        relative = quote(str(path.relative_to(app.folder)))
        assert stranger.raw("GET", f"/smile/sound/0/../{relative}")[0] == 404
        assert stranger.raw("GET", f"/smile/sound/1/../{relative}")[0] == 404
