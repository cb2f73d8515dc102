"""ML-SUPERB v1: `<root>/<corpus>/<code>/` with `transcript_<split>.txt` and `wav/`."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from smile.audio.formats import AUDIO_SUFFIXES
from smile.corpora.reading import Outcome, Reading, Splits, gathered
from smile.corpora.tables import read_text
from smile.datatypes import CorpusError, Utterance
from smile.text.characters import seen
from smile.text.languages import iso_code


class Superb:
    """An ML-SUPERB root, one corpus in it, or the folder of one language."""

    splits = Splits("10min_train", "10min_dev", "10min_test")

    def __init__(self, root: Path):
        self.root = root
        self.name = root.resolve().name

    def languages(self, split: str = "") -> tuple[str, ...]:
        """Return all of its languages, whatever the split."""
        return tuple(languages(self.root))

    def read(self, language: str = "", split: str = "") -> Reading:
        """Read the rows of a language and split; see `Corpus`."""
        folder = self._folder(language)
        return gathered(folder, _superb_rows(folder, split or self.splits.examples))

    def place(self, language: str, split: str) -> Path:
        """Return the language's folder."""
        return self._folder(language).resolve()

    def _folder(self, language: str) -> Path:
        folders = languages(self.root)
        if language in folders:
            return folders[language]
        if language:
            raise CorpusError(f"{self.root} has no language {language}; choose of {', '.join(folders)}.")
        first = next(iter(folders.values()))
        if len(folders) > 1:
            raise CorpusError(
                f"{self.root} holds {len(folders)} languages; name the folder of one, such as {first}."
            )
        return first


def languages(root: Path) -> dict[str, Path]:
    """Return the language folders of an ML-SUPERB root, or of one corpus in it, sorted by ISO 639-3 code.

    A language that several corpora of the root have comes once for each, as "corpus/code".

    Raises:
        CorpusError: there is no such folder.
    """
    if not root.is_dir():
        raise CorpusError(f"There is no folder {root}; check the path of the corpus.")
    transcripts = chain.from_iterable(root.glob(f"{depth}transcript_*.txt") for depth in ("", "*/", "*/*/"))
    folders = sorted({transcript.parent for transcript in transcripts})
    codes = [iso_code(folder.resolve().name) for folder in folders]
    named = {
        code if codes.count(code) == 1 else f"{folder.resolve().parent.name}/{code}": folder
        for code, folder in zip(codes, folders, strict=True)
    }
    return dict(sorted(named.items()))


def _superb_rows(folder: Path, split: str) -> Iterator[Outcome]:
    """Rows of `transcript_<split>.txt`: id, a field that nobody reads, text, split on white space."""
    transcript = folder / f"transcript_{split}.txt"
    if not transcript.is_file():
        splits = sorted(t.stem.removeprefix("transcript_") for t in folder.glob("transcript_*.txt"))
        raise CorpusError(f'{folder} has no split "{split}"; choose one of {", ".join(splits)}.')
    return _transcript_rows(folder, read_text(transcript))


def _transcript_rows(folder: Path, text: str) -> Iterator[Outcome]:
    recordings, speakers = _recordings(folder / "wav"), _speakers(folder / "utt2spk")
    language = iso_code(folder.resolve().name)
    for line, row in enumerate(text.split("\n"), start=1):
        if not row.strip():
            continue
        name, _, words = [*row.split(maxsplit=2), "", ""][:3]
        words = seen(words).strip()
        if name not in recordings:
            yield line, f'There is no recording "{name}" in the folder wav.'
        else:
            yield line, Utterance(name, recordings[name], words, language, speakers.get(name, ""))


def _recordings(folder: Path) -> dict[str, Path]:
    """The recordings of a folder by name without suffix."""
    files = folder.iterdir() if folder.is_dir() else ()
    return {file.stem: file for file in sorted(files) if file.suffix.lower() in AUDIO_SUFFIXES}


def _speakers(utt2spk: Path) -> dict[str, str]:
    rows = read_text(utt2spk).split("\n") if utt2spk.is_file() else ()
    pairs = (row.split(maxsplit=1) for row in rows)
    return {pair[0]: pair[1].strip() for pair in pairs if len(pair) == 2}
