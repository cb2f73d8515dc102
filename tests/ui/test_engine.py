"""The engine behind the page: which pools are offered, how they are opened, indexed and given up."""

from __future__ import annotations

import errno
import inspect
import json
import os
import shutil
import threading
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import app
from smile.datatypes import EncoderId, Language, RecognizerInfo, SmileError, Utterance
from smile.demo.measured import Measurements
from smile.evaluation import compare
from smile.pools import indexing
from smile.pools.pool import Header, open_pool, write_pool
from smile.settings import WHOLE_WINDOW, WINDOWS, Settings
from smile.transcription import pipeline as transcribe
from smile.transcription import preparing, times
from smile.ui import Engine, Options, caching
from smile.ui.sources import offered, shipped
from smile.whisper import model as models
from tests.support.fake_engine import FakeEngine, tone

ENCODER = EncoderId("whisper-tiny", "0" * 12)
SILENCE = np.zeros(16000, np.float32)


class Recognizer:
    """Only what the engine asks of a recognizer."""

    class info:  # noqa: N801
        encoder = ENCODER


MODEL = models.Model(Recognizer(), None)


def pool(folder: Path, encoder: EncoderId | None = ENCODER) -> Path:
    """A pool of three clips."""
    (folder / "audio").mkdir(parents=True)
    clips = [
        Utterance(f"c{i}", tone(folder / "audio" / f"{i}.wav", 1.0, 300), f"text {i}", "gla", "", 1.0)
        for i in range(3)
    ]
    order = indexing.order_digest(clips)
    header = Header(Language("gla", "Scottish Gaelic"), synthetic=True, encoder=encoder, order=order)
    write_pool(folder, header, clips, np.eye(3, 4, dtype=np.float32) if encoder else None, clips[:1])
    return folder


def corpus(folder: Path) -> Path:
    """An ML-SUPERB language folder of two training clips and one test clip."""
    (folder / "wav").mkdir(parents=True)
    for name in ("a", "b", "c"):
        tone(folder / "wav" / f"{name}.wav", 1.0, 300)
    (folder / "transcript_10min_train.txt").write_text("a x one\nb x two\n", encoding="utf-8")
    (folder / "transcript_10min_test.txt").write_text("c x three\n", encoding="utf-8")
    return folder


@pytest.fixture
def loaded(monkeypatch):
    """Models that load at once; counts how often."""
    calls = []
    fake = models.Models(MODEL, MODEL)
    monkeypatch.setattr(models, "load_models", lambda *_, **__: calls.append(1) or fake)
    return calls


@pytest.fixture
def engine(tmp_path, loaded):
    pool(tmp_path / "pools" / "gla")
    return Engine(Options(tmp_path / "pools", tmp_path / "cache"))


def test_pools_that_ship_are_offered_with_their_queries(tmp_path):
    pool(tmp_path / "gla")
    (source,) = shipped(tmp_path, Measurements())
    assert (source.choice.key, source.choice.examples, source.choice.synthetic) == ("gla", 3, True)
    assert [query.text for query in source.queries] == ["text 0"]


def test_a_damaged_pool_is_passed_over_and_reported(tmp_path, caplog):
    pool(tmp_path / "gla")
    shutil.copytree(tmp_path / "gla", tmp_path / "xxx")
    (tmp_path / "xxx" / "pool.json").write_text("{", encoding="utf-8")
    assert [source.choice.key for source in shipped(tmp_path, Measurements())] == ["gla"]
    assert "xxx" in caplog.text


def test_the_languages_of_a_corpus_are_offered_with_their_test_clips(tmp_path):
    corpus(tmp_path / "mini" / "gla")
    (source,) = offered(tmp_path / "mini")
    assert (source.choice.key, source.choice.source, source.choice.examples) == ("mini/gla", "mini", 2)
    assert source.choice.language.name == "Scottish Gaelic"
    assert not source.choice.synthetic
    assert [query.text for query in source.queries] == ["three"]


