"""Routes below /admin for each role: what the table of rights gives, no more and no less, also in the menu."""

import re

import pytest

from gateway.domain.rights import PERMISSIONS, Role
from tests.webprint.visitor import visiting
from tests.webprint.web_house import House
from webprint.access import Access, Needs
from webprint.admin.menu import ENTRIES
from webprint.admin.policy import ADMIN
from webprint.policy import POLICY

OPEN = {row for row, access in ADMIN.items() if access is Access.ANYONE}
ROWS = sorted(ADMIN.keys() - OPEN)


def may(role: Role, method: str, path: str) -> bool:
    row = POLICY[method, path]
    if isinstance(row, Needs):
        return bool(PERMISSIONS[role] & {row.permission, row.otherwise})
    assert row is Access.STAFF, "pages of the house ask for a permission, or for any"
    return bool(PERMISSIONS[role])


def filled(path: str) -> str:
    return re.sub(r"\{\w+(:int)?\}", lambda match: "7" if match[1] else "nothing", path)


def test_every_page_of_the_menu_has_a_row() -> None:
    assert [entry.path for entry in ENTRIES if ("GET", entry.path) not in ADMIN] == []


@pytest.mark.parametrize("role", [None, *Role])
async def test_each_route_lets_in_whom_the_rights_name(staffed: House, role: Role | None) -> None:
    wrong = []
    async with visiting(staffed.app()) as visitor:
        await visitor.get("/signin")
        if role is not None:
            await visitor.sign_in(role.value)
        for method, path in ROWS:
            answer = await (visitor.get(filled(path)) if method == "GET" else visitor.post(filled(path)))
            if role is None:
                fits = answer.status_code == 303 and answer.headers["location"].startswith("/signin")
            else:
                fits = (answer.status_code != 403) == may(role, method, path) and answer.status_code < 500
            if not fits:
                wrong.append(f"{method} {path}: {answer.status_code}")
    assert wrong == []


@pytest.mark.parametrize("path", [path for method, path in ROWS if method == "POST"])
async def test_no_form_is_taken_without_the_pages_token(staffed: House, path: str) -> None:
    async with visiting(staffed.app()) as visitor:
        await visitor.sign_in("administrator")
        assert (await visitor.post(filled(path), {"name": "new"}, token="guess")).status_code == 403


@pytest.mark.parametrize("role", [role for role in Role if PERMISSIONS[role]])
async def test_the_menu_shows_what_may_be_opened(staffed: House, role: Role) -> None:
    async with visiting(staffed.app()) as visitor:
        await visitor.sign_in(role.value)
        page = (await visitor.get("/admin")).text
    menu = page.split('<nav class="h-side"')[1].split("</nav>")[0]
    shown = set(re.findall(r'href="([^"]+)"', menu))
    assert shown == {entry.path for entry in ENTRIES if may(role, "GET", entry.path)}
    assert 'href="/admin" aria-current="page"' in menu


async def test_who_runs_nothing_is_not_shown_the_way(staffed: House) -> None:
    async with visiting(staffed.app()) as visitor:
        await visitor.sign_in("user")
        assert 'href="/admin"' not in (await visitor.get("/jobs")).text
        assert (await visitor.get("/admin")).status_code == 403
    async with visiting(staffed.app()) as visitor:
        await visitor.sign_in("report-viewer")
        assert 'href="/admin"' in (await visitor.get("/jobs")).text
