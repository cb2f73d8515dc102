"""The ways in which tables name one recording."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from urllib.parse import quote

WAYS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "backslashes": lambda name: name.replace("/", "\\"),
    "of Windows": lambda name: "C:\\Users\\x\\corpus\\" + name.replace("/", "\\"),
    "of another computer": lambda name: f"/data/x/{name}",
    "an address": lambda name: f"file:///data/{quote(name)}",
    "percent-encoded": quote,
    "NFD": lambda name: unicodedata.normalize("NFD", name),
    "capitals": str.upper,
    "no suffix": lambda name: name.rsplit(".", 1)[0],
    "a step around": lambda name: f"./x/../{name}",
}
