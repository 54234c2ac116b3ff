"""The one list of what works and what does not: `papertap check`, /healthz, the dashboard and its tests read it.

What can be told at once stands here; what goes through a door of ours or to somebody else stands in `channel_checks`
and `connection_checks`. Each test runs the real thing.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial

from gateway.adapters.backups import BackupFolder
from gateway.adapters.certificates import Certificates
from gateway.adapters.clock import SystemClock
from gateway.adapters.converter import machine_findings
from gateway.adapters.mail import courier_of
from gateway.adapters.restoring import RestoreFolder
from gateway.app.acme import asked_of
from gateway.app.build import Gateway
from gateway.app.channel_checks import channel_checks
from gateway.app.connection_checks import connection_checks, directory_checks
from gateway.domain.device import Device
from gateway.domain.letter import PostState
from gateway.errors import PapertapError
from gateway.services.health import Check, Finding, Health, Kind
from gateway.services.mail_checks import mail_checks
from gateway.services.mail_desk import MailDesk
from gateway.services.ports import DeviceError, JobQuery, Spool, Undelivered
from gateway.services.renewals import told
from gateway.settings import Settings

LONG_AGO = 1_700_000_000.0  # no machine with this program has an earlier clock
FEW_DAYS = 21
MANY_LETTERS = 100
BACKUP_DAYS = 8
CLOCK_SLACK = 60.0
GIB = 2**30
_MEND = {
    "storage-failed": "Look at the disk, then start Papertap again.",
    "storage-low": "Make room on the disk; printing and deleting go on.",
    "locked": "Restore the file keys/kek of the data directory from a backup, and start again.",
    "mail-not-listening": "Look into the log, then start Papertap again.",
    "database-unavailable": "Start the database, or make room on its disk.",
}


def health_of(
    gateway: Gateway,
    certificates: Certificates,
    ports: Callable[[], Mapping[str, int]],
    backups: BackupFolder,
    mail: MailDesk,
) -> Health:
    """Asked anew each time: devices, directories and ports come and go."""
    return Health(
        lambda: live_checks(gateway, certificates, ports(), backups, mail), partial(directory_checks, gateway)
    )


def live_checks(
    gateway: Gateway, certificates: Certificates, ports: Mapping[str, int], backups: BackupFolder, mail: MailDesk
) -> Sequence[Check]:
    """`ports` are those that are really listened on, by name: http, https, ipp, smtp, ...

    What else is listened on is tried by a connection, so that a new channel is in the list without a line here.
    """
    devices = gateway.printers.devices()
    return (
        Check(key="accepting", run=partial(_accepting, gateway, mail), gate=True),
        Check(key="keys", run=partial(_keys, gateway)),
        Check(key="storage", run=partial(space_finding, gateway.spool)),
        Check(key="certificate", run=partial(_certificate, gateway, certificates)),
        *_public(gateway, certificates),
        Check(key="clock", run=partial(_clock, gateway)),
        Check(key="backup", run=partial(_backup, gateway, backups)),
        Check(key="restore", run=partial(_restore, gateway)),
        Check(key="outbox", run=partial(_outbox, gateway)),
        *mail_checks(mail, gateway.clock),
        *(Check(key=f"device {one.name}", run=partial(_device, gateway, one, ask=False)) for one in devices),
        *channel_checks(gateway, certificates, ports),
        Check(key="conversion", run=partial(_conversion, gateway), kind=Kind.MACHINE),
        Check(key="mail", run=partial(mail_finding, gateway.settings), kind=Kind.CONNECTION),
        *connection_checks(gateway),
        *(
            Check(key=f"ask {one.name}", run=partial(_device, gateway, one, ask=True), kind=Kind.DEVICE)
            for one in devices
        ),
    )


async def _accepting(gateway: Gateway, mail: MailDesk) -> Finding:
    """A real write is part of it."""
    reasons = gateway.intake.health
    if mail.listening and not mail.ports():
        reasons = (*reasons, "mail-not-listening")
    try:
        await gateway.database.check()
    except PapertapError:
        reasons = (*reasons, "database-unavailable")
    return Finding(
        name="accepting",
        ok=not reasons,
        text="Documents are taken in, and the database takes writes." if not reasons else ", ".join(reasons),
        mend=" ".join(_MEND.get(reason, "") for reason in reasons),
        reasons=reasons,
    )


async def _keys(gateway: Gateway) -> Finding:
    locked = gateway.keyring.locked
    return Finding(
        name="keys",
        ok=not locked,
        text="The key is missing: no job is taken or released." if locked else "The key is there.",
        mend=_MEND["locked"] if locked else "",
    )


async def space_finding(spool: Spool) -> Finding:
    space = await spool.space()
    free, total = f"{space.free / GIB:.1f}", f"{space.total / GIB:.1f}"
    return Finding(
        name="spool",
        ok=not space.low,
        text=f"{free} of {total} GiB are free; new work is refused."
        if space.low
        else f"{free} of {total} GiB are free.",
        mend="Make room on the disk; printing and deleting go on." if space.low else "",
    )


async def mail_finding(settings: Settings) -> Finding:
    """Signs in to the mail server; nothing is sent."""
    try:
        courier = courier_of(settings, clock=SystemClock())
        if courier is None:
            return Finding(name="mail", ok=True, text="No mail server is set up (mail.host).", needed=False)
        return Finding(name="mail", ok=True, text=await courier.check(), needed=False)
    except (Undelivered, PapertapError) as error:
        return Finding(name="mail", ok=False, text=str(error))


async def _certificate(gateway: Gateway, certificates: Certificates) -> Finding:
    try:
        served = await asyncio.to_thread(certificates.certificate)
    except FileNotFoundError:
        return Finding(name="certificate", ok=True, text="It is made at the first start.")
    ends = served.not_valid_after_utc
    days = (ends - datetime.fromtimestamp(gateway.clock.now(), UTC)).days
    return Finding(
        name="certificate",
        ok=days > FEW_DAYS,
        text=f"It is good for {days} more days.",
        mend="" if days > FEW_DAYS else "Bring a new certificate, or go back to the gateway's own.",
    )


def _public(gateway: Gateway, certificates: Certificates) -> tuple[Check, ...]:
    asked, chain = asked_of(gateway.settings), certificates.public
    if asked is None or chain is None:
        return ()

    async def look() -> Finding:
        kept, last = await asyncio.to_thread(lambda: (chain.kept(), chain.last()))
        return told(asked, kept, last, gateway.clock.now())

    return (Check(key="acme", run=look),)


async def _clock(gateway: Gateway) -> Finding:
    newest = await gateway.database.jobs.find(JobQuery(newest_first=True, limit=1))
    last = max(LONG_AGO, newest[0].created_at if newest else 0.0)
    behind = last - gateway.clock.now()
    right = behind <= CLOCK_SLACK
    return Finding(
        name="clock",
        ok=right,
        text="The clock is right as far as can be told." if right else "The clock is behind what has happened.",
        needed=False,
        mend="" if right else "Let the machine set its clock by NTP.",
    )


async def _backup(gateway: Gateway, backups: BackupFolder) -> Finding:
    if gateway.settings.database.url:
        return Finding(name="backup", ok=True, text="The rows are in PostgreSQL: pg_dump keeps them.", needed=False)
    kept = await asyncio.to_thread(backups.list)
    days = int((time.time() - kept[0].made_at) / 86400) if kept else None
    ok = days is not None and days <= BACKUP_DAYS
    return Finding(
        name="backup",
        ok=ok,
        text="There is no backup yet." if days is None else f"The last backup is {days} days old.",
        needed=False,
        mend="" if ok else "Make one now, or set a schedule.",
    )


async def _restore(gateway: Gateway) -> Finding:
    if not await asyncio.to_thread(RestoreFolder(gateway.settings).ready):
        return Finding(name="restore", ok=True, text="No backup waits to be put in place.", needed=False)
    return Finding(
        name="restore",
        ok=False,
        text="A backup waits: it takes the place of everything at the next start.",
        needed=False,
        mend="Start Papertap again, or drop it under Backups.",
    )


async def _outbox(gateway: Gateway) -> Finding:
    waiting = await gateway.database.outbox.posts(states=(PostState.WAITING,), limit=MANY_LETTERS)
    ok = len(waiting) < MANY_LETTERS
    return Finding(
        name="outbox",
        ok=ok,
        text=f"{len(waiting)} letters wait to be sent.",
        needed=False,
        mend="" if ok else "Test the mail server.",
    )


async def _device(gateway: Gateway, device: Device, *, ask: bool) -> Finding:
    try:
        current = await gateway.learn(device.name) if ask else gateway.printers.device(device.name)
    except DeviceError as error:
        return Finding(name=device.name, ok=False, text=error.message, needed=False)
    status = current.status
    return Finding(
        name=device.info or device.name,
        ok=status.can_print,
        text=status.message or ("It can print." if status.can_print else "It cannot print now."),
        needed=False,
        mend="" if status.can_print else "Look at its own screen, its power and its network.",
    )


async def _conversion(gateway: Gateway) -> Finding:
    found = await asyncio.to_thread(machine_findings, gateway.settings.sandbox)
    wrong = [one for one in found if one.level == "missing"]
    if wrong:
        found_text = " ".join(f"{one.name}: {one.found}." for one in wrong)
        return Finding(name="conversion", ok=False, text=found_text, mend=" ".join(one.consequence for one in wrong))
    return Finding(name="conversion", ok=True, text="A jail started, and documents are prepared in it.")
