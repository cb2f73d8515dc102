"""The component that draws waveforms: wavesurfer.js from its Python package, which is not imported."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response

WAVES = "smile/wave"  # relative to the page
FILES = {"wavesurfer.min.js": "wavesurfer.min.js", "regions.min.js": "plugins/regions.min.js"}
"""The scripts that are given out, by the name in the address, and where in the package they lie."""
NOTHING = "There is no such script."


def script(name: str) -> Path | None:
    """Return the file of a script; None where it is none of these, or not installed."""
    spec = find_spec("wavesurf")
    if name not in FILES or spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent / FILES[name]
    return path if path.is_file() else None


async def respond(request: Request) -> Response:
    """Answer a request for a script."""
    path = script(str(request.path_params["name"]))
    if path is None:
        return PlainTextResponse(NOTHING, 404)
    return FileResponse(path, media_type="text/javascript", headers={"Cache-Control": "max-age=86400"})
