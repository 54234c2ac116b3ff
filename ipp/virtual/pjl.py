"""The head of a RAW job: Printer Job Language lines (HP PJL reference) before the document itself."""

from dataclasses import dataclass, field

UEL = b"\x1b%-12345X"
_LONGEST_HEAD = 16 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class PjlHead:
    """What the lines said; `asked` has every SET in it, `length` octets come before the document."""

    name: str = ""
    user: str = ""
    language: str = ""
    copies: int = 1
    duplex: bool = False
    asked: dict[str, object] = field(default_factory=dict)
    length: int = 0


def needs_more(data: bytes) -> bool:
    """Whether the head may go on after `data`."""
    if len(data) >= _LONGEST_HEAD:
        return False
    if len(data) < len(UEL):
        return UEL.startswith(data)
    enter = data.upper().rfind(b"ENTER")
    return data.startswith(UEL) and (enter < 0 or b"\n" not in data[enter:])


def parse_head(data: bytes) -> PjlHead:
    """Read the PJL lines at the start of `data`; data without any is all document."""
    if not data.startswith(UEL):
        return PjlHead()
    position, settings, name = len(UEL), {}, ""
    while data[position : position + 4].upper() == b"@PJL":
        end = data.find(b"\n", position)
        end = len(data) if end < 0 else end + 1
        words = data[position:end].decode("utf-8", "replace").strip()[4:].strip()
        position = end
        verb, _, rest = words.partition(" ")
        key, _, value = rest.partition("=")
        if verb.upper() == "JOB" and key.strip().upper() == "NAME":
            name = value.strip().strip('"')
        elif verb.upper() == "SET":
            settings[key.strip().upper()] = value.strip().strip('"')
        elif verb.upper() == "ENTER":
            return _head(name, settings, value.strip(), position)
    return _head(name, settings, "", position)


def _head(name: str, settings: dict[str, str], language: str, length: int) -> PjlHead:
    copies = settings.get("COPIES") or settings.get("QTY") or "1"
    return PjlHead(
        name=name,
        user=settings.get("USERNAME", ""),
        language=language,
        copies=int(copies) if copies.isascii() and copies.isdigit() else 1,
        duplex=settings.get("DUPLEX", "").upper() == "ON",
        asked=dict(settings),
        length=length,
    )
