"""Who may do what, and where: permissions, the ready roles that bundle them, and grants of a role at a site (row 103).

A role is a bundle of permissions; a grant gives a role at one site or everywhere. What a page, an operation or a
command asks for is always a permission, never a role: new roles then need no change anywhere else.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

EVERYWHERE: Final = ""
"""The site of a grant that holds at every site."""


class Permission(StrEnum):
    """What staff may be allowed to do. Everybody may look after the own jobs and account without any of these."""

    JOBS = "jobs"  # see, release, extend and cancel everybody's jobs
    DOCUMENTS = "documents"  # open somebody's document; a reason is asked, and the owner is told
    DESK = "desk"  # find a guest's job by its code and hand it out
    CASH = "cash"  # take money for jobs and accounts
    REPORTS = "reports"  # figures and histories of everybody
    PRINTERS = "printers"  # Printers, prices and sites
    DEVICES = "devices"  # Output Devices, release stations, terminals and readers
    USERS = "users"  # users, groups, PINs and cards; never more rights than the own ones
    DIRECTORIES = "directories"  # where users come from
    AUDIT = "audit"  # the audit log, and why something was refused
    SETTINGS = "settings"  # certificates, backups, tokens, webhooks, mail


class Role(StrEnum):
    """The ready roles. `delegate` handles other people's jobs at a site, and neither sees pages nor changes anything."""

    USER = "user"
    DELEGATE = "delegate"
    DESK = "desk"
    CASHIER = "cashier"
    REPORT_VIEWER = "report-viewer"
    DEVICE_MANAGER = "device-manager"
    OPERATOR = "operator"
    ADMINISTRATOR = "administrator"


PERMISSIONS: Final[dict[Role, frozenset[Permission]]] = {
    Role.USER: frozenset(),
    Role.DELEGATE: frozenset({Permission.JOBS}),
    Role.DESK: frozenset({Permission.DESK}),
    Role.CASHIER: frozenset({Permission.DESK, Permission.CASH}),
    Role.REPORT_VIEWER: frozenset({Permission.REPORTS}),
    Role.DEVICE_MANAGER: frozenset({Permission.DEVICES}),
    Role.OPERATOR: frozenset(
        {
            Permission.JOBS,
            Permission.DOCUMENTS,
            Permission.DESK,
            Permission.CASH,
            Permission.REPORTS,
            Permission.PRINTERS,
            Permission.DEVICES,
        }
    ),
    Role.ADMINISTRATOR: frozenset(Permission),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Grant:
    """`role` at `site`, or EVERYWHERE."""

    role: Role
    site: str = EVERYWHERE

    def gives(self, permission: Permission, site: str | None = None) -> bool:
        """At `site`; None asks whether it gives it at every site."""
        return permission in PERMISSIONS[self.role] and self.site in {EVERYWHERE, site}


@dataclass(frozen=True, kw_only=True, slots=True)
class GivenRole:
    """One row of who has what: `holder` is a user's name or, with `group`, a group's; names compare without case."""

    holder: str
    role: Role
    group: bool = False
    site: str = EVERYWHERE
    given_by: str = ""
    given_at: float = 0.0
    id: int = 0

    @property
    def grant(self) -> Grant:
        return Grant(role=self.role, site=self.site)


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """What a user is beyond the own row: all groups, also those above the own ones, and all roles that were given."""

    groups: tuple[str, ...] = ()
    grants: tuple[Grant, ...] = ()


def gives_somewhere(grants: tuple[Grant, ...], permission: Permission) -> bool:
    return any(permission in PERMISSIONS[grant.role] for grant in grants)
