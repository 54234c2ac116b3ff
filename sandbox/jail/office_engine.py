"""LibreOffice as a child process, driven over a local pipe: load one document, look after it, store it as PDF.

`uno` is Debian's binding for the system's interpreter and has no types, hence the many Any. Nothing of it is imported
before LibreOffice runs: its start takes longer, and both go on at once.
"""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from sandbox.errors import Broken, Crashed, Encrypted, FormatUnsupported
from sandbox.jail.office_filters import Reader
from sandbox.jail.office_options import Sheet
from sandbox.jail.office_profile import write_profile

PIPE = "papertap"
_START_SECONDS = 60.0
_POLL_SECONDS = 0.01

_OLD_WORD = "MS Word 97"
_NEVER_EXECUTE = 0  # com.sun.star.document.MacroExecMode.NEVER_EXECUTE
_NO_UPDATE = 0  # com.sun.star.document.UpdateDocMode.NO_UPDATE
_ARGUMENTS = (
    *("--headless", "--invisible", "--norestore", "--nologo", "--nodefault", "--nolockcheck"),
    f"--accept=pipe,name={PIPE};urp;",
)

# What paper has no use for takes half of the time: tags, bookmarks, form fields.
_PDF_OPTIONS: dict[str, object] = {
    "UseTaggedPDF": False,
    "ExportBookmarks": False,
    "ExportFormFields": False,
    "ExportNotes": False,
    "ExportHiddenSlides": False,
    "ReduceImageResolution": False,
    "Quality": 92,
    "EmbedStandardFonts": True,
}


