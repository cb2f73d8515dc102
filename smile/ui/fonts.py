"""Letters that a visitor's device may lack: Noto's fonts of this machine, subset by script.

Browsers ask for a script's file only when a text has letters that no font before it in the theme's list has.
Where Debian's fonts-noto-core is not installed, the page does without.
"""

from __future__ import annotations

import io
import re
from pathlib import Path
from threading import Lock

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

FOLDER = Path("/usr/share/fonts/truetype/noto")  # of fonts-noto-core
FONTS = "smile/fonts"  # relative to the page
SHEET = "letters.css"
FAMILY = "SMILE Noto"
JOINERS = "200C-200D,25CC-25CC"  # what marks of any script may stand on or be joined by

SCRIPTS = {
    "Sans": "0180-036F,1AB0-1AFF,1D00-1DFF,1E00-1EFF,2C60-2C7F,A700-A7FF,AB30-AB6F,FE20-FE2F",
    "SansArmenian": "0530-058F,FB13-FB17",
    "SansHebrew": "0590-05FF,FB1D-FB4F",
    "NaskhArabic": "0600-06FF,0750-077F,08A0-08FF,FB50-FDFF,FE70-FEFC",
    "SansSyriac": "0700-074F,0860-086F",
    "SansThaana": "0780-07BF",
    "SansNKo": "07C0-07FF",
    "SansMandaic": "0840-085F",
    "SansDevanagari": "0900-097F,1CD0-1CFF,A8E0-A8FF",
    "SansBengali": "0980-09FF",
    "SansGurmukhi": "0A00-0A7F",
    "SansGujarati": "0A80-0AFF",
    "SansOriya": "0B00-0B7F",
    "SansTamil": "0B80-0BFF",
    "SansTelugu": "0C00-0C7F",
    "SansKannada": "0C80-0CFF",
    "SansMalayalam": "0D00-0D7F",
    "SansSinhala": "0D80-0DFF",
    "SansThai": "0E00-0E7F",
    "SansLao": "0E80-0EFF",
    "SerifTibetan": "0F00-0FFF",
    "SansMyanmar": "1000-109F,A9E0-A9FF,AA60-AA7F",
    "SansGeorgian": "10A0-10FF,1C90-1CBF,2D00-2D2F",
    "SansEthiopic": "1200-139F,2D80-2DDF,AB00-AB2F",
    "SansCherokee": "13A0-13FF,AB70-ABBF",
    "SansCanadianAboriginal": "1400-167F,18B0-18FF",
    "SansTagalog": "1700-171F",
    "SansKhmer": "1780-17FF,19E0-19FF",
    "SansMongolian": "1800-18AF",
    "SansLimbu": "1900-194F",
    "SansTaiLe": "1950-197F",
    "SansNewTaiLue": "1980-19DF",
    "SansBuginese": "1A00-1A1F",
    "SansTaiTham": "1A20-1AAF",
    "SansBalinese": "1B00-1B7F",
    "SansSundanese": "1B80-1BBF,1CC0-1CCF",
    "SansBatak": "1BC0-1BFF",
    "SansLepcha": "1C00-1C4F",
    "SansOlChiki": "1C50-1C7F",
    "SansCoptic": "2C80-2CFF",
    "SansTifinagh": "2D30-2D7F",
    "SansYi": "A000-A4CF",
    "SansLisu": "A4D0-A4FF",
    "SansVai": "A500-A63F",
    "SansBamum": "A6A0-A6FF",
    "SansSylotiNagri": "A800-A82F",
    "SansSaurashtra": "A880-A8DF",
    "SansKayahLi": "A900-A92F",
    "SansRejang": "A930-A95F",
    "SansJavanese": "A980-A9DF",
    "SansCham": "AA00-AA5F",
    "SansTaiViet": "AA80-AADF",
    "SansMeeteiMayek": "AAE0-AAFF,ABC0-ABFF",
    "SansOsage": "104B0-104FF",
    "SansHanifiRohingya": "10D00-10D3F",
    "SansSoraSompeng": "110D0-110FF",
    "SansChakma": "11100-1114F",
    "SansTirhuta": "11480-114DF",
    "SansWarangCiti": "118A0-118FF",
    "SansMasaramGondi": "11D00-11D5F",
    "SansGunjalaGondi": "11D60-11DAF",
    "SansPahawhHmong": "16B00-16B8F",
    "SansMiao": "16F00-16F9F",
    "SansMendeKikakui": "1E800-1E8DF",
    "SansAdlam": "1E900-1E95F",
    "SansWancho": "1E2C0-1E2FF",
}
"""Noto's fonts by the end of their names, and the code points that each is asked for."""

NAME = re.compile(r"(\w+)\.woff2")
FACE = (
    '@font-face{{font-family:"{family}";src:url("{name}.woff2")format("woff2");'
    "font-display:swap;unicode-range:{ranges}}}\n"
)
NOTHING = "There is no such font."


class Letters:
    """The fonts of a folder; each is subset when it is asked for, and then held (2 MB at most)."""

    def __init__(self, folder: Path = FOLDER):
        self._folder, self._made, self._lock = folder, dict[str, bytes](), Lock()

    def there(self) -> list[str]:
        """Return the names of the fonts that are installed."""
        return [name for name in SCRIPTS if self._source(name).is_file()]

    def sheet(self) -> str:
        """Return the style sheet that names them, each with the code points that it is for."""
        return "".join(FACE.format(family=FAMILY, name=name, ranges=_css(name)) for name in self.there())

    def font(self, name: str) -> bytes | None:
        """Return a font with nothing but its own script, as WOFF2; None where it is not installed."""
        if name not in SCRIPTS or not self._source(name).is_file():
            return None
        with self._lock:
            if name not in self._made:
                self._made[name] = _subset(self._source(name), SCRIPTS[name])
            return self._made[name]

    async def respond(self, request: Request) -> Response:
        """Answer a request for the sheet, or for a font."""
        asked = str(request.path_params["name"])
        headers = {"Cache-Control": "public, max-age=86400"}
        if asked == SHEET:
            return Response(self.sheet(), media_type="text/css", headers=headers)
        match = NAME.fullmatch(asked)
        font = await to_thread.run_sync(self.font, match[1]) if match else None
        if font is None:
            return PlainTextResponse(NOTHING, 404)
        return Response(font, media_type="font/woff2", headers=headers)

    def _source(self, name: str) -> Path:
        return self._folder / f"Noto{name}-Regular.ttf"


def head(letters: Letters) -> str:
    """Return what the page's head has for the fonts; nothing where none is installed."""
    return f'<link rel="stylesheet" href="{FONTS}/{SHEET}">' if letters.there() else ""


def code_points(ranges: str) -> list[int]:
    """Return the code points of ranges such as "13A0-13FF,AB70-ABBF"."""
    ends = [[int(end, 16) for end in part.split("-")] for part in ranges.split(",")]
    return [point for first, last in ends for point in range(first, last + 1)]


def _css(name: str) -> str:
    return ",".join(f"U+{part}" for part in SCRIPTS[name].split(","))


def _subset(source: Path, ranges: str) -> bytes:
    """Return a font with these code points and what joins them."""
    from fontTools.subset import Options, Subsetter, load_font, save_font

    options, made = Options(flavor="woff2", layout_features=["*"], notdef_outline=True), io.BytesIO()
    with load_font(str(source), options) as font:
        subsetter = Subsetter(options)
        subsetter.populate(unicodes=[*code_points(ranges), *code_points(JOINERS)])
        subsetter.subset(font)
        save_font(font, made, options)
    return made.getvalue()
