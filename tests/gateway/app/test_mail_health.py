"""What a serving gateway tells of its mail: the ports that it really listens on, and its figures."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from gateway.adapters.backups import BackupFolder
from gateway.adapters.metrics import Metrics
from gateway.app import build
from gateway.app.build import Gateway
from gateway.app.figures import mail_figures
from gateway.app.live_checks import live_checks
from gateway.app.mail import MailFront, mail_in
from gateway.app.tls import certificates_of
from gateway.services.health import Health
from gateway.settings import load
from tests.peers.processes import free_port


@asynccontextmanager
async def mailing(tmp_path: Path, **smtp: Any) -> AsyncIterator[tuple[Gateway, MailFront, Health]]:
    """Mail as it is wired, without the web beside it; nothing listens yet."""
    settings = load(data=tmp_path, smtp=smtp, listen={"host": "127.0.0.1"})
    async with build(settings) as gateway:
        certificates = certificates_of(settings, gateway.clock, gateway.host_names.all)
        await asyncio.to_thread(certificates.load)
        front = MailFront(gateway, mail_in(gateway), certificates)
        backups = BackupFolder(settings)
        health = Health(lambda: live_checks(gateway, certificates, front.ports(), backups, front.desk))
        try:
            yield gateway, front, health
        finally:
            await front.stop(1.0)


async def test_the_mail_ports_are_greeted_and_told(tmp_path: Path) -> None:
    smtp, lmtp = free_port(), free_port()
    async with mailing(tmp_path, port=smtp, lmtp_port=lmtp) as (_gateway, front, health):
        assert await health.refusing() == ("mail-not-listening",)
        assert not (await health.look("mail-in")).ok
        assert not {"smtp", "lmtp"} & {key for _, key in await health.keys()}
        await front.start()
        assert await health.refusing() == ()
        for name, port in (("smtp", smtp), ("lmtp", lmtp)):
            found = await health.look(name)
            assert (found.ok, found.text) == (True, f"Port {port} answers, encrypted.")
        taken = await health.look("mail-in")
        assert (taken.ok, str(smtp) in taken.text) == (True, True)
        assert (await health.look("mail-wait")).ok
        assert (await health.look("accepting")).ok
        made = Metrics(version="0")
        mail_figures(made, front)
        assert b"papertap_mails_waiting 0.0" in made.text()
        assert b'papertap_mails_of_the_day{state="refused"} 0.0' in made.text()


async def test_a_port_that_takes_nothing_from_here_answers_all_the_same(tmp_path: Path) -> None:
    async with mailing(tmp_path, port=free_port(), networks=("203.0.113.0/24",)) as (_gateway, front, health):
        await front.start()
        found = await health.look("smtp")
        assert (found.ok, "nothing from this machine" in found.text) == (True, True)
        assert front.server.refused == {"421 4.7.0": 1}


async def test_a_house_without_mail_lacks_nothing(tmp_path: Path) -> None:
    async with mailing(tmp_path, enabled=False) as (_gateway, front, health):
        await front.start()
        assert await health.refusing() == ()
        assert (await health.look("mail-in")).text == "No mail is taken in."


async def test_a_mailbox_that_nobody_answers_for_needs_somebody(tmp_path: Path) -> None:
    box = {"name": "scans", "host": "127.0.0.1", "port": 1, "user": "u", "security": "none"}
    settings = load(data=tmp_path, smtp={"enabled": False}, mailboxes=[box])
    async with build(settings) as gateway:
        certificates = certificates_of(settings, gateway.clock, gateway.host_names.all)
        front = MailFront(gateway, mail_in(gateway), certificates)
        health = Health(lambda: live_checks(gateway, certificates, front.ports(), BackupFolder(settings), front.desk))
        assert (await health.look("mailbox scans")).text == "It was not looked at yet."
        opened = await health.look("open scans")
        assert (opened.ok, "refused" in opened.text) == (False, True)
        assert "mailboxes" in (await health.look("mail-in")).text
        work = front.background()
        assert set(work) == {"mail-watch", "mailbox-scans"}
        task = asyncio.ensure_future(work["mailbox-scans"]())
        async with asyncio.timeout(60):
            while front.fetchers[0].status.ok is None:
                await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        told = await health.look("mailbox scans")
        assert (told.ok, "refused" in told.text, bool(told.mend)) == (False, True, True)
