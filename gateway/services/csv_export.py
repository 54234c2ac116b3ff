"""All users as CSV, in pieces; no cell of it is a formula to a spreadsheet program, and no secret is in it."""

import csv
import io
from collections.abc import AsyncIterator

from gateway.domain.csv_table import neutral
from gateway.domain.user import User
from gateway.services.ports import UserStore

PAGE = 500
HEADINGS = ("name", "full name", "mail", "department", "cost centre", "language", "groups", "disabled", "from")


async def export_users(users: UserStore) -> AsyncIterator[bytes]:
    """UTF-8 with a mark, which spreadsheet programs need to read it as that."""
    yield "\ufeff".encode() + _lines([HEADINGS])
    after = ""
    while page := await users.users(after=after, limit=PAGE):
        yield _lines([_row(user) for user in page])
        after = page[-1].name


def _row(user: User) -> tuple[str, ...]:
    return (
        user.name,
        user.full_name,
        user.email or "",
        user.department,
        user.cost_centre,
        user.language,
        "; ".join(user.groups),
        "yes" if user.disabled else "",
        user.source,
    )


def _lines(rows: list[tuple[str, ...]]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows([[neutral(cell) for cell in row] for row in rows])
    return out.getvalue().encode("utf-8", "replace")
