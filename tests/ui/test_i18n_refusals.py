"""What is refused, left out or noted is told in French: all sentences of the source, some as they come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from zipfile import ZipFile

import gradio as gr
import numpy as np
import pytest
import soundfile

from smile.importing import gather, read_source
from smile.own import bringing
from smile.own.quota import Quota
from smile.paths import PACKAGE
from smile.pools.pool import open_pool
from smile.ui import VisitorService
from smile.ui.i18n import french, reading, translated_answer
from smile.ui.own import adding, correcting, transcribing
from smile.ui.own.page import Page
from smile.ui.own.view import rejected
from smile.util.advice import on_page
from tests.conftest import POOLS
from tests.support.sentences import EITHER, NAME, NUMBER, Sentence, samples, sentences
from tests.support.uploads import upload
from tests.support.visitors import named

DEMO = open_pool(POOLS / "gla")
ROOMS = (
    *("own", "ui", "importing", "corpora", "audio", "pools", "transcription", "acoustic"),
    *("lm", "retrieval", "decoding"),
)
COMMANDS = "only commands say it: smile index, learn, align, evaluate and the like"
OWNER = "whoever runs the server or wrote its files reads it"
PROGRAMS = "HTTP's answer to a program, which is in English for all"
PARTS = "it is made of parts, and is French as it comes: here below, or in other tests of the page"
ENGLISH = {
    COMMANDS: (
        "There is no order",
        "was carried here without",
        "are too many: ask for fewer.",
        "clips, fewer than",
        "There is no file or folder",
        "There is no recording or folder",
        "There is no folder",
        "Columns are chosen as audio=NAME",
        "does not say its languages; leave",
        'has no split "',
        "has several languages; choose one of",
        "of the files of its split",
        "are both targets and examples",
        "has no spoken descriptions",
        "has no language",
        "languages; name the folder of one",
        'which only "smile index" cuts out',
        "holds several tables; name one of them",
        "cannot be read as parquet",
        'has no column "',
        "cannot be written; end its name in",
        "whose name leads out of the pool",
        "There is no pool at",
        "does not say its language; name it",
        "name one with --language.",
        "exists and is not a pool",
        "--max-minutes",
        "A recording's limit",
        "is a zip, which is not unpacked from a URL",
        '" cannot be written to',
    ),
    OWNER: (
        "--visitors",
        "--hosts",
        "make it again with: smile",
        "make it with: smile",
        "make one with: smile",
        "read it with: smile",
        "make them with: smile",
        "index it again with: smile",
        "What is no file exceeded",
        "A calibration",
        "Live samples have the shape",
        "The order of an n-gram",
        "Made by a machine: synthetic speech",
    ),
    PROGRAMS: (
        "send a Content-Length.",
        "that are taken; send less.",
        "see /gradio_api/info",
        "There is nothing here.",
        "There is no such font.",
        "There is no such script.",
        "Choose cer or wer",
        "The page does this by itself",
    ),
    PARTS: (
        "The recording has been cut otherwise since",
        f"The last {EITHER} was taken back.",
        "Timed in the",
        f"{NUMBER} files",
        f"{NAME}: {EITHER}; there are {EITHER}.",
        "There is a table (",
        "are those of the column",
        "so that there is no track",
        "none holds the texts",
    ),
}


def said_by_the_source() -> Iterator[Sentence]:
    return sentences(path for room in ROOMS for path in sorted((PACKAGE / room).rglob("*.py")))


def without_french(form: str) -> bool:
    return not any(french().parts(on_page(sample).strip()) for sample in samples(form))


@pytest.fixture(scope="module")
def english() -> dict[str, str]:
    """The forms of sentences without French, and where they are."""
    return {
        form: f"{found.file}:{found.line}"
        for found in said_by_the_source()
        for form in found.forms
        if without_french(form)
    }


def test_each_sentence_has_french_or_a_reason_why_not(english: dict[str, str]) -> None:
    known = tuple(part for parts in ENGLISH.values() for part in parts)
    missing = [
        f"{place}: {form.replace(EITHER, '…')}"
        for form, place in english.items()
        if not any(part in form for part in known)
    ]
    assert not missing, "say these in assets/locale/fr.toml"


@pytest.mark.parametrize("part", [part for parts in ENGLISH.values() for part in parts])
def test_what_may_stay_english_is_still_said(english: dict[str, str], part: str) -> None:
    assert any(part in form for form in english)


def test_the_source_says_much_and_what_is_new_is_missed(tmp_path: Path) -> None:
    assert sum(len(found.forms) for found in said_by_the_source()) > 400
    assert without_french("Whisper sings in the bath; stop it.")
    assert without_french(f"{NAME} holds {NUMBER} fish; let them out.")
    assert not without_french(f"{NAME} has more than {NUMBER} rows; split it.")


@pytest.mark.parametrize(
    ("english", "other"),
    [
        ("The last split was taken back.", "La dernière coupe a été annulée."),
        (
            "The recording has been cut otherwise since, so the merge cannot be taken back.",
            "L’enregistrement a été coupé autrement depuis : la fusion ne peut donc pas être annulée.",
        ),
        (
            "None of the 12 clips can be used. Line 3: The row has no text.",
            "Aucun des 12 extraits ne peut être utilisé. Ligne 3 : La ligne n’a pas de texte.",
        ),
        (
            'a.eaf: choose the files again and tick the tier to cut the recording at; there are "A" (3), '
            '"B" (4) and 12 more.',
            "a.eaf : choisissez de nouveau les fichiers et cochez la tire (tier) où couper "
            'l’enregistrement ; il y a "A" (3), "B" (4) et 12 de plus.',
        ),
        (
            'No column names the recordings and none holds the texts: there are no columns; call two "file" '
            '(audio are understood, too) and "text" (texte are understood, too).',
            "Aucune colonne ne nomme les enregistrements et aucune ne contient les textes (colonnes "
            'présentes : aucune) ; appelez-en deux "file" (audio sont compris aussi) et "text" (texte sont '
            "compris aussi).",
        ),
        (
            "'a.mka' has one audio track, so that there is no track 2; choose 1 to 1.",
            "'a.mka' a une seule piste audio : il n’y a donc pas de piste 2 ; choisissez 1.",
        ),
        (
            'The texts are those of the column "text"; left out: "texte".',
            'Les textes sont ceux de la colonne « text » ; laissées de côté : "texte".',
        ),
        (
            'Some characters cannot be read; it looks like Windows-1252 (line 3 would read "Né? Là. Où"), so '
            "save the file as UTF-8, or choose that encoding below the chosen files.",
            "(la ligne 3 se lirait « Né? Là. Où ») : enregistrez-le donc en UTF-8, ou choisissez cet "
            "encodage sous les fichiers choisis.",
        ),
        (
            "The files say that they are of Scottish Gaelic (gla), and your language is Mbo; press “Take "
            "back” if that is wrong.",
            "leur langue est : Gaélique écossais (gla) ; la vôtre est : Mbo. Appuyez sur « Revenir en "
            "arrière » si c’est une erreur.",
        ),
        ("With examples the character error rate stays at 3.0 %.", "reste à 3,0 %."),
        ("With both combined the character error rate falls from 3.5 % to 3.0 %.", "de 3,5 % à 3,0 %."),
    ],
)
def test_what_is_made_of_parts_is_french_as_it_comes(english: str, other: str) -> None:
    assert french().missing(english) == []
    assert spaced(french().text(english)).endswith(other)


def spaced(text: str | None) -> str:
    return str(text).replace("\u00a0", " ")


# As they come


class Asked:
    def __init__(self) -> None:
        self.headers = {"accept-language": "fr"}


def answered(html: str) -> str:
    """What a French browser gets for HTML that an event answers with."""
    with reading(Asked()):
        return spaced(translated_answer([gr.HTML(render=False)], [html])[0])


def ended(steps: Iterable[Page]) -> str:
    """The line that a French browser shows once something has ended."""
    *_, last = steps
    return answered(str(last.stage))


def test_the_rows_that_a_table_loses_say_why_in_french(tmp_path: Path) -> None:
    clip = DEMO.utterances[0].audio
    (tmp_path / "t.csv").write_text(f"file,text\n{clip.name},mo chù\nb.wav,a b\n{clip.name},\n")
    work = tmp_path / "work"
    source = gather([tmp_path / "t.csv", clip], work)
    imported = read_source(source, work)
    rows = [(imported.place(row.line), row.reason) for row in imported.reading.rejected]
    told = answered(
        rejected(rows, notes=["Other tables were left out: a.csv; the clips are those of t.csv."], added=1)
    )
    assert "<td>ligne 3</td><td>Il n’y a pas d’enregistrement « b.wav » ; ajoutez-le.</td>" in told.replace(
        "&quot;", '"'
    )
    assert "<td>ligne 4</td><td>La ligne n’a pas de texte.</td>" in told
    assert "D’autres tableaux ont été laissés de côté : a.csv ; les extraits sont ceux de t.csv." in told
    assert "2 lignes n’ont pas pu être utilisées ; l’autre y est." in told


def test_a_damaged_zip_is_refused_in_french(idle: VisitorService, tmp_path: Path) -> None:
    with ZipFile(tmp_path / "clips.zip", "w") as file:
        file.writestr("t.csv", "file,text")
    (tmp_path / "clips.zip").write_bytes((tmp_path / "clips.zip").read_bytes()[:40])
    told = ended(adding.add_files(idle, named(idle), [upload(tmp_path / "clips.zip")], []))
    assert "clips.zip est endommagé ou n’est pas un zip ; refaites-le." in told


def test_a_silent_recording_is_refused_in_french(idle: VisitorService, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a b.wav", np.zeros(16_000), 16_000)
    told = ended(adding.add_typed(idle, named(idle), upload(tmp_path / "a b.wav"), "mo chù"))
    assert "a b.wav" in told
    assert "est silencieux ; vérifiez le microphone et enregistrez de nouveau." in told


def test_a_text_that_is_too_long_is_refused_in_french(idle: VisitorService) -> None:
    audio = upload(DEMO.utterances[0].audio)
    told = ended(adding.add_typed(idle, named(idle), audio, "a" * 6_000))
    assert "Le texte a 6 000 caractères ; celui d’un exemple peut en avoir 5 000." in told.replace(
        "\u202f", " "
    )


def test_a_full_quota_is_told_in_french(idle: VisitorService) -> None:
    key = named(idle)
    idle.visitors.quota = Quota(each=1_000)
    told = ended(transcribing.bring(idle, key, [upload(DEMO.utterances[0].audio)]))
    assert "dépasse les 0,001 Mo auxquels un visiteur a droit ; emportez-le, supprimez-en" in told


def test_a_transcript_that_is_gone_is_told_in_french(idle: VisitorService) -> None:
    told = ended([correcting.open_part(idle, named(idle), "a.wav", 0)])
    assert "Cette transcription n’est plus là ; choisissez-en une autre." in told


def test_recordings_that_are_there_are_named_in_french() -> None:
    brought = bringing.Brought(known=[("a.wav", "a.wav"), ("b.wav", "c.wav")], renamed=[("d.wav", "d-1.wav")])
    told = answered(f'<p class="stage">{brought.said}</p>')
    assert "a.wav, b.wav (as c.wav) : déjà présents." in told
    assert "d.wav s’appelle ici d-1.wav : l’autre nom est déjà pris." in told
