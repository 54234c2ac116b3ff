"""Takes small documents of each kind all the way before the first real one comes.

LibreOffice loads its readers, its layout and its PDF writer on first use; that is most of what a cold start costs.
"""

from pathlib import Path
from typing import Any

from sandbox.jail.office_engine import Engine
from sandbox.jail.office_filters import TEXT, Reader, reader

_DOCX, _XLSX, _PPTX = "MS Word 2007 XML", "Calc MS Excel 2007 XML", "Impress MS PowerPoint 2007 XML"
_WORDS = "Ready 123"


def warm_up(engine: Engine) -> None:
    """Convert a text, a spreadsheet, a presentation and a web page."""
    for factory, name in (("swriter", _DOCX), ("scalc", _XLSX), ("simpress", _PPTX)):
        made = engine.create(factory)
        try:
            _write(made, factory)
            engine.store(made, engine.folder / "warm", name)
        finally:
            made.close(True)
        _convert(engine, engine.folder / "warm", Reader(name=name))
    for text, media_type in (
        (f"<html><body><h1>{_WORDS}</h1><table><tr><td>1</td></tr></table></body></html>", "text/html"),
        (_WORDS, TEXT),
    ):
        source = engine.folder / "warm"
        source.write_text(text, encoding="utf-8")
        chosen = reader(media_type, source)
        assert chosen is not None
        _convert(engine, source, chosen)


def _write(document: Any, factory: str) -> None:
    match factory:
        case "swriter":
            document.Text.String = _WORDS
        case "scalc":
            document.Sheets.getByIndex(0).getCellByPosition(0, 0).String = _WORDS


def _convert(engine: Engine, source: Path, reader: Reader) -> None:
    target = engine.folder / "warm.pdf"
    with engine.opened(source, reader) as document:
        engine.page_count(document)
        engine.export(document, target)
    source.unlink()
    target.unlink()
