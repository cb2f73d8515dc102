"""Zips that strangers make: whatever names they hold, nothing is written but in the visitor's own folder."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.security.client import Stranger
from tests.security.material import archive, examples, link, pool, sound, spoken
from tests.security.served import Served, leaks

QUEUED = re.compile(r"\{'msg': 'estimation'[^}]*\}")  # said as often as others come and go
CODES = (
    "../../..",
    "../../../../tmp/smile-was-here",
    "/tmp/smile-was-here",
    "gla/../../x",
    "..",
    "",
    "x" * 10_000,
    "a\0b",
    "a\nb",
    "a\u202eb",
    "\ud800",
)
NAMES = (
    "../../evil.wav",
    "../../../../../../tmp/smile-was-here.wav",
    "/tmp/smile-was-here.wav",
    "//tmp/smile-was-here.wav",
    "a/../../../evil.wav",
    "..\\..\\evil.wav",
    "C:\\evil.wav",
    "\\\\server\\share\\evil.wav",
    "con.wav",
    "nul",
    "x" * 300 + ".wav",
    "/".join(["d"] * 100) + "/evil.wav",
    "a\nb.wav",
    "-rf.wav",
    "~root.wav",
    ".hidden.wav",
)


@pytest.fixture(autouse=True)
def untouched(app: Served) -> Iterator[None]:
    """Nothing is written, moved or removed outside of visitors' folders and the uploads."""
    marks = Path(tempfile.gettempdir())
    before = app.prints(app.pools), sorted(path.name for path in app.folder.iterdir())
    yield
    assert (app.prints(app.pools), sorted(path.name for path in app.folder.iterdir())) == before
    assert not list(marks.glob("smile-was-here*"))
    assert not list(app.folder.parent.glob("evil*"))
    assert not [path for path in app.visitors.rglob("*") if path.is_symlink()]
    outside = [p for p in app.visitors.iterdir() if p.is_dir() and len(p.name) != 32]
    assert not outside, "folders of work that has ended"


def imported(app: Served, stranger: Stranger, **language: object) -> tuple[str, str]:
    """What is said of a pool whose header names such a language, and the new visitor's folder."""
    before = set(app.visitors.iterdir())
    answer = stranger.add("", ("pool.zip", pool(language)))
    (folder,) = set(app.visitors.iterdir()) - before - {app.visitors / ".smile-visitors"}
    return answer, folder.name


@pytest.mark.parametrize("code", CODES)
def test_a_pool_of_a_language_with_a_bad_code_is_refused(app: Served, stranger: Stranger, code: str) -> None:
    answer, folder = imported(app, stranger, code=code)
    assert "stage error" in answer
    assert "went wrong" not in answer
    assert len(QUEUED.sub("", answer)) < 9_000
    state = json.loads((app.visitors / folder / "state.json").read_text(encoding="utf-8"))
    assert (state["language"], state["versions"]) == (None, [])


@pytest.mark.parametrize("code", ["../../..", "/tmp/smile-was-here", "../../../../../../tmp/smile-was-here"])
def test_what_is_made_of_such_a_pool_stays_here(app: Served, stranger: Stranger, code: str) -> None:
    answer, _ = imported(app, stranger, code=code)
    assert not leaks(app, answer, code)
    keys = [word for word in re.findall(r"'([\w-]{32})'", answer) if not re.fullmatch("[0-9a-f]{32}", word)]
    for name in ("own-pool-folder", "own-pool-superb"):
        made = stranger.run(stranger.of(name, "click"), [keys[0]]).text
        assert not leaks(app, made, code)
        assert "went wrong" not in made


@pytest.mark.parametrize("field", [{"name": "x" * 1_000_000}, {"family": {"a": 1}}], ids=["long", "object"])
def test_a_pool_of_a_language_with_other_bad_facts(
    app: Served, stranger: Stranger, field: dict[str, object]
) -> None:
    answer, _ = imported(app, stranger, **field)
    assert "went wrong" not in answer
    assert not leaks(app, answer)
    assert len(answer) < 100_000


