"""People's spoken descriptions of Tux Paint's pictures, as Debian's package tuxpaint-stamps-default has them.

Beside a picture `cat.png` lies `cat.txt`: its first line is English, each other one a locale and its text,
such as `bg.utf8=Котка.`; `cat_desc_bg.ogg` is the Bulgarian line read aloud, `cat_desc.ogg` the English one.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from smile.audio.length import stated_seconds
from smile.datatypes import CorpusError, Utterance
from smile.text.languages import iso_code
from smile.text.normalisers import normalise

FOLDER = Path("/usr/share/tuxpaint/stamps")
"""Where Debian's package puts them."""
SPOKEN = re.compile(
    r"(?P<picture>.+)_desc(?:_(?P<locale>[a-z]{2,3}(?:_[A-Z]{2})?(?:@[a-z]+)?))?\.(?:ogg|wav)"
)
LINE = re.compile(r"(?P<locale>[A-Za-z_@]+)\.utf8=(?P<text>.*)")
NO_STAMPS = "{} has no spoken descriptions; name the folder of stamps of Debian's tuxpaint-stamps-default."
NO_TEXTS = "the picture has no file of texts"
NO_LINE = "the picture has no text in this language"
NUMBERS = "the text has figures, whose words are not written"
NO_LETTERS = "the text has no letters"
TWICE = "another clip has this text"
NO_LENGTH = "the recording does not say its length"
NOT_THIS_TEXT = "the recording is too short or too long for the text"
PACE = 3.0, 25.0  # letters a second of a person who reads aloud


class Clip(NamedTuple):
    """A recording, its text, and what that says in English."""

    audio: Path
    text: str | None  # None where its picture has no file of texts, empty where that has not this language
    english: str


@dataclass(frozen=True)
class Described:
    """Spoken descriptions in a language that can be used, the longest texts first, and why others cannot."""

    language: str  # ISO 639-3
    utterances: tuple[Utterance, ...]
    left_out: Mapping[str, int]  # number of clips by reason, of those that were looked at
    english: Mapping[str, str]  # what an utterance says, by id


def read_stamps(folder: Path, most: int) -> tuple[Described, ...]:
    """Read `most` spoken descriptions of each language of a folder of stamps; no sound is decoded.

    A clip is left out, and counted, where its picture has no text in just its language, where the text has
    figures, where a clip before it has the same text, or where nobody could read the text in its time: some
    texts were reworded after they had been read aloud.

    Raises:
        CorpusError: there are no descriptions.
    """
    by_language = defaultdict(list)
    for clip, locale, texts in _clips(Path(folder)):
        text = None if texts is None else texts.get(locale, "")
        by_language[iso_code(locale.partition("@")[0])].append(Clip(clip, text, (texts or {}).get("en", "")))
    if not by_language:
        raise CorpusError(NO_STAMPS.format(folder))
    return tuple(_described(Path(folder), code, by_language[code], most) for code in sorted(by_language))


def _clips(folder: Path) -> Iterator[tuple[Path, str, Mapping[str, str] | None]]:
    """Every clip in order of its path, with its locale, and the texts of its picture by locale."""
    texts: dict[Path, Mapping[str, str] | None] = {}
    for clip in sorted(folder.rglob("*_desc*")):
        if not (match := SPOKEN.fullmatch(clip.name)):
            continue
        picture, locale = clip.with_name(f"{match['picture']}.txt"), match["locale"] or "en"
        if picture not in texts:
            texts[picture] = texts_of(picture)
        yield clip, locale, texts[picture]


def texts_of(file: Path) -> Mapping[str, str] | None:
    """Return the texts in a picture's file by locale; None where there is none that can be read.

    A locale with several texts has none: nobody knows which one is read aloud.
    """
    try:
        first, *lines = file.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError):
        return None
    found: dict[str, set[str]] = defaultdict(set, {"en": {first.strip()}})
    for line in lines:
        if match := LINE.fullmatch(line.strip()):
            found[match["locale"]].add(match["text"].strip())
    return {locale: texts.pop() for locale, texts in found.items() if len(texts) == 1}


def _described(folder: Path, code: str, clips: Sequence[Clip], most: int) -> Described:
    texts: dict[str, Utterance] = {}  # by what is compared of them
    english = {}
    left_out = Counter[str]()
    for clip, text, translation in clips:
        plain = normalise(text or "", "plain", code)
        if reason := _unusable(text, plain) or (TWICE if plain in texts else ""):
            left_out[reason] += 1
        else:
            name = clip.relative_to(folder).with_suffix("").as_posix()
            texts[plain] = Utterance(name, clip, text or "", code)
            english[name] = translation
    usable: list[Utterance] = []
    for plain in sorted(texts, key=len, reverse=True):
        if len(usable) == most:
            break
        seconds = stated_seconds(texts[plain].audio)
        if seconds and PACE[0] <= len(plain) / seconds <= PACE[1]:
            usable.append(replace(texts[plain], seconds=round(seconds, 3)))
        else:
            left_out[NOT_THIS_TEXT if seconds else NO_LENGTH] += 1
    return Described(code, tuple(usable), dict(left_out), {u.id: english[u.id] for u in usable})


def _unusable(text: str | None, plain: str) -> str:
    """Return why a clip with such a text is left out; empty where it is not."""
    if text is None:
        return NO_TEXTS
    if not text:
        return NO_LINE
    if not any(char.isalpha() for char in plain):
        return NO_LETTERS
    return NUMBERS if any(char.isnumeric() for char in plain) else ""
