"""Rows of parquet files -> a folder with a table and recordings, a language at a time."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smile.audio.formats import AUDIO_SUFFIXES
from smile.corpora.columns import TEXT_COLUMNS, cell, columns_named
from smile.corpora.facts import LANGUAGE_COLUMNS
from smile.datatypes import CorpusError
from smile.text.languages import iso_code
from smile.util.storage import rename_folder

if TYPE_CHECKING:
    from pyarrow.dataset import Dataset

LABEL = re.compile(r"\A\s*\[(?:org_)?[a-z]{3}\]\s*")  # of the language, before ML-SUPERB's texts
DIALECT = re.compile(r"ms_speech_(guj|tam|tel)_")  # ids of dev_dialect whose column "language" says hin
MAGIC = {b"RIFF": ".wav", b"fLaC": ".flac", b"OggS": ".ogg", b"ID3": ".mp3"}
TABLE, ALL = "clips.jsonl", "every-language"
ROWS = 32  # in memory at a time, with their audio

Values = dict[str, Any]  # of a row, by column


class Split:
    """The parquet files of one split, unpacked below `cache`."""

    def __init__(self, name: str, files: Sequence[Path], cache: Path):
        stats = [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in files]
        digest = hashlib.sha256(repr(stats).encode()).hexdigest()[:12]
        self.name, self._files, self._folder = name, files, cache / f"{name}-{digest}"

    @cached_property
    def labels(self) -> dict[str, set[str]]:
        """Return what stands in the column of languages, by the code that it means; nothing without one."""
        labels: dict[str, set[str]] = {}
        if not (column := self._language):
            return labels
        columns = [column, *(["id"] if "id" in self._data.schema.names else [])]
        for batch in self._data.to_batches(columns=columns):
            for row in batch.to_pylist():
                if code := self._code(row):
                    labels.setdefault(code, set()).add(row[column])
        return labels

    @cached_property
    def _language(self) -> str:
        """The column of languages; empty where there is none."""
        return next(iter(columns_named(tuple(self._data.schema.names), LANGUAGE_COLUMNS)), "")

    def _code(self, row: Values) -> str:
        """The ISO 639-3 code of a row's language, "" without; ESPnet corrects some of ML-SUPERB's so, too."""
        if dialect := DIALECT.match(str(row.get("id"))):
            return dialect[1]
        return iso_code(str(row[self._language] or ""))

    def folder(self, language: str) -> Path:
        """Return where a language's rows, or ("") all, are unpacked to; another place for other files."""
        return self._folder.resolve() / (language or ALL)

    def unpacked(self, language: str) -> Path:
        """Return the table of a language's rows, or ("") of all, made where it is not there.

        Raises:
            CorpusError: files without a column that is needed, or a cache that cannot be written.
        """
        folder = self.folder(language)
        part = folder.with_name(f"{folder.name}.{os.getpid()}.part")
        try:
            if not folder.is_dir():
                part.mkdir(parents=True, exist_ok=True)
                self._unpack(language, part)
                _name(part, folder)
        except OSError as error:
            raise CorpusError(f"{folder} cannot be written ({error.strerror or error}).") from error
        finally:
            shutil.rmtree(part, ignore_errors=True)
        return folder / TABLE

    def _unpack(self, language: str, folder: Path) -> None:
        with (folder / TABLE).open("w", encoding="utf-8") as table:
            for number, row in enumerate(self._rows(language), start=1):
                values = {
                    "id": str(row["id"]) if row.get("id") is not None else "",
                    "file": self._recording(row[self._audio], folder, number),
                    "text": LABEL.sub("", self._text(row), count=1),
                    "language": language,
                }
                table.write(json.dumps(values) + "\n")

    def _rows(self, language: str) -> Iterator[Values]:
        """The rows of a language, or of all, with their audio, in the order of the files."""
        from pyarrow import dataset

        wanted = None
        if language:  # rows that do not say theirs are taken, as in every table
            field = dataset.field(self._language)
            wanted = field.isin(sorted(self.labels[language])) | field.is_null() | (field == "")
        names = self._data.schema.names
        columns = [name for name in ("id", self._audio, self._language) if name in names]
        columns += columns_named(tuple(names), TEXT_COLUMNS)
        for batch in self._data.to_batches(
            columns=columns, filter=wanted, batch_size=ROWS, batch_readahead=1
        ):
            yield from (row for row in batch.to_pylist() if not language or self._code(row) in (language, ""))

    @cached_property
    def _audio(self) -> str:
        """The column of recordings."""
        return columns_named(tuple(self._data.schema.names), ("audio",))[0]

    def _text(self, row: Values) -> str:
        """What a row says; "" where it says nothing. Numbers are taken as they are written."""
        texts = {name: value for name, value in row.items() if name != self._audio}
        said = {name: "" if value is None else str(value) for name, value in texts.items()}
        return cell(said, TEXT_COLUMNS) or ""

    def _recording(self, audio: Any, folder: Path, number: int) -> str:
        """Write a row's recording as it is, and return its name; where the row only has a path, that.

        A path leads to a file of the data set's folder; to no other one.
        """
        given: Values = (
            {"path": audio} if isinstance(audio, str) else audio if isinstance(audio, dict) else {}
        )
        path, data = str(given.get("path") or ""), given.get("bytes")
        if not data:
            home = self._files[0].parent.resolve()
            file = (home / path).resolve()
            return str(file) if path and file.is_relative_to(home) else ""
        suffix = Path(path).suffix.lower()
        if suffix not in AUDIO_SUFFIXES:
            suffix = next((s for magic, s in MAGIC.items() if data.startswith(magic)), ".wav")
        (folder / f"{number:06d}{suffix}").write_bytes(data)
        return f"{number:06d}{suffix}"

    @cached_property
    def _data(self) -> Dataset:
        from pyarrow import dataset

        try:
            data = dataset.dataset([str(file) for file in self._files], format="parquet")
        except (OSError, ValueError) as error:
            raise CorpusError(f"{self._files[0]} cannot be read as parquet; copy it anew.") from error
        columns = data.schema.names
        for wanted in (("audio",), TEXT_COLUMNS):
            if not columns_named(tuple(columns), wanted):
                raise CorpusError(
                    f'{self._files[0]} has no column "{wanted[0]}"; it has {", ".join(columns)}.'
                )
        return data


def _name(part: Path, folder: Path) -> None:
    """Give a finished folder its name, where no other process has made it meanwhile."""
    try:
        rename_folder(part, folder)
    except OSError:
        if not folder.is_dir():
            raise
