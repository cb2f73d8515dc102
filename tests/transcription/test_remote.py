"""Recordings at a URL: the same files as of a folder, each object fetched by its worker and done once."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from smile.cli.out import written_to
from smile.datatypes import SmileError
from smile.pools.pool import open_pool
from smile.settings import Settings
from smile.transcription import batch_workers
from smile.transcription.batch import DONE, Step, Work, kept_of, key_of
from smile.transcription.recordings import recordings_of
from smile.util import remote_folder
from smile.util.remote_folder import RemoteFolder
from smile.util.urls import Url, url_of
from smile.util.workers import Placement
from smile.util.workers.carried import PREFIX, sweep
from smile.whisper import model
from tests.conftest import POOLS
from tests.support.commanded import begun, commanded
from tests.support.small_pools import contents
from tests.support.store import SECRET, Store, asked, store
from tests.support.superb import superb
from tests.support.tiny import tiny_whisper
from tests.support.two_nodes import two_nodes
from tests.support.waiting import until

COPIES = 3  # of each of three clips, in folders of their own
SOUNDS = 3 * COPIES + 1  # and one that is named as a text


@pytest.fixture(scope="module")
def running() -> Iterator[Store]:
    with store() as made:
        yield made


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory, running: Store) -> Path:
    """A folder with a tiny model, a pool of it, and recordings, which also lie in the store, with others."""
    folder = tmp_path_factory.mktemp("remote")
    tiny_whisper(folder / "tiny")
    superb(folder / "corpus", train=4, test=1)
    line = ("index", str(folder / "corpus" / "gle"), "--out", str(folder / "pool"))
    assert commanded(folder / "tiny", *line) == 0
    clips = sorted((POOLS / "gle" / "queries").iterdir())[:3]
    for copy in range(COPIES):
        for clip in clips:
            path = folder / "in" / f"{copy} ü" / clip.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(clip.read_bytes() + b"\0" * (copy + 1))  # another content, the same sound
    shutil.copy(clips[0], folder / "in" / "sound.txt")
    (folder / "in" / "bad.wav").write_bytes(b"RIFF....WAVEfmt no sound")
    (folder / "in" / "notes.txt").write_text("no sound")
    (folder / "in" / "empty").touch()
    (folder / "in" / ".hidden.wav").write_bytes(b"RIFF")
    running.put_folder(folder / "in", "in")
    transcribed(folder, folder / "one", str(folder / "in"))
    return folder


@pytest.fixture
def bucket(running: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    with asked(running, monkeypatch) as ours:
        yield ours


def line_of(given: Path, out: Path, source: str, *more: str) -> list[str]:
    return [source, "--pool", str(given / "pool"), "--out", str(out), "--format", "csv,srt", *more]


def transcribed(given: Path, out: Path, source: str, *more: str) -> dict[str, bytes]:
    assert commanded(given / "tiny", "transcribe", *line_of(given, out, source, *more)) == 0
    return files(out)


def files(out: Path) -> dict[str, bytes]:
    """The files that a command has written, but for the log."""
    return {name: data for name, data in contents(out).items() if name != DONE}


def lines(out: Path) -> int:
    """How many recordings are in a log."""
    return (out / DONE).read_bytes().count(b"\n") - 1 if (out / DONE).exists() else 0


@pytest.mark.parametrize("more", [(), ("--jobs", "2")], ids=["here", "two workers"])
def test_files_are_those_of_a_folder(
    given: Path, bucket: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str], more: tuple[str, ...]
) -> None:
    assert transcribed(given, tmp_path, "s3://speech/in/", *more) == files(given / "one")
    error = capsys.readouterr().err
    assert "Left out, as they hold no sound: empty, notes.txt." in error
    assert "bad.wav: 'bad.wav' cannot be decoded" in error
    assert sorted(set(bucket.fetched)) == sorted(
        k for k in keys(bucket) if k not in ("in/.hidden.wav", "in/empty")
    )
    assert SECRET not in error
    assert not any(SECRET.encode() in data for data in contents(tmp_path).values())


def keys(bucket: Store, prefix: str = "in/") -> list[str]:
    return [one["Key"] for one in bucket.client.list_objects_v2(Bucket="speech", Prefix=prefix)["Contents"]]


def test_files_of_a_folder_named_by_its_url_are_the_same(given: Path, tmp_path: Path) -> None:
    assert transcribed(given, tmp_path, f"file://{given}/in", "--jobs", "2") == files(given / "one")


def test_one_object_is_a_recording(given: Path, bucket: Store, tmp_path: Path) -> None:
    shutil.copy(given / "in" / "sound.txt", tmp_path / "sound.txt")
    one = transcribed(given, tmp_path / "here", str(tmp_path / "sound.txt"))
    assert transcribed(given, tmp_path / "there", "s3://speech/in/sound.txt") == one


def test_what_is_done_is_not_fetched_again_and_what_changed_is_done_again(
    given: Path, bucket: Store, tmp_path: Path
) -> None:
    clips = sorted((given / "in" / "0 ü").iterdir())
    for path in clips:
        bucket.put(f"again/{path.name}", path.read_bytes())
    before = transcribed(given, tmp_path, "s3://speech/again", "--jobs", "2")
    assert lines(tmp_path) == 3
    bucket.fetched.clear()
    assert transcribed(given, tmp_path, "s3://speech/again", "--jobs", "2") == before
    assert transcribed(given, tmp_path, "s3://speech/again") == before
    assert (bucket.fetched, lines(tmp_path)) == ([], 3)
    bucket.put(f"again/{clips[0].name}", clips[1].read_bytes() + b"\0")
    assert transcribed(given, tmp_path, "s3://speech/again", "--jobs", "2") != before
    assert (set(bucket.fetched), lines(tmp_path)) == ({f"again/{clips[0].name}"}, 4)


def test_what_changes_meanwhile_is_told_and_done_by_the_same_command(
    given: Path, bucket: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (first, second, _) = sorted((given / "in" / "1 ü").iterdir())
    for path in (first, second):
        bucket.put(f"meanwhile/{path.name}", path.read_bytes())

    def change(key: str) -> bool:
        if key.endswith(first.name):
            bucket.before = lambda key: False
            bucket.put(key, second.read_bytes())
        return False

    bucket.before = change
    transcribed(given, tmp_path, "s3://speech/meanwhile")
    said = f"s3://speech/meanwhile/{first.name} has changed since it was listed; the same command takes it"
    assert said in capsys.readouterr().err
    assert lines(tmp_path) == 1
    transcribed(given, tmp_path, "s3://speech/meanwhile")
    assert lines(tmp_path) == 2


def test_a_worker_killed_in_the_middle_changes_nothing_and_leaves_nothing(
    given: Path, bucket: Store, tmp_path: Path
) -> None:
    out, temporary = tmp_path / "out", tmp_path / "tmp"
    temporary.mkdir()
    environment = {**os.environ, "TMPDIR": str(temporary)}
    line = ["transcribe", *line_of(given, out, "s3://speech/in", "--jobs", "2")]
    run = begun(given / "tiny", line, environment)
    until(lambda: run.poll() is not None or (lines(out) > 1 and bool(list(temporary.glob(f"{PREFIX}*")))))
    assert run.poll() is None, run.communicate()
    (worker, *_) = [
        child for child in psutil.Process(run.pid).children() if "spawn_main" in str(child.cmdline())
    ]
    worker.kill()
    error = run.communicate(timeout=120)[1]
    assert run.returncode == 0, error
    assert files(out) == files(given / "one")
    assert lines(out) == SOUNDS
    assert not list(temporary.rglob(f"{PREFIX}*"))


def objects(bucket: Store, prefix: str) -> dict[str, bytes]:
    """What lies under a prefix, but for the log."""
    found = {key: bucket.client.get_object(Bucket="speech", Key=key) for key in keys(bucket, f"{prefix}/")}
    inside = {key.removeprefix(f"{prefix}/"): one["Body"].read() for key, one in found.items()}
    return {name: data for name, data in inside.items() if name != DONE}


def test_transcripts_are_put_where_a_url_says_and_the_same_command_goes_on(
    given: Path, bucket: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    pool = str(given / "pool")
    line = ["s3://speech/in", "--pool", pool, "--out", "s3://speech/out/", "--format", "csv,srt"]
    assert commanded(given / "tiny", "transcribe", *line) == 0
    assert objects(bucket, "out") == files(given / "one")
    assert not list(tmp_path.glob("smile-out-*"))
    log = bucket.client.get_object(Bucket="speech", Key=f"out/{DONE}")["Body"].read()
    bucket.put(f"out/{DONE}", b"".join(log.splitlines(keepends=True)[:4]))
    bucket.client.delete_object(Bucket="speech", Key="out/transcripts.csv")
    bucket.fetched.clear()
    assert commanded(given / "tiny", "transcribe", *line, "--jobs", "2") == 0
    again = bucket.client.get_object(Bucket="speech", Key=f"out/{DONE}")["Body"].read()
    assert sorted(again.splitlines()) == sorted(log.splitlines())
    done = {json.loads(line[9:])[0].rpartition(" ")[0] for line in log.splitlines()[1:4]}
    fetched = set(bucket.fetched)
    assert len(done) == 3
    assert not {f"in/{name}" for name in done} & fetched
    assert objects(bucket, "out") == files(given / "one")


def test_a_pool_at_a_url_is_fetched_once(
    given: Path, bucket: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SMILE_CACHE", str(tmp_path / "cache"))
    bucket.put_folder(given / "pool", "a/pool")
    for jobs in ("1", "2"):
        bucket.fetched.clear()
        pool = ["--pool", "s3://speech/a/pool", "--out", str(tmp_path / jobs), "--jobs", jobs]
        assert commanded(given / "tiny", "transcribe", "s3://speech/in", *pool, "--format", "csv,srt") == 0
        assert files(tmp_path / jobs) == files(given / "one")
        ours = [key for key in bucket.fetched if key.startswith("a/pool/")]
        assert sorted(ours) == (sorted(keys(bucket, "a/pool/")) if jobs == "1" else [])


def test_transcripts_at_the_url_of_a_folder_whose_log_is_put_there_meanwhile(
    given: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_folder, "EVERY", 0.0)
    put, sizes = RemoteFolder._put_one, list[int]()

    def told(self: RemoteFolder, path: Path, place: Url) -> None:
        put(self, path, place)
        sizes.extend([path.stat().st_size] if path.name == DONE else [])

    monkeypatch.setattr(RemoteFolder, "_put_one", told)
    line = [f"file://{given}/in", "--pool", str(given / "pool"), "--out", f"file://{tmp_path}/a/b"]
    assert commanded(given / "tiny", "transcribe", *line, "--format", "csv,srt") == 0
    assert files(tmp_path / "a" / "b") == files(given / "one")
    assert sizes == sorted(sizes)
    assert len(set(sizes)) >= SOUNDS


def test_what_cannot_be_put_stays_here_and_its_place_is_told(
    given: Path,
    bucket: Store,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(remote_folder, "EVERY", 0.0)
    put = RemoteFolder._put_one

    def only_empty(self: RemoteFolder, path: Path, place: Url) -> None:
        if path.stat().st_size:
            raise SmileError("It cannot be written.")
        put(self, path, place)

    monkeypatch.setattr(RemoteFolder, "_put_one", only_empty)
    pool = str(given / "pool")
    line = ["s3://speech/in/0 ü", "--pool", pool, "--out", "s3://speech/lost", "--format", "srt"]
    assert commanded(given / "tiny", "transcribe", *line) == 2
    (folder,) = tmp_path.glob("smile-out-*")
    assert f"It cannot be written. What is done lies in {folder}; copy it there" in capsys.readouterr().err
    assert (lines(folder), len(list(folder.glob("*.srt")))) == (3, 3)


ODD = (
    "a b.wav",
    "A B.wav",
    "100%.wav",
    "a%20b.wav",
    "../../up.wav",
    "..",
    "#x?.wav",
    "//slashes.wav",
    "*.wav",
)


def test_keys_of_any_name_are_read_and_their_files_stay_inside(
    given: Path, bucket: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = next((given / "in" / "0 ü").iterdir()).read_bytes()
    for name in (*ODD, "esc\x1b[31m.wav"):
        bucket.put(f"odd/{name}", clip)
    bucket.put("odd/marker/", b"")
    bucket.put("odd/filled.wav/", clip)
    transcribed(given, tmp_path / "deep" / "er" / "out", "s3://speech/odd", "--jobs", "2")
    out = capsys.readouterr()
    assert "Left out, as they hold no sound: filled.wav/.\n" in out.err
    assert f"{len(ODD) + 1} of {len(ODD) + 1} recordings" in out.out
    made = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert all(path.parent == tmp_path / "deep" / "er" / "out" for path in made)
    assert len([path for path in made if path.suffix == ".srt"]) == len(ODD) + 1
    names = [one.name for one in recordings_of([url_of("s3://speech/odd")], tmp_path).recordings]
    assert sorted(names) == sorted([*ODD, r"esc\x1b[31m.wav"])


def test_nothing_of_the_recordings_passes_over_the_commands_link(
    given: Path, bucket: Store, tmp_path: Path
) -> None:
    arguments = {"model": str(given / "tiny"), "precision": "float32", "adapter": None}
    models, settings = model.load_models(**arguments), Settings(knn=0.0)
    workers = batch_workers.Workers(Placement(2, "far:1"), arguments, models, open_pool(given / "pool"))
    found = recordings_of([url_of("s3://speech/in")], tmp_path).recordings
    bucket.fetched.clear()
    tasks = list(batch_workers._Walk(found, {}, {}, carried=True).tasks())  # type: ignore[arg-type]
    assert [task.key for task in tasks] == [key_of(recording) for recording in found]
    assert (bucket.fetched, {task.data for task in tasks}) == ([], {None})
    (task,) = (task for task in tasks if task.recording.name == "sound.txt")
    (here,) = (one for one in recordings_of([given / "in"], tmp_path).recordings if one.name == "sound.txt")
    assert workers.transcriber(settings, "")(task) == kept_of(Work(models, workers.pool, settings, ""), here)
    assert bucket.fetched == ["in/sound.txt"]


def test_a_cluster_writes_the_same_files_whose_node_is_killed(
    given: Path, bucket: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SMILE_CACHE", str(tmp_path / "cache"))
    bucket.put_folder(given / "pool", "b/pool")
    out = tmp_path / "out"
    with two_nodes() as cluster:
        line = ["s3://speech/in", "--pool", "s3://speech/b/pool", "--out", str(out), "--format", "csv,srt"]
        line += ["--jobs", "2", "--cluster", cluster.address]
        run = begun(given / "tiny", ["transcribe", *line], cluster.environment)
        error = cluster.killed_in(run, lambda: lines(out) > 2)
    assert files(out) == files(given / "one")
    assert bucket.fetched.count("b/pool/pool.json") >= 2  # by the command, and by each worker that got so far
    assert "bad.wav: 'bad.wav' cannot be decoded" in error


def test_two_commands_do_not_write_into_one_folder(
    given: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = line_of(given, tmp_path / "out", f"{given}/in/0 ü")
    with closing(written_to(tmp_path / "out", lambda folder: (_ for _ in [Step(0, 1)]))) as first:
        next(first)
        assert commanded(given / "tiny", "transcribe", *line) == 2
        said = f"Another command is writing transcripts into {tmp_path}/out; wait until it is done, or name"
        assert said in capsys.readouterr().err
        assert contents(tmp_path / "out") == {DONE: b""}
    assert commanded(given / "tiny", "transcribe", *line) == 0


@pytest.mark.parametrize("place", ["s3://speech/both/{}", "file://{}"])
def test_of_two_commands_at_a_url_one_ends_and_loses_nothing(
    bucket: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(remote_folder, "EVERY", 0.0)
    url = url_of(place.format(tmp_path / "there"))

    def writing(name: str) -> Generator[Step]:
        def steps(folder: Path) -> Generator[Step]:
            for number in range(3):
                with (folder / DONE).open("ab") as log:
                    log.write(f"{name} {number}\n".encode())
                yield Step(number, 3)
            (folder / "transcripts.csv").write_text(name)

        return written_to(url, steps)

    first, second = writing("first"), writing("second")
    next(first)
    next(second)
    assert len(list(first)) == 2
    said = r"Another command has written .*done\.jsonl meanwhile; wait .* What is done lies in .*smile-out-"
    with pytest.raises(SmileError, match=said):
        list(second)
    assert there(bucket, url, DONE) == b"".join(b"first %d\n" % number for number in range(3))
    assert there(bucket, url, "transcripts.csv") == b"first"
    (kept,) = tmp_path.glob("smile-out-*")
    assert (kept / DONE).read_bytes() == b"second 0\n"


def there(bucket: Store, url: Url, name: str) -> bytes:
    if url.protocol == "file":
        return Path(url.path, name).read_bytes()
    key = f"{url.path.removeprefix('speech/')}/{name}"
    return bytes(bucket.client.get_object(Bucket="speech", Key=key)["Body"].read())


def test_a_command_that_is_killed_leaves_nothing_that_the_next_one_does_not_remove(
    given: Path, bucket: Store, tmp_path: Path
) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    pool = str(given / "pool")
    line = ["transcribe", "s3://speech/in", "--pool", pool, "--out", "s3://speech/killed"]
    run = begun(given / "tiny", line, environment)
    until(lambda: run.poll() is not None or any(p.stat().st_size for p in tmp_path.rglob(DONE)))
    assert run.poll() is None, run.communicate()
    run.kill()
    run.communicate()
    assert list(tmp_path.rglob(DONE))
    sweep(tmp_path)
    assert not list(tmp_path.rglob(DONE))
