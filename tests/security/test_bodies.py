"""Requests that are too long, too many or never end, and what is left of them."""

from __future__ import annotations

import shutil
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import httpx
import pytest

from tests.security.client import API, JSON, Stranger, file
from tests.security.material import sound
from tests.security.served import Served

LIMIT = 3  # megabytes of uploads that the small server takes
BOUNDARY = "b0undary"
MULTIPART = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
POSTS = (f"{API}/queue/join", f"{API}/run/predict", f"{API}/call/languages", f"{API}/upload", f"{API}/cancel")


def pieces(size: int = 1000) -> Iterator[bytes]:
    yield b"x" * size


def multipart(name: str, data: bytes, times: int = 1) -> bytes:
    """A form with a file, so often."""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'
    return (head.encode() + data + b"\r\n") * times + f"--{BOUNDARY}--\r\n".encode()


@pytest.mark.parametrize("path", POSTS)
def test_who_does_not_say_how_much_comes_is_refused(stranger: Stranger, path: str) -> None:
    answer = stranger.http.post(path, content=pieces(), headers=JSON)
    assert answer.status_code == 411
    assert "Content-Length" in answer.text


@pytest.mark.parametrize("length", ["-1", "1e3", "9" * 40, "x", "0x10", "+5", "1,2"])
def test_a_length_that_is_none_is_refused(stranger: Stranger, length: str) -> None:
    status, _ = stranger.raw("POST", f"{API}/queue/join", b"{}", Content_Length=length)
    assert status in (400, 411, 413)


@pytest.mark.parametrize("path", [path for path in POSTS if "upload" not in path])
def test_values_are_short(stranger: Stranger, path: str) -> None:
    answer = stranger.http.post(path, content=b'{"data":["' + b"x" * 5_000_000 + b'"]}', headers=JSON)
    assert answer.status_code == 413
    assert "send less" in answer.text


def test_a_file_over_the_limit_is_refused_and_not_kept(app: Served, stranger: Stranger) -> None:
    before = app.prints(app.uploads)
    body = multipart("a.wav", bytes(53_000_000))
    assert stranger.http.post(f"{API}/upload", content=body, headers=MULTIPART).status_code == 413
    _until(lambda: app.prints(app.uploads) == before)  # what is not whole goes once the answer is sent


@pytest.mark.parametrize("query", ["", "?upload_id=abc"])
def test_what_is_no_file_does_not_fill_the_memory(app: Served, stranger: Stranger, query: str) -> None:
    before = app.prints(app.uploads)
    value = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="files"\r\n\r\n'.encode()
    end = f"--{BOUNDARY}--\r\n".encode()
    body = multipart("a.wav", b"x").removesuffix(end) + (value + bytes(60_000) + b"\r\n") * 2 + end
    answer = stranger.http.post(f"{API}/upload{query}", content=body, headers=MULTIPART)
    assert (answer.status_code, "is no file" in answer.text) == (413, True)
    _until(lambda: app.prints(app.uploads) == before)  # what is not whole goes once the answer is sent


def test_names_of_uploads_stay_in_their_folder(app: Served, stranger: Stranger) -> None:
    names = (
        "../../x.wav",
        "/etc/x.wav",
        "..",
        ".",
        "a\0b.wav",
        "con.wav",
        "x" * 400 + ".wav",
        "",
        "a/b/c.wav",
    )
    names += ("..\\..\\x.wav", "%2e%2e%2fx.wav", ".hidden", "-rf", "ümlaut.wav", "\u202ewav.exe")
    for name in names:
        body = multipart(name.replace("\0", "%00"), sound(0.1))
        answer = stranger.http.post(f"{API}/upload", content=body, headers=MULTIPART)
        assert answer.status_code in (200, 400, 422, 500), name
        for path in answer.json() if answer.status_code == 200 else ():
            assert str(path).startswith(f"{app.uploads}/upload-"), name
            assert str(path).rpartition("/")[2] not in ("", ".", ".."), name
            assert str(path).count("/") == str(app.uploads).count("/") + 2, name


@pytest.fixture
def small(other: Callable[..., Served]) -> Served:
    """The app with little room for uploads."""
    return other("--uploads-mb", str(LIMIT), "--free-mb", "1", idle=True)


def test_uploads_are_taken_while_there_is_room(small: Served) -> None:
    stranger = Stranger(small.address)
    mine = stranger.upload("a.wav", bytes(2_000_000))
    for _ in range(3):
        answer = stranger.http.post(f"{API}/upload", files={"files": ("b.wav", bytes(2_000_000))})
        assert answer.status_code == 507
        assert "try again later" in answer.text
    assert stranger.http.get("/config").status_code == 200
    stranger.run(stranger.of("own-really", "click"), ["", "", [file(mine)], None, None, None])
    assert stranger.fetch(mine).status_code in (403, 404)
    assert stranger.upload("b.wav", bytes(2_000_000)), "there is room again"


