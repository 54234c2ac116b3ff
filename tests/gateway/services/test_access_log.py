"""Who looked: written before it is shown, once for a while, never for oneself."""

import pytest

from gateway.domain.rights import Role
from gateway.domain.user import Actor
from gateway.errors import Unavailable
from gateway.services.access_log import KEPT_SECONDS, SAME_SECONDS, AccessLog
from tests.fakes import FakeClock, a_held_job
from tests.fakes_house import an_audit
from tests.fakes_personal import MemoryAccessLog

OLGA = Actor(user="olga", role=Role.OPERATOR, address="10.0.0.9", via="web")
JOB = a_held_job(id=7, owner="alice", name="Pay\r\nslip")


class Failing(MemoryAccessLog):
    async def record_look(self, look: object) -> None:
        raise Unavailable("The database cannot be reached.")


def a_log() -> tuple[AccessLog, MemoryAccessLog, FakeClock]:
    clock, store = FakeClock(), MemoryAccessLog()
    return AccessLog(store=store, audit=an_audit(clock), clock=clock), store, clock


async def test_a_look_says_who_what_whence_and_why() -> None:
    log, _store, clock = a_log()
    await log.note(JOB, OLGA, "preview", "asked\nat the desk")
    [look] = await log.of("Alice")
    assert (look.by, look.via, look.address, look.what) == ("olga", "web", "10.0.0.9", "preview")
    assert (look.job_id, look.job_name, look.reason) == (7, "Pay slip", "asked at the desk")
    assert look.at == clock.now()


async def test_the_owner_and_unclaimed_jobs_are_not_logged() -> None:
    log, store, _clock = a_log()
    await log.note(JOB, Actor(user="alice"), "preview")
    await log.note(a_held_job(owner=None), OLGA, "preview")
    assert store.rows == []


async def test_many_pictures_are_one_look_for_a_while() -> None:
    log, store, clock = a_log()
    for _ in range(50):
        await log.note(JOB, OLGA, "thumbnail")
    await log.note(JOB, OLGA, "preview")
    await log.note(JOB, Actor(user="bob"), "thumbnail")
    assert len(store.rows) == 3
    clock.tick(SAME_SECONDS)
    await log.note(JOB, OLGA, "thumbnail")
    assert len(store.rows) == 4


async def test_what_cannot_be_written_down_is_refused_each_time() -> None:
    log = AccessLog(store=Failing(), audit=an_audit(FakeClock()), clock=FakeClock())
    for _ in range(2):
        with pytest.raises(Unavailable):
            await log.note(JOB, OLGA, "preview")


async def test_old_looks_go() -> None:
    log, store, clock = a_log()
    await log.note(JOB, OLGA, "preview")
    clock.tick(KEPT_SECONDS + 1)
    await log.purge()
    assert store.rows == []
