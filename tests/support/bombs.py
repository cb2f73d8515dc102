"""Files that ask for far more work or memory than their size says, each built anew."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
from pathlib import Path

HEAD = b'<?xml version="1.0" encoding="UTF-8"?>\n'
SHEETS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
WORKBOOK = {
    "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types">'
    f'<Override PartName="/xl/workbook.xml" ContentType="{KIND}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{KIND}.worksheet+xml"/>'
    f'<Override PartName="/xl/sharedStrings.xml" ContentType="{KIND}.sharedStrings+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" '
    f'Type="{RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{SHEETS}" xmlns:r="{RELATIONS}"><sheets>'
    '<sheet name="a" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" '
    f'Type="{RELATIONS}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
}


def eaf(path: Path, body: str) -> Path:
    """An ELAN file of a body, which names the recording a.wav."""
    media = '<HEADER><MEDIA_DESCRIPTOR MEDIA_URL="a.wav"/></HEADER>'
    path.write_bytes(HEAD + f"<ANNOTATION_DOCUMENT>{media}{body}</ANNOTATION_DOCUMENT>".encode())
    return path


def aligned(name: str, text: str = "x") -> str:
    """An annotation from 1 s to 2 s."""
    value = f"<ANNOTATION_VALUE>{text}</ANNOTATION_VALUE>" if text else "<ANNOTATION_VALUE/>"
    return (
        f'<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="{name}" TIME_SLOT_REF1="s1" TIME_SLOT_REF2="s2">'
        f"{value}</ALIGNABLE_ANNOTATION></ANNOTATION>"
    )


def referring(name: str, to: str) -> str:
    """An annotation that has the times of another one."""
    return (
        f'<ANNOTATION><REF_ANNOTATION ANNOTATION_ID="{name}" ANNOTATION_REF="{to}">'
        f"<ANNOTATION_VALUE>{name}</ANNOTATION_VALUE></REF_ANNOTATION></ANNOTATION>"
    )


SLOTS = (
    '<TIME_ORDER><TIME_SLOT TIME_SLOT_ID="s1" TIME_VALUE="1000"/>'
    '<TIME_SLOT TIME_SLOT_ID="s2" TIME_VALUE="2000"/></TIME_ORDER>'
)


def tier(name: str, annotations: Iterable[str]) -> str:
    """A tier."""
    return f'<TIER TIER_ID="{name}">{"".join(annotations)}</TIER>'


def chain(path: Path, links: int, circle: bool = False) -> Path:
    """Annotations each of which refers to the next; the last one is aligned, or refers to the first."""
    last = referring(f"a{links}", "a0") if circle else aligned(f"a{links}")
    inner = [*(referring(f"a{i}", f"a{i + 1}") for i in range(links)), last]
    return eaf(path, SLOTS + tier("t", inner))


def namesakes(path: Path, count: int) -> Path:
    """Annotations that all begin at the same time, so that the clips would have one name."""
    return eaf(path, SLOTS + tier("t", (aligned(f"a{i}") for i in range(count))))


def nested_tiers(path: Path, depth: int) -> Path:
    """Tiers inside of tiers."""
    return eaf(path, SLOTS + '<TIER TIER_ID="t">' * depth + aligned("a") + "</TIER>" * depth)


def many_tiers(path: Path, tiers: int, empty: int) -> Path:
    """Tiers of annotations without a text."""
    inner = [aligned(f"a{i}", "") for i in range(empty)]
    return eaf(path, SLOTS + "".join(tier(f"t{i}", inner) for i in range(tiers)))


def unclosed(path: Path, lines: int) -> Path:
    """A csv in which every line opens a quoted cell that never closes, whatever stood before it."""
    path.write_text("file,text\n" + 'a",",c\n' * lines, encoding="utf-8")
    return path


def shut_at_once(path: Path, lines: int) -> Path:
    """A csv in which every line is wrong at its own first quotation mark."""
    path.write_text("file,text\n" + 'a,"b"c\n' * lines, encoding="utf-8")
    return path


def workbook(path: Path, rows: str, strings: str = "", repeats: int = 1) -> Path:
    """A workbook of rows and shared strings as xml; the strings stand there several times."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in WORKBOOK.items():
            archive.writestr(name, HEAD + text.encode())
        sheet = f'<worksheet xmlns="{SHEETS}"><sheetData>{rows}</sheetData></worksheet>'
        archive.writestr("xl/worksheets/sheet1.xml", HEAD + sheet.encode())
        with archive.open("xl/sharedStrings.xml", "w") as part:
            part.write(HEAD + f'<sst xmlns="{SHEETS}">'.encode())
            for _ in range(repeats):
                part.write(strings.encode())
            part.write(b"</sst>")
    return path


def inline(place: str, text: str) -> str:
    """A cell with its text in it."""
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


TITLES = f'<row r="1">{inline("A1", "file")}{inline("B1", "text")}</row>'


def far_cells(path: Path, rows: int) -> Path:
    """A workbook with a cell in the last column of every row."""
    cells = (f'<row r="{n}">{inline(f"A{n}", "a.wav")}{inline(f"XFD{n}", "x")}</row>' for n in range(2, rows))
    return workbook(path, TITLES + "".join(cells))


def many_strings(path: Path, thousands: int) -> Path:
    """A workbook with so many thousands of shared strings, which no cell names."""
    return workbook(path, TITLES, "<si><t>a</t></si>" * 1000, thousands)


def repeated_string(path: Path, rows: int, length: int) -> Path:
    """A workbook whose rows all name one long string."""
    cells = (
        f'<row r="{n}">{inline(f"A{n}", f"{n}.wav")}<c r="B{n}" t="s"><v>0</v></c></row>'
        for n in range(2, rows)
    )
    return workbook(path, TITLES + "".join(cells), f"<si><t>{'a b ' * (length // 4)}</t></si>")


def zipped(path: Path, files: Iterable[tuple[str, bytes]]) -> Path:
    """A zip of these files."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return path


def overlapping(path: Path, entries: int, size: int) -> Path:
    """A zip whose entries all have the bytes of the first one."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("0.wav", bytes(size))
        first = archive.infolist()[0]
        for number in range(1, entries):
            entry = zipfile.ZipInfo(f"{number}.wav")
            for field in ("compress_type", "CRC", "compress_size", "file_size", "header_offset"):
                setattr(entry, field, getattr(first, field))
            archive.filelist.append(entry)
    path.write_bytes(out.getvalue())
    return path


def textgrid(path: Path, tiers: str, intervals: str, text: str = "") -> Path:
    """A short TextGrid that declares so many tiers and intervals."""
    head = f'"ooTextFile"\n"TextGrid"\n0\n10\n<exists>\n{tiers}\n"IntervalTier"\n"t"\n0\n10\n{intervals}\n'
    path.write_text(head + text, encoding="utf-8")
    return path