def test_few_recordings_are_offered_and_all_are_found(tmp_path, monkeypatch):
    pool(tmp_path / "pools" / "gla")
    engine = Engine(Options(tmp_path / "pools", tmp_path / "cache"))
    monkeypatch.setattr("smile.ui.engine.MOST_QUERIES", 0)
    assert engine.queries("gla") == ()
    assert engine.recording("gla", "c0").text == "text 0"
    assert engine.recording("gla", "c9") is None
    assert engine.recording("../gla", "c0") is None


def test_models_load_once_for_all_visitors(engine, loaded):
    engine.warm()
    list(engine.prepare("gla"))
    list(engine.prepare("gla"))
    assert loaded == [1]


def test_a_failed_load_is_tried_again(engine, monkeypatch):
    outcomes = iter((SmileError("No weights; download them."), models.Models(MODEL, MODEL)))

    def load(*_, **__):
        outcome = next(outcomes)
        if isinstance(outcome, SmileError):
            raise outcome
        return outcome

    monkeypatch.setattr(models, "load_models", load)
    with pytest.raises(SmileError, match="No weights"):
        list(engine.load())
    list(engine.load())


def test_a_pool_of_this_encoder_is_used_as_it_is(engine, tmp_path, monkeypatch):
    monkeypatch.setattr(indexing, "index", lambda *_, **__: pytest.fail("indexed again"))
    list(engine.prepare("gla"))
    assert not (tmp_path / "cache").exists()


def test_a_pool_of_another_encoder_is_indexed_into_the_cache_once(tmp_path, loaded, monkeypatch):
    folder = pool(tmp_path / "pools" / "gla", encoder=None)
    made = []

    def index(source, out, models, *, progress, **_):
        progress(1, 3)
        made.append(out)
        return indexing.Built(open_pool(pool(out)), ())

    monkeypatch.setattr(indexing, "index", index)
    for _ in range(2):
        list(Engine(Options(tmp_path / "pools", tmp_path / "cache")).prepare("gla"))
    assert made == [tmp_path / "cache" / "whisper-tiny-000000000000" / "gla"]
    assert json.loads((folder / "pool.json").read_text(encoding="utf-8"))["encoder"] is None


def test_indexing_says_how_far_it_is_and_stops_with_its_visitor(tmp_path, loaded, monkeypatch):
    pool(tmp_path / "pools" / "gla", encoder=None)
    stopped = threading.Event()

    def index(source, out, models, *, progress, **_):
        try:
            for i in range(1000):
                progress(i, 1000)
                time.sleep(0.01)
        except Exception:
            stopped.set()
            raise

    monkeypatch.setattr(indexing, "index", index)
    lines = Engine(Options(tmp_path / "pools", tmp_path / "cache")).prepare("gla")
    seen = [next(lines) for _ in range(3)]
    assert any(line.startswith("Indexing Scottish Gaelic: ") and "of 1000 clips" in line for line in seen)
    lines.close()
    assert stopped.wait(5), "the indexing went on"


@pytest.fixture(autouse=True)
def present(monkeypatch):
    """What has been made of pools stays there, but for what is put here: what, and the folder of its pool."""
    gone = set()
    for what in preparing.PRESENT:
        monkeypatch.setitem(
            preparing.PRESENT, what, lambda pool, _, what=what: (what, pool.folder.name) not in gone
        )
    return gone


class Reading:
    """Stands in for `prepare_datastore`: keeps what was read of a pool, and may be held at a clip."""

    def __init__(self):
        self.clips: list[tuple[str, int]] = []  # in the order they were read
        self.held: tuple[str, int] = ("", 0)
        self.reached, self.free = threading.Event(), threading.Event()
        self.damaged = ""
        self.windows: list[tuple[float, ...]] = []  # of the models that were asked to read

    def __call__(self, pool, model, progress):
        key = pool.folder.name
        self.windows.append(model.windows)
        if key == self.damaged:
            raise SmileError("A clip is damaged; put it back.")
        for clip in range(len(pool)):
            if (key, clip) in self.clips:
                continue
            if (key, clip) == self.held:
                self.reached.set()
                assert self.free.wait(20)
            self.clips.append((key, clip))
            progress(clip + 1, len(pool))

    def wait_for(self, *keys: str) -> None:
        """Until all clips of these pools are read."""
        end = time.monotonic() + 20
        while not {(key, clip) for key in keys for clip in range(3)} <= set(self.clips):
            assert time.monotonic() < end, self.clips
            time.sleep(0.01)


