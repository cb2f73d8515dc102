"""Who is answered, what is refused before anything is done, and what every answer says to the browser."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.security.client import API, JSON, Stranger, encoded
from tests.security.served import Served

FOREIGN = (
    "evil.example",
    "evil.example:7860",
    "localhost.evil.example",
    "localhost@evil.example",
    "127.0.0.1.evil.example",
    "0x7f000001",
    "2130706433",
    "*",
    "",
    "localhost evil.example",
    "[::1].evil.example",
    "[::1",
)
OWN = ("localhost", "LOCALHOST:80", "127.0.0.1:1234", "[::1]:7860", "192.0.2.7")
CLOSED = (
    ("GET", "/gradio_api/deep_link?session_hash=a"),
    ("GET", "/gradio_api/runs"),
    ("POST", "/gradio_api/run-history/connect"),
    ("GET", "/gradio_api/run-history/records"),
    ("GET", "/gradio_api/custom_component/1/client/component/index.js"),
    ("GET", "/gradio_api/proxy=https://example.hf.space/"),
    ("GET", "/gradio_api/proxy=http://127.0.0.1/"),
    ("POST", "/gradio_api/component_server"),
    ("POST", "/gradio_api/process_recording"),
    ("POST", "/gradio_api/vibe-edit"),
    ("GET", "/gradio_api/vibe-code"),
    ("POST", "/gradio_api/vibe-code"),
    ("POST", "/gradio_api/undo-vibe-edit"),
    ("POST", "/gradio_api/vibe-starter-queries"),
    ("GET", "/gradio_api/dev/reload"),
    ("POST", "/gradio_api/stream/x"),
    ("GET", "/gradio_api/stream/a/b/1/playlist.m3u8"),
    ("GET", "/gradio_api/file/etc/passwd"),
    ("GET", "/monitoring"),
    ("GET", "/monitoring/summary"),
    ("POST", "/login"),
    ("GET", "/docs"),
    ("GET", "/redoc"),
    ("GET", "/monitoring/../config"),
    ("GET", "/gradio_api/run%0A/../x"),
    ("GET", "//config"),
    ("GET", "/gradio_api//deep_link"),
)
NO_SOUND = (
    "0/gla/clips.csv",
    "0/gla/pool.json",
    "0/gla/embeddings.npy",
    "0/gla/tokens-0.npz",
    "0/gla",
    "0/",
    "0",
    "",
    "2/gla/audio/{clip}",
    "-1/gla/audio/{clip}",
    "00/../gla/audio/{clip}",
    "%C2%B2/gla/audio/{clip}",
    "1e0/gla/audio/{clip}",
    "0/../pools/gla/audio/{clip}",
    "0/gla/audio/../audio/{clip}",
    "0/gla/audio/%2e%2e/audio/{clip}",
    "0/gla%2f..%2f..%2fpools%2fgla%2faudio%2f{clip}",
    "0/%252e%252e/secret.wav",
    "0//gla/audio/{clip}",
    "0/{folder}/secret.wav",
    "0//{folder}/secret.wav",
    "0/gla/audio/{clip}%00",
    "0/gla/audio/{clip}%00.wav",
    "0/link.wav",
    "0/linked/{clip}",
    "0/pipe.wav",
    "0/folder.wav",
)


@pytest.mark.parametrize("host", FOREIGN)
def test_under_a_foreign_name_nothing_is_answered(stranger: Stranger, host: str) -> None:
    for method, path in (("GET", "/"), ("GET", "/config"), ("POST", f"{API}/queue/join")):
        answer = stranger.http.request(method, path, headers={"Host": host})
        assert answer.status_code in (400, 421), host
        assert "gradio" not in answer.text


@pytest.mark.parametrize("host", OWN)
def test_under_its_own_names_it_answers(stranger: Stranger, host: str) -> None:
    assert stranger.http.get("/config", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "", "http://localhost.evil.example", "file://", "https://["]
)
def test_a_foreign_page_may_ask_for_nothing(stranger: Stranger, origin: str) -> None:
    for method, path in (("GET", "/config"), ("POST", f"{API}/upload"), ("POST", f"{API}/queue/join")):
        assert stranger.http.request(method, path, headers={"Origin": origin}).status_code in (400, 403)


def test_its_own_page_may(app: Served, stranger: Stranger) -> None:
    answer = stranger.http.get("/config", headers={"Origin": app.address})
    assert answer.status_code == 200
    assert answer.headers.get("access-control-allow-origin") in (None, app.address)


def test_a_forged_forwarding_does_not_change_where_the_page_is(app: Served, stranger: Stranger) -> None:
    forged = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https", "Forwarded": "host=evil"}
    for path in ("/", "/config"):
        assert "evil" not in stranger.http.get(path, headers=forged).text


def test_hosts_are_those_that_were_named(other: Callable[..., Served]) -> None:
    named = other("--hosts", "smile.example.org", "*.example.net", idle=True)
    stranger = Stranger(named.address)
    answers = {
        host: stranger.http.get("/config", headers={"Host": host}).status_code
        for host in ("smile.example.org", "a.example.net", "example.net", "other.example.org", "127.0.0.1")
    }
    assert answers == {
        "smile.example.org": 200,
        "a.example.net": 200,
        "example.net": 421,
        "other.example.org": 421,
        "127.0.0.1": 200,
    }


def test_every_answer_says_who_may_frame_it(app: Served, stranger: Stranger) -> None:
    clip = next((app.pools / "gla" / "audio").iterdir()).name
    mine = stranger.upload("a.html", b"<script>alert(1)</script>")
    paths = ["/", "/config", "/theme.css", f"{API}/info", f"{API}/file={mine}", f"{API}/file=/etc/passwd"]
    paths += [f"/smile/sound/0/gla/audio/{clip}", "/smile/plotly.min.js", "/smile/fonts/letters.css"]
    for path in paths:
        assert_framed(stranger.http.get(path).headers)


@pytest.mark.parametrize("name", ["", "..", "%2e%2e%2fx.woff2", "Sans.ttf", "X.woff2", "a/b.woff2"])
def test_no_other_file_than_its_fonts_is_given_out(stranger: Stranger, name: str) -> None:
    assert stranger.raw("GET", f"/smile/fonts/{name}")[0] == 404


def test_refusals_say_it_too(stranger: Stranger) -> None:
    assert_framed(stranger.http.get(f"{API}/nothing").headers)
    assert_framed(stranger.http.get("/", headers={"Origin": "null"}).headers)
    assert_framed(stranger.http.post(f"{API}/upload", content=iter([b"x"])).headers)


def assert_framed(headers: httpx.Headers) -> None:
    assert headers.get("x-content-type-options") == "nosniff"
    policy = headers.get("content-security-policy", "")
    assert "frame-ancestors" in policy
    assert "huggingface.co" in policy
    assert "*" not in policy.replace("https://*.hf.space", "")


@pytest.mark.parametrize("kind", ["html", "svg", "xml", "js", "xhtml", "htm"])
def test_an_upload_is_never_a_page_of_this_server(stranger: Stranger, kind: str) -> None:
    answer = stranger.fetch(stranger.upload(f"a.{kind}", b"<svg onload='alert(1)'/>"))
    assert answer.headers["content-disposition"].startswith("attachment")


@pytest.mark.parametrize(("method", "path"), CLOSED)
def test_what_the_page_does_not_need_is_closed(
    app: Served, stranger: Stranger, method: str, path: str
) -> None:
    before = app.log
    status, answer = stranger.raw(method, path, b"{}", **JSON)
    assert status in (404, 405), answer[:200]
    assert app.log == before


def test_recordings_are_served_by_id_alone(app: Served, stranger: Stranger) -> None:
    secret, clip = app.folder / "secret.wav", next((app.pools / "gla" / "audio").iterdir())
    secret.write_bytes(b"RIFF secret")
    (app.pools / "link.wav").symlink_to(secret)
    (app.pools / "linked").symlink_to(clip.parent)
    (app.pools / "folder.wav").mkdir()
    os.mkfifo(app.pools / "pipe.wav")
    (app.pools / "gla" / "tokens-0.npz").write_bytes(b"tokens")
    try:
        for name in NO_SOUND:
            path = name.format(clip=clip.name, folder=str(app.folder).lstrip("/"))
            status, answer = stranger.raw("GET", f"/smile/sound/{path}")
            assert status == 404, path
            assert str(app.folder).encode() not in answer
            assert b"RIFF" not in answer
        for method in ("POST", "PUT", "DELETE", "PATCH"):
            answer = stranger.http.request(method, f"/smile/sound/0/gla/audio/{clip.name}", content=b"")
            assert answer.status_code == 405
    finally:
        made = [app.pools / name for name in ("link.wav", "linked", "pipe.wav", "gla/tokens-0.npz")]
        for path in made:
            path.unlink()
        (app.pools / "folder.wav").rmdir()


@pytest.mark.parametrize("name", ["x" * 300 + ".wav", "x/" * 3000 + "x.wav"], ids=["long", "deep"])
def test_no_recording_has_a_name_too_long_for_the_disk(stranger: Stranger, name: str) -> None:
    assert stranger.raw("GET", f"/smile/sound/0/{name}")[0] == 404


def test_a_part_of_a_recording(app: Served, stranger: Stranger) -> None:
    clip: Path = next((app.pools / "gla" / "audio").iterdir())
    address, whole = f"/smile/sound/0/gla/audio/{clip.name}", clip.read_bytes()
    part = stranger.http.get(address, headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, whole[100:200])
    assert stranger.http.get(address).content == whole
    for wrong in (f"bytes={len(whole)}-", "bytes=9-1", "bytes=-", "lines=1-2", "bytes=" + "0-1," * 5000):
        assert stranger.http.get(address, headers={"Range": wrong}).status_code < 500


def test_a_refusal_comes_before_the_body_is_read(stranger: Stranger) -> None:
    body = encoded({"data": [], "fn_index": 1, "session_hash": "a"})
    for headers in ({"Host": "evil.example"}, {"Origin": "https://evil.example"}):
        answer = stranger.http.post(f"{API}/run/predict", content=body, headers={**JSON, **headers})
        assert answer.status_code in (403, 421)
        assert "data" not in answer.text