def test_no_file_is_promised_that_uploads_have_no_room_for(small: Served) -> None:
    stranger = Stranger(small.address)
    assert stranger.config["max_file_size"] == stranger.config["most_at_once"] == LIMIT * 1_000_000
    answer = stranger.http.post(f"{API}/upload", files={"files": ("c.wav", bytes(5_000_000))})
    assert (answer.status_code, f"{LIMIT} MB" in answer.text) == (413, True), answer.text


def test_many_at_once_do_not_pass_together(small: Served) -> None:
    def send(number: int) -> int:
        body = multipart("a.wav", bytes([number]) * 1_200_000)
        return Stranger(small.address).http.post(f"{API}/upload", content=body, headers=MULTIPART).status_code

    with ThreadPoolExecutor(6) as strangers:
        answers = list(strangers.map(send, range(6)))
    assert set(answers) == {200, 507}, "some are refused, and those that came first are not"
    assert answers.count(200) >= 2, "as many as there is room for"
    held = sum(path.stat().st_size for path in small.uploads.rglob("*") if path.is_file())
    assert held < (LIMIT + 2) * 1_000_000
    for path in small.uploads.glob("upload-*"):
        shutil.rmtree(path)


def test_those_who_send_nothing_hold_up_nobody(small: Served) -> None:
    silent = [_half_sent(small, 2_900_000) for _ in range(5)]
    try:
        assert Stranger(small.address).upload("a.wav", bytes(1_000_000))
    finally:
        for connection in silent:
            connection.close()
    _until(lambda: not list(small.uploads.glob("tmp*")))


def _half_sent(served: Served, size: int) -> socket.socket:
    where = urlsplit(served.address)
    connection = socket.create_connection((str(where.hostname), where.port or 0), timeout=30)
    head = f"POST {API}/upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: {size}\r\n"
    head += f"Content-Type: {MULTIPART['Content-Type']}\r\n\r\n"
    connection.sendall(head.encode() + multipart("a.wav", b"x" * 1000)[:600])
    connection.setblocking(False)
    return connection


def _until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_uploads_of_nothing_are_counted_too(small: Served) -> None:
    stranger = Stranger(small.address)
    for _ in range(10):
        stranger.http.post(f"{API}/upload", content=multipart("a", b"", 1000), headers=MULTIPART)
    assert sum(1 for _ in small.uploads.iterdir()) < 5000


def test_a_file_that_is_named_often_makes_no_more_files(small: Served) -> None:
    stranger = Stranger(small.address)
    mine, event = stranger.upload("a.wav", sound(0.1)), stranger.of("own-uploads", "change")
    stranger.do(event, [[file(mine)] * 1400])
    assert sum(1 for _ in small.uploads.iterdir()) < 100


def test_samples_do_not_fill_the_disk(small: Served) -> None:
    stranger = Stranger(small.address)
    for _ in range(40):
        stranger.run(stranger.of("own-sample-table", "click"), [])
    held = sum(path.stat().st_size for path in small.uploads.rglob("*") if path.is_file())
    assert held < (LIMIT + 1) * 1_000_000


def test_a_form_that_is_none_is_refused(app: Served, stranger: Stranger) -> None:
    before = app.prints(app.uploads)
    for body in (b"", b"--", b"x" * 1000, b"\r\n" * 1000):
        answer = stranger.http.post(f"{API}/upload", content=body, headers=MULTIPART)
        assert answer.status_code in (200, 400, 422), (body[:20], answer.text[:200])
        assert answer.status_code != 200 or answer.json() == [], body[:20]
    assert stranger.http.post(f"{API}/upload", content=b"x", headers=JSON).status_code in (400, 415, 422)
    _until(lambda: app.prints(app.uploads) == before)  # what is not whole goes once the answer is sent


def test_half_a_form_leaves_nothing(app: Served, stranger: Stranger) -> None:
    before = app.prints(app.uploads)
    body = multipart("a.wav", bytes(100_000))[:-20]
    assert stranger.http.post(f"{API}/upload", content=body, headers=MULTIPART).status_code in (200, 400)
    _until(lambda: app.prints(app.uploads) == before)  # what is not whole goes once the answer is sent


def test_a_body_that_never_ends_holds_up_nobody(app: Served, stranger: Stranger) -> None:
    held = [_half_sent(app, 1_000_000) for _ in range(50)]
    try:
        assert stranger.http.get("/config").status_code == 200
        assert stranger.upload("a.wav", sound(0.1))
    finally:
        for connection in held:
            connection.close()
    assert httpx.get(f"{app.address}/config", trust_env=False).status_code == 200
