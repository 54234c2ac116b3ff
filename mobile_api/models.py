"""What all topics share of bodies: nothing unknown in, plain JSON out."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict


class Body(BaseModel):
    """What is sent: a field that does not belong there is refused, never ignored or taken over into a row."""

    model_config = ConfigDict(extra="forbid", str_max_length=2000)


def _plain(text: str) -> str:
    if "\x00" in text or any(0xD800 <= ord(sign) <= 0xDFFF for sign in text):
        raise ValueError("contains a sign that is no text")
    return text


Text = Annotated[str, AfterValidator(_plain)]
"""Text that a row can hold: no NUL, no half of a surrogate pair."""


def moment(at: float | None) -> datetime | None:
    """A row's time as RFC 3339 in UTC."""
    return None if at is None else datetime.fromtimestamp(at, UTC)
