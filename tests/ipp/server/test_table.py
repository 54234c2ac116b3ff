"""Default deny: every operation that is answered says who may ask for it."""

import pytest

from ipp.server.authentication import Policy
from ipp.server.table import POLICIES, build_table
from ipp.wire import GroupTag, Operation, Status, encode
from tests.ipp.server.house import Client, a_request

# IPP/1.1, 2.0, 2.1, 2.2 (PWG 5100.12 section 6) and IPP Everywhere (PWG 5100.14 section 5.1), but for Print-URI, Send-URI.
REQUIRED = {
    *range(0x02, 0x0F), *range(0x10, 0x1D), *range(0x22, 0x27), *range(0x29, 0x32), *range(0x33, 0x36), *range(0x37, 0x3D),
} - {0x03, 0x07}  # fmt: skip


async def test_every_required_operation_is_answered_and_offered(client: Client) -> None:
    offered = (await client.ask(Operation.GET_PRINTER_ATTRIBUTES)).group(GroupTag.PRINTER).get("operations-supported")
    assert offered is not None
    assert set(offered.values) >= REQUIRED
    assert set(offered.values) == set(POLICIES)


def test_what_fetches_for_strangers_is_left_out() -> None:
    assert not {Operation.PRINT_URI, Operation.SEND_URI} & POLICIES.keys()


def test_a_handler_without_a_policy_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(POLICIES, Operation.CANCEL_JOB)
    with pytest.raises(KeyError, match="cancel-job"):
        build_table(_Anything(), _Anything())  # type: ignore[arg-type]  # nothing of it is called


class _Anything:
    def __getattr__(self, name: str) -> "_Anything":
        return self


OPERATOR = sorted(op for op, policy in POLICIES.items() if policy in {Policy.OPERATOR, Policy.JOBS})


def test_what_changes_a_printer_or_others_jobs_is_an_operators() -> None:
    assert set(OPERATOR) == {
        Operation.PAUSE_PRINTER, Operation.RESUME_PRINTER, Operation.PURGE_JOBS, Operation.SET_PRINTER_ATTRIBUTES,
        Operation.ENABLE_PRINTER, Operation.DISABLE_PRINTER, Operation.PAUSE_PRINTER_AFTER_CURRENT_JOB,
        Operation.HOLD_NEW_JOBS, Operation.RELEASE_HELD_NEW_JOBS, Operation.RESTART_PRINTER,
        Operation.SHUTDOWN_PRINTER, Operation.STARTUP_PRINTER, Operation.PROMOTE_JOB, Operation.SCHEDULE_JOB_AFTER,
        Operation.CANCEL_JOBS,
    }  # fmt: skip


@pytest.mark.parametrize("operation", OPERATOR)
async def test_a_stranger_gets_no_operators_operation(client: Client, operation: Operation) -> None:
    before = client.house.printers.get("find-me")
    assert (await client.ask(operation)).code == Status.CLIENT_ERROR_NOT_AUTHENTICATED
    client.secure = True
    assert (await client.ask(operation)).status == 401
    assert client.house.printers.get("find-me") == before


@pytest.mark.parametrize("operation", sorted(POLICIES))
async def test_no_operation_fails_on_a_bare_request(client: Client, operation: Operation) -> None:
    for secure in (False, True):
        client.secure = secure
        answer = await client.post(encode(a_request(operation, user=None)))
        assert answer.status in {200, 401}
        assert answer.status == 401 or answer.code < 0x0500
