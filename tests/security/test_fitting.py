"""Acoustic models that strangers ask for: others go on meanwhile."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.security.client import Stranger, file
from tests.security.material import spoken
from tests.security.served import Served

SLOW = 20.0  # seconds that a fit takes
FIT = (
    "import time; from smile.transcription import preparing; "
    f"preparing.MAKERS['acoustic'] = lambda *_: time.sleep({SLOW}); "
)


def asked(stranger: Stranger, name: str, **values: Any) -> list[Any]:
    """The arguments of a named endpoint, those that are not given as they are by default."""
    info = stranger.http.get("/gradio_api/info").json()["named_endpoints"][f"/{name}"]
    return [values.get(p["parameter_name"], p.get("parameter_default")) for p in info["parameters"]]


@pytest.mark.parametrize(("place", "value"), [(1, float("nan")), (3, None), (4, None)])
def test_settings_that_there_are_not_are_not_kept(
    app: Served, stranger: Stranger, place: int, value: Any
) -> None:
    event = next(e for e in stranger.events if e.kinds[1:5] == ("slider", "checkbox", "radio", "radio"))
    key = stranger.named()
    values = [key, *stranger.usual(event)[1:]]
    before = {path: path.read_bytes() for path in app.visitors.rglob("*.json")}
    values[place] = value
    assert "The setting" in stranger.run(event, values).text
    assert {path: path.read_bytes() for path in app.visitors.rglob("*.json")} == before
    assert "Traceback" not in app.log


def test_a_fit_that_a_stranger_asks_for_holds_up_nobody(other: Callable[..., Served]) -> None:
    served = other(idle=True, before=FIT)
    one, another = Stranger(served.address), Stranger(served.address)
    nearest = lambda who: who.call("neighbours", [file(who.upload(*spoken())), "gla", 2, "kl"])  # noqa: E731
    assert "rank" in nearest(another), "the models are loaded"
    wanted = asked(one, "transcribe", audio=file(one.upload(*spoken())), pool="gla", level="acoustic")
    fitting = threading.Thread(target=one.call, args=("transcribe", wanted), daemon=True)
    fitting.start()
    time.sleep(3)
    assert "rank" in nearest(another)
    assert fitting.is_alive()
    fitting.join()
