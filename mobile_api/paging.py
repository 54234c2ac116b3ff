"""Pages of a list: `limit` rows and an opaque `cursor` for the next ones, which stays right while rows come and go."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Annotated, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel

from gateway.errors import BadRequest
from gateway.i18n import N_

Item = TypeVar("Item")
Row = TypeVar("Row")
MOST = 200
USUAL = 50

Limit = Annotated[int, Query(ge=1, le=MOST, description="At most so many.")]
Cursor = Annotated[str | None, Query(max_length=400, description="The `next` of the page before.")]


class Page(BaseModel, Generic[Item]):
    """`next` is the cursor of the following page; null with the last one."""

    items: list[Item]
    next: str | None = None


def page_of(rows: Sequence[Row], limit: int, show: Callable[[Row], Item], place: Callable[[Row], str]) -> Page[Item]:
    """Of up to `limit` + 1 rows; `place` is what the next page begins behind."""
    shown = rows[:limit]
    more = len(rows) > limit
    return Page[Item](items=[show(row) for row in shown], next=_packed(place(shown[-1])) if more else None)


def read_cursor(cursor: str | None) -> str | None:
    """What `place` gave; BadRequest for what no page of ours gave out."""
    if cursor is None:
        return None
    try:
        return base64.b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4), b"-_", validate=True).decode()
    except (ValueError, binascii.Error) as error:
        raise BadRequest(NO_CURSOR) from error


def read_number(cursor: str | None) -> int | None:
    """The same where places are row ids."""
    text = read_cursor(cursor)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise BadRequest(NO_CURSOR)
    return int(text)


NO_CURSOR = N_("This cursor is none of ours. Begin with the first page, without one.")


def _packed(place: str) -> str:
    return base64.urlsafe_b64encode(place.encode()).rstrip(b"=").decode()