@pytest.fixture
def reading(monkeypatch):
    reading = Reading()
    monkeypatch.setitem(preparing.MAKERS, "datastore", reading)
    return reading


@pytest.fixture
def three(tmp_path, loaded, reading, monkeypatch):
    """An engine with three pools and a corpus; what it transcribes is what becomes of the pool."""

    def steps(models, samples, pool, settings, kept):
        yield "Whisper alone"
        yield (yield from pool.steps) if isinstance(pool, transcribe.Awaited) else pool

    monkeypatch.setattr(transcribe, "transcribe", steps)
    monkeypatch.setattr(times, "timed", lambda results, *_: results)
    for name in ("aaa", "bbb", "ccc"):
        pool(tmp_path / "pools" / name)
    corpus(tmp_path / "mini" / "gla")
    return Engine(Options(tmp_path / "pools", tmp_path / "cache", (tmp_path / "mini",)))


def of(*keys: str) -> list[tuple[str, int]]:
    return [(key, clip) for key in keys for clip in range(3)]


def test_a_pool_is_read_after_whisper_alone_and_says_how_far_it_is(three, reading):
    reading.held = ("bbb", 2)
    seen = three.transcribe(SILENCE, "bbb", Settings())
    assert next(seen) == "Whisper alone"
    assert reading.clips == []
    assert next(seen).startswith("Reading the examples of Scottish Gaelic: ")
    assert reading.reached.wait(20)
    assert next(seen) == "Reading the examples of Scottish Gaelic: 2 of 3 clips"
    reading.free.set()
    *_, opened = seen
    assert opened.folder.name == "bbb"
    assert reading.clips == of("bbb")
    assert list(three.transcribe(SILENCE, "bbb", Settings())) == ["Whisper alone", opened], "it is read once"


def test_other_windows_have_a_datastore_of_their_own(three, reading):
    for settings in (Settings(), Settings(windows=WHOLE_WINDOW), Settings(windows=WHOLE_WINDOW)):
        list(three.transcribe(SILENCE, "bbb", settings))
    assert reading.windows == [WINDOWS, WHOLE_WINDOW]


@pytest.fixture
def two_sides(monkeypatch):
    """Models of which one has an adapter, which changes the encoder or not."""

    def give(encoder):
        sides = [SimpleNamespace(info=RecognizerInfo("fake", "float32", each)) for each in (ENCODER, encoder)]
        sides[1].info = replace(sides[1].info, adapter="ada", adapter_hash="a" * 12)
        made = models.Models(*(models.Model(side, None) for side in sides))
        monkeypatch.setattr(models, "load_models", lambda *_, **__: made)
        return made

    return give


def test_without_the_adapter_a_pool_is_read_for_itself_and_only_where_it_is_asked_for(
    three, two_sides, monkeypatch
):
    sides, read = two_sides(ENCODER), []

    def slowly(pool, model, progress):
        time.sleep(0.6)
        read.append((pool.folder.name, model))

    monkeypatch.setitem(preparing.MAKERS, "datastore", slowly)
    list(three.prepare("bbb", Settings()))
    assert read == [("bbb", sides.smile)]
    lines = list(three.prepare("bbb", Settings(), untrained=[Settings(shots=3)]))
    assert read == [("bbb", sides.smile), ("bbb", sides.vanilla)]
    assert {line.partition("Scottish")[0] for line in lines} == {
        "Without the adapter: Reading the examples of "
    }
    assert list(three.prepare("bbb", Settings(), untrained=[Settings()])) == [], "it is read once"


