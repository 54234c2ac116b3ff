"""Which fonts are on the pages, and which of them another one stands in for: what makes lines break in other places."""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pikepdf
from pikepdf import Dictionary, Name, Pdf

_FC_LIST = "/usr/bin/fc-list"
# Constants, because a page finds a sentence's translation by them.
REPLACED = "The font {names} is missing and replaced, so lines may break elsewhere."
ALL_REPLACED = "The fonts {names} are missing and replaced, so lines may break elsewhere."
REPLACED_BY = "The font {names} is missing; {others} is used instead, so lines may break elsewhere."
ALL_REPLACED_BY = "The fonts {names} are missing; {others} are used instead, so lines may break elsewhere."
_MOST = 100
_NAMED = 5
_MAX_OBJECTS = 20_000
_SUBSET = re.compile(r"^[A-Z]{6}\+")
_PLAIN = re.compile(r"[^a-z0-9]")
# The 14 that every reader brings (ISO 32000-1 section 9.6.2.2), and the names that Windows programs give them.
_STANDARD = ("helvetica", "times", "courier", "symbol", "zapfdingbats", "arial", "timesnewroman", "couriernew")
# Fonts of the same widths that are taken for the common office fonts: no line breaks elsewhere, so nothing is missing.
_METRIC = {
    "calibri": "carlito",
    "cambria": "caladea",
    "arial": "liberationsans",
    "helvetica": "liberationsans",
    "timesnewroman": "liberationserif",
    "times": "liberationserif",
    "couriernew": "liberationmono",
    "courier": "liberationmono",
    "arialnarrow": "liberationsansnarrow",
    "georgia": "gelasio",
    "symbol": "opensymbol",
    "wingdings": "opensymbol",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """Names of the fonts on the pages and of those that are missing, both sorted."""

    used: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())


def found(path: Path, wanted: tuple[str, ...] = ()) -> Found:
    """Look at a clean PDF. `wanted` are the fonts that an office document named before it was converted."""
    used: set[str] = set()
    missing: set[str] = set()
    try:
        with Pdf.open(path) as pdf:
            for font in _fonts(pdf):
                name = _SUBSET.sub("", str(font.get(Name.BaseFont, "/unnamed"))[1:])[:80]
                used.add(name)
                if not _embedded(font) and not _key(name).startswith(_STANDARD):
                    missing.add(name)
    except (pikepdf.PdfError, ValueError, TypeError, RuntimeError, AttributeError):
        # Fonts are worth a note, not a document.
        return Found()
    if wanted:
        missing |= _not_installed(wanted)
    shown = sorted(missing)
    notes = (_note(shown, _instead(used, wanted)),) if shown else ()
    return Found(used=tuple(sorted(used)[:_MOST]), missing=tuple(shown[:_MOST]), notes=notes)


def _instead(used: set[str], wanted: tuple[str, ...]) -> list[str]:
    """The families on the pages that nobody asked for: those that stand in for missing ones."""
    asked = {_key(name) for name in wanted}
    asked |= {_METRIC[name] for name in asked & _METRIC.keys()}
    families = sorted({name.partition("-")[0].partition(",")[0] for name in used}) if wanted else []
    return [family for family in families if not _key(family).startswith(tuple(asked))]


def _note(missing: list[str], instead: list[str]) -> str:
    one = len(missing) == 1
    names = ", ".join([*missing[:_NAMED], *(["..."] if len(missing) > _NAMED else [])])
    if instead and len(instead) <= _NAMED:
        return (REPLACED_BY if one else ALL_REPLACED_BY).format(names=names, others=", ".join(instead))
    return (REPLACED if one else ALL_REPLACED).format(names=names)


def _fonts(pdf: Pdf) -> Iterator[pikepdf.Object]:
    """Every font of the pages and of the forms on them, once."""
    seen: set[tuple[int, int]] = set()
    waiting = [page.obj.get(Name.Resources) for page in pdf.pages]
    while waiting and len(seen) < _MAX_OBJECTS:
        resources = waiting.pop()
        if not isinstance(resources, Dictionary):
            continue
        for kind in (Name.Font, Name.XObject):
            entries = resources.get(kind)
            if not isinstance(entries, Dictionary):
                continue
            for item in entries.as_dict().values():
                if item.is_indirect and item.objgen in seen:
                    continue
                seen.add(item.objgen if item.is_indirect else (0, len(seen)))
                if kind == Name.Font and isinstance(item, Dictionary):
                    yield item
                elif isinstance(item, pikepdf.Stream) and item.get(Name.Subtype) == Name.Form:
                    waiting.append(item.get(Name.Resources))


def _embedded(font: pikepdf.Object) -> bool:
    if font.get(Name.Subtype) == Name.Type3:
        return True
    inner = font.get(Name.DescendantFonts)
    if isinstance(inner, pikepdf.Array) and len(inner) > 0:
        font = inner[0]
    descriptor = font.get(Name.FontDescriptor)
    return isinstance(descriptor, Dictionary) and any(
        key in descriptor for key in (Name.FontFile, Name.FontFile2, Name.FontFile3)
    )


def _not_installed(wanted: tuple[str, ...]) -> set[str]:
    """Those that neither are installed nor have one of the same widths here."""
    here = _installed()
    if not here:
        return set()
    return {name for name in wanted if _key(name) not in here and _METRIC.get(_key(name)) not in here}


@cache
def _installed() -> frozenset[str]:
    """Asked for once: no font comes or goes in a jail, and each answer takes a process and some 5 ms."""
    if not Path(_FC_LIST).exists():
        return frozenset()
    done = subprocess.run(  # noqa: S603 - a fixed command
        [_FC_LIST, ":", "family"], stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    names = done.stdout.decode("utf-8", "replace").replace("\n", ",").split(",")
    return frozenset(_key(name) for name in names if name.strip())


def _key(name: str) -> str:
    return _PLAIN.sub("", name.lower())
