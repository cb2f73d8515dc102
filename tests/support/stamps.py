"""A folder laid out like the stamps of Tux Paint, whose voices are tones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.support.fake_engine import tone

LETTERS = "абвгдежзик"


def picture(place: Path, english: str, texts: Mapping[str, str], spoken: Iterable[str]) -> None:
    """Write a picture's texts, and a tone of a second for each locale that is spoken ("" is English)."""
    place.parent.mkdir(parents=True, exist_ok=True)
    lines = [english, *(f"{locale}.utf8={text}" for locale, text in texts.items())]
    place.with_name(f"{place.name}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    for locale in spoken:
        tone(place.with_name(f"{place.name}_desc{locale and '_'}{locale}.wav"), 1.0, 220)


def stamps(folder: Path, count: int, locales: Iterable[str] = ("bg",)) -> Path:
    """Write pictures that are described in each of these locales."""
    for i in range(count):
        text = "Дума " + LETTERS[i // 10] + LETTERS[i % 10] + "т"
        picture(folder / f"group{i % 2}" / f"p{i}", f"Word {i}.", dict.fromkeys(locales, text), locales)
    return folder
