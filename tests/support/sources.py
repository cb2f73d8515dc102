"""The texts that stand in the package's source, to tell what of a catalogue is still said."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from smile.paths import ASSETS, LANGUAGES, PACKAGE
from smile.ui.i18n.catalogue import PLACE, plain

TAG = re.compile(r"<[^>]*>")
ATTRIBUTE = re.compile(r'(?:title|aria-label)="([^"]*)"')
FIELD = re.compile(r"\{[^{}]*\}")


def constants() -> set[str]:
    """Texts of the source; where values are put in stands {}. Those of HTML without its tags."""
    found: set[str] = set()
    for file in PACKAGE.rglob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for text in filter(None, map(_text, ast.walk(tree))):
            found.update(FIELD.sub("{}", plain(piece.strip())) for piece in _pieces(text))
    found.update(script.read_text(encoding="utf-8") for script in (ASSETS / "scripts").glob("*.js"))
    found.update(LANGUAGES.read_text(encoding="utf-8").replace("\n", ",").split(","))
    return found


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if not isinstance(node, ast.JoinedStr):
        return ""
    return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)


def _pieces(text: str) -> Iterator[str]:
    yield text
    yield from TAG.split(text)
    yield from ATTRIBUTE.findall(text)


class Sources:
    """Finds whether a text of the page can come from the source."""

    def __init__(self) -> None:
        self._constants = constants()
        self._all = "\n".join(self._constants)
        lettered = (
            text for text in self._constants if "{}" in text and len(re.findall("[A-Za-z]", text)) > 4
        )
        self._wild = [re.compile(".*?".join(map(re.escape, text.split("{}")))) for text in lettered]

    def have(self, english: str) -> bool:
        """Whether a text, which may have places, is one of the source, or made of texts of it."""
        pieces = [piece.strip(" .:;,%()") for piece in PLACE.split(english)[::2]]
        said = [piece for piece in pieces if re.search("[A-Za-z]", piece)]
        if said and all(piece in self._all for piece in said):
            return True
        return any(wild.fullmatch(english) for wild in self._wild)
