"""Compare-and-set for the tables that people edit: version 0 is new, any other must still be the stored one."""

from typing import Any

from sqlalchemy import Connection, Table, insert, update
from sqlalchemy.exc import IntegrityError

from gateway.errors import Conflict


def save(connection: Connection, table: Table, row: dict[str, Any]) -> int:
    """Writes `row` and returns its new version. Conflict when somebody else was faster or the name is taken."""
    stored = row | {"version": row["version"] + 1}
    try:
        if row["version"] == 0:
            connection.execute(insert(table), stored)
            return 1
        mine = (table.c.uuid == row["uuid"], table.c.version == row["version"])
        written = connection.execute(update(table).where(*mine).values(stored)).rowcount
    except IntegrityError as error:
        raise Conflict(f"{row['name']} cannot be saved: the name or a proof of identity is already taken.") from error
    if written != 1:
        raise Conflict(f"{row['name']} was changed by somebody else. Read it again and repeat the change.")
    return int(stored["version"])
