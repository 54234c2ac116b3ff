"""The whole table of routes against every role, everywhere and at one site: nothing is open by omission."""

from itertools import product

import pytest

from gateway.domain.rights import PERMISSIONS, Grant, Permission, Role
from gateway.domain.user import Actor
from webprint.access import Access, Needs, Row
from webprint.policy import POLICY, access_of, allows

STRANGER, GUEST = Actor(address="192.0.2.1"), Actor(user="guest:1")
EVERYWHERE = {role: Actor(user=role.value, role=role) for role in Role}
AT_NORTH = {role: Actor(user=role.value, grants=(Grant(role=role, site="north"),)) for role in Role}
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE")
STAFF = {role for role in Role if PERMISSIONS[role]}


def roles_of(row: Row) -> set[Role]:
    """Who may, said once more and in another way than the table does."""
    if isinstance(row, Needs):
        return {role for role in Role if {row.permission, row.otherwise} & PERMISSIONS[role]}
    return {Access.STAFF: STAFF, Access.GUEST: set[Role]()}.get(row, set(Role))


@pytest.mark.parametrize("route", sorted(POLICY), ids=" ".join)
def test_each_route_for_each_role_everywhere_and_at_a_site(route: tuple[str, str]) -> None:
    row = POLICY[route]
    for actors in (EVERYWHERE, AT_NORTH):
        assert {role for role, actor in actors.items() if allows(row, actor)} == roles_of(row)
    assert allows(row, STRANGER) is (row is Access.ANYONE)
    assert allows(row, GUEST) is (row in {Access.ANYONE, Access.VISITOR, Access.GUEST})


def test_what_is_not_in_the_table_is_nobodys() -> None:
    paths = {path for _, path in POLICY}
    for method, path in product(METHODS, paths):
        asked = "GET" if method == "HEAD" else method
        assert access_of(method, path) == POLICY.get((asked, path))
    for path in ("/admin/", "/ADMIN/users", "/admin/export", "/admin/report", "/admin/users/", "/"):
        assert access_of("PUT", path) is None


@pytest.mark.parametrize("permission", Permission)
def test_a_role_at_a_site_is_worth_nothing_elsewhere(permission: Permission) -> None:
    for role, actor in AT_NORTH.items():
        holds = permission in PERMISSIONS[role]
        assert actor.may(permission, "north") is holds
        assert actor.may_somewhere(permission) is holds
        assert not actor.may(permission, "south")
        assert not actor.may(permission, "")
        assert not actor.may(permission)


def test_every_page_of_the_house_asks_for_something() -> None:
    open_to_all = {row for row, access in POLICY.items() if row[1].startswith("/admin") and access is Access.ANYONE}
    assert open_to_all == set()


def test_what_changes_rights_or_proofs_asks_for_a_fresh_proof() -> None:
    grave = ("/admin/users/{id}", "/admin/roles", "/admin/group")
    harmless = {("POST", "/admin/users/{id}/sessions/end"), ("POST", "/admin/groups/new")}
    for (method, path), row in POLICY.items():
        if method == "POST" and path.startswith(grave) and (method, path) not in harmless:
            assert isinstance(row, Needs), path
            assert row.recent, path
