"""The languages of the demo pools, none of which Whisper was trained on, and the voices that speak them."""

from __future__ import annotations

from dataclasses import dataclass

LATIN = "abcdefghijklmnopqrstuvwxyz"
CYRILLIC = "абвгдеёжзийклмнопрстуфхцчшщъыьэюя"
VARIANTS = ("m1", "f2", "m3", "f4", "m7", "f5")
RATES = (130, 145, 160)  # words a minute
PITCHES = (40, 50, 60)  # eSpeak NG's scale of 0 to 99


@dataclass(frozen=True)
class DemoLanguage:
    """One language; a name with a character outside `alphabet` and the space is not used.

    That keeps out names that CLDR has in another orthography and letters that the voice can only spell.
    """

    code: str  # ISO 639-3
    locale: str  # CLDR's
    voice: str  # eSpeak NG's
    alphabet: str
    comma: str = ", "


LANGUAGES = {
    language.code: language
    for language in (
        DemoLanguage("gle", "ga", "ga", "abcdefghilmnoprstuáéíóú"),
        DemoLanguage("gla", "gd", "gd", "abcdefghilmnoprstuàèìòù-"),
        DemoLanguage("kmr", "ku", "ku", LATIN + "çêîşû"),
        DemoLanguage("epo", "eo", "eo", "abcĉdefgĝhĥijĵklmnoprsŝtuŭvz"),
        DemoLanguage("orm", "om", "om", LATIN),
        DemoLanguage("kir", "ky", "ky", CYRILLIC + "ңөү"),
        DemoLanguage("chv", "cv", "cv", CYRILLIC + "ӑӗҫӳ"),
        DemoLanguage("uig", "ug", "ug", "اەبپتجچخدرزژسشغفقكگڭلمنھوۇۆۈۋېىيئ", comma="، "),
        DemoLanguage("ori", "or", "or", "ଁଂଃଅଆଇଈଉଊଋଏଐଓଔକଖଗଘଙଚଛଜଝଞଟଠଡଢଣତଥଦଧନପଫବଭମଯୟରଲଳଶଷସହାିୀୁୂୃେୈୋୌ଼୍"),
        DemoLanguage("chr", "chr", "iro/chr", "".join(map(chr, range(0x13A0, 0x13F5)))),
    )
}
