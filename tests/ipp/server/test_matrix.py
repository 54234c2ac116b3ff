"""The matrix of IPP: every operation of the table for every role, over TLS with a password, by real requests.

What is expected comes from the policy that the operation declares and from the table of roles.
"""

import base64

import pytest

from gateway.domain.rights import PERMISSIONS, Permission, Role
from ipp.server.authentication import Policy
from ipp.server.table import POLICIES
from ipp.wire import Operation, Status
from tests.ipp.server.house import Client, a_house

PASSWORD = "correct horse battery"
NEEDED = {Policy.JOBS: Permission.JOBS, Policy.OPERATOR: Permission.PRINTERS}
REFUSED = {Status.CLIENT_ERROR_FORBIDDEN, Status.CLIENT_ERROR_NOT_AUTHENTICATED, Status.CLIENT_ERROR_NOT_AUTHORIZED}
STRANGER = "stranger"


def passes(who: Role | None, policy: Policy) -> bool:
    needed = NEEDED.get(policy)
    return needed is None or (who is not None and needed in PERMISSIONS[who])


@pytest.mark.parametrize("who", [None, *Role], ids=lambda who: who.value if who else STRANGER)
async def test_each_operation_lets_in_whom_its_policy_names(who: Role | None) -> None:
    wrong = []
    house = a_house(trusted=())
    if who is not None:
        await house.identity.add_user("somebody", password=PASSWORD, role=who)
    proof = base64.b64encode(f"somebody:{PASSWORD}".encode()).decode()
    headers = {} if who is None else {"authorization": f"Basic {proof}"}
    async with house.running():
        for operation, policy in POLICIES.items():
            answer = await Client(house, secure=True, headers=headers).ask(operation)
            assert answer.status in {200, 401}, f"{operation.keyword}: {answer.status}"
            stopped = answer.status == 401 or answer.code in REFUSED
            if stopped is passes(who, policy):
                wrong.append(f"{operation.keyword}: {answer.status} {answer.status == 200 and answer.code}")
    assert not wrong


def test_every_operation_has_a_policy_and_staff_differs_from_everybody() -> None:
    assert set(POLICIES.values()) == set(Policy)
    assert POLICIES[Operation.PAUSE_PRINTER] is Policy.OPERATOR
    assert not passes(Role.DESK, Policy.OPERATOR)
    assert passes(Role.DELEGATE, Policy.JOBS)
    assert not passes(Role.DELEGATE, Policy.OPERATOR)