def test_an_adapter_of_the_encoder_has_the_pool_embedded_without_it_too(three, two_sides, monkeypatch):
    sides, seen = two_sides(replace(ENCODER, adapter="ada")), []

    def index(source, out, models, **_):
        return indexing.Built(open_pool(pool(out, models.smile.info.encoder)), ())

    monkeypatch.setattr(indexing, "index", index)
    monkeypatch.setattr(compare, "compare", lambda *given: (seen.append(given) for _ in "1"))
    list(three.prepare("bbb", Settings(), untrained=[Settings()]))
    list(three.compare(SILENCE, "bbb", compare.Grid((1,), (compare.Way(),), untrained=True)))
    ((_, _, adapted, _, untrained),) = seen
    assert adapted.header.encoder == sides.smile.info.encoder
    assert untrained.header.encoder == sides.vanilla.info.encoder
    assert adapted.folder.parent != untrained.folder.parent


def test_a_pool_that_cannot_be_read_without_the_adapter_says_so(three, two_sides, reading):
    two_sides(ENCODER)
    list(three.prepare("bbb", Settings()))
    reading.damaged = "bbb"
    with pytest.raises(SmileError, match="A clip is damaged; put it back"):
        list(three.prepare("bbb", Settings(), untrained=[Settings()]))


def test_an_acoustic_model_is_fitted_once_and_needs_no_datastore(three, reading, monkeypatch):
    fitted, go_on = [], threading.Event()

    def fit(pool, model, progress):
        progress(42, 100)
        assert go_on.wait(20)
        fitted.append((pool.folder.name, pool.states, model.windows))

    monkeypatch.setitem(preparing.MAKERS, "acoustic", fit)
    settings = Settings(level="acoustic")
    seen = three.transcribe(SILENCE, "bbb", settings)
    assert next(seen) == "Whisper alone"
    said = next(line for line in seen if "42" in line)
    assert said == "Fitting the acoustic model of Scottish Gaelic: 42 %"
    go_on.set()
    *_, opened = seen
    assert [*three.transcribe(SILENCE, "bbb", settings)] == ["Whisper alone", opened], "it is fitted once"
    assert fitted == [("bbb", opened.stores, WINDOWS)], "what it needs goes to the cache"
    assert opened.stores.parent.parent == three.cache
    assert reading.clips == []


def test_an_acoustic_model_that_cannot_be_kept_is_said_to_be_missing(three, monkeypatch):
    monkeypatch.setitem(preparing.MAKERS, "acoustic", full)
    list(three.transcribe(SILENCE, "bbb", Settings(level="acoustic")))
    grid = compare.Grid((1,), (compare.Way(),), Settings(), acoustic=True)
    with pytest.raises(SmileError, match="No space left"):
        list(three.compare(SILENCE, "bbb", grid))


def test_a_long_fit_gives_way_to_others_and_nobody_fits_the_same_at_once(three, reading, monkeypatch):
    at_work, done, begun = [], threading.Event(), threading.Event()

    def fit(pool, model, progress):
        at_work.append(pool.folder.name)
        while not done.is_set():
            begun.set()
            progress(1, 100)
            time.sleep(0.01)

    monkeypatch.setitem(preparing.MAKERS, "acoustic", fit)
    fitting = [three.prepare("bbb", Settings(level="acoustic")) for _ in range(2)]
    for lines in fitting:
        threading.Thread(target=list, args=(lines,), daemon=True).start()
    assert begun.wait(20)
    work = three.scheduler.start(lambda: "others' work")
    assert work.result(timeout=20) == "others' work"
    list(three.prepare("ccc", Settings()))
    assert (reading.clips, at_work) == (of("ccc"), ["bbb"])
    done.set()


def test_who_waits_for_a_fit_holds_up_no_step_of_others(three, monkeypatch):
    done = threading.Event()
    monkeypatch.setitem(preparing.MAKERS, "acoustic", lambda *_: done.wait(60))
    seen = three.transcribe(SILENCE, "bbb", Settings(level="acoustic"))
    waiting = threading.Thread(target=list, args=(seen,), daemon=True)
    waiting.start()
    time.sleep(0.1)
    list(three.scheduler.each(n for n in range(40)))
    assert waiting.is_alive(), "40 steps, none of which waits for it"
    done.set()
    waiting.join(20)
    assert not waiting.is_alive()


