"""Recordings that a program names by their address on the web, fetched from public hosts as uploads are."""

from __future__ import annotations

import secrets
from pathlib import Path
from urllib.parse import urljoin

import httpx
import safehttpx
from anyio import to_thread
from gradio import processing_utils
from gradio_client.utils import decode_base64_to_binary, strip_invalid_filename_characters

from smile.datatypes import SmileError
from smile.ui.bodies import Uploads
from smile.ui.files import UPLOADED

MOST_BYTES = 120_000_000  # ten minutes of stereo at 48 kHz in 16 bits are 115 MB
MOST_HOPS = 5  # from one address to the next
PATIENCE = 20.0  # seconds for a host to answer, and between two pieces of its answer
NO_BASE64 = "The recording in the request is not in base64; send it as data:audio/wav;base64,..."
NOT_FETCHED = "The recording cannot be fetched from that address; upload it instead."
TOO_LARGE = f"The recording at that address is larger than {MOST_BYTES / 1e6:g} MB; upload a shorter one."


def fetch_within_bounds(uploads: Uploads) -> None:
    """Make gradio, which holds what it fetches in memory whatever its size, use `fetched`."""

    async def fetch(url: str, cache_dir: str) -> str:
        await to_thread.run_sync(uploads.admit, MOST_BYTES)
        return await fetched(url, cache_dir)

    def keep(encoded: str, cache_dir: str, file_name: str | None = None) -> str:
        uploads.admit(len(encoded))
        return kept(encoded, Path(cache_dir), file_name or "recording")

    processing_utils.async_ssrf_protected_download = fetch
    processing_utils.save_base64_to_cache = keep  # type: ignore[assignment]


def kept(encoded: str, cache: Path, name: str) -> str:
    """Keep a file that stands in the request itself in a folder of its own; return its path.

    Raises:
        SmileError: it is not in base64.
    """
    try:
        data, suffix = decode_base64_to_binary(encoded)
    except ValueError as error:
        raise SmileError(
            "The recording in the request is not in base64; send it as data:audio/wav;base64."
        ) from error
    file = _place(cache, name if Path(name).suffix or not suffix else f"{name}.{suffix}")
    file.write_bytes(data)
    return str(file)


async def fetched(url: str, cache_dir: str) -> str:
    """Fetch a file into a folder of its own in `cache_dir`; return its path.

    Raises:
        SmileError: the address leads to no public host, or to nothing, or to too much.
    """
    try:
        for _ in range(MOST_HOPS):
            arrived = await _hop(url, Path(cache_dir))
            if isinstance(arrived, Path):
                return str(arrived)
            url = arrived
    except SmileError:
        raise
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, OSError) as error:
        raise SmileError(NOT_FETCHED) from error
    raise SmileError(NOT_FETCHED)


async def _hop(url: str, cache: Path) -> Path | str:
    """The file at an address, or the address that it sends on to."""
    transport = await _transport(httpx.URL(url).host)
    async with (
        httpx.AsyncClient(transport=transport, timeout=PATIENCE) as client,
        client.stream("GET", url) as response,
    ):
        if response.has_redirect_location:
            return urljoin(url, response.headers["Location"])
        if response.status_code != 200:
            raise SmileError(NOT_FETCHED)
        return await _kept(response, cache, httpx.URL(url).path)


async def _transport(host: str) -> httpx.AsyncBaseTransport | None:
    """The way to a public host, bound to the address that was checked; the Hub's own names need none."""
    if safehttpx.matches_domain_whitelist(host, processing_utils.PUBLIC_HOSTNAME_WHITELIST):
        return None
    return safehttpx.AsyncSecureTransport(await safehttpx.async_validate_url(host))


async def _kept(response: httpx.Response, cache: Path, path: str) -> Path:
    file, size = _place(cache, Path(path).name), 0
    try:
        with file.open("xb") as target:
            async for piece in response.aiter_bytes():
                size += len(piece)
                if size > MOST_BYTES:
                    raise SmileError(TOO_LARGE)
                target.write(piece)
    except BaseException:
        file.unlink(missing_ok=True)
        file.parent.rmdir()
        raise
    return file


def _place(cache: Path, name: str) -> Path:
    """A file in a new folder of its own."""
    folder = cache / f"{UPLOADED}-{secrets.token_hex(16)}"
    folder.mkdir(parents=True)
    return folder / (strip_invalid_filename_characters(name) or "recording")
