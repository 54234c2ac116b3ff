"""Forms of the house: named fields only, and what is wrong with each said beside it."""

from collections.abc import Callable
from enum import StrEnum
from typing import TypeVar

from gateway.errors import BadRequest, Refusal
from gateway.i18n import said
from webprint.requests import Form, first

T = TypeVar("T")
Choice = TypeVar("Choice", bound=StrEnum)
LONGEST = 300


class Fields:
    """Reads one form. `errors` holds a sentence for each field that was refused."""

    def __init__(self, form: Form) -> None:
        self._form = form
        self.errors: dict[str, str] = {}

    def text(self, name: str, *, longest: int = LONGEST, needed: str = "") -> str:
        """One line, trimmed. `needed` is said when it is empty."""
        value = " ".join(first(self._form, name).split())
        if len(value) > longest:
            self.refuse(name, BadRequest(f"This is longer than {longest} characters."))
        elif needed and not value:
            self.errors[name] = needed
        return value[:longest]

    def ticked(self, name: str) -> bool:
        return first(self._form, name) == "yes"

    def many(self, name: str) -> tuple[str, ...]:
        """Those that are not empty, each once, in their order."""
        return tuple(dict.fromkeys(value for value in self._form.get(name, []) if value))

    def parsed(self, name: str, parse: Callable[[str], T], fallback: T) -> T:
        """What `parse` makes of it; its refusal stands beside the field, and `fallback` is given."""
        try:
            return parse(first(self._form, name))
        except Refusal as refusal:
            self.refuse(name, refusal)
            return fallback

    def chosen(self, name: str, kind: type[Choice], fallback: Choice) -> Choice:
        """One of the list; whoever sends another has not used the page."""
        try:
            return kind(first(self._form, name))
        except ValueError:
            self.refuse(name, BadRequest("Choose one of the list."))
            return fallback

    def refuse(self, name: str, refusal: Refusal) -> None:
        self.errors.setdefault(name, said(refusal.message))
