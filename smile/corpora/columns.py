"""What the columns of a table mean, by the names that people give them in several languages."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from difflib import SequenceMatcher
from functools import lru_cache

from smile.text.characters import unaccented

# The first that a table has counts; case, accents and what parts words do not matter.
FILE_COLUMNS = (
    *("file", "audio", "path", "filename", "file_name", "file_path", "filepath"),
    *("audio_file", "audio_filepath", "audio_path", "audiofile", "wav", "wav_path", "recording"),
    *("fichier", "fichier_audio", "nom_de_fichier", "nom_du_fichier", "chemin", "enregistrement"),
    *("datei", "dateiname", "audiodatei", "pfad", "dateipfad", "aufnahme"),
    *("archivo", "archivo_de_audio", "nombre_de_archivo", "ruta", "grabacion", "fichero"),
    *("arquivo", "arquivo_de_audio", "nome_do_arquivo", "ficheiro", "caminho", "gravacao"),
)
PLAIN_TEXT_COLUMNS = (
    *("text", "sentence", "transcript", "transcription"),
    *("texte", "phrase", "satz", "transkript", "transkription", "texto", "oracion", "frase"),
    *("transcripcion", "transcricao", "raw_text", "raw_transcription", "orthography"),
)
NORMALISED = ("normalized_text", "normalised_text", "text_normalized", "text_normalised", "texte_normalise")
TEXT_COLUMNS = (*PLAIN_TEXT_COLUMNS, *NORMALISED)  # a text as it is written goes before what was made of it

FEW = 8  # columns that a sentence names
LONGEST = 30  # characters of one of them there
NO_RECORDINGS = "No column names the recordings: there are {}; call one {}."
NO_TEXTS = "No column holds the texts: there are {}; call one {}."
NEITHER = "No column names the recordings and none holds the texts: there are {}; call two {}."
MOST, ALIKE = 300, 0.5  # characters of two texts that are compared, and how alike they are at least
TOP = 10  # rows among which the one that names the columns is looked for
WORDS = re.compile(r"[\W_]+")


@lru_cache(maxsize=4096)
def column_key(name: str) -> str:
    """Return a column's name without case and accents, its words parted by underscores."""
    return WORDS.sub("_", unaccented(name)).strip("_")


@lru_cache(maxsize=1024)
def columns_named(columns: tuple[str, ...], names: tuple[str, ...]) -> tuple[str, ...]:
    """Return those of a table's columns that have one of these names, in the order of the names."""
    known: dict[str, str] = {}
    for column in columns:
        known.setdefault(column_key(column), column)
    return tuple(known[name] for name in names if name in known)


def cell(row: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    """Return what stands in the first column of these names; None where there is none."""
    columns = columns_named(tuple(row), names)
    return row[columns[0]].strip() if columns else None


def understood(columns: Iterable[str]) -> bool:
    """Return whether a table with these columns says which recordings it has, and what is said in them."""
    return not _missing(tuple(columns))


def header_at(records: Iterable[Sequence[str] | str]) -> int | None:
    """Return the place of the row that names the columns, which titles may precede; None without one."""
    cells = ([] if isinstance(record, str) else record for record in records)
    return next((place for place, record in enumerate(cells) if understood(record)), None)


def headless(records: Sequence[Sequence[str] | str]) -> tuple[str, ...]:
    """Return the columns of a table whose first rows are like those of LJSpeech; none where they are not.

    There each row is a recording's name, with a number in it, and a text, or that twice, the second time
    with its numbers written out.
    """
    rows = [record for record in records if not isinstance(record, str)]
    names = [row[0] for row in rows if row]
    if len(rows) < len(records) or len({len(row) for row in rows}) != 1 or len(set(names)) < len(rows):
        return ()
    if not all(any(map(str.isdigit, name)) for name in names):
        return ()
    if len(rows[0]) == 2:
        return "file", "text"
    alike = [SequenceMatcher(None, row[1][:MOST], row[2][:MOST]).ratio() for row in rows if len(row) == 3]
    return ("file", "text", NORMALISED[0]) if alike and min(alike) > ALIKE else ()


def repeated(header: Iterable[str]) -> str:
    """Return a column of recordings or texts that a table has twice; empty where there is none."""
    counts = Counter(map(column_key, header))
    return next((name for name in (*FILE_COLUMNS, *TEXT_COLUMNS) if counts[name] > 1), "")


def lacking(columns: Iterable[str]) -> str:
    """Return what to say of a table that has these columns, or of a row; empty where they are understood."""
    given = tuple(column for column in columns if column.strip())
    if not (missing := _missing(given)):
        return ""
    shown = ", ".join(f'"{name.strip()[:LONGEST]}"' for name in given[:FEW])
    shown += f" and {len(given) - FEW} more" if len(given) > FEW else ""
    call = " and ".join(f'"{name}" ({others} are understood, too)' for _, name, others in missing)
    said = NEITHER if len(missing) > 1 else missing[0][0]
    return said.format(shown or "no columns", call)


def _missing(columns: tuple[str, ...]) -> list[tuple[str, str, str]]:
    """What a table's columns do not say: the sentence on it, such a column's name, and others for it."""
    wanted = (
        (NO_RECORDINGS, FILE_COLUMNS, "audio, path, filename, recording, fichier, datei, archivo"),
        (NO_TEXTS, TEXT_COLUMNS, "sentence, transcript, transcription, texte, texto"),
    )
    return [(said, names[0], some) for said, names, some in wanted if not columns_named(columns, names)]
