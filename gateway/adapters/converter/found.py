"""What the sandbox found in a document becomes our own facts and sentences for its sender."""

from collections.abc import Iterator

from gateway.domain.conversion import AS_AUTHORED, ConversionChoice
from gateway.domain.document import Asks, Coverage, DocumentFacts, Inspection, PageFacts, Sheet
from sandbox import inspection, model

# Constants, because a page finds a sentence's translation by them.
REMOVED = "Removed for safety: {words}."
REPAIRED = "The file was damaged and has been repaired: check the pages."
HIDDEN_SHEET = "This sheet is hidden and is not printed: {names}."
HIDDEN_SHEETS = "These sheets are hidden and are not printed: {names}."
HIDDEN_SLIDE = "One slide is hidden and not printed."
HIDDEN_SLIDES = "{count} slides are hidden and not printed."
COMMENT = "One comment is not printed."
COMMENTS = "{count} comments are not printed."
CHANGES = "Tracked changes are printed as if they had been accepted."
_NAMED = 5


def document_facts(facts: model.Facts, choice: ConversionChoice = AS_AUTHORED) -> DocumentFacts:
    """`choice` is the one under which the pages were made: notes say what it leaves out."""
    found = _inspection(facts.inspection)
    return DocumentFacts(
        format=facts.format,
        pages=tuple(_page(page) for page in facts.pages),
        notes=tuple(_notes(facts, found, choice)),
        fonts=facts.fonts,
        missing_fonts=facts.missing_fonts,
        inspection=found,
        asks=_asks(facts.asks),
    )


def _notes(facts: model.Facts, found: Inspection | None, choice: ConversionChoice) -> Iterator[str]:
    # A PDF that was made here of something else holds only what its making put in: nobody needs to know.
    if facts.removed and facts.format == model.PDF:
        yield REMOVED.format(words=", ".join(facts.removed))
    if facts.repaired:
        yield REPAIRED
    yield from facts.notes
    if found is not None:
        yield from _left_out(found, choice)


def _left_out(found: Inspection, choice: ConversionChoice) -> Iterator[str]:
    hidden = [
        sheet.name for number, sheet in enumerate(found.sheets, 1) if sheet.hidden and number not in choice.sheets
    ]
    if hidden:
        names = ", ".join([*hidden[:_NAMED], *(["..."] if len(hidden) > _NAMED else [])])
        yield (HIDDEN_SHEET if len(hidden) == 1 else HIDDEN_SHEETS).format(names=names)
    if found.hidden_slides:
        yield HIDDEN_SLIDE if found.hidden_slides == 1 else HIDDEN_SLIDES.format(count=found.hidden_slides)
    # Comments on slides cannot be printed, so nobody is asked.
    if found.comments and not found.slides and not choice.comments:
        yield COMMENT if found.comments == 1 else COMMENTS.format(count=found.comments)
    if found.tracked_changes and not choice.changes:
        yield CHANGES


def _page(page: model.PageFacts) -> PageFacts:
    ink = page.coverage
    return PageFacts(
        width=page.width,
        height=page.height,
        color=page.color,
        coverage=None
        if ink is None
        else Coverage(cyan=ink.cyan, magenta=ink.magenta, yellow=ink.yellow, black=ink.black),
    )


def _asks(found: model.Asks) -> Asks:
    return Asks(
        copies=found.copies or None,
        sides=found.sides or None,
        print_color_mode="monochrome" if found.gray else None,
    )


def _inspection(found: inspection.Inspection | None) -> Inspection | None:
    if found is None:
        return None
    return Inspection(
        sheets=tuple(Sheet(name=s.name, hidden=s.hidden, print_area=s.print_area) for s in found.sheets),
        slides=found.slides,
        hidden_slides=found.hidden_slides,
        comments=found.comments,
        tracked_changes=found.tracked_changes,
        external_links=found.external_links,
        macros=found.macros,
    )
