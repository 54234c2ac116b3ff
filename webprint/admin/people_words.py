"""Roles, permissions, fields and deeds in words for people."""

from gateway.domain.rights import PERMISSIONS, Permission, Role
from gateway.i18n import N_, gettext

ROLES = {
    Role.USER: N_("User"),
    Role.DELEGATE: N_("Delegate"),
    Role.DESK: N_("Desk"),
    Role.CASHIER: N_("Cashier"),
    Role.REPORT_VIEWER: N_("Report viewer"),
    Role.DEVICE_MANAGER: N_("Device manager"),
    Role.OPERATOR: N_("Operator"),
    Role.ADMINISTRATOR: N_("Administrator"),
}
PERMITTED = {
    Permission.JOBS: N_("see, release, extend and delete everybody’s jobs"),
    Permission.DOCUMENTS: N_("open somebody’s document, with a reason that its owner reads"),
    Permission.DESK: N_("find guests’ jobs by their code and hand them out"),
    Permission.CASH: N_("take money"),
    Permission.REPORTS: N_("see everybody’s figures and histories"),
    Permission.PRINTERS: N_("change printers, prices and sites"),
    Permission.DEVICES: N_("change devices, stations and readers"),
    Permission.USERS: N_("manage people and groups"),
    Permission.DIRECTORIES: N_("say where people come from"),
    Permission.AUDIT: N_("read the audit log, and why something was refused"),
    Permission.SETTINGS: N_("change certificates, backups, tokens and mail"),
}
FIELDS = {
    "full_name": N_("Full name"),
    "email": N_("Mail address"),
    "role": N_("Role everywhere"),
    "disabled": N_("Locked"),
    "groups": N_("Groups"),
    "department": N_("Department"),
    "cost_centre": N_("Cost centre"),
    "language": N_("Language"),
    "label": N_("Label"),
    "kind": N_("Kind"),
    "parent": N_("Group above"),
}


def role(name: Role) -> str:
    return gettext(ROLES[name])


def permitted(name: Role) -> list[str]:
    """What a role lets its holder do, in the order of the table."""
    return [gettext(text) for permission, text in PERMITTED.items() if permission in PERMISSIONS[name]]


def field(name: str) -> str:
    return gettext(FIELDS[name]) if name in FIELDS else name


def value(name: str, text: str) -> str:
    """Of a field, as people read it."""
    if name == "role" and text in {one.value for one in Role}:
        return role(Role(text))
    if (name, text) == ("site", "everywhere"):
        return gettext("everywhere")
    if name == "disabled":
        return gettext("yes") if text == "yes" else gettext("no")
    return text
