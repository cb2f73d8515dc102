"""More than there is room for: visitors, megabytes, and a disk that is full or cannot be written."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from smile.pools.pool import open_pool, order_digest, write_pool
from tests.conftest import POOLS
from tests.security.client import Stranger, file
from tests.security.material import examples, sound
from tests.security.served import COPIED, Served, serve

FULL = """
import errno, os
def full(*_): raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
"""


def test_one_visitor_has_a_limit(other: Callable[..., Served]) -> None:
    small = other("--visitor-mb", "0.3", "--free-mb", "1", idle=True)
    stranger = Stranger(small.address)
    key = stranger.named()
    first = stranger.bring(key, ("a.wav", sound(8)))
    assert "1 recording added" in first, first
    again = stranger.bring(key, ("b.wav", sound(8)))
    assert "one visitor may have" in again, again[-3000:]
    assert "one visitor may have" in stranger.add(key, ("a.zip", examples(40)))
    assert (
        "one visitor may have"
        in stranger.run(
            stranger.of("own-add-recorded", "click"), [key, file(stranger.upload("c.wav", sound(8)))]
        ).text
    )
    held = sum(path.stat().st_size for path in small.visitors.rglob("*") if path.is_file())
    assert held < 500_000
    newcomer = Stranger(small.address)
    assert "1 recording added" in newcomer.bring(newcomer.named(), ("a.wav", sound(2)))


def test_all_visitors_have_a_limit(other: Callable[..., Served]) -> None:
    small = other("--visitors-mb", "0.3", "--most-visitors", "2", "--free-mb", "1", idle=True)
    one, two = Stranger(small.address), Stranger(small.address)
    keys = one.named(), two.named()
    third = Stranger(small.address)
    third.run(third.of("own-search", "input"), ["gla"])
    assert "As many visitors" in third.run(third.of("own-matches", "input"), ["", "gla", "gla"]).text
    assert "1 recording added" in one.bring(keys[0], ("a.wav", sound(8)))
    refused = two.bring(keys[1], ("a.wav", sound(8))) + two.bring(keys[1], ("b.wav", sound(1)))
    assert "try again later" in refused
    gone = one.run(one.of("own-really", "click"), [keys[0], "", None, None, None, None])
    assert "was deleted" in gone.text
    assert "1 recording added" in two.bring(keys[1], ("c.wav", sound(2)))
    assert third.named()


def test_what_is_left_free_stays_free(other: Callable[..., Served], tmp_path: Path) -> None:
    more = shutil.disk_usage(tmp_path).free // 1_000_000 + 1_000_000
    small = other("--free-mb", str(more), idle=True)
    stranger = Stranger(small.address)
    answer = stranger.http.post("/gradio_api/upload", files={"files": ("a.wav", sound())})
    assert answer.status_code == 507
    assert "disk is nearly full" in answer.text
    stranger.run(stranger.of("own-search", "input"), ["gla"])
    assert "disk is nearly full" in stranger.run(stranger.of("own-matches", "input"), ["", "gla", "gla"]).text
    assert small.alive()


def small_pool(folder: Path) -> Path:
    """A folder in which the first pool to be served has few clips, which are soon read."""
    whole, copy = open_pool(POOLS / "gla"), folder / "pools" / "gla"
    shutil.copytree(whole.folder, copy)
    few = whole.utterances[:5]
    header = replace(whole.header, order=order_digest(few))
    placed = [
        [replace(u, audio=copy / u.audio.relative_to(whole.folder)) for u in us]
        for us in (few, whole.queries)
    ]
    write_pool(copy, header, placed[0], whole.embeddings[:5], placed[1])
    return folder


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The app with a small pool, on a disk that proves full whenever a file is to be whole."""
    folder = small_pool(tmp_path_factory.mktemp("full"))
    start = f"exec({(FULL + 'os.fsync = full')!r}); "
    with serve(folder, before=start, idle=True) as served:
        yield served


def transcribed(stranger: Stranger) -> list[dict[str, object]]:
    """The messages of a transcription of one of the page's own clips, from the click to its end."""
    event, offer = stranger.of("example", "input"), stranger.of("pool", "input")
    _, name = stranger.run(offer, ["gla"]).json()["data"][0]["choices"][0]
    path = stranger.run(event, ["gla", name]).json()["data"][0]
    run = next(e for e in stranger.events if e.name == "run")
    data = [
        file(path["path"]) if kind == "audio" else v
        for kind, v in zip(run.kinds, stranger.usual(run), strict=True)
    ]
    data[1] = "gla"
    return stranger.do(run, data)


def test_on_a_full_disk_there_are_both_transcripts_and_why_spelling_is_left_out(full: Served) -> None:
    assert set(COPIED) <= {path.name for path in full.pools.iterdir()}
    said = json.dumps(transcribed(Stranger(full.address)), ensure_ascii=False)
    assert "are left out" in said, said[-3000:]
    assert "No space left on device" in said
    assert "Something went wrong" not in said


def test_on_a_full_disk_visitors_are_told(full: Served) -> None:
    stranger = Stranger(full.address)
    stranger.run(stranger.of("own-search", "input"), ["gla"])
    answers = [
        stranger.run(stranger.of("own-matches", "input"), ["", "gla", "gla"]).text,
        stranger.add("", ("a.zip", examples(2))),
        stranger.bring("", ("a.wav", sound())),
        stranger.run(
            stranger.of("own-add-recorded", "click"), ["", file(stranger.upload("c.wav", sound()))]
        ).text,
    ]
    for answer in answers:
        assert "disk is full" in answer or "No space left" in answer, answer[-2000:]
        assert "went wrong" not in answer
        assert '"error":null' not in answer
    assert full.alive()


def test_where_the_cache_cannot_be_written_the_page_goes_on(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with serve(small_pool(tmp_path), idle=True, SMILE_CACHE=str(tmp_path / "file" / "cache")) as served:
        said = json.dumps(transcribed(Stranger(served.address)))
        assert "Done" in said or "process_completed" in said
        assert "Something went wrong" not in said
        assert "cannot be written" in served.log
