"""Whisper's tokens: text both ways, and the special tokens by name."""

from __future__ import annotations

import json
import re
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from smile.datatypes import SmileError, WeightsError
from smile.util.storage import read_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import tokenizers

    from smile.whisper.weights import Base

TIMESTAMP_STEP = 0.02  # seconds between neighbouring timestamp tokens
LAST_TIMESTAMP = 30.0  # seconds
FIRST_MERGE = ["Ġ", "t"]
LANGUAGE = re.compile(r"<\|([a-z]{2,3})\|>")


class Tokenizer:
    """The tokenizer of one multilingual Whisper, which knows its special tokens by name.

    Args:
        path: of a `tokenizer.json`.
        suppress: tokens never generated (Whisper's list of non-speech symbols).
        suppress_first: tokens never generated first.
    """

    def __init__(self, path: Path, suppress: Iterable[int] = (), suppress_first: Iterable[int] = ()):
        self._tokenizer = load_tokenizer(path)
        self.start = self.special("<|startoftranscript|>")
        self.transcribe = self.special("<|transcribe|>")
        self.no_timestamps = self.special("<|notimestamps|>")
        self.no_speech = self._first("<|nospeech|>", "<|nocaptions|>")
        self.end = self.special("<|endoftext|>")
        self.first_timestamp = self.no_timestamps + 1
        self.last_timestamp = self.first_timestamp + round(LAST_TIMESTAMP / TIMESTAMP_STEP)
        self.suppress = tuple(sorted(set(suppress)))
        self.suppress_first = tuple(sorted(set(suppress_first)))

    @classmethod
    def of(cls, base: Base) -> Tokenizer:
        """Return the tokenizer that belongs to these base weights."""
        return cls(base.tokenizer, base.suppress, base.suppress_first)

    def special(self, name: str) -> int:
        """Return the id of a special token.

        Raises:
            WeightsError: the tokenizer has no such token, so it is not a multilingual Whisper's.
        """
        token = self._tokenizer.token_to_id(name)
        if token is None:
            raise WeightsError(
                f"This tokenizer has no {name} token; use the tokenizer.json of a multilingual Whisper."
            )
        return int(token)

    def _first(self, *names: str) -> int:
        known = [n for n in names if self._tokenizer.token_to_id(n) is not None]
        return self.special(known[0] if known else names[0])

    @cached_property
    def languages(self) -> dict[str, int]:
        """Return Whisper's language codes and their tokens, such as {"en": 50259}."""
        tokens = self._tokenizer.get_vocab(with_added_tokens=True)
        low, high = self.start, self.transcribe
        by_code = {m[1]: i for t, i in tokens.items() if low < i < high and (m := LANGUAGE.fullmatch(t))}
        return dict(sorted(by_code.items(), key=lambda item: item[1]))

    def language(self, code: str) -> int:
        """Return the token of a Whisper language code.

        Raises:
            SmileError: Whisper has no such language.
        """
        if code not in self.languages:
            raise SmileError(
                f'Whisper has no language token "{code}"; choose one of its codes, such as "en".'
            )
        return self.languages[code]

    def timestamp(self, seconds: float) -> int:
        """Return the timestamp token nearest to a time in seconds within the 30 s window."""
        return self.first_timestamp + round(min(max(seconds, 0.0), LAST_TIMESTAMP) / TIMESTAMP_STEP)

    def encode(self, text: str) -> list[int]:
        """Return the tokens of a text, none of them special, even where the text spells a special one."""
        pieces = re.split(r"(<\|[^|>]*\|>)", text)
        plain = [self._tokenizer.encode(p, add_special_tokens=False).ids for p in _unspecial(pieces)]
        return [i for ids in plain for i in ids]

    def decode(self, tokens: Iterable[int]) -> str:
        """Return the text of tokens, without special and timestamp tokens and without half characters."""
        text = [t for t in tokens if t < self.end]
        return str(self._tokenizer.decode(text, skip_special_tokens=True)).replace("\ufffd", "")

    @cached_property
    def pieces(self) -> tuple[bytes, ...]:
        """Return the bytes of each token of text, by its id; of one that is none, nothing."""
        names = (self._tokenizer.id_to_token(i) or "" for i in range(self.end))
        return tuple(_bytes(name) for name in names)

    def waiting(self, tokens: Sequence[int]) -> bytes:
        """Return the bytes at the end of text tokens that are the beginning of a character."""
        tail = b"".join(self.pieces[t] for t in tokens[-4:] if t < self.end)[-3:]
        for size in range(1, len(tail) + 1):
            byte = tail[-size]
            if byte >= 0xC0:
                wanted = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
                return tail[-size:] if wanted > size else b""
            if byte < 0x80:
                return b""
        return b""

    def is_text(self, token: int) -> bool:
        """Return whether the token is a piece of text and not a special or timestamp token."""
        return token < self.end


def _bytes(name: str) -> bytes:
    """What a token of GPT-2's byte-level vocabulary stands for: each of its letters is a byte."""
    letters = _letters()
    return bytes(letters[c] for c in name) if all(c in letters for c in name) else b""


@cache
def _letters() -> dict[str, int]:
    """GPT-2's letters for bytes: printable ones stand for themselves, the others follow from U+0100 on."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + i): byte for i, byte in enumerate(others)}


def load_tokenizer(path: Path) -> tokenizers.Tokenizer:
    """Load a `tokenizer.json`, with the merge that some copies of Whisper's lack put back.

    Merge number i makes token 256 + i; copies converted from a merges.txt without a version line have
    lost the first one, "Ġ t", and then write " there" as three tokens that Whisper has never seen so.
    """
    import tokenizers

    try:
        content = read_json(path)
        merges, tokens = content["model"]["merges"], content["model"]["vocab"]
        first = FIRST_MERGE if merges and isinstance(merges[0], list) else " ".join(FIRST_MERGE)
        if "".join(FIRST_MERGE) in tokens and first not in merges:
            merges.insert(0, first)
        return tokenizers.Tokenizer.from_str(json.dumps(content, ensure_ascii=False))
    except Exception as error:  # tokenizers has no error of its own for what is no tokenizer
        raise WeightsError(
            f"{path} is no tokenizer, or damaged; save or download the model again."
        ) from error


def _unspecial(pieces: list[str]) -> list[str]:
    """Split every literal `<|name|>` in two, so that the tokenizer cannot take it for a special token."""
    parts = []
    for piece in pieces:
        parts += [piece[:1], piece[1:]] if piece.startswith("<|") else [piece]
    return [p for p in parts if p]
