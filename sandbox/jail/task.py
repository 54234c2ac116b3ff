"""One request as the in-jail code sees it: what is asked, what is allowed, and a line back for progress."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox.errors import TooLarge
from sandbox.jail.incoming import Incoming
from sandbox.model import Thumbnails
from sandbox.recipe import Recipe, recipe_from_wire


def _nobody(count: int) -> None:
    """No watchdog to tell."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    operation: str
    folder: Path
    documents: int = 1
    declared: str = ""
    password: str = ""
    max_pages: int = 2000
    max_pixels: int = 100_000_000
    max_impressions: int = 50_000
    max_output_bytes: int = 2**31
    max_stored_bytes: int = 2**28
    recipe: Recipe = field(default_factory=Recipe)
    thumbnails: Thumbnails = field(default_factory=lambda: Thumbnails(count=0))
    sides: tuple[int, ...] = ()
    option_line: str = ""
    """A regular expression: which line at the top of a mail says how it is printed; "" looks for none."""
    raw: bool = False
    """Whether a document in a printer's language may go on as it is."""
    report: Callable[[int], None] = _nobody
    office: Callable[[str, Path], Incoming] | None = None
    """Has the office worker make a PDF of a file of that media type; None where there is no LibreOffice."""

    def pages(self, count: int) -> None:
        """Tell the watchdog how many pages there are. TooLarge when that is more than is allowed."""
        if count > self.max_pages:
            raise TooLarge(f"{count} pages", limit="pages", allowed=self.max_pages)
        self.report(count)


def task_from_wire(
    request: dict[str, Any],
    folder: Path,
    report: Callable[[int], None],
    office: Callable[[str, Path], Incoming] | None = None,
) -> Task:
    """Build the task of a request. KeyError, TypeError or ValueError for one that the gateway never makes."""
    recipe = request.get("recipe")
    return Task(
        operation=request["operation"],
        folder=folder,
        documents=request.get("documents", 1),
        declared=request["declared"],
        password=request["password"],
        max_pages=request["max_pages"],
        max_pixels=request["max_pixels"],
        max_impressions=request["max_impressions"],
        max_output_bytes=request["max_output_bytes"],
        max_stored_bytes=request["max_stored_bytes"],
        recipe=recipe_from_wire(recipe) if recipe else Recipe(),
        thumbnails=Thumbnails(**request["thumbnails"]),
        sides=tuple(request.get("sides") or ()),
        option_line=str(request.get("option_line", "")),
        raw=request.get("raw", False) is True,
        report=report,
        office=office if request.get("office", False) is True else None,
    )
