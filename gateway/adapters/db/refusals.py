"""What the database says when it cannot, as the refusals that every front-end knows how to answer."""

from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    InterfaceError,
    InternalError,
    OperationalError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout

from gateway.errors import BadRequest, Busy, Conflict, Refusal, StorageFailed, StorageFull, Unavailable

# PostgreSQL's SQLSTATE (appendix A of its manual): lock wait, statement time-out, serialisation, too many clients.
_BUSY_STATES = {"55P03", "57014", "40001", "40P01", "53300"}
_FULL_STATES = {"53100"}
# SQLite's primary result codes, https://www.sqlite.org/rescode.html
_SQLITE_BUSY, _SQLITE_LOCKED, _SQLITE_IOERR, _SQLITE_CORRUPT, _SQLITE_FULL, _SQLITE_NOTADB = 5, 6, 10, 11, 13, 26

_BUSY = "The database is busy. Try again in a moment."
_FULL = "The disk that holds the database is full."
_AWAY = "The database cannot be reached. Try again in a moment."


def refusal(error: Exception) -> Refusal | None:
    """The refusal for `error`; None when it is not the database's word but a fault of the program."""
    if isinstance(error, PoolTimeout):
        return Busy(_BUSY)
    if isinstance(error, IntegrityError):
        return Conflict("Somebody else was faster, or the name is taken. Read it again and repeat the change.")
    if isinstance(error, (DataError, UnicodeEncodeError, OverflowError)):
        return BadRequest("A text or a number in the request cannot be stored. Remove control characters and repeat.")
    if isinstance(error, (OperationalError, InterfaceError, InternalError)):
        return _operational(error)
    return None


def _operational(error: DBAPIError) -> Refusal:
    state = getattr(error.orig, "sqlstate", None)
    code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
    if state in _BUSY_STATES or code in {_SQLITE_BUSY, _SQLITE_LOCKED}:
        return Busy(_BUSY)
    if state in _FULL_STATES or code == _SQLITE_FULL:
        return StorageFull(_FULL)
    if code in {_SQLITE_IOERR, _SQLITE_CORRUPT, _SQLITE_NOTADB}:
        return StorageFailed("The database file is damaged or the disk fails. Restart after the disk was checked.")
    return Unavailable(_AWAY)
