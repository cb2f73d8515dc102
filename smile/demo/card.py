"""The README beside the demo pools, written from the pools themselves."""

from __future__ import annotations

import shutil
from pathlib import Path

from smile.pools.pool import HEADER, Pool, open_pool
from smile.util.storage import write_text

CARD = """\
# Demo pools: synthetic speech

**Nobody speaks here.** Every clip was spoken by eSpeak NG, a formant synthesizer, so that the app has
something to show where no corpus is at hand. A figure measured on these pools says nothing about people's
voices, and must be marked synthetic wherever it appears.

{table}

All together {megabytes:.1f} MB, 16 kHz mono in Ogg/Opus at about 20 kbit/s. Whisper was not trained on any
of these languages.

## How they were made

    apt-get install espeak-ng
    pip install babel
    smile demo-pools --out assets/pools

The texts are lists of two to four names: days of the week and months, countries, languages, or a mixture.
Names and the words for "and" and "or" are those of CLDR, read through Babel from the language's own file,
so nothing is inherited from English. A name is left out if it shares a word with its English name, or has
a letter outside the language's alphabet in `smile/demo/voices.py`. There are no digits, since how a number
is read aloud is not in its spelling: days and months stand alone. Where CLDR has no "and" (Oromo), or
an English one (Uyghur), commas alone join the names. The voice is asked for its phonemes first: a text
that it would spell out or read as English is passed over, and so is a clip outside 1.8 to 6.5 seconds.

Each pool has {variants} voice variants, named in the column `speaker`, at three rates and three pitches;
examples and queries have the same ones. No text occurs twice, and no two texts have the same set of names;
but there are only 75 names in a language, so that **nearly every name in a query also occurs in some
examples, in other company.** That is so on purpose: it lets a person see what retrieved examples can do.
It also makes these pools easier than a real corpus.

Cherokee is written in its syllabary; eSpeak NG reads it from the syllables' Unicode names ("Ꮳ" as "tsa",
"Ꮖ" as "gwa"), so tone and vowel length are not those of a speaker. eSpeak NG's voices for the other
languages vary in quality too.

The texts are the same each time. `embeddings.npy` and the encoder in `pool.json` come from
`smile index`, which also says how to make them anew.

## Licences

{source}

- Names: CLDR, {unicode}.
- Speech: eSpeak NG is under GPL-3.0-or-later; the licence of the program does not extend to its output.
- Babel (BSD-3-Clause) and eSpeak NG are needed only to make the pools anew, and neither is shipped.
"""

UNICODE_LICENCE = "LICENSE.unicode"


def write_card(folder: Path) -> None:
    """Write README.md for all pools under `folder`, and CLDR's licence, which must go with its data."""
    import babel

    shutil.copyfile(Path(babel.__file__).parent / "locale-data" / UNICODE_LICENCE, folder / UNICODE_LICENCE)
    pools = [open_pool(header.parent) for header in sorted(folder.glob(f"[a-z]*/{HEADER}"))]
    text = CARD.format(
        table="\n".join(table_lines(pools)),
        megabytes=sum(file.stat().st_size for file in folder.rglob("*.ogg")) / 1e6,
        variants=len({clip.speaker for pool in pools for clip in pool.utterances}),
        source="\n".join(sorted({pool.header.source for pool in pools})),
        unicode=f"Unicode License v3 (Unicode-3.0), in [{UNICODE_LICENCE}]({UNICODE_LICENCE})",
    )
    write_text(folder / "README.md", text)


def table_lines(pools: list[Pool]) -> list[str]:
    """Return the lines of a Markdown table, one for each pool."""
    rows = ["| pool | language | script | examples | minutes | queries |", "|---|---|---|---|---|---|"]
    for pool in pools:
        language = pool.language
        rows.append(
            f"| {language.code} | {language.name} | {language.script} | {len(pool)} "
            f"| {pool.minutes:.1f} | {len(pool.queries)} |"
        )
    return rows
