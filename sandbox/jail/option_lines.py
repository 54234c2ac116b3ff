"""Finds the print options that a writer put on a line of their own at the top of a mail's text, and takes them off it.

Only the writer's own first lines count: what a quoted or forwarded mail says was a wish for another paper.
"""

import re
from dataclasses import replace
from html import escape

from sandbox.jail.mail import Letter

FIRST = 5  # lines that are not empty
MAX_LINE = 200
# Where somebody else's words begin, as mail programs mark it in English, German and French.
_OTHERS = re.compile(
    r"\s*(?:>|\||-{2,}|_{5,}|\*?(?:from|von|de|sent|gesendet|envoyé|to|an|à|date|datum|subject|betreff|objet)\*?\s*:)"
    r"|.*\b(?:wrote|schrieb|a écrit)\b.*:\s*$"
    r"|.*(?:forwarded message|original message|weitergeleitete|ursprüngliche nachricht|message (?:transféré|d['’]origine))",
    re.IGNORECASE,
)


def taken(letter: Letter, pattern: str) -> tuple[str, Letter]:
    """The words between the brackets, and the letter without those lines. `pattern` tells a line that has options."""
    option_line = re.compile(pattern, re.IGNORECASE)
    found: list[str] = []
    kept = letter.text.splitlines(keepends=True)
    seen = 0
    for place, line in enumerate(kept):
        plain = line.strip()
        if not plain:
            continue
        seen += 1
        if seen > FIRST or _OTHERS.match(plain[:MAX_LINE]):
            break
        if len(plain) <= MAX_LINE and option_line.fullmatch(plain):
            found.append(plain)
            kept[place] = ""
    html = letter.html
    for one in found:
        # The same line of the page, where it is a paragraph or a line by itself.
        html = re.sub(rf"(^|>)\s*{re.escape(escape(one, quote=False))}\s*(?=<|$)", r"\1", html, count=1)
    words = " ".join(one[1:-1] for one in found)
    return words, replace(letter, text="".join(kept), html=html) if found else letter
