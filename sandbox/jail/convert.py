"""One way to PDF for each format: what each one needs, and what must be said about the result."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

from sandbox import kinds
from sandbox.errors import Encrypted, FormatUnsupported
from sandbox.jail import compound, flow, ghost, images, mail, outlook, package, prose, web
from sandbox.jail.mail import Letter
from sandbox.jail.sanitize import Cleaned, clean
from sandbox.jail.task import Task


@dataclass(frozen=True, kw_only=True, slots=True)
class Converted:
    """What was found on the way to the clean PDF; `notes` are sentences for the sender."""

    cleaned: Cleaned
    notes: tuple[str, ...] = ()


def convert(source: Path, target: Path, kind: str, task: Task) -> Converted:
    """Write a clean PDF of a stored document of that kind to `target`. Any kind of refusal."""
    if kind == kinds.PDF:
        return Converted(cleaned=clean(source, target, task))
    if kind in kinds.PICTURES:
        made = images.picture_to_pdf(source, target, kind, task)
        return Converted(cleaned=made_here(made.pages), notes=made.notes)
    if kind in kinds.OFFICE:
        refuse_locked(source, kind, task)
        return Converted(cleaned=_by_office(source, target, kind, task))
    raw = task.folder / "converted.pdf"
    notes = _WAYS[kind](source, raw, task)
    try:
        return Converted(cleaned=clean(raw, target, task), notes=notes)
    finally:
        raw.unlink(missing_ok=True)


def made_here(pages: int) -> Cleaned:
    """The findings about a PDF that was written here from pixels."""
    return Cleaned(pages=pages, encrypted=False, print_permitted=True, repaired=False, removed=())


def refuse_locked(source: Path, kind: str, task: Task) -> None:
    """Encrypted for an office document under a password when none was given."""
    if task.password:
        return
    old = kind in {kinds.DOC, kinds.LOCKED} and compound.is_locked(source)
    if old or (kind in kinds.OPEN_DOCUMENT and package.is_locked(source)):
        raise Encrypted("a password is needed")


def _by_office(source: Path, target: Path, kind: str, task: Task) -> Cleaned:
    if task.office is None:
        if kind == kinds.CSV:
            raw = task.folder / "converted.pdf"
            _text(source, raw, task)
            return clean(raw, target, task)
        raise FormatUnsupported(f"{kinds.LABELS[kind]}, and there is no LibreOffice", limit="office")
    made = task.folder / "office.pdf"
    task.office(kind, source).store(made, task.max_stored_bytes)
    try:
        return clean(made, target, task)
    finally:
        made.unlink()


def _text(source: Path, target: Path, task: Task) -> tuple[str, ...]:
    text = prose.text_of(source).removeprefix("\ufeff")
    _flowing(flow.preformatted(text, task), target, task, office=flow.east_asian(text))
    return ()


def _markdown(source: Path, target: Path, task: Task) -> tuple[str, ...]:
    text = prose.text_of(source).removeprefix("\ufeff")
    # HTML inside of Markdown is shown as it stands; pictures would have to be fetched, so their text is shown.
    markup = MarkdownIt("js-default", {"html": False, "linkify": False}).render(text)
    inside, left_out = web.body(markup)
    _flowing(inside, target, task, office=flow.east_asian(text))
    return _left_out(left_out)


def _page(source: Path, target: Path, task: Task) -> tuple[str, ...]:
    inside, left_out = web.body(prose.text_of(source, markup=True))
    _flowing(inside, target, task, office=True)
    return _left_out(left_out)


def _mail(source: Path, target: Path, task: Task) -> tuple[str, ...]:
    return _letter(mail.letter_of(source), target, task)


def _outlook(source: Path, target: Path, task: Task) -> tuple[str, ...]:
    return _letter(outlook.letter_of(source), target, task)


def _letter(letter: Letter, target: Path, task: Task) -> tuple[str, ...]:
    inside, laid_out = mail.body_of(letter, task)
    _flowing(inside, target, task, office=laid_out or flow.east_asian(inside))
    return mail.notes_of(letter)


def _flowing(inside: str, target: Path, task: Task, *, office: bool) -> None:
    """Lay out the inside of a page: here when it is simple, or when there is no LibreOffice."""
    if task.office is None or not office:
        flow.lay_out(flow.document(inside), target)
        return
    page = task.folder / "page.html"
    page.write_bytes(web.as_html(inside))
    answer = task.office(kinds.HTML, page)
    page.unlink()
    answer.store(target, task.max_stored_bytes)


def _book(source: Path, target: Path, task: Task) -> tuple[str, ...]:
    with package.opened(source) as archive:
        if "META-INF/rights.xml" in archive.namelist():
            raise Encrypted("a book under digital rights management")
    return _fixed("book.epub")(source, target, task)


def _fixed(name: str) -> "Way":
    def way(source: Path, target: Path, task: Task) -> tuple[str, ...]:  # noqa: ARG001 - all ways are called alike
        named = source.rename(source.with_name(name))
        try:
            flow.pages_to_pdf(named, target)
        finally:
            named.rename(source)
        return ()

    return way


def _drawing(source: Path, target: Path, task: Task) -> tuple[str, ...]:  # noqa: ARG001 - all ways are called alike
    flow.drawing_to_pdf(source, target)
    return ()


def _postscript(source: Path, target: Path, task: Task) -> tuple[str, ...]:  # noqa: ARG001 - all ways are called alike
    ghost.to_pdf(source, target)
    return ()


def _left_out(count: int) -> tuple[str, ...]:
    return (mail.left_out(count),) if count else ()


Way = Callable[[Path, Path, Task], tuple[str, ...]]

_WAYS: dict[str, Way] = {
    kinds.POSTSCRIPT: _postscript,
    kinds.SVG: _drawing,
    kinds.XPS: _fixed("pages.xps"),
    kinds.OXPS: _fixed("pages.oxps"),
    kinds.EPUB: _book,
    kinds.TEXT: _text,
    kinds.MARKDOWN: _markdown,
    kinds.HTML: _page,
    kinds.EML: _mail,
    kinds.MSG: _outlook,
}
