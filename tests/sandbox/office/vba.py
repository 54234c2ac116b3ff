"""Writes a Visual Basic project (MS-OVBA) into Office documents: what `vbaProject.bin` is in real ones."""

import struct

from sandbox import kinds
from tests.sandbox.formats.compound import compound_file
from tests.sandbox.office import documents as d

_CHUNK = 4096
_PAGE = "windows-1252"


def project(modules: dict[str, str]) -> bytes:
    """A project of document modules by name (ThisDocument, ThisWorkbook, Sheet1) with their source."""
    listed = "".join(f"Document={name}/&H00000000\r\n" for name in modules)
    text = (
        'ID="{00000000-0000-0000-0000-000000000000}"\r\n'
        f'{listed}Name="Project"\r\nHelpContextID="0"\r\nVersionCompatible32="393222000"\r\n'
        "\r\n[Host Extender Info]\r\n&H00000001={3832D640-CF90-11CF-8E43-00A0C911005A};VBE;&H00000000\r\n"
    )
    streams = {
        # What follows the project's words is ignored, and a short stream is filled up.
        "PROJECT": text.encode(_PAGE) + b"\r\n" * _CHUNK,
        "VBA/_VBA_PROJECT": struct.pack("<HHBH", 0x61CC, 0xFFFF, 0, 0),
        "VBA/dir": _container(_directory(list(modules))),
    }
    streams |= {f"VBA/{name}": _container(_source(name, code).encode(_PAGE)) for name, code in modules.items()}
    return compound_file(streams)


def _source(name: str, code: str) -> str:
    attributes = (
        f'Attribute VB_Name = "{name}"\r\nAttribute VB_Base = "1Normal.{name}"\r\n'
        "Attribute VB_GlobalNameSpace = False\r\nAttribute VB_Creatable = False\r\n"
        "Attribute VB_PredeclaredId = True\r\nAttribute VB_Exposed = True\r\n"
    )
    return attributes + code.replace("\n", "\r\n")


def _directory(names: list[str]) -> bytes:
    """MS-OVBA section 2.3.4.2, in the order that it asks for."""
    records = [
        (0x0001, struct.pack("<I", 1)),
        (0x0002, struct.pack("<I", 0x0409)),
        (0x0014, struct.pack("<I", 0x0409)),
        (0x0003, struct.pack("<H", 1252)),
        (0x0004, b"Project"),
        (0x0005, b""),
        (0x0040, b""),
        (0x0006, b""),
        (0x003D, b""),
        (0x0007, struct.pack("<I", 0)),
        (0x0008, struct.pack("<I", 0)),
    ]
    made = b"".join(_record(*each) for each in records)
    # The version is longer than its size says.
    made += struct.pack("<HIIH", 0x0009, 4, 1, 1) + _record(0x000C, b"") + _record(0x003C, b"")
    made += _record(0x000F, struct.pack("<H", len(names))) + _record(0x0013, struct.pack("<H", 0xFFFF))
    for name in names:
        short, wide = name.encode(_PAGE), name.encode("utf-16-le")
        for kind, data in (
            (0x0019, short),
            (0x0047, wide),
            (0x001A, short),
            (0x0032, wide),
            (0x001C, b""),
            (0x0048, b""),
            (0x0031, struct.pack("<I", 0)),
            (0x001E, struct.pack("<I", 0)),
            (0x002C, struct.pack("<H", 0xFFFF)),
            (0x0022, b""),
            (0x002B, b""),
        ):
            made += _record(kind, data)
    return made + _record(0x0010, b"")


def _record(kind: int, data: bytes) -> bytes:
    return struct.pack("<HI", kind, len(data)) + data


def _container(data: bytes) -> bytes:
    """MS-OVBA section 2.4.1: a container of chunks as they are, each 4,096 octets, the last one filled with line feeds."""
    filled = data + b"\n" * (-len(data) % _CHUNK)
    chunks = (filled[start : start + _CHUNK] for start in range(0, len(filled), _CHUNK))
    return b"\x01" + b"".join(struct.pack("<H", 0x3000 | (_CHUNK - 1)) + chunk for chunk in chunks)


_VBA_TYPE = "application/vnd.ms-office.vbaProject"
_VBA_RELATION = "http://schemas.microsoft.com/office/2006/relationships/vbaProject"


def with_project(document: bytes, main: str, made: bytes) -> bytes:
    """The package with the project beside its `main` part, and said to be one with macros."""
    folder, _, name = main.rpartition("/")
    relations = f"{folder}/_rels/{name}.rels"
    types = d.part(document, "[Content_Types].xml")
    for old, new in _MACRO_TYPES.items():
        types = types.replace(f'"{old}"', f'"{new}"')
    types = types.replace(
        "</Types>", f'<Override PartName="/{folder}/vbaProject.bin" ContentType="{_VBA_TYPE}"/></Types>'
    )
    added = f'<Relationship Id="rIdVba" Type="{_VBA_RELATION}" Target="vbaProject.bin"/></Relationships>'
    return d.rezipped(
        document,
        {
            "[Content_Types].xml": types,
            relations: d.part(document, relations).replace("</Relationships>", added),
            f"{folder}/vbaProject.bin": made,
        },
    )


_MACRO_TYPES = {
    f"{d.OOXML}.wordprocessingml.document.main+xml": "application/vnd.ms-word.document.macroEnabled.main+xml",
    f"{d.OOXML}.spreadsheetml.sheet.main+xml": "application/vnd.ms-excel.sheet.macroEnabled.main+xml",
    f"{d.OOXML}.presentationml.presentation.main+xml": "application/vnd.ms-powerpoint.presentation.macroEnabled.main+xml",
}


def harmful(path: str, url: str) -> dict[str, tuple[str, bytes]]:
    """By the format's name, its media type and a document that writes `path` and calls `url` when it is opened."""

    def code(event: str) -> str:
        return (
            f'Private Sub {event}()\nOpen "{path}" For Output As #1\nPrint #1, "ran"\nClose #1\n'
            f'Shell "/usr/bin/curl", 0, "-s {url}"\nEnd Sub\n'
        )

    word = project({"ThisDocument": code("Document_Open")})
    book = project({"ThisWorkbook": code("Workbook_Open"), "Sheet1": ""})
    show = project({"Module1": code("Auto_Open").replace("Private ", "")})
    sheet = d.xlsx_with({"Sheet1": [["with a macro"]]})
    return {
        "docm": (kinds.DOCM, with_project(d.docx_with("with a macro"), "word/document.xml", word)),
        "xlsm": (kinds.XLSM, with_project(sheet, "xl/workbook.xml", book)),
        "pptm": (kinds.PPTM, with_project(d.pptx(1, "with a macro"), "ppt/presentation.xml", show)),
    }
