r"""Praat's backslash trigraphs, such as \ng for ŋ: those of letters, accents and quotation marks.

After Praat's manual, "Special symbols" and "Phonetic symbols". Others stay as they are.
"""

from __future__ import annotations

import re

ACCENTED = (
    "a`à a'á a^â a~ã a\"ä aoå a;ą c'ć c<č c,ç d<ď d-đ e`è e'é e^ê e\"ë e<ě e;ę g<ǧ i`ì i'í i^î i\"ï "
    "l/ł n'ń n~ñ n<ň o`ò o'ó o^ô o~õ o\"ö o:ő o/ø r<ř s'ś s<š t<ť u`ù u'ú u^û u\"ü u:ű uoů y'ý y\"ÿ "
    "z'ź z<ž z!ż aeæ oeœ ssß thþ dhð"
)
CAPITALS = (
    "A`À A'Á A^Â A~Ã A\"Ä AoÅ A;Ą C'Ć C<Č C,Ç D<Ď D-Đ E`È E'É E^Ê E\"Ë E<Ě E;Ę G<Ǧ I`Ì I'Í I^Î I\"Ï "
    "L/Ł N'Ń N~Ñ N<Ň O`Ò O'Ó O^Ô O~Õ O\"Ö O:Ő O/Ø R<Ř S'Ś S<Š T<Ť U`Ù U'Ú U^Û U\"Ü U:Ű UoŮ Y'Ý Y\"Ÿ "
    "Z'Ź Z<Ž Z!Ż AeÆ ThÞ"
)
PHONETIC = (
    "h-ħ atɐ asɑ ayɒ abɒ b^ɓ bcʙ ctɔ ccɕ d.ɖ d^ɗ e-ɘ swə srɚ efɛ erɜ kbɞ j-ɟ g^ɠ gsɡ gcɢ gfɣ rhɤ G^ʛ "
    "htɥ h^ɦ hjɧ hcʜ i-ɨ icɪ jcʝ l~ɫ l-ɬ l.ɭ lzɮ lcʟ mtɯ mlɰ mjɱ ngŋ njɲ n.ɳ ncɴ o-ɵ Oeɶ ffɸ rtɹ rlɺ "
    "r.ɻ f.ɽ fhɾ rcʀ riʁ s.ʂ shʃ j^ʄ t.ʈ u-ʉ hsʊ vsʋ vtʌ wtʍ ytʎ ycʏ z.ʐ zcʑ zhʒ ?gʔ 9eʕ O.ʘ ?-ʡ 9-ʢ "
    ":fː .fˑ hr˞ |1ǀ |2ǁ |-ǂ bfβ tfθ cfχ '1ˈ '2ˌ ^hʰ ^Hʱ ^jʲ ^wʷ ^Yᶣ ^yʸ ^?ˀ ^9ˁ ^lˡ ^sˢ ^gˠ ^Mᵚ ^Gᶭ "
    "^xˣ ^fᶠ ^nⁿ ^mᵐ ^Nᵑ idɿ irʅ tsʦ tSʧ apʼ _u‿"
)
MARKS = (
    "`^\u0300 '^\u0301 ^^\u0302 ~^\u0303 -^\u0304 :^\u0308 0^\u030a v^\u030c N^\u0306 cn\u031a "
    "cv\u031c T^\u031d Tv\u031e T(\u0318 T)\u0319 +v\u031f :v\u0324 0v\u0325 |v\u0329 Nv\u032a "
    "Uv\u033a Dv\u033b nv\u032f ~v\u0330 -v\u0320 ~<\u0334 3v\u0339 li\u0361"
)
GREEK = (
    "alα beβ gaγ deδ epε zeζ etη teθ t2ϑ ioι kaκ laλ muμ nuν xiξ onο piπ roρ siσ s2ς taτ upυ fiφ f2ϕ "
    "ciχ psψ omω AlΑ BeΒ GaΓ DeΔ EpΕ ZeΖ EtΗ TeΘ IoΙ KaΚ LaΛ MuΜ NuΝ XiΞ OnΟ PiΠ RoΡ SiΣ TaΤ UpΥ FiΦ "
    "CiΧ PsΨ OmΩ"
)
SIGNS = "bs\\ !d¡ ?d¿ --– 'a' \"l“ \"r” <<« >>» .c· a_ª o_º |f| [f[ ]f]"

TRIGRAPHS = {
    entry[:2]: entry[2:]
    for entries in (ACCENTED, CAPITALS, PHONETIC, MARKS, GREEK, SIGNS)
    for entry in entries.split(" ")
}
TRIGRAPH = re.compile(r"\\(" + "|".join(map(re.escape, TRIGRAPHS)) + ")")


def spelt_out(text: str) -> str:
    r"""Return a text with the letters that its trigraphs stand for: t\ef\ng becomes tɛŋ."""
    return TRIGRAPH.sub(lambda match: TRIGRAPHS[match[1]], text)


def escaped(text: str) -> str:
    r"""Return a text that `spelt_out` gives back: each backslash that would begin a trigraph is \bs."""
    return re.sub(rf"\\(?={TRIGRAPH.pattern[2:]})", r"\\bs", text)
