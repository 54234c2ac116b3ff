"""Looks at office documents without converting them: sheets, page set-up, links, macros, changes, comments, fonts."""

from dataclasses import dataclass
from pathlib import Path

from sandbox import kinds
from sandbox.errors import Broken
from sandbox.inspection import Inspection, Section
from sandbox.jail import compound, package, skim, survey_sheets, survey_text, wanted
from sandbox.jail.parts import attribute, count, local

# Constants, because a page finds a sentence's translation by them.
MACROS = "The document has macros; they are not run."
LINKS = "The workbook refers to other workbooks; the values that were saved last are printed."
_EMU_PER_HUNDREDTH_MM = 360


@dataclass(frozen=True, kw_only=True, slots=True)
class Glance:
    """What is found at once, in any conversion: sentences for the sender, fonts that are named, what can be chosen."""

    notes: tuple[str, ...] = ()
    fonts: tuple[str, ...] = ()
    inspection: Inspection | None = None


def glance(source: Path, kind: str) -> Glance:
    """Look at the parts of a package and at the fonts it uses; at little of other formats. Broken or TooLarge."""
    if kind == kinds.XLS:
        return Glance(inspection=skim.skim(source, None, kind))
    if kind not in kinds.OPEN_XML | kinds.OPEN_DOCUMENT:
        return Glance()
    with package.opened(source) as archive:
        names = archive.namelist()
        notes = []
        if skim.has_macros(names):
            notes.append(MACROS)
        if any("externalLinks/" in name and name.endswith(".xml") for name in names):
            notes.append(LINKS)
        return Glance(
            notes=tuple(notes), fonts=wanted.fonts(archive, kind), inspection=skim.skim(source, archive, kind)
        )


def survey(source: Path, kind: str) -> Inspection:
    """Inspect an office document; empty where its format says nothing without being converted. Broken or TooLarge."""
    if kind in {kinds.DOCX, kinds.DOCM, kinds.DOTX, kinds.DOTM}:
        return survey_text.survey(source)
    if kind in {kinds.XLSX, kinds.XLSM, kinds.XLTX, kinds.XLTM}:
        return survey_sheets.survey(source)
    if kind in {kinds.PPTX, kinds.PPTM, kinds.PPSX, kinds.POTX}:
        return _slides(source)
    if kind in kinds.OPEN_DOCUMENT:
        return survey_text.open_document(source)
    if kind in {kinds.DOC, kinds.XLS, kinds.PPT}:
        with compound.opened(source) as file:
            macros = any(
                name in {"Macros", "_VBA_PROJECT_CUR", "VBA"} for entry in file.listdir(storages=True) for name in entry
            )
        return Inspection(macros=macros)
    return Inspection()


def _slides(source: Path) -> Inspection:
    with package.opened(source) as archive:
        names = archive.namelist()
        root = package.tree(package.read(archive, "ppt/presentation.xml"))
        size = next((element for element in root.iter() if local(element.tag) == "sldSz"), None)
        slides = [name for name in names if name.startswith("ppt/slides/slide") and name.endswith(".xml")]
        hidden = sum(attribute(package.tree(package.read(archive, name)), "show") in {"0", "false"} for name in slides)
        comments = sum(count(package.read(archive, name), {"cm"}) for name in names if name.startswith("ppt/comments/"))
        external = sum(
            package.read(archive, name).count(b'TargetMode="External"')
            for name in names
            if name.startswith("ppt/slides/_rels/")
        )
    sections: tuple[Section, ...] = ()
    if size is not None:
        try:
            width, height = (int(attribute(size, name)) // _EMU_PER_HUNDREDTH_MM for name in ("cx", "cy"))
        except ValueError as error:
            raise Broken("the size of the slides is no number") from error
        sections = (Section(width=max(width, 0), height=max(height, 0)),)
    return Inspection(
        slides=len(slides),
        hidden_slides=hidden,
        comments=comments,
        external_links=external,
        macros=skim.has_macros(names),
        sections=sections,
    )
