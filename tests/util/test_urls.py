"""URLs that a command is given: a closed list of protocols, and reasons in words that hold no secrets."""

from __future__ import annotations

import errno
import sys
from pathlib import Path

import fsspec
import pytest
from botocore.exceptions import ClientError
from s3fs.errors import translate_boto_error

from smile.datatypes import SmileError
from smile.util.urls import PROTOCOLS, Url, filesystem, is_url, lasting, reason_of, telling, url_of


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("s3://bucket/a b/ü%20.wav", Url("s3", "bucket/a b/ü%20.wav")),
        ("S3://bucket/", Url("s3", "bucket")),
        ("s3://bucket/a/../b", Url("s3", "bucket/a/../b")),
        ("file:///data/in/", Url("file", "/data/in")),
        ("file:///", Url("file", "/")),
        ("gs://bucket/x", Url("gs", "bucket/x")),
        ("az://container/x", Url("az", "container/x")),
    ],
)
def test_a_url_is_a_protocol_and_a_path_as_it_is(text: str, url: Url) -> None:
    assert is_url(text)
    assert url_of(text) == url


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("memory://in", "'memory' is no protocol that is read"),
        ("http://127.0.0.1/x.wav", "'http' is no protocol"),
        ("simplecache::s3://bucket/x", "'simplecache::s3' is no protocol"),
        ("zip://x.wav::s3://bucket/x.zip", "'zip' is no protocol"),
        ("\x1b[31m://x", r"'\x1b[31m' is no protocol"),
        ("://x", "'' is no protocol"),
        ("file://host/share", "a path from the root on"),
        ("s3://", "names no bucket"),
        ("s3:///folder", "names no bucket"),
    ],
)
def test_other_protocols_and_places_are_refused(text: str, said: str) -> None:
    with pytest.raises(SmileError) as raised:
        url_of(text)
    assert said in str(raised.value)


@pytest.mark.parametrize("text", ["s3://AKID:hush@bucket/x", "s3://hush@bucket", "gs://bucket:80/hush"])
def test_a_password_in_a_url_is_refused_and_not_said_again(text: str) -> None:
    with pytest.raises(SmileError, match="credentials and endpoints come from the environment") as raised:
        url_of(text)
    assert "hush" not in str(raised.value)


@pytest.mark.parametrize(
    ("protocol", "package", "said"),
    [
        (
            "s3",
            "s3fs",
            'pip install --editable ".[s3]"; without it, install the wheel again as "FILE.whl[s3]".',
        ),
        ("gs", "gcsfs", "need the package gcsfs, which is not installed; run: pip install gcsfs"),
        ("az", "adlfs", "need the package adlfs, which is not installed; run: pip install adlfs"),
    ],
)
def test_a_package_that_is_missing_is_named(
    monkeypatch: pytest.MonkeyPatch, protocol: str, package: str, said: str
) -> None:
    assert PROTOCOLS[protocol] == package
    assert protocol in fsspec.available_protocols()
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.delitem(sys.modules["fsspec.registry"]._registry, protocol, raising=False)
    with pytest.raises(SmileError) as raised:
        filesystem(protocol)
    assert said in str(raised.value)


def test_a_url_is_shown_without_what_moves_a_cursor() -> None:
    assert str(Url("s3", "b/\x1b[2J\n\u202eü.wav")) == r"s3://b/\x1b[2J\n\u202eü.wav"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("RequestTimeTooSkewed", "this machine's clock differs too much from the store's; set it"),
        ("ExpiredToken", "the credentials of the environment have expired; get new ones"),
        ("InvalidAccessKeyId", "the store does not know the credentials of the environment"),
        ("SignatureDoesNotMatch", "the store does not know the credentials of the environment"),
        ("AccessDenied", "access is denied; check what the credentials of the environment allow"),
    ],
)
def test_what_a_store_answers_has_a_reason_of_its_own(code: str, said: str) -> None:
    answered = translate_boto_error(ClientError({"Error": {"Code": code, "Message": "secret"}}, "GetObject"))
    assert isinstance(answered, PermissionError)
    assert reason_of(answered) == said
    assert lasting(answered)


def test_a_full_disk_is_no_failed_connection(tmp_path: Path) -> None:
    full = OSError(errno.ENOSPC, "No space left on device")
    assert (reason_of(full), lasting(full)) == ("the disk is full", True)
    (tmp_path / "file").touch()
    said = "x cannot be written: there is a file where a folder has to be"
    with pytest.raises(SmileError, match=said), telling("x", "written"):
        (tmp_path / "file" / "in").mkdir()


def test_reasons_are_words_of_ours() -> None:
    class NoCredentialsError(Exception):
        pass

    outer = OSError("secret")
    outer.__cause__ = NoCredentialsError("secret")
    told = [reason_of(error) for error in (outer, PermissionError("secret"), FileNotFoundError("secret"))]
    assert "no whole credentials" in told[0]
    assert "access is denied" in told[1]
    assert "nothing of this name" in told[2]
    assert reason_of(TimeoutError("secret")) == "the connection or the store failed (TimeoutError); try again"
    assert "secret" not in " ".join(told)
    assert [lasting(error) for error in (outer, PermissionError(), TimeoutError())] == [True, True, False]
