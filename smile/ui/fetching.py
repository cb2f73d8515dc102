"""Recordings that a program names by their address on the web, fetched from public hosts as uploads are."""

from __future__ import annotations

import secrets
from pathlib import Path
from urllib.parse import urljoin

import httpx
import safehttpx
from gradio import processing_utils
from gradio_client.utils import strip_invalid_filename_characters

from smile.datatypes import SmileError
from smile.ui.bodies import Uploads
from smile.ui.files import UPLOADED

MOST_BYTES = 50_000_000
MOST_HOPS = 5  # from one address to the next
PATIENCE = 20.0  # seconds for a host to answer, and between two pieces of its answer
NOT_FETCHED = "The recording cannot be fetched from that address; upload it instead."
TOO_LARGE = f"The recording at that address is larger than {MOST_BYTES / 1e6:g} MB; upload a shorter one."


def fetch_within_bounds(uploads: Uploads) -> None:
    """Make gradio, which holds what it fetches in memory whatever its size, use `fetched`."""

    async def fetch(url: str, cache_dir: str) -> str:
        with uploads.reserved(MOST_BYTES):
            return await fetched(url, cache_dir)

    processing_utils.async_ssrf_protected_download = fetch


async def fetched(url: str, cache_dir: str) -> str:
    """Fetch a file into a folder of its own in `cache_dir`; gives its path.

    Raises:
        SmileError: the address leads to no public host, or to nothing, or to too much.
    """
    try:
        for _ in range(MOST_HOPS):
            found = await _hop(url, Path(cache_dir))
            if isinstance(found, Path):
                return str(found)
            url = found
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
    folder = cache / f"{UPLOADED}-{secrets.token_hex(16)}"
    folder.mkdir(parents=True)
    file, size = folder / (strip_invalid_filename_characters(Path(path).name) or "recording"), 0
    try:
        with file.open("xb") as target:
            async for piece in response.aiter_bytes():
                size += len(piece)
                if size > MOST_BYTES:
                    raise SmileError(TOO_LARGE)
                target.write(piece)
    except BaseException:
        file.unlink(missing_ok=True)
        folder.rmdir()
        raise
    return file
