"""Folders whose names say only what kind of files lie in them, and those that tell recordings apart.

That a text in "textgrids/s1" goes with a recording in "wav/s1" is usual; in "s2" it has another one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import takewhile

from smile.corpora.columns import column_key

Parts = tuple[str, ...]  # of a path, without the file's name

SOUND = (
    "wav wavs wave waves audio audios sound sounds recording recordings rec recs media clip clips video "
    "videos mp3 mp4 flac ogg opus speech voice voices enregistrement enregistrements son sons aufnahme "
    "aufnahmen ton grabacion grabaciones gravacao gravacoes sonido sonidos som"
)
TEXT = (
    "textgrid textgrids tg tgs grid grids eaf eafs elan praat annotation annotations annotated "
    "transcript transcripts transcription transcriptions transcribed text texts label labels lab labs "
    "alignment alignments aligned mfa maus webmaus csv tsv table tables metadata annotationen "
    "transkript transkripte transkription transkriptionen texte textes anotacion anotaciones "
    "transcripcion transcripciones textos anotacao anotacoes transcricao transcricoes"
)
OTHER = "file files fichiers dateien archivos arquivos data raw mono output out"
KIND = re.compile(rf"(?:{'|'.join(f'{SOUND} {TEXT} {OTHER}'.split())})?(?:\d+k(?:hz)?)?")


def agree(said: Parts, lies: Parts, others: Iterable[Parts]) -> bool:
    """Return whether what lies in a folder may go with a recording that lies in another one.

    `others` are the folders of all recordings. Without what both have in common, and without words of
    kinds, the folders' names must be the same, or the recording lies deeper, or those of no recording say
    anything.
    """
    common = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(said, lies, strict=False)))
    here, there = _names(said[common:]), _names(lies[common:])
    if here and not there:
        return not any(_names(o[common:]) for o in others if o[:common] == said[:common])
    return here in ("", there) or there.endswith(f"/{here}") or here.endswith(f"/{there}")


def _names(parts: Parts) -> str:
    """What folders are called besides words of kinds, parted by strokes."""
    names = ("_".join(w for w in column_key(part).split("_") if not KIND.fullmatch(w)) for part in parts)
    return "/".join(filter(None, names))