def test_without_token_neighbours_a_pool_is_only_opened(three, reading):
    *_, opened = three.transcribe(SILENCE, "bbb", Settings(knn=0.0))
    assert (opened.folder.name, reading.clips) == ("bbb", [])
    assert list(three.transcribe(SILENCE, None, Settings())) == ["Whisper alone", None]


def full(*_):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.fixture
def given(three, monkeypatch):
    """The pools that the transcriptions of an engine with three pools are given, which make them ready."""
    pools = []

    def steps(models, samples, pool, settings, kept):
        pools.append(pool)
        yield from (pool.steps if isinstance(pool, transcribe.Awaited) else ())

    monkeypatch.setattr(transcribe, "transcribe", steps)
    return pools


def test_who_comes_next_to_a_full_disk_is_told_too_where_it_keeps_something_away(three, given, monkeypatch):
    monkeypatch.setitem(preparing.MAKERS, "datastore", full)
    for settings in (Settings(), Settings(), Settings(knn=0.0), Settings(level="combined")):
        list(three.transcribe(SILENCE, "bbb", settings))
    first, second, without, combined = given
    assert "No space left" in first.problem() == second.problem() == combined.problem()
    assert second.meanwhile() is None, "what cannot be made is not waited for"
    assert without.folder.name == "bbb", "it needs nothing that a disk has to keep"


def test_what_was_made_before_the_disk_was_full_is_used(three, given, reading, monkeypatch):
    list(three.transcribe(SILENCE, "bbb", Settings()))
    monkeypatch.setitem(preparing.MAKERS, "acoustic", full)
    list(three.transcribe(SILENCE, "bbb", Settings(level="combined")))
    list(three.transcribe(SILENCE, "bbb", Settings()))
    assert given[1].problem()
    assert given[2].folder.name == "bbb"


def test_a_provisional_text_may_be_written_as_long_as_something_is_made_of_an_open_pool(
    three, given, reading
):
    reading.held = ("bbb", 1)
    seen = three.transcribe(SILENCE, "bbb", Settings())
    next(seen)
    assert reading.reached.wait(20)
    assert given[0].meanwhile().folder.name == "bbb"
    reading.free.set()
    list(seen)
    assert given[0].meanwhile() is None


def test_who_wants_no_provisional_text_is_given_none(three, given, reading):
    reading.held = ("bbb", 1)
    seen = three.transcribe(SILENCE, "bbb", Settings(), provisional=False)
    next(seen)
    assert reading.reached.wait(20)
    assert given[0].meanwhile() is None
    reading.free.set()
    list(seen)
    assert reading.clips == of("bbb")


def test_a_visitor_who_goes_away_breaks_off_nothing_for_another_of_the_same_pool(three, given, reading):
    reading.held = ("bbb", 1)
    first, second = (three.transcribe(SILENCE, "bbb", Settings()) for _ in range(2))
    next(first)
    assert reading.reached.wait(20)
    assert next(second).endswith("waiting for its turn")
    first.close()
    reading.free.set()
    list(second)
    assert reading.clips == of("bbb")
    assert given[1].meanwhile() is None


def test_what_was_made_of_a_pool_and_is_gone_is_made_again(three, given, reading, present):
    list(three.transcribe(SILENCE, "bbb", Settings()))
    present.add(("datastore", "bbb"))
    list(three.transcribe(SILENCE, "bbb", Settings()))
    assert len(reading.windows) == 2
    present.clear()
    list(three.transcribe(SILENCE, "bbb", Settings()))
    assert len(reading.windows) == 2
    assert [isinstance(pool, transcribe.Awaited) for pool in given] == [True, True, False]


