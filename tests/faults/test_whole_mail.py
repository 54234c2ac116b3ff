"""kill -9 while mails come in: of each that was answered 250 every file becomes a job, and none of them twice.

The senders' memory is this process's own. A mail without an answer is sent once more, word for word, as a mail server
would; it may then be printed, and still not twice.
"""

import asyncio
import random
import smtplib
import ssl
from collections import Counter
from contextlib import suppress
from email.message import EmailMessage
from email.policy import SMTP
from itertools import count
from pathlib import Path

import pytest

from gateway.domain.mail import MailState
from gateway.services.ports import JobQuery
from tests.faults.whole import OPERATOR, PASSWORD, PATIENCE, Site, tracebacks
from tests.peers.processes import free_port

pytestmark = [pytest.mark.faults, pytest.mark.timeout(3600)]

SENDERS = 4
FILES = 2


def a_mail(number: int) -> bytes:
    """The same octets whenever it is asked for; each file has a name like no other."""
    message = EmailMessage()
    message["From"], message["To"], message["Message-ID"] = "x@y.invalid", "raw@print.example", f"<{number}@faults>"
    message["Subject"] = f"mail {number}"
    message.set_content("See the files.\n")
    for part in range(FILES):
        text = f"mail {number} file {part}\n" * random.Random(number).choice((1, 500, 20_000))
        message.add_attachment(text.encode(), maintype="text", subtype="plain", filename=f"{number}-{part}.txt")
    message.set_boundary(f"boundary-{number}")
    return message.as_bytes(policy=SMTP)


class Senders:
    """`answered`: mails that were told 250; `unsure`: those that were on their way when the line went dead."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._numbers = count(1)
        self.answered: set[int] = set()
        self.unsure: set[int] = set()

    async def send(self, seconds: float) -> None:
        """Until the server goes away, or that long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds), asyncio.TaskGroup() as tasks:
                for _ in range(SENDERS):
                    tasks.create_task(self._one_after_another())

    async def again(self) -> None:
        for number in sorted(self.unsure):
            await asyncio.to_thread(self._session, [number])

    async def _one_after_another(self) -> None:
        with suppress(smtplib.SMTPException, OSError):
            while True:
                await asyncio.to_thread(self._session, [next(self._numbers) for _ in range(2)])

    def _session(self, numbers: list[int]) -> None:
        context = ssl._create_unverified_context()
        with smtplib.SMTP("127.0.0.1", self._port, timeout=60) as client:
            client.starttls(context=context)
            client.login(OPERATOR, PASSWORD)
            for number in numbers:
                self.unsure.add(number)
                client.sendmail("x@y.invalid", ["raw@print.example"], a_mail(number))
                self.unsure.discard(number)
                self.answered.add(number)


async def test_no_answered_mail_is_lost_and_no_file_doubled(tmp_path: Path, long: bool) -> None:
    rounds, seconds = (20, 4.0) if long else (2, 1.2)
    port = free_port()
    settings = {"SMTP__ENABLED": "true", "SMTP__PORT": str(port), "SMTP__RELAYS": '["127.0.0.1/32"]'}
    site = await Site.made(tmp_path / "data", {"raw": "socket://127.0.0.1:9"}, **settings)
    senders = Senders(port)
    for _ in range(rounds):
        async with site.serving() as server:
            sending = asyncio.create_task(senders.send(PATIENCE))
            await asyncio.sleep(random.uniform(0.5, 1.0) * seconds)
            server.kill()
            await server.ended()
            await sending
            assert tracebacks(server.log) == []
    async with site.serving() as server:
        await senders.again()
        await asyncio.wait_for(_worked(site), PATIENCE * (4 if long else 1))
        assert tracebacks(server.log) == []
    async with site.opened() as gateway:
        jobs = await gateway.database.jobs.find(JobQuery(limit=None))
        left = await gateway.database.mails.spool_objects()
    made = Counter(job.name for job in jobs)
    assert senders.answered, "nothing was measured"
    wanted = {f"{number}-{part}.txt" for number in senders.answered for part in range(FILES)}
    assert wanted - made.keys() == set(), "answered and lost"
    assert {name for name, times in made.items() if times > 1} == set(), "printed twice"
    assert left == frozenset()
    assert await site.unreadable() == []


async def _worked(site: Site) -> None:
    """Until every mail has become jobs."""
    while True:
        async with site.opened() as gateway:
            states = {mail.state for mail in await gateway.database.mails.recent(limit=100_000)}
        if states <= {MailState.DONE, MailState.REFUSED, MailState.PRINTING}:
            return
        await asyncio.sleep(0.3)