@pytest.mark.parametrize("header", ["[]", "{}", "null", "{", '{"language":7}', "[" * 100_000, '"x"'])
def test_a_pool_with_a_header_that_is_none(app: Served, stranger: Stranger, header: str) -> None:
    zipped = archive([("pool/pool.json", header.encode()), ("pool/clips.csv", b"id,audio,text\n")])
    answer = stranger.add(stranger.named(), ("pool.zip", zipped))
    assert "stage error" in answer
    assert "went wrong" not in answer
    assert not leaks(app, answer)


@pytest.mark.parametrize("name", NAMES)
def test_names_in_a_zip(app: Served, stranger: Stranger, name: str) -> None:
    table = "file,text\n" + json.dumps(name) + ",what is said\n"
    zipped = archive([(name, spoken()[1]), ("t.csv", table.encode())])
    key = stranger.named()
    for answer in (stranger.add(key, ("a.zip", zipped)), stranger.bring(key, ("a.zip", zipped))):
        assert "went wrong" not in answer, answer[-1500:]
        assert not leaks(app, answer)


@pytest.mark.parametrize("target", ["/etc/passwd", "../../../pools/gla/clips.csv", "{pools}", "t.csv"])
def test_a_link_in_a_zip(app: Served, stranger: Stranger, target: str) -> None:
    entry = link("a.wav", target.format(pools=app.pools / "gla" / "audio"))
    inner = ("a.wav/b.wav", sound()) if "{" in target else ("b.wav", sound())
    zipped = archive([entry, inner, ("t.csv", b"file,text\na.wav,one\nb.wav,two\n")])
    key = stranger.named()
    for answer in (stranger.add(key, ("a.zip", zipped)), stranger.bring(key, ("a.zip", zipped))):
        assert "root:x:" not in answer
        assert "went wrong" not in answer, answer[-1500:]
        assert not leaks(app, answer)


def test_a_table_cannot_name_the_servers_files(app: Served, stranger: Stranger) -> None:
    clip = next((app.pools / "gla" / "audio").iterdir())
    names = [str(clip), f"../../../pools/gla/audio/{clip.name}", "/etc/passwd", f"file://{clip}", "/dev/zero"]
    rows = "".join(f"{json.dumps(name)},what is said\n" for name in names)
    key = stranger.named()
    answer = stranger.add(key, ("t.csv", f"file,text\n{rows}".encode()), ("mine.wav", sound()))
    assert "0 examples" in answer or "stage error" in answer
    assert "went wrong" not in answer
    assert not leaks(app, answer, str(clip))
    assert "No examples yet" in stranger.run(stranger.arrival, [key]).text


@pytest.mark.parametrize(
    "entry",
    ['"../../evil.wav"', '"/etc/passwd"', '"{clip}"', '"file:///etc/passwd"', "7", "null"],
    ids=["up", "absolute", "clip", "address", "number", "null"],
)
def test_a_line_of_json_cannot_either(app: Served, stranger: Stranger, entry: str) -> None:
    clip = next((app.pools / "gla" / "audio").iterdir())
    line = f'{{"audio_filepath": {entry.replace("{clip}", str(clip))}, "text": "what is said"}}\n'
    answer = stranger.add(stranger.named(), ("t.jsonl", line.encode()))
    assert "went wrong" not in answer
    assert "1 examples added" not in answer
    assert not leaks(app, answer, str(clip))


def test_a_zip_in_a_zip_that_unfolds(app: Served, stranger: Stranger) -> None:
    inner = archive([("zeros.wav", bytes(30_000_000))])
    answer = stranger.bring(stranger.named(), ("a.zip", archive([(f"{n}.zip", inner) for n in range(200)])))
    assert "stage error" in answer
    assert "went wrong" not in answer


def test_a_good_zip_still_comes_in(app: Served, stranger: Stranger) -> None:
    key = stranger.named()
    assert "2 examples added" in stranger.add(key, ("a.zip", examples(2)))
    assert "1 recording added" in stranger.bring(key, ("a.zip", archive([spoken()])))
