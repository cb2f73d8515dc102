"""A text in a file of its own is read right, or refused with what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from smile.corpora import plain
from smile.corpora.plain import text_of
from smile.datatypes import CorpusError

TEXT = "bàgh beag\nmòr\n"


@pytest.mark.parametrize("unicode", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("named", ["", "cp1251"])
def test_unicode_is_read_whatever_is_named(tmp_path: Path, unicode: str, named: str) -> None:
    (tmp_path / "t.txt").write_bytes(TEXT.encode(unicode))
    assert text_of(tmp_path / "t.txt", named) == TEXT


def test_eight_bits_are_refused_until_they_are_named(tmp_path: Path) -> None:
    path = tmp_path / "t.txt"
    path.write_bytes(TEXT.encode("cp1252"))
    with pytest.raises(
        CorpusError, match=r'^t\.txt: .*line 1 would read "bàgh beag".*--encoding cp1252\)\.$'
    ):
        text_of(path)
    assert text_of(path, "cp1252") == TEXT
    path.write_bytes(b"caf\x81\n")
    with pytest.raises(CorpusError, match=r"Line 1 has characters that are not in cp1252"):
        text_of(path, "cp1252")


def test_what_is_no_text_or_too_long_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "t.txt"
    with pytest.raises(CorpusError, match=r"cannot be read \(No such file"):
        text_of(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CorpusError, match=r"t\.txt is damaged or no text; save it as UTF-8"):
        text_of(path)
    path.write_bytes(b"long")
    monkeypatch.setattr(plain, "MOST_BYTES", 3)
    with pytest.raises(CorpusError, match="so split it"):
        text_of(path)