def test_a_full_disk_leaves_out_what_it_cannot_keep_and_says_so(three, reading, monkeypatch):
    monkeypatch.setitem(preparing.MAKERS, "datastore", full)
    *_, opened = three.transcribe(SILENCE, "bbb", Settings())
    assert opened.folder.name == "bbb"
    assert three.problem("bbb") == (
        "The kNN-LM and the acoustic model of this pool are left out: the server cannot keep what they need "
        "(No space left on device)."
    )
    assert three.problem("aaa") == ""
    asked = []
    monkeypatch.setattr(
        compare, "compare", lambda models, samples, pool, grid, _: (asked.append(grid) for _ in "1")
    )
    list(three.compare(SILENCE, "bbb", compare.Grid((1,), (compare.Way(),), Settings())))
    assert asked[0].base.knn == 0.0
    monkeypatch.setitem(preparing.MAKERS, "datastore", reading)
    monkeypatch.setattr(caching, "AGAIN", 0.0)
    three.unkept.note("bbb", OSError(errno.ENOSPC, "full"))
    list(three.transcribe(SILENCE, "bbb", Settings()))
    assert reading.clips == of("bbb"), "it was not tried again"


def test_a_cache_that_cannot_be_written_is_replaced_until_the_app_ends(tmp_path, loaded, caplog):
    (tmp_path / "file").write_text("")
    pool(tmp_path / "pools" / "gla")
    engine = Engine(Options(tmp_path / "pools", tmp_path / "file" / "cache"))
    assert engine.cache.is_dir()
    assert engine.cache == engine.audio_folders()[1]
    assert "cannot be written" in caplog.text
    list(engine.prepare("gla"))
    assert caching.writable(tmp_path / "new" / "cache") == tmp_path / "new" / "cache"
    assert not (tmp_path / "new").exists()


def test_the_pools_that_ship_are_read_ahead_the_first_one_first(three, reading, loaded):
    three.begin()
    reading.wait_for("aaa", "bbb", "ccc")
    assert reading.clips == of("aaa", "bbb", "ccc")
    assert loaded == [1]


def test_the_pool_that_is_named_is_read_first(three, reading):
    three.begin("bbb")
    reading.wait_for("aaa", "bbb", "ccc")
    assert reading.clips == of("bbb", "aaa", "ccc")


def test_a_damaged_pool_does_not_keep_the_others_from_being_read(three, reading):
    reading.damaged = "aaa"
    three.begin()
    reading.wait_for("bbb", "ccc")
    with pytest.raises(SmileError, match="damaged"):
        list(three.transcribe(SILENCE, "aaa", Settings()))


def test_a_visitor_goes_ahead_of_what_is_read_in_the_background(three, reading):
    reading.held = ("aaa", 1)
    three.begin()
    assert reading.reached.wait(20)
    visitor = three.transcribe(SILENCE, "ccc", Settings())
    assert next(visitor) == "Whisper alone"
    assert next(visitor) == "Reading the examples of Scottish Gaelic: waiting for its turn"
    reading.free.set()
    assert list(visitor)[-1].folder.name == "ccc"
    reading.wait_for("aaa", "bbb", "ccc")
    assert reading.clips == [("aaa", 0), ("aaa", 1), *of("ccc"), ("aaa", 2), *of("bbb")]


def test_nothing_is_read_ahead_while_somebody_is_served(three, reading):
    with three.scheduler.visit():
        three.begin()
        list(three.load())
        list(three.prepare("ccc"))
        assert reading.clips == []
    reading.wait_for("aaa", "bbb", "ccc")


def test_a_visitor_who_leaves_frees_the_engine(three, reading):
    reading.held = ("ccc", 1)
    visitor = three.transcribe(SILENCE, "ccc", Settings())
    assert next(visitor) == "Whisper alone"
    assert next(visitor).startswith("Reading")
    assert reading.reached.wait(20)
    visitor.close()
    reading.free.set()
    three.begin()
    reading.wait_for("aaa", "bbb", "ccc")
    assert reading.clips == [*of("ccc")[:2], *of("aaa", "bbb"), ("ccc", 2)]


def test_closing_ends_what_is_read_ahead_after_a_clip(three, reading):
    reading.held = ("aaa", 1)
    three.begin()
    assert reading.reached.wait(20)
    three.close()
    reading.free.set()
    for thread in threading.enumerate():
        if "_read_ahead" in thread.name:
            thread.join(20)
            assert not thread.is_alive()
    assert reading.clips == [("aaa", 0), ("aaa", 1)]


