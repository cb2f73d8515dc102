"""Recordings of pools, served by id from an address that does nothing but read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response

from smile.audio.formats import AUDIO_SUFFIXES
from smile.ui.files import playable

SOUND = "smile/sound"  # relative to the page
Address = Callable[[Path], str]  # where the page plays a recording from


class Sounds:
    """Recordings below some folders by id: the number of the folder and the path in it.

    Only regular files with a suffix of sound are given out, and none that a link leads to.
    """

    def __init__(self, folders: Iterable[Path]):
        self._folders = tuple(folder.resolve() for folder in folders)

    def id(self, audio: Path) -> str | None:
        """Return the id of a recording; None where it lies elsewhere."""
        path = audio.absolute()
        for number, folder in enumerate(self._folders):
            if path.is_relative_to(folder):
                return f"{number}/{path.relative_to(folder).as_posix()}"
        return None

    def address(self, audio: Path) -> str:
        """Return where the page plays a recording from, relative to itself; one from elsewhere is copied."""
        name = self.id(audio)
        return f"{SOUND}/{quote(name)}" if name else f"gradio_api/file={quote(playable(audio))}"

    def file(self, name: str) -> Path | None:
        """Return the file of an id."""
        number, _, rest = name.partition("/")
        if not (number.isascii() and number.isdecimal() and int(number) < len(self._folders)):
            return None
        path = self._folders[int(number)] / rest
        if path.suffix.lower() not in AUDIO_SUFFIXES or rest.startswith("/"):
            return None
        try:
            return path if path.resolve() == path and path.is_file() else None
        except (OSError, ValueError):
            return None  # no disk has such a name

    async def respond(self, request: Request) -> Response:
        """Answer a request for a recording, or for a part of it."""
        path = self.file(request.path_params["name"])
        if path is None:
            return PlainTextResponse("There is no such recording.", 404)
        return FileResponse(path, headers={"Cache-Control": "private, max-age=3600"})
