"""What all topics share of bodies: nothing unknown in, plain JSON out."""

from datetime import UTC, datetime
from typing import Annotated, ClassVar, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, model_validator


class Body(BaseModel):
    """What is sent: a field that does not belong there is refused, never ignored or taken over into a row."""

    model_config = ConfigDict(extra="forbid", str_max_length=2000)


class Change(Body):
    """What is not named stays as it is. What is named has a value: null would be a way to leave out what must be there.

    `none` are the fields of which null says that there shall be none.
    """

    none: ClassVar[frozenset[str]] = frozenset()

    @model_validator(mode="after")
    def _no_null(self) -> Self:
        named = [name for name in self.model_fields_set - self.none if getattr(self, name) is None]
        if named:
            raise ValueError(f"null is no value of {', '.join(sorted(named))}")
        return self


def _plain(text: str) -> str:
    if "\x00" in text or any(0xD800 <= ord(sign) <= 0xDFFF for sign in text):
        raise ValueError("contains a sign that is no text")
    return text


Text = Annotated[str, AfterValidator(_plain)]
"""Text that a row can hold: no NUL, no half of a surrogate pair."""


def moment(at: float | None) -> datetime | None:
    """A row's time as RFC 3339 in UTC."""
    return None if at is None else datetime.fromtimestamp(at, UTC)
