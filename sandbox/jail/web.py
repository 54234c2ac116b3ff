"""Takes from a web page what can be printed: marked-up text, tables, and pictures that are in the page itself.

What may stay is listed. Scripts, frames, forms, and everything that would be fetched from somewhere else is left out.
"""

import re
from collections.abc import Callable, Iterator
from html import escape

import lxml.etree  # type: ignore[import-untyped]  # lxml ships no types
import lxml.html  # type: ignore[import-untyped]  # lxml ships no types

from sandbox.errors import Broken, TooLarge

_KEPT = frozenset(
    [
        "html",
        "body",
        "p",
        "br",
        "hr",
        "div",
        "span",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "pre",
        "blockquote",
        "address",
        "center",
        "ul",
        "ol",
        "li",
        "dl",
        "dt",
        "dd",
        "b",
        "strong",
        "i",
        "em",
        "u",
        "s",
        "del",
        "ins",
        "small",
        "big",
        "sub",
        "sup",
        "code",
        "kbd",
        "samp",
        "tt",
        "var",
        "cite",
        "q",
        "abbr",
        "mark",
        "font",
        "a",
        "img",
        "table",
        "caption",
        "colgroup",
        "col",
        "thead",
        "tbody",
        "tfoot",
        "tr",
        "th",
        "td",
        "section",
        "article",
        "header",
        "footer",
        "main",
        "nav",
        "aside",
        "figure",
        "figcaption",
        "time",
        "details",
        "summary",
    ]
)
_DROPPED = frozenset(
    [
        "script",
        "style",
        "head",
        "iframe",
        "frame",
        "frameset",
        "noframes",
        "object",
        "embed",
        "applet",
        "param",
        "link",
        "meta",
        "base",
        "template",
        "svg",
        "math",
        "audio",
        "video",
        "source",
        "track",
        "canvas",
        "noscript",
        "select",
        "option",
        "textarea",
        "title",
        "xml",
    ]
)
"""Elements that go with all that is in them; any other unknown one only loses its tags."""
_ATTRIBUTES = frozenset(
    [
        "align",
        "valign",
        "width",
        "height",
        "colspan",
        "rowspan",
        "border",
        "cellpadding",
        "cellspacing",
        "bgcolor",
        "color",
        "size",
        "face",
        "start",
        "type",
        "dir",
        "lang",
        "alt",
    ]
)
# Of the declarations of an inline style; none of them can name a place to fetch from, and no function is let through.
_PROPERTIES = frozenset(
    [
        "color",
        "background-color",
        "font-family",
        "font-size",
        "font-style",
        "font-weight",
        "text-align",
        "text-decoration",
        "text-indent",
        "line-height",
        "vertical-align",
        "white-space",
        "margin",
        "margin-left",
        "margin-right",
        "margin-top",
        "margin-bottom",
        "padding",
        "padding-left",
        "padding-right",
        "padding-top",
        "padding-bottom",
        "border",
        "border-left",
        "border-right",
        "border-top",
        "border-bottom",
        "border-collapse",
        "width",
        "page-break-before",
        "page-break-after",
        "page-break-inside",
        "direction",
    ]
)
_VALUE = re.compile(r"(?:[\w\s.,%#'\"+-]|rgb\([\d\s,.%]*\)){1,200}\Z")
_PICTURE = re.compile(r"data:image/(?:png|jpeg|gif|bmp);base64,[A-Za-z0-9+/=\s]+\Z")
_MAX_NODES = 500_000
_MAX_DEPTH = 200

Resolve = Callable[[str], str]
"""From a picture's address to a data: URI, or "" for one that is left out."""


def own(address: str) -> str:
    return address if _PICTURE.match(address) else ""


def body(markup: str, resolve: Resolve = own) -> tuple[str, int]:
    """The printable inside of a page as well-formed XHTML, and how many outside pictures were left out.

    Broken when there is nothing to parse, TooLarge past half a million elements.
    """
    parser = lxml.html.HTMLParser(
        encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True, huge_tree=False
    )
    try:
        root = lxml.html.document_fromstring(markup.encode("utf-8", "replace"), parser=parser)
    except (lxml.etree.LxmlError, ValueError, AssertionError) as error:
        raise Broken(f"HTML: {error}") from error
    page = root.find("body")
    cleaner = _Cleaner(resolve)
    return "".join(cleaner.inside(page if page is not None else root, 0)), cleaner.left_out


def as_html(inside: str, *, language: str = "en") -> bytes:
    """A whole HTML document around a cleaned inside, for the office worker."""
    return (
        f'<!DOCTYPE html>\n<html lang="{language}"><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8">'
        "<style>@page{size:21cm 29.7cm;margin:1.8cm}body{font-family:'Liberation Sans',sans-serif;font-size:11pt}"
        "pre,code{font-family:'Liberation Mono',monospace;font-size:10pt}</style>"
        f"</head><body>{inside}</body></html>"
    ).encode("utf-8", "xmlcharrefreplace")


class _Cleaner:
    """Writes the kept part of a tree anew, so that nothing gets through by being spelled in some odd way."""

    def __init__(self, resolve: Resolve) -> None:
        self._resolve = resolve
        self._nodes = 0
        self.left_out = 0

    def inside(self, element: "lxml.etree._Element", depth: int) -> Iterator[str]:
        if element.text:
            yield _text(element.text)
        for child in element:
            yield from self._element(child, depth + 1)
            if child.tail:
                yield _text(child.tail)

    def _element(self, element: "lxml.etree._Element", depth: int) -> Iterator[str]:
        self._nodes += 1
        if self._nodes > _MAX_NODES:
            raise TooLarge("elements of a web page", limit="bytes", allowed=_MAX_NODES)
        tag = element.tag if isinstance(element.tag, str) else ""
        if tag in _DROPPED or not tag:
            return
        if depth > _MAX_DEPTH:
            # Nobody nests this deep by hand: what lies deeper is text only.
            yield _text("".join(element.itertext()))
            return
        if tag == "img":
            yield self._picture(element)
        elif tag in {"br", "hr", "col"}:
            yield f"<{tag}/>"
        elif tag in _KEPT:
            yield f"<{tag}{_attributes(element)}>"
            yield from self.inside(element, depth)
            yield f"</{tag}>"
        else:
            yield from self.inside(element, depth)

    def _picture(self, element: "lxml.etree._Element") -> str:
        address = self._resolve((element.get("src") or "").strip())
        if not address:
            self.left_out += 1
            text = (element.get("alt") or "").strip()
            return f"[{_text(text[:200])}]" if text else ""
        return f'<img src="{escape(address)}"{_attributes(element)}/>'


def _attributes(element: "lxml.etree._Element") -> str:
    kept = {name: value for name, value in element.items() if name in _ATTRIBUTES and len(value) <= 200}
    style = _style(element.get("style") or "")
    if style:
        kept["style"] = style
    return "".join(f' {name}="{escape(value)}"' for name, value in kept.items())


def _style(declared: str) -> str:
    kept = []
    for declaration in declared[:4000].split(";"):
        name, _, value = declaration.partition(":")
        name, value = name.strip().lower(), value.strip()
        if name in _PROPERTIES and _VALUE.match(value):
            kept.append(f"{name}:{value}")
    return ";".join(kept)


def _text(text: str) -> str:
    return escape("".join(one for one in text if one >= " " or one in "\t\n\r"), quote=False)
