"""What an office document says about itself before it is converted, and how that crosses the border of the jail."""

from dataclasses import asdict, dataclass

from sandbox.protocol import ProtocolError

_MOST = 2_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Sheet:
    """A sheet of a workbook. `print_area` is a range as the workbook writes it ("A1:C20,E1:E5"), empty for everything."""

    name: str
    hidden: bool = False
    print_area: str = ""
    rows: int = 0
    columns: int = 0
    width: int = 0
    height: int = 0
    """Of the paper in 1/100 mm as it runs, 0 where the sheet does not say."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """A part of a text, or all slides, with one page set-up; lengths in 1/100 mm, 0 where it is not said."""

    width: int
    height: int
    top: int = 0
    right: int = 0
    bottom: int = 0
    left: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Inspection:
    """Counts are of what stands in the file, whether it would be printed or not."""

    sheets: tuple[Sheet, ...] = ()
    sections: tuple[Section, ...] = ()
    slides: int = 0
    hidden_slides: int = 0
    comments: int = 0
    tracked_changes: int = 0
    external_links: int = 0
    macros: bool = False


def inspection_to_wire(found: Inspection) -> dict[str, object]:
    return asdict(found)


def inspection_from_wire(value: object) -> Inspection | None:
    """Parse what an untrusted worker found. ProtocolError for any field out of place."""
    if value is None:
        return None
    if not isinstance(value, dict):
        raise ProtocolError("the worker's inspection is out of shape at offset 0")
    return Inspection(
        sheets=tuple(_sheet(item) for item in _records(value.get("sheets"))),
        sections=tuple(_section(item) for item in _records(value.get("sections"))),
        slides=_count(value.get("slides")),
        hidden_slides=_count(value.get("hidden_slides")),
        comments=_count(value.get("comments")),
        tracked_changes=_count(value.get("tracked_changes")),
        external_links=_count(value.get("external_links")),
        macros=value.get("macros") is True,
    )


def _sheet(value: dict[str, object]) -> Sheet:
    return Sheet(
        name=_text(value.get("name"), 100),
        hidden=value.get("hidden") is True,
        print_area=_text(value.get("print_area"), 300),
        rows=_count(value.get("rows")),
        columns=_count(value.get("columns")),
        width=_count(value.get("width")),
        height=_count(value.get("height")),
    )


def _section(value: dict[str, object]) -> Section:
    names = ("width", "height", "top", "right", "bottom", "left")
    return Section(**{name: _count(value.get(name)) for name in names})


def _records(value: object) -> list[dict[str, object]]:
    if not isinstance(value, list | tuple) or len(value) > _MOST or not all(isinstance(item, dict) for item in value):
        raise ProtocolError("a list of the worker's inspection is out of shape at offset 0")
    return list(value)


def _count(value: object) -> int:
    if not isinstance(value, int) or not 0 <= value < 2**31:
        raise ProtocolError("a number of the worker's inspection is out of range at offset 0")
    return int(value)


def _text(value: object, length: int) -> str:
    if not isinstance(value, str):
        raise ProtocolError("a text of the worker's inspection is out of shape at offset 0")
    return "".join(character if character.isprintable() else " " for character in value[:length])
