"""What visitors bring is decoded in other processes, whichever part of the page they bring it to."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from smile.audio import isolated
from smile.datatypes import SAMPLE_RATE, SmileError
from smile.own.workspaces import Workspaces
from smile.pools.pool import open_pool
from smile.ui import Engine, Options, VisitorService, programs
from smile.ui.compare import callbacks as compare
from smile.ui.map import clips
from smile.ui.map.atlas import Atlas
from smile.ui.own import adding, checking, correcting, naming, transcribing
from smile.ui.own.samples import SAMPLES
from smile.ui.parts.recordings import READING
from smile.ui.transcribe import callbacks
from tests.conftest import POOLS
from tests.support.fake_engine import DEFAULTS, FakeEngine, keeper
from tests.support.sounds import encode, signal
from tests.support.uploads import upload
from tests.support.waiting import until

DEMO = open_pool(POOLS / "gla")
HANG = (
    "import time\nfrom smile.audio import worker\nworker.stream = lambda *_: time.sleep(600)\nworker.main()\n"
)


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Workers that do not come to an end with any file."""
    (tmp_path / "hang.py").write_text(HANG)
    monkeypatch.setattr(isolated, "WORKERS", isolated._Workers())
    monkeypatch.setattr(isolated, "COMMAND", (str(tmp_path / "hang.py"),))
    yield
    until(lambda: not workers())


def workers() -> list[str]:
    """The hanging workers of this process."""
    ids = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                state, parent = (folder / "stat").read_text().rsplit(")", 1)[1].split()[:2]
                mine = int(parent) == os.getpid() and state != "Z"
                ids += [folder.name] * (mine and b"hang.py" in (folder / "cmdline").read_bytes())
            except OSError:
                continue
    return ids


def speech(folder: Path) -> str:
    return upload(encode(folder / "mine.webm", signal(3.0, 48_000), 48_000, "opus.webm"))


def asked(audio: str) -> dict[str, Any]:
    return {
        "pool": "gla",
        "audio": audio,
        "shots": [0],
        "ways": ["kl"],
        "seeds": 1,
        "knn": False,
        "acoustic": False,
    }


Call = Callable[[FakeEngine, str], Iterable[Any]]
CALLS: dict[str, Call] = {
    "transcribe": lambda engine, audio: callbacks.run(keeper(engine), audio, "gla", **DEFAULTS),  # type: ignore[arg-type]
    "compare": lambda engine, audio: compare.run(engine, "", *asked(audio).values()),  # type: ignore[arg-type]
    "map": lambda engine, audio: clips.encode_clip(Atlas(engine), audio, None, "demo-gla"),  # type: ignore[arg-type]
    "transcribe by a program": lambda engine, audio: [
        callbacks.transcribe_json(engine, audio, None, "gla", **DEFAULTS)  # type: ignore[arg-type]
    ],
    "compare by a program": lambda engine, audio: [compare.compare_json(engine, "", **asked(audio))],  # type: ignore[arg-type]
    "neighbours": lambda engine, audio: [programs.neighbours(engine, audio, "gla")],  # type: ignore[arg-type]
}


@pytest.mark.parametrize("call", CALLS)
def test_an_upload_is_decoded_apart(call: str, decoded_here: list[Path], tmp_path: Path) -> None:
    engine = FakeEngine(tmp_path)
    *_, last = CALLS[call](engine, speech(tmp_path))
    assert decoded_here == []
    assert "stage error" not in str(last)


@pytest.mark.parametrize("call", ["transcribe", "compare", "map"])
@pytest.mark.usefixtures("hanging")
def test_cancelling_ends_the_decoding(call: str, tmp_path: Path) -> None:
    pages: Any = CALLS[call](FakeEngine(tmp_path), speech(tmp_path))
    until(lambda: READING in next(pages).stage and bool(workers()))
    pages.close()
    until(lambda: not workers())


@pytest.mark.parametrize("call", CALLS)
def test_what_ends_a_worker_is_a_sentence(call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolated, "WORKERS", isolated._Workers())
    monkeypatch.setattr(isolated, "COMMAND", ("-c", "import os; os.abort()"))
    try:
        *_, last = CALLS[call](FakeEngine(tmp_path), speech(tmp_path))
    except SmileError as error:
        last = error
    assert "cannot be decoded" in str(last)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> VisitorService:
    engine = Engine(Options(POOLS, tmp_path_factory.mktemp("cache"), read_ahead=False))
    return VisitorService(engine, Workspaces(tmp_path_factory.mktemp("visitors"), 24))


def test_my_language_is_decoded_apart(
    service: VisitorService, models: object, decoded_here: list[Path], tmp_path: Path
) -> None:
    """All that is decoded here is what the app has written itself: the clips of the pool."""
    key, name = str(naming.name(service, "", "x", "gla").key), DEMO.queries[0].audio.name
    SAMPLES["table"](DEMO, tmp_path / "clips.zip")
    decoded_here.clear()
    clip = encode(tmp_path / "typed.m4a", signal(2.0, SAMPLE_RATE), SAMPLE_RATE, "aac.m4a")
    pages = [
        *adding.add_files(service, key, [upload(tmp_path / "clips.zip")], []),
        *adding.add_typed(service, key, upload(clip), "facal"),
        adding.open_example(service, key, "recorded-0002"),
        checking.choose(service, key, 1, True, "off", "context"),
        *transcribing.bring(service, key, [upload(DEMO.queries[0].audio)]),
        transcribing.bring_recorded(service, key, upload(clip)),
        *transcribing.run(service, key),
        part := correcting.open_part(service, key, name, 0),
        *correcting.learn(service, key, part.part, DEMO.queries[0].text),
    ]
    assert not [page.stage for page in pages if "stage error" in str(page.stage)]
    transcribing.pool_saved(service, "superb", key)
    assert decoded_here
    assert all(path.is_relative_to(service.visitors.root) and path.suffix == ".flac" for path in decoded_here)


@pytest.mark.usefixtures("hanging")
def test_cancelling_ends_the_decoding_in_my_language(
    service: VisitorService, models: object, tmp_path: Path
) -> None:
    key = str(naming.name(service, "", "x", "gla").key)
    list(transcribing.bring(service, key, [speech(tmp_path)]))
    for _ in service.engine.load():
        pass
    pages = transcribing.run(service, key)
    until(lambda: next(pages) is not None and bool(workers()))
    pages.close()
    until(lambda: not workers())
