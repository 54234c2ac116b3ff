"""The audit log in words for people: what was done, to what, and what was noted beside it."""

from gateway.i18n import N_, gettext
from webprint.admin.people_words import FIELDS, value

ACTIONS = {
    "administrator.created": N_("Administrator made by the link"),
    "audit.purged": N_("Old rows removed"),
    "backup.brought": N_("Backup brought to be put in place"),
    "backup.deleted": N_("Backup deleted"),
    "backup.dropped": N_("Backup not put in place"),
    "backup.fetched": N_("Backup downloaded"),
    "backup.forgotten": N_("Set-aside data deleted"),
    "backup.made": N_("Backup made"),
    "backup.prepared": N_("Backup waits to be put in place"),
    "backup.restored": N_("Backup put in place"),
    "certificate.asked-for": N_("Public certificate asked for"),
    "certificate.replaced": N_("Certificate replaced"),
    "certificate.requested": N_("Certificate requested"),
    "credit.adjustment": N_("Credit corrected"),
    "credit.overdraft": N_("Overdraft set"),
    "credit.refund": N_("Charge given back"),
    "credit.top-up": N_("Credit added"),
    "device.added": N_("Device added"),
    "device.changed": N_("Device changed"),
    "device.removed": N_("Device removed"),
    "device.tested": N_("Test page sent"),
    "device.trusted-anew": N_("New certificate of a device trusted"),
    "directory.added": N_("Directory added"),
    "directory.changed": N_("Directory changed"),
    "directory.removed": N_("Directory removed"),
    "directory.run": N_("Directory read"),
    "document.looked-at": N_("Document looked at"),
    "group.added": N_("Group added"),
    "group.changed": N_("Group changed"),
    "group.deleted": N_("Group deleted"),
    "group.member-added": N_("Put into a group"),
    "group.member-removed": N_("Taken out of a group"),
    "job.explained": N_("Life of a job looked at"),
    "lockout.forgiven": N_("Lock forgiven"),
    "printer.added": N_("Printer added"),
    "printer.changed": N_("Printer changed"),
    "printer.closed": N_("Printer takes no jobs"),
    "printer.opened": N_("Printer takes jobs again"),
    "printer.paused": N_("Printer paused"),
    "printer.removed": N_("Printer removed"),
    "printer.resumed": N_("Printer resumed"),
    "probe.made": N_("Network probe made"),
    "project.added": N_("Project added"),
    "project.changed": N_("Project changed"),
    "projects.imported": N_("Projects taken in from a file"),
    "registration.approved": N_("Registration approved"),
    "registration.refused": N_("Registration refused"),
    "role.given": N_("Role given"),
    "role.taken": N_("Role taken away"),
    "second-factor.codes-renewed": N_("Recovery codes renewed"),
    "second-factor.recovered": N_("Recovery code used"),
    "second-factor.removed": N_("Second step removed"),
    "second-factor.reset": N_("Second step reset by staff"),
    "second-factor.set-up": N_("Second step set up"),
    "site-settings.changed": N_("Settings of the house changed"),
    "site.added": N_("Site added"),
    "site.changed": N_("Site changed"),
    "site.removed": N_("Site removed"),
    "site.zone-changed": N_("Zone of a site changed"),
    "site.zone-removed": N_("Zone of a site removed"),
    "terminal.added": N_("Terminal added"),
    "terminal.changed": N_("Terminal changed"),
    "terminal.code-made": N_("Code for a terminal made"),
    "terminal.removed": N_("Terminal removed"),
    "terminal.revoked": N_("Key of a terminal taken back"),
    "terminal.unlocked": N_("Terminal unlocked"),
    "token.made": N_("Token made"),
    "token.revoked": N_("Token revoked"),
    "user.added": N_("Person added"),
    "user.card-added": N_("Card added"),
    "user.card-removed": N_("Card removed"),
    "user.changed": N_("Person changed"),
    "user.deleted": N_("Person deleted"),
    "user.erased": N_("Person erased"),
    "user.password-made": N_("Password made"),
    "user.password-removed": N_("Password removed"),
    "user.pin-made": N_("PIN made"),
    "user.pin-removed": N_("PIN removed"),
    "user.proof-changed": N_("Ways to sign in changed"),
    "user.signed-out": N_("Signed out everywhere"),
    "user.unlocked": N_("Person unlocked"),
    "users.exported": N_("People exported"),
    "users.imported": N_("People imported"),
    "webhook.added": N_("Webhook added"),
    "webhook.changed": N_("Webhook changed"),
    "webhook.removed": N_("Webhook removed"),
    "webhook.secret-renewed": N_("Secret of a webhook renewed"),
}
# The first word of a subject; its name follows.
KINDS = {
    "backup": N_("Backup"),
    "device": N_("Device"),
    "directory": N_("Directory"),
    "group": N_("Group"),
    "job": N_("Job"),
    "mail": N_("Mail"),
    "printer": N_("Printer"),
    "project": N_("Project"),
    "projects": N_("Projects"),
    "site": N_("Site"),
    "terminal": N_("Terminal"),
    "token": N_("Token"),
    "user": N_("Person"),
    "webhook": N_("Webhook"),
}
NOTED = FIELDS | {
    "fields": N_("Changed"),
    "role": N_("Role"),
    "scopes": N_("Scopes"),
    "site": N_("Where"),
    "user": N_("User"),
    "owner": N_("Owner"),
    "amount": N_("Amount"),
    "balance": N_("Credit then"),
    "overdraft": N_("Overdraft"),
    "entry": N_("Entry"),
    "what": N_("What"),
    "place": N_("Where"),
    "rows": N_("Rows"),
    "sessions": N_("Sessions"),
    "left": N_("Left"),
}

__all__ = ["ACTIONS", "action", "noted", "subject", "value"]


def action(name: str) -> str:
    """What another version wrote stands as it is."""
    return gettext(ACTIONS[name]) if name in ACTIONS else name


def subject(text: str) -> str:
    kind, space, name = text.partition(" ")
    return f"{gettext(KINDS[kind])} {name}" if space and kind in KINDS else text


def noted(name: str) -> str:
    """What a value beside it is; what another version wrote stands as it is."""
    return gettext(NOTED[name]) if name in NOTED else name
