"""One error kind is one status-code, in one table."""

import inspect

from gateway import errors
from ipp.server.status import STATUS_OF, status_of
from ipp.wire import Status


def kinds() -> list[type[errors.Refusal]]:
    classes = (value for value in vars(errors).values() if inspect.isclass(value))
    return [value for value in classes if issubclass(value, errors.Refusal)]


def test_every_kind_has_a_row_of_its_own() -> None:
    assert set(STATUS_OF) == set(kinds())


def test_no_refusal_is_told_as_our_failure() -> None:
    assert Status.SERVER_ERROR_INTERNAL_ERROR not in STATUS_OF.values()


def test_a_kind_without_a_row_takes_that_of_its_parent() -> None:
    class Late(errors.Busy):
        kind = "late"

    assert status_of(Late("later")) is Status.SERVER_ERROR_BUSY


def test_what_helps_to_try_again_is_told_as_temporary() -> None:
    temporary = {Status.SERVER_ERROR_BUSY, Status.SERVER_ERROR_TEMPORARY_ERROR}
    assert {status_of(kind("x")) for kind in (errors.Busy, errors.StorageFull, errors.StorageFailed)} <= temporary
