"""What commands are told where a place is a URL: said in one sentence, before a model is loaded."""

from __future__ import annotations

from pathlib import Path

import pytest

from smile.cli.main import main
from smile.whisper import model
from tests.conftest import POOLS
from tests.support.store import SECRET, store


@pytest.fixture(autouse=True)
def unloaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "load_models", None)


def transcribe(*line: str, out: Path | None = None) -> int:
    where = ["--out", str(out)] if out else []
    return main(["transcribe", *line, "--pool", str(POOLS / "gle"), *where])


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (["memory://in"], "argument clip: 'memory' is no protocol that is read; name a URL that begins with"),
        (["https://example.org/a.wav"], "'https' is no protocol that is read"),
        (["s3://AKID:hush@bucket/in"], "credentials and endpoints come from the environment"),
        (["in", "--out", "memory://out"], "argument --out: 'memory' is no protocol that is read"),
        (["in", "--pool", "http://bucket/p"], "argument --pool: 'http' is no protocol that is read"),
    ],
)
def test_a_url_that_is_none_here_is_an_error_of_usage(
    line: list[str],
    said: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main(["transcribe", "--pool", str(POOLS / "gle"), *line])
    error = capsys.readouterr().err
    assert ended.value.code == 2
    assert said in error
    assert "hush" not in error
    assert not list(tmp_path.iterdir())


def test_a_pool_at_a_url_is_for_transcribing(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["align", "a.wav", "a.txt", "--pool", "s3://bucket/p", "--out", "x"])
    assert "argument --pool: it has to be a path on this machine, and no URL." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "option"),
    [
        (["index", "s3://AKID:hush@bucket/in", "--out", "x"], "source"),
        (["index", "in", "--out", "s3://AKID:hush@bucket/in"], "--out"),
        (["pool", "export", "gle", "--out", "s3://AKID:hush@bucket/in"], "--out"),
        (["transcribe", "a.wav", "--pool", "gle", "--text", "s3://AKID:hush@bucket/in"], "--text"),
    ],
)
def test_a_url_where_none_is_taken_is_neither_written_nor_told(
    line: list[str],
    option: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit):
        main(line)
    error = capsys.readouterr().err
    assert f"argument {option}: it has to be a path on this machine, and no URL." in error
    assert "hush" not in error
    assert not list(tmp_path.iterdir())


def test_a_url_needs_a_folder_for_its_transcripts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in").mkdir()
    assert transcribe(f"file://{tmp_path}/in") == 2
    assert "Name a folder for the transcripts of several recordings with --out." in capsys.readouterr().err


def test_listings_that_hold_nothing_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in").mkdir()
    out = tmp_path / "out"
    said = {
        f"file://{tmp_path}/in": "There is nothing at file:///",
        f"file://{tmp_path}/nowhere": "nowhere cannot be read: there is nothing of this name.",
        f"file://{tmp_path}/x.zip": "x.zip is a zip, which is not unpacked from a URL",
        f"file://{tmp_path}/texts": "There are no recordings in it; name a folder or a zip with sound files.",
    }
    (tmp_path / "x.zip").write_bytes(b"PK")
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "a.txt").write_text("no sound")
    for url, sentence in said.items():
        assert transcribe(url, out=out) == 2
        assert sentence in capsys.readouterr().err
    assert not out.exists()


def test_a_store_that_cannot_be_read_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with store() as made:
        for name, value in made.environment.items():
            monkeypatch.setenv(name, value)
        made.put("in/a.wav", b"RIFF")
        assert transcribe("s3://nowhere-at-all/in", out=tmp_path / "out") == 2
        assert "s3://nowhere-at-all/in cannot be read: there is no such bucket." in capsys.readouterr().err
        assert transcribe("s3://speech/others", out=tmp_path / "out") == 2
        assert "There is nothing at s3://speech/others; check how" in capsys.readouterr().err
        made.denied = True
        assert transcribe("s3://speech/in", out=tmp_path / "out") == 2
        error = capsys.readouterr().err
        assert "s3://speech/in cannot be read: access is denied; check what the credentials" in error
        assert SECRET not in error


def test_a_store_that_may_not_be_written_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.wav").write_bytes(b"RIFF")
    line = ["transcribe", f"{tmp_path}/in", "--pool", str(POOLS / "gle"), "--out"]
    with store() as made:
        for name, value in made.environment.items():
            monkeypatch.setenv(name, value)
        assert main([*line, "s3://nowhere/x"]) == 2
        assert (
            "s3://nowhere/x/done.jsonl cannot be written: there is no such bucket." in capsys.readouterr().err
        )
        made.denied = True
        assert main([*line, "s3://speech/x"]) == 2
        assert "s3://speech/x/done.jsonl cannot be read: access is denied" in capsys.readouterr().err


def test_a_folder_that_cannot_be_written_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.wav").write_bytes(b"RIFF")
    assert transcribe(f"{tmp_path}/in", out=tmp_path / "in" / "a.wav" / "b" / "c") == 2
    said = f"b/c cannot be written, as {tmp_path}/in/a.wav is no folder; name another with --out."
    assert said in capsys.readouterr().err
    monkeypatch.setattr("os.access", lambda path, mode: path != tmp_path)
    assert transcribe(f"file://{tmp_path}/in", out=tmp_path / "out") == 2
    assert f"{tmp_path}/out cannot be written: there is no right to; name" in capsys.readouterr().err
