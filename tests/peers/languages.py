"""English that was left on a page in another language: texts of the catalogue, and sentences that are in none."""

import re
from functools import cache

from babel.messages.pofile import read_po

from gateway.i18n import HERE

# Every text of the page that a person sees or hears: of elements, and in the attributes that carry some.
TEXTS = """() => { const said = new Set(), add = (text) => { text = (text ?? "").replace(/\\s+/g, " ").trim(); if (text.length > 2) said.add(text); };
  add(document.title);
  for (const one of document.body.querySelectorAll("*")) {
    if (one.closest("script, style, [lang]:not(html)")) continue;
    if (one.matches("p, li, h1, h2, h3, button, a, label, td, th, summary, legend, option, dt, dd, span, small, b")) add(one.textContent);
    for (const node of one.childNodes) if (node.nodeType === 3) add(node.textContent);
    for (const { name, value } of one.attributes)
      if (/^(title|alt|placeholder|aria-label|data-.*)$/.test(name)) add(value);
  }
  return [...said]; }"""

# Words that no German or French text has; two of them make a sentence English.
_ENGLISH = re.compile(r"\b(the|you|your|is|are|and|with|this|that|was|were|from|not|for|of|to|it|when)\b")
_TAG = re.compile(r"<[^>]+>")
_PLACE = re.compile(r"%\((\w+)\)s")


def left_in_english(language: str, texts: dict[str, str], data: tuple[str, ...]) -> list[str]:
    """`texts` with where each was seen; `data` is what people themselves wrote. One line for each that was left."""
    exact, shapes = _catalogue(language)
    found = []
    for text, where in texts.items():
        bare = text
        for own in data:
            bare = bare.replace(own, "")
        english = len(set(_ENGLISH.findall(bare.lower()))) > 1
        if bare in exact or english or any(shape.fullmatch(bare) for shape in shapes):
            found.append(f"{where}: {text[:120]}")
    return found


@cache
def _catalogue(language: str) -> tuple[frozenset[str], tuple[re.Pattern[str], ...]]:
    """English texts whose translation differs: those that stand as they are, and the shapes of those with places."""
    exact, shapes = set(), []
    with (HERE / f"{language}.po").open("rb") as source:
        for message in read_po(source, locale=language):
            ids = message.id if isinstance(message.id, tuple) else (message.id,)
            strings = message.string if isinstance(message.string, tuple) else (message.string,)
            for text in {one for one in ids if one} - set(strings):
                plain = " ".join(_TAG.sub("", text).split())
                if "%(" not in plain:
                    exact.add(plain)
                elif len(re.findall(r"[A-Za-z]{3,}", _PLACE.sub("", plain))) > 1:
                    pieces = [re.escape(piece.replace("%%", "%")) for piece in _PLACE.split(plain)[::2]]
                    shapes.append(re.compile(".+?".join(pieces)))
    return frozenset(exact), tuple(shapes)