class Engine:
    """A running LibreOffice in `folder`, which is the jail's own and empty."""

    def __init__(self, program: Path, folder: Path) -> None:
        self.folder = folder
        profile = folder / "profile"
        write_profile(profile, program)
        self._process = subprocess.Popen(  # noqa: S603 - fixed program and arguments
            [str(program / "soffice.bin"), *_ARGUMENTS, f"-env:UserInstallation={profile.as_uri()}"],
            stdin=subprocess.DEVNULL,
            # Its words go where ours go; standard output belongs to the frames.
            stdout=2,
            stderr=2,
            cwd=folder,
        )
        import uno  # type: ignore[import-not-found]  # noqa: PLC0415 - see above; only the system's interpreter has it

        from sandbox.jail.office_watch import Watch  # noqa: PLC0415 - it derives from uno's classes

        self._uno = uno
        self._watch_class = Watch
        self._desktop = self._connected()

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def _connected(self) -> Any:
        local = self._uno.getComponentContext()
        resolver = local.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", local)
        deadline = monotonic() + _START_SECONDS
        while True:
            try:
                context = resolver.resolve(f"uno:pipe,name={PIPE};urp;StarOffice.ComponentContext")
                return context.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", context)
            except Exception as error:  # uno's classes are made at run time
                if not self.alive or monotonic() > deadline:
                    raise Crashed(f"LibreOffice did not start (status {self._process.returncode}): {error}") from error
            sleep(_POLL_SECONDS)

    def create(self, factory: str) -> Any:
        """A new, empty document: `swriter`, `scalc` or `simpress`."""
        return self._desktop.loadComponentFromURL(f"private:factory/{factory}", "_blank", 0, self._values(Hidden=True))

    @contextlib.contextmanager
    def opened(self, path: Path, reader: Reader, password: str = "", *, read_only: bool = True) -> Iterator[Any]:
        """The document, loaded without running, updating or asking anything. Broken, Encrypted or Crashed.

        Not `read_only` means that hidden sheets can be shown; nothing is ever written back either way.
        """
        watch = self._watch_class()
        values: dict[str, object] = {
            "Hidden": True,
            "ReadOnly": read_only,
            "MacroExecutionMode": _NEVER_EXECUTE,
            "UpdateDocMode": _NO_UPDATE,
            "InteractionHandler": watch,
        }
        if reader.name:
            values["FilterName"] = reader.name
        if reader.options:
            values["FilterOptions"] = reader.options
        if password:
            values["Password"] = password
        document = self._loaded(path, values, watch)
        try:
            yield document
        finally:
            self._closed(document)

    def _loaded(self, path: Path, values: dict[str, object], watch: Any) -> Any:
        try:
            document = self._desktop.loadComponentFromURL(path.as_uri(), "_blank", 0, self._values(**values))
        except Exception as error:
            self._require_life(error)
            self._require_password(watch, values, error)
            raise Broken(f"LibreOffice: {_text(error)}") from error
        if document is None:
            self._require_password(watch, values, None)
            raise Broken("LibreOffice could not read it")
        return document

    def _require_password(self, watch: Any, values: dict[str, object], cause: Exception | None) -> None:
        # The reader of old Word documents asks for a missing password but not again after a wrong one.
        silent = "Password" in values and values.get("FilterName") == _OLD_WORD
        if watch.password_wanted or silent:
            detail = "the password is wrong" if "Password" in values else "a password is needed"
            raise Encrypted(detail) from cause

    def _require_life(self, error: Exception) -> None:
        if not self.alive or type(error).__name__ in {"DisposedException", "RuntimeException"}:
            # It is told a moment before the process has ended.
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=0.5)
            if not self.alive:
                raise Crashed(f"LibreOffice ended with status {self._process.returncode}") from error

    def _closed(self, document: Any) -> None:
        try:
            document.close(True)
        except Exception as error:
            self._require_life(error)
            raise Crashed(f"LibreOffice does not let go: {_text(error)}") from error

    def export(self, document: Any, target: Path) -> None:
        """Store as PDF. Broken when no PDF comes out: the call returns well after a write that failed, too."""
        data = self._uno.Any("[]com.sun.star.beans.PropertyValue", self._values(**_PDF_OPTIONS))
        values = self._values(FilterName=_pdf_filter(document), FilterData=data)
        try:
            document.storeToURL(target.as_uri(), values)
        except Exception as error:
            self._require_life(error)
            self._require_room()
            raise Broken(f"LibreOffice made no PDF: {_text(error)}") from error
        self._require_room()
        with contextlib.suppress(OSError), target.open("rb") as file:
            if file.read(5) == b"%PDF-":
                return
        raise Broken("LibreOffice made no PDF")

    def _require_room(self) -> None:
        room = os.statvfs(self.folder)
        if room.f_bavail == 0:
            raise OSError(28, "the jail's memory file system is full")

    def store(self, document: Any, target: Path, name: str) -> None:
        """Store with another filter of LibreOffice's, for the warm-up."""
        document.storeToURL(target.as_uri(), self._values(FilterName=name))

    def page_count(self, document: Any) -> int:
        """How many pages there will be; 0 where counting them costs as much as making them."""
        if document.supportsService("com.sun.star.text.GenericTextDocument"):
            return int(document.CurrentController.PageCount)
        if _is_presentation(document):
            return int(document.DrawPages.Count)
        return 0

    def address(self, sheet: Any, area: str) -> Any:
        """The cells of an area as "A1:D20" names them. FormatUnsupported for one that the sheet does not have."""
        try:
            return sheet.getCellRangeByName(area).getRangeAddress()
        except Exception as error:
            raise FormatUnsupported(f"the sheet has no area {area}") from error

    def sheets(self, document: Any) -> list[Sheet]:
        if not document.supportsService("com.sun.star.sheet.SpreadsheetDocument"):
            return []
        styles = document.StyleFamilies.getByName("PageStyles")
        found = [document.Sheets.getByIndex(index) for index in range(document.Sheets.Count)]
        return [Sheet(sheet=sheet, style=styles.getByName(sheet.PageStyle)) for sheet in found]

    def _values(self, **values: object) -> tuple[Any, ...]:
        made = []
        for name, value in values.items():
            one = self._uno.createUnoStruct("com.sun.star.beans.PropertyValue")
            one.Name, one.Value = name, value
            made.append(one)
        return tuple(made)


def _pdf_filter(document: Any) -> str:
    for service, name in (
        ("com.sun.star.text.WebDocument", "writer_web_pdf_Export"),
        ("com.sun.star.text.GlobalDocument", "writer_globaldocument_pdf_Export"),
        ("com.sun.star.text.GenericTextDocument", "writer_pdf_Export"),
        ("com.sun.star.sheet.SpreadsheetDocument", "calc_pdf_Export"),
        ("com.sun.star.presentation.PresentationDocument", "impress_pdf_Export"),
        ("com.sun.star.drawing.DrawingDocument", "draw_pdf_Export"),
    ):
        if document.supportsService(service):
            return name
    raise FormatUnsupported("no text, spreadsheet, presentation or drawing")


def _is_presentation(document: Any) -> bool:
    return any(
        document.supportsService(f"com.sun.star.{name}")
        for name in ("presentation.PresentationDocument", "drawing.DrawingDocument")
    )


def _text(error: Exception) -> str:
    return f"{type(error).__name__}: {getattr(error, 'Message', '') or error}"
