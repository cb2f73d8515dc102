"""Recordings from the web: public hosts, bounded size, redirects checked like first addresses."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from smile.datatypes import SmileError
from smile.ui import fetching


class Host(BaseHTTPRequestHandler):
    """Gives a recording, endless bytes, or sends on."""

    def do_GET(self) -> None:
        if self.path.startswith("/to/"):
            self.send_response(302)
            self.send_header("Location", self.path.removeprefix("/to/"))
            self.end_headers()
            return
        self.send_response(200 if self.path != "/absent" else 404)
        self.end_headers()
        for _ in range(10_000 if self.path == "/endless" else 1):
            self.wfile.write(b"RIFF" * 250)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def host() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Host) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture
def public(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take this machine for a public host, but not localhost."""

    async def transport(name: str) -> None:
        if name != "127.0.0.1":
            raise ValueError(name)

    monkeypatch.setattr(fetching, "_transport", transport)


def fetch(url: str, folder: Path) -> Path:
    return Path(asyncio.run(fetching.fetched(url, str(folder))))


@pytest.mark.usefixtures("public")
def test_a_recording_is_fetched_as_an_upload_of_its_own(host: str, tmp_path: Path) -> None:
    first, second = (fetch(f"{host}/to//clip.wav", tmp_path) for _ in range(2))
    assert first.name == second.name == "clip.wav"
    assert first != second
    assert first.read_bytes() == b"RIFF" * 250


@pytest.mark.usefixtures("public")
@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("/absent", "cannot be fetched"),
        ("/endless", "larger than 0.01 MB"),
        ("/to/http://localhost/clip.wav", "cannot be fetched"),
        ("/to/file:///etc/passwd", "cannot be fetched"),
        ("/to/" * 9 + "/clip.wav", "cannot be fetched"),
    ],
)
def test_anything_else_is_a_sentence_and_leaves_nothing(
    host: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, sentence: str
) -> None:
    monkeypatch.setattr(fetching, "MOST_BYTES", 10_000)
    monkeypatch.setattr(fetching, "TOO_LARGE", "larger than 0.01 MB")
    with pytest.raises(SmileError, match=sentence):
        fetch(host + path, tmp_path)
    assert not list(tmp_path.iterdir())


def test_this_machine_is_no_public_host(host: str, tmp_path: Path) -> None:
    for url in (f"{host}/clip.wav", "http://localhost/clip.wav", "http://", "http://[::1]:1/x"):
        with pytest.raises(SmileError, match="cannot be fetched"):
            fetch(url, tmp_path)
