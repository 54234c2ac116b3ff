"""The menu of the house: each area puts its page here, and people see what the policy lets them open."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from gateway.domain.user import Actor
from gateway.i18n import N_, gettext
from webprint.access import Row, allows


class Group(Enum):
    """The parts of the menu, in their order."""

    OVERVIEW = N_("Overview")
    PRINTING = N_("Printing")
    PEOPLE = N_("People")
    SYSTEM = N_("System")


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A page of the menu. Who sees it is said by its row of the policy; `icon` is one of templates/parts.html.

    `below` are further paths whose pages belong to it.
    """

    title: str
    path: str
    group: Group
    icon: str
    below: tuple[str, ...] = ()


ENTRIES: Final[tuple[Entry, ...]] = (
    Entry(title=N_("Dashboard"), path="/admin", group=Group.OVERVIEW, icon="desk"),
    Entry(title=N_("Why?"), path="/admin/why", group=Group.OVERVIEW, icon="help"),
    Entry(title=N_("Printers"), path="/admin/printers", group=Group.PRINTING, icon="printer"),
    Entry(title=N_("Devices"), path="/admin/devices", group=Group.PRINTING, icon="stack"),
    Entry(title=N_("Sites"), path="/admin/sites", group=Group.PRINTING, icon="stack"),
    Entry(title=N_("Projects"), path="/admin/projects", group=Group.PRINTING, icon="page", below=("/admin/project",)),
    Entry(title=N_("Find printers"), path="/admin/search", group=Group.PRINTING, icon="search"),
    Entry(title=N_("Card readers and terminals"), path="/admin/terminals", group=Group.PRINTING, icon="card"),
    Entry(title=N_("AirPrint Doctor"), path="/admin/doctor", group=Group.SYSTEM, icon="phone"),
    Entry(title=N_("Stickers and screens"), path="/admin/stickers", group=Group.PRINTING, icon="scan"),
    Entry(title=N_("People"), path="/admin/users", group=Group.PEOPLE, icon="person"),
    Entry(title=N_("Groups"), path="/admin/groups", group=Group.PEOPLE, icon="people", below=("/admin/group",)),
    Entry(title=N_("Roles"), path="/admin/roles", group=Group.PEOPLE, icon="key"),
    Entry(title=N_("Locked out"), path="/admin/lockouts", group=Group.PEOPLE, icon="lock"),
    Entry(title=N_("Audit log"), path="/admin/audit", group=Group.SYSTEM, icon="page"),
    Entry(title=N_("Directories"), path="/admin/directories", group=Group.PEOPLE, icon="people"),
    Entry(title=N_("Registrations"), path="/admin/registrations", group=Group.PEOPLE, icon="person"),
    Entry(title=N_("Import and export"), path="/admin/import", group=Group.PEOPLE, icon="upload"),
    Entry(title=N_("Webhooks"), path="/admin/webhooks", group=Group.SYSTEM, icon="bell"),
    Entry(title=N_("Tokens"), path="/admin/tokens", group=Group.SYSTEM, icon="key"),
    Entry(title=N_("Computers and phones"), path="/admin/setup", group=Group.PRINTING, icon="laptop"),
    Entry(title=N_("Certificate"), path="/admin/certificate", group=Group.SYSTEM, icon="lock"),
    Entry(title=N_("Backups"), path="/admin/backups", group=Group.SYSTEM, icon="page"),
    Entry(title=N_("E-mail to print"), path="/admin/mail", group=Group.PRINTING, icon="mail"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One entry for this visitor."""

    title: str
    path: str
    icon: str
    here: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    title: str
    lines: tuple[Line, ...]


def menu_for(actor: Actor, path: str, policy: Mapping[tuple[str, str], Row]) -> tuple[Part, ...]:
    """The parts that hold something for `actor`; the line that `path` belongs to is marked."""
    open_to = [entry for entry in ENTRIES if allows(policy["GET", entry.path], actor)]
    here = max((entry for entry in open_to if _holds(entry, path)), key=lambda entry: len(entry.path), default=None)
    parts = []
    for group in Group:
        lines = tuple(
            Line(title=gettext(entry.title), path=entry.path, icon=entry.icon, here=entry is here)
            for entry in open_to
            if entry.group is group
        )
        if lines:
            parts.append(Part(title=gettext(group.value), lines=lines))
    return tuple(parts)


def _holds(entry: Entry, path: str) -> bool:
    return any(path == one or path.startswith(f"{one}/") for one in (entry.path, *entry.below))
