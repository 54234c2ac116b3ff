"""Reads print options out of words: of an address (print+bw+2s@...), a subject or a text ([2x bw 1-3 staple project P-2041])."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from gateway.domain.capabilities import Capabilities
from gateway.domain.ticket import JobTicket, parse_pages
from gateway.errors import BadRequest

MAX_WORDS = 20
MAX_COPIES = 100
_BRACKETS = re.compile(r"\[([^\[\]]{1,120})\]")
_COPIES = re.compile(r"(?:x([0-9]{1,4})|([0-9]{1,4})x)")
_SOME = r"(?:[0-9]{1,6}(?:-(?:[0-9]{1,6}|last))?|odd|even|last)"
_PAGES = re.compile(f"{_SOME}(?:,{_SOME})*")
_UP = re.compile(r"([0-9]{1,2})(?:up|in1|-up)")
_PROJECT = re.compile(r"(?:project|projekt|projet)[:=](\S{1,40})")
_NAMES_PROJECT = frozenset({"project", "projekt", "projet"})

# English, German and French, as people write them.
_MEANINGS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("bw b/w b&w grey gray mono monochrome sw s/w grau nb n/b gris", {"print_color_mode": "monochrome"}),
    ("color colour farbe farbig couleur", {"print_color_mode": "color"}),
    ("1s simplex one-sided single einseitig recto", {"sides": "one-sided"}),
    ("2s duplex two-sided double doppelseitig beidseitig recto-verso", {"sides": "two-sided-long-edge"}),
    ("2ss short-edge tumble", {"sides": "two-sided-short-edge"}),
    ("a3", {"media": "iso_a3_297x420mm"}),
    ("a4", {"media": "iso_a4_210x297mm"}),
    ("a5", {"media": "iso_a5_148x210mm"}),
    ("letter", {"media": "na_letter_8.5x11in"}),
    ("legal", {"media": "na_legal_8.5x14in"}),
    ("staple heften agrafer", {"finishings": (4,)}),
    ("punch lochen perforer", {"finishings": (5,)}),
    ("fit einpassen ajuster", {"print_scaling": "fit"}),
    ("fill", {"print_scaling": "fill"}),
    ("actual 100%", {"print_scaling": "none"}),
    ("portrait hoch", {"orientation_requested": 3}),
    ("landscape quer paysage", {"orientation_requested": 4}),
    ("booklet broschuere livret", {"imposition_template": "signature"}),
    ("draft entwurf brouillon", {"print_quality": 3}),
    ("high", {"print_quality": 5}),
    ("save toner", {"toner_save": "light"}),
)
_WORDS = {word: meaning for words, meaning in _MEANINGS for word in words.split()}
_WORD = "|".join((*map(re.escape, sorted(_WORDS)), _COPIES.pattern, _UP.pattern, _PAGES.pattern, *_NAMES_PROJECT))
OPTION_LINE = rf"\[(?=(?:[^\[\]]*[\s;])?(?:{_WORD})[\s;\]])[^\[\]]{{1,120}}\]"
"""A line of brackets with an option in them, whatever else stands there: for the sandbox, which reads the text."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """`changes` are fields of a JobTicket; `unknown` the words that mean nothing here, as they were written."""

    changes: dict[str, Any] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()

    @property
    def ticket(self) -> JobTicket:
        return JobTicket().with_changes(**self.changes)


def read(words: Iterable[str]) -> Options:
    """A later word of the same kind goes before an earlier one; of very many the last ones count."""
    changes: dict[str, Any] = {}
    unknown: list[str] = []
    for word in list(words)[-MAX_WORDS:]:
        meaning = _meaning(word.lower())
        if meaning is None:
            unknown.append(word[:40])
        elif "finishings" in meaning and "finishings" in changes:
            changes["finishings"] = tuple(dict.fromkeys((*changes["finishings"], *meaning["finishings"])))
        else:
            changes |= meaning
    return Options(changes=changes, unknown=tuple(dict.fromkeys(unknown)))


def of_subject(subject: str) -> Sequence[str]:
    """The words in brackets of which one at least is an option: [EXTERNAL] is somebody else's."""
    found: list[str] = []
    for inside in _BRACKETS.findall(subject[:500]):
        words = split(inside)
        if any(_meaning(word.lower()) is not None for word in words):
            found.extend(words)
    return found


def split(inside: str) -> Sequence[str]:
    """The words that stand between brackets; "project P-2041" is one."""
    found: list[str] = []
    for word in filter(None, re.split(r"[\s;]+", inside)):
        if found and found[-1].lower() in _NAMES_PROJECT:
            found[-1] = f"{found[-1]}:{word}"
        else:
            found.append(word)
    return found


def possible(options: Options, capabilities: Capabilities) -> Options:
    """Without what no printer behind this address can do; what is left out is named."""
    changes, left = dict(options.changes), list(options.unknown)
    can_finish = set(capabilities.finishings)
    if not set(changes.get("finishings", ())) <= can_finish:
        names = {4: "staple", 5: "punch"}
        left += [names[one] for one in changes["finishings"] if one not in can_finish]
        changes["finishings"] = tuple(one for one in changes["finishings"] if one in can_finish)
    if "media" in changes and capabilities.find_media(changes["media"]) is None:
        left.append(str(changes.pop("media")).split("_")[1])
    if changes.get("copies", 1) > min(MAX_COPIES, capabilities.copies):
        left.append(f"{changes.pop('copies')}x")
    return Options(changes=changes, unknown=tuple(dict.fromkeys(left)))


def _meaning(word: str) -> dict[str, Any] | None:
    known = _WORDS.get(word)
    if known is not None:
        return known
    if copies := _COPIES.fullmatch(word):
        count = int(copies[1] or copies[2])
        return {"copies": count} if count else None
    if project := _PROJECT.fullmatch(word):
        return {"job_account_id": project[1]}
    if up := _UP.fullmatch(word):
        return {"number_up": int(up[1])} if int(up[1]) in {2, 4, 6, 9, 16} else None
    return _pages(word) if _PAGES.fullmatch(word) else None


def _pages(word: str) -> dict[str, Any] | None:
    try:
        return parse_pages(word).changes
    except BadRequest:
        return None
