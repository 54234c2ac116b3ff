"""Which fonts an office document uses. It is read before every conversion, so by pattern and not by a parser.

A document's own list of fonts names many more: those of styles that nobody uses and of scripts that are not in it.
"""

import re
import zipfile
from html import unescape

from sandbox import kinds
from sandbox.errors import TooLarge
from sandbox.jail import package

_MAX_PART = 16 * 2**20
_MOST = 60

_WORD = re.compile(rb'\bw:(?:ascii|hAnsi)="([^"]{1,80})"')
_DEFAULTS = re.compile(rb"<w:docDefaults>.*?</w:docDefaults>", re.DOTALL)
_LATIN = re.compile(rb'<a:latin typeface="([^"+]{1,80})"')
_CELL = re.compile(rb'<(?:name|rFont) val="([^"]{1,80})"')
_OPEN = re.compile(rb'\bstyle:font-name="([^"]{1,80})"')
_FACE = re.compile(rb'<style:font-face style:name="([^"]{1,80})" svg:font-family="([^"]{1,80})"')
_SLIDE = re.compile(r"ppt/slides/slide\d+\.xml\Z")
_THEME = re.compile(r"(?:word|ppt)/theme/theme1\.xml\Z")


def fonts(archive: zipfile.ZipFile, kind: str) -> tuple[str, ...]:
    """The names, each once, at most 60. Parts that are too large to look through are left alone."""
    if kind in kinds.OPEN_DOCUMENT:
        found = _open_document(archive)
    else:
        found = [*_named(archive, "word/document.xml", _WORD), *_named(archive, "xl/styles.xml", _CELL)]
        found += [name for part in _DEFAULTS.findall(_part(archive, "word/styles.xml")) for name in _WORD.findall(part)]
        for member in archive.namelist():
            if _SLIDE.match(member) or _THEME.match(member):
                found += _named(archive, member, _LATIN)
    plain = (unescape(name.decode("utf-8", "replace")).strip("'") for name in found)
    return tuple(dict.fromkeys(name for name in plain if name.isprintable() and name))[:_MOST]


def _open_document(archive: zipfile.ZipFile) -> list[bytes]:
    content = _part(archive, "content.xml")
    faces = dict(_FACE.findall(content))
    return [faces.get(name, name) for name in _OPEN.findall(content)]


def _named(archive: zipfile.ZipFile, member: str, pattern: re.Pattern[bytes]) -> list[bytes]:
    return pattern.findall(_part(archive, member))


def _part(archive: zipfile.ZipFile, member: str) -> bytes:
    try:
        return package.read(archive, member, _MAX_PART)
    except TooLarge:
        return b""