def test_reading_ahead_can_be_switched_off(three, reading, loaded):
    engine = Engine(replace(three.options, read_ahead=False))
    engine.begin()
    list(engine.load())
    assert loaded == [1]
    assert not [t for t in threading.enumerate() if "_read_ahead" in t.name]
    assert reading.clips == []


def test_an_unknown_key_has_no_queries_and_no_pool(engine):
    assert engine.queries("../gla") == ()
    assert engine.choice("../gla") is None


ASKED = (
    "pools",
    "choice",
    "queries",
    "recording",
    "examples",
    "pool",
    "audio_folders",
    "load",
    "prepare",
    "embed",
    "transcribe",
    "compare",
    "nearest",
    "problem",
)


@pytest.mark.parametrize("name", ASKED)
def test_the_engine_of_the_tests_is_asked_like_the_real_one(name):
    real, fake = (inspect.signature(getattr(kind, name)) for kind in (Engine, FakeEngine))
    assert list(real.parameters) == list(fake.parameters)


def test_the_app_takes_its_options_from_the_environment(monkeypatch):
    monkeypatch.setenv("PORT", "7999")
    monkeypatch.setenv("SMILE_CORPORA", "/a:/b")
    monkeypatch.setenv("SMILE_MODEL", "openai/whisper-small")
    chosen = app.parse([])
    assert (chosen.port, chosen.corpora, chosen.model) == (
        7999,
        [Path("/a"), Path("/b")],
        "openai/whisper-small",
    )


def test_the_command_line_has_the_last_word(monkeypatch):
    monkeypatch.setenv("PORT", "7999")
    assert app.parse(["--port", "8000", "--adapter", "x"]).port == 8000
    assert app.parse(["--adapter", "x"]).adapter == Path("x")


@pytest.mark.parametrize(
    ("setting", "arguments", "ahead"),
    [(None, [], True), ("0", [], False), ("1", ["--no-read-ahead"], False), ("0", ["--read-ahead"], True)],
)
def test_reading_ahead_is_a_setting(monkeypatch, setting, arguments, ahead):
    monkeypatch.delenv("SMILE_READ_AHEAD", raising=False)
    if setting:
        monkeypatch.setenv("SMILE_READ_AHEAD", setting)
    assert app.parse(arguments).read_ahead is ahead


def test_by_default_the_app_is_for_this_machine_alone(monkeypatch):
    for name in ("PORT", "GRADIO_SERVER_PORT", "GRADIO_SERVER_NAME", "SMILE_CORPORA"):
        monkeypatch.delenv(name, raising=False)
    chosen = app.parse([])
    assert (chosen.host, chosen.port, chosen.corpora) == ("127.0.0.1", 7860, [])
    monkeypatch.setenv("GRADIO_SERVER_NAME", "0.0.0.0")  # as a Space sets it
    assert app.parse([]).host == "0.0.0.0"


def test_what_visitors_may_keep_are_settings(monkeypatch):
    monkeypatch.setenv("SMILE_VISITOR_MB", "20")
    monkeypatch.setenv("SMILE_HOSTS", "smile.example.org, *.example.net")
    chosen = app.parse(["--visitors-mb", "1.5", "--most-visitors", "7"])
    assert (chosen.visitor_mb, chosen.visitors_mb, chosen.most_visitors) == (20_000_000, 1_500_000, 7)
    assert chosen.hosts == ["smile.example.org", "*.example.net"]
    assert app.parse(["--hosts", "a", "b"]).hosts == ["a", "b"]


@pytest.mark.parametrize("wrong", ["-1", "much", "nan", "inf"])
def test_a_size_that_is_none_is_said_to_be_none(monkeypatch, capsys, wrong):
    monkeypatch.setenv("SMILE_FREE_MB", wrong)
    with pytest.raises(SystemExit):
        app.parse([])
    assert "--free-mb" in capsys.readouterr().err
