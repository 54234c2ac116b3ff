"""A whole house of users: out of a generated source, and out of a slapd; the first time, and when nothing has changed."""

import asyncio
import tempfile
import time
import tracemalloc
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

from gateway.adapters.clock import SystemClock
from gateway.adapters.db import Database, database_url, migrate, open_database
from gateway.adapters.directory.ldap import LdapDirectory
from gateway.adapters.hasher import Argon2Hasher
from gateway.domain.directory import Secrets
from gateway.domain.directory_presets import PRESETS
from gateway.domain.person import Entry, Person
from gateway.services.directory_report import Report as Outcome
from gateway.services.directory_sync import DirectorySync, Order
from gateway.settings import Settings
from tests.benchmarks.plan import Plan
from tests.benchmarks.report import Report
from tests.peers.ldap import BASE, SERVICE, SERVICE_PASSWORD, Slapd, slapd
from tests.peers.scratch import scratch

FIRST_SECONDS, AGAIN_SECONDS = 300.0, 30.0  # for 100,000 users
SLAPD_SHARE = 20  # slapadd takes its time: a twentieth of the users
GROUPS = 50_000
FIELDS = replace(PRESETS["openldap"].fields, cards="employeeNumber")


def directory(plan: Plan, report: Report) -> None:
    report.title(f"Users from a directory: {plan.users:,} generated, {plan.users // SLAPD_SHARE:,} by slapd")
    with tempfile.TemporaryDirectory(dir=scratch()) as folder:
        asyncio.run(_generated(Path(folder), plan, report))
    with tempfile.TemporaryDirectory(dir=scratch()) as folder:
        asyncio.run(_by_slapd(Path(folder), plan, report))


async def _generated(folder: Path, plan: Plan, report: Report) -> None:
    database, sync = await _opened(folder)
    order = Order(source="house", fields=FIELDS.told)
    try:
        first, _ = await _timed(sync, order, _people(plan.users))
        report.line("first run, generated", first, "s", f"{plan.users / first:.0f} users/s")
        again, outcome = await _timed(sync, order, _people(plan.users))
        report.line("second run, nothing changed", again, "s", outcome.summary)
        tracemalloc.start()
        # Watching each allocation is slow: all rows are read, and a tenth of the people.
        await _timed(sync, replace(order, full=False), _people(plan.users // 10))
        peak = tracemalloc.get_traced_memory()[1] / 1024 / 1024
        tracemalloc.stop()
        report.line("peak of what a run holds", peak, "MiB")
        share = plan.users / 100_000
        report.at_most(f"Import of {plan.users:,} users", first, FIRST_SECONDS * share, "s")
        report.at_most(f"Unchanged run over {plan.users:,} users", again, AGAIN_SECONDS * share, "s")
    finally:
        await database.close()


async def _by_slapd(folder: Path, plan: Plan, report: Report) -> None:
    people = plan.users // SLAPD_SHARE
    database, sync = await _opened(folder / "data")
    order = Order(source="house", fields=FIELDS.told)
    try:
        (folder / "slapd").mkdir()
        with slapd(folder / "slapd", people=people) as server:
            for what in ("first run, slapd", "second run, slapd"):
                began = time.monotonic()
                async with _reached(server).read("") as reading:
                    outcome = await sync.run(order, reading.entries())
                report.line(what, time.monotonic() - began, "s", outcome.summary)
    finally:
        await database.close()


async def _opened(folder: Path) -> tuple[Database, DirectorySync]:
    folder.mkdir(exist_ok=True)
    settings = Settings(data=folder)
    await migrate(database_url(settings))
    database = await open_database(settings)
    hasher = Argon2Hasher(folder / "keys", create_if_new=True)
    return database, DirectorySync(rows=database.user_rows, users=database.users, hasher=hasher, clock=SystemClock())


async def _timed(sync: DirectorySync, order: Order, people: AsyncIterator[Entry]) -> tuple[float, Outcome]:
    began = time.monotonic()
    outcome = await sync.run(order, people)
    return time.monotonic() - began, outcome


async def _people(count: int) -> AsyncIterator[Entry]:
    for number in range(count):
        yield Person(
            external_id=f"{number:032x}",
            name=f"user{number}",
            full_name=f"Person {number} of the house",
            email=f"user{number}@house.example",
            department=f"Department {number % 300}",
            language=("de", "fr", "en")[number % 3],
            groups=(f"team-{number % GROUPS}", f"floor-{number % 40}", "everybody"),
            cards=(f"04{number:08X}",),
        )


def _reached(server: Slapd) -> LdapDirectory:
    settings = replace(PRESETS["openldap"].ldap, urls=(server.url,), bind_dn=SERVICE, base=BASE)
    return LdapDirectory(settings, FIELDS, Secrets(password=SERVICE_PASSWORD))
